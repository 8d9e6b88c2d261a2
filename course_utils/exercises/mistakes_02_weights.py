"""The usual mistakes of exercises 2.1, 2.2 and 2.3: scores, weights and averages."""

import math
from dataclasses import replace

from course_utils.exercises.registry import Mistake
from course_utils.models.attention import attend_to_grid, attention_weights


def _grid_scores(query, features):
    return features @ query / math.sqrt(query.numel())


def _with_context(weights, features):
    return weights, (weights[..., None] * features).sum(dim=(0, 1))


def _grid_over_rows(query, features):
    return _with_context(_grid_scores(query, features).softmax(dim=-1), features)


def _grid_over_columns(query, features):
    return _with_context(_grid_scores(query, features).softmax(dim=0), features)


def _grid_no_softmax(query, features):
    return _with_context(_grid_scores(query, features), features)


def _grid_divided_by_sum(query, features):
    scores = _grid_scores(query, features)
    return _with_context(scores / scores.sum(), features)


def _grid_no_scale(query, features):
    return attend_to_grid(query * math.sqrt(query.numel()), features)


def _grid_plain_sum(query, features):
    weights, _ = attend_to_grid(query, features)
    return weights, features.sum(dim=(0, 1))


def _grid_mean(query, features):
    weights, context = attend_to_grid(query, features)
    return weights, context / weights.numel()


GRID = (
    Mistake(
        "over-rows",
        _grid_over_rows,
        "The weights of each row of the grid sum to 1, so the whole map sums to the number of rows.",
        "A softmax over the last axis runs along one row at a time, so cells of different rows never compete.",
        "Let the softmax see all H·W cells as one long list, then bring the weights back into the grid.",
    ),
    Mistake(
        "over-columns",
        _grid_over_columns,
        "The weights of each column of the grid sum to 1, so the whole map sums to the number of columns.",
        "A softmax over the first axis runs down one column at a time, so cells of different columns never compete.",
        "Let the softmax see all H·W cells as one long list, then bring the weights back into the grid.",
    ),
    Mistake(
        "no-softmax",
        _grid_no_softmax,
        "The scores themselves are used as weights.",
        "Scores can be negative and sum to anything, so the context is not an average of the features.",
        "Put the scores through a softmax over the whole grid first.",
    ),
    Mistake(
        "divided-by-sum",
        _grid_divided_by_sum,
        "The scores are divided by their sum instead of going through a softmax.",
        "They now sum to 1, but some are negative, and a sum near 0 makes the others huge.",
        "Use the softmax: it makes every score positive before it divides by the sum.",
    ),
    Mistake(
        "no-scale",
        _grid_no_scale,
        "The scores are not divided by √D.",
        "A dot product of D numbers grows with √D, so one cell takes nearly all the attention.",
        "Divide the scores by the square root of the length of the query before the softmax.",
    ),
    Mistake(
        "plain-sum",
        _grid_plain_sum,
        "The map is right, but the context is the plain sum of all features.",
        "Without its weight every cell counts the same, whatever the query asks for.",
        "Multiply each feature vector by the weight of its cell before you sum.",
    ),
    Mistake(
        "mean",
        _grid_mean,
        "The map is right, but the context is H·W times too small.",
        "The weights sum to 1 already, so taking a mean divides by the number of cells once more.",
        "Sum the weighted features over the grid instead of taking their mean.",
    ),
)


def _scores(query, key):
    return query @ key.mT / math.sqrt(query.shape[-1])


def _no_scale(query, key, mask=None):
    return attention_weights(query * math.sqrt(query.shape[-1]), key, mask)


def _scale_by_width(query, key, mask=None):
    return attention_weights(query / math.sqrt(query.shape[-1]), key, mask)


def _over_queries(query, key, mask=None):
    scores = _scores(query, key)
    return (scores if mask is None else scores.masked_fill(~mask, -math.inf)).softmax(dim=-2)


def _over_axis_1(query, key, mask=None):
    scores = _scores(query, key)
    return (scores if mask is None else scores.masked_fill(~mask, -math.inf)).softmax(dim=1)


def _swapped(query, key, mask=None):
    return attention_weights(key, query, mask)


def _mask_ignored(query, key, mask=None):
    return attention_weights(query, key)


def _mask_inverted(query, key, mask=None):
    return attention_weights(query, key, None if mask is None else ~mask)


def _mask_after_softmax(query, key, mask=None):
    weights = attention_weights(query, key)
    return weights if mask is None else weights * mask


def _mask_times_scores(query, key, mask=None):
    scores = _scores(query, key)
    return (scores if mask is None else scores * mask).softmax(dim=-1)


_FROM_SCORES = (
    Mistake(
        "no-scale",
        _no_scale,
        "The scores are not divided by √d.",
        "A dot product of d numbers grows with √d, so the softmax becomes nearly one-hot and its gradient vanishes.",
        "Divide the scores by the square root of the width of a key before the softmax.",
    ),
    Mistake(
        "over-queries",
        _over_queries,
        "The softmax runs over the queries: the columns sum to 1, and the rows do not.",
        "The softmax is given the axis of the N queries, so the queries compete for each key.",
        "Run it over the last axis, that of the keys, so that each query shares out its own attention.",
    ),
    Mistake(
        "mask-ignored",
        _mask_ignored,
        "The result is right without a mask, and a given mask changes nothing.",
        "The mask is not used, so every query still sees the keys that it must not see.",
        "If there is a mask, set the scores where it is False to minus infinity before the softmax.",
    ),
    Mistake(
        "mask-inverted",
        _mask_inverted,
        "Queries look exactly where the mask forbids it, and nowhere else.",
        "In this course True means that the query may look; your code hides the places where the mask is True.",
        "Hide the places where the mask is False.",
    ),
    Mistake(
        "mask-after-softmax",
        _mask_after_softmax,
        "With a mask, the weights of a query no longer sum to 1.",
        "The softmax has given a share to the hidden keys too; setting that share to 0 afterwards loses it.",
        "Apply the mask to the scores, before the softmax shares the attention out.",
    ),
    Mistake(
        "mask-times-scores",
        _mask_times_scores,
        "Hidden keys still get attention.",
        "A score multiplied by 0 is 0, and the softmax turns 0 into exp(0) = 1, which is not nothing.",
        "Give hidden scores the value whose exponential is 0: minus infinity.",
    ),
)

WEIGHTS = (
    *_FROM_SCORES,
    Mistake(
        "over-axis-1",
        _over_axis_1,
        "Without leading axes the weights are right; with one or two, the softmax runs over another axis.",
        "Axis 1 holds the keys of (N, M) only: in (B, N, M) it holds the queries, in (B, h, N, M) the heads.",
        "Count from the end: the keys are always axis -1.",
    ),
    Mistake(
        "scale-by-width",
        _scale_by_width,
        "The scores are divided by d instead of √d.",
        "A dot product of d numbers grows only with √d, so dividing by d makes all weights nearly equal.",
        "Take the square root of the width before you divide.",
    ),
    Mistake(
        "swapped",
        _swapped,
        "Query and key have changed places: there is a row for each key instead of one for each query.",
        "The product has the keys on the left, so each key shares its attention out over the queries.",
        "Put the queries on the left of the product and the transposed keys on the right.",
    ),
)


def _averaging(weights):
    """Return attention with other weights."""

    def average(query, key, value, mask=None):
        return weights(query, key, mask) @ value

    return average


def _key_as_value(query, key, value, mask=None):
    return attention_weights(query, key, mask) @ key


def _weights_transposed(query, key, value, mask=None):
    return attention_weights(query, key, mask).mT @ value


ATTENTION = (
    Mistake(
        "key-as-value",
        _key_as_value,
        "The keys are averaged instead of the values.",
        "The weights are multiplied by the key, so what you return never contains the value.",
        "Use the keys for the weights only, and multiply the weights by the values.",
    ),
    Mistake(
        "weights-transposed",
        _weights_transposed,
        "The weights are transposed before they meet the values.",
        "Each output then collects what all queries gave to one key, instead of what one query takes from all keys.",
        "Keep the weights as they are: a row for each query, a column for each key and so for each value.",
    ),
    *(replace(mistake, wrong=_averaging(mistake.wrong)) for mistake in _FROM_SCORES),
)
