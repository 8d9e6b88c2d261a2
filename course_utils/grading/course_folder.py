"""Where things lie in a course folder: nbgrader's own folders, and for each assignment one more beside them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from course_utils.files import CourseError

CONFIG = "nbgrader_config.py"
ASSIGNMENTS = "assignments"
NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class CourseFolder:
    """The places of one assignment in a course folder.

    Attributes:
        root: the course folder; all assignments of a term fit into one.
        name: of the assignment.
    """

    root: Path
    name: str

    @property
    def own(self) -> Path:
        """What nbgrader doesn't know: the student's folder, the rubric, the tables of grades."""
        return self.root / ASSIGNMENTS / self.name

    @property
    def student(self) -> Path:
        """What is handed out: notebooks, data, and the package without the answers."""
        return self.own / "student"

    @property
    def source(self) -> Path:
        """The instructor's notebooks."""
        return self.root / "source" / self.name

    @property
    def release(self) -> Path:
        """The student's notebooks, for nbgrader."""
        return self.root / "release" / self.name

    @property
    def parts(self) -> tuple[Path, Path, Path]:
        """What `assign` writes."""
        return self.own, self.source, self.release

    @property
    def submissions(self) -> Path:
        """What comes back, in a folder for each student."""
        return self.root / "submitted"

    @property
    def gradebook(self) -> Path:
        """Nbgrader's database of all assignments."""
        return self.root / "gradebook.db"

    def submitted(self, student: str) -> Path:
        """Return the folder of what a student handed in."""
        return self.submissions / student / self.name

    def autograded(self, student: str) -> Path:
        """Return the folder of a student's graded notebooks."""
        return self.root / "autograded" / student / self.name

    def feedback(self, student: str) -> Path:
        """Return the folder of the page that a student is given."""
        return self.own / "feedback" / student

    @property
    def course_id(self) -> str:
        """The course's name for nbgrader: the folder's, without what can't be in one."""
        return NOT_IN_AN_ID.sub("-", self.root.resolve().name).strip("-") or "course"

    def require_room(self) -> None:
        """Look whether the assignment can be written here.

        Raises:
            CourseError: the folder holds something else than a course, or an assignment of this name.
        """
        if not self.root.exists() or (self.root.is_dir() and not any(self.root.iterdir())):
            return
        if not (self.root / CONFIG).is_file() or not (self.root / ASSIGNMENTS).is_dir():
            raise CourseError(
                f"{self.root} is not empty, and no course folder: name a new one, since nothing is ever overwritten"
            )
        there = [path for path in self.parts if path.exists()]
        if there:
            raise CourseError(f"{there[0]} is there already, and is never overwritten: choose another --name")


def only_assignment(root: Path) -> str:
    """Return the name of the one assignment in a course folder.

    Raises:
        CourseError: there is none, or more than one.
    """
    places = root / ASSIGNMENTS
    names = sorted(path.name for path in places.iterdir() if path.is_dir()) if places.is_dir() else []
    if not names:
        raise CourseError(f"{root} is no course folder: it has no folder {ASSIGNMENTS}/; `assign` makes one")
    if len(names) > 1:
        raise CourseError(f"{root} has {len(names)} assignments: name one, for example --name {names[0]}")
    return names[0]
