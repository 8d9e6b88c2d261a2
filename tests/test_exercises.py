"""Every exercise, the toys and the real ones: its reference, its alternatives, its mistakes; hints and progress."""

import json
import re

import pytest
import torch
import toy_exercises as toys
from exercise_checks import (
    LESSONS,
    OPEN,
    fresh_place,  # noqa: F401
    rewritten,
    verdict,
    wrong,
)

from course_utils.exercises import check, compare, hint, observe, progress, registry, solution
from course_utils.exercises.brief import brief
from course_utils.exercises.world import World, float64, quiet
from course_utils.files import CourseError

REAL = [exercise for lesson in LESSONS for exercise in registry.lesson_exercises(lesson)]
ALL = [*toys.EXERCISES, *REAL]

every_exercise = pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.id)


# every exercise, the toys and the real ones


@every_exercise
def test_the_courses_own_object_is_not_an_attempt(exercise, capsys):
    assert verdict(capsys, exercise.id, exercise.reference) == (exercise.reference, OPEN.format(exercise.id))


@every_exercise
def test_a_copy_of_the_reference_and_every_alternative_is_right(exercise, capsys, place):
    assert len(exercise.alternatives) >= 2
    line = f"✓ {exercise.id} correct on {len(exercise.cases())} cases\n"
    for answer in (rewritten(exercise.reference), *exercise.alternatives):
        assert verdict(capsys, exercise.id, answer) == (answer, line.replace(" 1 cases", " 1 case")), answer
    assert json.loads(place.read_text(encoding="utf-8"))["solved"] == [exercise.id]


@pytest.mark.parametrize(
    ("exercise", "mistake"),
    [pytest.param(e, m, id=f"{e.id}-{m.name}") for e in ALL for m in e.mistakes],
)
def test_every_mistake_gets_its_own_diagnosis(exercise, mistake, capsys):
    lines = wrong(capsys, mistake.wrong, exercise.id)
    assert lines == f"  What: {mistake.what}\n  Why: {mistake.why}\n  Try: {mistake.remedy}"


@pytest.mark.parametrize(
    ("exercise", "mistake"),
    [pytest.param(e, m, id=f"{e.id}-{m.name}") for e in ALL for m in e.mistakes],
)
def test_the_inputs_make_every_mistake_visible(exercise, mistake):
    with quiet() as captured, float64():
        world = World()
        observer = observe.Observer(brief(exercise, world), captured, world)
        right, mine = observer.observe(exercise.reference), observer.observe(mistake.wrong)
        world.close()
    assert any(visible(one, other) for one, other in zip(right, mine, strict=True))


def visible(right, mine):
    """Tell whether two observations differ by more than a thousandth."""
    if (right.raised, right.misfit, right.changed, right.start) != (mine.raised, mine.misfit, mine.changed, mine.start):
        return True
    for pair in compare.mismatches(right.output, mine.output):
        if pair.kind != "value" or not isinstance(pair.expected, torch.Tensor) or not pair.expected.is_floating_point():
            return True
        if compare.difference(pair.expected, pair.got)[0] > 1e-3 * compare.scale(pair.expected):
            return True
    largest = max([compare.scale(g) for g in right.gradients.values()], default=1.0)
    missing = right.gradients.keys() - mine.gradients.keys()
    return bool(missing) or any(
        (right.gradients[n] - mine.gradients[n]).abs().max() > 1e-3 * largest for n in right.gradients
    )


@every_exercise
def test_its_texts_and_cases_are_well_formed(exercise):
    texts = [text for m in exercise.mistakes for text in (m.what, m.why, m.remedy)] + list(exercise.hints)
    assert all(text.strip() and "\n" not in text for text in texts)
    assert len({m.name for m in exercise.mistakes}) == len(exercise.mistakes)
    assert 1 <= exercise.difficulty <= 5
    assert exercise.minutes > 0
    with float64():
        one, other = exercise.cases(), exercise.cases()
    assert [c.note for c in one] == [c.note for c in other]
    for left, right in zip(one, other, strict=True):
        pair = [observe.plain([list(case.arguments), case.keywords]) for case in (left, right)]
        assert compare.same(*pair), "the cases differ from one call to the next: seed them"
    if exercise.differentiable and not isinstance(exercise.reference, type):
        assert any(t.requires_grad for case in one for t in observe._tensors([case.arguments, case.keywords]).values())


# finding, hints, solutions, progress


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("99.7", "there is no exercise 99.7: lesson 99 has 99.1, 99.2, 99.3"),
        ("77.1", "there is no exercise 77.1: lesson 77 has none"),
        ("two", "'two' is not the id of an exercise: write lesson and number"),
        (9.1, "9.1 is not the id of an exercise"),
    ],
)
def test_an_unknown_id_lists_the_known_ones(id, message):
    with pytest.raises(CourseError, match=re.escape(message)):
        check(id, print)


def test_each_hint_tells_more_and_the_last_names_the_solution(capsys):
    for line in (
        "hint 1 of 2: look at the shapes",
        "hint 2 of 2: divide by the root of the width",
        "no more hints: solution(",
    ):
        hint("99.1")
        assert capsys.readouterr().out.startswith(f"○ 99.1 {line}")


def test_hints_and_progress_stand_still_while_a_lesson_is_stored(capsys, monkeypatch, place):
    monkeypatch.setenv("COURSE_NO_PROGRESS", "1")
    for _ in range(3):
        hint("99.1")
    assert capsys.readouterr().out == "○ 99.1 hint 1 of 2: look at the shapes\n" * 3
    check("99.1", rewritten(toys.weighted))
    assert "✓" not in progress().value
    assert not place.exists()


def test_the_solution_is_the_references_source(capsys):
    solution("99.1")
    assert 'def weighted(query, key, value, mask=None):\n    """Average' in capsys.readouterr().out


def test_the_board_follows_every_check_and_stores_a_fixed_text(capsys):
    board = progress()
    assert "99.2 ·" in board.value
    check("99.2", rewritten(toys.Mixer))
    assert "99.2 ✓" in board.value
    assert "99.1 ·" in board.value
    assert repr(board) == "progress: open the lesson in JupyterLab to see yours"
    assert board._repr_mimebundle_()["text/plain"] == repr(board)


def test_an_empty_record_is_filled(place, capsys):
    place.write_bytes(b"")
    assert "✓ 99.1" in verdict(capsys, "99.1", rewritten(toys.weighted))[1]
    assert json.loads(place.read_text(encoding="utf-8"))["solved"] == ["99.1"]


@pytest.mark.parametrize("content", [b"[]", b"{", b"\xff\xfe", b'{"solved": 3, "hints": {}}', b'{"solved": []}'])
def test_a_record_that_is_damaged_or_somebody_elses_stays_as_it_is(content, place, capsys):
    place.write_bytes(content)
    assert "✓ 99.1" in verdict(capsys, "99.1", rewritten(toys.weighted))[1]
    board = progress().value
    assert "99.1 ✓" in board and "is not the course's; move it away" in board.replace("&#x27;", "'")
    assert place.read_bytes() == content
    place.unlink()
    assert "✓ 99.1" in verdict(capsys, "99.1", rewritten(toys.weighted))[1]
    assert json.loads(place.read_text(encoding="utf-8"))["solved"] == ["99.1"]


def test_an_unwritable_record_is_a_line_on_the_board(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "file" / "progress.json"))
    assert verdict(capsys, "99.1", rewritten(toys.weighted))[1] == "✓ 99.1 correct on 2 cases\n"
    board = progress().value
    assert "99.1 ✓" in board
    assert "progress.json cannot be written here" in board
