"""Every lesson as a notebook: its form, its budgets, and that executing it gives what is stored.

What is executed is a solved copy: nbval does the same, strictly, with the lesson as it is.
"""

import base64
import io
import json
import os
import re
import tempfile
from functools import cache
from pathlib import Path

import nbformat
import pytest
from filled import emptied, filled, verdicts
from lesson_rules import claim_faults, contents, faults, tags
from PIL import Image, ImageChops, ImageStat

from course_utils import data, store
from course_utils.files import NOTEBOOKS, ROOT
from course_utils.lessons import LESSONS

WRITTEN = [lesson for lesson in LESSONS if lesson.path.exists()]
LARGEST_FILE, LARGEST_MEMORY = 0.8e6, 2 * 2**30
SLACK = 3  # the budgets are for two quiet cores of a laptop; a slower machine gets three times as long
BESIDE = 2  # and where other tests run beside, twice that
PICTURE = re.compile(r"data:image/webp;base64,([A-Za-z0-9+/=]+)")

every_lesson = pytest.mark.parametrize("lesson", WRITTEN, ids=lambda lesson: lesson.name)


@cache
def stored(lesson):
    return nbformat.read(lesson.path, as_version=4)


@cache
def executed(lesson):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / lesson.path.name
        nbformat.write(filled(stored(lesson), right=True), path)
        return store.execute(path)


def test_every_notebook_is_a_lesson_of_the_list():
    assert sorted(NOTEBOOKS.glob("*.ipynb")) == [lesson.path for lesson in WRITTEN]


@every_lesson
def test_its_form(lesson):
    assert faults(stored(lesson)) == []


@every_lesson
def test_it_opens_with_its_number_and_minutes(lesson):
    first = stored(lesson).cells[0].source
    assert first.startswith(f"# {lesson.number} · {lesson.title}\n")
    assert f"*{lesson.minutes} minutes" in first


@every_lesson
def test_it_shows_its_claims(lesson):
    assert claim_faults(stored(lesson), lesson.number, data.table("claims")) == []


@every_lesson
def test_its_links_lead_somewhere(lesson):
    for cell in stored(lesson).cells:
        for mime, content in contents(cell):
            targets = re.findall(r"\]\(([^)#\s]+)\)", content) if mime == "text/markdown" else []
            dead = [target for target in targets if "://" not in target and not (NOTEBOOKS / target).exists()]
            assert not dead


@every_lesson
def test_it_stores_no_path_of_its_author(lesson):
    text = lesson.path.read_text(encoding="utf-8")
    assert str(ROOT) not in text
    assert "/home/" not in text
    assert "/tmp/" not in text


@every_lesson
def test_its_file_is_small_and_as_the_executor_writes_it(lesson):
    content = lesson.path.read_bytes()
    assert len(content) <= LARGEST_FILE
    assert content == store.as_bytes(store.normalised(stored(lesson)))


@every_lesson
def test_a_solved_copy_gives_what_is_stored(lesson):
    old, solved = stored(lesson), executed(lesson).notebook
    for id, line in verdicts(solved).items():
        assert line.startswith(f"✓ {id} correct")
    fresh = store.with_old_uncompared(emptied(solved, old), old)
    assert without_pictures(fresh) == without_pictures(old)
    for new_picture, old_picture in zip(pictures(fresh), pictures(old), strict=True):
        assert difference(new_picture, old_picture) < 2  # of 255: another processor may round another way


@every_lesson
def test_it_stays_within_its_budgets(lesson, budget_report):
    done = executed(lesson)
    size = lesson.path.stat().st_size
    budget_report(
        f"{lesson.name}: {done.seconds:.1f} s of {lesson.seconds}, "
        f"{done.peak_bytes / 2**20:.0f} MiB of {LARGEST_MEMORY / 2**20:.0f}, "
        f"{size / 1e6:.2f} MB of {LARGEST_FILE / 1e6}"
    )
    assert done.seconds <= SLACK * lesson.seconds * (BESIDE if os.environ.get("PYTEST_XDIST_WORKER") else 1)
    assert done.peak_bytes <= LARGEST_MEMORY


def without_pictures(notebook):
    return PICTURE.sub("PICTURE", nbformat.writes(notebook))


def pictures(notebook):
    """Return all pictures, but for those of cells tagged `live`: a training goes another way on another processor."""
    cells = [json.dumps(cell) for cell in notebook.cells if "live" not in tags(cell)]
    return [Image.open(io.BytesIO(base64.b64decode(code))) for cell in cells for code in PICTURE.findall(cell)]


def difference(one, other):
    """Return the mean difference of two pictures, from 0 to 255; of different sizes, 255."""
    if one.size != other.size:
        return 255
    channels = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean
    return sum(channels) / len(channels)
