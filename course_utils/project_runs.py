"""The runs behind lesson 11's projects: each project's baseline, and one simple try that shows its goal can be met."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_utils import data, scenes
from course_utils.detr_runs import FEW_QUERIES, measured, targets_of, with_proposals
from course_utils.image_sets import ImageSet
from course_utils.models.attention import MultiHeadAttention
from course_utils.models.conv import count_macs, count_parameters
from course_utils.models.masked_autoencoder import MaskedAutoencoder, hidden_error, random_masks
from course_utils.models.patches import patchify
from course_utils.models.replaceable import (
    Attention,
    LinearAttention,
    RegisterViT,
    RotaryAttention,
    UnplacedViT,
    block_with,
)
from course_utils.models.vit import POSITION_STD, MeanPooledViT, VisionTransformer
from course_utils.scenes import Scenes
from course_utils.threads import one_thread
from course_utils.training import Loss, Recipe, accuracy, classification, fit, grey
from course_utils.vit_runs import small_vit

SHORT = Recipe(150, lr=4e-3)
SHORTER = Recipe(100, lr=4e-3)  # 196 tokens take longer
SIZES = {"side": 28, "classes": 10, "channels": 1}


def fine_vit(attention: Attention = MultiHeadAttention) -> MeanPooledViT:
    """Make a narrow ViT of one block with 14 x 14 patches of 2 x 2 pixels, where attention is half of the work."""
    return MeanPooledViT(
        patch=2, width=32, heads=2, layers=1, block=lambda _layer: block_with(attention, 32, 2), **SIZES
    )


def rotary_vit() -> UnplacedViT:
    """Make a ViT with 4 x 4 patches that knows places from its attention only."""

    def turned(width: int, heads: int) -> RotaryAttention:
        return RotaryAttention(width, heads, side=4)

    return UnplacedViT(patch=7, width=64, heads=4, layers=4, block=lambda _layer: block_with(turned, 64, 4), **SIZES)


def register_vit(registers: int, std: float = 0.02) -> RegisterViT:
    """Make a ViT with 4 x 4 patches, a class token and registers."""
    return RegisterViT(registers, std, patch=7, width=64, heads=4, layers=4, **SIZES)


CLASSIFIERS: dict[str, tuple[Callable[[], VisionTransformer], Recipe]] = {
    "softmax attention": (fine_vit, SHORTER),
    "linear attention": (lambda: fine_vit(LinearAttention), SHORTER),
    "learned positions": (lambda: small_vit(heads=4), SHORT),
    "no positions": (lambda: UnplacedViT(patch=7, width=64, heads=4, layers=4, **SIZES), SHORT),
    "rotary positions": (rotary_vit, SHORT),
    "no registers": (lambda: register_vit(0), SHORT),
    "four registers": (lambda: register_vit(4), SHORT),
    "one register, larger at first": (lambda: register_vit(1, POSITION_STD), SHORT),
}


def classifier_arm(arm: str, seed: int) -> dict[str, float]:
    """Train one of `CLASSIFIERS` on 10,000 images of Fashion-MNIST."""
    make, recipe = CLASSIFIERS[arm]
    torch.manual_seed(seed)
    model = make()
    train_set, test_set = data.fashion_mnist(10_000, 10_000)
    fit(model, classification(model, train_set, recipe.batch), recipe, seed=seed)
    found = {"accuracy": accuracy(model, test_set), "steps": recipe.steps, "parameters": count_parameters(model)}
    norms = {"norms": outlying_norms(model, test_set)} if isinstance(model, RegisterViT) else {}
    return {**found, "macs": count_macs(model, (28, 28), channels=1), **norms}


@one_thread()
@torch.no_grad()
def outlying_norms(model: VisionTransformer, images: ImageSet) -> float:
    """Return by how much the longest patch token of an image exceeds its median one: the mean of 1,000 images.

    Tokens are those behind the last block. Darcet et al. 2024, section 2.1, find outliers ten times as long in
    DINOv2's ViT-L and ViT-g.
    """
    patches = model.patch_embed(grey(images)[:1]).shape[1]
    parts = grey(images)[:1000].split(100)
    norms = torch.cat([model.encode(part)[:, -patches:].norm(dim=-1) for part in parts])  # (1000, N)
    return (norms.amax(dim=1) / norms.median(dim=1).values).mean().item()


# a better recipe: another optimizer for what is inside the blocks

MUON_STEPS, MUON_RATE, MUON_DECAY = 1300, 4e-3, 0.05


@one_thread()
def fit_with_muon(model: VisionTransformer, loss: Loss, seed: int) -> None:
    """Train a ViT as long as lessons 05 and 06 do: Muon for the matrices in its blocks, AdamW for all else.

    Muon makes every step of a matrix nearly orthogonal, so that no direction in it is left behind: Jordan et al. 2024,
    "Muon: An optimizer for hidden layers in neural networks", with the sizes of Liu et al. 2025, "Muon is scalable for
    LLM training". The rate rises for 65 steps, stays, and in the last 70 % falls evenly to 0.
    """
    inside = {name: p for name, p in model.named_parameters() if name.startswith("blocks") and p.ndim == 2}
    outside = [p for name, p in model.named_parameters() if name not in inside]
    settings = {"lr": MUON_RATE, "weight_decay": MUON_DECAY}
    muon = torch.optim.Muon(inside.values(), **settings, adjust_lr_fn="match_rms_adamw")
    optimizers = muon, torch.optim.AdamW(outside, **settings)
    generator = torch.Generator().manual_seed(seed)
    for step in range(MUON_STEPS):
        rate = MUON_RATE * min(1, (step + 1) / 65, (MUON_STEPS - step) / (0.7 * MUON_STEPS))
        model.zero_grad()
        loss(generator).backward()
        for optimizer in optimizers:
            optimizer.param_groups[0]["lr"] = rate
            optimizer.step()


def muon_arm(seed: int) -> dict[str, float]:
    """Train lesson 05's ViT on 10,000 images with another optimizer: what `recipe` and `labels` do with theirs."""
    torch.manual_seed(seed)
    model = small_vit()
    train_set, test_set = data.fashion_mnist(10_000, 10_000)
    fit_with_muon(model, classification(model, train_set, 64), seed)
    return {"accuracy": accuracy(model, test_set), "steps": MUON_STEPS, "parameters": count_parameters(model)}


# masked autoencoding: 37 of 49 patches are hidden, three quarters

PATCH, PATCHES, HIDDEN = 4, 49, 37
MASKED = Recipe(150, lr=4e-3)


def small_autoencoder() -> MaskedAutoencoder:
    """Make an autoencoder of 3 + 1 blocks of width 64 for patches of 4 x 4."""
    return MaskedAutoencoder(28, PATCH, width=64, heads=4, layers=3, decoder_layers=1)


def reconstruction(model: nn.Module, pixels: Tensor, batch: int) -> Loss:
    """Return the error of the hidden patches of a batch of pixels (N, 1, 28, 28), drawn and hidden at random."""

    def loss(generator: torch.Generator) -> Tensor:
        shown = pixels[torch.randint(len(pixels), (batch,), generator=generator)]
        hidden = random_masks(batch, PATCHES, HIDDEN, generator)
        return hidden_error(model(shown, hidden), shown, hidden, PATCH)

    return loss


def test_masks(images: int = 10_000) -> Tensor:
    """Return the masks of the test images, always the same: (N, 49) of bool, True where hidden."""
    return random_masks(images, PATCHES, HIDDEN, torch.Generator().manual_seed(0))


@one_thread()
@torch.no_grad()
def reconstruction_error(model: Callable[[Tensor, Tensor], Tensor], images: ImageSet) -> float:
    """Return the mean squared error of the hidden patches of the first images, in variances of all pixels."""
    pixels, masks = grey(images), test_masks(len(images))
    parts = zip(pixels.split(100), masks.split(100), strict=True)
    return sum(hidden_error(model(*part), *part, PATCH).item() * len(part[0]) for part in parts) / len(pixels)


def mean_image(images: ImageSet) -> Callable[[Tensor, Tensor], Tensor]:
    """Return what predicts the mean of the images everywhere, whatever it is shown."""
    mean = patchify(grey(images).mean(dim=0, keepdim=True), PATCH)  # (1, 49, 16)
    return lambda shown, _hidden: mean.expand(len(shown), -1, -1)


def masked_arm(arm: str, seed: int) -> dict[str, float]:
    """Measure the mean image, or train a small autoencoder on 10,000 images."""
    train_set, test_set = data.fashion_mnist(10_000, 10_000)
    if arm == "mean image":
        return {"error": reconstruction_error(mean_image(train_set), test_set)}
    torch.manual_seed(seed)
    model = small_autoencoder()
    fit(model, reconstruction(model, grey(train_set), MASKED.batch), MASKED, seed=seed)
    found = {"error": reconstruction_error(model, test_set), "steps": MASKED.steps}
    return {**found, "parameters": count_parameters(model)}


# larger scenes: 96 x 96 with up to nine items

LARGER_SIDE, MORE_ITEMS, MORE_QUERIES = 96, 9, 16
TUNING = Recipe(100, batch=16, lr=1e-3, weight_decay=1e-4, schedule="cosine", warmup=0.05)


def larger_scenes(items: ImageSet, count: int, generator: torch.Generator) -> Scenes:
    """Draw scenes of 96 x 96 with one to nine items: `make_scenes`."""
    return scenes.make_scenes(items, count, generator, LARGER_SIDE, MORE_ITEMS)


def larger_test_scenes(items: ImageSet) -> Scenes:
    """Return the 500 scenes of 96 x 96 on which detectors are compared; `items` are the test images' five classes."""
    return larger_scenes(items, scenes.TEST_SCENES, torch.Generator().manual_seed(scenes.TEST_SEED))


def larger_detection(model: nn.Module, items: ImageSet, batch: int) -> Loss:
    """Return the loss of a batch of new scenes of 96 x 96, as `detr_runs.detection` does for smaller ones."""

    def loss(generator: torch.Generator) -> Tensor:
        drawn = larger_scenes(items, batch, generator)
        return with_proposals(FEW_QUERIES, model(drawn.images), targets_of(drawn))

    return loss


class ShrunkBoxes(nn.Module):
    """A detector that makes its boxes smaller around their middles: what it knows of sizes is in pixels.

    Args:
        detector: trained on 64 x 64.
    """

    def __init__(self, detector: nn.Module):
        super().__init__()
        self.detector = detector

    def forward(self, images: Tensor) -> dict:
        """Return what the detector does, with boxes (B, Q, 4) in shares of the side of these images."""
        outputs = self.detector(images)
        share = scenes.SIDE / images.shape[-1]
        return {**outputs, "pred_boxes": outputs["pred_boxes"] * torch.tensor([1.0, 1.0, share, share])}


def larger_detector(queries: int) -> nn.Module:
    """Return lesson 10's trained detector with another number of queries."""
    from course_utils.checkpoints import load  # which imports the experiments

    model = load("detr_five")
    model.queries.count = queries
    return model


def untrained_arm(arm: str, _seed: int = 0) -> dict[str, float]:
    """Measure lesson 10's detector on larger scenes without training on: one of `UNTRAINED`."""
    model = UNTRAINED[arm]()
    test_items = scenes.five_classes(data.fashion_mnist()[1])
    return {**measured(model, larger_test_scenes(test_items)), "parameters": count_parameters(model)}


UNTRAINED = {
    "detector as it is": lambda: larger_detector(8),
    "boxes shrunk": lambda: ShrunkBoxes(larger_detector(8)),
    "boxes shrunk, 16 queries": lambda: ShrunkBoxes(larger_detector(MORE_QUERIES)),
}


START_ARMS = ("mean image", *UNTRAINED)
TRY_ARMS = (*CLASSIFIERS, "masked autoencoder", "Muon")


def start_arm(arm: str, seed: int) -> dict[str, float]:
    """Measure one of `START_ARMS`, which need no training."""
    return untrained_arm(arm) if arm in UNTRAINED else masked_arm(arm, seed)


def try_arm(arm: str, seed: int) -> dict[str, float]:
    """Train one of `TRY_ARMS`, and measure it."""
    if arm == "Muon":
        return muon_arm(seed)
    return classifier_arm(arm, seed) if arm in CLASSIFIERS else masked_arm(arm, seed)
