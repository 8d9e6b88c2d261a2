"""Lesson 11's exercises: what a fair comparison of models needs: equal cost, the front of two axes, and their order."""

from course_utils.exercises import alternatives_11 as alternatives
from course_utils.exercises import cases_11 as cases
from course_utils.exercises import mistakes_11_beaten as beaten
from course_utils.exercises import mistakes_11_kept as kept
from course_utils.exercises import mistakes_11_order as order
from course_utils.exercises import mistakes_11_width as width
from course_utils.exercises.registry import Exercise
from course_utils.models import tradeoffs

EXERCISES = (
    Exercise(
        id="11.1",
        reference=tradeoffs.matched_width,
        cases=cases.budgets,
        mistakes=width.WIDTH,
        hints=(
            "First the budgets that no width comes near: compare with `macs(1)` and `macs(highest)`. Then trying all "
            "widths is right, if slow.",
            "Faster: keep a `low` that costs no more than the budget, and a `high` that costs more or just as much. "
            "Ask about the middle, and move one of the two there.",
            "When nothing lies between them (`high - low == 1`), the nearer one is the answer: compare "
            "`budget - macs(low)` with `macs(high) - budget`. `low` wins a tie.",
        ),
        minutes=7,
        difficulty=2,
        alternatives=alternatives.WIDTH,
        differentiable=False,
    ),
    Exercise(
        id="11.2",
        reference=tradeoffs.pareto,
        cases=cases.tables,
        mistakes=beaten.BEATEN + kept.KEPT,
        hints=(
            "Give each row a point, `(x.gain(row), y.gain(row))`: of both numbers more is better, whatever the axes.",
            "Which points beat a given one? Those that are at least as good on both axes, without the equal ones.",
            "`any(p[0] >= own[0] and p[1] >= own[1] and p != own for p in points)` says whether a row with the point "
            "`own` is beaten. Keep the rows for which it is False, in their order.",
        ),
        minutes=6,
        difficulty=2,
        alternatives=alternatives.FRONT,
        differentiable=False,
    ),
    Exercise(
        id="11.3",
        reference=tradeoffs.spearman,
        cases=cases.pairs_of_axes,
        mistakes=order.ORDER,
        hints=(
            "The rank of a value is 1 more than the number of smaller ones, if no other is equal. Compare all with "
            "all: `values < values[:, None]`.",
            "Of e equal values, itself included, the mean place is (e + 1) / 2 behind the smaller ones. So two sums "
            "over the table of comparisons give the ranks.",
            "`torch.corrcoef(torch.stack([ranks_a, ranks_b]))` is a matrix (2, 2). The number asked for is off its "
            "diagonal; `.item()` makes it a float.",
        ),
        minutes=8,
        difficulty=3,
        alternatives=alternatives.SPEARMAN,
        differentiable=False,
    ),
)
