"""The explorers opened in a real browser, in JupyterLab or in a saved page, and a hand that moves them."""

import contextlib
import os
import statistics
from pathlib import Path

import explorers
import pytest
from browser import another, run_all, running_lab, write_notebook
from explorers import GRID

from course_utils.files import ROOT

NAMES = [make.__name__ for make in explorers.ALL]
IMPORT = f"import sys\nsys.path.insert(0, {str(ROOT / 'tests')!r})\nimport explorers"
LAPTOP = {"viewport": {"width": 1280, "height": 900}, "has_touch": True}
MOST_SECONDS = 0.1  # until an explorer answers
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def quickest(measure, rounds=3):
    """Measure seconds, and again while the median is too long, since what else the machine does only adds to them."""
    for _ in range(rounds):
        seconds = measure()
        if statistics.median(seconds) < MOST_SECONDS:
            break
    return seconds


class Hand:
    """One explorer of a page, and what a reader does to it."""

    def __init__(self, visit, name):
        self.page = visit.page
        self.root = visit.page.locator(".vt-explorer").nth(NAMES.index(name))
        self.image = self.root.locator(".vt-panel > canvas")
        self.lattices = self.root.locator(".vt-lattice canvas")

    def map(self, model=0):
        return self.root.locator(".vt-body > canvas").nth(model)

    def sentence(self):
        return self.root.locator(".vt-sentence").inner_text()

    def reading(self, model=0):
        return self.root.locator(".vt-reading").nth(model).inner_text()

    def press(self, text):
        self.root.get_by_role("button", name=text).click()

    def slide(self, label, key, times=1):
        slider = self.root.get_by_role("slider", name=label, exact=True)
        slider.focus()
        for _ in range(times):
            slider.press(key)

    def place(self, canvas, patch, grid=GRID):
        """Return the middle of a patch, in pixels of the element."""
        box = canvas.bounding_box()
        row, column = divmod(patch, grid[1])
        return {"x": box["width"] * (column + 0.5) / grid[1], "y": box["height"] * (row + 0.5) / grid[0]}

    def colour(self, canvas, patch):
        """Return red, green and blue in the middle of a patch."""
        row, column = divmod(patch, GRID[1])
        read = """(canvas, [x, y]) => [...canvas.getContext("2d")
            .getImageData(x * canvas.width, y * canvas.height, 1, 1).data.slice(0, 3)]"""
        return canvas.evaluate(read, [(column + 0.5) / GRID[1], (row + 0.5) / GRID[0]])

    def click(self, canvas, patch, grid=GRID):
        canvas.click(position=self.place(canvas, patch, grid))

    def hover(self, canvas, patch, grid=GRID):
        canvas.hover(position=self.place(canvas, patch, grid))


@contextlib.contextmanager
def page_open(window, saved, **options):
    """Open the saved page with the network off."""
    with another(window, offline=True, **options) as visit:
        visit.page.goto(saved.as_uri())
        visit.page.locator(".vt-explorer").nth(len(NAMES) - 1).wait_for()
        yield visit


@contextlib.contextmanager
def lab_open(window, folder, theme, **options):
    """Open a notebook with all explorers in JupyterLab and run it."""
    with running_lab(folder, theme) as lab, another(window, **options) as visit:
        write_notebook(lab.work / "shown.ipynb", [IMPORT, *[f"explorers.{name}()" for name in NAMES]])
        run_all(visit.page, lab.address("shown"))
        visit.page.locator(".vt-explorer").nth(len(NAMES) - 1).wait_for()
        yield visit


def keep_screenshots(visit, name):
    """Where COURSE_SCREENSHOTS names a folder, leave pictures of the explorers there, for a person to look at."""
    folder = os.environ.get("COURSE_SCREENSHOTS")
    for number, made in enumerate(NAMES if folder else ()):
        Path(folder).mkdir(parents=True, exist_ok=True)
        picture = Path(folder) / f"explorer_{name.replace(' ', '_').lower()}_{made}.png"
        visit.page.locator(".vt-explorer").nth(number).screenshot(path=picture)


def visit_fixture(*places):
    """Make a fixture of all explorers in each of `places`: a page, a phone or JupyterLab, and its theme."""

    @pytest.fixture(scope="module", params=places)
    def visit(request, opened):
        visit = opened(request.param)
        yield visit
        assert visit.complaints == []
        assert visit.foreign == []

    return visit
