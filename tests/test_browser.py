"""The first lesson in a real JupyterLab, in a real browser: it runs, its panel answers, and nothing complains."""

import os
import time
from pathlib import Path

import pytest
from browser import find_browser, run_all, running_lab, visiting

from conftest import missing

LESSON = "00_start_here"
ANSWER_SECONDS = 5  # measured 0.3 s on two quiet cores


@pytest.fixture(scope="module", params=["JupyterLab Light", "JupyterLab Dark"])
def visit(request, tmp_path_factory):
    browser = find_browser()
    if browser is None:
        missing("Chromium, Chrome or Edge")
    folder = tmp_path_factory.mktemp("lab")
    with running_lab(folder, request.param) as lab, visiting(browser) as visit:
        run_all(visit.page, lab.address(LESSON))
        yield visit
        save_screenshots(visit.page, request.param)


def save_screenshots(page, theme):
    """Where COURSE_SCREENSHOTS names a folder, leave pictures of the whole lesson there, for a person to look at."""
    folder = os.environ.get("COURSE_SCREENSHOTS")
    if not folder:
        return
    height = page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollHeight")
    page.set_viewport_size({"width": 1280, "height": height + 150})
    page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0")
    page.wait_for_timeout(1000)
    Path(folder).mkdir(parents=True, exist_ok=True)
    page.screenshot(path=Path(folder) / f"{LESSON}_{theme.split()[-1].lower()}.png")


def test_no_cell_failed(visit):
    assert visit.page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]').count() == 0
    assert visit.page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]').count() == 0


def test_every_picture_has_a_text_alternative_and_is_drawn(visit):
    pictures = visit.page.locator(".jp-OutputArea-output img")
    assert pictures.count() >= 5
    for picture in pictures.all():
        assert len(picture.get_attribute("alt").split()) >= 4
        assert picture.evaluate("image => image.complete && image.naturalWidth > 300")


def test_a_slider_moves_the_query_and_redraws_the_picture(visit):
    picture = visit.page.locator(".jupyter-widgets img")
    before, sentence = picture.get_attribute("src"), picture.get_attribute("alt")
    assert "row 6, column 11" in sentence
    visit.page.locator(".jupyter-widgets .noUi-handle").first.focus()
    visit.page.keyboard.press("ArrowRight")
    started = time.perf_counter()
    visit.page.wait_for_function(
        "old => document.querySelector('.jupyter-widgets img').src !== old",
        arg=before,
        timeout=ANSWER_SECONDS * 1000,
    )
    print(f"the picture followed the slider after {time.perf_counter() - started:.2f} s")
    assert "row 7, column 11" in picture.get_attribute("alt")
    assert "row 7, column 11" in visit.page.locator(".jupyter-widgets [role=status]").inner_text()


def test_the_console_is_silent_and_nothing_foreign_was_asked_for(visit):
    assert visit.complaints == []
    assert visit.foreign == []
