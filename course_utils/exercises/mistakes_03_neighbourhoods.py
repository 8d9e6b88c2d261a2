"""The usual mistakes of exercise 3.4: every position's neighbours side by side."""

import itertools

import torch
from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.local_attention import neighbourhoods


def _columns(features, side, padding):
    return F.unfold(features.flatten(1, 2), side, padding=padding)


def _not_padded(features, side):
    B, h, d, H, W = features.shape
    return _columns(features, side, padding=0).view(B, h, d, side * side, H, W)


def _padded_by_side(features, side):
    B, h, d, H, W = features.shape
    return _columns(features, side, padding=side).view(B, h, d, side * side, H, W)


def _neighbours_vary_slowest(features, side):
    B, h, d, H, W = features.shape
    return _columns(features, side, side // 2).view(B, h, side * side, d, H, W).transpose(2, 3)


def _neighbours_before_d(features, side):
    B, h, d, H, W = features.shape
    return _columns(features, side, side // 2).view(B, h, side * side, d, H, W)


def _width_before_height(features, side):
    B, h, d, H, W = features.shape
    return _columns(features, side, side // 2).view(B, h, d, side * side, W, H)


def _d_before_heads(features, side):
    B, h, d, H, W = features.shape
    columns = F.unfold(features.transpose(1, 2).flatten(1, 2), side, padding=side // 2)
    return columns.view(B, h, d, side * side, H, W)


def _neighbours_last(features, side):
    return neighbourhoods(features, side).movedim(3, -1)


def _positions_flat(features, side):
    return neighbourhoods(features, side).flatten(start_dim=-2)


def _two_axes(features, side):
    return neighbourhoods(features, side).unflatten(3, (side, side))


def _column_by_column(features, side):
    return neighbourhoods(features.mT, side).mT


def _mirrored(features, side):
    return neighbourhoods(features, side).flip(3)


def _framed(mode):
    """Return `neighbourhoods` with something else than zeros outside the image."""

    def framed(features, side):
        reach = side // 2
        padded = F.pad(features.flatten(1, 2), [reach] * 4, mode=mode).unflatten(1, features.shape[1:3])
        return neighbourhoods(padded, side)[..., reach:-reach, reach:-reach]

    return framed


def _rolled(features, side):
    reach = side // 2
    shifts = itertools.product(range(-reach, reach + 1), repeat=2)
    return torch.stack([features.roll((-row, -column), dims=(-2, -1)) for row, column in shifts], dim=3)


def _corner(features, side):
    H, W = features.shape[-2:]
    padded = F.pad(features, (0, side - 1, 0, side - 1))
    shifts = itertools.product(range(side), repeat=2)
    return torch.stack([padded[..., row : row + H, column : column + W] for row, column in shifts], dim=3)


_PLACES = (
    Mistake(
        "not-padded",
        _not_padded,
        "There are too few neighbourhoods: those at the border are missing.",
        "Without padding the square never leaves the image, so it has fewer places than the image has positions.",
        "Tell `unfold` to pad, so that the square can be centred on every position.",
    ),
    Mistake(
        "padded-by-side",
        _padded_by_side,
        "There are too many neighbourhoods: some are centred outside the image.",
        "The image is padded by K on every side, but the square reaches only half as far beyond its centre.",
        "Pad by as much as the square reaches to one side of its centre.",
    ),
    Mistake(
        "corner-instead-of-centre",
        _corner,
        "The position is the first corner of its neighbourhood, not the centre.",
        "The zeros were put below and to the right only, so all neighbours lie on that side.",
        "Spread the zeros evenly over all four sides.",
    ),
    Mistake(
        "rolled",
        _rolled,
        "At the border the neighbours come from the opposite side of the image.",
        "`roll` brings in on one side what it pushes out on the other.",
        "Frame the image with zeros, and cut the shifted copies out of that.",
    ),
    Mistake(
        "replicated",
        _framed("replicate"),
        "At the border the outermost pixels are repeated.",
        "The image was padded with copies of them.",
        "Pad with zeros.",
    ),
    Mistake(
        "reflected",
        _framed("reflect"),
        "At the border the image is mirrored.",
        "The image was padded with its own reflection.",
        "Pad with zeros.",
    ),
    Mistake(
        "mirrored",
        _mirrored,
        "The neighbours come in the opposite order: the first is the one below and to the right.",
        "The image was shifted in the wrong direction: moving it down brings the neighbours from above.",
        "Begin with the neighbour above and to the left.",
    ),
    Mistake(
        "column-by-column",
        _column_by_column,
        "The neighbours are counted column by column.",
        "Rows and columns of the square have changed places.",
        "Count row by row: the column runs fastest, as in reading.",
    ),
)

_AXES = (
    Mistake(
        "neighbours-vary-slowest",
        _neighbours_vary_slowest,
        "The shape is right, but channels and neighbours are mixed.",
        "`unfold` writes all K² neighbours of channel 0 first, then those of channel 1: the neighbours vary faster.",
        "Cut the long axis in this order: heads, numbers of a head, neighbours.",
    ),
    Mistake(
        "neighbours-before-d",
        _neighbours_before_d,
        "The result is (B, h, K², d, H, W), and channels and neighbours are mixed.",
        "`unfold` writes all K² neighbours of channel 0 first, then those of channel 1: the neighbours vary faster.",
        "Put the axis of the neighbours behind that of the d numbers.",
    ),
    Mistake(
        "width-before-height",
        _width_before_height,
        "The result is (…, W, H), and its positions are mixed.",
        "`unfold` counts the positions row by row, so the width varies fastest.",
        "Cut the axis of the positions into height and width, in this order.",
    ),
    Mistake(
        "d-before-heads",
        _d_before_heads,
        "The shape is right, but the heads have each other's numbers.",
        "Heads and numbers changed places before they were joined, and were cut apart in the other order.",
        "Join the axes 1 and 2 as they stand: all numbers of head 0 come first.",
    ),
    Mistake(
        "neighbours-last",
        _neighbours_last,
        "The result is (B, h, d, H, W, K²): the neighbours come last.",
        "The values are right, but the axis of the neighbours stands behind the positions.",
        "Move it to axis 3, so that each neighbour is a whole image.",
    ),
    Mistake(
        "positions-flat",
        _positions_flat,
        "The result is (B, h, d, K², H·W): the positions are one long list.",
        "`unfold` flattens the image, and nothing made it an image again.",
        "Cut the last axis into height and width.",
    ),
    Mistake(
        "two-axes",
        _two_axes,
        "The result is (B, h, d, K, K, H, W): the neighbours have two axes.",
        "Rows and columns of the square were not joined.",
        "Make one axis of K² neighbours of the two.",
    ),
)

NEIGHBOURHOODS = (*_PLACES, *_AXES)
