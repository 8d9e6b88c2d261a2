"""A lesson runs to its end whatever stands in its stubs, and a solved copy passes strict nbval.

Here a small invented one; the course's own run on right answers in test_notebooks.py, on wrong ones in test_browser.py.
"""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import toy_exercises as toys
from exercise_cells import STUBS, cell, exercise
from filled import answer, verdicts
from nbformat.v4 import new_notebook

from course_utils import store
from course_utils.exercises.cells import fill
from course_utils.files import ROOT, CourseError

TESTS = str(Path(__file__).parent)
SET_UP = (
    f"import sys\nsys.path.insert(0, {TESTS!r})\nimport toy_exercises\nimport torch\nfrom torch import nn\n"
    "toy_exercises.register()\nfrom course_utils.exercises import check, progress"
)


def executed(notebook, folder):
    path = folder / "filled.ipynb"
    nbformat.write(notebook, path)
    return store.execute(path).notebook


@pytest.fixture
def toy_lesson(monkeypatch):
    toys.register(monkeypatch.setattr)
    use = cell("print(weighted(*(torch.ones(1, 2, 3),) * 3).shape, Mixer.__name__)")
    return new_notebook(cells=[cell(SET_UP), *exercise("99.1"), *exercise("99.2"), use, cell("progress()")])


@pytest.mark.parametrize("sign", ["○", "✓", "✗"])
def test_a_small_lesson_runs_to_its_end_whatever_stands_in_its_stubs(sign, toy_lesson, tmp_path):
    lesson = toy_lesson
    if sign != "○":
        lesson = fill(toy_lesson, {id: answer(id, sign == "✓") for id in STUBS})
    done = executed(lesson, tmp_path)
    assert [line[:6] for line in verdicts(done).values()] == [f"{sign} 99.1", f"{sign} 99.2"]
    assert done.cells[-2].outputs[0].text == "torch.Size([1, 2, 3]) Mixer\n"
    assert done.cells[-1].outputs[0].data["text/plain"] == "progress: open the lesson in JupyterLab to see yours"


@pytest.mark.parametrize(("right", "passes"), [(True, True), (False, False)])
def test_strict_nbval_accepts_a_solved_copy_and_no_wrong_one(right, passes, toy_lesson, tmp_path):
    stored = executed(toy_lesson, tmp_path)
    path = tmp_path / "solved.ipynb"
    nbformat.write(fill(stored, {id: answer(id, right) for id in STUBS}), path)
    assert (nbval(path).returncode == 0) is passes


def test_strict_nbval_accepts_what_a_student_saved_in_jupyterlab(toy_lesson, tmp_path, monkeypatch):
    solved = fill(toy_lesson, {id: answer(id, True) for id in STUBS})
    solved.cells[-1].source = "from course_utils.exercises import hint\nhint('99.1')\nhint('99.1')\nprogress()"
    monkeypatch.setattr(store, "lesson_environment", lambda: {"MPLBACKEND": "agg", "COURSE_NO_PROGRESS": "0"})
    done = executed(solved, tmp_path)
    assert "hint 2 of 2" in done.cells[-1].outputs[0].text
    assert "99.1 ✓" in str(done.metadata["widgets"])
    assert (tmp_path / "progress.json").exists()
    path = tmp_path / "saved.ipynb"
    nbformat.write(done, path)
    checked = nbval(path)
    assert checked.returncode == 0, checked.stdout


def nbval(path):
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider", "--nbval", "-q", str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8")


def test_filling_an_unknown_exercise_lists_the_known_ones(toy_lesson):
    with pytest.raises(CourseError, match=r"the notebook has no exercise 7\.7: it has 99\.1, 99\.2"):
        fill(toy_lesson, {"7.7": ""})
