"""The runs behind lesson 05's photographs: a model that colours by copying, and what it is to be compared with.

All of them see a photograph at half its size, in grey, in patches of 8, and say for each patch from which others
it copies its colour. The masks are only for the scores: no training sees them.
"""

import itertools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils import masks
from course_utils.data import photograph
from course_utils.models.copying import (
    ColourCopier,
    copy_colours,
    far_enough,
    luma_chroma,
    patch_chroma,
    standardised,
)
from course_utils.models.handmade import describe_patches
from course_utils.photo_crops import PHOTOGRAPHS, halved, random_crops
from course_utils.threads import one_thread
from course_utils.training import Loss, Recipe, fit

PATCH = 8
RADIUS = 4  # the scores leave out keys nearer than 5 patches: what is near mostly belongs to the same region
SIDES = (64, 320)  # of the crops, in pixels of the photograph
# each photograph is held out once; the first ones are held out from the checkpoint
FOLDS = (("cat", "china"), ("astronaut", "flower"), ("coffee", "hopper", "rocket"))
RECIPE = Recipe(900, batch=32, lr=1e-3, schedule="cosine", decay_all=False)


# training


def copy_loss(model: ColourCopier, images: Sequence[Tensor], batch: int) -> Loss:
    """Return the smooth L1 distance of copied from true colours (Girshick 2015, equation 3), on crops of 96 x 96.

    Self is always left out, and so are the neighbours up to a radius of 0 to 4 patches, drawn for each batch.
    """

    def loss(generator: torch.Generator) -> Tensor:
        crops, _ = random_crops(images, batch, SIDES, 96, generator)
        radius = int(torch.randint(RADIUS + 1, (1,), generator=generator))
        grey, chroma = luma_chroma(crops)
        colours = standardised(patch_chroma(chroma, PATCH))  # (B, N, 2)
        return F.smooth_l1_loss(copy_colours(model(grey, radius), colours), colours)

    return loss


def train_copier(model: ColourCopier, seed: int = 0) -> dict[str, float]:
    """Train a copier on the photographs that are not in the fold of this seed, and return its scores."""
    seen = [photograph(name) for name in PHOTOGRAPHS if name not in FOLDS[seed]]
    history = fit(model, copy_loss(model, seen, RECIPE.batch), RECIPE, seed=seed)
    return {**all_scores(by_model(model), seed), "loss": history.recent(), "steps": RECIPE.steps}


# ways to say where to copy from: a grey picture (1, 1, H, W), its colours (N, 2) and a radius make weights (N, N)

Copier = Callable[[Tensor, Tensor, int], Tensor]


def by_model(model: ColourCopier) -> Copier:
    """Look where a model looks."""
    return lambda grey, _colours, radius: model(grey, radius)[0]


def _shared(scores: Tensor, grey: Tensor, radius: int) -> Tensor:
    """Turn scores (N, N) into weights, without what is too near."""
    return scores.masked_fill(~far_enough(_grid(grey), radius), -torch.inf).softmax(dim=1)


def _grid(grey: Tensor) -> tuple[int, int]:
    return grey.shape[2] // PATCH, grey.shape[3] // PATCH


def distances(grid: tuple[int, int]) -> Tensor:
    """Return how far apart all patches are, (N, N), in patches."""
    rows, columns = (torch.arange(side, dtype=torch.get_default_dtype()) for side in grid)
    places = torch.cartesian_prod(rows, columns)
    return torch.cdist(places, places)


def evenly(grey: Tensor, _colours: Tensor, radius: int) -> Tensor:
    """Look everywhere alike: chance."""
    return _shared(torch.zeros_like(distances(_grid(grey))), grey, radius)


def by_nearness(grey: Tensor, _colours: Tensor, radius: int) -> Tensor:
    """Look at what is near: e times less with each patch of distance."""
    return _shared(-distances(_grid(grey)), grey, radius)


def grey_likeness(grey: Tensor) -> Tensor:
    """Return how alike the patches are in brightness, its spread and its edges: cosines (N, N), as in lesson 00."""
    features = F.normalize(describe_patches(grey[0].expand(3, -1, -1), PATCH), dim=1)
    return features @ features.T


def by_kernel(grey: Tensor, _colours: Tensor, radius: int) -> Tensor:
    """Look at what is alike, with the temperature of lesson 00."""
    return _shared(grey_likeness(grey) / 0.15, grey, radius)


def by_tuned_kernel(grey: Tensor, colours: Tensor, radius: int) -> Tensor:
    """Look at what is alike and near, in the best of nine mixtures: chosen with the colours that are to be found."""
    alike, apart = grey_likeness(grey), distances(_grid(grey))
    mixtures = itertools.product((0.05, 0.15, 0.5), (0.0, 0.1, 0.3))
    tried = [_shared(alike / temperature - nearness * apart, grey, radius) for temperature, nearness in mixtures]
    return min(tried, key=lambda weights: colour_error(weights, colours))


# scores


def colour_error(weights: Tensor, colours: Tensor) -> float:
    """Return the mean squared error of copied colours; 1 is that of the picture's mean colour.

    Args:
        weights: (N, N).
        colours: (N, 2), standardised.
    """
    return F.mse_loss(copy_colours(weights, colours), colours).item()


def mass_inside(weights: Tensor, mask: Tensor) -> float:
    """Return the share of attention that stays inside, for queries inside: weights (N, N), mask (N,) of bool."""
    return weights[mask][:, mask].sum(dim=1).mean().item()


@one_thread()
@torch.no_grad()
def scores(copier: Copier, name: str, radius: int = RADIUS) -> dict[str, float]:
    """Score one way to copy on one photograph: colour error, and mass in its own object and material."""
    grey, chroma = luma_chroma(halved(name)[None])
    colours, grid = standardised(patch_chroma(chroma, PATCH))[0], _grid(grey)
    weights = copier(grey, colours, radius)
    found = {"colour_error": colour_error(weights, colours)}
    found["object"] = mass_inside(weights, masks.object_mask(name, grid).flatten())
    if name in masks.regions("material"):
        found["material"] = mass_inside(weights, masks.material_mask(name, grid).flatten())
    return found


def all_scores(copier: Copier, seed: int, radius: int = RADIUS) -> dict[str, float]:
    """Return the scores on each photograph, "PHOTOGRAPH SCORE", and their means over those seen and held out.

    Args:
        copier: to be scored.
        seed: whose fold of `FOLDS` is held out.
        radius: keys as near as this are left out.
    """
    found = {name: scores(copier, name, radius) for name in PHOTOGRAPHS}
    sets = {"held-out": FOLDS[seed], "seen": [name for name in PHOTOGRAPHS if name not in FOLDS[seed]]}
    means = {}
    for (part, names), score in itertools.product(sets.items(), ("colour_error", "material", "object")):
        values = [found[name][score] for name in names if score in found[name]]
        means[f"{part} {score}"] = sum(values) / len(values)
    return means | {f"{name} {score}": value for name in found for score, value in found[name].items()}


# the experiment

FIXED: dict[str, Copier] = {
    "grey kernel": by_kernel,
    "grey kernel, tuned with the colours": by_tuned_kernel,
    "nearness": by_nearness,
    "chance": evenly,
}
COPY_ARMS = ("trained", "random weights", *FIXED)


def copying_arm(arm: str, seed: int) -> dict[str, float]:
    """Score one of `COPY_ARMS`; the seed also says which photographs are held out."""
    if arm in FIXED:
        return all_scores(FIXED[arm], seed)
    torch.manual_seed(seed)
    model = ColourCopier()
    return train_copier(model, seed) if arm == "trained" else all_scores(by_model(model), seed)


def held_out_mean(rows: Sequence[dict], arm: str, score: str) -> float:
    """Return the mean of a score over all photographs, each from the seed that held it out.

    Args:
        rows: of the experiment: `experiments.results("copying")`.
        arm: one of `COPY_ARMS`.
        score: "colour_error", "object" or "material"; what has no material is left out of its mean.
    """
    of_seed = {row["seed"]: row for row in rows if row["arm"] == arm}
    named = [(of_seed[seed], f"{name} {score}") for seed, names in enumerate(FOLDS) for name in names]
    values = [row[key] for row, key in named if key in row]
    return sum(values) / len(values)
