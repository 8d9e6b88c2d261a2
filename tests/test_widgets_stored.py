"""Explorers in stored notebooks and in pages of their own."""

import re
import subprocess
import sys

import nbformat
import pytest
from explorers import sequence, single
from test_store import nbval, write

from course_utils import plots, store
from course_utils.files import ROOT, CourseError
from course_utils.widgets import SliderPanel, save


@pytest.fixture(scope="module")
def made():
    return {"single": single(), "sequence": sequence()}


CELLS = [
    f"import sys\nsys.path.insert(0, {str(ROOT / 'tests')!r})\nimport explorers",
    "explorers.single()",
    "explorer = explorers.sequence()\nexplorer",
]


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    path = write(tmp_path_factory.mktemp("explorers") / "lesson.ipynb", *CELLS)
    assert store.main([path], check=False) == 0
    return path


def test_a_lesson_with_explorers_is_stored_twice_the_same_and_strictly_green(lesson):
    assert store.main([lesson], check=True) == 0
    done = nbval(lesson)
    assert done.returncode == 0 and "3 passed" in done.stdout, done.stdout
    text = lesson.read_text(encoding="utf-8")
    said = "output 6 has heard of 7 of 12"
    assert said in text
    lesson.write_text(text.replace(said, "output 6 has heard of 8 of 12"), encoding="utf-8")
    assert nbval(lesson).returncode == 1
    lesson.write_text(text, encoding="utf-8")


def test_a_stored_lesson_holds_the_data_for_a_site_without_kernel(lesson, made):
    notebook = nbformat.read(lesson, as_version=4)
    state = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    shown = notebook.cells[2].outputs[0].data["application/vnd.jupyter.widget-view+json"]["model_id"]
    buffers = {tuple(buffer["path"]): buffer["data"] for buffer in state[shown]["buffers"]}
    assert set(buffers) == {("data",), ("photograph",)}
    assert "render" in state[shown]["state"]["_esm"]
    assert sum(map(len, buffers.values())) < made["single"].stored_bytes


def test_a_page_is_saved_and_replaced_but_nothing_else_is(made, tmp_path):
    page = save(tmp_path / "page.html", made["single"], made["sequence"], title="Two & more")
    first = page.read_bytes()
    assert b"<title>Two &amp; more</title>" in first and b"<h1>Two &amp; more</h1>" in first
    assert not re.search(rb"(src|href)=.https?:|@@[A-Z]+@@", first)
    assert save(page, made["sequence"]).stat().st_size < len(first)
    other = tmp_path / "mine.html"
    other.write_text("<p>my slides</p>", encoding="utf-8")
    with pytest.raises(CourseError, match=r"mine\.html is not a page that save\(\) made"):
        save(other, made["sequence"])
    assert other.read_text(encoding="utf-8") == "<p>my slides</p>"
    with pytest.raises(ValueError, match="a SliderPanel can't live in a page"):
        save(page, SliderPanel(lambda: (plots.figure()[0], "An empty figure for nobody.")))
    with pytest.raises(ValueError, match="nothing to save"):
        save(page)
    with pytest.raises(ValueError, match=r"use page\.html"):
        save(tmp_path / "page.pdf", made["sequence"])
    with pytest.raises(CourseError, match="does not exist"):
        save(tmp_path / "gone" / "page.html", made["sequence"])


def test_the_widgets_need_no_kernel_to_be_imported():
    code = "import course_utils.widgets, sys; sys.exit('ipykernel.kernelapp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
