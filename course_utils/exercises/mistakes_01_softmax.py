"""The usual mistakes of exercise 1.7: a softmax that can't overflow."""

from course_utils.exercises.registry import Mistake


def _share(exponentials, dim=-1):
    return exponentials / exponentials.sum(dim=dim, keepdim=True)


def _nothing_subtracted(scores):
    return _share(scores.exp())


def _largest_of_all(scores):
    return _share((scores - scores.max()).exp())


def _wrong_axis(scores):
    return _share((scores - scores.amax(dim=-2, keepdim=True)).exp())


def _mean(scores):
    return _share((scores - scores.mean(dim=-1, keepdim=True)).exp())


def _clamped(scores):
    return _share(scores.clamp(max=80).exp())


def _divided(scores):
    return _share((scores / scores.abs().amax(dim=-1, keepdim=True)).exp())


def _not_divided(scores):
    return (scores - scores.amax(dim=-1, keepdim=True)).exp()


def _over_rows(scores):
    return _share((scores - scores.amax(dim=-2, keepdim=True)).exp(), dim=-2)


SOFTMAX = (
    Mistake(
        "nothing-subtracted",
        _nothing_subtracted,
        "Large scores give NaN.",
        "Their exponential is infinite, and infinity divided by infinity is NaN. Very small ones give 0 / 0.",
        "Subtract the largest score of each row first.",
    ),
    Mistake(
        "largest-of-all",
        _largest_of_all,
        "Rows whose scores are all far below the largest of the whole tensor give NaN.",
        "The largest of *all* scores is subtracted, so such a row is 0 / 0.",
        "Each row has a largest score of its own: `amax` over the last axis, with keepdim=True.",
    ),
    Mistake(
        "wrong-axis",
        _wrong_axis,
        "Rows that are small beside other rows go wrong.",
        "The largest score of each *column* is subtracted.",
        "Take the maximum over the last axis.",
    ),
    Mistake(
        "mean",
        _mean,
        "Very different scores give NaN still, and a masked score makes its whole row NaN.",
        "Something smaller than the largest is subtracted, such as the mean: a score far above it overflows.",
        "Subtract the largest: then no exponent is above 0.",
    ),
    Mistake(
        "clamped",
        _clamped,
        "Nothing overflows, but large scores that differ get equal shares.",
        "They are cut to the same value.",
        "Subtract the largest of the row: that keeps all differences.",
    ),
    Mistake(
        "divided",
        _divided,
        "The shares are more alike than they should be.",
        "The scores are divided by the largest, which changes their differences.",
        "Subtract it: only differences count in a softmax.",
    ),
    Mistake(
        "not-divided",
        _not_divided,
        "The largest share of each row is 1.",
        "The exponentials are returned without dividing.",
        "Divide by their sum over the row.",
    ),
    Mistake(
        "over-rows",
        _over_rows,
        "The columns sum to 1 instead of the rows.",
        "Maximum and sum run over the wrong axis.",
        "Use the last axis for both.",
    ),
)
