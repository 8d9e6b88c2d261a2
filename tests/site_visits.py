"""The site, built once for all tests, and ways to visit it: over file:// and over http."""

import contextlib
import functools
import http.server
import importlib.util
import threading

import pytest
from browser import find_browser, visiting
from explorer_hand import another
from filelock import FileLock

from conftest import missing
from course_utils.lessons import LESSONS
from course_utils.site.build import NEEDED, Built, build

LESSON_PAGES = [f"{lesson.name}.html" for lesson in LESSONS]
PAGES = ["index.html", *LESSON_PAGES, "exercises.html", "glossary.html", "instructors.html", "licences.html"]
LIVE = """() => [...document.querySelectorAll(".course-explorer")].every((one) =>
  one.querySelector(".vt-explorer") && [...one.querySelectorAll("canvas")].every((canvas) => canvas.width > 0))"""
COST = "site.txt"  # beside the site: what building it took


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the site, which tests running side by side share."""
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        missing("the extra `site`")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    with FileLock(shared / "site.lock"):
        if not (shared / COST).exists():
            built = build(shared / "site")
            (shared / COST).write_text(f"{built.pages} {built.size} {built.seconds}", encoding="utf-8")
    return shared / "site"


@pytest.fixture
def built(site):
    pages, size, seconds = (site.parent / COST).read_text(encoding="utf-8").split()
    return Built(site, int(pages), int(size), float(seconds))


@pytest.fixture(scope="module")
def window():
    with visiting(find_browser() or missing("Chromium, Chrome or Edge")) as visit:
        yield visit


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_words):
        pass


@pytest.fixture(scope="module")
def roots(site):
    """The address of the site's folder by scheme."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {"file": site.as_uri(), "http": f"http://127.0.0.1:{server.server_port}"}
    server.shutdown()
    server.server_close()


@contextlib.contextmanager
def opened(window, address, **options):
    """Open a page in a window of its own; nothing may complain, and nothing be asked for elsewhere."""
    with another(window, **options) as visit:
        visit.page.goto(address)
        if options.get("java_script_enabled", True):
            visit.page.wait_for_function(LIVE)
        yield visit
        told = {"complaints": visit.complaints, "foreign": visit.foreign}
        assert not any(told.values()), told
