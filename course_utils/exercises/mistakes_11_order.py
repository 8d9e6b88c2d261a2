"""The usual mistakes of exercise 11.3: Spearman's rank correlation."""

import torch

from course_utils.exercises.registry import Mistake
from course_utils.models.tradeoffs import spearman


def _numbers(values):
    return torch.tensor(values, dtype=torch.float64)


def _lowest(values):
    return (_numbers(values) < _numbers(values)[:, None]).double().sum(dim=1)


def _highest(values):
    return (_numbers(values) <= _numbers(values)[:, None]).double().sum(dim=1)


def _ranks(values):
    return (_lowest(values) + 1 + _highest(values)) / 2  # the mean of the first and the last place


def _correlation(x, y):
    return torch.corrcoef(torch.stack([x, y]))[0, 1].item()


def _with_ranks(ranks):
    """Return an answer that correlates `ranks(values)` of both axes."""
    return lambda a, b: _correlation(ranks(a), ranks(b))


def _with_mean_ranks(compare):
    """Return an answer that gives `compare(x, y)` of the mean ranks."""
    return lambda a, b: float(compare(_ranks(a), _ranks(b)))


def _centred(compare):
    """Return an answer that gives `compare(x, y)` of the mean ranks, less their means."""
    return _with_mean_ranks(lambda x, y: compare(x - x.mean(), y - y.mean()))


def _order(values):
    return _numbers(values).argsort(stable=True).double()


def _appearance(values):
    return _numbers(values).argsort(stable=True).argsort().double()


def _dense(values):
    return _numbers(values).unique(return_inverse=True)[1].double()


def _by_formula(power=2):
    """Return an answer by 1 - 6 sum |d|^power / (n (n^2 - 1))."""

    def wrong(a, b):
        n, distance = len(a), (_ranks(a) - _ranks(b)).abs()
        return 1 - 6 * (distance**power).sum().item() / (n * (n * n - 1))

    return wrong


def _without_ties(a, b):
    alone = [n for n in range(len(a)) if list(a).count(a[n]) == list(b).count(b[n]) == 1]
    return spearman([a[n] for n in alone], [b[n] for n in alone])


def _kendall(a, b):
    x, y = ((_numbers(v)[:, None] - _numbers(v)).sign() for v in (a, b))  # of all pairs: their orders, -1, 0 or 1
    return ((x * y).sum() / (x.square().sum() * y.square().sum()).sqrt()).item()


def _same_places(a, b):
    return (_ranks(a) == _ranks(b)).double().mean().item()


ORDER = (
    Mistake(
        "values",
        _with_ranks(_numbers),
        "It is the correlation of the values themselves: Pearson's.",
        "There one model that takes ten times as long as the others decides nearly alone.",
        "Replace each value by its rank first.",
    ),
    Mistake(
        "one-axis-by-values",
        lambda a, b: _correlation(_ranks(a), _numbers(b)),
        "Ranks of the first axis are compared with values of the second.",
        "Only one of the two is replaced by its ranks.",
        "Rank both.",
    ),
    Mistake(
        "argsort-once",
        _with_ranks(_order),
        "It is the correlation of two orders, not of ranks.",
        "`argsort` says which model comes first, second, ...; a rank says at which place each model comes.",
        "Count for each value how many are smaller, and think of equal ones.",
    ),
    Mistake(
        "order-of-appearance",
        _with_ranks(_appearance),
        "Equal values have different ranks: the one that comes first has the lower one.",
        "`argsort().argsort()` breaks ties by the order in the list, which means nothing.",
        "Give equal values the mean of their places.",
    ),
    Mistake(
        "lowest-place",
        _with_ranks(_lowest),
        "Equal values share the lowest of their places.",
        "The rank is the number of smaller values: 5, 7, 7, 9 get 1, 2, 2, 4.",
        "Share the mean: 1, 2.5, 2.5, 4. How many are equal, itself included?",
    ),
    Mistake(
        "highest-place",
        _with_ranks(_highest),
        "Equal values share the highest of their places.",
        "The rank is the number of values that are smaller or equal: 5, 7, 7, 9 get 1, 3, 3, 4.",
        "Share the mean: 1, 2.5, 2.5, 4. How many are equal, itself included?",
    ),
    Mistake(
        "dense",
        _with_ranks(_dense),
        "Equal values share one place, and the next value has the next place.",
        "Ranks of the different values only: 5, 7, 7, 9 get 1, 2, 2, 3.",
        "Two equal values take two places: 9 has rank 4, and both 7 the mean of 2 and 3.",
    ),
    Mistake(
        "one-from-the-top",
        lambda a, b: -spearman(a, b),
        "The sign is the wrong one.",
        "One axis is ranked from the lowest, the other from the highest.",
        "Rank both in ascending order: here the numbers are compared, whichever end is better.",
    ),
    Mistake(
        "covariance",
        _centred(lambda x, y: (x * y).mean()),
        "It is the covariance of the ranks.",
        "That grows with the number of models, far beyond 1.",
        "Divide by both standard deviations.",
    ),
    Mistake(
        "sum-of-products",
        _centred(torch.dot),
        "It is the sum of the products of the ranks, less their means.",
        "Nothing divides it, so it grows with the number of models.",
        "Divide by the lengths of both: the roots of their sums of squares.",
    ),
    Mistake(
        "not-centred",
        _with_mean_ranks(lambda x, y: x @ y / (x.norm() * y.norm())),
        "It is the cosine of the ranks: even opposite orders get a positive number.",
        "All ranks are positive, and their means were not taken off.",
        "Take the mean off both lists of ranks first.",
    ),
    Mistake(
        "variances",
        _centred(lambda x, y: (x * y).mean() / (x.square().mean() * y.square().mean())),
        "It is much too near to 0.",
        "The covariance is divided by both variances.",
        "Divide by both standard deviations: their roots.",
    ),
    Mistake(
        "n-and-n-minus-1",
        _centred(lambda x, y: (x * y).mean() / (x.std() * y.std())),
        "It is too near to 0 by a factor of (n - 1) / n: equal orders get less than 1.",
        "`mean` divides by n, and `std` by n - 1.",
        "Use the same for both: `std(correction=0)`, or sums and norms only.",
    ),
    Mistake(
        "squared",
        _with_mean_ranks(lambda x, y: _correlation(x, y) ** 2),
        "It is squared.",
        "R² says how much one axis explains of the other; it doesn't tell equal orders from opposite ones.",
        "Leave the square out.",
    ),
    Mistake(
        "absolute",
        lambda a, b: abs(spearman(a, b)),
        "It is never negative.",
        "Its sign was taken off, and with it the difference between equal and opposite orders.",
        "Keep the sign.",
    ),
    Mistake(
        "formula",
        _by_formula(),
        "With equal values it is too high or too low.",
        "The formula 1 - 6 Σd² / (n (n² - 1)) is right only where there are no ties.",
        "Correlate the ranks: take off their means, and divide by both lengths.",
    ),
    Mistake(
        "formula-without-squares",
        _by_formula(power=1),
        "It is too near to 1.",
        "The distances of the ranks are added up, but not squared.",
        "Correlate the ranks: a formula with Σd² would be right without ties only.",
    ),
    Mistake(
        "distance",
        lambda a, b: 1 - _by_formula()(a, b),
        "Equal orders get 0, and opposite ones 2.",
        "The formula takes 6 Σd² / (n (n² - 1)) off 1, and it is right only where there are no ties.",
        "Correlate the ranks: equal orders must get 1, opposite ones -1.",
    ),
    Mistake(
        "ties-left-out",
        _without_ties,
        "Models that share a value with another one are left out.",
        "They say something too: who is equal on one axis should be so on the other.",
        "Keep them all, and let equal values share the mean of their places.",
    ),
    Mistake(
        "kendall",
        _kendall,
        "It is Kendall's correlation.",
        "That counts pairs in the same order, less those in the opposite one; Spearman's uses how far apart ranks are.",
        "Correlate the ranks.",
    ),
    Mistake(
        "same-places",
        _same_places,
        "It is the share of the models that have the same rank on both axes.",
        "A model that is one place off counts as much as one at the other end.",
        "Correlate the ranks.",
    ),
)
