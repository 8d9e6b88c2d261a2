"""The calls that lesson 5's exercises are compared on: batches, grids that aren't square, sizes that all differ."""

import torch
from torch import Tensor

from course_utils.exercises.registry import Case
from course_utils.models.attention import TransformerBlock

SIZES = (  # side, patch, width, layers, classes and channels of ViTs
    ((24, 4, 10, 3, 90), {}, "with many classes"),
    ((32, 8, 12, 2, 5), {"channels": 1}, "for grey images"),
    ((48, 16, 20, 5, 11), {}, "with five layers"),
    ((28, 7, 64, 4, 10), {"channels": 2}, "with two channels"),
)


def patches_and_vectors(seed: int = 51) -> list[Case]:
    """Return patches, a class token and positions; more images than one, and fewer patches than numbers in each."""
    generator = torch.Generator().manual_seed(seed)
    return [
        Case(
            tuple(_normal(generator, *shape) for shape in ((B, N, D), (1, 1, D), (1, N + 1, D))),
            note=note,
        )
        for B, N, D, note in ((2, 5, 8, ""), (3, 4, 6, "with three images"), (1, 7, 10, "with one image"))
    ]


class FadingBlock(TransformerBlock):
    """A block that leaves a tenth of its tokens, the next one a hundredth: numbers and epsilons of norms show."""

    def __init__(self, layer: int):
        super().__init__(12, 3)
        self.share = 10.0 ** -(layer + 1)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Map tokens (B, N, 12) to smaller ones."""
        return self.share * super().forward(tokens, mask)


def images_for_models() -> list[Case]:
    """Return images, and the sizes of the ViTs that read them."""
    generator = torch.Generator().manual_seed(52)
    sizes = (
        ({"side": 12, "patch": 4, "width": 16, "heads": 4, "layers": 2, "classes": 5}, 3, ""),
        ({"side": 8, "patch": 4, "width": 12, "heads": 2, "layers": 3, "classes": 7, "channels": 1}, 1, "for grey"),
        (
            {"side": 9, "patch": 3, "width": 12, "heads": 3, "layers": 2, "classes": 4, "block": FadingBlock},
            3,
            "with other blocks, which make tokens small",
        ),
    )
    return [
        Case((_normal(generator, 2, channels, init["side"], init["side"]),), init=init, note=note)
        for init, channels, note in sizes
    ]


def sizes() -> list[Case]:
    """Return the sizes of small ViTs, as plain numbers."""
    return [Case(numbers, keywords, note=note) for numbers, keywords, note in SIZES]


def packed_projections(seed: int = 53) -> list[Case]:
    """Return weights and biases of three projections in one tensor; D is a multiple of 3, to catch other orders."""
    generator = torch.Generator().manual_seed(seed)
    return [
        Case((_normal(generator, 18, 6),), note="a matrix"),
        Case((_normal(generator, 27),), note="biases"),
        Case((_normal(generator, 9, 3),), note="a small matrix"),
    ]


def attention_on_grids(seed: int = 54) -> list[Case]:
    """Return attention weights between the patches of a grid, the grid, and the side of a patch."""
    generator = torch.Generator().manual_seed(seed)
    found = []
    for (B, h), grid, patch, note in (
        ((2, 3), (3, 4), 8, "rows sum to 1"),
        ((1, 2), (5, 2), 4, "a tall grid"),
        ((3, 2), (2, 6), 16, "rows sum to less, as without a class token"),
    ):
        weights = (2 * _normal(generator, B, h, grid[0] * grid[1], grid[0] * grid[1]).detach()).softmax(dim=-1)
        if note.startswith("rows sum to less"):
            weights = weights * torch.rand(*weights.shape[:3], 1, generator=generator).clamp(0.2, 0.9)
        found.append(Case((weights, grid, patch), note=note))
    return found


def scores_and_masks(seed: int = 40) -> list[Case]:
    """Return scores of cells, and which of them belong to an object: cells inside win, lose and tie."""
    generator = torch.Generator().manual_seed(seed)
    found = []
    for shape, levels, pull, note in (
        ((4, 7), 6, 1.0, "with many ties"),
        ((30,), 1000, 1.0, "without ties"),
        ((5, 3), 4, -1.0, "of a map that is worse than chance"),
    ):
        scores = torch.randint(levels, shape, generator=generator).double()
        noise = torch.rand(shape, generator=generator, dtype=torch.float64)
        likely = pull * scores / levels + 1.5 * noise
        found.append(Case((scores, likely > likely.quantile(0.6)), note=note))
    return found


def _normal(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()
