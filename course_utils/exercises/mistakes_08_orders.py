"""The usual mistakes of exercise 8.3: the order of the tokens in shifted windows."""

import math

import torch

from course_utils.exercises.registry import Mistake
from course_utils.models.windows import both_shifts, to_windows, window_permutation


def _numbers(grid):
    return torch.arange(math.prod(grid)).view(1, *grid, 1)


def _wrong_way(grid, window, shift):
    return to_windows(_numbers(grid).roll(both_shifts(shift, window), dims=(1, 2)), window).flatten()


def _rows_wrong(grid, window, shift):
    rows, columns = both_shifts(shift, window)
    return to_windows(_numbers(grid).roll((rows, -columns), dims=(1, 2)), window).flatten()


def _columns_wrong(grid, window, shift):
    rows, columns = both_shifts(shift, window)
    return to_windows(_numbers(grid).roll((-rows, columns), dims=(1, 2)), window).flatten()


def _half_a_window(grid, window, shift):
    return window_permutation(grid, window, window // 2)


def _not_rolled(grid, window, shift):
    return window_permutation(grid, window, 0)


def _rows_only(grid, window, shift):
    return window_permutation(grid, window, (both_shifts(shift, window)[0], 0))


def _columns_only(grid, window, shift):
    return window_permutation(grid, window, (0, both_shifts(shift, window)[1]))


def _shifts_swapped(grid, window, shift):
    return window_permutation(grid, window, both_shifts(shift, window)[::-1])


def _inverse(grid, window, shift):
    return window_permutation(grid, window, shift).argsort()


def _as_a_list(grid, window, shift):
    rows, columns = both_shifts(shift, window)
    rolled = torch.arange(math.prod(grid)).roll(-(rows * grid[1] + columns))
    return to_windows(rolled.view(1, *grid, 1), window).flatten()


def _without_dims(grid, window, shift):
    return to_windows(_numbers(grid).roll(-both_shifts(shift, window)[0]), window).flatten()


def _first_axes(grid, window, shift):
    rows, columns = both_shifts(shift, window)
    return to_windows(_numbers(grid).roll((-rows, -columns), dims=(0, 1)), window).flatten()


def _within_windows(grid, window, shift):
    rows, columns = both_shifts(shift, window)
    squares = to_windows(_numbers(grid), window).view(-1, window, window)
    return squares.roll((-rows, -columns), dims=(1, 2)).flatten()


def _by_a_window(grid, window, shift):
    return to_windows(_numbers(grid).roll((-window, -window), dims=(1, 2)), window).flatten()


def _not_cut(grid, window, shift):
    rows, columns = both_shifts(shift, window)
    return _numbers(grid).roll((-rows, -columns), dims=(1, 2)).flatten()


def _sides_swapped(grid, window, shift):
    return window_permutation(grid[::-1], window, shift)


def _by_columns(grid, window, shift):
    rows, columns = both_shifts(shift, window)
    rolled = _numbers(grid).roll((-rows, -columns), dims=(1, 2))
    return to_windows(rolled.transpose(1, 2), window).flatten()


def _window_by_window(grid, window, shift):
    return window_permutation(grid, window, shift).view(-1, window * window)


ORDERS = (
    Mistake(
        "wrong-way",
        _wrong_way,
        "The grid is rolled down and to the right.",
        "`roll` with a positive number moves what it rolls to higher places.",
        "The first window has to begin at row and column `shift` of the grid: roll up and to the left.",
    ),
    Mistake(
        "rows-the-wrong-way",
        _rows_wrong,
        "The rows are rolled down, the columns to the left.",
        "The rows' shift is positive, and `roll` moves what it rolls to higher places then.",
        "Give both shifts a minus: up and to the left.",
    ),
    Mistake(
        "columns-the-wrong-way",
        _columns_wrong,
        "The columns are rolled to the right, the rows up.",
        "The columns' shift is positive, and `roll` moves what it rolls to higher places then.",
        "Give both shifts a minus: up and to the left.",
    ),
    Mistake(
        "half-a-window",
        _half_a_window,
        "The grid is always rolled by half a window.",
        "That is what Swin's model hands to its blocks, but other shifts are allowed.",
        "Roll by `shift`.",
    ),
    Mistake(
        "not-rolled",
        _not_rolled,
        "The order is that of windows without a shift.",
        "`roll` returns a new tensor and leaves the old one as it is, or it wasn't called.",
        "Roll the grid of numbers before you cut it, and go on with what `roll` returns.",
    ),
    Mistake(
        "rows-only",
        _rows_only,
        "The columns aren't rolled.",
        "Only axis 1 is moved.",
        "Roll along both sides of the grid: `dims` may be a pair.",
    ),
    Mistake(
        "columns-only",
        _columns_only,
        "The rows aren't rolled.",
        "Only axis 2 is moved.",
        "Roll along both sides of the grid: `dims` may be a pair.",
    ),
    Mistake(
        "shifts-swapped",
        _shifts_swapped,
        "The rows are rolled by the columns' shift, and the columns by the rows'.",
        "A pair is (rows, columns), and `dims` names the axes in the same order as the shifts.",
        "The first shift belongs to the axis of size H, the second to that of size W.",
    ),
    Mistake(
        "inverse",
        _inverse,
        "This is the way back: it tells for each token of the grid where it stands in the windows.",
        "Two orders undo each other, and `argsort` turns one into the other.",
        "Return the token of the grid that stands at place n of the windows.",
    ),
    Mistake(
        "as-a-list",
        _as_a_list,
        "What leaves a row on the left comes back in another row.",
        "The numbers were rolled as one list of N, where the end of a row and the start of the next are neighbours.",
        "Give the numbers the grid's shape first, and roll along its two sides.",
    ),
    Mistake(
        "without-dims",
        _without_dims,
        "The grid is rolled as if it were one list, by the rows' shift.",
        "Without `dims` that is what `roll` does, whatever shape it is given.",
        "Name the axes: `dims=(1, 2)` for a grid in the shape (1, H, W, 1).",
    ),
    Mistake(
        "first-axes",
        _first_axes,
        "The columns aren't rolled, and the rows are rolled by the columns' shift.",
        "Axes 0 and 1 were rolled, and of (B, H, W, C) axis 0 is the batch.",
        "H and W are axes 1 and 2.",
    ),
    Mistake(
        "within-windows",
        _within_windows,
        "Every window is rolled within itself.",
        "The grid was cut first, so that no token can get into another window.",
        "Roll the whole grid first, then cut it.",
    ),
    Mistake(
        "by-a-window",
        _by_a_window,
        "The grid is rolled by M, whole windows.",
        "Then the same tokens share a window as before, and the windows have only changed places.",
        "Roll by `shift`.",
    ),
    Mistake(
        "not-cut",
        _not_cut,
        "The tokens are still in the order of the rolled grid.",
        "They were rolled, and never cut into windows.",
        "Put the rolled grid of numbers through `to_windows`; it wants the axes (B, H, W, C).",
    ),
    Mistake(
        "sides-swapped",
        _sides_swapped,
        "The numbers stand on a grid with W rows and H columns.",
        "`grid` is (H, W), rows first, and its sides were swapped; on a square grid nobody would notice.",
        "Print the grid of numbers: its first row must be 0 to W - 1.",
    ),
    Mistake(
        "by-columns",
        _by_columns,
        "Windows and their tokens are counted column by column.",
        "Rows and columns changed places between the roll and the cut.",
        "Keep the axes in the order (B, H, W, C).",
    ),
    Mistake(
        "window-by-window",
        _window_by_window,
        "The order has a row for each window.",
        "An order for all N tokens has one axis, so that it can index them.",
        "Make one axis of all.",
    ),
)
