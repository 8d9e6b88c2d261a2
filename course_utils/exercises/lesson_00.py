"""Lesson 00's one exercise, done together: turning scores into shares."""

import torch
from torch import Tensor

from course_utils.exercises.registry import Case, Exercise, Mistake
from course_utils.models.handmade import share


def _cases() -> list[Case]:
    generator = torch.Generator().manual_seed(0)
    one_row = torch.randn(5, generator=generator, dtype=torch.float64)
    rows = torch.randn(3, 4, generator=generator, dtype=torch.float64)
    return [
        Case((one_row.requires_grad_(),), note="one row"),
        Case((rows.requires_grad_(),), note="three rows at once"),
    ]


def _no_exponential(scores: Tensor) -> Tensor:
    return scores / scores.sum(dim=-1, keepdim=True)


def _no_division(scores: Tensor) -> Tensor:
    return scores.exp()


def _over_everything(scores: Tensor) -> Tensor:
    return scores.exp() / scores.exp().sum()


def _over_columns(scores: Tensor) -> Tensor:
    return scores.softmax(dim=0)


def _by_the_largest(scores: Tensor) -> Tensor:
    return scores.exp() / scores.exp().amax(dim=-1, keepdim=True)


def _absolute(scores: Tensor) -> Tensor:
    return scores.abs() / scores.abs().sum(dim=-1, keepdim=True)


MISTAKES = (
    Mistake(
        "no-exponential",
        _no_exponential,
        "The scores are divided by their sum as they are, so a negative score becomes a negative share.",
        "Shares must be positive, and scores can have any sign.",
        "Take the exponential of the scores first: it is positive, and keeps their order.",
    ),
    Mistake(
        "no-division",
        _no_division,
        "The shares are positive, but a row doesn't sum to 1.",
        "The exponentials are returned as they are.",
        "Divide them by their sum over the row.",
    ),
    Mistake(
        "over-everything",
        _over_everything,
        "With several rows, they sum to 1 together instead of each by itself.",
        "The sum runs over the whole tensor.",
        "Sum over the last axis only, and keep it (keepdim=True) so that the division fits.",
    ),
    Mistake(
        "over-columns",
        _over_columns,
        "With several rows, the columns sum to 1 instead of the rows.",
        "The sum runs over the first axis.",
        "Sum over the last axis: dim=-1.",
    ),
    Mistake(
        "by-the-largest",
        _by_the_largest,
        "The largest share of each row is 1.",
        "The exponentials are divided by the largest of them.",
        "Divide by their sum, so that all shares together make 1.",
    ),
    Mistake(
        "absolute",
        _absolute,
        "A very negative score gets as large a share as a very positive one.",
        "The absolute values are shared, so the sign is lost.",
        "Take the exponential instead: it is positive too, and small for negative scores.",
    ),
)


def _by_softmax(scores: Tensor) -> Tensor:
    return torch.softmax(scores, dim=-1)


def _through_logarithms(scores: Tensor) -> Tensor:
    return (scores - scores.logsumexp(dim=-1, keepdim=True)).exp()


EXERCISES = (
    Exercise(
        id="0.1",
        reference=share,
        cases=_cases,
        mistakes=MISTAKES,
        hints=(
            "Which function is positive everywhere and rises?",
            "scores.exp() is positive. What must each row be divided by to sum to 1?",
            "Divide by .sum(dim=-1, keepdim=True) of the exponentials.",
        ),
        minutes=2,
        difficulty=1,
        alternatives=(_by_softmax, _through_logarithms),
    ),
)
