"""The usual mistakes of exercise 3.5: local attention by shifts."""

import math

from course_utils.exercises.registry import Mistake
from course_utils.models.local_attention import inside, local_attention, local_scores, weigh_shifts


def _exists(query, side):
    """Say which neighbours exist, so that it fits the scores: (K * K, 1, 1, H, W)."""
    return inside(*query.shape[-2:], side)[:, None, None]


def _masked(query, key, side, relative, padding_counts):
    scores = local_scores(query, key, side, relative)
    return scores if padding_counts else scores.masked_fill(~_exists(query, side), -math.inf)


def _mask_forgotten(query, key, value, side, relative=None, *, padding_counts=False):
    return local_attention(query, key, value, side, relative, padding_counts=True)


def _always_masked(query, key, value, side, relative=None, *, padding_counts=False):
    return local_attention(query, key, value, side, relative)


def _wrong_way_round(query, key, value, side, relative=None, *, padding_counts=False):
    return local_attention(query, key, value, side, relative, padding_counts=not padding_counts)


def _mask_inverted(query, key, value, side, relative=None, *, padding_counts=False):
    scores = local_scores(query, key, side, relative)
    if not padding_counts:
        scores = scores.masked_fill(_exists(query, side), -math.inf)
    return weigh_shifts(scores.softmax(dim=0), value, side)


def _masked_with_0(query, key, value, side, relative=None, *, padding_counts=False):
    scores = local_scores(query, key, side, relative)
    if not padding_counts:
        scores = scores.masked_fill(~_exists(query, side), 0.0)
    return weigh_shifts(scores.softmax(dim=0), value, side)


def _mask_without_axes(query, key, value, side, relative=None, *, padding_counts=False):
    scores = local_scores(query, key, side, relative)
    if not padding_counts:
        scores = scores.masked_fill(~inside(*query.shape[-2:], side), -math.inf)
    return weigh_shifts(scores.softmax(dim=0), value, side)


def _along(axis):
    """Return local attention with the softmax along another axis."""

    def along(query, key, value, side, relative=None, *, padding_counts=False):
        return weigh_shifts(_masked(query, key, side, relative, padding_counts).softmax(dim=axis), value, side)

    return along


def _scaled_twice(query, key, value, side, relative=None, *, padding_counts=False):
    scores = _masked(query, key, side, relative, padding_counts) / math.sqrt(query.shape[2])
    return weigh_shifts(scores.softmax(dim=0), value, side)


def _relatively(change):
    """Return local attention with other relative positions: `change` gets (h, d, K, K) and the query."""

    def changed(query, key, value, side, relative=None, *, padding_counts=False):
        other = None if relative is None else change(relative, query)
        return local_attention(query, key, value, side, other, padding_counts=padding_counts)

    return changed


def _swapped(query, key, value, side, relative=None, *, padding_counts=False):
    return local_attention(key, query, value, side, relative, padding_counts=padding_counts)


def _key_as_value(query, key, value, side, relative=None, *, padding_counts=False):
    return local_attention(query, key, key, side, relative, padding_counts=padding_counts)


_MASK = (
    Mistake(
        "mask-forgotten",  # and the same as a mask after the softmax: what it hides there is a value of 0
        _mask_forgotten,
        "Neighbours outside the image take a share of the attention, even where padding doesn't count.",
        "A key of zeros still has a score, and the softmax gives each score a share; hiding it after that is too late.",
        "Hide the neighbours that don't exist before the softmax, unless padding counts.",
    ),
    Mistake(
        "mask-inverted",
        _mask_inverted,
        "The neighbours that exist are hidden, and in the middle of the image nothing is left.",
        "`inside` is True where a neighbour exists; your code hides the places where it is True.",
        "Hide the places where `inside` is False.",
    ),
    Mistake(
        "masked-with-0",
        _masked_with_0,
        "Neighbours outside the image still get attention.",
        "Their score is 0, and the softmax turns 0 into exp(0) = 1, which is not nothing.",
        "Give hidden scores the value whose exponential is 0.",
    ),
    Mistake(
        "mask-without-axes",
        _mask_without_axes,
        "The mask doesn't fit the scores.",
        "Axes are lined up from the end, so the mask's (K², H, W) meets the scores' (h, H, W).",
        "Give the mask two more axes, for batch and heads, behind its first.",
    ),
    Mistake(
        "padding-never-counts",
        _always_masked,
        "The result is right as long as padding doesn't count, and `padding_counts=True` changes nothing.",
        "The neighbours outside are hidden in any case.",
        "Hide them only if `padding_counts` is False.",
    ),
    Mistake(
        "padding-counts-inverted",
        _wrong_way_round,
        "Padding counts where it shouldn't, and is hidden where it should count.",
        "The condition on `padding_counts` is the wrong way round.",
        "Turn the condition round: if padding counts, every neighbour keeps its score.",
    ),
)

_SOFTMAX = (
    Mistake(
        "over-heads",
        _along(2),
        "The softmax runs over the heads.",
        "`local_scores` gives (K², B, h, H, W): axis 2 holds the heads, so they compete for each neighbour.",
        "Run it over the neighbours of a position; see which axis holds them.",
    ),
    Mistake(
        "over-the-batch",
        _along(1),
        "The softmax runs over the images of the batch.",
        "`local_scores` gives (K², B, h, H, W): axis 1 holds the images, so they compete with each other.",
        "Run it over the neighbours of a position; see which axis holds them.",
    ),
    Mistake(
        "over-columns",
        _along(-1),
        "The softmax runs over the columns of the image.",
        "`local_scores` gives (K², B, h, H, W): the last axis holds positions that ask, not neighbours.",
        "Run it over the neighbours of a position; see which axis holds them.",
    ),
    Mistake(
        "scaled-twice",
        _scaled_twice,
        "The scores are divided by √d twice.",
        "`local_scores` divides the keys by √d already.",
        "Leave the scores as they come.",
    ),
    Mistake(
        "swapped",
        _swapped,
        "Query and key have changed places.",
        "The key of a position is compared with the queries around it.",
        "Give `local_scores` the query first.",
    ),
    Mistake(
        "key-as-value",
        _key_as_value,
        "The keys are averaged instead of the values.",
        "`weigh_shifts` got the keys.",
        "Give it the values.",
    ),
)

_RELATIVE = (
    Mistake(
        "relative-ignored",
        _relatively(lambda relative, query: None),
        "Relative positions change nothing.",
        "`relative` is taken as an argument and never used.",
        "Hand it on to the function that computes the scores.",
    ),
    Mistake(
        "relative-flipped",
        _relatively(lambda relative, query: relative.flip(2, 3)),
        "The relative positions are upside down and left to right.",
        "The neighbour above and to the left gets the vector that belongs to the one below and to the right.",
        "Keep the order of the neighbours: `relative[:, :, 0, 0]` belongs to the one above and to the left.",
    ),
    Mistake(
        "relative-transposed",
        _relatively(lambda relative, query: relative.mT),
        "Rows and columns of the relative positions have changed places.",
        "The last two axes of `relative` are rows and columns of the square, in this order.",
        "Keep rows before columns.",
    ),
    Mistake(
        "relative-scaled",
        _relatively(lambda relative, query: relative / math.sqrt(query.shape[2])),
        "The relative positions are divided by √d.",
        "Only the keys are scaled here, not what is added to them.",
        "Add the relative positions after the keys are scaled, or leave both to `local_scores`.",
    ),
)

SHIFTS = (*_MASK, *_SOFTMAX, *_RELATIVE)
