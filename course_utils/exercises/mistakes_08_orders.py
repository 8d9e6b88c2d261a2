"""The usual mistakes of exercises 8.3 and 8.4: the order of the tokens in windows, and the index of their offsets."""

import math

import torch

from course_utils.exercises.registry import Mistake
from course_utils.models.windows import both_shifts, relative_position_index, to_windows, window_permutation


def _numbers(grid):
    return torch.arange(math.prod(grid)).view(1, *grid, 1)


def _wrong_way(grid, window, shift):
    return to_windows(_numbers(grid).roll(both_shifts(shift, window), dims=(1, 2)), window).flatten()


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


def _offsets(window):
    """Return how far each token is below and to the right of each: (M * M, M * M, 2)."""
    side = torch.arange(window)
    places = torch.cartesian_prod(side, side)
    return places[:, None] - places


def _table_entry(offsets, window, step):
    return offsets[..., 0] * step + offsets[..., 1]


def _key_minus_query(window):
    return relative_position_index(window).T


def _columns_reversed(window):
    offsets = _offsets(window) * torch.tensor([1, -1]) + window - 1
    return _table_entry(offsets, window, 2 * window - 1)


def _columns_first(window):
    return _table_entry(_offsets(window).flip(-1) + window - 1, window, 2 * window - 1)


def _negative(window):
    return _table_entry(_offsets(window), window, 2 * window - 1)


def _raised_once(window):
    return _table_entry(_offsets(window), window, 2 * window - 1) + window - 1


def _raised_by_the_window(window):
    return _table_entry(_offsets(window) + window, window, 2 * window - 1)


def _rows_too_long(window):
    return _table_entry(_offsets(window) + window - 1, window, 2 * window)


def _rows_too_short(window):
    return _table_entry(_offsets(window) + window - 1, window, window)


def _distances(window):
    return _table_entry(_offsets(window).abs(), window, 2 * window - 1)


def _rows_alone(window):
    return _offsets(window)[..., 0] + window - 1


def _columns_alone(window):
    return _offsets(window)[..., 1] + window - 1


def _added(window):
    return (_offsets(window) + window - 1).sum(dim=-1)


def _one_axis(window):
    return relative_position_index(window).flatten()


INDEX = (
    Mistake(
        "key-minus-query",
        _key_minus_query,
        "Queries and keys have changed places: the table is transposed.",
        "The offset was taken from the query to the key, which turns its sign around.",
        "Take the query's place minus the key's; the query is the row, axis 0.",
    ),
    Mistake(
        "columns-reversed",
        _columns_reversed,
        "The offsets between columns have the wrong sign, those between rows the right one.",
        "One was taken as query minus key, the other as key minus query.",
        "Subtract both in the same direction.",
    ),
    Mistake(
        "columns-first",
        _columns_first,
        "Rows and columns have changed places.",
        "The offset of the columns is multiplied, or the tokens are counted column by column.",
        "A step down skips a whole row of the table, a step to the right one entry; tokens count row by row.",
    ),
    Mistake(
        "negative",
        _negative,
        "Some entries are negative.",
        "Offsets run from -(M - 1) to M - 1. PyTorch doesn't complain: it counts negative ones from the table's end.",
        "Let both offsets begin at 0 before you make one number of them.",
    ),
    Mistake(
        "raised-once",
        _raised_once,
        "Only the columns' offsets were made to begin at 0.",
        "M - 1 was added to the finished number, but the rows' offsets are negative as well.",
        "Add it to both offsets, before the multiplication.",
    ),
    Mistake(
        "raised-by-the-window",
        _raised_by_the_window,
        "Every entry is too large, the last ones larger than the table.",
        "The smallest offset is -(M - 1), and M was added.",
        "The smallest offset has to become 0.",
    ),
    Mistake(
        "rows-too-long",
        _rows_too_long,
        "The table has 2M columns here, and the largest entries lie outside of the real one.",
        "From -(M - 1) to M - 1 there are fewer numbers than 2M.",
        "Count them for M = 2.",
    ),
    Mistake(
        "rows-too-short",
        _rows_too_short,
        "Different offsets share an entry.",
        "The table's rows are M long here. Subtracting the tokens' numbers, as if a window were a line, comes to that.",
        "Use rows and columns. How many offsets are there from -(M - 1) to M - 1? A row of the table is that long.",
    ),
    Mistake(
        "distances",
        _distances,
        "A key on the left and one on the right have the same entry.",
        "Distances were used instead of offsets, and their signs are lost.",
        "Leave out `abs`, and make the offsets begin at 0 in another way.",
    ),
    Mistake(
        "rows-alone",
        _rows_alone,
        "The columns play no part.",
        "Only the offset between the rows was used.",
        "One number has to tell both offsets, like a digit for each.",
    ),
    Mistake(
        "columns-alone",
        _columns_alone,
        "The rows play no part.",
        "Only the offset between the columns was used.",
        "One number has to tell both offsets, like a digit for each.",
    ),
    Mistake(
        "added",
        _added,
        "One down and one to the right have the same entry.",
        "The two offsets were added, and a sum doesn't tell what it was made of.",
        "Multiply one of them first, so that no two pairs of offsets give the same number.",
    ),
    Mistake(
        "one-axis",
        _one_axis,
        "The index has one axis.",
        "Some official code stores it flat, and shapes what it looked up.",
        "Keep a row for each query and a column for each key.",
    ),
)
