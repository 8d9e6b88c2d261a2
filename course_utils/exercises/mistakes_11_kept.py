"""The usual mistakes of exercise 11.2, the Pareto front: which rows are compared, and which are returned."""

from course_utils.exercises.mistakes_11_beaten import points
from course_utils.exercises.registry import Mistake
from course_utils.models.tradeoffs import pareto


def _among(others):
    """Return an answer that compares row n of a list only with `others(rows, n)`."""

    def wrong(rows, x, y):
        return [row for n, row in enumerate(rows) if row in pareto([row, *others(rows, n)], x, y)]

    return wrong


def _first_of_equal(rows, x, y):
    found, front = points(rows, x, y), pareto(rows, x, y)
    return [row for n, row in enumerate(rows) if row in front and found[n] not in found[:n]]


def _sorted_by_x(sign):
    return lambda rows, x, y: sorted(pareto(rows, x, y), key=lambda row: sign * x.gain(row))


def _sweep(key):
    """Return an answer that goes through the rows by `key(x, y)`, and keeps what is better on y than all before."""

    def wrong(rows, x, y):
        best, front = -float("inf"), []
        for row in sorted(rows, key=key(x, y), reverse=True):
            if y.gain(row) > best:
                best = y.gain(row)
                front.append(row)
        return front

    return wrong


def _best_of(axes):
    """Return an answer that keeps the best rows of each of `axes(x, y)`."""

    def wrong(rows, x, y):
        top = [(axis, max(map(axis.gain, rows))) for axis in axes(x, y)]
        return [row for row in rows if any(axis.gain(row) == most for axis, most in top)]

    return wrong


def _removed_on_the_way(rows, x, y):
    left, front = list(rows), pareto(rows, x, y)
    for row in left:
        if row not in front:
            left.remove(row)
    return left


KEPT = (
    Mistake(
        "first-of-equal",
        _first_of_equal,
        "Of rows with equal numbers only the first is left.",
        "A set, a dict or a list of those seen drops the others.",
        "Two models with equal numbers are two models: keep both.",
    ),
    Mistake(
        "earlier-only",
        _among(lambda rows, n: rows[:n]),
        "Rows stay that a later row beats.",
        "Each row is compared only with those before it.",
        "Compare each row with all.",
    ),
    Mistake(
        "later-only",
        _among(lambda rows, n: rows[n + 1 :]),
        "Rows stay that an earlier row beats.",
        "Each row is compared only with those after it.",
        "Compare each row with all.",
    ),
    Mistake(
        "neighbours",
        _among(lambda rows, n: rows[max(n - 1, 0) : n + 2]),
        "Rows stay that a row further away in the list beats.",
        "Each row is compared only with the one before it and the one after it.",
        "Compare each row with all.",
    ),
    Mistake(
        "removed-on-the-way",
        _removed_on_the_way,
        "Some rows stay that are beaten.",
        "A list from which rows are removed while a loop goes through it skips the row behind each.",
        "Make a new list of those that stay.",
    ),
    Mistake(
        "sweep",
        _sweep(lambda x, y: x.gain),
        "They come sorted, and where rows are equal on the first axis, wrong ones stay and right ones are lost.",
        "Of rows that are equal there, a sweep may meet the worse one first; an equal one later is no better than it.",
        "Compare each row with all others instead.",
    ),
    Mistake(
        "sweep-by-both",
        _sweep(lambda x, y: lambda row: (x.gain(row), y.gain(row))),
        "They come sorted, and of rows with equal numbers only one is left.",
        "A sweep along one axis keeps what is better on the other than all before; an equal row isn't better.",
        "Compare each row with all others instead.",
    ),
    Mistake(
        "best-first",
        _sorted_by_x(-1),
        "The rows are right, but the best on the first axis comes first.",
        "They were sorted, as a sweep along the axis needs it.",
        "Return them in the order in which they came.",
    ),
    Mistake(
        "best-last",
        _sorted_by_x(1),
        "The rows are right, but the best on the first axis comes last.",
        "They were sorted, as for drawing a line.",
        "Return them in the order in which they came.",
    ),
    Mistake(
        "best-of-each",
        _best_of(lambda x, y: (x, y)),
        "Only the best of each axis are left.",
        "Those between are a compromise: nobody is better on both.",
        "Keep every row that no other beats.",
    ),
    Mistake(
        "best-of-x",
        _best_of(lambda x, y: (x,)),
        "Only the best of the first axis are left.",
        "The second axis isn't used.",
        "A row that is worse on the first axis stays if it is better on the second.",
    ),
    Mistake(
        "best-of-y",
        _best_of(lambda x, y: (y,)),
        "Only the best of the second axis are left.",
        "The first axis isn't used.",
        "A row that is worse on the second axis stays if it is better on the first.",
    ),
    Mistake(
        "points",
        lambda rows, x, y: points(pareto(rows, x, y), x, y),
        "It returns gains, not rows.",
        "The points were filtered, and whose they are is forgotten.",
        "Go through rows and points together, with `zip`, and return rows.",
    ),
    Mistake(
        "places",
        lambda rows, x, y: [rows.index(row) for row in pareto(rows, x, y)],
        "It returns places in the list, not rows.",
        "The numbers 0, 1, 2 ... were filtered.",
        "Return `rows[n]` for each of them.",
    ),
)
