"""Random students and random releases: whatever they do, `start` and `update` lose nothing that was typed."""

import json
import random
import re
import shutil
import stat
from pathlib import Path

import pytest
from test_work import contents, notebook, release

from course_utils import work as module
from course_utils.work import copy_new, renew


class Student:
    """Does whatever students do to files; every text typed is unique, so that it can be looked for."""

    def __init__(self, seed: int, folder: Path):
        self.chance, self.lessons, self.work = random.Random(seed), folder / "notebooks", folder / "work"
        self.typed = 0

    def act(self) -> None:
        files = sorted(path for path in self.work.rglob("*") if path.is_file() and path.name != ".course.json")
        actions = [
            self.edit,
            self.edit,
            self.run,
            self.run,
            self.delete,
            self.rename,
            self.corrupt,
            self.protect,
        ]
        if files:
            self.chance.choice([*actions, self.lose_record, self.undo, self.take_over])(self.chance.choice(files))

    def edit(self, path: Path) -> None:
        self._write(path, notebook(self._text()))

    def run(self, path: Path) -> None:
        cells = module.fingerprint(path.read_bytes()) and json.loads(path.read_bytes())["cells"]
        if cells:
            self._write(path, notebook("".join(cells[0]["source"]), output=self._text()))

    def delete(self, path: Path) -> None:
        path.unlink()

    def rename(self, path: Path) -> None:
        path.replace(path.with_name(self.chance.choice(["mine.ipynb", "a.new.ipynb", "b.new-2.ipynb", "c.ipynb"])))

    def corrupt(self, path: Path) -> None:
        self._write(path, self._text().encode() + path.read_bytes()[:-3])

    def protect(self, path: Path) -> None:
        path.chmod(self.chance.choice([stat.S_IREAD, stat.S_IREAD | stat.S_IWRITE]))

    def lose_record(self, _: Path) -> None:
        (self.work / ".course.json").write_bytes(self.chance.choice([b"", b"{}", b"[1, 2"]))

    def undo(self, path: Path) -> None:
        if (self.lessons / path.name).exists():
            self._write(path, (self.lessons / path.name).read_bytes())

    def take_over(self, path: Path) -> None:
        path.replace(self.work / self.chance.choice(["a.ipynb", "b.ipynb"]))

    def _write(self, path: Path, content: bytes) -> None:
        path.chmod(stat.S_IREAD | stat.S_IWRITE)
        path.write_bytes(content)

    def _text(self) -> str:
        self.typed += 1
        return f"<typed {self.typed}>"


def typed_texts(work: Path) -> set[bytes]:
    return {
        text for path in work.rglob("*") if path.is_file() for text in re.findall(rb"<typed \d+>", path.read_bytes())
    }


def course_acts(chance: random.Random, lessons: Path, work: Path) -> None:
    name = chance.choice(["a.ipynb", "b.ipynb", "c.ipynb"])
    match chance.choice(["release", "release", "outputs", "removal", "start", "update", "update"]):
        case "release":
            release(lessons, f"version {chance.random()}", name)
        case "outputs":
            (lessons / "a.ipynb").write_bytes(notebook("version", output=str(chance.random())))
        case "removal":
            (lessons / "c.ipynb").unlink(missing_ok=True)
        case "start":
            assert not any(step.failed for step in copy_new(lessons, work))
        case "update":
            assert not any(step.failed for step in renew(lessons, work))
            before = contents(work)
            renew(lessons, work)
            assert contents(work) == before


@pytest.mark.parametrize("hundred", range(4))
def test_nothing_that_a_student_typed_is_ever_lost(tmp_path, hundred):
    for seed in range(100 * hundred, 100 * hundred + 100):
        student = Student(seed, tmp_path / str(seed))
        student.lessons.mkdir(parents=True)
        for name in ("a.ipynb", "b.ipynb"):
            release(student.lessons, "version 1", name)
        copy_new(student.lessons, student.work)
        for _ in range(15):
            student.act()
            before = typed_texts(student.work)
            course_acts(student.chance, student.lessons, student.work)
            assert typed_texts(student.work) >= before, f"seed {seed}"
        shutil.rmtree(student.lessons)
