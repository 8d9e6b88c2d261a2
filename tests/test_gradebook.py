"""nbgrader's gradebook and graded notebooks: what was ruled stands there, whatever was handed in."""

import json
import os
from dataclasses import replace

import nbformat
import pytest

from conftest import missing
from course_utils.exercises.differences import Fault
from course_utils.files import CourseError
from course_utils.grading import gradebook
from course_utils.grading.assignment import assignment
from course_utils.grading.classroom import Graded
from course_utils.grading.course_folder import CourseFolder
from course_utils.grading.graded_notebook import LONGEST, graded_notebook
from course_utils.grading.handout import for_instructor, for_student, write
from course_utils.grading.judging import Ruling
from course_utils.grading.problem_set import problem_set
from course_utils.grading.receipts import SECRET, STAMP, receipts
from course_utils.grading.submissions import Cell

RIGHT, WRONG = Ruling("2.1", "correct", cases=4), Ruling("2.1", "wrong", Fault("too large", "no scale", "divide"))
STAMPED = "2026-11-30 06:42:51.272862 UTC"


@pytest.fixture(scope="module")
def assigned():
    return assignment("ps1", ["2.1"], {"2.1": 3.0}, seed=3)


@pytest.fixture
def folder(assigned, tmp_path):
    """A course folder with what the gradebook reads of it."""
    folder = CourseFolder(tmp_path / "vision", "ps1")
    for place, version in ((folder.source, for_instructor), (folder.release, for_student)):
        place.mkdir(parents=True)
        write(version(problem_set(assigned), list(assigned.items)), place / "ps1.ipynb")
    if not gradebook.is_available():
        missing("nbgrader")
    return folder


@pytest.fixture
def book(folder):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder.gradebook}", "vision") as book:
        yield book


def handed_in(folder, student, content=None):
    place = folder.submitted(student)
    place.mkdir(parents=True)
    text = (folder.release / "ps1.ipynb").read_text(encoding="utf-8") if content is None else content
    (place / "ps1.ipynb").write_text(text, encoding="utf-8")
    (place / STAMP).write_text(STAMPED, encoding="utf-8")


def shown(submitted, release, ruling=WRONG):
    notebook = graded_notebook(submitted, release, {"2.1": ruling})
    nbformat.validate(notebook)
    return notebook.cells


@pytest.fixture
def release(folder):
    return nbformat.read(folder.release / "ps1.ipynb", as_version=4)


def cells_of(notebook):
    return [
        Cell(cell.cell_type, cell.source, cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        for cell in notebook.cells
    ]


def test_the_ruling_stands_under_its_check_in_the_notebooks_words(release):
    found = shown(cells_of(release), release)
    assert [cell.source for cell in found] == [cell.source for cell in release.cells]
    (report,) = [output.text for cell in found if cell.cell_type == "code" for output in cell.outputs]
    assert report == "✗ 2.1 not right yet\n  What: too large\n  Why: no scale\n  Try: divide\n"
    (report,) = [o.text for c in shown(cells_of(release), release, RIGHT) if "outputs" in c for o in c.outputs]
    assert report == "✓ 2.1 correct on 4 cases\n"


def test_nothing_that_a_student_wrote_can_run_in_who_looks_at_it(release):
    hostile = "<script>alert(1)</script>\n\n```\n<img src=x onerror=alert(1)>"
    found = shown([Cell("markdown", hostile, ""), Cell("raw", hostile, "")], release)
    for cell in found[:2]:
        assert all(line.startswith("    ") for line in cell.source.splitlines())


def test_checks_and_points_are_the_courses_own_whatever_was_done_to_them(release):
    changed = [Cell(c.kind, "print('✓ 2.1')" if c.grade_id.startswith("check") else c.source, c.grade_id) for c in
               cells_of(release)]  # fmt: skip
    for submitted in (changed, [*changed, *changed], []):
        found = shown(submitted, release)
        marked = {c.metadata["nbgrader"]["grade_id"]: c for c in found if "nbgrader" in c.metadata}
        assert len(marked) == sum("nbgrader" in cell.metadata for cell in found) == 2  # none stands there twice
        assert marked["check-2-1"].source == 'attend_to_grid = check("2.1", attend_to_grid)'
        assert marked["check-2-1"].metadata["nbgrader"]["points"] == 3
    assert marked["answer-2-1"].source == "# this cell was deleted"


def test_what_no_file_can_hold_and_what_no_page_can_show_is_cut(release):
    found = shown([Cell("code", "'\ud800'", ""), Cell("code", "x" * 10**6, "")], release)
    assert found[0].source == "'?'"
    assert len(found[1].source) < LONGEST + 100 and "980,000 characters more" in found[1].source


def test_scores_are_entered_and_entered_again(folder, assigned, book):
    for student in ("ada", "ben"):
        handed_in(folder, student)
    gradebook.record(assigned, folder, [Graded("ada", (RIGHT,), 1.0), Graded("ben", (WRONG,), 1.0)])
    found = {row["student"]: row for row in book.submission_dicts("ps1")}
    assert {name: (row["score"], row["max_score"]) for name, row in found.items()} == {"ada": (3, 3), "ben": (0, 3)}
    assert str(found["ada"]["timestamp"]) == STAMPED.removesuffix(" UTC")
    gradebook.record(assigned, folder, [Graded("ada", (WRONG,), 1.0), Graded("ben", (RIGHT,), 1.0)])
    book.db.expire_all()
    assert {row["student"]: row["score"] for row in book.submission_dicts("ps1")} == {"ada": 0, "ben": 3}


def test_a_score_given_by_hand_stays(folder, assigned, book):
    handed_in(folder, "ben")
    gradebook.record(assigned, folder, [Graded("ben", (WRONG,), 1.0)])
    book.find_grade("check-2-1", "ps1", "ps1", "ben").manual_score = 2.5
    book.db.commit()
    gradebook.record(assigned, folder, [Graded("ben", (WRONG,), 1.0)])
    book.db.expire_all()
    (row,) = book.submission_dicts("ps1")
    assert (row["score"], row["needs_manual_grade"]) == (2.5, True)


def test_what_is_no_notebook_is_entered_too_and_who_handed_in_nothing_is_not(folder, assigned, book):
    handed_in(folder, "broken", "{")
    missing_one = Ruling("2.1", "missing", Fault("it is no notebook", "no JSON", "hand in again"))
    done = [Graded("broken", (missing_one,), 1.0), Graded("absent", (missing_one,), 1.0)]
    gradebook.record(assigned, folder, done)
    assert [row["student"] for row in book.submission_dicts("ps1")] == ["broken"]
    notebook = json.loads((folder.autograded("broken") / "ps1.ipynb").read_text(encoding="utf-8"))
    assert "it is no notebook" in str(notebook["cells"])


def test_one_whose_grades_cannot_be_written_does_not_stop_the_others(folder, assigned, book):
    for student in ("ada", "ben", "cai"):
        handed_in(folder, student)
    folder.autograded("ben").parent.mkdir(parents=True)
    folder.autograded("ben").write_text("in the way")
    done = [Graded(student, (RIGHT,), 1.0) for student in ("ada", "ben", "cai")]
    with pytest.raises(CourseError, match=r"lacks ben \(FileExistsError"):
        gradebook.record(assigned, folder, done)
    assert [book.find_submission("ps1", student).score for student in ("ada", "cai")] == [3.0, 3.0]


def test_what_is_no_character_can_be_written(folder, assigned):
    handed_in(folder, "ada")
    gradebook.record(assigned, folder, [Graded("ada", (replace(WRONG, fault=Fault("\ud800", "b", "c")),), 1.0)])
    assert (folder.autograded("ada") / "ps1.ipynb").is_file()


def test_a_gradebook_that_is_none_is_told(folder, assigned):
    folder.gradebook.write_bytes(b"no database" * 100)
    with pytest.raises(CourseError, match=r"gradebook\.db can't be written .*move it away"):
        gradebook.register(assigned, folder)


def test_receipts_are_read_and_made_up_where_there_are_none(folder, tmp_path):
    handed_in(folder, "ada")
    place = folder.submitted("ada")
    (place / SECRET).write_text("a secret", encoding="utf-8")
    assert receipts(place) == {STAMP: STAMPED, SECRET: "a secret"}
    (tmp_path / "elsewhere").write_text("another's secret", encoding="utf-8")
    (place / SECRET).unlink()
    (place / SECRET).symlink_to(tmp_path / "elsewhere")
    (place / STAMP).unlink()
    os.mkfifo(place / STAMP)
    found = receipts(place)
    assert len(found[SECRET]) == 128 and found[STAMP].endswith(" UTC")
    (place / STAMP).unlink()
    (place / STAMP).write_bytes(b"\xff never" * 1000)
    assert receipts(place)[STAMP].endswith(" UTC")
