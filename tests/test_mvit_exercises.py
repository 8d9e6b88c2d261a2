"""Lesson 08's two exercises on relative positions, before the lesson registers them."""

import pytest
import test_lessons_exercises as every
from exercise_checks import (
    fresh_place,  # noqa: F401
    undiagnosed,
)
from exercise_outcomes import float64  # noqa: F401

from course_utils.exercises import alternatives_08_mvit as alternatives
from course_utils.exercises import cases_08_mvit as cases
from course_utils.exercises import check, registry
from course_utils.exercises.mistakes_08_decomposed import DECOMPOSED
from course_utils.exercises.mistakes_08_steps import STEPS
from course_utils.exercises.registry import Exercise
from course_utils.models import relative_positions

EXERCISES = (
    Exercise(
        id="97.1",
        reference=relative_positions.relative_index,
        cases=cases.two_sides,
        mistakes=STEPS,
        hints=(
            "Six queries and three keys along a side: the keys stand at places 0, 2 and 4 of the queries' grid.",
            "In steps of the finer grid, query i is at `i * finer // queries`; a key is as far from the last key as "
            "its place counted from the end.",
            "`torch.arange(keys).flip(0) * finer // keys` for the keys, the same without `flip` for the queries, and "
            "`query[:, None] + key`.",
        ),
        minutes=6,
        difficulty=3,
        alternatives=alternatives.STEPS,
        differentiable=False,
    ),
    Exercise(
        id="97.2",
        reference=relative_positions.decomposed_relative_positions,
        cases=cases.queries_and_tables,
        mistakes=DECOMPOSED,
        hints=(
            "`relative_vectors(rel_pos_h, H_q, H_k)` is (H_q, H_k, d). For one row of queries, (W_q, d), and one row "
            "of vectors, (H_k, d): which product makes (W_q, H_k)?",
            "`query @ rows.transpose(1, 2)` is (B, h, H_q, W_q, H_k). For the columns, put W_q in the place of H_q "
            "first, and back afterwards.",
            "`by_rows[..., :, None] + by_columns[..., None, :]` is (B, h, H_q, W_q, H_k, W_k); flatten the last two "
            "axes, then the queries' two.",
        ),
        minutes=10,
        difficulty=4,
        alternatives=alternatives.POSITIONS,
    ),
)
each = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.reference.__name__)


@each
def test_as_every_exercise(exercise):
    every.test_every_answer_has_the_references_parameters(exercise)
    every.test_mistakes_can_be_seen_and_told_apart(exercise)
    every.test_right_answers_are_right_and_so_are_their_gradients(exercise)
    every.test_cases_are_the_same_every_time_and_never_the_same_object(exercise)


@pytest.fixture(name="registered")
def with_the_exercises(monkeypatch):
    own = registry.lesson_exercises
    monkeypatch.setattr(registry, "lesson_exercises", lambda number: EXERCISES if number == 97 else own(number))
    numbers = registry.lesson_numbers()
    monkeypatch.setattr(registry, "lesson_numbers", lambda: [*numbers, 97])


@each
def test_each_mistake_gets_its_own_diagnosis_and_right_answers_pass(exercise, registered, capsys):
    for mistake in exercise.mistakes:
        check(exercise.id, mistake.wrong)
        printed = capsys.readouterr().out
        assert mistake.what in printed and mistake.why in printed and mistake.remedy in printed, (mistake.name, printed)
    for answer in exercise.alternatives:
        check(exercise.id, answer)
        assert capsys.readouterr().out.startswith(f"✓ {exercise.id} correct")


def _own_steps_turned_around(queries, keys):
    own = EXERCISES[0].mistakes[2]
    assert own.name == "own-steps"
    return own.wrong(queries, keys).flip(0, 1)


def _tables_swapped_and_scaled(query, rel_pos_h, rel_pos_w, key_grid):
    scale = query.shape[-1] ** 0.5
    return relative_positions.decomposed_relative_positions(query / scale, rel_pos_w, rel_pos_h, key_grid)


@pytest.mark.parametrize(("id", "answer"), [("97.1", _own_steps_turned_around), ("97.2", _tables_swapped_and_scaled)])
def test_two_mistakes_at_once_never_get_the_diagnosis_of_one(id, answer, registered, capsys):
    undiagnosed(capsys, answer, id)
