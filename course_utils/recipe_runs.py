"""The runs behind lesson 06: what a small ViT's training needs, what augmentation and regularisation do, hybrids."""

import dataclasses
from collections.abc import Callable

import torch
from torch import nn

from course_utils import data
from course_utils.augment import chain, rand_augment, random_mixup
from course_utils.data import FASHION_MEAN, FASHION_STD
from course_utils.models.conv import SmallResNet, count_parameters
from course_utils.models.regularise import RegularisedBlock, depth_rates
from course_utils.models.vit import HybridViT, VisionTransformer
from course_utils.training import Augment, Mix, Recipe, accuracy, classification, fit, mirror
from course_utils.vit_runs import small_vit

# each part of the recipe left out in turn

RECIPE = Recipe(1300, lr=4e-3, schedule="cosine", warmup=0.1, decay_all=False)


def _initialise(fill: Callable[[nn.Linear], object]) -> Callable[[nn.Module], None]:
    def change(model: nn.Module) -> None:
        for layer in model.modules():
            if isinstance(layer, nn.Linear):
                fill(layer)

    return change


def _small_positions(model: nn.Module) -> None:
    model.pos_embed.data *= 0.1


UNCHANGED = _initialise(lambda _layer: None)
PARTS: dict[str, tuple[dict, Callable[[nn.Module], None]]] = {
    "the recipe": ({}, UNCHANGED),
    "no warm-up": ({"warmup": 0.0}, UNCHANGED),
    "no decay of the learning rate": ({"schedule": "constant"}, UNCHANGED),
    "no clipping": ({"clip": None}, UNCHANGED),
    "neither warm-up nor clipping": ({"warmup": 0.0, "clip": None}, UNCHANGED),
    "SGD, same learning rate": ({"optimizer": "sgd"}, UNCHANGED),
    "SGD, lr 0.1": ({"optimizer": "sgd", "lr": 0.1, "weight_decay": 5e-4}, UNCHANGED),
    "no weight decay": ({"weight_decay": 0.0}, UNCHANGED),
    "weight decay on everything": ({"decay_all": True}, UNCHANGED),
    "weights of std 0.02": ({}, _initialise(lambda layer: nn.init.trunc_normal_(layer.weight, std=0.02))),
    "Xavier weights": ({}, _initialise(lambda layer: nn.init.xavier_uniform_(layer.weight))),
    "positions of std 0.02": ({}, _small_positions),
}


def recipe_arm(arm: str, seed: int) -> dict[str, float]:
    """Train lesson 05's ViT on 10,000 images, with one part of the recipe left out: one of `PARTS`."""
    changes, initialise = PARTS[arm]
    recipe = dataclasses.replace(RECIPE, **changes)
    torch.manual_seed(seed)
    model = small_vit()
    initialise(model)
    train_set, test_set = data.fashion_mnist(10_000, 10_000)
    history = fit(model, classification(model, train_set, recipe.batch), recipe, seed=seed)
    largest = {"largest_gradient": max(history.gradients), "worst_loss": max(history.losses[100:])}
    return {"accuracy": accuracy(model, test_set), "loss": history.recent(), **largest, "steps": recipe.steps}


# augmentation x regularisation x size x labels, in the manner of Steiner et al. 2021, figure 4


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """How images are changed, beside mirroring.

    Attributes:
        magnitude: of RandAugment's two operations, 0 to 30; none for no RandAugment.
        mixup: alpha of MixUp; 0 for no MixUp.
    """

    magnitude: int | None
    mixup: float

    def parts(self) -> tuple[Augment, Mix | None]:
        """Return what changes the images, and what mixes them."""
        mix = random_mixup(self.mixup) if self.mixup else None
        if self.magnitude is None:
            return mirror, mix
        return chain(mirror, rand_augment(2, self.magnitude, FASHION_MEAN, FASHION_STD)), mix


LEVELS = {  # none, light2, med2 and heavy2 of Steiner et al. 2021, section 3.3
    "none": Augmentation(None, 0.0),
    "light": Augmentation(10, 0.2),
    "medium": Augmentation(15, 0.5),
    "heavy": Augmentation(20, 0.8),
}
SIZES = {"small": {"width": 32, "layers": 2}, "base": {"width": 64, "layers": 4}}
REGULARISATION = ("none", "0.1")
GRID_LABELS = (1_000, 10_000)
GRID_ARMS = tuple(
    f"{size}, {labels}, {regularisation}, {level}"
    for labels in GRID_LABELS
    for size in SIZES
    for regularisation in REGULARISATION
    for level in LEVELS
)


def regularised_vit(size: str, rate: float) -> VisionTransformer:
    """Make a ViT of one of `SIZES` with dropout of that rate, and stochastic depth that rises to it."""
    width, layers = SIZES[size]["width"], SIZES[size]["layers"]
    depth = depth_rates(layers, rate)
    return small_vit(**SIZES[size], block=lambda layer: RegularisedBlock(width, 2, rate, depth[layer]))


def grid_arm(arm: str, seed: int) -> dict[str, float]:
    """Train one cell of the grid: "SIZE, LABELS, REGULARISATION, LEVEL" as in `GRID_ARMS`."""
    size, labels, regularisation, level = arm.split(", ")
    torch.manual_seed(seed)
    model = regularised_vit(size, 0.0 if regularisation == "none" else float(regularisation))
    train_set, test_set = data.fashion_mnist(int(labels), 10_000)
    augment, mix = LEVELS[level].parts()
    loss = classification(model, train_set, RECIPE.batch, augment=augment, mix=mix)
    fit(model, loss, RECIPE, seed=seed)
    found = {"accuracy": accuracy(model, test_set), "train_accuracy": accuracy(model, train_set)}
    return {**found, "steps": RECIPE.steps, "parameters": count_parameters(model)}


# ResNet blocks, then ViT blocks


def small_hybrid(layers: int = 2) -> HybridViT:
    """Make a hybrid: the small ResNet's 4 x 4 cells of 64 channels as 16 tokens, then Transformer blocks."""
    net = SmallResNet()
    stem = nn.Sequential(net.stem, nn.ReLU(), net.stage1, net.stage2, net.stage3)  # (B, 1, 28, 28) to (B, 64, 4, 4)
    return HybridViT(stem, 4, 64, width=64, heads=2, layers=layers, classes=10)


HYBRIDS: dict[str, Callable[[], nn.Module]] = {
    "ViT, 4 blocks": small_vit,
    "hybrid, 1 block": lambda: small_hybrid(1),
    "hybrid, 2 blocks": lambda: small_hybrid(2),
    "CNN": SmallResNet,
}


def hybrid_arm(arm: str, seed: int) -> dict[str, float]:
    """Train one of `HYBRIDS` on 10,000 images, all with the same recipe and as many steps."""
    torch.manual_seed(seed)
    model = HYBRIDS[arm]()
    train_set, test_set = data.fashion_mnist(10_000, 10_000)
    fit(model, classification(model, train_set, RECIPE.batch), RECIPE, seed=seed)
    return {"accuracy": accuracy(model, test_set), "steps": RECIPE.steps, "parameters": count_parameters(model)}
