"""Grades in nbgrader's gradebook, and graded notebooks where nbgrader's JupyterLab extension shows them."""

from __future__ import annotations

import importlib.util
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from course_utils.files import CourseError, write_atomically
from course_utils.grading.assignment import Assignment, Item
from course_utils.grading.course_folder import CourseFolder
from course_utils.grading.graded_notebook import graded_notebook
from course_utils.grading.judging import CORRECT, UNFORESEEN, Ruling
from course_utils.grading.receipts import STAMP, receipts
from course_utils.grading.submissions import Cell, SubmissionError, read_cells
from course_utils.grading.words import writable

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

    from course_utils.grading.classroom import Graded

REMEDY = "python -m pip install -c constraints.txt -e '.[nbgrader]'"


def is_available() -> bool:
    """Return whether nbgrader is installed."""
    return importlib.util.find_spec("nbgrader") is not None


def register(assigned: Assignment, folder: CourseFolder) -> None:
    """Enter an assignment, its notebooks and points.

    Raises:
        CourseError: the gradebook can't be written.
    """
    from nbgrader.preprocessors import SaveCells

    with _opened(folder) as book:
        book.update_or_create_assignment(assigned.name)
        facts = {"assignment": assigned.name, "db_url": _url(folder)}
        for name in assigned.notebooks():
            notebook = nbformat.read(folder.source / name, as_version=4)
            SaveCells().preprocess(notebook, {"nbgrader": {**facts, "notebook": Path(name).stem}})


def record(assigned: Assignment, folder: CourseFolder, done: Iterable[Graded]) -> None:
    """Enter a class's grades, and write each graded notebook.

    A score that somebody gave by hand stays, and is marked to be looked at again.

    Raises:
        CourseError: the gradebook or a notebook can't be written. Whose can, is entered all the same.
    """
    register(assigned, folder)
    failed = []
    with _opened(folder) as book:
        for graded in done:
            if not folder.submitted(graded.student).is_dir():
                continue  # nothing of this assignment was handed in
            try:
                _record_one(book, assigned, folder, graded)
            except (OSError, ValueError) as error:
                book.db.rollback()
                failed.append(f"{writable(graded.student)} ({type(error).__name__}: {str(error)[:100]})")
    if failed:
        raise CourseError(
            f"{folder.gradebook} or autograded/ lacks {', '.join(failed)}: the grades are in grades.csv; mend what is "
            "said there, and grade again"
        )


def _record_one(book: Gradebook, assigned: Assignment, folder: CourseFolder, graded: Graded) -> None:
    student, known = writable(graded.student), receipts(folder.submitted(graded.student))
    book.update_or_create_student(student)
    book.update_or_create_submission(assigned.name, student, timestamp=known[STAMP])
    place = folder.autograded(graded.student)
    place.mkdir(parents=True, exist_ok=True)
    for name, text in known.items():
        write_atomically(place / name, text.encode())
    rulings = {ruling.id: ruling for ruling in graded.rulings}
    for name, items in assigned.notebooks().items():
        for item in items:
            _enter(book, item, rulings[item.id], (Path(name).stem, assigned.name, student))
        _write_notebook(folder, graded.student, name, [rulings[item.id] for item in items])


def _enter(book: Gradebook, item: Item, ruling: Ruling, place: tuple[str, str, str]) -> None:
    number = item.id.replace(".", "-")
    grade = book.find_grade(f"check-{number}", *place)
    grade.auto_score = item.points if ruling.state == CORRECT else 0.0
    unforeseen = ruling.fault is not None and ruling.fault.why == UNFORESEEN
    grade.needs_manual_grade = grade.manual_score is not None or unforeseen
    book.find_comment(f"answer-{number}", *place).auto_comment = None
    book.db.commit()


def _write_notebook(folder: CourseFolder, student: str, name: str, rulings: Sequence[Ruling]) -> None:
    release = nbformat.read(folder.release / name, as_version=4)
    notebook = graded_notebook(_submitted(folder, student, name), release, {ruling.id: ruling for ruling in rulings})
    write_atomically(folder.autograded(student) / name, nbformat.writes(notebook).encode())


def _submitted(folder: CourseFolder, student: str, name: str) -> list[Cell]:
    try:
        return read_cells(folder.submitted(student), name)
    except (SubmissionError, OSError):
        return []  # the rulings say what it is instead


@contextmanager
def _opened(folder: CourseFolder) -> Iterator[Gradebook]:
    """Open the gradebook; nbgrader calls `alembic`, which lies beside this Python."""
    from nbgrader.api import Gradebook
    from sqlalchemy.exc import SAWarning, SQLAlchemyError

    path = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), path])
    try:
        with warnings.catch_warnings(), Gradebook(_url(folder), folder.course_id) as book:
            warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own order of entries, which all arrive
            yield book
    except (SQLAlchemyError, OSError) as error:
        raise CourseError(
            f"{folder.gradebook} can't be written ({type(error).__name__}: {str(error).splitlines()[0]}): close what "
            "else has it open, or move it away; `grade` writes it again"
        ) from error
    finally:
        os.environ["PATH"] = path


def _url(folder: CourseFolder) -> str:
    return f"sqlite:///{folder.gradebook.resolve()}"
