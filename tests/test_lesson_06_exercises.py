"""Lesson 6's exercises: mistakes that can be seen and told apart, and right answers that are right."""

import inspect
import math
from itertools import combinations

import pytest
import torch
from exercise_checks import (
    fresh_place,  # noqa: F401
    wrong,
)

from course_utils.augment import erase
from course_utils.exercises.lesson_06 import EXERCISES
from course_utils.exercises.modules import MisfitError, drawn, fill

TABLE = {exercise.id: exercise for exercise in EXERCISES}
VISIBLE = 1e-3


@pytest.fixture(autouse=True)
def float64():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def with_drawn_parameters(answer, reference, init):
    """Build a module with the values that `check` draws, under the same names whoever wrote it."""
    module = answer(**init)
    fill(module, drawn(reference(**init)))
    return module.eval()


def outcome(exercise, answer, case):
    """Return output and gradients in one case, or the error in words."""
    wanted = [a for a in case.arguments if isinstance(a, torch.Tensor) and a.requires_grad]
    try:
        if isinstance(answer, type):
            answer = with_drawn_parameters(answer, exercise.reference, case.init)
            wanted += [parameter for _, parameter in sorted(answer.named_parameters())]
        output = answer(*case.arguments, **case.keywords)
    except (RuntimeError, MisfitError) as error:
        return str(error)
    if exercise.id == "6.5":
        if not isinstance(output, tuple):
            return type(output).__name__
        output = torch.cat([part.flatten() for part in output])
    if not exercise.differentiable:
        return torch.as_tensor(output), ()
    gradients = torch.autograd.grad(output.sin().sum(), wanted, allow_unused=True)
    return output.detach(), gradients


def outcomes(exercise, answer):
    return [outcome(exercise, answer, case) for case in exercise.cases()]


def distance(one, other):
    """Return the largest difference between two outputs, relative to the other's largest value."""
    if isinstance(one, str) or isinstance(other, str):
        return 0.0 if one == other else float("inf")
    left, right = one[0].double(), other[0].double()
    if left.shape != right.shape or not torch.equal(left.isnan(), right.isnan()):
        return float("inf")
    return float((left - right).nan_to_num().abs().max() / right.nan_to_num().abs().max().clamp(1e-9))


def furthest(ones, others):
    return max(distance(one, other) for one, other in zip(ones, others, strict=True))


def parameters(answer):
    functions = [answer.__init__, answer.forward] if isinstance(answer, type) else [answer]
    return [[(p.name, p.kind, p.default) for p in inspect.signature(f).parameters.values()] for f in functions]


def test_the_table_is_complete():
    assert list(TABLE) == [f"6.{n}" for n in range(1, 7)]
    for exercise in EXERCISES:
        assert len(exercise.mistakes) >= 9 and len(exercise.hints) == 3 and len(exercise.alternatives) >= 2
        assert len({mistake.name for mistake in exercise.mistakes}) == len(exercise.mistakes)
        told = [line for mistake in exercise.mistakes for line in (mistake.what, mistake.why, mistake.remedy)]
        assert all(line[0].isupper() or line[0] == "`" for line in told)
        assert all(line.endswith((".", "?")) for line in told)
        assert exercise.differentiable == (exercise.id in {"6.3", "6.4", "6.5", "6.6"})
    assert sum(exercise.minutes for exercise in EXERCISES) <= 60  # of the lesson's 90


@pytest.mark.parametrize("id", TABLE)
def test_every_answer_has_the_references_parameters(id):
    for answer in [mistake.wrong for mistake in TABLE[id].mistakes] + list(TABLE[id].alternatives):
        assert parameters(answer) == parameters(TABLE[id].reference), answer


@pytest.mark.parametrize("id", TABLE)
def test_mistakes_can_be_seen_and_told_apart(id):
    answers = {mistake.name: mistake.wrong for mistake in TABLE[id].mistakes} | {"right": TABLE[id].reference}
    seen = {name: outcomes(TABLE[id], answer) for name, answer in answers.items()}
    for one, other in combinations(seen, 2):
        assert furthest(seen[one], seen[other]) > VISIBLE, (one, other)


@pytest.mark.parametrize("id", TABLE)
def test_right_answers_are_right_and_so_are_their_gradients(id):
    exercise = TABLE[id]
    expected = outcomes(exercise, exercise.reference)
    for answer in exercise.alternatives:
        for mine, right in zip(outcomes(exercise, answer), expected, strict=True):
            assert distance(mine, right) < 1e-12, answer
            assert len(mine[1]) == len(right[1])
            for gradient, other in zip(mine[1], right[1], strict=True):
                assert (gradient - other).abs().max() < 1e-11 * max(1.0, float(other.abs().max())), answer


def test_schedules_are_asked_about_in_every_phase():
    phases = set()
    for case in TABLE["6.1"].cases():
        step, steps, warmup = case.arguments
        phases |= {(step == 0, "first"), (0 < step < warmup, "rising"), (step == warmup, "top")}
        phases |= {(step == steps - 1, "last"), (warmup == 0, "none")}
    assert {name for there, name in phases if there} == {"first", "rising", "top", "last", "none"}


def test_rectangles_lie_inside_cross_the_edge_and_may_be_empty():
    kinds = set()
    for case in TABLE["6.6"].cases():
        images, top, _left, height, width, _fill = case.arguments
        B, _, H, W = images.shape
        assert B > 1 and H != W and len(top) == B
        kinds |= set((top + height > H).tolist()) | {"empty" if (height * width == 0).any() else ""}
    assert kinds >= {True, False, "empty"}


# two mistakes at once


def _zero_and_whole_wave(step, steps, warmup):
    return 0.0 if step < warmup else 0.5 * (1 + math.cos(2 * math.pi * step / steps))


def _inverted_and_not_scaled(branch, keep, rate):
    return branch * (~keep)[:, None, None]


def _unsmoothed_and_by_batch(targets, share):
    return targets + share / len(targets)


def _images_only_with_half(images, targets, order, share):
    return 0.5 * images + 0.5 * images[order], targets


def _turned_and_zero(images, top, left, height, width, fill=0.0):
    return erase(images, left, top, width, height)


TWO = {
    "6.1": _zero_and_whole_wave,
    "6.3": _inverted_and_not_scaled,
    "6.4": _unsmoothed_and_by_batch,
    "6.5": _images_only_with_half,
    "6.6": _turned_and_zero,
}


@pytest.mark.parametrize("id", TWO)
def test_two_mistakes_at_once_never_get_the_diagnosis_of_one(id, capsys):
    lines = wrong(capsys, TWO[id], id)
    assert not any(mistake.what in lines for mistake in TABLE[id].mistakes)
