"""Course folders: what students are handed has no answer in it, works, and nothing is overwritten."""

import ast
import json
import os
import subprocess
import sys

import nbformat
import pytest

from course_utils import __main__ as commands
from course_utils.boxes import intersection_and_union
from course_utils.exercises import registry
from course_utils.exercises.help import source
from course_utils.exercises.variants import has_variant
from course_utils.files import CourseError
from course_utils.grading import handout, versions
from course_utils.grading.assignment import Item, assignment, load, points_of
from course_utils.grading.course_folder import CourseFolder, only_assignment
from course_utils.grading.judging import Key, stub
from course_utils.grading.problem_set import problem_set
from course_utils.grading.sandbox import Sandbox
from course_utils.grading.submissions import Part, read_cells, rulings
from course_utils.grading.traces import Answers

IDS = ["2.2", "2.8", "8.6"]
ALL = [exercise for lesson in registry.lesson_numbers() for exercise in registry.lesson_exercises(lesson)]


@pytest.fixture(scope="module")
def assigned():
    return assignment("ps1", IDS, {"2.8": 7.5})


@pytest.fixture(scope="module")
def folder(assigned, tmp_path_factory):
    root = tmp_path_factory.mktemp("class") / "vision"
    handout.write_course(assigned, root)
    return CourseFolder(root, "ps1")


def of_student(folder, code):
    """Run code with the student's package, and return what it printed."""
    command = [
        sys.executable,
        "-s",
        "-P",
        "-c",
        f"import sys; sys.path.insert(0, sys.argv[1])\n{code}",
        str(folder.student),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "COURSE_NO_PROGRESS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    return done.stdout + done.stderr


def test_no_answer_is_left(folder, assigned):
    answers = Answers({item.id: [source(item.exercise.reference)] for item in assigned.items})
    assert answers.left_in(folder.student) == [] == answers.left_in(folder.release)
    assert {trace.id for trace in answers.left_in(folder.source)} == set(IDS)  # it would be found


@pytest.mark.parametrize("place", ["code", "markdown", "output", "metadata", "another indentation", "a file"])
def test_an_answer_is_found_wherever_it_stands(tmp_path, place):
    answer = source(registry.find("2.2").reference)
    text = answer.replace("    ", "  ").replace(", ", ",\n") if place == "another indentation" else answer
    cell = nbformat.v4.new_code_cell("" if place in ("output", "metadata", "markdown") else text)
    if place == "output":
        cell.outputs = [nbformat.v4.new_output("stream", text=text)]
    if place == "metadata":
        cell.metadata["kept"] = {"here": [text]}
    if place == "markdown":
        cell = nbformat.v4.new_markdown_cell(text)
    if place == "a file":
        (tmp_path / "notes.txt").write_text(text, encoding="utf-8")
    else:
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "a.ipynb")
    assert [trace.id for trace in Answers({"2.2": [answer]}).left_in(tmp_path)] == ["2.2"]


@pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.id)
def test_every_exercises_own_text_is_an_answer_and_its_stub_is_none(exercise):
    answers = Answers({exercise.id: [source(exercise.reference)]})
    assert list(answers.found_in(source(exercise.reference), ""))
    assert not list(answers.found_in(stub(exercise.reference), ""))


def test_the_students_package_passes_on_to_the_answer(folder):
    written = (
        "import math\nfrom course_utils.exercises import check\nfrom course_utils.models import attention\n"
        "import torch\nx = torch.ones(1, 2, 4)\n"
    )
    before = of_student(folder, written + "attention.attention(x, x, x)")
    assert "this needs your answer to exercise 2.2" in before
    answer = (
        "def attention_weights(query, key, mask=None):\n    return torch.ones(1, 2, 2)\n"
        "attention_weights = check('2.2', attention_weights)\nprint(attention.attention(x, x, x).sum())"
    )
    after = of_student(folder, written + answer)
    assert after == (
        "○ 2.2 is handed in as it stands: your instructor's grading says whether it is right\ntensor(16.)\n"
    )


def test_a_graded_exercise_has_neither_hint_nor_solution_and_its_form_is_told(folder):
    for call in ("hint", "solution"):
        told = of_student(folder, f"from course_utils.exercises import {call}\n{call}('2.2')")
        assert "exercise 2.2 is graded" in told
    told = of_student(folder, "from course_utils.exercises import check\ncheck('2.2', lambda query: query)")
    assert "`key` is missing" in told
    told = of_student(folder, "from course_utils.exercises import check\ncheck('2.2', ...)")
    assert told.startswith("○ 2.2 not attempted")


def test_the_students_package_neither_assigns_nor_grades(folder):
    calls = "main(['grade', 'x']), main(['assign', '--out', 'x', '--exercises', '2.1'])"
    code = f"from course_utils.__main__ import main\nprint({calls})"
    told = of_student(folder, code)
    assert told.startswith("1 1\n") and told.count("in the course's repository") == 2


def test_what_only_authors_need_is_left_out(folder):
    assert not (folder.student / "course_utils" / "scaffold").exists()
    words = "['new-exercise', '2.10', '--reference', 'course_utils.models.attention.x']"
    told = of_student(folder, f"from course_utils.__main__ import main\nprint(main({words}))")
    assert told.endswith("student isn't the course's own repository: run new-exercise in a clone of it\n"), told


def test_other_exercises_are_checked_as_ever(folder):
    code = "from course_utils.exercises import check\ncheck('2.3', lambda query, key, value, mask=None: 5)"
    assert "✗ 2.3" in of_student(folder, "import torch\n" + code) or "this needs your answer" in of_student(
        folder, code
    )
    told = of_student(folder, "from course_utils.exercises import check\ncheck('2.4', lambda tokens: 5)")
    assert told.startswith("✗ 2.4\n  What: the output is an int, expected a Tensor")


def test_notebooks_carry_points_and_no_solutions_or_outputs(folder):
    notebook = nbformat.read(folder.release / "02_self_attention.ipynb", as_version=4)
    graded = {c.metadata["nbgrader"]["grade_id"]: c for c in notebook.cells if "nbgrader" in c.metadata}
    assert list(graded) == ["answer-2-2", "check-2-2", "answer-2-8", "check-2-8"]
    assert (
        graded["check-2-8"].metadata["nbgrader"]["points"] == 7.5 and graded["check-2-8"].metadata["nbgrader"]["locked"]
    )
    assert graded["answer-2-2"].source.rstrip().endswith("...")
    assert any(cell.source == "*Graded: 7.5 points.*" for cell in notebook.cells)
    assert not any("The course's version" in cell.source for cell in notebook.cells)
    assert all(cell.get("outputs", []) == [] for cell in notebook.cells) and "widgets" not in notebook.metadata


def test_the_rubric_has_answers_and_mistakes(folder, assigned):
    text = (folder.own / "rubric.md").read_text(encoding="utf-8")
    for item in assigned.items:
        assert source(item.exercise.reference) in text
        assert all(f"| {mistake.name} |" in text for mistake in item.exercise.mistakes)


def test_the_folder_remembers_what_was_assigned(folder, assigned):
    assert load(folder.own) == assigned and assigned.points == 7.5 + sum(
        registry.find(id).difficulty for id in ("2.2", "8.6")
    )


def test_nothing_is_overwritten(folder, assigned, capsys, tmp_path):
    before = sorted((path, path.stat().st_mtime_ns) for path in folder.root.rglob("*"))
    with pytest.raises(CourseError, match="is never overwritten: choose another --name"):
        handout.write_course(assigned, folder.root)
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    assert commands.main(["assign", "--exercises", "2.1", "--out", str(tmp_path)]) == 1
    assert "is not empty, and no course folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    after = sorted((path, path.stat().st_mtime_ns) for path in folder.root.rglob("*") if path != folder.root)
    assert [one for one in after if one[0] != folder.root] == [one for one in before if one[0] != folder.root]


def test_a_changed_package_is_not_graded_with(folder):
    versions.require_same(folder.student)
    worker = folder.student / "course_utils" / "grading" / "worker.py"
    kept = worker.read_text(encoding="utf-8")
    worker.write_text(kept + "#", encoding="utf-8")
    with pytest.raises(CourseError, match="differs from this course's own"):
        versions.require_same(folder.student)
    worker.write_text(kept, encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([["2.99"], {}], "there is no exercise 2.99"),
        ([["2.1", "2.1"], {}], "2.1 is named twice"),
        ([["2.1"], {"2.2": 1.0}], "points for 2.2, which isn't assigned"),
        ([["2.1"], {"2.1": 0.0}], "0 points for 2.1"),
        ([[], {}], "no exercise is named"),
    ],
)
def test_what_makes_no_sense_is_told(words, problem):
    with pytest.raises(CourseError, match=problem):
        assignment("ps1", *words)


@pytest.mark.parametrize("name", ["", "../ps1", "a b", "ps/1", "é"])
def test_a_name_that_is_no_folder_is_refused(name):
    with pytest.raises(CourseError, match="can't be an assignment's name"):
        assignment(name, ["2.1"], {})


def test_points_are_read_from_words():
    assert points_of(["2.1=3", "2.2=1.5"]) == {"2.1": 3.0, "2.2": 1.5}
    with pytest.raises(CourseError, match=r"'2\.1' says no points"):
        points_of(["2.1"])


@pytest.mark.parametrize("content", [b"{", b"[]", json.dumps({"name": "a", "items": [{"id": "2.1"}]}).encode()])
def test_a_damaged_assignment_is_told(tmp_path, content):
    folder = tmp_path / "ps1"
    folder.mkdir()
    with pytest.raises(CourseError, match=r"is no assignment: it has no assignment\.json; `assign` makes one"):
        load(folder)
    (folder / "assignment.json").write_bytes(content)
    with pytest.raises(CourseError, match="run `assign` again"):
        load(folder)


def test_a_misspelt_assignment_is_told_with_those_that_there_are(tmp_path):
    for name in ("ps1", "ps2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "assignment.json").write_text("{}")
    with pytest.raises(CourseError, match=r"pss1 is no assignment: it has no assignment\.json; there is ps1, ps2"):
        load(tmp_path / "pss1")


# -- variants ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def variants(tmp_path_factory):
    """A course folder with two variants, and an exercise that has none."""
    folder = CourseFolder(tmp_path_factory.mktemp("class") / "vision", "ps2")
    words = [
        "assign",
        "--exercises",
        "2.1",
        "10.1",
        "5.3",
        "--variant-seed",
        "3",
        "--name",
        "ps2",
        "--out",
        str(folder.root),
    ]
    assert commands.main(words) == 0
    return folder


def graded(folder, answers):
    """Grade cells with answers to what was assigned."""
    assigned = load(folder.own)
    keys = [Key(item.exercise) for item in assigned.items]
    found = rulings([Part(answers, keys)], Sandbox(folder.student, protected=False))
    return {id: ruling.mistake or ruling.state for id, ruling in found.items()}


def test_variants_stand_in_one_notebook_and_no_answer_is_left(variants):
    assigned = load(variants.own)
    assert [bool(item.variant) for item in assigned.items] == [True, False, True]
    assert [path.name for path in (variants.release).iterdir()] == ["ps2.ipynb"]
    notebook = nbformat.read(variants.release / "ps2.ipynb", as_version=4)
    for item in assigned.items:
        stubs = [cell.source for cell in notebook.cells if "exercise" in cell.metadata.get("tags", [])]
        assert any(item.exercise.reference.__name__ in stub and stub.rstrip().endswith("...") for stub in stubs)
    both = {item.id: [source(item.exercise.reference), source(item.course.reference)] for item in assigned.items}
    assert Answers(both).left_in(variants.student) == []
    shipped = {path.name for path in (variants.student / "course_utils" / "exercises").iterdir()}
    assert not shipped & {"variants.py", "recipes.py", "variants_02.py", "options.py"}


def test_a_variants_answer_is_right_and_the_lessons_own_is_told(variants):
    items = load(variants.own).items
    imports = [item.variant.imports for item in items if item.variant] + ["from course_utils.boxes import *"]
    right = [source(item.exercise.reference) for item in items]
    assert set(graded(variants, [*imports, *right]).values()) == {"correct"}
    own = [source(item.course.reference) for item in items]
    helper = source(intersection_and_union)  # of the lesson's box_iou; the student's package doesn't have it
    told = graded(variants, [*imports, helper, *own])
    assert told == {"2.1": "lesson's-version", "5.3": "correct", "10.1": "lesson's-version"}


@pytest.mark.parametrize("exercise", [one for one in ALL if not has_variant(one.id)], ids=lambda one: one.id)
def test_what_has_no_variant_finds_in_a_problem_set_what_its_lesson_has(exercise):
    notebook = problem_set(assignment("ps", [exercise.id], {}, seed=1))
    names = {}
    exec("\n".join(cell.source for cell in notebook.cells[:3] if cell.cell_type == "code"), names)
    exec(source(exercise.reference), names)  # annotations, bases and defaults are looked up now
    used = {node.id for node in ast.walk(ast.parse(source(exercise.reference))) if isinstance(node, ast.Name)}
    elsewhere = vars(sys.modules[exercise.reference.__module__])
    assert used & elsewhere.keys() <= names.keys()


def test_other_seeds_ask_for_other_things():
    settings = {Item("2.1", 1.0, seed).variant.setting for seed in range(4)}
    assert len(settings) == 4 and all(settings)


def test_exercises_that_are_built_on_each_other_are_not_assigned_as_variants_together(tmp_path, capsys):
    words = ["assign", "--exercises", "2.2", "2.8", "--variant-seed", "3", "--out", str(tmp_path / "ps3")]
    assert commands.main(words) == 1
    assert "the right answer to 2.8 would be wrong" in capsys.readouterr().err
    assert list((tmp_path / "ps3").iterdir()) == []


def test_the_instructors_own_version_gets_all_points(folder):
    assigned = load(folder.own)
    parts = [
        Part([cell.code for cell in read_cells(folder.source, name)], [Key(item.exercise) for item in items])
        for name, items in assigned.notebooks().items()
    ]
    found = rulings(parts, Sandbox(folder.student, protected=False))
    assert [ruling.state for ruling in found.values()] == ["correct"] * 3


def test_a_second_assignment_goes_into_the_same_course_folder(folder):
    second = CourseFolder(folder.root, "ps2")
    before = (folder.root / "nbgrader_config.py").read_bytes()
    assert only_assignment(folder.root) == "ps1"
    assert commands.main(["assign", "--exercises", "1.4", "--name", "ps2", "--out", str(folder.root)]) == 0
    assert all(path.is_dir() for path in (*folder.parts, *second.parts))
    assert (folder.root / "nbgrader_config.py").read_bytes() == before
    with pytest.raises(CourseError, match="has 2 assignments: name one, for example --name ps1"):
        only_assignment(folder.root)
