"""Which exercises are solved and how many hints were seen: `progress.json` beside the student's notebooks.

It is a convenience: a file that can't be read or written is never an error, only a line on the board. What it can't
read, it doesn't overwrite: that may be somebody else's.
"""

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from course_utils.files import write_atomically
from course_utils.progress import NO_PROGRESS

PLACE = "COURSE_PROGRESS"  # names another file
listeners: list[Callable[[], None]] = []  # called after each change: the boards on the screen


def is_off() -> bool:
    """Tell whether nothing is to be read or written: while a lesson is stored or tested."""
    return os.environ.get(NO_PROGRESS) == "1"


def solved() -> set[str]:
    """Return the ids of the exercises that were solved."""
    return set(_load()["solved"])


def mark_solved(id: str) -> None:
    """Remember that an exercise is solved."""
    facts = _load()
    _save({**facts, "solved": sorted({*facts["solved"], id})})


def next_hint(id: str) -> int:
    """Return how many hints on this exercise were seen before, and count one more."""
    facts = _load()
    seen = facts["hints"].get(id, 0)
    _save({**facts, "hints": {**facts["hints"], id: seen + 1}})
    return seen


def problem() -> str:
    """Say in one line why progress isn't kept; "" if it is."""
    return "" if is_off() or _saved else f"not saved: {_trouble}"


_memory: dict = {"solved": [], "hints": {}}  # what counts when the file can't be written
_saved = True
_trouble = ""  # why not
UNWRITABLE = "progress.json cannot be written here"
FOREIGN = "the progress.json here can't be read, or is not the course's; move it away"


def _place() -> Path:
    return Path(os.environ.get(PLACE) or Path.cwd() / "progress.json")


def _load() -> dict:
    """Return what the file says; an absent or unreadable one counts as empty."""
    if is_off():
        return {"solved": [], "hints": {}}
    if not _saved:
        return _memory
    return _read() or {"solved": [], "hints": {}}


def _read() -> dict | None:
    """Return what the file says, None if it isn't there or can't be read."""
    try:
        facts = json.loads(_place().read_bytes())
        solved_ids = [id for id in facts["solved"] if isinstance(id, str)]
        hints = {id: seen for id, seen in facts["hints"].items() if type(seen) is int and seen >= 0}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return {"solved": solved_ids, "hints": hints}


def _is_foreign() -> bool:
    place = _place()
    return place.exists() and place.stat().st_size > 0 and _read() is None


def _save(facts: dict) -> None:
    global _memory, _saved, _trouble
    if is_off():
        return
    _memory = facts
    try:
        _saved, _trouble = not _is_foreign(), FOREIGN
        if _saved:
            write_atomically(_place(), json.dumps(facts, indent=1).encode())
    except (OSError, ValueError):
        _saved, _trouble = False, UNWRITABLE
    for listener in listeners:
        with contextlib.suppress(Exception):
            listener()
