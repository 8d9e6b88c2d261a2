"""The calls that lesson 8's exercises are compared on: grids that aren't square, another shift along each side."""

import torch
from torch import Tensor

from course_utils.exercises.registry import Case

SHIFTED = (  # grid, window and shift; no shift is half a window along both sides
    ((6, 9), 3, (1, 2), ""),
    ((8, 12), 4, (3, 1), "with windows of 4"),
    ((6, 4), 2, 1, "with one shift for both sides"),
    ((5, 10), 5, (0, 2), "with a side that one window covers"),
)


def grids_to_cut(seed: int = 81) -> list[Case]:
    """Return grids of tokens, and the side of a window: more rows of windows than columns, fewer, and one."""
    generator = torch.Generator().manual_seed(seed)
    return [
        Case((_normal(generator, *shape), window), note=note)
        for shape, window, note in (
            ((2, 9, 6, 5), 3, ""),
            ((3, 4, 8, 6), 2, "with three images"),
            ((1, 4, 12, 3), 4, "with one row of windows"),
        )
    ]


def shifted_grids() -> list[Case]:
    """Return grids, windows and shifts, as plain numbers."""
    return [Case((grid, window, shift), note=note) for grid, window, shift, note in SHIFTED]


def windows() -> list[Case]:
    """Return sides of windows, as plain numbers."""
    return [Case((window,), note=f"M = {window}") for window in (2, 3, 5)]


def grids_to_merge() -> list[Case]:
    """Return grids of tokens whose sides are even, and one with odd sides."""
    generator = torch.Generator().manual_seed(85)
    return [
        Case((_normal(generator, *shape),), init={"width": shape[-1]}, note=note)
        for shape, note in (((2, 8, 12, 3), ""), ((3, 4, 2, 5), "with three images"), ((2, 3, 5, 4), "with odd sides"))
    ]


def grids_for_blocks() -> list[Case]:
    """Return grids of tokens and the sizes of blocks; a shift of half a window, another one, none, and one too many."""
    generator = torch.Generator().manual_seed(86)
    sizes = (
        ((2, 8, 12), {"width": 6, "heads": 2, "window": 4, "shift": 1}, ""),
        ((1, 5, 7), {"width": 8, "heads": 4, "window": 3, "shift": 2}, "on a grid without whole windows"),
        ((3, 4, 6), {"width": 12, "heads": 3, "window": 2, "shift": 1, "relative_bias": False}, "without a bias"),
        ((2, 3, 9), {"width": 4, "heads": 1, "window": 3, "shift": 0}, "without a shift"),
        ((2, 4, 8), {"width": 8, "heads": 2, "window": 4, "shift": 1}, "with a side that one window covers"),
    )
    return [Case((_normal(generator, *shape, init["width"]),), init=init, note=note) for shape, init, note in sizes]


def queries_and_tables() -> list[Case]:
    """Return queries on a grid, two tables, and the keys' grid.

    No grid is square, and both tables are long enough for either side, so that an answer that confuses them runs.
    """
    generator = torch.Generator().manual_seed(87)
    found = []
    for (B, h, d), grid, key_grid, note in (
        ((2, 3, 4), (3, 5), (3, 5), "as many keys as queries"),
        ((1, 2, 6), (4, 6), (2, 3), "pooled keys"),
        ((2, 2, 2), (2, 3), (4, 6), "pooled queries"),
        ((3, 1, 8), (6, 2), (3, 4), "taller than wide"),
    ):
        length = 2 * max(*grid, *key_grid) - 1
        tables = [_normal(generator, length, d) for _ in range(2)]
        found.append(Case((_normal(generator, B, h, *grid, d), *tables, key_grid), note=note))
    return found


def _normal(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()
