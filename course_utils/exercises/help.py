"""What a student may ask for: a hint, the course's version, the board."""

import inspect
import textwrap

from IPython.display import display
from ipywidgets import Widget

from course_utils.exercises import assigned, record
from course_utils.exercises.registry import Answer, find


class _Solution:
    """The course's version, folded open in a notebook, as plain text in a terminal."""

    def __init__(self, reference: Answer):
        self._reference = reference

    def _repr_markdown_(self) -> str:
        return folded(self._reference, opened=True)

    def __repr__(self) -> str:
        return source(self._reference)


def hint(id: str) -> None:
    """Print the next hint on an exercise; after the last one, say how to see the course's version.

    The line begins with ○ and the id, as an open exercise does: tests of a saved notebook don't compare it.

    Raises:
        CourseError: there is no exercise with this id, or it is graded.
    """
    assigned.refuse(id)
    hints, seen = find(id).hints, record.next_hint(id)
    if seen < len(hints):
        print(f"○ {id} hint {seen + 1} of {len(hints)}: {hints[seen]}")
    else:
        print(f'○ {id} no more hints: solution("{id}") shows the course\'s version')


def solution(id: str) -> None:
    """Show the course's version of an exercise.

    Raises:
        CourseError: there is no exercise with this id, or it is graded.
    """
    assigned.refuse(id)
    display(_Solution(find(id).reference))


def progress() -> Widget:
    """Return the board of all exercises: the last line of a cell shows it."""
    from course_utils.exercises.board import Board

    return Board()


def source(reference: Answer) -> str:
    """Return the text of a function or class of the course."""
    return textwrap.dedent(inspect.getsource(reference)).rstrip()


def folded(reference: Answer, opened: bool = False) -> str:
    """Return the course's version as Markdown that can be folded."""
    start = "<details open>" if opened else "<details>"
    return f"{start}<summary>The course's version</summary>\n\n```python\n{source(reference)}\n```\n\n</details>"
