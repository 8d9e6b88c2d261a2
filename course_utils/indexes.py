"""README's indexes: all exercises of the lessons, and the terms that they explain."""

import re
from collections.abc import Iterable, Iterator

from nbformat import NotebookNode

from course_utils import data
from course_utils.exercises.cells import blocks
from course_utils.exercises.registry import Exercise, lesson_exercises
from course_utils.files import CourseError
from course_utils.lessons import LESSONS, Lesson
from course_utils.store import read

HEADING = re.compile(r"^#{2,4} (?:Exercise \d+\.\d+ )?(★ )?(.+)$", re.MULTILINE)


def exercise_index(folder: str = "") -> str:
    """Return all exercises of the lessons that are written, counted and then listed in a Markdown table.

    Args:
        folder: leads from the page that shows it to the notebooks.

    Raises:
        CourseError: a notebook can't be read, or lacks one of its lesson's exercises.
    """
    from course_utils.exercises.variants import has_variant  # here, since a student's package has none

    rows, exercises = [], []
    for lesson in (lesson for lesson in LESSONS if lesson.path.exists()):
        for exercise, core, title in _exercises(lesson):
            exercises.append((exercise, core))
            about = (f"{exercise.minutes}", f"{exercise.difficulty} of 5", "yes" if has_variant(exercise.id) else "")
            rows.append((exercise.id, f"★ {title}" if core else title, *about, _link(lesson, folder)))
    return f"{_counts(exercises)}\n\n{_table(('', 'exercise', 'minutes', 'difficulty', 'variant', 'lesson'), rows)}"


def glossary(folder: str = "") -> str:
    """Return the terms of `data/tables/glossary.csv`, with meaning and first lesson, as a Markdown table.

    Args:
        folder: leads from the page that shows it to the notebooks.

    Raises:
        DataFileError: the file is missing, truncated or altered.
        CourseError: a term's lesson is none of the course's.
    """
    links = {lesson.number: _link(lesson, folder) for lesson in LESSONS}
    rows = []
    for term, meaning, number in (row.values() for row in data.table("glossary")):
        if number not in links:
            raise CourseError(f"data/tables/glossary.csv, {term}: there is no lesson {number!r}, write 00 to 11")
        rows.append((term, meaning, links[number]))
    return _table(("term", "meaning", "first explained in"), rows)


def headings(notebook: NotebookNode) -> dict[str, tuple[bool, str]]:
    """Return whether it is core (★), and the title, of each exercise in a notebook, by its id.

    The title is the last heading above the exercise, without "Exercise 2.3": some stand under a section's heading.
    """
    found = {}
    for block in blocks(notebook):
        above = "\n".join(cell.source for cell in notebook.cells[: block.stub] if cell.cell_type == "markdown")
        star, title = HEADING.findall(above)[-1]
        found[block.id] = (bool(star), title)
    return found


def _exercises(lesson: Lesson) -> Iterator[tuple[Exercise, bool, str]]:
    """Yield each exercise of a lesson, whether it is core, and its title."""
    found = headings(read(lesson.path))
    for exercise in lesson_exercises(int(lesson.number)):
        if exercise.id not in found:
            raise CourseError(f"{lesson.path.name} lacks exercise {exercise.id}: add its three cells")
        yield exercise, *found[exercise.id]


def _counts(exercises: list[tuple[Exercise, bool]]) -> str:
    mistakes = sum(len(exercise.mistakes) for exercise, _ in exercises)
    core = [exercise.minutes for exercise, core in exercises if core]
    minutes = sum(exercise.minutes for exercise, _ in exercises)
    return (
        f"{len(exercises)} exercises, {mistakes:,} diagnosed mistakes, {minutes} minutes; "
        f"of these, {len(core)} exercises and {sum(core)} minutes are core (★)."
    )


def _link(lesson: Lesson, folder: str) -> str:
    return f"[{lesson.number} {lesson.title}]({folder}{lesson.name}.ipynb)"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ([cell.replace("|", "\\|") for cell in line] for line in (head, ("---",) * len(head), *rows))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
