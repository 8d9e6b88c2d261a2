"""The usual mistakes of exercise 3.3: one position attends to its neighbourhood."""

import math

from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.local_attention import attend_at


def _around(features, side, row, column):
    """Return the neighbours inside the image: (B, h, d, neighbours)."""
    reach = side // 2
    rows, columns = slice(max(0, row - reach), row + reach + 1), slice(max(0, column - reach), column + reach + 1)
    return features[..., rows, columns].flatten(start_dim=-2)


def _scores(centre, keys):
    """Return the scaled dot products (B, h, neighbours) of queries and keys (B, h, d, neighbours)."""
    return (centre * keys).sum(dim=-2) / math.sqrt(keys.shape[-2])


def _average(weights, values):
    return (weights[..., None, :] * values).sum(dim=-1)


def _rescaled(factor):
    """Return `attend_at` with scores that are larger by a factor, made of query, side, row and column."""

    def attend(query, key, value, side, row, column):
        return attend_at(query * factor(query, side, row, column), key, value, side, row, column)

    return attend


_no_scale = _rescaled(lambda query, *_place: math.sqrt(query.shape[2]))
_scale_by_d = _rescaled(lambda query, *_place: 1 / math.sqrt(query.shape[2]))
_scale_by_channels = _rescaled(lambda query, *_place: 1 / math.sqrt(query.shape[1]))
_scale_by_neighbours = _rescaled(
    lambda query, *place: math.sqrt(query.shape[2] / _around(query, *place).shape[-1]),
)


def _padding_attended(query, key, value, side, row, column):
    reach = side // 2
    padded = (F.pad(x, [reach] * 4) for x in (query, key, value))
    return attend_at(*padded, side, row + reach, column + reach)


def _negative_start(query, key, value, side, row, column):
    reach = side // 2
    rows, columns = slice(row - reach, row + reach + 1), slice(column - reach, column + reach + 1)
    keys, values = (x[..., rows, columns].flatten(start_dim=-2) for x in (key, value))
    return _average(_scores(query[..., row, column, None], keys).softmax(dim=-1), values)


def _last_left_out(query, key, value, side, row, column):
    reach = side // 2
    rows, columns = slice(max(0, row - reach), row + reach), slice(max(0, column - reach), column + reach)
    keys, values = (x[..., rows, columns].flatten(start_dim=-2) for x in (key, value))
    return _average(_scores(query[..., row, column, None], keys).softmax(dim=-1), values)


def _side_as_reach(query, key, value, side, row, column):
    return attend_at(query, key, value, 2 * side + 1, row, column)


def _row_and_column(query, key, value, side, row, column):
    return attend_at(query, key, value, side, column, row)


def _own_queries(query, key, value, side, row, column):
    queries, keys, values = (_around(x, side, row, column) for x in (query, key, value))
    return _average(_scores(queries, keys).softmax(dim=-1), values)


def _swapped(query, key, value, side, row, column):
    return attend_at(key, query, value, side, row, column)


def _key_as_value(query, key, value, side, row, column):
    return attend_at(query, key, key, side, row, column)


def _centre_value(query, key, value, side, row, column):
    return value[..., row, column].clone()


def _no_softmax(query, key, value, side, row, column):
    keys, values = (_around(x, side, row, column) for x in (key, value))
    return _average(_scores(query[..., row, column, None], keys), values)


def _over_heads(query, key, value, side, row, column):
    keys, values = (_around(x, side, row, column) for x in (key, value))
    return _average(_scores(query[..., row, column, None], keys).softmax(dim=1), values)


def _row_by_row(query, key, value, side, row, column):
    rows = range(max(0, row - side // 2), min(query.shape[-2], row + side // 2 + 1))
    lines = [(key[..., [y], :], value[..., [y], :]) for y in rows]  # of the map, each 1 high
    q = query[..., [row], :]
    return sum(attend_at(q, keys, values, side, 0, column) for keys, values in lines)


def _number_by_number(query, key, value, side, row, column):
    keys, values = (_around(x, side, row, column) for x in (key, value))
    weights = (query[..., row, column, None] * keys / math.sqrt(query.shape[2])).softmax(dim=-1)
    return (weights * values).sum(dim=-1)


def _heads_together(query, key, value, side, row, column):
    keys, values = (_around(x, side, row, column) for x in (key, value))
    scores = _scores(query[..., row, column, None], keys).sum(dim=1, keepdim=True)
    return _average(scores.softmax(dim=-1), values)


_NEIGHBOURS = (
    Mistake(
        "padding-attended",
        _padding_attended,
        "In the middle the result is right; at the border, zeros from outside the image get attention.",
        "A key of zeros has the score 0, and the softmax gives it exp(0) = 1, which is not nothing.",
        "Take only the neighbours that exist: let the slices stop at the border.",
    ),
    Mistake(
        "negative-start",
        _negative_start,
        "In the middle the result is right; near the upper and the left border neighbours are lost.",
        "The slice begins below 0 there, and Python counts negative indices from the end.",
        "Let no slice begin before the first row or column.",
    ),
    Mistake(
        "last-left-out",
        _last_left_out,
        "The neighbourhood lacks its last row and its last column.",
        "A slice ends before its second index.",
        "Let the slices run one further, so that the centre has as many neighbours after it as before it.",
    ),
    Mistake(
        "side-as-reach",
        _side_as_reach,
        "The neighbourhood is too large: it reaches K positions to every side.",
        "K is the side of the whole square, with the centre in its middle.",
        "Go only half of K, rounded down, in each direction.",
    ),
    Mistake(
        "row-and-column-swapped",
        _row_and_column,
        "Row and column have changed places.",
        "The features are (B, h, d, H, W): rows are counted along the axis before the last, columns along the last.",
        "Index the axis of height with the row, that of width with the column.",
    ),
    Mistake(
        "own-queries",
        _own_queries,
        "Every neighbour's key is compared with that neighbour's own query.",
        "The queries were sliced like the keys, so nothing asks for the centre.",
        "Take one query, that at row and column, and compare it with all the keys around it.",
    ),
    Mistake(
        "swapped",
        _swapped,
        "The key of the centre is compared with the queries around it.",
        "Query and key have changed places.",
        "Take the query at the centre, and the keys from the neighbourhood.",
    ),
    Mistake(
        "centre-value",
        _centre_value,
        "The result is the value of the centre, whatever the weights are.",
        "The weights sum to 1, so one value multiplied by all of them stays what it was.",
        "Take the values from the whole neighbourhood too: each weight belongs to a value.",
    ),
    Mistake(
        "key-as-value",
        _key_as_value,
        "The keys are averaged instead of the values.",
        "The weights are multiplied by the keys they were made from.",
        "Cut the neighbourhood out of `value` as well, and average that.",
    ),
)

_WEIGHTS = (
    Mistake(
        "no-scale",
        _no_scale,
        "The scores are not divided by √d.",
        "A dot product of d numbers grows with √d, so one neighbour takes nearly all the attention.",
        "Divide the scores by the root of the width of a head before the softmax.",
    ),
    Mistake(
        "scale-by-d",
        _scale_by_d,
        "The scores are divided by d instead of √d.",
        "A dot product of d numbers grows only with √d, so dividing by d makes all weights nearly equal.",
        "Take the root of the width before you divide.",
    ),
    Mistake(
        "scale-by-channels",
        _scale_by_channels,
        "The scores are divided by the root of all channels, h · d.",
        "The dot product of one head sums over d numbers only.",
        "Use the width of a head, axis 2 of the queries.",
    ),
    Mistake(
        "scale-by-neighbours",
        _scale_by_neighbours,
        "The scores are divided by the root of the number of neighbours.",
        "The last axis of the keys counts neighbours here; the width of a head stands before it.",
        "Use the number of terms in each dot product: the width of a head.",
    ),
    Mistake(
        "no-softmax",
        _no_softmax,
        "The scores themselves are used as weights.",
        "Scores can be negative and sum to anything, so the result is not an average of the values.",
        "Put the scores through a softmax over the neighbours.",
    ),
    Mistake(
        "over-heads",
        _over_heads,
        "The softmax runs over the heads: the weights of a head do not sum to 1.",
        "Axis 1 of (B, h, neighbours) holds the heads, so they compete for each neighbour.",
        "Run the softmax over the neighbours.",
    ),
    Mistake(
        "row-by-row",
        _row_by_row,
        "The weights of each row of the square sum to 1, so all together sum to the number of rows.",
        "The square still has two axes, and a softmax runs along one of them only.",
        "Make one long list of the neighbours before the softmax.",
    ),
    Mistake(
        "number-by-number",
        _number_by_number,
        "Each of the d numbers of a head has weights of its own.",
        "The products of query and key were not summed over d, so the softmax saw d lists of scores.",
        "Sum the products first: a head has one score for each neighbour.",
    ),
    Mistake(
        "heads-together",
        _heads_together,
        "All heads share the same weights.",
        "The dot products were summed over the heads too.",
        "Sum over the d numbers of a head only, and keep the axis of the heads.",
    ),
)

ATTEND = (*_NEIGHBOURS, *_WEIGHTS)
