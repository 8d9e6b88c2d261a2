"""Exercises that are graded, in a package that was handed out: the course's version isn't there, the student's is.

Where the course keeps a function or class, a hand-out has one that passes on to what the student last gave to
`check`: so the lesson, and everything built on that part, runs on the student's own code.
"""

import json
from collections.abc import Callable
from pathlib import Path

from course_utils.exercises.attempt import form_fault, is_untouched
from course_utils.exercises.differences import Fault
from course_utils.files import CourseError

FILE = Path(__file__).with_name("assigned.json")  # only in a hand-out: id -> name and stub
_answers: dict[str, Callable] = {}


def facts(id: str) -> dict[str, str] | None:
    """Return what a hand-out knows of a graded exercise: its name and its stub; None if it isn't one."""
    if not FILE.is_file():
        return None
    return json.loads(FILE.read_text(encoding="utf-8")).get(id)


def hand_in(id: str, answer: Callable) -> tuple[str, Fault | None]:
    """Keep an answer for all that is built on it.

    Returns:
        a line on where it stands, and what is wrong with its form; whether it is right is seen when it is graded.
    """
    if is_untouched(answer):
        _answers.pop(id, None)
        return f"○ {id} not attempted: it is graded, so there is no other version to go on with", None
    names: dict[str, object] = {}
    known = facts(id)
    exec(known["stub"], names)
    fault = form_fault(answer, names[known["name"]])
    _answers[id] = answer
    return (f"○ {id} is handed in as it stands: your instructor's grading says whether it is right"), fault


def answer(id: str) -> Callable:
    """Return what was last handed in.

    Raises:
        CourseError: nothing was yet.
    """
    if id not in _answers:
        raise CourseError(
            f'this needs your answer to exercise {id}, which is graded: run its `check("{id}", ...)` first'
        )
    return _answers[id]


def refuse(id: str) -> None:
    """Give no help on a graded exercise.

    Raises:
        CourseError: it is one.
    """
    if facts(id) is not None:
        raise CourseError(f"exercise {id} is graded: this package has neither hints on it nor the course's version")


def withheld(what: str, id: str) -> CourseError:
    """Return the error for a part of the course that a hand-out leaves out."""
    return CourseError(f"{what} isn't in this package, since it would give away exercise {id}, which is graded")
