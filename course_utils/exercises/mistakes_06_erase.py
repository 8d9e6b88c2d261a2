"""The usual mistakes of exercise 6.6: a rectangle of each picture goes."""

import torch

from course_utils.augment import erase
from course_utils.exercises.registry import Mistake


def _inside(images, top, left, bottom, right):
    """Return where the rectangles are, (B, 1, H, W), from their first and behind their last rows and columns."""
    H, W = images.shape[-2:]
    row, column = torch.arange(H), torch.arange(W)
    rows = (row >= top[:, None]) & (row < bottom[:, None])
    columns = (column >= left[:, None]) & (column < right[:, None])
    return (rows[:, :, None] & columns[:, None, :])[:, None]


def _turned(images, top, left, height, width, fill=0.0):
    return erase(images, left, top, width, height, fill)


def _sides_swapped(images, top, left, height, width, fill=0.0):
    return erase(images, top, left, width, height, fill)


def _one_too_many(images, top, left, height, width, fill=0.0):
    return images.masked_fill(_inside(images, top, left, top + height + 1, left + width + 1), fill)


def _one_row_too_many(images, top, left, height, width, fill=0.0):
    return images.masked_fill(_inside(images, top, left, top + height + 1, left + width), fill)


def _one_column_too_many(images, top, left, height, width, fill=0.0):
    return images.masked_fill(_inside(images, top, left, top + height, left + width + 1), fill)


def _one_too_few(images, top, left, height, width, fill=0.0):
    return images.masked_fill(_inside(images, top + 1, left + 1, top + height, left + width), fill)


def _height_as_end(images, top, left, height, width, fill=0.0):
    return images.masked_fill(_inside(images, top, left, height, width), fill)


def _centred(images, top, left, height, width, fill=0.0):
    return erase(images, top - height // 2, left - width // 2, height, width, fill)


def _first_for_all(images, top, left, height, width, fill=0.0):
    B = len(images)
    return erase(images, *(values[:1].expand(B) for values in (top, left, height, width)), fill)


def _outside(images, top, left, height, width, fill=0.0):
    return images.masked_fill(~_inside(images, top, left, top + height, left + width), fill)


def _stripes(images, top, left, height, width, fill=0.0):
    row, column = torch.arange(images.shape[2]), torch.arange(images.shape[3])
    rows = (row >= top[:, None]) & (row < (top + height)[:, None])
    columns = (column >= left[:, None]) & (column < (left + width)[:, None])
    return images.masked_fill((rows[:, :, None] | columns[:, None, :])[:, None], fill)


def _rows_only(images, top, left, height, width, fill=0.0):
    return erase(images, top, left * 0, height, width * 0 + images.shape[3], fill)


def _zero(images, top, left, height, width, fill=0.0):
    return erase(images, top, left, height, width)


def _added(images, top, left, height, width, fill=0.0):
    return images + fill * _inside(images, top, left, top + height, left + width)


def _first_channel(images, top, left, height, width, fill=0.0):
    return torch.cat([erase(images[:, :1], top, left, height, width, fill), images[:, 1:]], dim=1)


ERASE = (
    Mistake(
        "turned",
        _turned,
        "Rows and columns have changed places.",
        "`top` and `height` belong to the rows, axis 2, `left` and `width` to the columns, axis 3.",
        "Compare `torch.arange(H)` with `top`, and `torch.arange(W)` with `left`.",
    ),
    Mistake(
        "height-and-width-swapped",
        _sides_swapped,
        "The rectangles are as high as they should be wide.",
        "`height` and `width` have changed places.",
        "Rows end at `top + height`, columns at `left + width`.",
    ),
    Mistake(
        "one-too-many",
        _one_too_many,
        "The rectangles have a row and a column too many.",
        "The first row behind the rectangle, `top + height`, was counted in.",
        "Use `<`, not `<=`.",
    ),
    Mistake(
        "one-row-too-many",
        _one_row_too_many,
        "The rectangles have a row too many; their columns are right.",
        "Row `top + height` is the first one below the rectangle.",
        "Use `<`, not `<=`, for the rows too.",
    ),
    Mistake(
        "one-column-too-many",
        _one_column_too_many,
        "The rectangles have a column too many; their rows are right.",
        "Column `left + width` is the first one behind the rectangle.",
        "Use `<`, not `<=`, for the columns too.",
    ),
    Mistake(
        "one-too-few",
        _one_too_few,
        "The first row and column of every rectangle are left.",
        "`>` leaves out `top` itself.",
        "Use `>=`.",
    ),
    Mistake(
        "height-as-the-end",
        _height_as_end,
        "The rectangles end at row `height` and column `width`.",
        "Both are sizes, not places.",
        "Rows end at `top + height`, columns at `left + width`.",
    ),
    Mistake(
        "centred",
        _centred,
        "The rectangles are centred at (top, left).",
        "That is their first row and column.",
        "Rows run from `top` to below `top + height`.",
    ),
    Mistake(
        "one-for-all",
        _first_for_all,
        "All pictures lose the first one's rectangle.",
        "Only the first entries were used.",
        "Compare with `top[:, None]`: a row for each picture.",
    ),
    Mistake(
        "outside",
        _outside,
        "Everything but the rectangle is gone.",
        "The mask is the wrong way round.",
        "Fill where the mask of the rectangle is True.",
    ),
    Mistake(
        "stripes",
        _stripes,
        "Whole rows and columns are gone.",
        "A pixel counts as inside if its row or its column does.",
        "Both must be: use `&`.",
    ),
    Mistake(
        "rows-only",
        _rows_only,
        "Whole rows are gone.",
        "The columns weren't asked.",
        "Combine with the columns' mask: `rows[:, :, None] & columns[:, None, :]`.",
    ),
    Mistake(
        "fill-ignored",
        _zero,
        "The rectangles are always filled with 0.",
        "`fill` plays no part.",
        "Put `fill` there: `masked_fill(mask, fill)`.",
    ),
    Mistake(
        "fill-added",
        _added,
        "`fill` is added to what was there.",
        "The picture still shows through.",
        "Replace the pixels: `masked_fill` or `torch.where`.",
    ),
    Mistake(
        "first-channel-only",
        _first_channel,
        "Only the first channel is erased.",
        "The mask has no axis for the channels, or only one was indexed.",
        "Give the mask the shape (B, 1, H, W): it broadcasts over the channels.",
    ),
)
