"""Where the site is put: into a new folder, or in place of a site that was made before and left as it was."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course_utils.files import CourseError, sha256

MARKER = ".course-site.json"  # lists the files of a site with their fingerprints


def require_replaceable(out: Path) -> None:
    """Raise CourseError unless `out` is new, empty, or a site exactly as it was made."""
    if out.exists() and not out.is_dir():
        raise CourseError(f"{out} is a file: name a folder that doesn't exist yet")
    if not out.exists() or not any(out.iterdir()):
        return
    marker = out / MARKER
    if not marker.is_file():
        raise CourseError(
            f"{out} isn't empty and isn't a site that this command made, so it stays as it is: name another"
        )
    made, found = _noted(marker), fingerprints(out)
    changed = sorted(name for name in found if made.get(name) != found[name])
    if changed:
        raise CourseError(
            f"{out} holds what this command didn't write ({', '.join(changed[:5])}), and it would be lost: "
            "move it elsewhere, or name another folder"
        )


def _noted(marker: Path) -> dict[str, str]:
    """Return the fingerprints that the marker of a site lists."""
    try:
        return dict(json.loads(marker.read_text(encoding="utf-8")).items())
    except (ValueError, AttributeError) as error:
        raise CourseError(f"{marker} can't be read, so its folder stays as it is: name another") from error


@contextmanager
def new_site(out: Path) -> Iterator[Path]:
    """Give a folder to build in; what is there at the end becomes `out`, nothing does after an error.

    Raises:
        CourseError: `out` holds something else, or can't be written.
    """
    try:
        require_replaceable(out)
        out.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise CourseError(f"{out} can't be written ({error.strerror}): name a folder in a place of your own") from error
    try:
        made = beside / "new"
        made.mkdir()
        yield made
        (made / MARKER).write_text(json.dumps(fingerprints(made), indent=0), encoding="utf-8")
        require_replaceable(out)  # somebody may have put something there meanwhile
        if out.exists():
            out.replace(beside / "old")
        try:
            made.replace(out)
        except BaseException:
            if (beside / "old").exists():
                (beside / "old").replace(out)
            raise
    finally:
        shutil.rmtree(beside)


def fingerprints(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file in `folder` but the marker, by its path there."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MARKER)
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()) for path in files}
