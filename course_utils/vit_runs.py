"""The runs behind lesson 05: small Vision Transformers on Fashion-MNIST, beside a convolutional network."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_utils import data
from course_utils.image_sets import ImageSet
from course_utils.models.conv import SmallResNet, count_parameters
from course_utils.models.patches import random_order, shuffled_patches
from course_utils.models.vit import MeanPooledViT, VisionTransformer
from course_utils.training import Recipe, accuracy, classification, fit, unchanged


def small_vit(
    patch: int = 7, pool: str = "mean", heads: int = 2, width: int = 64, layers: int = 4, **keywords
) -> VisionTransformer:
    """Make a ViT for 28 x 28 grey images.

    Args:
        patch: 7 makes 16 tokens, 4 makes 49.
        pool: "mean" or "class token".
        heads, width, layers, keywords: as for `VisionTransformer`.

    Raises:
        ValueError: there is no such way to pool.
    """
    kinds = {"mean": MeanPooledViT, "class token": VisionTransformer}
    if pool not in kinds:
        raise ValueError(f"there is no pool {pool!r}: use 'mean' or 'class token'")
    return kinds[pool](28, patch, width, heads, layers, classes=10, channels=1, **keywords)


LIVE = Recipe(1300, schedule="one cycle")
LONG = Recipe(3500, schedule="one cycle")
LOOKED_INTO = Recipe(20_000, schedule="cosine", decay_all=False)


def train_looked_into(model: nn.Module) -> dict[str, float]:
    """Train the ViT that lesson 05 looks into, on all 60,000 images."""
    train_set, test_set = data.fashion_mnist()
    history = fit(model, classification(model, train_set, LOOKED_INTO.batch), LOOKED_INTO)
    found = {"accuracy": accuracy(model, test_set), "train_accuracy": accuracy(model, train_set)}
    return {**found, "loss": history.recent(), "steps": LOOKED_INTO.steps, "images": 60_000}


# a ViT against a CNN of like cost, by the number of labels

MODELS: dict[str, tuple[Callable[[], nn.Module], Recipe]] = {
    "ViT": (small_vit, LIVE),
    "ViT, class token": (lambda: small_vit(pool="class token"), LIVE),
    "CNN": (SmallResNet, Recipe(1600, lr=4e-3)),
}
LABELS = (1_000, 3_000, 10_000, 30_000, 60_000)
LABEL_ARMS = (
    *(f"{model}, {labels}" for labels in LABELS for model in ("ViT", "CNN")),
    "ViT, class token, 10000",
    "ViT, longer, 60000",
    "ViT, class token, longer, 60000",
)


def trained(model: nn.Module, sets: tuple[ImageSet, ImageSet], recipe: Recipe, seed: int, **options) -> dict:
    """Train a model, and return its accuracies, loss, steps and size.

    Args:
        model: trained in place.
        sets: to learn from, and to test with.
        recipe: how.
        seed: of the batches.
        options: as for `classification`.
    """
    train_set, test_set = sets
    history = fit(model, classification(model, train_set, recipe.batch, **options), recipe, seed=seed)
    found = {"accuracy": accuracy(model, test_set), "train_accuracy": accuracy(model, train_set)}
    return {**found, "loss": history.recent(), "steps": recipe.steps, "parameters": count_parameters(model)}


def labels_arm(arm: str, seed: int) -> dict[str, float]:
    """Train one of `MODELS` with some of the labels: "MODEL, LABELS" as in `LABEL_ARMS`."""
    name, labels = arm.rsplit(", ", 1)
    make, recipe = MODELS[name.removesuffix(", longer")]
    torch.manual_seed(seed)
    sets = data.fashion_mnist(int(labels), 10_000)
    return trained(make(), sets, LONG if name.endswith("longer") else recipe, seed)


# the same without neighbours: one shuffle for all images

SHUFFLES = ("as they are", "patches shuffled", "pixels shuffled")
SHUFFLE_ARMS = tuple(f"{model}, {shuffle}" for shuffle in SHUFFLES for model in ("ViT", "CNN"))


def shuffled(images: ImageSet, shuffle: str) -> ImageSet:
    """Put the patches of 7 x 7, or the pixels, of all images in one other order.

    Args:
        images: (N, 28, 28).
        shuffle: one of `SHUFFLES`.
    """
    patch = {"as they are": 28, "patches shuffled": 7, "pixels shuffled": 1}[shuffle]
    order = random_order((28 // patch) ** 2, seed=0)
    return ImageSet(_reordered(images.images, patch, order), images.labels, images.classes)


def _reordered(images: Tensor, patch: int, order: Tensor) -> Tensor:
    return shuffled_patches(images[:, None], patch, order)[:, 0]


def shuffle_arm(arm: str, seed: int) -> dict[str, float]:
    """Train a ViT or a CNN on 10,000 images in one of `SHUFFLES`, without mirroring."""
    name, shuffle = arm.split(", ")
    make, recipe = MODELS[name]
    torch.manual_seed(seed)
    train_set, test_set = (shuffled(images, shuffle) for images in data.fashion_mnist(10_000, 10_000))
    return trained(make(), (train_set, test_set), recipe, seed, augment=unchanged)
