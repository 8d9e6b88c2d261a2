"""Lists of tensors, None and infinity are right where the course has them, and told apart from what is wrong."""

import pytest
import torch
import toy_exercises as toys
from exercise_checks import (
    fresh_place,  # noqa: F401
    made,
    verdict,
    wrong,
)

from course_utils.exercises import registry
from course_utils.exercises.registry import Case, Exercise


def parts(values, limit):
    """Return new tensors in which all above `limit` is infinite; None if there is NaN."""
    if any(value.isnan().any() for value in values):
        return None
    return [torch.where(value > limit, torch.inf, value) for value in values]


def parts_passed_on(values, limit):
    return [torch.where(value > limit, torch.inf, value) for value in values]


def parts_cases():
    ones = torch.ones(2, 2)
    return [
        Case(([ones, torch.tensor([1.0, 5.0, 9.0])], 6.0), note="large"),
        Case(([ones, ones * torch.nan], 6.0), note="with NaN"),
    ]


PARTS = Exercise("99.1", parts, parts_cases, (toys.told("passed-on", parts_passed_on),), (), 1, 1, (), False)
NO_NAN = "if any(v.isnan().any() for v in values): return None\n    "
WRONG_PARTS = {
    "None everywhere": ("return None", "it returns None (case 1 of 2, large)"),
    "a tuple": (NO_NAN + "return tuple(values)", "the output is a tuple of 2, expected a list of 2"),
    "too few": (NO_NAN + "return values[1:]", "the output is a list of 1, expected a list of 2"),
    "no None": (
        "return [v.nan_to_num().masked_fill(v > limit, torch.inf) for v in values]",
        "the output is a list of 2, expected None (case 2 of 2, with NaN)",
    ),
    "finite": (NO_NAN + "return values", "the output[1] differs in 1 of 3 elements: 9 instead of inf at (2,)"),
    "NaN": (
        NO_NAN + "return [v.where(v <= limit, torch.nan) for v in values]",
        "the output[1] differs in 1 of 3 elements: nan instead of inf at (2,)",
    ),
    "infinite": (NO_NAN + "return [v / 0 for v in values]", "the output[0] holds NaN or infinity in 4 of 4 elements"),
    "in place": (
        NO_NAN + "return [v.masked_fill_(v > limit, torch.inf) for v in values]",
        "the argument `values` was changed in place",
    ),
}


def parts_answer(body):
    return made(f"def parts(values, limit):\n    {body}", "parts")


@pytest.fixture
def parts_exercise(monkeypatch):
    monkeypatch.setattr(registry, "lesson_exercises", lambda _: (PARTS,))


@pytest.mark.usefixtures("parts_exercise")
def test_a_list_none_and_infinity_are_right_where_the_course_has_them(capsys):
    answer = parts_answer(NO_NAN + "return [v.masked_fill(v > limit, torch.inf) for v in values]")
    assert verdict(capsys, "99.1", answer) == (answer, "✓ 99.1 correct on 2 cases\n")
    assert "passed-on: what" in wrong(capsys, parts_passed_on)


@pytest.mark.usefixtures("parts_exercise")
@pytest.mark.parametrize(("body", "what"), WRONG_PARTS.values(), ids=WRONG_PARTS)
def test_what_is_wrong_with_a_list_is_named(body, what, capsys):
    assert what in wrong(capsys, parts_answer(body)).splitlines()[0]
