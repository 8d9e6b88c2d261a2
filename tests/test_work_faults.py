"""`start` and `update` where something goes wrong: it is told, with the remedy, and everything stays as it was."""
# ruff: noqa: F811 (a fixture of another file, and the argument that asks for it)

import errno
import os
from pathlib import Path

import pytest
from ordinary_user import as_ordinary_user, folder_of_ordinary_user
from test_work import contents, lessons, notebook, release, work  # noqa: F401

from course_utils import work as module
from course_utils.files import CourseError
from course_utils.work import Step, copy_new, renew

posix = pytest.mark.skipif(os.name == "nt", reason="permissions of folders work otherwise on Windows")


def test_a_damaged_lesson_of_the_course_is_told(lessons, work):
    (lessons / "a.ipynb").write_bytes(b"<<<<<<< HEAD")
    release(lessons, "version 2", "b.ipynb")
    bad, good = renew(lessons, work)
    assert bad.failed
    assert bad.what.endswith("is damaged: run `git checkout notebooks`; yours is kept")
    assert good == Step("b.ipynb", "renewed")
    assert (work / "a.ipynb").read_bytes() == notebook("version 1 of a.ipynb")


def test_one_lesson_that_cannot_be_renewed_does_not_stop_the_others(lessons, work):
    (work / "a.ipynb").write_bytes(notebook("version 1 of a.ipynb", output="run"))
    (work / ".previous").write_bytes(b"a file in the way")
    release(lessons, "version 2")
    release(lessons, "version 2", "b.ipynb")
    bad, good = renew(lessons, work)
    assert bad.failed
    assert "left as it was (" in bad.what
    assert str(work / ".previous") in bad.what
    assert good == Step("b.ipynb", "renewed")
    assert b"run" in (work / "a.ipynb").read_bytes()


@pytest.mark.parametrize("act", [copy_new, renew])
def test_a_work_folder_that_cannot_be(lessons, act):
    (lessons.parent / "file").write_bytes(b"")
    for folder in ("file", "file/below"):
        with pytest.raises(CourseError, match=r"file.* \(.+\): rename what stands in its way, or .*--work FOLDER"):
            act(lessons, lessons.parent / folder)
    with pytest.raises(CourseError, match=r"the course's own folder: choose another folder with --work FOLDER"):
        act(lessons, lessons.parent / "work" / ".." / "notebooks")
    with pytest.raises(CourseError, match=r"there is no lesson in .*: run `git checkout notebooks`"):
        act(lessons.parent / "none", lessons.parent / "work")


@posix
def test_what_an_ordinary_user_may_not_write():
    with folder_of_ordinary_user() as home, as_ordinary_user():
        lessons, work = home / "notebooks", home / "work"
        lessons.mkdir()
        release(lessons, "version 1")
        release(lessons, "version 1", "b.ipynb")
        copy_new(lessons, work)
        (work / "a.ipynb").chmod(0o200)
        release(lessons, "version 2")
        release(lessons, "version 2", "b.ipynb")
        said = f"left as it was (Permission denied: {work / 'a.ipynb'}): see to it and try again"
        assert renew(lessons, work) == [Step("a.ipynb", said, failed=True), Step("b.ipynb", "renewed")]
        (work / "a.ipynb").chmod(0o600)
        before = contents(work)
        work.chmod(0o500)
        told = r"can't write in the work folder .*/work \(Permission denied\): give yourself permission"
        for act in (copy_new, renew):
            with pytest.raises(CourseError, match=told):
                act(lessons, work)
        with pytest.raises(CourseError, match=r"can't make the work folder .*/work/sub \(Permission denied\): "):
            copy_new(lessons, work / "sub")
        assert contents(work) == before


@posix
@pytest.mark.parametrize("room", [0, 150], ids=["for nothing", "for half a lesson"])
def test_a_write_that_breaks_off_leaves_the_old_content(lessons, work, room):
    import resource

    (work / "b.ipynb").write_bytes(notebook("version 1 of b.ipynb", output="run"))
    for name in ("a.ipynb", "b.ipynb"):
        release(lessons, "version 2" * 100, name)
    before = contents(work)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))  # a real one: the system refuses the rest
    try:
        steps = renew(lessons, work)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [step.failed for step in steps] == [True, True]
    assert steps[0].what == f"left as it was (File too large: {work / 'a.ipynb'}): see to it and try again"
    assert contents(work) == before


def test_a_full_disk_is_told_for_the_record_too(lessons, work, monkeypatch):
    def full(path: Path, content: bytes) -> None:
        if path.name == ".course.json":
            raise OSError(errno.ENOSPC, "No space left on device")
        path.write_bytes(content)

    release(lessons, "version 2")
    monkeypatch.setattr(module, "write_atomically", full)
    *_, last = renew(lessons, work)
    said = f"left as it was (No space left on device: {work / '.course.json'}): see to it and try again"
    assert last == Step(".course.json", said, failed=True)
