"""The runs behind lessons 03 and 04: attention in a small ResNet, Transformers on pixels, memory of large images."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils import data
from course_utils.costs import attention_memory, peak_bytes
from course_utils.models.attention_kinds import ExplicitAttention, FusedAttention, WindowAttention
from course_utils.models.conv import SmallResNet, count_parameters
from course_utils.models.non_local import NonLocalBlock, SAGANAttention
from course_utils.models.patches import random_order
from course_utils.models.pixels import PixelTransformer, next_pixel, quantise
from course_utils.threads import one_thread
from course_utils.training import Loss, Recipe, accuracy, classification, fit

# lesson 03: what stands between the stages of a small ResNet


def non_local(channels: int) -> NonLocalBlock:
    """Make the paper's block: half of the channels inside."""
    return NonLocalBlock(channels, channels // 2)


def non_local_open(channels: int) -> NonLocalBlock:
    """Make the same, but with a residual that counts from the first step."""
    block = non_local(channels)
    nn.init.ones_(block.norm.weight)
    return block


def non_local_even(channels: int) -> NonLocalBlock:
    """Make the same, but with a scale of 0: every position gets the mean over all, wherever it looks."""
    return NonLocalBlock(channels, channels // 2, scale=0.0)


NON_LOCAL: dict[str, Callable[[int], nn.Module] | None] = {
    "ResNet": None,
    "non-local": non_local,
    "SAGAN": SAGANAttention,
    "non-local, open from the start": non_local_open,
    "non-local, even weights": non_local_even,
}
NON_LOCAL_RECIPE = Recipe(1500, lr=4e-3)


def non_local_arm(arm: str, seed: int) -> dict[str, float]:
    """Train the small ResNet on 10,000 images, with one of `NON_LOCAL` between its stages."""
    torch.manual_seed(seed)
    model = SmallResNet(NON_LOCAL[arm])
    train_set, test_set = data.fashion_mnist(10_000, 10_000)
    history = fit(model, classification(model, train_set, NON_LOCAL_RECIPE.batch), NON_LOCAL_RECIPE, seed=seed)
    found = {"accuracy": accuracy(model, test_set), "loss": history.recent(), "steps": NON_LOCAL_RECIPE.steps}
    return {**found, "parameters": count_parameters(model)}


# lesson 04: Transformers on pixels


def small_images(train: int, test: int, side: int, levels: int) -> tuple[Tensor, Tensor]:
    """Return Fashion-MNIST shrunk by means to 8 x 8 or 14 x 14, in whole levels of grey: two of (N, R, R).

    For 8 x 8 the pictures first get a border of 2 black pixels: 32 is a multiple of 8.

    Raises:
        ValueError: another side.
    """
    if side not in (8, 14):
        raise ValueError(f"images of side {side} aren't made here: use 8 or 14")
    border, shrink = (2, 4) if side == 8 else (0, 2)

    def shrunk(images: Tensor) -> Tensor:
        padded = F.pad(images.float()[:, None] / 255, [border] * 4)
        return quantise(F.avg_pool2d(padded, shrink)[:, 0], levels)

    train_set, test_set = data.fashion_mnist(train, test)
    return shrunk(train_set.images), shrunk(test_set.images)


def next_pixel_loss(model: PixelTransformer, images: Tensor, batch: int) -> Loss:
    """Return the cross-entropy (nats per pixel) of a batch drawn at random from images (N, R, R)."""

    def loss(generator: torch.Generator) -> Tensor:
        chosen = images[torch.randint(len(images), (batch,), generator=generator)]
        inputs, targets = next_pixel(chosen, model.levels)
        return F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())

    return loss


@one_thread()
@torch.no_grad()
def bits_per_pixel(model: PixelTransformer, images: Tensor, batch: int = 250) -> float:
    """Return how many bits a pixel of images (N, R, R) costs, on average, with the model's predictions."""
    nats = 0.0
    for part in images.split(batch):
        inputs, targets = next_pixel(part, model.levels)
        nats += F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten(), reduction="sum").item()
    return nats / images.numel() / math.log(2)


LEVELS = 16
PIXELS_RECIPE = Recipe(1500, batch=32, lr=3e-3, weight_decay=0.01)
PIXEL_ARMS = ("8 x 8", "8 x 8, no positions", "8 x 8, pixels shuffled")


def pixel_model(side: int) -> PixelTransformer:
    """Make the Transformer of lesson 04: 4 blocks of width 64 with 4 heads."""
    return PixelTransformer(side, LEVELS, width=64, heads=4, layers=4)


def pixels_arm(arm: str, seed: int) -> dict[str, float]:
    """Train a Transformer to predict the next of 8 x 8 pixels, in one of the ways of `PIXEL_ARMS`."""
    torch.manual_seed(seed)
    model = pixel_model(8)
    train_set, test_set = small_images(10_000, 2_000, 8, LEVELS)
    if arm.endswith("shuffled"):  # the same order in every image
        order = random_order(64, seed=0)
        train_set, test_set = (images.flatten(1)[:, order].view(-1, 8, 8) for images in (train_set, test_set))
    if arm.endswith("no positions"):
        model.position.requires_grad_(False).zero_()
    fit(model, next_pixel_loss(model, train_set, PIXELS_RECIPE.batch), PIXELS_RECIPE, seed=seed)
    found = {"bits": bits_per_pixel(model, test_set), "train_bits": bits_per_pixel(model, train_set[:2000])}
    return {**found, "steps": PIXELS_RECIPE.steps, "parameters": count_parameters(model)}


# lesson 04: predicted and measured memory

MEMORY_KINDS = {"explicit": ExplicitAttention, "fused": FusedAttention, "windows": WindowAttention}
WIDTH, HEADS, WINDOW = 32, 2, 7
MEMORY_ARMS = tuple(
    f"{kind}, {mode}, {side}"
    for kind in MEMORY_KINDS
    for mode in ("inference", "training")
    for side in (14, 28, 56, 84, 112)
)


def memory_arm(arm: str, _seed: int = 0) -> dict[str, float]:
    """Predict and measure the peak of one attention layer on the pixels of a square image, width 32 and 2 heads.

    Args:
        arm: "KIND, MODE, SIDE" as in `MEMORY_ARMS`, for instance "fused, training, 56".
    """
    kind, mode, side = arm.split(", ")
    tokens, training = int(side) ** 2, mode == "training"
    options = {"window": WINDOW} if kind == "windows" else {}
    written = "fused" if kind == "fused" else "explicit"
    predicted = attention_memory(tokens, WIDTH, HEADS, kind=written, training=training, **options).total
    torch.manual_seed(0)
    layer, image = MEMORY_KINDS[kind](WIDTH, HEADS, **options), torch.randn(1, tokens, WIDTH)
    with one_thread(), torch.set_grad_enabled(training):
        measured = peak_bytes(lambda: layer(image).sum().backward() if training else layer(image))
    return {"predicted": predicted, "measured": measured}
