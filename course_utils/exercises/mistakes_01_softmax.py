"""The usual mistakes of exercise 1.7: a softmax that can't overflow."""

from dataclasses import replace

from course_utils.exercises.registry import Mistake


def _share(exponentials, dim=-1):
    return exponentials / exponentials.sum(dim=dim, keepdim=True)


def _subtracting(number):
    """Return a softmax that subtracts `number(scores)` instead of each row's largest score."""

    def wrong(scores):
        return _share((scores - number(scores)).exp())

    return wrong


def _largest(scores, dim=-1):
    return scores.amax(dim=dim, keepdim=True)


def _small_number_added(scores):
    return scores.exp() / (scores.exp().sum(dim=-1, keepdim=True) + 1e-9)


def _clamped(scores):
    return _share(scores.clamp(max=80).exp())


def _clamped_on_both_sides(scores):
    return _share(scores.clamp(-80, 80).exp())


def _divided(scores):
    return _share((scores / _largest(scores)).exp())


def _not_divided(scores):
    return (scores - _largest(scores)).exp()


def _above_only(scores):
    return (scores - _largest(scores)).exp() / scores.exp().sum(dim=-1, keepdim=True)


def _over_rows(scores):
    return _share((scores - _largest(scores, dim=-2)).exp(), dim=-2)


WRONG_AXIS = Mistake(
    "wrong-axis",
    _subtracting(lambda scores: _largest(scores, dim=-2)),
    "The shares change with the scores of other rows.",
    "The maximum runs over another axis, so the scores of one row lose different numbers.",
    "Take the maximum over the last axis.",
)
CLAMPED = Mistake(
    "clamped",
    _clamped,
    "Nothing overflows, but large scores that differ get equal shares.",
    "They are cut to the same value.",
    "Subtract the largest score of the row instead: that keeps all differences.",
)
SOFTMAX = (
    Mistake(
        "nothing-subtracted",
        _subtracting(lambda scores: 0),
        "Large scores give NaN.",
        "Their exponentials are infinite, and infinity over infinity is NaN. Far below zero it is 0 / 0.",
        "Subtract the largest score of each row before the exponential.",
    ),
    Mistake(
        "largest-of-all",
        _subtracting(lambda scores: scores.max()),
        "Rows far below the largest score of all give NaN.",
        "The largest of the whole tensor is subtracted, so all exponentials of such a row are 0.",
        "Each row has a largest score of its own: take the maximum over the last axis, with keepdim=True.",
    ),
    WRONG_AXIS,
    replace(WRONG_AXIS, name="first-axis", wrong=_subtracting(lambda scores: _largest(scores, dim=0))),
    Mistake(
        "mean",
        _subtracting(lambda scores: scores.mean(dim=-1, keepdim=True)),
        "Rows whose scores lie far apart still give NaN, and so do rows with a masked score.",
        "The mean is subtracted: a score far above it overflows, and the mean of a row with -infinity is -infinity.",
        "Subtract the largest score: then nothing is above 0.",
    ),
    Mistake(
        "smallest",
        _subtracting(lambda scores: scores.amin(dim=-1, keepdim=True)),
        "Rows whose scores lie far apart still give NaN, and so do rows with a masked score.",
        "The smallest score is subtracted, so all others are above 0, where the exponential overflows.",
        "Subtract the largest score: then nothing is above 0.",
    ),
    CLAMPED,
    replace(CLAMPED, name="clamped-on-both-sides", wrong=_clamped_on_both_sides),
    Mistake(
        "small-number-added",
        _small_number_added,
        "Rows of very negative scores become 0 everywhere, and large scores still give NaN.",
        "A small number in the denominator avoids 0 / 0 there, but the exponentials are 0 or infinite before that.",
        "Subtract the largest score of each row: then the sum is never below 1.",
    ),
    Mistake(
        "divided",
        _divided,
        "The differences between the scores of a row have changed, and with them the shares.",
        "The scores are divided by the largest of the row.",
        "Subtract it: a softmax depends on differences only.",
    ),
    Mistake(
        "not-divided",
        _not_divided,
        "The largest share of each row is 1.",
        "The exponentials are returned as they are.",
        "Divide them by their sum over the row.",
    ),
    Mistake(
        "above-only",
        _above_only,
        "The shares of a row don't sum to 1.",
        "The largest score is subtracted above the fraction line only.",
        "Use the same exponentials above and below.",
    ),
    Mistake(
        "over-rows",
        _over_rows,
        "The columns sum to 1 instead of the rows.",
        "Maximum and sum run over the last axis but one.",
        "Use the last axis for both.",
    ),
)
