"""A real JupyterLab in a real, headless Chromium: what the browser tests stand on."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
from playwright.sync_api import Page, TimeoutError, sync_playwright

from course_utils.files import ROOT

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
QUIET = (
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}
START_SECONDS, RUN_SECONDS = 120, 900  # on a busy machine half as fast as ours, three lessons at a time
POLL = 500  # milliseconds; without it the browser looks at all cells in every frame
PROMPTS = "[...document.querySelectorAll('.jp-CodeCell .jp-InputArea-prompt')].map(prompt => prompt.textContent)"
COMPLAINT = '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]'  # errors too, in JupyterLab 4


def find_browser() -> str | None:
    """Return the path of a Chromium, Chrome or Edge of this machine, None if there is none."""
    found = (shutil.which(name) for name in NAMES)
    return next(filter(None, [*found, *(place for place in PLACES if Path(place).exists())]), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Lab:
    """A running JupyterLab: its address, its token, and the folder of lesson copies that it serves."""

    url: str
    token: str
    work: Path

    def address(self, lesson: str) -> str:
        return f"{self.url}lab/tree/{lesson}.ipynb?token={self.token}&reset"  # closes what was open before

    def stop_kernels(self) -> None:
        """End what the notebooks that were opened have left running."""
        for session in json.loads(self._ask("api/sessions")):
            self._ask(f"api/sessions/{session['id']}", method="DELETE")

    def _ask(self, path: str, method: str = "GET") -> bytes:
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(f"{self.url}{path}", headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=START_SECONDS) as answer:
            return answer.read()


@contextlib.contextmanager
def running_lab(folder: Path, theme: str) -> Iterator[Lab]:
    """Start JupyterLab as a student does, with `start`, on copies in `folder`, with settings of its own."""
    work = folder / "work"
    with running_server(folder, ["course_utils", "start", "--work", str(work)], theme) as told:
        yield Lab(told["url"], told["token"], work)


@contextlib.contextmanager
def running_server(folder: Path, module: list[str], theme: str, place: Path = ROOT, **changes: str) -> Iterator[dict]:
    """Run a module that starts JupyterLab, and give what the server wrote about itself.

    Args:
        folder: where its settings, its data and its log lie.
        module: its name, and options.
        theme: of JupyterLab.
        place: the current folder.
        changes: of the environment.
    """
    environment = {**os.environ, "IPYTHONDIR": str(folder / "ipython"), "HOME": str(folder), **changes}
    for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
        environment[f"JUPYTER_{name}"] = str(folder / name.lower())
    for name in ("SETTINGS", "WORKSPACES"):
        environment[f"JUPYTERLAB_{name}_DIR"] = str(folder / name.lower())
    write_settings(folder / "settings", SETTINGS | {"@jupyterlab/apputils-extension/themes": {"theme": theme}})
    command = [sys.executable, "-m", *module, "--no-browser", "--port", str(free_port())]
    with (folder / "lab.log").open("w") as log:
        server = subprocess.Popen(command, cwd=place, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield wait_for_server(folder / "runtime_dir", server)
    finally:
        server.terminate()
        server.wait(timeout=20)


def write_settings(folder: Path, settings: dict[str, dict]) -> None:
    for name, values in settings.items():
        path = folder / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")


def wait_for_server(runtime: Path, server: subprocess.Popen) -> dict:
    """Return what the server wrote about itself once it accepts connections."""
    for _ in range(START_SECONDS * 10):
        for path in runtime.glob("jpserver-*.json"):
            with contextlib.suppress(ValueError, OSError):
                told = json.loads(path.read_text(encoding="utf-8"))
                socket.create_connection(("127.0.0.1", told["port"]), timeout=1).close()
                return told
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start: {(runtime.parent / 'lab.log').read_text(encoding='utf-8')}")


@dataclass
class Visit:
    """A page, with all that it complained about and all that it asked for outside this machine."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", lambda told: self.complaints.append(told.text) if told.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self.note_request)

    def note_request(self, request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname not in (
            "127.0.0.1",
            "localhost",
        ):
            self.foreign.append(request.url)


@contextlib.contextmanager
def visiting(browser_path: str, width: int = 1280, height: int = 900) -> Iterator[Visit]:
    """Open an empty page in headless Chromium."""
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=[*QUIET, *sandbox])
        visit = Visit(browser.new_page(viewport={"width": width, "height": height}))
        visit.watch()
        yield visit
        browser.close()


def write_notebook(path: Path, sources: list[str]) -> None:
    """Write a notebook of code cells, for the kernel that `start` installs."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


@contextlib.contextmanager
def another(visit: Visit, **options) -> Iterator[Visit]:
    """Open one more window of the same browser; `options` are those of Playwright's contexts."""
    context = visit.page.context.browser.new_context(**options)
    opened = Visit(context.new_page())
    opened.watch()
    yield opened
    context.close()


def run_all(page: Page, address: str) -> None:
    """Open a notebook, run all its cells and wait until the last is done.

    Raises:
        AssertionError: a cell failed, so that those behind it don't run, or printed to stderr; or they take too long.
            Says what is seen.
    """
    page.goto(address)
    wait_until_idle(page)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator('[data-command="runmenu:run-all"]').click()
    ended = f"() => document.querySelector('{COMPLAINT}') || {PROMPTS}.every(text => /\\[\\d+\\]/.test(text))"
    try:
        page.wait_for_function(ended, timeout=RUN_SECONDS * 1000, polling=POLL)
    except TimeoutError:
        seen = page.locator("#jp-main-statusbar, .jp-Dialog").all_inner_texts()
        raise AssertionError(f"still running after {RUN_SECONDS} s: {page.evaluate(PROMPTS)} {seen}") from None
    complaints = page.locator(COMPLAINT).all_inner_texts()
    assert not complaints, complaints[0]
    wait_until_idle(page)


def wait_until_idle(page: Page) -> None:
    page.locator("#jp-main-statusbar", has_text="| Idle").wait_for(timeout=START_SECONDS * 1000)
