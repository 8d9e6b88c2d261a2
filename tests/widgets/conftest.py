"""A browser, the saved page and JupyterLab, opened once for all tests of this folder."""

import contextlib
from functools import cache

import explorers
import pytest
from browser import find_browser, visiting
from explorer_hand import LAPTOP, PHONE, keep_screenshots, lab_open, page_open

from conftest import missing
from course_utils.widgets import save


@pytest.fixture(scope="package")
def window():
    with visiting(find_browser() or missing("Chromium, Chrome or Edge")) as visit:
        yield visit


@pytest.fixture(scope="package")
def saved(tmp_path_factory):
    made = [make() for make in explorers.ALL]
    return save(tmp_path_factory.mktemp("page") / "explorers.html", *made, title="Explorers")


@pytest.fixture(scope="package")
def opened(window, saved, tmp_path_factory):
    """Open a place, such as "lab Dark", or give it as it stands if a test has opened it before."""
    with contextlib.ExitStack() as stack:

        @cache
        def open_place(place):
            where, theme = place.split()
            if where == "lab":
                entered = lab_open(window, tmp_path_factory.mktemp("lab"), f"JupyterLab {theme}", **LAPTOP)
            else:
                entered = page_open(window, saved, color_scheme=theme, **(PHONE if where == "phone" else LAPTOP))
            visit = stack.enter_context(entered)
            visit.first_said = visit.page.locator(".vt-sentence").all_inner_texts()
            keep_screenshots(visit, place)
            return visit

        yield open_place
