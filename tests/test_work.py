"""`start` and `update` on folders: what is copied, renewed, kept and laid beside."""

import json
import stat
from pathlib import Path

import pytest

from course_utils import work as module
from course_utils.work import Step, copy_new, renew

NOTHING_NEWER = "yours is kept, and there is nothing newer"


def notebook(text: str, output: str = "", tags: tuple = (), kind: str = "code") -> bytes:
    outputs = [{"output_type": "stream", "name": "stdout", "text": output}] if output else []
    metadata = {"tags": list(tags)} if tags else {}
    cell = {"cell_type": kind, "id": "a", "metadata": metadata, "source": text.splitlines(keepends=True)}
    cell |= {"outputs": outputs, "execution_count": 1 if output else None} if kind == "code" else {}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


@pytest.fixture
def lessons(tmp_path):
    """Two lessons of the course, copied to the student's folder."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("a.ipynb", "b.ipynb"):
        (folder / name).write_bytes(notebook(f"version 1 of {name}"))
    assert copy_new(folder, tmp_path / "work") == [Step("a.ipynb", "copied"), Step("b.ipynb", "copied")]
    return folder


@pytest.fixture
def work(lessons):
    return lessons.parent / "work"


def release(lessons: Path, text: str, name: str = "a.ipynb") -> bytes:
    (lessons / name).write_bytes(notebook(text))
    return notebook(text)


def update(lessons: Path, work: Path, name: str = "a.ipynb") -> str:
    """Update, see that a second update does nothing at all, and return what happened to one lesson."""
    steps = {step.lesson: step for step in renew(lessons, work)}
    before = contents(work)
    renew(lessons, work)
    assert contents(work) == before
    assert not steps[name].failed
    return steps[name].what


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_what_is_there_is_not_copied_again(lessons, work):
    (work / "a.ipynb").write_bytes(b"mine")
    assert copy_new(lessons, work) == [Step("a.ipynb", "there already"), Step("b.ipynb", "there already")]
    assert (work / "a.ipynb").read_bytes() == b"mine"


def test_start_tells_of_a_newer_version_until_it_is_at_hand(lessons, work):
    (work / "a.ipynb").write_bytes(notebook("mine"))
    release(lessons, "version 2")
    assert "newer version: `python -m course_utils update`" in copy_new(lessons, work)[0].what
    update(lessons, work)
    assert copy_new(lessons, work)[0].what == "there already"


def test_an_untouched_lesson_is_renewed(lessons, work):
    new = release(lessons, "version 2")
    assert update(lessons, work) == "renewed"
    assert (work / "a.ipynb").read_bytes() == new
    assert not (work / ".previous").exists()
    assert update(lessons, work, "b.ipynb") == "up to date"


def test_an_untouched_lesson_gets_new_outputs_too(lessons, work):
    (lessons / "a.ipynb").write_bytes(notebook("version 1 of a.ipynb", output="stored anew"))
    assert update(lessons, work) == "renewed"
    assert b"stored anew" in (work / "a.ipynb").read_bytes()


def test_a_run_lesson_is_renewed_and_each_run_copy_kept(lessons, work):
    for number, kept in [(2, "a.ipynb"), (3, "a-2.ipynb"), (4, "a-3.ipynb")]:
        text = json.loads((work / "a.ipynb").read_bytes())["cells"][0]["source"][0]
        (work / "a.ipynb").write_bytes(notebook(text, output=f"run {number}"))
        new = release(lessons, f"version {number}")
        assert update(lessons, work) == f"renewed; the copy that you ran is kept as .previous/{kept}"
        assert f"run {number}".encode() in (work / ".previous" / kept).read_bytes()
        assert (work / "a.ipynb").read_bytes() == new


def test_a_run_lesson_stays_when_there_is_nothing_newer(lessons, work):
    (work / "a.ipynb").write_bytes(notebook("version 1 of a.ipynb", output="mine"))
    (lessons / "a.ipynb").write_bytes(notebook("version 1 of a.ipynb", output="the course's"))
    assert update(lessons, work) == "up to date"
    assert b"mine" in (work / "a.ipynb").read_bytes()


@pytest.mark.parametrize(
    "mine",
    [
        notebook("mine"),
        notebook("version 1 of a.ipynb", tags=("mine",)),
        notebook("version 1 of a.ipynb", kind="markdown"),
        notebook("version 1 of a.ipynb").replace(b'"metadata"', b'"attachments": {"x.png": {}}, "metadata"', 1),
    ],
    ids=["source", "tag", "type", "attachment"],
)
def test_an_edited_lesson_is_kept_and_the_new_one_laid_beside(lessons, work, mine):
    (work / "a.ipynb").write_bytes(mine)
    assert update(lessons, work) == f"edited: {NOTHING_NEWER}"
    new = release(lessons, "version 2")
    assert update(lessons, work) == "edited: yours is kept; the new version is a.new.ipynb"
    assert (work / "a.ipynb").read_bytes() == mine
    assert (work / "a.new.ipynb").read_bytes() == new


def test_the_order_of_the_cells_counts():
    one, two = ({"cell_type": "markdown", "source": text, "metadata": {}} for text in "12")
    notebooks = [json.dumps({"cells": cells}).encode() for cells in ([one, two], [two, one])]
    assert module.fingerprint(notebooks[0]) != module.fingerprint(notebooks[1])


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b"[]", b'{"cells": [1]}', b"[" * 100_000])
def test_what_is_no_notebook_counts_as_edited(lessons, work, damage):
    (work / "a.ipynb").write_bytes(damage)
    release(lessons, "version 2")
    said = "not readable as a notebook: yours is kept; the new version is a.new.ipynb"
    assert update(lessons, work) == said
    assert (work / "a.ipynb").read_bytes() == damage


def test_an_untouched_new_version_is_replaced_and_an_edited_one_numbered(lessons, work):
    (work / "a.ipynb").write_bytes(notebook("mine"))
    release(lessons, "version 2")
    update(lessons, work)
    release(lessons, "version 3")
    assert update(lessons, work).endswith("the new version is a.new.ipynb")
    (work / "a.new.ipynb").write_bytes(notebook("version 3, mine too"))
    new = release(lessons, "version 4")
    assert update(lessons, work).endswith("the new version is a.new-2.ipynb")
    assert b"mine too" in (work / "a.new.ipynb").read_bytes()
    assert (work / "a.new-2.ipynb").read_bytes() == new


def test_a_new_version_that_was_taken_over_or_thrown_away_is_not_laid_again(lessons, work):
    (work / "a.ipynb").write_bytes(notebook("mine"))
    release(lessons, "version 2")
    update(lessons, work)
    (work / "a.new.ipynb").unlink()
    assert update(lessons, work) == f"edited: {NOTHING_NEWER}"
    release(lessons, "version 3")
    update(lessons, work)
    (work / "a.new.ipynb").replace(work / "a.ipynb")
    assert update(lessons, work) == "up to date"
    release(lessons, "version 4")
    assert update(lessons, work) == "renewed"


def test_a_deleted_lesson_comes_back_by_start_only(lessons, work):
    (work / "a.ipynb").unlink()
    said = "not there (deleted or renamed): `python -m course_utils start` copies it again"
    assert update(lessons, work) == said
    assert not (work / "a.ipynb").exists()
    assert copy_new(lessons, work)[0].what == "copied"


def test_a_renamed_lesson_is_not_touched(lessons, work):
    (work / "a.ipynb").replace(work / "mine.ipynb")
    release(lessons, "version 2")
    update(lessons, work)
    copy_new(lessons, work)
    assert (work / "mine.ipynb").read_bytes() == notebook("version 1 of a.ipynb")


def test_a_lesson_that_the_course_gave_up_is_kept_and_a_new_one_copied(lessons, work):
    (lessons / "a.ipynb").replace(lessons / "c.ipynb")
    assert update(lessons, work) == "no longer part of the course; yours is kept"
    assert (work / "a.ipynb").exists()
    assert (work / "c.ipynb").exists()


@pytest.mark.parametrize("record", [None, b"", b"[1]", b'{"a.ipynb": 1}', b"\xff"])
def test_without_a_record_only_the_present_lesson_counts_as_unedited(lessons, work, record):
    (work / ".course.json").write_bytes(record) if record is not None else (work / ".course.json").unlink()
    release(lessons, "version 2", "b.ipynb")
    assert update(lessons, work, "b.ipynb") == "edited: yours is kept; the new version is b.new.ipynb"
    release(lessons, "version 2")
    assert update(lessons, work) == "renewed"  # the update above found it to be the present one


def test_a_write_protected_lesson_counts_as_edited(lessons, work):
    (work / "a.ipynb").chmod(stat.S_IREAD)
    release(lessons, "version 2")
    assert update(lessons, work) == "write-protected: yours is kept; the new version is a.new.ipynb"
    assert (work / "a.ipynb").read_bytes() == notebook("version 1 of a.ipynb")
    (work / "a.ipynb").chmod(stat.S_IREAD | stat.S_IWRITE)
