"""Lesson 11's variants: whether two axes agree on the order of models."""

import random

from course_utils.exercises.options import on, out
from course_utils.exercises.recipes import Option, Recipe
from course_utils.exercises.registry import Case


def _different(draw: random.Random, count: int) -> list[float]:
    """Return numbers of very different sizes, no two alike."""
    return [round(10 ** (place + draw.uniform(0.1, 0.9)), 2) for place in draw.sample(range(-1, count - 1), count)]


def _tied(draw: random.Random, count: int) -> list[float]:
    """Return numbers of which one stands there once, one twice, and one more often: then ties can be seen."""
    once, twice, often = draw.sample([3.0, 7.0, 30.0], 3)
    return draw.sample([once, twice, twice, *[often] * (count - 3)], count)


def _pairs(seed: int) -> list[Case]:
    """Return two numbers of each model: without ties, with ties on one axis and on both, in about reverse order."""
    draw = random.Random(seed)
    ascending = sorted(_different(draw, 5))
    descending = sorted(_different(draw, 5), reverse=True)
    descending[1], descending[2] = descending[2], descending[1]
    return [
        Case((_different(draw, 6), _different(draw, 6))),
        Case((_tied(draw, 6), _different(draw, 6)), note="with ties on one axis"),
        Case((_tied(draw, 8), _tied(draw, 8)), note="with ties on both axes"),
        Case((_tied(draw, 7), _tied(draw, 7)), note="with ties on both axes"),
        Case((ascending, descending), note="in about the opposite order"),
    ]


def _turned(values: list[float]) -> list[float]:
    return [-value for value in values]


SPEARMAN = Recipe(
    id="11.3",
    source='''
        def spearman(a: list[float], b: list[float]) -> float:
            """Return how well two axes agree on the order of models, by the correlation of their ranks.

            $here

            Ranks count from 1; equal values share the mean of their places: of 5, 7, 7, 9 the ranks are 1, 2.5, 2.5, 4.

            Args:
                a, b: one number of each model, in the same order of models; of a more is better, of b $better.

            Returns:
                $returned. After Spearman 1904.
            """
            values = torch.tensor([list(a), $second], dtype=torch.float64)
            others = values[:, None]  # (2, 1, n), beside each of (2, n, 1)
            smaller = (others < values[..., None]).sum(dim=2)  # (2, n)
            equal = (others == values[..., None]).sum(dim=2)  # itself included
            ranks = smaller + (equal + 1) / 2
            rho = torch.corrcoef(ranks)[0, 1].item()
            return $result
        ''',
    axes=(
        (
            Option({"returned": "-1 (the opposite order of merit) to 1 (the same)", "result": "rho"}),
            Option(
                {
                    "returned": "a distance, 1 - rho: 0 (the same order of merit) to 2 (the opposite)",
                    "result": "1 - rho",
                },
                here="it is a distance, 1 - rho, not the correlation rho",
                remedy="Subtract the correlation from 1.",
                from_course=out(lambda rho: 1 - rho),
            ),
            Option(
                {
                    "returned": "(1 + rho) / 2: 0 (the opposite order of merit) to 1 (the same)",
                    "result": "(1 + rho) / 2",
                },
                here="the correlation rho is brought to 0..1, as (1 + rho) / 2",
                remedy="Add 1 to the correlation, and halve the sum.",
                from_course=out(lambda rho: (1 + rho) / 2),
            ),
        ),
        (
            Option({"better": "too", "second": "list(b)"}),
            Option(
                {"better": "less", "second": "[-value for value in b]"},
                here="less is better on the second axis, and it is asked whether both agree on what is better",
                remedy="Turn the sign of the second axis, or of the correlation.",
                to_course=on(_turned, "b"),
                to_variant=on(_turned, "b"),
            ),
        ),
    ),
    cases=_pairs,
    keep="values one-axis-by-values argsort-once order-of-appearance lowest-place highest-place dense covariance "
    "squared kendall same-places",
)

RECIPES = (SPEARMAN,)
