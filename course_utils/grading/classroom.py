"""Grade a whole class: every submission by itself, two at a time, none able to stop the others."""

import csv
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from course_utils.exercises.differences import Fault
from course_utils.files import ROOT, CourseError, write_atomically
from course_utils.grading import assignment as assignments
from course_utils.grading import gradebook, sandbox
from course_utils.grading.assignment import Assignment, Item
from course_utils.grading.course_folder import CourseFolder
from course_utils.grading.feedback import class_page, student_page
from course_utils.grading.handout import require_solvable
from course_utils.grading.judging import CORRECT, MISSING, STOPPED, UNFORESEEN, Key, Ruling
from course_utils.grading.submissions import Part, SubmissionError, read_cells, rulings
from course_utils.grading.versions import require_same
from course_utils.grading.words import writable

AT_ONCE = 2
LOOK = "this is for your instructor to look at"


@dataclass(frozen=True)
class Graded:
    """One student's grades.

    Attributes:
        student: the name of the folder that was handed in.
        rulings: one for each graded exercise, in the order of the assignment.
        seconds: how long it took.
    """

    student: str
    rulings: tuple[Ruling, ...]
    seconds: float

    def points(self, assigned: Assignment) -> float:
        """Return what it earns."""
        right = {ruling.id for ruling in self.rulings if ruling.state == CORRECT}
        return sum(item.points for item in assigned.items if item.id in right)


def grade(folder: CourseFolder, protected: bool, tell: Callable[[str], None]) -> list[Graded]:
    """Grade all submissions of an assignment, and write table and pages.

    Args:
        folder: as `assign` wrote it, with what was handed in under `submitted/STUDENT/ASSIGNMENT/`.
        protected: in a sandbox.
        tell: is given a line for each student; it mustn't use the `sys.stdout` of that moment.

    Raises:
        CourseError: there is no assignment or no sandbox, nothing was handed in, or the folder can't be written.
    """
    assigned = assignments.load(folder.own)
    require_same(folder.student)
    _require_writable(folder.own)
    sandbox.require(protected)
    if protected:
        sandbox.require_outside(ROOT, folder.root)
    require_solvable(assigned, folder, protected)
    students, strays = _students(folder)
    for name in strays:
        tell(f"{writable(name)}: no folder of a student, so it isn't graded")
    done = []
    for graded in _Class(folder, assigned, protected).graded(students):
        done.append(graded)
        points = f"{graded.points(assigned):g} of {assigned.points:g} points"
        tell(f"{writable(graded.student)}: {points} ({graded.seconds:.0f} s)")
    done.sort(key=lambda graded: graded.student)
    _write(folder, assigned, done)
    return done


class _Class:
    """Grades students side by side, each in a sandbox of its own."""

    def __init__(self, folder: CourseFolder, assigned: Assignment, protected: bool):
        self.folder, self.assigned, self.protected = folder, assigned, protected
        self.keys = {item.id: Key(item.exercise) for item in assigned.items}
        for key in self.keys.values():
            key.prepare()

    def graded(self, students: list[str]) -> Iterator[Graded]:
        """Yield grades; whose time ran out, or process ended, comes last: graded once more, with nobody beside."""
        late = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for graded in pool.map(self.one, students):
                if any(ruling.once_more for ruling in graded.rulings):
                    late.append(graded.student)
                else:
                    yield graded
        yield from map(self.one, late)

    def one(self, student: str) -> Graded:
        """Grade one student."""
        box = sandbox.Sandbox(self.folder.student, self.protected)
        return _graded(self.folder.submitted(student), student, self.assigned, self.keys, box)


def _require_writable(place: Path) -> None:
    """Look before a class is graded whether its grades can be written."""
    try:
        tempfile.TemporaryFile(dir=place).close()
    except OSError as error:
        raise CourseError(f"{place} can't be written ({error.strerror}): give yourself permission first") from error


def _students(folder: CourseFolder) -> tuple[list[str], list[str]]:
    """Return the students' names, and those of what else lies there."""
    place = folder.submissions
    try:
        found = {entry.name: entry.is_dir(follow_symlinks=False) for entry in os.scandir(place)}
    except OSError as error:
        raise CourseError(f"{place} can't be read: {error.strerror}") from error
    names = sorted(name for name in found if not name.startswith("."))
    students = [name for name in names if found[name]]
    if not students:
        raise CourseError(f"nothing was handed in: {place} has no folder of a student")
    return students, [name for name in names if not found[name]]


def _graded(place: Path, student: str, assigned: Assignment, keys: dict[str, Key], box: sandbox.Sandbox) -> Graded:
    started, found, parts = time.monotonic(), {}, []
    for name, items in assigned.notebooks().items():
        try:
            cells = [cell.code for cell in read_cells(place, name)]
            parts.append(Part(cells, [keys[item.id] for item in items]))
        except (SubmissionError, OSError) as error:
            found |= {item.id: Ruling(item.id, MISSING, _missing(place, name, error)) for item in items}
    try:
        found |= rulings(parts, box)
    except Exception as error:  # whatever it is, it is this submission's, and the others go on
        fault = Fault(f"it could not be graded: {type(error).__name__}: {str(error)[:200]}", UNFORESEEN, LOOK)
        found |= {item.id: Ruling(item.id, STOPPED, fault) for item in assigned.items if item.id not in found}
    return Graded(student, tuple(found[item.id] for item in assigned.items), time.monotonic() - started)


def _missing(place: Path, name: str, error: Exception) -> Fault:
    try:
        if place.is_symlink() or place.parent.is_symlink():
            raise OSError
        others = sorted(entry.name for entry in os.scandir(place))[:5]
    except OSError:
        others = []
    there = f"; there is {', '.join(others)}" if others else "; its folder is empty or isn't there"
    return Fault(
        f"{name}: {error}{there}", "it is looked for under exactly this name", "hand in the notebook as it was"
    )


def _write(folder: CourseFolder, assigned: Assignment, done: list[Graded]) -> None:
    write_atomically(folder.own / "grades.csv", table(assigned, done).encode(errors="replace"))
    write_atomically(folder.own / "class.html", class_page(assigned, done).encode(errors="replace"))
    for graded in done:
        place = folder.feedback(graded.student)
        place.mkdir(parents=True, exist_ok=True)
        write_atomically(place / "feedback.html", student_page(assigned, graded).encode(errors="replace"))
    if gradebook.is_available():
        gradebook.record(assigned, folder, done)


def table(assigned: Assignment, done: list[Graded]) -> str:
    """Return the grades as CSV: a row a student, a column an exercise, its state, and the mistake if it is known."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = [f"{item.id} {part}" for item in assigned.items for part in ("points", "state", "mistake")]
    writer.writerow(["student", "points", "of", *columns])
    for graded in done:
        cells = [cell for item, ruling in _pairs(assigned, graded) for cell in _cells(item, ruling)]
        writer.writerow([_harmless(graded.student), f"{graded.points(assigned):g}", f"{assigned.points:g}", *cells])
    return text.getvalue()


def _pairs(assigned: Assignment, graded: Graded) -> list[tuple[Item, Ruling]]:
    return list(zip(assigned.items, graded.rulings, strict=True))


def _cells(item: Item, ruling: Ruling) -> tuple[str, str, str]:
    return f"{item.points if ruling.state == 'correct' else 0:g}", ruling.state, ruling.mistake


def _harmless(name: str) -> str:
    """A spreadsheet runs what begins like a formula."""
    return f"'{name}" if name[:1] in "=+-@\t\r" else name
