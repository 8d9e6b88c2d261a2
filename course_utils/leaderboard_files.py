"""The files of a leaderboard: each entry a folder with its record, its weights and the text that builds its model.

    leaderboard/PROJECT/NAME/entry.json, model.py, weights.safetensors, for own images also test.safetensors

Nothing here runs what it reads. An entry may come from someone else: names, links, sizes and records are not trusted.
"""

import json
import math
import re
import shutil
import stat
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from course_utils.files import WORK, CourseError, sha256, write_atomically

FOLDER = WORK / "leaderboard"
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 _-]{0,38}[A-Za-z0-9])?")
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
ENTRY, MODEL, WEIGHTS, TEST = "entry.json", "model.py", "weights.safetensors", "test.safetensors"
MOST_BYTES = {ENTRY: 100_000, MODEL: 500_000, WEIGHTS: 200_000_000, TEST: 200_000_000}
LONGEST_NOTES = 300


@dataclass(frozen=True)
class Entry:
    """What an entry claims of itself.

    Attributes:
        project, name: where it stands.
        score: the project's measure.
        parameters: of the model.
        macs: of one image; 0 where the project doesn't count them.
        notes: the author's.
        checksums: SHA-256 of its files when it was submitted, by file name.
    """

    project: str
    name: str
    score: float
    parameters: int
    macs: int
    notes: str
    checksums: dict[str, str]


Contents = dict[str, bytes]


def check_name(name: str) -> None:
    """Refuse names that a folder can't have everywhere.

    Raises:
        CourseError: the name has other characters, is too long, or reserved.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name) or name.lower() in RESERVED:
        raise CourseError(
            f"name {name!r} can't be a folder's: use up to 40 letters a to z, digits, spaces, - and _, as in 'ann-1'"
        )


def names(project: str, folder: Path) -> list[str]:
    """Return the names of the folders of a project's entries, sorted."""
    place = folder / project
    if not place.is_dir():
        return []
    return sorted(path.name for path in place.iterdir() if not path.name.startswith(".") and path.is_dir())


def check_free(project: str, name: str, folder: Path) -> None:
    """Refuse a name that an entry has already, in capitals or not.

    Raises:
        CourseError: it is taken; nothing is overwritten.
    """
    place = folder / project
    taken = [path.name for path in place.iterdir()] if place.is_dir() else []
    same = [other for other in taken if other.lower() == name.lower()]
    if same:
        raise CourseError(
            f"there is an entry {same[0]!r} in {place} already, and nothing is overwritten: choose another name,"
            " or delete that folder yourself"
        )


def store(entry: Entry, contents: Contents, folder: Path) -> Path:
    """Store a new entry, all of it or nothing.

    Raises:
        CourseError: there is one of that name, or the folder can't be written to.
    """
    place = folder / entry.project / entry.name
    record = json.dumps(asdict(entry), indent=1) + "\n"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=".new-", dir=place.parent))
    except OSError as error:
        raise CourseError(
            f"can't write in {place.parent} ({error.strerror}): give yourself permission, or make room on the disk"
        ) from None
    try:
        for name, content in {**contents, ENTRY: record.encode()}.items():
            (making / name).write_bytes(content)
        making.chmod(0o755)
        check_free(entry.project, entry.name, folder)
        making.rename(place)
    except OSError as error:
        raise CourseError(f"can't store {place} ({error.strerror}): choose another name, or make room") from None
    finally:
        shutil.rmtree(making, ignore_errors=True)  # gone already if all went well
    return place


def read(project: str, name: str, folder: Path) -> tuple[Entry, Contents]:
    """Read an entry, its files as they are now.

    Returns:
        what it claims, and the contents of its model, weights and test, by file name.

    Raises:
        CourseError: a file is missing, a link, too large, or the record is no record.
    """
    check_name(name)
    place = folder / project / name
    for part in (folder, place.parent, place):
        if part.is_symlink():
            raise CourseError(f"{part} is a link to somewhere else: copy the folder itself")
    if not place.is_dir():
        there = ", ".join(names(project, folder)) or "none yet"
        raise CourseError(f"there is no entry {name!r} in {place.parent}: there are {there}")
    entry = _entry(_content(place / ENTRY), place)
    if (entry.project, entry.name) != (project, name):
        raise CourseError(f"{place / ENTRY} is of {entry.project}/{entry.name}: copy the whole folder, under its name")
    return entry, {file: _content(place / file) for file in entry.checksums}


def changed(entry: Entry, contents: Contents) -> list[str]:
    """Return the files that are not what they were when the entry was submitted."""
    return [file for file, content in contents.items() if sha256(content) != entry.checksums[file]]


def _content(path: Path) -> bytes:
    return read_regular(path, MOST_BYTES[path.name])


def read_regular(path: Path, most: int) -> bytes:
    """Return what is in a file that somebody else may have made: no link, no pipe, no more than `most` bytes.

    Raises:
        CourseError: it is something else, too large, or can't be read.
    """
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise CourseError(f"{path} is no file but a link, a folder or a pipe: copy the file itself")
        if status.st_size > most:
            raise CourseError(f"{path} has {status.st_size:,} bytes: no more than {most:,} are read")
        return path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path} can't be read ({error.strerror}): copy the entry's whole folder again") from None


def _entry(content: bytes, place: Path) -> Entry:
    """Make an entry from its record, if that has all it needs."""
    try:
        found = json.loads(content)
        missing = sorted(Entry.__annotations__.keys() - found.keys())
        if missing:
            raise ValueError(f"it lacks {', '.join(missing)}")
        entry = Entry(**{name: found[name] for name in Entry.__annotations__})
        _check_types(entry)
        return replace(entry, score=float(entry.score))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise CourseError(f"{place / ENTRY} is no record of an entry ({error}): copy it again") from None


def _check_types(entry: Entry) -> None:
    if not isinstance(entry.score, (int, float)) or isinstance(entry.score, bool) or not math.isfinite(entry.score):
        raise ValueError(f"score is {entry.score!r}")
    for name in ("parameters", "macs"):
        value = getattr(entry, name)
        if type(value) is not int or value < 0:
            raise ValueError(f"{name} is {value!r}")
    if not all(isinstance(text, str) for text in (entry.project, entry.name, entry.notes)):
        raise ValueError("project, name and notes must be text")
    files, sums = set(entry.checksums), entry.checksums.values()
    if not {MODEL, WEIGHTS} <= files <= {MODEL, WEIGHTS, TEST} or not all(isinstance(each, str) for each in sums):
        raise ValueError(f"checksums are of {sorted(files)}")


# what this computer knows of entries; it lies beside the leaderboard, since that may be copied from someone else


def known(folder: Path) -> dict[str, dict]:
    """Return what was noted here: "ours", texts by checksum, and "checked", verdicts by project/name."""
    try:
        found = json.loads((folder.parent / ".leaderboard.json").read_bytes())
        return {part: dict(found[part]) for part in ("ours", "checked")}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {"ours": {}, "checked": {}}


def note(folder: Path, part: str, key: str, value: object) -> None:
    """Add to what is known here."""
    all_known = known(folder)
    all_known[part][key] = value
    write_atomically(folder.parent / ".leaderboard.json", json.dumps(all_known, indent=1).encode())
