"""The student's own copies of the lessons: copied once, renewed after a `git pull`, and never overwritten.

`notebooks/` belongs to the course, `work/` to the student. The small file `work/.course.json` records every
lesson as it was copied. Comparing with it tells whether the student has edited a lesson (its cells differ),
has only run it (its outputs differ), or hasn't touched it.
"""

from __future__ import annotations  # an older Python must get as far as being told that it is too old

import itertools
import json
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from course_utils.files import CourseError, sha256, write_atomically

RECORD = ".course.json"
PREVIOUS = ".previous"
# of each lesson: `cells` and `bytes`, the fingerprints of its cells and of the whole file as it was copied;
# `offered` and `beside_bytes`, the same of the version that was last laid beside it
Record = dict[str, dict[str, str]]
Treatment = Callable[[Path, Path, Record], str]  # lesson, the student's copy, record: what happened


class Step(NamedTuple):
    """What happened to one lesson: its file name, a sentence for the student, and whether it went wrong."""

    lesson: str
    what: str
    failed: bool = False


def copy_new(lessons: Path, work: Path) -> list[Step]:
    """Copy every lesson that the folder `work` doesn't have; what is there already stays as it is.

    Returns:
        one step a lesson, in the lessons' order.

    Raises:
        CourseError: `work` can't be written to, or `lessons` holds no lesson.
    """
    names = _prepare(lessons, work)
    return _each(_copy_if_missing, names, lessons, work)


def renew(lessons: Path, work: Path) -> list[Step]:
    """Bring the folder `work` up to the present `lessons` without losing anything that the student did.

    An untouched lesson is replaced. One that was only run is replaced too, and the run copy goes to
    `.previous/`. An edited, damaged or write-protected one stays, and the new version is laid beside it as
    `NAME.new.ipynb`. A deleted or renamed one isn't brought back.

    Returns:
        one step a lesson, in the lessons' order.

    Raises:
        CourseError: `work` can't be written to, or `lessons` holds no lesson.
    """
    names = _prepare(lessons, work)
    recorded = {name for name in _load(work) if (work / name).exists()}
    return _each(_renew_one, sorted({*names, *recorded}), lessons, work)


def fingerprint(content: bytes) -> str | None:
    """Return the SHA-256 of what a student can edit in the notebook `content`: None if it isn't a notebook.

    That is each cell's type, source, attachments and tags, in order. Outputs, execution counts, widget state
    and the notebook's own metadata don't count.
    """
    try:
        cells = [
            [cell["cell_type"], "".join(cell["source"]), cell.get("attachments") or {}, _tags(cell)]
            for cell in json.loads(content)["cells"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return sha256(json.dumps(cells, sort_keys=True).encode())


def require_writable(folder: Path) -> None:
    """Make sure that files can be made in the existing `folder`, by making one.

    Raises:
        CourseError: they can't; names the folder, the reason and the remedy.
    """
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise CourseError(
            f"can't write in the work folder {folder} ({error.strerror}): give yourself permission to write"
            " there, make room on the disk, or choose another folder with --work FOLDER"
        ) from None


def _prepare(lessons: Path, work: Path) -> list[str]:
    """Make the folder `work` if need be; return the names of the lessons, sorted."""
    names = sorted(path.name for path in lessons.glob("*.ipynb"))
    if not names:
        raise CourseError(f"there is no lesson in {lessons}: run `git checkout notebooks` in your clone")
    if work.resolve() == lessons.resolve():
        raise CourseError(f"{work} is the course's own folder: choose another folder with --work FOLDER")
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CourseError(
            f"can't make the work folder {work} ({error.strerror}): rename what stands in its way,"
            " or choose another with --work FOLDER"
        ) from None
    require_writable(work)
    return names


def _each(treat: Treatment, names: list[str], lessons: Path, work: Path) -> list[Step]:
    """Treat one lesson after another; a failure is told, and doesn't stop the others."""
    record = _load(work)
    before, steps = json.dumps(record), []
    for name in names:
        steps.append(_told(name, work / name, lambda name=name: treat(lessons / name, work / name, record)))
    if json.dumps(record) != before:
        steps += [step for step in [_told(RECORD, work / RECORD, lambda: _save(work, record))] if step.failed]
    return steps


def _told(name: str, path: Path, treat: Callable[[], str]) -> Step:
    """Do one thing, and return what happened to the file `path`, going wrong included."""
    try:
        return Step(name, treat())
    except OSError as error:
        reason = f"{error.strerror}: {error.filename or path}"
        return Step(name, f"left as it was ({reason}): see to it and try again", failed=True)
    except CourseError as error:
        return Step(name, str(error), failed=True)


def _copy_if_missing(lesson: Path, mine: Path, record: Record) -> str:
    if not mine.exists():
        return _copy(lesson, mine, record)
    entry = record.get(mine.name, {})
    if entry and _read(lesson)[1] not in (entry.get("cells"), entry.get("offered")):
        return "there already; the course has a newer version: `python -m course_utils update`"
    return "there already"


def _copy(lesson: Path, mine: Path, record: Record) -> str:
    content, cells = _read(lesson)
    write_atomically(mine, content)
    _note(record, mine, cells=cells, bytes=sha256(content))
    return "copied"


def _renew_one(lesson: Path, mine: Path, record: Record) -> str:
    if not lesson.exists():
        return "no longer part of the course; yours is kept"
    if not mine.exists():
        gone = "not there (deleted or renamed): `python -m course_utils start` copies it again"
        return gone if mine.name in record else _copy(lesson, mine, record)
    (new, cells), old = _read(lesson), mine.read_bytes()
    condition = _condition(old, mine, record.get(mine.name, {}))
    if condition == "untouched" and old != new:
        _copy(lesson, mine, record)
        return "renewed"
    if fingerprint(old) == cells:
        _note(record, mine, cells=cells, bytes=sha256(new))
        return "up to date"
    if condition != "run":
        return f"{condition}: yours is kept{_lay_beside(lesson, mine, record)}"
    kept = _keep(old, mine)
    _copy(lesson, mine, record)
    return f"renewed; the copy that you ran is kept as {PREVIOUS}/{kept}"


def _condition(content: bytes, mine: Path, entry: dict[str, str]) -> str:
    """Say what the student has done to the lesson since it was copied."""
    if not mine.stat().st_mode & stat.S_IWUSR:
        return "write-protected"
    if sha256(content) == entry.get("bytes"):
        return "untouched"
    cells = fingerprint(content)
    if cells is None:
        return "not readable as a notebook"
    return "run" if cells == entry.get("cells") else "edited"


def _lay_beside(lesson: Path, mine: Path, record: Record) -> str:
    """Put the new version of an edited lesson next to it, once a version; return what to add to its line."""
    (new, cells), entry = _read(lesson), record.get(mine.name, {})
    if cells in (entry.get("cells"), entry.get("offered")):
        return ", and there is nothing newer"
    laid = {sha256(new), entry.get("beside_bytes", "")}  # ours to replace, as long as it is as we laid it
    for beside in _numbered(mine.with_suffix(".new.ipynb")):
        if not beside.exists() or (_writable_file(beside) and sha256(beside.read_bytes()) in laid):
            break
    write_atomically(beside, new)
    _note(record, mine, offered=cells, beside_bytes=sha256(new))
    return f"; the new version is {beside.name}"


def _keep(content: bytes, mine: Path) -> str:
    """Store the student's run copy under a name that is still free; return the name."""
    folder = mine.parent / PREVIOUS
    folder.mkdir(exist_ok=True)
    place = next(p for p in _numbered(folder / mine.name) if not p.exists() or p.read_bytes() == content)
    write_atomically(place, content)
    return place.name


def _numbered(path: Path) -> Iterator[Path]:
    """Yield NAME.ipynb, NAME-2.ipynb, NAME-3.ipynb and so on."""
    yield path
    for number in itertools.count(2):
        yield path.with_name(f"{path.stem}-{number}.ipynb")


def _writable_file(path: Path) -> bool:
    mode = path.stat().st_mode
    return stat.S_ISREG(mode) and bool(mode & stat.S_IWUSR)


def _read(lesson: Path) -> tuple[bytes, str]:
    """Return a lesson of the course and its fingerprint."""
    content = lesson.read_bytes()
    cells = fingerprint(content)
    if cells is None:
        raise CourseError(f"the course's {lesson} is damaged: run `git checkout notebooks`; yours is kept")
    return content, cells


def _tags(cell: dict) -> list[str]:
    return cell.get("metadata", {}).get("tags", [])


def _note(record: Record, mine: Path, **facts: str) -> None:
    record[mine.name] = {**record.get(mine.name, {}), **facts}


def _load(work: Path) -> Record:
    """Return the record of what was copied; an absent or damaged one counts as empty."""
    try:
        entries = json.loads((work / RECORD).read_bytes()).items()
        return {name: {key: str(value) for key, value in facts.items()} for name, facts in entries}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def _save(work: Path, record: Record) -> str:
    write_atomically(work / RECORD, json.dumps(record, indent=1).encode())
    return "written"
