"""Whether a course folder was made by this very version of the course."""

import re
from pathlib import Path

from course_utils.files import CourseError
from course_utils.grading.package import PACKAGE, RECIPES, WORKERS_OWN


def require_same(student: Path) -> None:
    """Look whether a student's package runs answers as this course does.

    Raises:
        CourseError: it was made by another version of the course, or was changed since; names the first such file.
    """
    own = [PACKAGE / "grading" / name for name in sorted(WORKERS_OWN)]
    left_out = {path for name in RECIPES for path in (PACKAGE / "exercises").glob(name)}
    engine = [path for path in (PACKAGE / "exercises").glob("*.py") if not re.search(r"_\d\d", path.stem)]
    own += sorted(set(engine) - left_out)
    for path in own:
        other = student / "course_utils" / path.relative_to(PACKAGE)
        if not other.is_file() or other.read_bytes() != path.read_bytes():
            raise CourseError(
                f"{other} is missing or differs from this course's own: grade with the version of the course that "
                "made the folder, or make a new one with `assign`"
            )
