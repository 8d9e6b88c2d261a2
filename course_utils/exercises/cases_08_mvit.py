"""The calls that lesson 08's exercises on relative positions are compared on: grids of all proportions."""

import torch

from course_utils.exercises.registry import Case


def two_sides() -> list[Case]:
    """Return how many queries and keys there are along a side."""
    sides = (
        (5, 5, "as many keys as queries"),
        (8, 4, "half as many keys"),
        (3, 6, "twice as many keys"),
        (12, 3, "a quarter as many keys"),
        (7, 3, "sides that are no multiples"),
        (4, 10, "sides that are no multiples, more keys"),
    )
    return [Case((queries, keys), note=note) for queries, keys, note in sides]


def queries_and_tables() -> list[Case]:
    """Return queries on a grid, two tables, and the keys' grid.

    No grid is square, and both tables are long enough for either side, so that an answer that confuses them runs.
    """
    generator = torch.Generator().manual_seed(81)
    found = []
    for (B, h, d), grid, key_grid, note in (
        ((2, 3, 4), (3, 5), (3, 5), "as many keys as queries"),
        ((1, 2, 6), (4, 6), (2, 3), "pooled keys"),
        ((2, 2, 2), (2, 3), (4, 6), "pooled queries"),
        ((3, 1, 8), (6, 2), (3, 4), "taller than wide"),
    ):
        length = 2 * max(*grid, *key_grid) - 1
        shapes = ((B, h, *grid, d), (length, d), (length, d))
        tensors = [torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_() for shape in shapes]
        found.append(Case((*tensors, key_grid), note=note))
    return found
