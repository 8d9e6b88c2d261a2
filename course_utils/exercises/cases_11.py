"""The calls that lesson 11's exercises are compared on: costs that grow in different ways, ties, both ends."""

from course_utils.exercises.registry import Case
from course_utils.models.tradeoffs import Axis

# of each: the axes, the rows' two numbers, and a note. On fronts that bulge inwards, a hull leaves rows out
TABLES = (
    (
        (Axis("accuracy", "more"), Axis("seconds", "less")),
        ((0.8, 20), (0.74, 28), (0.84, 40), (0.81, 13), (0.9, 60), (0.76, 9), (0.86, 57), (0.87, 66)),
        "",
    ),
    (
        (Axis("accuracy", "more"), Axis("seconds", "less")),
        ((0.7, 14), (0.88, 31), (0.79, 31), (0.88, 35), (0.74, 18), (0.88, 31), (0.7, 12), (0.74, 18), (0.88, 35)),
        "with ties and equal rows",
    ),
    (
        (Axis("parameters", "less"), Axis("seconds", "less")),
        ((25, 80), (6, 95), (11, 90), (25, 95), (30, 20), (9, 99), (28, 60)),
        "less is better on both axes",
    ),
    (
        (Axis("robustness", "more"), Axis("accuracy", "more")),
        ((0.3, 0.92), (0.52, 0.9), (0.41, 0.91), (0.6, 0.7), (0.4, 0.85), (0.6, 0.66), (0.55, 0.76)),
        "more is better on both axes",
    ),
    (
        (Axis("error", "less"), Axis("images_per_second", "more")),
        ((0.3, 50), (0.2, 70), (0.25, 64), (0.2, 41)),
        "one row beats all others",
    ),
)


def _square(width: float) -> float:
    return 12 * width**2 + 50 * width


def _cube(width: float) -> float:
    return width**3


def _line(width: float) -> float:
    return 10 * width + 5


def budgets() -> list[Case]:
    """Return budgets nearer to the width below and to the one above, ties, both ends, and budgets beyond them."""
    return [
        Case((_square, 12_500), note="the narrower one is nearer"),
        Case((_square, 13_000), note="the wider one is nearer"),
        Case((_square, 258, 6), note="a width costs just the budget"),
        Case((_line, 30, 9), note="two widths are equally near"),
        Case((_cube, 15, 12), note="cost grows with the cube"),
        Case((_cube, 16, 12), note="cost grows with the cube"),
        Case((_square, 62), {"highest": 5}, note="just width 1"),
        Case((_square, 550), {"highest": 5}, note="just the highest width"),
        Case((_square, 61, 20), note="even width 1 costs more"),
        Case((_square, 9_000, 20), note="even the highest width costs less"),
    ]


def tables() -> list[Case]:
    """Return models in no order, each with a name and a number on two axes, which are better in all combinations."""
    return [
        Case(
            ([{"model": name, x.name: a, y.name: b} for name, (a, b) in zip("ABCDEFGHI", pairs, strict=False)], x, y),
            note=note,
        )
        for (x, y), pairs, note in TABLES
    ]


def pairs_of_axes() -> list[Case]:
    """Return two numbers of each model: without ties, with ties on one axis and on both, and in about reverse order."""
    return [
        Case(([0.71, 0.62, 0.88, 0.55, 0.8], [12.0, 9.0, 400.0, 30.0, 35.0])),
        Case(([0.9, 0.7, 0.9, 0.8, 0.6, 0.75], [90.0, 14.0, 22.5, 18.0, 16.0, 25.0]), note="with ties on one axis"),
        Case(([3, 1, 3, 2, 3, 2, 7], [20, 20, 35, 90, 50, 35, 35]), note="with ties on both axes"),
        Case(([6.5, 25.0, 11.0, 86.0], [0.3, 0.12, 0.24, 0.19]), note="in about the opposite order"),
    ]
