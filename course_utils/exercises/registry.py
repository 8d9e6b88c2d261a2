"""What an exercise is, and where exercises are found: lesson 2's lie in `lesson_02.py` as its tuple `EXERCISES`.

A lesson's module is imported only when one of its exercises is asked for, so that a lesson pays for its own alone.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from torch import nn

from course_utils.files import CourseError

Answer = Callable | type[nn.Module]


@dataclass(frozen=True)
class Case:
    """One call of the answer.

    Attributes:
        arguments: tensors or plain values given to the function, or to the module's forward.
        keywords: the same, by name.
        init: for modules only: what the constructor is given, by name.
        note: what is special about it ("with a mask"); named in the report of the first case that fails.
        training: for modules only: called in training mode, not in eval mode.
    """

    arguments: tuple = ()
    keywords: dict = field(default_factory=dict)
    init: dict = field(default_factory=dict)
    note: str = ""
    training: bool = False


@dataclass(frozen=True)
class Mistake:
    """A usual mistake: how it computes, and what the student who made it is told.

    Attributes:
        name: for the tests, such as "no-scale".
        wrong: a small wrong implementation with the reference's signature.
        what: what is different.
        why: why that happens.
        remedy: what to try.
    """

    name: str
    wrong: Answer
    what: str
    why: str
    remedy: str


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lesson.

    Attributes:
        id: lesson and number, such as "2.3".
        reference: the course's version; the student's has the same `__name__`.
        cases: makes the calls that are compared, anew each time, seeded, with float64 tensors; it runs inside
            `check`. A tensor that requires grad stands for one whose gradient is compared too.
        mistakes: the usual ones; of two that behave alike in all cases, the first is the one told.
        hints: from a nudge to nearly the answer.
        minutes: what a student needs.
        difficulty: from 1 to 5.
        alternatives: at least two differently written right answers, for the tests.
        differentiable: the gradient must reach every floating-point input that requires grad.
        starts: for modules only: names of parameters and buffers that must start as the reference's do, all numbers
            alike or not, since `check` gives both modules the same ones afterwards.
    """

    id: str
    reference: Answer
    cases: Callable[[], list[Case]]
    mistakes: tuple[Mistake, ...]
    hints: tuple[str, ...]
    minutes: int
    difficulty: int
    alternatives: tuple[Answer, ...]
    differentiable: bool = True
    starts: tuple[str, ...] = ()


def find(id: str) -> Exercise:
    """Return the exercise with this id.

    Raises:
        CourseError: there is none; lists the ids that the lesson has.
    """
    matched = re.fullmatch(r"(\d{1,2})\.(\d+)", id) if isinstance(id, str) else None
    if matched is None:
        raise CourseError(f'{id!r} is not the id of an exercise: write lesson and number, such as "2.3"')
    exercises = lesson_exercises(int(matched[1]))
    for exercise in exercises:
        if exercise.id == id:
            return exercise
    known = ", ".join(exercise.id for exercise in exercises) or "none"
    raise CourseError(f"there is no exercise {id}: lesson {matched[1]} has {known}")


def lesson_exercises(lesson: int) -> tuple[Exercise, ...]:
    """Return the exercises of a lesson in their order; a lesson without any has ()."""
    if lesson not in lesson_numbers():
        return ()
    return import_module(f"course_utils.exercises.lesson_{lesson:02}").EXERCISES


def lesson_numbers() -> list[int]:
    """Return the numbers of the lessons that have exercises, in order."""
    return sorted(int(path.stem[-2:]) for path in Path(__file__).parent.glob("lesson_[0-9][0-9].py"))
