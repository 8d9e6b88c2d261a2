"""The usual mistakes of exercise 10.3: the cheapest assignment by trying all."""

import itertools

import torch

from course_utils.exercises.registry import Mistake
from course_utils.models.matching import assignment_cost, match_by_brute_force, match_lowest_first


def _cheapest(cost, choices):
    """Return the cheapest of the choices, lists of a column for each row, as rows and columns."""
    best = min(choices, key=lambda columns: assignment_cost(cost, columns))
    return torch.arange(len(cost)), torch.tensor(best)


def _either_way(choices):
    """Return an answer that tries `choices(N, M)` only, with rows and columns exchanged for a high matrix."""

    def wrong(cost):
        N, M = cost.shape
        if N > M:
            columns, rows = wrong(cost.T)
            return rows.sort().values, columns[rows.argsort()]
        return _cheapest(cost, choices(N, M))

    return wrong


def _each_its_lowest(cost):
    return torch.arange(len(cost)), cost.argmin(dim=1)


def _row_by_row(cost):
    left, pairs = cost.clone(), []
    for row in range(min(cost.shape)):
        pairs.append((row, left[row].argmin().item()))
        left[:, pairs[-1][1]] = torch.inf
    return tuple(torch.tensor(pairs).T)


def _wide_only(cost):
    return _cheapest(cost, itertools.permutations(range(cost.shape[1]), len(cost)))


def _unsorted(cost):
    if len(cost) > cost.shape[1]:
        return match_by_brute_force(cost.T)[::-1]
    return match_by_brute_force(cost)


def _sorted_apart(cost):
    rows, columns = _unsorted(cost)
    return rows.sort().values, columns


def _still_turned(cost):
    if len(cost) > cost.shape[1]:
        return match_by_brute_force(cost.T)
    return match_by_brute_force(cost)


def _first_rows(cost):
    return match_by_brute_force(cost[: cost.shape[1]])


def _columns_first(cost):
    rows, columns = match_by_brute_force(cost)
    return columns, rows


def _by_the_dearest_pair(cost):
    N, M = cost.shape
    if N > M:
        columns, rows = _by_the_dearest_pair(cost.T)
        return rows.sort().values, columns[rows.argsort()]
    best = min(itertools.permutations(range(M), N), key=lambda columns: cost[range(N), columns].max())
    return torch.arange(N), torch.tensor(best)


ASSIGNMENT = (
    Mistake(
        "dearest",
        lambda cost: match_by_brute_force(-cost),
        "It is the most expensive assignment.",
        "A cost says how badly two fit, so the lowest sum is wanted, also where it is negative.",
        "Look for the minimum, with the costs' own signs.",
    ),
    Mistake(
        "each-its-lowest",
        _each_its_lowest,
        "Every row takes its lowest cost, and some columns are taken twice.",
        "`argmin` of each row doesn't know what the other rows have taken.",
        "Try the orders of the columns, `itertools.permutations`: in each, no column comes twice.",
    ),
    Mistake(
        "lowest-first",
        match_lowest_first,
        "The lowest cost of all is taken first, then the lowest of what is left.",
        "A pair that is taken early may leave only dear ones for the others.",
        "Add up each whole assignment, and compare the sums.",
    ),
    Mistake(
        "row-by-row",
        _row_by_row,
        "One row after the other takes its lowest cost of the columns that are left.",
        "The last rows have to pay for what the first ones took.",
        "Add up each whole assignment, and compare the sums.",
    ),
    Mistake(
        "by-the-dearest-pair",
        _by_the_dearest_pair,
        "The assignments are compared by their dearest pair.",
        "What counts is the sum of all pairs.",
        "Compare `assignment_cost(cost, columns)`.",
    ),
    Mistake(
        "combinations",
        _either_way(lambda N, M: itertools.combinations(range(M), N)),
        "Only assignments with growing columns are tried.",
        "`itertools.combinations` gives each choice once, in one order.",
        "Use `itertools.permutations`, which gives every order.",
    ),
    Mistake(
        "square-only",
        _either_way(lambda N, M: itertools.permutations(range(N))),
        "Of a matrix that isn't square, only the first rows and columns are tried.",
        "The permutations are those of as many columns as there are rows.",
        "Choose from all columns: `itertools.permutations(range(M), N)`.",
    ),
    Mistake(
        "wide-only",
        _wide_only,
        "With more rows than columns it fails.",
        "There aren't enough columns for all rows, so there is nothing to try.",
        "Then give every column a row: solve `cost.T`, and exchange the two results.",
    ),
    Mistake(
        "first-rows",
        _first_rows,
        "With more rows than columns, the last rows are never tried.",
        "The matrix was cut to a square one, but the rows that are left over may be any.",
        "Solve `cost.T` instead: every column gets a row.",
    ),
    Mistake(
        "still-turned",
        _still_turned,
        "With more rows than columns, rows and columns have changed places.",
        "`cost.T` was solved, and its rows are the columns of `cost`.",
        "Exchange the two results; then put the rows in order.",
    ),
    Mistake(
        "unsorted",
        _unsorted,
        "With more rows than columns, the rows aren't in order.",
        "`cost.T` was solved: the columns come in order, and the rows as they fell to them.",
        "Sort the rows, and bring the columns into the same order: `rows.argsort()` says which.",
    ),
    Mistake(
        "sorted-apart",
        _sorted_apart,
        "With more rows than columns, the rows were sorted, and their columns stayed where they were.",
        "Then a row stands beside another row's column.",
        "Bring the columns into the same order: `columns[rows.argsort()]`.",
    ),
    Mistake(
        "columns-first",
        _columns_first,
        "The columns are returned first.",
        "Rows come first, as in the shape (N, M).",
        "Return `rows, columns`.",
    ),
)
