"""A problem set goes through nbgrader's JupyterLab extension: released, fetched, solved, handed in, graded, back."""

import html
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from browser import find_browser, running_server, visiting, wait_until_idle
from playwright.sync_api import expect
from sandboxes import needs_sandbox

from conftest import missing
from course_utils import __main__ as commands
from course_utils.exercises.help import source
from course_utils.grading import gradebook
from course_utils.grading.assignment import load
from course_utils.grading.course_folder import CourseFolder
from course_utils.lab import OFFLINE, is_root

pytestmark = needs_sandbox

IDS = ("1.4", "2.1")
SCALE = " / math.sqrt(len(query))"
SCREENSHOTS = os.environ.get("COURSE_SCREENSHOTS")
LIGHT = "JupyterLab Light"
SETTINGS = 'c = get_config()\nc.Exchange.root = "{exchange}"\nc.CourseDirectory.course_id = "vision"\n'
WAIT = 60_000  # milliseconds


@dataclass
class Person:
    """Somebody at a JupyterLab of their own: an instructor in the course folder, or a student in an empty one."""

    home: Path
    place: Path
    package: Path | None = None

    def working(self, exchange):
        """Start their JupyterLab."""
        config = self.home / "config_dir"
        config.mkdir(parents=True, exist_ok=True)
        (config / "nbgrader_config.py").write_text(SETTINGS.format(exchange=exchange), encoding="utf-8")
        options = [f"--ServerApp.root_dir={self.place}", *OFFLINE, *(["--allow-root"] if is_root() else [])]
        changes = {"PYTHONPATH": str(self.package)} if self.package else {}
        return running_server(self.home, ["jupyterlab", *options], LIGHT, self.place, **changes)


def open_extension(page, told, name):
    """Open JupyterLab, and one of nbgrader's pages from its menu."""
    page.goto(f"{told['url']}lab?token={told['token']}")
    page.get_by_role("menuitem", name="Nbgrader", exact=True).click(timeout=WAIT)
    page.get_by_role("menuitem", name=name, exact=True).click()


def open_submissions(page, told):
    """Open Formgrader's page of what was handed in."""
    open_extension(page, told, "Formgrader")
    frame = page.frame_locator("iframe")
    frame.locator("tr:has-text('ps1') .num-submissions a").click(timeout=WAIT)
    return frame


def press(page, row, column, told):
    """Click an icon in a row of Formgrader's table, and read in the window that opens what came of it."""
    frame = page.frame_locator("iframe")
    frame.locator(f"tr:has-text('{row}') .{column} a").click(timeout=WAIT)
    window = frame.locator(".modal.show, .modal.in")
    window.get_by_text(told).first.wait_for(timeout=WAIT)
    window.get_by_role("button", name="OK").click()
    window.wait_for(state="hidden", timeout=WAIT)


def press_in_list(page, part, button, then):
    """Click a button in a part of the assignment list, and wait for what it leads to."""
    page.locator(f"#{part}_assignments_list").get_by_role("button", name=button, exact=True).click(timeout=WAIT)
    page.locator(then).first.wait_for(timeout=WAIT)


def solve(page, told, answers):
    """Type answers into the notebook that was fetched, run it, and save it."""
    page.goto(f"{told['url']}lab/tree/ps1/ps1.ipynb?token={told['token']}")
    wait_until_idle(page)
    for name, text in answers.items():
        page.locator(".jp-CodeCell", has_text=f"def {name}").locator(".cm-content").click()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(text)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator('[data-command="runmenu:run-all"]').click()
    page.get_by_text("is handed in as it stands").nth(len(answers) - 1).wait_for(timeout=WAIT)
    page.keyboard.press("Control+S")
    page.locator(".jp-mod-dirty").wait_for(state="detached", timeout=WAIT)


@pytest.fixture
def people(tmp_path):
    """An instructor and a student, and what nbgrader passes files on through."""
    if not gradebook.is_available():
        missing("nbgrader")
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    course = CourseFolder(tmp_path / "vision", "ps1")
    words = ["assign", "--exercises", *IDS, "--variant-seed", "3", "--name", "ps1", "--out", str(course.root)]
    assert commands.main(words) == 0
    (tmp_path / "work").mkdir()
    teacher = Person(tmp_path / "teacher", course.root)
    return course, exchange, teacher, Person(tmp_path / "student", tmp_path / "work", course.student)


def test_a_problem_set_goes_out_comes_back_and_is_graded_and_returned(people, capsys):
    course, exchange, teacher, student = people
    browser = find_browser() or missing("Chromium, Chrome or Edge")
    items = load(course.own).items
    answers = {item.exercise.reference.__name__: source(item.exercise.reference) for item in items}
    assert SCALE in answers["attend_to_grid"]
    answers["attend_to_grid"] = answers["attend_to_grid"].replace(SCALE, "")
    told = next(mistake for mistake in items[1].exercise.mistakes if mistake.name == "no-scale").what
    with teacher.working(exchange) as hers, student.working(exchange) as his, visiting(browser) as visit:
        page = visit.page
        open_extension(page, hers, "Formgrader")
        press(page, "ps1", "release", "Successfully released")

        open_extension(page, his, "Assignment List")
        press_in_list(page, "released", "Fetch", "#fetched_assignments_list .list_item")
        solve(page, his, answers)
        open_extension(page, his, "Assignment List")
        press_in_list(page, "fetched", "Submit", "#submitted_assignments_list .list_item")

        open_extension(page, hers, "Formgrader")
        press(page, "ps1", "collect", "Successfully collected")
        assert commands.main(["grade", str(course.root)]) == 0
        assert f"{items[0].points:g} of {items[0].points + items[1].points:g} points" in capsys.readouterr().out
        total = f"{items[0].points:g} / {items[0].points + items[1].points:g}"
        frame = open_submissions(page, hers)
        expect(frame.locator("td.score")).to_have_text(total, timeout=WAIT)
        expect(frame.locator("td.status")).to_have_text("graded")
        keep_screenshot(page, "formgrader")
        press(page, "root", "autograde", "runs it apart")
        assert commands.main(["grade", str(course.root)]) == 0  # nbgrader had thrown the graded notebook away
        frame = open_submissions(page, hers)
        expect(frame.locator("td.score")).to_have_text(total, timeout=WAIT)
        assert visit.complaints == visit.foreign == []
        frame.locator("td.student-name a").click()
        frame.get_by_role("link", name="ps1").last.click()
        frame.get_by_text(told).wait_for(timeout=WAIT)
        keep_screenshot(page, "submission")
        visit.complaints.clear()  # that page, nbgrader's own, asks a server elsewhere for what sets formulas
        visit.foreign.clear()

        open_extension(page, hers, "Formgrader")
        press(page, "ps1", "generate-feedback", "Successfully generated")
        open_extension(page, hers, "Formgrader")
        press(page, "ps1", "release-feedback", "Successfully released feedback")
        open_extension(page, his, "Assignment List")
        press_in_list(page, "submitted", "Fetch Feedback", "text=view feedback")
        assert visit.complaints == []
        assert visit.foreign == []
    pages = list((student.place / "ps1" / "feedback").rglob("ps1.html"))
    assert len(pages) == 1
    page = pages[0].read_text(encoding="utf-8")
    assert html.escape(told) in page or told in page
    assert "tensor(" not in page


def keep_screenshot(page, name):
    if SCREENSHOTS:
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(SCREENSHOTS) / f"nbgrader_{name}.png")
