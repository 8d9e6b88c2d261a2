"""The usual mistakes of exercise 8.2: who may look at whom in the windows of a rolled grid."""

import torch

from course_utils.exercises.registry import Mistake
from course_utils.models.windows import both_shifts, shift_regions, shift_window_mask, to_windows


def _mask(regions, window):
    """Let tokens of the same number look at each other, within the windows of (H, W)."""
    numbers = to_windows(regions[None, :, :, None], window)[0, :, :, 0]
    return numbers[:, :, None] == numbers[:, None, :]


def _carried(grid, window, shift):
    """Say which rows (H, 1) and which columns (1, W) were carried around."""
    shifts = both_shifts(shift, window)
    rows, columns = (torch.arange(side) >= side - s for side, s in zip(grid, shifts, strict=True))
    return rows[:, None], columns[None]


def _numbered(grid, window, shift, number):
    """Number rows and columns with `number(place, shift)`, and mask what differs in either."""
    shifts = both_shifts(shift, window)
    rows, columns = (number(torch.arange(side), s) for side, s in zip(grid, shifts, strict=True))
    return _mask(1000 * rows[:, None] + columns, window)


def _no_mask(grid, window, shift):
    return torch.ones_like(shift_window_mask(grid, window, shift))


def _inverted(grid, window, shift):
    return ~shift_window_mask(grid, window, shift)


def _rows_only(grid, window, shift):
    return shift_window_mask(grid, window, (both_shifts(shift, window)[0], 0))


def _columns_only(grid, window, shift):
    return shift_window_mask(grid, window, (0, both_shifts(shift, window)[1]))


def _one_shift(grid, window, shift):
    return shift_window_mask(grid, window, both_shifts(shift, window)[0])


def _cut_at_the_rest(grid, window, shift):
    rows, columns = both_shifts(shift, window)
    return shift_window_mask(grid, window, ((window - rows) % window, (window - columns) % window))


def _first_windows(grid, window, shift):
    return _numbered(grid, window, shift, lambda place, s: place >= s)


def _not_rolled(grid, window, shift):
    return _numbered(grid, window, shift, lambda place, s: (place - s + window) // window)


def _every_window(grid, window, shift):
    return _numbered(grid, window, shift, lambda place, s: place % window >= window - s)


def _one_too_late(grid, window, shift):
    return shift_window_mask(grid, window, [max(s - 1, 0) for s in both_shifts(shift, window)])


def _half_a_window(grid, window, shift):
    return shift_window_mask(grid, window, window // 2)


def _carried_one_way(grid, window, shift):
    rows, columns = _carried(grid, window, shift)
    return _mask(rows ^ columns, window)


def _numbers_added(grid, window, shift):
    rows, columns = _carried(grid, window, shift)
    return _mask(rows.int() + columns.int(), window)


def _carried_or_not(grid, window, shift):
    rows, columns = _carried(grid, window, shift)
    return _mask(rows | columns, window)


def _carried_both_ways(grid, window, shift):
    rows, columns = _carried(grid, window, shift)
    return _mask(rows & columns, window)


def _rows_or_columns(grid, window, shift):
    return _rows_only(grid, window, shift) | _columns_only(grid, window, shift)


def _sides_swapped(grid, window, shift):
    return _mask(shift_regions(grid, window, shift).T, window)


def _whole_grid(grid, window, shift):
    regions = shift_regions(grid, window, shift).flatten()
    return regions[:, None] == regions


def _added_later(grid, window, shift):
    return -100.0 * ~shift_window_mask(grid, window, shift)


MASKS = (
    Mistake(
        "no-mask",
        _no_mask,
        "Nothing is masked: every token may look at all of its window.",
        "No window has two different numbers. A cut at side - M is an edge of the windows anyway.",
        "Which rows of the rolled grid came from the top? Give them a number of their own.",
    ),
    Mistake(
        "inverted",
        _inverted,
        "The mask is the wrong way round.",
        "True stands where two tokens belong to different regions, so that a token can't even see itself.",
        "True is where a query may look: where the regions are the same.",
    ),
    Mistake(
        "rows-only",
        _rows_only,
        "Only the lowest windows are masked.",
        "The regions differ along the rows, and not along the columns.",
        "Columns were carried around too, from the left edge to the right one: number both.",
    ),
    Mistake(
        "columns-only",
        _columns_only,
        "Only the windows at the right edge are masked.",
        "The regions differ along the columns, and not along the rows.",
        "Rows were carried around too, from the top to the bottom: number both.",
    ),
    Mistake(
        "one-shift-for-both",
        _one_shift,
        "The columns are cut with the rows' shift.",
        "A shift may be a pair, one number for each side of the grid, and its first was used for both.",
        "`both_shifts(shift, window)` returns the two.",
    ),
    Mistake(
        "cut-at-the-rest",
        _cut_at_the_rest,
        "The last windows are cut M - shift tokens before their end.",
        "Shift and rest have changed places, which only shows where the shift isn't half a window.",
        "How many rows are carried around? As many stand last.",
    ),
    Mistake(
        "one-too-late",
        _one_too_late,
        "The last windows are cut one row and one column too late.",
        "`>` leaves out the first row that was carried around.",
        "Row H - shift came from the top: use `>=`.",
    ),
    Mistake(
        "half-a-window",
        _half_a_window,
        "The last windows are always cut in the middle.",
        "Half a window is what Swin's model hands to its blocks, but other shifts are allowed.",
        "Cut where `shift` says.",
    ),
    Mistake(
        "first-windows",
        _first_windows,
        "The first windows are masked, not the last.",
        "That would be right for a grid rolled down and to the right.",
        "This one was rolled up and to the left: what left it at the top came back at the bottom.",
    ),
    Mistake(
        "not-rolled",
        _not_rolled,
        "The mask is built on the grid as it was before it was rolled, and cuts every window.",
        "There the shifted windows begin at `shift`; the windows of the rolled grid begin at 0.",
        "Number the tokens where they stand after the roll: only the last windows have strangers in them.",
    ),
    Mistake(
        "every-window",
        _every_window,
        "Every window is cut, as if it were the last one.",
        "The cut was made by the place within a window, not by the place in the grid.",
        "Only the windows at the lower and the right edge hold tokens from both ends of the grid.",
    ),
    Mistake(
        "numbers-added",
        _numbers_added,
        "In the corner, tokens carried down and tokens carried to the right see each other.",
        "The numbers of rows and columns were added, so that 0 + 1 and 1 + 0 are the same region.",
        "Give every pair of bands a number of its own.",
    ),
    Mistake(
        "carried-or-not",
        _carried_or_not,
        "In the corner, all tokens that were carried around see each other.",
        "There are two kinds of tokens only, carried and not, and three of the corner's four regions became one.",
        "Keep rows and columns apart: two tokens must agree in both.",
    ),
    Mistake(
        "carried-both-ways",
        _carried_both_ways,
        "Only tokens that were carried down and to the right are set apart.",
        "`&` is True where both happened, and that's one piece of one window.",
        "Tokens carried one way are strangers too: number rows and columns, and compare both.",
    ),
    Mistake(
        "carried-one-way",
        _carried_one_way,
        "In the corner, tokens carried both ways and tokens not carried at all see each other.",
        "`^` is False for both, so that they are one region, and two tokens carried one way each are another.",
        "Number rows and columns, and compare both.",
    ),
    Mistake(
        "rows-or-columns",
        _rows_or_columns,
        "Two tokens see each other if their rows belong together or their columns do.",
        "Nearly every window lies within one band of rows or of columns, so nearly nothing is masked.",
        "They have to belong together both ways.",
    ),
    Mistake(
        "sides-swapped",
        _sides_swapped,
        "The masks belong to a grid with W rows and H columns.",
        "The table of regions is (W, H); on a square grid nobody would notice.",
        "Rows first: `rows[:, None]` against `columns[None, :]` gives (H, W).",
    ),
    Mistake(
        "whole-grid",
        _whole_grid,
        "The mask is between all N tokens of the grid.",
        "The regions were compared before they were cut into windows.",
        "Cut the table of regions with `to_windows`, and compare within each window.",
    ),
    Mistake(
        "to-be-added",
        _added_later,
        "The mask holds 0 and -100 instead of True and False.",
        "Swin's official code adds its mask to the scores, and -100 is far enough down for it.",
        "Return where a query may look as bool; -inf is put in later.",
    ),
)
