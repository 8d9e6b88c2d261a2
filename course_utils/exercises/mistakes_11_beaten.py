"""The usual mistakes of exercise 11.2, the Pareto front: which row beats another."""

from dataclasses import replace

from course_utils.exercises.registry import Mistake
from course_utils.models.tradeoffs import pareto


def points(rows, x, y):
    """Return the gains of each row on both axes."""
    return [(x.gain(row), y.gain(row)) for row in rows]


def _unless(beats):
    """Return an answer that leaves out a row if another point, or its own, `beats(other, own)`."""

    def wrong(rows, x, y):
        found = points(rows, x, y)
        return [row for row, own in zip(rows, found, strict=True) if not any(beats(other, own) for other in found)]

    return wrong


def _turned(axis):
    return replace(axis, better="less" if axis.better == "more" else "more")


def _all_better(better):
    return lambda rows, x, y: pareto(rows, replace(x, better=better), replace(y, better=better))


def _others_as_good(rows, x, y):
    def as_good(other, own):
        return x.gain(other) >= x.gain(own) and y.gain(other) >= y.gain(own)

    return [row for row in rows if not any(as_good(other, row) for other in rows if other is not row)]


def _best_sum(rows, x, y):
    most = max(map(sum, points(rows, x, y)))
    return [row for row, point in zip(rows, points(rows, x, y), strict=True) if sum(point) == most]


def _hull(rows, x, y):
    """Keep the rows of the front that don't lie below a line between two others."""
    front = pareto(rows, x, y)
    corners = points(front, x, y)

    def is_below(own):
        lines = [(p, q) for p in corners for q in corners if p[0] < own[0] < q[0]]
        return any((own[1] - p[1]) * (q[0] - p[0]) < (q[1] - p[1]) * (own[0] - p[0]) for p, q in lines)

    return [row for row, own in zip(front, corners, strict=True) if not is_below(own)]


BEATEN = (
    Mistake(
        "more-everywhere",
        _all_better("more"),
        "On every axis the higher number counts as better.",
        "`row[x.name]` is the number itself, and of seconds less is better.",
        "Compare `x.gain(row)`: more of it is always better.",
    ),
    Mistake(
        "less-everywhere",
        _all_better("less"),
        "On every axis the lower number counts as better.",
        "`row[x.name]` is the number itself, and of accuracy more is better.",
        "Compare `x.gain(row)` with `>` and `>=`: more of it is always better.",
    ),
    Mistake(
        "worst",
        lambda rows, x, y: pareto(rows, _turned(x), _turned(y)),
        "It is the front of the worst rows.",
        "Less gain counts as better: the comparison is the wrong way round on both axes.",
        "A row is beaten by one whose gains are at least as high: `>=`.",
    ),
    Mistake(
        "x-turned",
        lambda rows, x, y: pareto(rows, _turned(x), y),
        "On the first axis the worse end counts as better.",
        "The comparison is the wrong way round, or a sign is changed that `gain` has changed already.",
        "Compare `gain` on both axes with `>=`.",
    ),
    Mistake(
        "y-turned",
        lambda rows, x, y: pareto(rows, x, _turned(y)),
        "On the second axis the worse end counts as better.",
        "The comparison is the wrong way round, or a sign is changed that `gain` has changed already.",
        "Compare `gain` on both axes with `>=`.",
    ),
    Mistake(
        "better-on-both",
        _unless(lambda other, own: other[0] > own[0] and other[1] > own[1]),
        "Rows stay that are as good as another on one axis, and worse on the other.",
        "Only a row that is better on both axes beats another here.",
        "At least as good on both is enough, if it is better on one.",
    ),
    Mistake(
        "better-on-x",
        _unless(lambda other, own: other[0] > own[0] and other[1] >= own[1]),
        "Of rows that are equal on the first axis, the worse ones stay.",
        "Better on the first axis is asked for, and better on the second alone isn't enough.",
        "At least as good on both, and better on any one of them.",
    ),
    Mistake(
        "better-on-y",
        _unless(lambda other, own: other[0] >= own[0] and other[1] > own[1]),
        "Of rows that are equal on the second axis, the worse ones stay.",
        "Better on the second axis is asked for, and better on the first alone isn't enough.",
        "At least as good on both, and better on any one of them.",
    ),
    Mistake(
        "itself",
        _unless(lambda other, own: other[0] >= own[0] and other[1] >= own[1]),
        "No row is left.",
        "Every row is at least as good as itself, so each is beaten: by itself.",
        "Ask for better on one of the axes too.",
    ),
    Mistake(
        "equal-ones-lost",
        _others_as_good,
        "Rows with equal numbers are lost, all of them.",
        "Each is at least as good as the other, so both are beaten.",
        "Ask for better on one of the axes too: then equal rows leave each other alone.",
    ),
    Mistake(
        "better-on-either",
        _unless(lambda other, own: other[0] > own[0] or other[1] > own[1]),
        "Only a row that is the best on both axes stays, and mostly there is none.",
        "`or` lets a row be beaten by anyone who is better on one axis and worse on the other.",
        "Who beats it must be at least as good on both: `and`.",
    ),
    Mistake(
        "beaten",
        lambda rows, x, y: [row for row in rows if row not in pareto(rows, x, y)],
        "It returns the rows that are beaten.",
        "A `not` is missing.",
        "Keep a row if no other beats it.",
    ),
    Mistake(
        "one-number",
        _best_sum,
        "Only the row with the highest sum is left.",
        "A sum of accuracy and seconds depends on their units; with milliseconds another row would win.",
        "Don't add up: compare axis by axis.",
    ),
    Mistake(
        "hull",
        _hull,
        "Where the front bulges inwards, rows are missing.",
        "It is the convex hull: the rows that win for some weights of the two axes.",
        "Nobody need be better than a mixture of two other rows: compare with single rows only.",
    ),
)
