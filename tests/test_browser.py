"""Every lesson in a real JupyterLab, in a real browser: it runs on wrong answers too, and nothing complains."""

import contextlib
import os
import time
from functools import cache
from pathlib import Path

import nbformat
import pytest
from browser import another, find_browser, run_all, running_lab, visiting, write_notebook
from filled import filled

from conftest import missing
from course_utils.exercises.cells import blocks
from course_utils.lessons import LESSONS

FIRST = "00_start_here"
ANSWER_SECONDS = 5  # measured 0.3 s on two quiet cores
SCREENSHOTS = os.environ.get("COURSE_SCREENSHOTS")  # a folder for pictures, for a person to look at
LONG = 60  # seconds that a lesson may take, from which it runs here once a week only: COURSE_ALL_RUNS=1
LAPTOP = {"width": 1280, "height": 900}
THEMES = ("JupyterLab Light", "JupyterLab Dark")
VISITS = [
    pytest.param(lesson.name, theme, id=f"{lesson.name}-{theme.split()[-1]}")
    for lesson in LESSONS
    for theme in THEMES
    if lesson.path.exists() and (theme == THEMES[0] or lesson.name == FIRST or SCREENSHOTS)
    if lesson.seconds < LONG or os.environ.get("COURSE_ALL_RUNS") == "1" or SCREENSHOTS
]


@pytest.fixture(scope="module")
def window():
    with visiting(find_browser() or missing("Chromium, Chrome or Edge")) as visit:
        yield visit


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Return a JupyterLab of a theme: the same one each time."""
    with contextlib.ExitStack() as stack:
        yield cache(lambda theme: stack.enter_context(running_lab(tmp_path_factory.mktemp("lab"), theme)))


@pytest.fixture
def lab(opened, theme):
    yield opened(theme)
    opened(theme).stop_kernels()


@pytest.mark.parametrize(("lesson", "theme"), VISITS)
def test_a_lesson_runs_and_nothing_complains(lesson, theme, lab, window):
    with another(window, viewport=LAPTOP) as visit:
        ids = [] if SCREENSHOTS else answer_wrongly(lab.work / f"{lesson}.ipynb")
        run_all(visit.page, lab.address(lesson))
        shown = visit.page.locator(".jp-OutputArea").all_inner_texts()
        for id in ids:
            assert any(text.startswith(f"✗ {id}\n") for text in shown), f"no verdict on {id}"
        every_picture_has_a_text_alternative_and_is_drawn(visit.page)
        if lesson == FIRST:
            a_slider_moves_the_query_and_redraws_the_picture(visit.page)
        if SCREENSHOTS:
            save_screenshot(visit.page, Path(SCREENSHOTS) / f"{lesson}_{theme.split()[-1].lower()}.png")
        assert visit.complaints == []
        assert visit.foreign == []


@pytest.mark.parametrize("theme", THEMES[:1])
def test_a_cell_that_fails_is_told_at_once(lab, window):
    write_notebook(lab.work / "failing.ipynb", ["1 / 0", "print('never run')"])
    with another(window, viewport=LAPTOP) as visit, pytest.raises(AssertionError, match="ZeroDivisionError"):
        run_all(visit.page, lab.address("failing"))


def answer_wrongly(path):
    """Fill a copy's stubs with wrong answers, and return their ids: a lesson runs to its end whatever stands there.

    On its stubs `pytest --nbval` runs it, on right answers tests/test_notebooks.py does.
    """
    notebook = nbformat.read(path, as_version=4)
    nbformat.write(filled(notebook, right=False), path)
    return [block.id for block in blocks(notebook)]


def save_screenshot(page, path):
    height = page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollHeight")
    page.set_viewport_size({"width": 1280, "height": height + 150})
    page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0")
    page.wait_for_timeout(1000)
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)


def every_picture_has_a_text_alternative_and_is_drawn(page):
    pictures = page.locator(".jp-OutputArea-output img")
    assert pictures.count() >= 5
    for picture in pictures.all():
        assert len(picture.get_attribute("alt").split()) >= 4
        assert picture.evaluate("image => image.complete && image.naturalWidth > 300")


def a_slider_moves_the_query_and_redraws_the_picture(page):
    picture = page.locator(".jupyter-widgets img")
    before = picture.get_attribute("src")
    assert "row 6, column 11" in picture.get_attribute("alt")
    page.locator(".jupyter-widgets .noUi-handle").first.focus()
    page.keyboard.press("ArrowRight")
    started = time.perf_counter()
    redrawn = "old => document.querySelector('.jupyter-widgets img').src !== old"
    page.wait_for_function(redrawn, arg=before, timeout=ANSWER_SECONDS * 1000)
    print(f"the picture followed the slider after {time.perf_counter() - started:.2f} s")
    assert "row 7, column 11" in picture.get_attribute("alt")
    assert "row 7, column 11" in page.locator(".jupyter-widgets [role=status]").inner_text()
