"""Seeded variants: right answers are right, the lesson's own is told what was asked for, every mistake is itself."""

import ast
import functools
import inspect
import linecache
import re
import subprocess
import sys
from collections import Counter

import pytest
import torch
from exercise_checks import LESSONS, rewritten
from variant_checks import alike, faults, lines, tensors

from course_utils.exercises import attempt, engine, registry, variants
from course_utils.exercises.recipes import OWN
from course_utils.exercises.sources import NAMES
from course_utils.exercises.world import float64
from course_utils.files import CourseError

ALL = [exercise.id for lesson in LESSONS for exercise in registry.lesson_exercises(lesson)]
IDS = [id for id in ALL if variants.has_variant(id)]
SEEDS = [(id, seed) for id in IDS for seed in range(variants.settings(id))]  # neighbours: each setting once
FIRST = list({id.split(".")[0]: id for id in reversed(IDS)}.values())  # of each lesson
CODE_LINES = 20

every_variant = pytest.mark.parametrize("id", IDS)
every_setting = pytest.mark.parametrize(("id", "seed"), SEEDS, ids=[f"{id}-{seed}" for id, seed in SEEDS])


def stub_of(made):
    """Define a variant's stub, as a student's cell does."""
    names = {}
    exec(made.imports + made.stub, names)
    return names[made.reference.__name__]


def functions(source):
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]


# which there are


def test_a_third_of_all_exercises_has_variants_in_every_lesson_that_has_more_than_one():
    assert len(IDS) >= len(ALL) / 3
    assert {id.split(".")[0] for id in IDS} == {str(lesson) for lesson in LESSONS if lesson}


def test_an_exercise_without_variants_has_none():
    assert variants.variant("0.1", 3) is None
    assert not variants.has_variant("0.1")
    assert variants.settings("0.1") == 0


def test_an_unknown_exercise_is_refused():
    for ask in (lambda id: variants.variant(id, 1), variants.has_variant):
        with pytest.raises(CourseError, match=re.escape("there is no exercise 2.77")):
            ask("2.77")


def test_a_lessons_recipes_are_imported_only_when_asked_for():
    code = (
        "import sys; from course_utils.exercises import variants; variants.variant('4.1', 1); "
        "print([name for name in sys.modules if '.variants_' in name and '.variants_04' not in name])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


@every_setting
def test_a_stub_fits_a_notebooks_cell(id, seed):
    stub = variants.variant(id, seed).stub
    assert max(map(len, stub.splitlines())) <= 88
    assert all(line.count("(") == line.count(")") for line in stub.splitlines() if "(B, " in line)  # shapes stay whole


# seeds


@every_variant
def test_seeds_choose_settings_and_numbers(id):
    count = variants.settings(id)
    assert count >= 4
    made = [variants.variant(id, seed) for seed in range(-1, 2 * count)]
    assert len({one.setting for one in made}) == len({one.source for one in made}) == count
    assert len({one.setting for one in made[:count]}) == count
    again = variants.variant(id, 1)
    assert (again.source, again.stub, again.setting) == (made[2].source, made[2].stub, made[2].setting)
    assert again.reference is made[2].reference
    with float64():
        assert alike(again.cases(), made[2].cases())
        drawn = [made[seed + 1].cases() for seed in (1, 1 + count)]  # of the same setting
        assert not alike(*drawn)
        assert not alike(drawn[0], registry.find(id).cases())


@every_setting
def test_cases_are_in_one_piece_and_their_tensors_leaves(id, seed):
    exercise, made = registry.find(id), variants.variant(id, seed)
    with float64():
        cases, course = made.cases(), exercise.cases()
    found, before = ([t for case in every for t in tensors(case)] for every in (cases, course))
    assert all(tensor.is_leaf and tensor.is_contiguous() for tensor in found)
    assert any(t.requires_grad for t in found) == any(t.requires_grad for t in before)


# sources, stubs and texts


def test_the_source_is_found_where_somebody_has_cleared_pythons_store_of_them(monkeypatch):
    monkeypatch.setattr(linecache, "cache", {})
    made = variants.variant("2.1", 3)
    assert inspect.getsource(made.reference).strip() == made.source.strip()
    linecache.cache.clear()
    assert inspect.getsource(variants.variant("2.1", 3).reference).strip() == made.source.strip()


@every_setting
def test_the_source_is_readable_and_the_stub_its_beginning(id, seed):
    made = variants.variant(id, seed)
    assert inspect.getsource(made.reference).strip() == made.source.strip()
    assert all(len(line) <= 120 and line == line.rstrip() and "$" not in line for line in made.source.splitlines())
    assert "Here " in made.stub and all(" ".join(part.split()) in " ".join(made.stub.split()) for part in asked(made))
    for function in functions(made.source):
        begin = function.body[1].lineno if ast.get_docstring(function) else function.body[0].lineno
        assert function.end_lineno - begin < CODE_LINES
        assert function.returns is not None or function.name == "__init__"
    stub = stub_of(made)
    assert attempt.is_untouched(stub)
    assert attempt.form_fault(made.reference, stub) is None
    assert inspect.getdoc(stub) == inspect.getdoc(made.reference)
    assert signatures(stub) == signatures(made.reference) and arguments(stub) == arguments(registry.find(id).reference)


def asked(made):
    return made.setting.split("; ")


def methods(answer):
    return [answer.__init__, answer.forward] if isinstance(answer, type) else [answer]


def signatures(answer):
    return [str(inspect.signature(method)) for method in methods(answer)]


def arguments(answer):
    return [
        [(p.name, p.kind, p.default) for p in inspect.signature(method).parameters.values()]
        for method in methods(answer)
    ]


@every_setting
def test_its_texts_are_well_formed(id, seed):
    exercise, made = registry.find(id), variants.variant(id, seed)
    names = [mistake.name for mistake in made.mistakes]
    assert names[0] == OWN and len(set(names)) == len(names)
    assert len(names) - 1 >= min(4, len(exercise.mistakes))
    assert names[1:] == [mistake.name for mistake in exercise.mistakes if mistake.name in names]
    for line in [line for mistake in made.mistakes for line in (mistake.what, mistake.why, mistake.remedy)]:
        assert line[0].isupper() or line[0] == "`" or re.match(r"\d", line), line
        assert line.endswith((".", "?")) and "$" not in line and "\n" not in line, line
    for part in asked(made):
        assert part in made.mistakes[0].why
    for mistake in made.mistakes:
        assert arguments(mistake.wrong) == arguments(made.reference), mistake.name


@every_variant
def test_the_names_of_mistakes_exist(id):
    recipe = variants._recipes(id)[id]
    known = {mistake.name for mistake in registry.find(id).mistakes}
    assert {*recipe.keep.split(), *recipe.told} <= known
    assert not set(recipe.keep.split()) & set(recipe.told)
    assert not set(recipe.names) & set(NAMES)


# verdicts


@functools.cache
def tried(id):
    """Choose, for each setting of an exercise, the mistakes that are tried there: each in every fifth that has it."""
    had, chosen = Counter(), []
    for seed in range(variants.settings(id)):
        names = [mistake.name for mistake in variants.variant(id, seed).mistakes]
        chosen.append({name for name in names if had[name] % 5 == 0 or name == OWN})
        had.update(names)
    return chosen


@every_setting
def test_right_answers_are_right_and_mistakes_get_their_own_diagnosis(id, seed):
    exercise, made = registry.find(id), variants.variant(id, seed)
    assert len(made.alternatives) >= 3
    assert made.mistakes[0].wrong is exercise.reference
    mistakes = [mistake for mistake in made.mistakes if mistake.name in tried(id)[seed]]
    answers = [made.alternatives[0], made.alternatives[1 + seed % (len(made.alternatives) - 1)], made.reference]
    told = faults(made, [*answers, *(mistake.wrong for mistake in mistakes)])
    assert told[:3] == [None] * 3, made.setting
    for mistake, found in zip(mistakes, told[3:], strict=True):
        assert found == lines(mistake), (mistake.name, made.setting)


@pytest.mark.parametrize("id", FIRST)
def test_check_says_the_same(id):
    """The same by the way of `check`, with answers that are new objects, each in a thread of its own."""
    exercise, made = registry.find(id), variants.variant(id, 2)
    copies = [rewritten(made.reference), made.alternatives[-1], rewritten(exercise.reference), made.mistakes[-1].wrong]
    told = [engine._verdict(made, answer).fault for answer in copies]
    assert told[:2] == [None, None], made.setting
    assert [lines(fault) for fault in told[2:]] == [lines(made.mistakes[0]), lines(made.mistakes[-1])]


@every_variant
def test_numbers_in_the_cases_come_from_the_seed_alone(id):
    torch.manual_seed(5)
    with float64():
        one = variants.variant(id, 3).cases()
        torch.manual_seed(6)
        assert alike(one, variants.variant(id, 3).cases())
