"""The calls that lesson 3's exercises are compared on: maps that aren't square, and positions at every border.

Rows and columns are such that exchanging the two still stays inside the map: that mistake shows as wrong numbers.
"""

import torch
from torch import Tensor

from course_utils.exercises.registry import Case

WIDE, TALL, SQUARE = (5, 7), (6, 4), (4, 4)
POSITIONS = (
    (3, WIDE, 2, 3, "in the middle"),
    (3, WIDE, 0, 4, "at the upper border"),
    (3, WIDE, 4, 1, "at the lower border"),
    (5, TALL, 1, 0, "at the left border, with side 5"),
    (3, SQUARE, 3, 3, "in the last corner"),
    (3, WIDE, 0, 0, "in the first corner"),
)  # side, map, row, column, note


def feature_maps() -> list[Case]:
    """Return feature maps for non-local blocks: with the usual inner width and scale, and with others."""
    generator = torch.Generator().manual_seed(31)
    return [
        Case((_normal(generator, 2, 24, 3, 5),), init={"channels": 24}),
        Case((_normal(generator, 3, 10, 4, 3),), init={"channels": 10, "inner": 4}, note="with inner=4"),
        Case(
            (_normal(generator, 2, 12, 3, 4),),
            init={"channels": 12, "inner": 5, "scale": 0.3},
            note="with inner=5 and scale=0.3",
        ),
    ]


def images_and_kernels(seed: int = 32) -> list[Case]:
    """Return an image, filters and a position."""
    generator = torch.Generator().manual_seed(seed)
    return [
        Case((_normal(generator, 2, *size), _normal(generator, 8, 2, side, side), row, column), note=note)
        for side, size, row, column, note in POSITIONS
    ]


def positions(seed: int = 33) -> list[Case]:
    """Return queries, keys, values, a side and a position."""
    generator = torch.Generator().manual_seed(seed)
    return [
        Case((*_three(generator, 2, 3, 6 if side == 3 else 7, *size), side, row, column), note=note)
        for side, size, row, column, note in POSITIONS
    ]


def features_and_sides() -> list[Case]:
    """Return features in heads, and the side of the neighbourhood."""
    generator = torch.Generator().manual_seed(34)
    return [
        Case((_normal(generator, 2, 3, 4, *WIDE), 3)),
        Case((_normal(generator, 3, 2, 7, *TALL), 5), note="with side 5"),
        Case((_normal(generator, 2, 1, 5, 3, 4), 3), note="with one head"),
    ]


def neighbourhoods_to_attend_to(seed: int = 56) -> list[Case]:
    """Return queries, keys and values, with and without relative positions and padding that counts."""
    generator = torch.Generator().manual_seed(seed)  # of a few, the one whose softmax is flattest
    counts = {"padding_counts": True}
    return [
        Case((*_three(generator, 2, 3, 4, 5, 6), 3)),
        Case(
            (*_three(generator, 3, 2, 7, *TALL), 5, _normal(generator, 2, 7, 5, 5, spread=0.4)),
            note="with relative positions, side 5",
        ),
        Case(
            (*_three(generator, 2, 3, 5, *SQUARE), 3, _normal(generator, 1, 5, 3, 3, spread=0.4)),
            note="with relative positions that the heads share",
        ),
        Case((*_three(generator, 2, 3, 4, 5, 6), 3), counts, note="with padding_counts=True"),
        Case(
            (*_three(generator, 3, 2, 6, 4, 5), 3, _normal(generator, 2, 6, 3, 3, spread=0.4)),
            counts,
            note="with relative positions and padding_counts=True",
        ),
    ]


def channels_and_shares() -> list[Case]:
    """Return channels and how many of them share their weights; some are no multiple, some fewer."""
    return [
        Case((64,)),
        Case((48, 4), note="with share=4"),
        Case((20,), note="with a short last group"),
        Case((23, 3), note="with share=3 and a short last group"),
        Case((6,), note="with a single group"),
    ]


def _three(generator: torch.Generator, *shape: int) -> tuple[Tensor, Tensor, Tensor]:
    return _normal(generator, *shape), _normal(generator, *shape), _normal(generator, *shape)


def _normal(generator: torch.Generator, *shape: int, spread: float = 0.7) -> Tensor:
    """With a small standard deviation, so that scores stay small and no softmax chooses a single key."""
    return (spread * torch.randn(*shape, generator=generator, dtype=torch.float64)).requires_grad_()
