"""Every exercise of every lesson: mistakes that can be seen and told apart, and right answers that are right."""

import re
from itertools import combinations

import pytest
import torch
from exercise_checks import unfilled
from exercise_outcomes import float64, furthest, furthest_gradients, outcomes, parameters, tensors  # noqa: F401
from torch import nn

from course_utils.exercises import registry

LESSONS = registry.lesson_numbers()
EXERCISES = {exercise.id: exercise for number in LESSONS for exercise in registry.lesson_exercises(number)}
# of each lesson: its exercises, the fewest mistakes of one of them, and those whose gradients are compared too
COUNTS = {
    0: (1, 6),
    1: (9, 7),
    2: (9, 6),
    3: (6, 13),
    4: (7, 14),
    5: (7, 10),
    6: (6, 9),
    7: (7, 21),
    8: (7, 12),
    9: (6, 14),
    10: (8, 13),
    11: (3, 19),
}
GRADIENTS = {
    0: "1",
    1: "7",
    2: "1236789",
    3: "12345",
    4: "567",
    5: "125",
    6: "356",
    7: "123456",
    8: "1567",
    9: "12345",
    10: "124567",
    11: "",
}
VISIBLE = 1e-3
ALIKE = 1e-12

every_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)


@pytest.mark.parametrize("number", LESSONS)
def test_a_lesson_has_its_exercises_and_leaves_time_to_read(number):
    exercises = registry.lesson_exercises(number)
    count, fewest = COUNTS[number]
    assert [exercise.id for exercise in exercises] == [f"{number}.{n + 1}" for n in range(count)]
    assert min(len(exercise.mistakes) for exercise in exercises) >= fewest
    assert sum(exercise.minutes for exercise in exercises) <= 60  # of the lesson's 90


def test_no_exercise_is_left_half_written():
    assert not unfilled(), "\n".join(unfilled())


@every_exercise
def test_it_is_complete(exercise):
    assert len(exercise.hints) == 3 and len(exercise.alternatives) >= 2
    lesson, number = exercise.id.split(".")
    assert exercise.differentiable == (number in GRADIENTS[int(lesson)])
    assert len({mistake.name for mistake in exercise.mistakes}) == len(exercise.mistakes)
    for line in (line for mistake in exercise.mistakes for line in (mistake.what, mistake.why, mistake.remedy)):
        assert line[0].isupper() or line[0] == "`" or line[:2] == "2 ", line
        assert line.endswith((".", "?")), line
        assert "*" not in re.sub(r"`[^`]*`| \* ", "", line), line  # it is printed, not rendered


@every_exercise
def test_every_answer_has_the_references_parameters(exercise):
    for answer in [mistake.wrong for mistake in exercise.mistakes] + list(exercise.alternatives):
        assert parameters(answer) == parameters(exercise.reference), answer


@every_exercise
def test_mistakes_can_be_seen_and_told_apart(exercise):
    answers = {mistake.name: mistake.wrong for mistake in exercise.mistakes} | {"right": exercise.reference}
    seen = {name: outcomes(exercise, answer) for name, answer in answers.items()}
    for one, other in combinations(seen, 2):
        apart = furthest(seen[one], seen[other])
        assert apart > VISIBLE or furthest_gradients(seen[one], seen[other]) > VISIBLE, (one, other)


@every_exercise
def test_right_answers_are_right_and_so_are_their_gradients(exercise):
    expected = outcomes(exercise, exercise.reference)
    for answer in exercise.alternatives:
        found = outcomes(exercise, answer)
        assert furthest(found, expected) < ALIKE, answer
        for mine, right in zip(found, expected, strict=True):
            assert [part.dtype for part in mine[1]] == [part.dtype for part in right[1]], answer
            for gradient, other in zip(mine[2], right[2], strict=True):
                assert (gradient - other).abs().max() < 1e-11 * max(1.0, float(other.abs().max())), answer


@every_exercise
def test_cases_are_the_same_every_time_and_never_the_same_object(exercise):
    for first, second in zip(exercise.cases(), exercise.cases(), strict=True):
        ones, others = tensors(first), tensors(second)
        assert len(ones) == len(others) and first.note == second.note
        for one, other in zip(ones, others, strict=True):
            assert one is not other and one.dtype == other.dtype and one.requires_grad == other.requires_grad
            assert torch.equal(one.nan_to_num(nan=0.5), other.nan_to_num(nan=0.5))
            assert exercise.differentiable or not one.requires_grad or isinstance(one, nn.Parameter)
