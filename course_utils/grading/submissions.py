"""From a file that a student handed in to a ruling on each exercise, whatever the file holds."""

import json
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from course_utils.exercises.differences import Fault
from course_utils.grading import worker
from course_utils.grading.judging import STOPPED, WRONG, Key, Ruling
from course_utils.grading.sandbox import Sandbox, Worker
from course_utils.grading.wire import WireError

LARGEST = 20 * 2**20  # bytes of a notebook; the course's own have less than one million
MOST_PARTS = 500_000  # objects and lists in it: each takes memory of the grader's
SECONDS = 5.0  # what an answer has for all its calls, as in the notebook
WORKERS = 4  # that a submission may bring to an early end, before the rest of it isn't run any more
STARTING = 120.0  # seconds until a worker must have carried out the definitions, on a busy machine
STOPPING = 15.0  # seconds on top, in which an answer that doesn't stop by itself is ended from outside


class SubmissionError(Exception):
    """A file that is no notebook; says in one line what it is instead."""


@dataclass(frozen=True)
class Cell:
    """What is read of a cell.

    Attributes:
        kind: "code", "markdown" or another word; "" if it has none.
        source: its text; "" if that is no text.
        grade_id: nbgrader's name of it; "" if it has none.
    """

    kind: str
    source: str
    grade_id: str

    @property
    def code(self) -> str:
        """Its text if it is code, and else nothing."""
        return self.source if self.kind == "code" else ""


def read_cells(place: Path, name: str) -> list[Cell]:
    """Return the cells of a notebook that was handed in, and nothing of what they showed.

    Args:
        place: the folder; neither it nor the one above may be a link.
        name: the file's; neither a link nor anything else than a regular file is opened.

    Raises:
        SubmissionError: it isn't there, is no regular file, is too large, has too many parts, or is no notebook.
    """
    for folder in (place.parent, place):
        if folder.is_symlink():
            raise SubmissionError(f"the folder {folder.name} is a link")
    written = _bytes(place / name)
    parts = written.count(b"{") + written.count(b"[")
    if parts > MOST_PARTS:
        raise SubmissionError(f"it has {parts:,} parts: {MOST_PARTS:,} at the most")
    try:
        content = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise SubmissionError(f"it is no notebook: {type(error).__name__}: {str(error)[:100]}") from error
    cells = content.get("cells") if type(content) is dict else None
    if type(cells) is not list:
        raise SubmissionError("it is no notebook: it has no list of cells")
    return [_cell(cell) for cell in cells]


def _cell(cell: object) -> Cell:
    facts = cell if type(cell) is dict else {}
    marks = facts.get("metadata")
    marks = marks.get("nbgrader") if type(marks) is dict else None
    grade_id = marks.get("grade_id") if type(marks) is dict else None
    source = facts.get("source")
    if type(source) is list and all(type(line) is str for line in source):
        source = "".join(source)
    texts = [text if type(text) is str else "" for text in (facts.get("cell_type"), source, grade_id)]
    return Cell(*texts)


def _bytes(path: Path) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError as error:
        raise SubmissionError("nothing was handed in under this name") from error
    except OSError as error:
        raise SubmissionError(f"it can't be opened, or is a link: {error.strerror}") from error
    facts = os.fstat(handle)
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST:
        os.close(handle)
        regular = f"it has {facts.st_size:,} bytes: {LARGEST:,} at the most"
        raise SubmissionError(regular if stat.S_ISREG(facts.st_mode) else "it is no regular file")
    with os.fdopen(handle, "rb") as file:
        return file.read(LARGEST)


@dataclass(frozen=True)
class Part:
    """One notebook of a submission: the text of each cell ("" for what isn't code), and what is graded in it."""

    cells: list[str]
    keys: Sequence[Key]


def rulings(parts: Sequence[Part], sandbox: Sandbox) -> dict[str, Ruling]:
    """Run a submission's answers in a sandbox, and judge each.

    Args:
        parts: its notebooks.
        sandbox: where to run them.

    Returns:
        a ruling by the id of each exercise. An answer that ends its process, or never ends, costs no other one.
    """
    found: dict[str, Ruling] = {}
    for _ in range(WORKERS):
        left = [rest for part in parts if (rest := _rest(part, found)).keys]
        if not left:
            break
        found |= {ruling.id: ruling for ruling in _attempt(left, sandbox)}
    ids = [key.exercise.id for part in parts for key in part.keys]
    return found | {id: Ruling(id, STOPPED, GIVEN_UP) for id in ids if id not in found}


def _rest(part: Part, found: dict[str, Ruling]) -> Part:
    return Part(part.cells, [key for key in part.keys if key.exercise.id not in found])


def _attempt(parts: Sequence[Part], sandbox: Sandbox) -> Iterator[Ruling]:
    """Yield rulings from one worker: at least one, and all unless it comes to an early end."""
    told = [{"cells": part.cells, "orders": [key.order() for key in part.keys]} for part in parts]
    working = Worker(sandbox, {"notebooks": told, "seconds": SECONDS})
    try:
        for part in parts:
            rulings = list(_of_part(working, part))
            yield from rulings
            if any(ruling.state == STOPPED or ruling.once_more for ruling in rulings):
                return  # what ran out of time may still be running
    finally:
        working.stop()


def _of_part(working: Worker, part: Part) -> Iterator[Ruling]:
    """Yield rulings until the end, or until the worker's: what stopped it is the last one then."""
    try:
        troubles = _troubles(working.message(STARTING))
    except (EOFError, TimeoutError, WireError) as error:
        fault = _ended(error, "the definitions in its cells")
        yield from (Ruling(key.exercise.id, STOPPED, fault, once_more=_excusable(error)) for key in part.keys)
        return
    for key in part.keys:
        try:
            answer = working.message(SECONDS + STOPPING)
            if type(answer) is not dict or answer.get("id") != key.exercise.id:
                raise WireError("an answer to another question")
            undefined = answer.get("state") == worker.UNDEFINED
            ruling = _undefined(key, troubles) if undefined else key.rule(answer, SECONDS)
        except Exception as error:  # what a hostile worker sends may raise anything
            fault = _ended(error, f"`{key.exercise.reference.__name__}`")
            ruling = Ruling(key.exercise.id, STOPPED, fault, once_more=_excusable(error))
        yield ruling
        if ruling.state == STOPPED or ruling.once_more:
            return


def _troubles(message: object) -> list[dict]:
    troubles = message["troubles"] if type(message) is dict and type(message.get("troubles")) is list else None
    if troubles is None or not all(type(trouble) is dict for trouble in troubles):
        raise WireError("no list of troubles")
    return troubles


def _undefined(key: Key, troubles: list[dict]) -> Ruling:
    name = key.exercise.reference.__name__
    blamed = [trouble for trouble in troubles if name in trouble.get("names", ())]
    blamed = blamed or [trouble for trouble in troubles if not trouble.get("names")]
    if not blamed:
        return Ruling(key.exercise.id, WRONG, Fault(f"no cell defines `{name}`", *NOWHERE))
    first = blamed[0]
    where = f"cell {str(first.get('cell'))[:6]}, line {str(first.get('line'))[:6]}"
    what = f"`{name}` is not defined: {where} can't be carried out: {str(first.get('message'))[:300]}"
    return Ruling(key.exercise.id, WRONG, Fault(what, *BROKEN))


NOWHERE = (
    "its cell was deleted, or the name was misspelt",
    "define it with the name that the exercise gives; imports, functions, classes and constants of all cells count",
)
BROKEN = (
    "only what can be defined can be called",
    "restart the kernel and run all cells before you hand in",
)


GIVEN_UP = Fault(
    f"it was not run: {WORKERS} processes of this submission had come to no good end before",
    "each answer that ends its process, or never ends, costs one",
    "mend those first",
)


def _excusable(error: Exception) -> bool:
    """Tell whether another submission can be to blame: for what took too long, or was killed to make room."""
    return isinstance(error, TimeoutError | EOFError)


def _ended(error: Exception, where: str) -> Fault:
    if isinstance(error, TimeoutError):
        return Fault(
            f"it did not finish in time, and could not be interrupted, in {where}",
            "a loop that never ends, and catches what should end it; or a wait",
            "look at the condition of each loop, and at each `except` without a kind of error",
        )
    if isinstance(error, EOFError):
        return Fault(
            f"the process ended while it was busy with {where}",
            "something like `os._exit`, a crash in compiled code, or far more memory than is needed",
            "leave such calls out; look at the shapes of what is made",
        )
    return Fault(
        f"what came back from {where} can't be read",
        "something wrote where only the grader's own messages go",
        "compute and return; leave files and file descriptors alone",
    )
