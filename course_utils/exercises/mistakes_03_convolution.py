"""The usual mistakes of exercise 3.2: a convolution at one position."""

import torch
from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.local_attention import convolve_at


def _padded(image, reach, mode="constant"):
    return F.pad(image, [reach] * 4, mode=mode)


def _products(padded, kernel, row, column):
    """Multiply every filter (D, C, K, K) with the field that begins at a position of a padded image."""
    side = kernel.shape[-1]
    return kernel * padded[:, row : row + side, column : column + side]


def _at(padded, kernel, row, column):
    return _products(padded, kernel, row, column).sum(dim=(1, 2, 3))


def _flipped(image, kernel, row, column):
    return convolve_at(image, kernel.flip(2, 3), row, column)


def _kernel_transposed(image, kernel, row, column):
    return convolve_at(image, kernel.mT, row, column)


def _row_and_column(image, kernel, row, column):
    return convolve_at(image, kernel, column, row)


def _corner(image, kernel, row, column):
    side = kernel.shape[-1]
    return _at(F.pad(image, (0, side - 1, 0, side - 1)), kernel, row, column)


def _corner_not_padded(image, kernel, row, column):
    return _at(image, kernel, row, column)


def _padded_by_side(image, kernel, row, column):
    return _at(_padded(image, kernel.shape[-1]), kernel, row, column)


def _not_padded(image, kernel, row, column):
    reach = kernel.shape[-1] // 2
    field = image[:, row - reach : row + reach + 1, column - reach : column + reach + 1]
    return (kernel * field).sum(dim=(1, 2, 3))


def _not_padded_product(image, kernel, row, column):
    reach = kernel.shape[-1] // 2
    field = image[:, row - reach : row + reach + 1, column - reach : column + reach + 1]
    return kernel.flatten(start_dim=1) @ field.flatten()


def _replicated(image, kernel, row, column):
    return _at(_padded(image, kernel.shape[-1] // 2, "replicate"), kernel, row, column)


def _reflected(image, kernel, row, column):
    return _at(_padded(image, kernel.shape[-1] // 2, "reflect"), kernel, row, column)


def _wrapped(image, kernel, row, column):
    return _at(_padded(image, kernel.shape[-1] // 2, "circular"), kernel, row, column)


def _first_channel(image, kernel, row, column):
    return convolve_at(image[:1], kernel[:, :1], row, column)


def _mean_of_channels(image, kernel, row, column):
    return convolve_at(image, kernel, row, column) / image.shape[0]


def _mean(image, kernel, row, column):
    return _products(_padded(image, kernel.shape[-1] // 2), kernel, row, column).mean(dim=(1, 2, 3))


def _channels_kept(image, kernel, row, column):
    return _products(_padded(image, kernel.shape[-1] // 2), kernel, row, column).sum(dim=(2, 3))


def _filters_summed(image, kernel, row, column):
    return convolve_at(image, kernel, row, column).sum()


def _sums_multiplied(image, kernel, row, column):
    field = _products(_padded(image, kernel.shape[-1] // 2), torch.ones_like(kernel), row, column)
    return (kernel.sum(dim=(2, 3)) * field.sum(dim=(2, 3))).sum(dim=1)


_FIELD = (
    Mistake(
        "row-and-column-swapped",
        _row_and_column,
        "Row and column have changed places.",
        "An image is (C, H, W): its rows are counted along H, axis 1, and its columns along W, axis 2.",
        "Slice axis 1 with the row and axis 2 with the column.",
    ),
    Mistake(
        "corner-instead-of-centre",
        _corner,
        "The field lies too far down and to the right: the position is its first corner, not its centre.",
        "It begins at row and column of the image itself, so nothing above or to the left of them is ever read.",
        "Put zeros on all four sides, so that the same indices in the padded image mean a field further up and left.",
    ),
    Mistake(
        "corner-not-padded",
        _corner_not_padded,
        "The position is the first corner of the field, not its centre, and at the border the field is cut off.",
        "It is cut out of the image itself, beginning at row and column, so nothing above or to the left is ever read.",
        "Give the image a frame of zeros first: then the same indices mean a field further up and left.",
    ),
    Mistake(
        "padded-by-side",
        _padded_by_side,
        "The field lies too far up and to the left.",
        "The image is padded by K on every side, so the field begins K rows above the position.",
        "The field reaches only half of its side beyond its centre; pad by that.",
    ),
    Mistake(
        "not-padded",
        _not_padded,
        "The field is cut off, or empty, at the border of the image.",
        "A slice stops at the border, and one that begins at -1 begins at the last row.",
        "Give the image a frame of zeros first: then every field has K rows and K columns.",
    ),
    Mistake(
        "not-padded-product",
        _not_padded_product,
        "The field is cut off, or empty, at the border, and no longer as long as a filter.",
        "A slice stops at the border, and one that begins at -1 begins at the last row.",
        "Give the image a frame of zeros first: then every field has K rows and K columns.",
    ),
    Mistake(
        "replicated",
        _replicated,
        "In the middle the result is right; at the border the nearest pixels are repeated.",
        "The image was padded with copies of its outermost pixels.",
        "Pad with zeros: that is what `F.conv2d` does.",
    ),
    Mistake(
        "reflected",
        _reflected,
        "In the middle the result is right; at the border the image is mirrored.",
        "The image was padded with its own reflection.",
        "Pad with zeros: that is what `F.conv2d` does.",
    ),
    Mistake(
        "wrapped",
        _wrapped,
        "In the middle the result is right; at the border the opposite side of the image comes in.",
        "Indices that run over the border went on at the other side.",
        "Pad with zeros: that is what `F.conv2d` does.",
    ),
)

_PRODUCT = (
    Mistake(
        "flipped",
        _flipped,
        "The kernel is turned upside down and left to right.",
        "That is the convolution of mathematics; deep learning leaves the kernel as it is.",
        "Multiply the first entry of a filter with the first pixel of the field.",
    ),
    Mistake(
        "kernel-transposed",
        _kernel_transposed,
        "Rows of the kernel meet columns of the image.",
        "The last two axes of the kernel, or of the field, have changed places.",
        "Keep rows before columns in both.",
    ),
    Mistake(
        "first-channel",
        _first_channel,
        "Only the first channel counts.",
        "A filter has one K x K kernel for each channel of the image, and all but the first are left out.",
        "Let every channel meet its own part of the filter, and sum over the channels too.",
    ),
    Mistake(
        "mean-of-channels",
        _mean_of_channels,
        "The result is C times too small: the channels are averaged.",
        "An inner product sums over all axes that are multiplied, the channels among them.",
        "Sum over the channels instead of taking their mean.",
    ),
    Mistake(
        "mean",
        _mean,
        "The result is C · K² times too small: the products are averaged.",
        "A mean divides by their number; an inner product doesn't.",
        "Sum the products.",
    ),
    Mistake(
        "channels-kept",
        _channels_kept,
        "The result is (D, C): the channels are not added up.",
        "The products were summed over rows and columns only.",
        "Sum over the channels too, so that each filter gives a single number.",
    ),
    Mistake(
        "filters-summed",
        _filters_summed,
        "The result is one number for all filters together.",
        "The sum ran over the filters too.",
        "Keep the first axis of the kernel: each of the D filters gives a number of its own.",
    ),
    Mistake(
        "sums-multiplied",
        _sums_multiplied,
        "Each channel's kernel and field are summed up first, and then multiplied.",
        "So every pixel of the field counts the same, wherever it lies.",
        "Multiply pixel by pixel first, and sum the products.",
    ),
)

CONVOLVE = (*_FIELD, *_PRODUCT)
