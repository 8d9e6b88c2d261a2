"""The calls that lesson 5's exercises are compared on: batches, grids that aren't square, sizes that all differ."""

import torch
from torch import Tensor

from course_utils.exercises.registry import Case

SIZES = (  # side, patch, width, layers, classes and channels of ViTs
    ((24, 4, 10, 3, 7), {}, "a small one"),
    ((32, 8, 12, 2, 5), {"channels": 1}, "for grey images"),
    ((48, 16, 20, 5, 11), {}, "with five layers"),
    ((28, 7, 64, 4, 10), {"channels": 2}, "with two channels"),
)


def patches_and_vectors() -> list[Case]:
    """Return patches, a class token and positions; more images than one, and fewer patches than numbers in each."""
    generator = torch.Generator().manual_seed(51)
    return [
        Case(
            tuple(_normal(generator, *shape) for shape in ((B, N, D), (1, 1, D), (1, N + 1, D))),
            note=note,
        )
        for B, N, D, note in ((2, 5, 8, ""), (3, 4, 6, "with three images"), (1, 7, 10, "with one image"))
    ]


def images_for_models() -> list[Case]:
    """Return images, and the sizes of the ViTs that read them."""
    generator = torch.Generator().manual_seed(52)
    sizes = (
        ({"side": 12, "patch": 4, "width": 16, "heads": 4, "layers": 2, "classes": 5}, 3, ""),
        ({"side": 8, "patch": 4, "width": 12, "heads": 2, "layers": 3, "classes": 7, "channels": 1}, 1, "for grey"),
    )
    return [
        Case((_normal(generator, 2, channels, init["side"], init["side"]),), init=init, note=note)
        for init, channels, note in sizes
    ]


def sizes() -> list[Case]:
    """Return the sizes of small ViTs, as plain numbers."""
    return [Case(numbers, keywords, note=note) for numbers, keywords, note in SIZES]


def packed_projections() -> list[Case]:
    """Return weights and biases of three projections in one tensor; D is a multiple of 3, to catch other orders."""
    generator = torch.Generator().manual_seed(53)
    return [
        Case((_normal(generator, 18, 6),), note="a matrix"),
        Case((_normal(generator, 27),), note="biases"),
        Case((_normal(generator, 9, 3),), note="a small matrix"),
    ]


def attention_on_grids() -> list[Case]:
    """Return attention weights between the patches of a grid, the grid, and the side of a patch."""
    generator = torch.Generator().manual_seed(54)
    found = []
    for (B, h), grid, patch, note in (
        ((2, 3), (3, 4), 8, "rows sum to 1"),
        ((1, 2), (5, 2), 4, "a tall grid"),
        ((3, 2), (2, 6), 16, "rows sum to less, as without a class token"),
    ):
        weights = (2 * _normal(generator, B, h, grid[0] * grid[1], grid[0] * grid[1]).detach()).softmax(dim=-1)
        if note.startswith("rows sum to less"):
            weights = weights * torch.rand(*weights.shape[:3], 1, generator=generator).clamp(0.2, 0.9)
        found.append(Case((weights.requires_grad_(), grid, patch), note=note))
    return found


def scores_and_masks() -> list[Case]:
    """Return scores of cells, with ties, and which cells belong to an object."""
    generator = torch.Generator().manual_seed(55)
    found = []
    for shape, levels, note in (((4, 7), 5, "with many ties"), ((30,), 1000, "without ties"), ((3, 5), 3, "")):
        scores = torch.randint(levels, shape, generator=generator).double()
        mask = scores + levels * torch.rand(shape, generator=generator) > levels
        found.append(Case((scores, mask), note=note))
    return found


def _normal(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()
