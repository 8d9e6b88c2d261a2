"""The usual mistakes of exercise 9.5: S2-MLP's spatial shift."""

from dataclasses import replace

import torch
from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.spatial_mlps import spatial_shift

DIRECTIONS = ((0, -1), (0, 1), (-1, 0), (1, 0))  # left, right, above, below: rows and columns away


def _read(grid, down, across):
    """Let all channels read the token so many rows and columns away; the border repeats itself."""
    _, H, W, _ = grid.shape
    rows = (torch.arange(H) + down).clamp(0, H - 1)
    columns = (torch.arange(W) + across).clamp(0, W - 1)
    return grid[:, rows][:, :, columns]


def _quarters(grid, directions):
    """Let each quarter read in its direction."""
    parts = zip(grid.chunk(4, dim=-1), directions, strict=True)
    return torch.cat([_read(part, *direction) for part, direction in parts], dim=-1)


def _other_way(grid):
    return _quarters(grid, [(-down, -across) for down, across in DIRECTIONS])


def _rows_other_way(grid):
    return _quarters(grid, (*DIRECTIONS[:2], *DIRECTIONS[:1:-1]))


def _columns_other_way(grid):
    return _quarters(grid, (*DIRECTIONS[1::-1], *DIRECTIONS[2:]))


def _rows_first(grid):
    return _quarters(grid, (*DIRECTIONS[2:], *DIRECTIONS[:2]))


def _two_tokens(grid):
    return _quarters(grid, [(2 * down, 2 * across) for down, across in DIRECTIONS])


def _columns_only(grid):
    return _quarters(grid, (*DIRECTIONS[:2], (0, 0), (0, 0)))


def _around(grid):
    parts = zip(grid.chunk(4, dim=-1), DIRECTIONS, strict=True)
    return torch.cat([part.roll((-down, -across), dims=(1, 2)) for part, (down, across) in parts], dim=-1)


def _zeros(grid):
    _, H, W, _ = grid.shape
    parts = zip(F.pad(grid, (0, 0, 1, 1, 1, 1)).chunk(4, dim=-1), DIRECTIONS, strict=True)
    moved = [part[:, 1 + down : 1 + down + H, 1 + across : 1 + across + W] for part, (down, across) in parts]
    return torch.cat(moved, dim=-1)


def _dealt_out(grid):
    moved = [_read(grid[..., number::4], *direction) for number, direction in enumerate(DIRECTIONS)]
    return torch.stack(moved, dim=-1).flatten(-2)


def _in_place(grid):
    moved, C = grid.clone(), grid.shape[-1]
    moved[:, :, 1:, : C // 4] = moved[:, :, :-1, : C // 4]
    moved[:, :, :-1, C // 4 : C // 2] = moved[:, :, 1:, C // 4 : C // 2]
    moved[:, 1:, :, C // 2 : C // 4 * 3] = moved[:, :-1, :, C // 2 : C // 4 * 3]
    moved[:, :-1, :, C // 4 * 3 :] = moved[:, 1:, :, C // 4 * 3 :]
    return moved


def _all_channels(grid):
    for direction in DIRECTIONS:
        grid = _read(grid, *direction)
    return grid


def _mean(grid):
    return sum(_read(grid, *direction) for direction in DIRECTIONS) / 4


def _residual(grid):
    return grid + spatial_shift(grid)


def _one_after_the_other(grid):
    left, right, above, below = (_read(grid, *direction) for direction in DIRECTIONS)
    return torch.cat([left, right, above, below], dim=-1)


def _no_check(grid):
    return torch.cat([_read(part, *way) for part, way in zip(grid.chunk(4, dim=-1), DIRECTIONS, strict=False)], dim=-1)


def _assertion(grid):
    assert grid.shape[-1] % 4 == 0
    return spatial_shift(grid)


def _checked(mistake):
    """Return the mistake with an answer that raises the course's error where the channels have no quarters."""

    def wrong(grid):
        spatial_shift(grid[:, :1, :1])
        return mistake.wrong(grid)

    return replace(mistake, wrong=wrong)


MOVES = (
    Mistake(
        "other-way",
        _other_way,
        "All four shifts go the other way.",
        "To read the token on the left, everything has to move to the right.",
        "For the first quarter, put the columns 0 to W - 2 where 1 to W - 1 were.",
    ),
    Mistake(
        "columns-other-way",
        _columns_other_way,
        "The first two quarters go the other way.",
        "To read the token on the left, everything has to move to the right.",
        "For the first quarter, put the columns 0 to W - 2 where 1 to W - 1 were.",
    ),
    Mistake(
        "rows-other-way",
        _rows_other_way,
        "The last two quarters go the other way.",
        "To read the token above, everything has to move down.",
        "For the third quarter, put the rows 0 to H - 2 where 1 to H - 1 were.",
    ),
    Mistake(
        "rows-first",
        _rows_first,
        "The first two quarters read above and below, the last two left and right.",
        "Axis 1 of (B, H, W, C) counts the rows, axis 2 the columns.",
        "Shift the first two quarters along axis 2, the last two along axis 1.",
    ),
    Mistake(
        "around",
        _around,
        "Tokens at the border read from the opposite border.",
        "`torch.roll` puts what falls off at one end back in at the other.",
        "A token without that neighbour keeps its own numbers.",
    ),
    Mistake(
        "zeros",
        _zeros,
        "Tokens at the border read zeros.",
        "CycleMLP pads like that; in S2-MLP's pseudo-code nobody writes to the border, so it stays.",
        "A token without that neighbour keeps its own numbers.",
    ),
    Mistake(
        "in-place",
        _in_place,
        "Some tokens read what was just overwritten: one token is smeared over its row or column.",
        "`x[:, 1:] = x[:, :-1]` on one tensor copies element by element, each from the one copied before.",
        "Build new tensors with `torch.cat`, or read from a copy: `x[:, :-1].clone()`.",
    ),
    Mistake(
        "dealt-out",
        _dealt_out,
        "The channels are dealt out to the four directions in turn, not cut into quarters.",
        "`::4` takes every fourth channel.",
        "Use `chunk(4, dim=-1)`.",
    ),
    Mistake(
        "two-tokens",
        _two_tokens,
        "The shifts go two tokens far.",
        "Each quarter reads its direct neighbour.",
        "Leave out one row or column, not two.",
    ),
    Mistake(
        "columns-only",
        _columns_only,
        "The last two quarters aren't shifted.",
        "There are four directions, two along each axis.",
        "Shift the last two quarters along axis 1.",
    ),
    Mistake(
        "all-channels",
        _all_channels,
        "All channels go through all four shifts.",
        "Left and right, above and below cancel each other, but for the borders.",
        "Cut the channels into quarters first, and shift each of them once.",
    ),
    Mistake(
        "mean",
        _mean,
        "Every channel gets the mean of the four neighbours.",
        "The shift only moves numbers: which direction matters is for the layers around it to learn.",
        "Give each quarter of the channels one direction.",
    ),
    Mistake(
        "residual",
        _residual,
        "The tokens themselves are added.",
        "The sum belongs to the block, which adds behind its second layer.",
        "Return the shifted quarters alone.",
    ),
    Mistake(
        "four-times-as-wide",
        _one_after_the_other,
        "The result has four times as many channels.",
        "All channels were shifted in all four directions.",
        "Cut the channels into quarters first.",
    ),
)
SHIFT = (
    *map(_checked, MOVES),
    Mistake(
        "no-check",
        _no_check,
        "Channels that have no quarters are shifted all the same.",
        "`chunk(4)` makes parts of unequal size, or fewer than four, and slices leave channels over; nobody is told.",
        "`if C % 4: raise ValueError(...)`, with a message that names C.",
    ),
    Mistake(
        "assertion",
        _assertion,
        "Where the channels have no quarters, it raises an AssertionError, expected a ValueError.",
        "`assert` is for what can't happen, and Python leaves it out with `-O`.",
        "`if C % 4: raise ValueError(...)`, with a message that names C.",
    ),
)
