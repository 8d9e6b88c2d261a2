"""The maps that are usually shown over photographs, against the outlines of the objects: which ones find them?

Each map is scored by its AUROC: the chance that a patch of the object has a higher value than one outside.
"""

import copy
import functools
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils import masks
from course_utils.copy_runs import PATCH, distances
from course_utils.data import photograph
from course_utils.models.copying import interpolated_positions
from course_utils.models.handmade import describe_patches
from course_utils.models.non_local import as_tokens
from course_utils.models.vit import VisionTransformer
from course_utils.photo_crops import PHOTOGRAPHS, halved, random_crops
from course_utils.removal import class_attention, class_rollout
from course_utils.scores import auroc
from course_utils.threads import one_thread
from course_utils.training import Loss, Recipe, fit

SIZE = 96
SIDES = (64, 192)  # of the crops, in pixels of the photograph; half of the narrowest one is 160 wide
RECIPE = Recipe(500, batch=32, lr=1e-3, schedule="cosine", decay_all=False)

# a ViT that names the photograph a crop is from: it learns from the left halves, and is tested on the right ones


def photograph_vit() -> VisionTransformer:
    """Make a ViT for crops of 96 x 96: patches of 8, 4 blocks of width 128 with 4 heads, a class a photograph."""
    return VisionTransformer(SIZE, PATCH, width=128, heads=4, layers=4, classes=len(PHOTOGRAPHS))


def halves() -> tuple[list[Tensor], list[Tensor]]:
    """Return the left halves of all photographs, and the right ones: (3, H, W/2) each."""
    left, right = zip(*(photograph(name).chunk(2, dim=2) for name in PHOTOGRAPHS), strict=True)
    return list(left), list(right)


def naming_loss(model: nn.Module, batch: int) -> Loss:
    """Return the cross-entropy of a batch of crops from the left halves."""
    images, _ = halves()

    def loss(generator: torch.Generator) -> Tensor:
        crops, names = random_crops(images, batch, SIDES, SIZE, generator)
        return F.cross_entropy(model(crops - 0.5), names)

    return loss


@one_thread()
@torch.no_grad()
def naming_accuracy(model: nn.Module, count: int = 512) -> float:
    """Return the share of crops from the right halves whose photograph the model names."""
    _, images = halves()
    crops, names = random_crops(images, count, SIDES, SIZE, torch.Generator().manual_seed(0))
    return (model(crops - 0.5).argmax(dim=1) == names).float().mean().item()


def stretched(model: VisionTransformer, grid: tuple[int, int]) -> VisionTransformer:
    """Return a copy of the model for pictures of `grid` (rows, columns) patches: its positions are interpolated."""
    model = copy.deepcopy(model)
    token, patches = model.pos_embed.data.split((1, model.pos_embed.shape[1] - 1), dim=1)
    side = SIZE // PATCH
    stretched_positions = interpolated_positions(patches.unflatten(1, (side, side)), grid)
    model.pos_embed = nn.Parameter(torch.cat([token, stretched_positions], dim=1))
    return model


def train_photograph_vit(model: VisionTransformer, seed: int = 0) -> dict[str, float]:
    """Train a ViT to name the photograph that a crop is from, and return its accuracy on their right halves."""
    history = fit(model, naming_loss(model, RECIPE.batch), RECIPE, seed=seed)
    return {"accuracy": naming_accuracy(model), "loss": history.recent(), "steps": RECIPE.steps}


@functools.lru_cache(maxsize=8)
def vit_with_accuracy(kind: str, seed: int) -> tuple[VisionTransformer, float]:
    """Return a ViT, "random" or "trained" to name the photographs, and its accuracy on their right halves."""
    torch.manual_seed(seed)
    model = photograph_vit()
    if kind == "trained":
        train_photograph_vit(model, seed)
    return model.eval(), naming_accuracy(model)


# maps of a picture (3, H, W): one value for each patch (N,), or for each query and key (N, N)


def grid_of(image: Tensor) -> tuple[int, int]:
    """Return the rows and columns of patches that a picture (3, H, W) has."""
    return image.shape[1] // PATCH, image.shape[2] // PATCH


def patch_colours(image: Tensor) -> Tensor:
    """Return the mean colour of each patch: (N, 3)."""
    return as_tokens(F.avg_pool2d(image[None], PATCH))[0]


def nearness_to_centre(image: Tensor) -> Tensor:
    """Return how near the centre each patch is, (N,), without looking at the picture."""
    rows, columns = grid_of(image)
    down, across = torch.arange(rows) - (rows - 1) / 2, torch.arange(columns) - (columns - 1) / 2
    return -torch.hypot(down[:, None], across).flatten()


def brightness(image: Tensor) -> Tensor:
    """Return the mean of each patch: (N,)."""
    return patch_colours(image).mean(dim=1)


def unusual_colour(image: Tensor) -> Tensor:
    """Return how far each patch's colour is from the mean colour of the picture: (N,)."""
    colours = patch_colours(image)
    return (colours - colours.mean(dim=0)).norm(dim=1)


def nearness(image: Tensor) -> Tensor:
    """Return how near each patch is to each: (N, N)."""
    return -distances(grid_of(image))


def likeness(features: Tensor) -> Tensor:
    """Return the cosines (N, N) of features (N, D)."""
    directions = F.normalize(features, dim=1)
    return directions @ directions.T


def colour_likeness(image: Tensor) -> Tensor:
    """Return how alike patches are in colour and edges, (N, N), as in lesson 02: nothing is learned."""
    return likeness(describe_patches(image, PATCH))


@one_thread()
@torch.no_grad()
def feature_likeness(model: VisionTransformer, images: Tensor) -> Tensor:
    """Return how alike a ViT's last features of the patches are: (1, N, N) of images (1, 3, H, W)."""
    return likeness(model.norm(model.encode(images))[0, 1:])[None]


# the experiment

FIXED: dict[str, Callable[[Tensor], Tensor]] = {
    "nearness to the centre": nearness_to_centre,
    "brightness": brightness,
    "unusual colour": unusual_colour,
    "patch query, nearness": nearness,
    "patch query, colours and edges": colour_likeness,
}
READ: dict[str, Callable[[VisionTransformer, Tensor], Tensor]] = {
    "class token": class_attention,
    "rollout": class_rollout,
    "patch query, features": feature_likeness,
}
MAP_ARMS = (*FIXED, *(f"{kind} ViT, {read}" for kind in ("random", "trained") for read in READ))


def map_of(arm: str, seed: int, image: Tensor) -> Tensor:
    """Return one of `MAP_ARMS` for a picture (3, H, W): (N,) or (N, N)."""
    if arm in FIXED:
        return FIXED[arm](image)
    kind, read = arm.split(" ViT, ")
    model, _ = vit_with_accuracy(kind, seed)
    return READ[read](stretched(model, grid_of(image)), image[None] - 0.5)[0]


def found(scores: Tensor, mask: Tensor) -> float:
    """Return the AUROC of a map (N,), or the mean of a patch's map (N, N) over all queries inside the mask (N,).

    A query's own place doesn't count.
    """
    if scores.ndim == 1:
        return auroc(scores, mask)
    queries = mask.nonzero().flatten().tolist()
    others = [torch.arange(len(mask)) != query for query in queries]
    each = [auroc(scores[query][other], mask[other]) for query, other in zip(queries, others, strict=True)]
    return sum(each) / len(each)


def maps_arm(arm: str, seed: int) -> dict[str, float]:
    """Score one of `MAP_ARMS` on all photographs: mean AUROC for the objects and the materials, and for each object."""
    objects, materials = {}, []
    for name in PHOTOGRAPHS:
        image = halved(name)
        scores, grid = map_of(arm, seed, image), grid_of(image)
        objects[name] = found(scores, masks.object_mask(name, grid).flatten())
        if name in masks.regions("material"):
            materials.append(found(scores, masks.material_mask(name, grid).flatten()))
    means = {"object": sum(objects.values()) / len(objects), "material": sum(materials) / len(materials)}
    named = {} if arm in FIXED else {"accuracy": vit_with_accuracy(arm.split(" ")[0], seed)[1]}
    return {**means, **objects, **named}
