"""The usual mistakes of exercise 8.4: the index of relative positions."""

import torch

from course_utils.exercises.registry import Mistake
from course_utils.models.windows import relative_position_index


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


def _rows_reversed(window):
    offsets = _offsets(window) * torch.tensor([-1, 1]) + window - 1
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


def _without_brackets(window):
    offsets = _offsets(window) + window - 1
    return offsets[..., 0] * 2 * window - 1 + offsets[..., 1]


def _both_multiplied(window):
    return (_offsets(window) + window - 1).sum(dim=-1) * (2 * window - 1)


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
        "rows-reversed",
        _rows_reversed,
        "The offsets between rows have the wrong sign, those between columns the right one.",
        "One was taken as key minus query, the other as query minus key.",
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
        "without-brackets",
        _without_brackets,
        "The rows' offset is multiplied by 2M, and 1 taken away afterwards.",
        "`* 2 * window - 1` multiplies first.",
        "Put brackets round the length of a row: `(2 * window - 1)`.",
    ),
    Mistake(
        "both-multiplied",
        _both_multiplied,
        "The columns' offset is multiplied by 2M - 1 too.",
        "Both were added before the multiplication, so one down and one to the right are the same.",
        "Only a step down skips a row of the table: multiply the rows' offset alone.",
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
