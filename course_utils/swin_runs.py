"""The runs behind lesson 08: a small Swin beside what it does without, and networks on items of various sizes."""

import time
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from course_utils import data
from course_utils.canvases import SIDE, SIZES, canvas_set, on_canvas
from course_utils.costs import peak_bytes
from course_utils.image_sets import ImageSet
from course_utils.models.conv import BasicBlock, count_macs, count_parameters, normed
from course_utils.models.swin import SwinTransformer
from course_utils.models.vit import MeanPooledViT
from course_utils.threads import one_thread
from course_utils.training import Augment, Recipe, accuracy, classification, fit, mirror

BATCH = 64  # of the test images: larger ones leave the cache, and take longer


def trained(model: nn.Module, images: ImageSet, recipe: Recipe, seed: int, augment: Augment = mirror) -> dict:
    """Train a model in place; return its loss at the end, its steps, its size and its CPU seconds."""
    started = time.process_time()
    history = fit(model, classification(model, images, recipe.batch, augment=augment), recipe, seed=seed)
    seconds = round(time.process_time() - started, 1)
    return {
        "loss": history.recent(),
        "steps": recipe.steps,
        "parameters": count_parameters(model),
        "cpu_seconds": seconds,
    }


# Swin, and what it does without: 28 x 28 images, 14 x 14 tokens, then 7 x 7


def small_swin(patch: int = 2, **changes) -> SwinTransformer:
    """Make a Swin of two stages for grey images: 2 blocks of width 32, then 2 of width 64, windows of 7 x 7.

    Args:
        patch: 2 makes 14 x 14 tokens of 28 x 28 pixels, 4 of 56 x 56.
        changes: keywords of `SwinTransformer`.
    """
    usual = {"width": 32, "depths": (2, 2), "heads": (2, 4), "window": 7, "classes": 10, "channels": 1}
    return SwinTransformer(patch, **{**usual, **changes})


VARIANTS: dict[str, dict] = {
    "Swin": {},
    "full attention": {"window": (14, 7)},  # one window covers the grid, in both stages
    "no shift": {"shift": False},
    "no relative bias": {"relative_bias": False},
}
EQUAL = Recipe(600, batch=32)
LIVE = Recipe(250, batch=32)
LIVE_TEST = 2_000  # test images, since a lesson has no time for more
SWIN_ARMS = (*VARIANTS, "Swin, live")


@one_thread()
def training_bytes(model: nn.Module, side: int, batch: int) -> int:
    """Return the peak memory, in bytes, of a forward and a backward pass on grey images, gradients included."""
    images, labels = torch.zeros(batch, 1, side, side), torch.zeros(batch, dtype=torch.int64)
    model.zero_grad(set_to_none=True)
    return peak_bytes(lambda: F.cross_entropy(model(images), labels).backward())


def swin_arm(arm: str, seed: int) -> dict[str, float]:
    """Train one of `SWIN_ARMS` on 10,000 images."""
    live = arm.endswith(", live")
    recipe = LIVE if live else EQUAL
    train_set, test_set = data.fashion_mnist(10_000, LIVE_TEST if live else 10_000)
    torch.manual_seed(seed)
    model = small_swin(**VARIANTS[arm.removesuffix(", live")])
    memory = training_bytes(model, 28, recipe.batch)
    found = trained(model, train_set, recipe, seed)
    cost = {"macs": count_macs(model, (28, 28), channels=1), "bytes": memory}
    return {"accuracy": accuracy(model, test_set, BATCH), **found, **cost}


# items of various sizes: with a hierarchy, and with one resolution throughout


def small_cnn(width: int) -> nn.Sequential:
    """Make a CNN with a hierarchy: three blocks at 1/2, 1/4 and 1/8 of the image's side, twice as wide each time."""
    return nn.Sequential(
        normed(nn.Conv2d(1, width, 3, stride=2, padding=1, bias=False), width),
        nn.ReLU(),
        BasicBlock(width, width, 1),
        BasicBlock(width, 2 * width, 2),
        BasicBlock(2 * width, 4 * width, 2),
        *_mean_and_head(4 * width),
    ).to(memory_format=torch.channels_last)


def even_cnn(width: int) -> nn.Sequential:
    """Make a CNN without one: cut into patches of 4 as a ViT does, then three blocks of the same width on that grid."""
    stem = normed(nn.Conv2d(1, width, 4, stride=4, bias=False), width)
    blocks = (BasicBlock(width, width, 1) for _ in range(3))
    return nn.Sequential(stem, nn.ReLU(), *blocks, *_mean_and_head(width)).to(memory_format=torch.channels_last)


def _mean_and_head(width: int) -> tuple[nn.Module, ...]:
    return nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10)


def canvas_vit(patch: int, width: int, layers: int) -> MeanPooledViT:
    """Make a ViT with 2 heads for canvases."""
    return MeanPooledViT(SIDE, patch, width, heads=2, layers=layers, classes=10, channels=1)


STEPS = 800
ATTENTION, CONVOLUTION = Recipe(STEPS, batch=32), Recipe(STEPS, batch=32, lr=4e-3)
NETWORKS: dict[str, tuple[Callable[[], nn.Module], Recipe]] = {  # 11.1 to 12.3 million multiply-adds each
    "ViT, patch 8": (lambda: canvas_vit(8, width=64, layers=4), ATTENTION),
    "ViT, patch 4": (lambda: canvas_vit(4, width=36, layers=2), ATTENTION),
    "Swin, one resolution": (lambda: small_swin(4, depths=(4,), heads=(2,)), ATTENTION),
    "Swin": (lambda: small_swin(4), ATTENTION),
    "CNN, one resolution": (lambda: even_cnn(34), CONVOLUTION),
    "CNN": (lambda: small_cnn(18), CONVOLUTION),
}
TRAINED_ON = {"all sizes": SIZES, "28 only": (28,)}
SCALES_ARMS = (
    *(f"{name}, all sizes" for name in NETWORKS),
    *(f"{name}, 28 only" for name in NETWORKS if not name.startswith("ViT")),
)
CANVASES = 2_000  # test items, each at every size


def accuracy_by_size(model: nn.Module, items: ImageSet) -> dict[int, float]:
    """Return the share (0 to 1) of items (N, 28, 28) that a model names, at each of `SIZES` and in fixed places."""
    return {size: accuracy(model, canvas_set(items, size, seed=size), BATCH) for size in SIZES}


def scales_arm(arm: str, seed: int) -> dict[str, float]:
    """Train one of `NETWORKS` on canvases with items of all sizes or of one: "NETWORK, TRAINED_ON"."""
    name, trained_on = arm.rsplit(", ", 1)
    make, recipe = NETWORKS[name]
    train_set, test_set = data.fashion_mnist(60_000, CANVASES)
    torch.manual_seed(seed)
    model = make()
    found = trained(model, train_set, recipe, seed, on_canvas(TRAINED_ON[trained_on]))
    by_size = {f"at {size}": share for size, share in accuracy_by_size(model, test_set).items()}
    mean = sum(by_size.values()) / len(by_size)
    return {**by_size, "accuracy": mean, **found, "macs": count_macs(model, (SIDE, SIDE), channels=1)}
