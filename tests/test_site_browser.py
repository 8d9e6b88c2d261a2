"""The site in a real browser, over file:// and over http, in both themes, on a laptop and on a phone, and on paper."""

import os
from functools import partial
from pathlib import Path

import auditor
import nbformat
import pypdf
import pytest
import site_visits
from auditor import illegible, serious
from explorer_hand import LAPTOP, PHONE
from site_visits import LESSON_PAGES, PAGES, opened

from course_utils.lessons import LESSONS

site, roots, window, axe = site_visits.site, site_visits.roots, site_visits.window, auditor.axe
SCREENSHOTS = os.environ.get("COURSE_SCREENSHOTS")  # a folder for pictures, for a person to look at
WAYS = {"file": {**LAPTOP, "color_scheme": "light"}, "http": {**PHONE, "color_scheme": "dark"}}
CODE = (".highlight",)  # a thousand pieces of text in eight colours: audited on the first lesson
LARGEST = """() => new Promise((tell) => new PerformanceObserver((list) => tell(list.getEntries().at(-1).startTime))
  .observe({ type: "largest-contentful-paint", buffered: true }))"""
OVER = """() => [...document.querySelectorAll("article *")].filter((one) => {
  if (!one.checkVisibility() || one.getBoundingClientRect().right <= innerWidth + 1) return false;
  for (let at = one.parentElement; at; at = at.parentElement)
    if (getComputedStyle(at).overflowX !== "visible" || at.classList.contains("vt-explorer")) return false;
  return true;
}).map((one) => one.outerHTML.slice(0, 80))"""

HIGHEST = "() => Math.max(0, ...[...document.querySelectorAll('.vt-choice > button')].map((one) => one.offsetHeight))"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_quiet_fits_answers_and_prints(name, way, window, roots, axe, tmp_path):
    with opened(window, f"{roots[way]}/{name}", **WAYS[way]) as visit:
        page = visit.page
        assert page.evaluate("document.documentElement.dataset.theme") == WAYS[way]["color_scheme"]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") and page.evaluate(OVER) == []
        assert page.evaluate(HIGHEST) < 80, "a button's words are squeezed"
        audit = illegible if way == "file" and name in LESSON_PAGES[1:] else serious
        assert audit(page, axe, "html", but=() if name == LESSON_PAGES[0] else CODE) == []
        keep_screenshot(page, f"{Path(name).stem}_{way}")
        explorers = page.locator(".vt-explorer").all()
        assert len(explorers) == page.locator(".course-explorer").count()
        for explorer in explorers:
            assert answers(explorer), f"explorer {explorers.index(explorer)} says the same whatever is moved"
        if name in LESSON_PAGES and way == "file":
            it_prints(page, LESSONS[LESSON_PAGES.index(name)], tmp_path / "lesson.pdf")


@pytest.mark.alone
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_there_at_once(name, way, window, roots, budget_report):
    with opened(window, f"{roots[way]}/{name}", **WAYS[way]) as visit:
        largest = visit.page.evaluate(LARGEST)
    budget_report(f"{name} over {way}: largest contentful paint after {largest / 1000:.2f} s")
    assert largest < 2000


def it_prints(page, lesson, path):
    """Print a lesson, and look whether paper has its text; afterwards the page is as before."""
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    page.pdf(path=path, format="A4")
    assert page.locator("article details[open]").count() == 0
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    sheets = pypdf.PdfReader(path).pages
    assert 5 < len(sheets) < 60
    texts = [sheet.extract_text() for sheet in [*sheets[:3], sheets[-1]]]
    assert lesson.title in " ".join(texts[0].split())
    assert all(len(text) > 40 for text in texts)


def answers(explorer):
    """Whether what an explorer says changes when something in it is moved."""
    said = explorer.locator(".vt-sentence").first
    before = said.inner_text()
    for act in acts(explorer):
        act()
        if said.inner_text() != before:
            return True
    return False


def acts(explorer):
    """Yield what a reader may do with an explorer."""
    ways = {'[tabindex="0"]': ("ArrowRight", "ArrowUp", "ArrowDown"), "input[type=range]": ("ArrowRight", "ArrowLeft")}
    for kind, keys in ways.items():
        for one in explorer.locator(f"{kind}:visible").all():
            yield from (partial(one.press, key) for key in keys)
    for menu in explorer.locator("select:visible").all():
        yield from (partial(menu.select_option, index=place) for place in (0, 1))
    for cell in explorer.locator("td[tabindex]:visible").all()[:2]:
        yield cell.click
    for button in explorer.locator("button:not([aria-pressed=true]):visible").all():
        yield button.click


def keep_screenshot(page, name):
    if SCREENSHOTS:
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(SCREENSHOTS) / f"site_{name}.png")


def test_the_front_page_answers_in_its_first_screen(window, roots):
    with opened(window, f"{roots['file']}/index.html", **LAPTOP) as visit:
        box = visit.page.locator(".course-explorer canvas").first.bounding_box()
        assert box["y"] + box["height"] < LAPTOP["viewport"]["height"]


@pytest.mark.parametrize("way", WAYS)
def test_the_search_finds_lessons_and_terms(way, window, roots):
    with opened(window, f"{roots[way]}/search.html?q=softmax", **LAPTOP) as visit:
        found = visit.page.locator("#search-results li a")
        found.first.wait_for()
        assert any("02_self_attention.html" in one.get_attribute("href") for one in found.all())
        visit.page.goto(f"{roots[way]}/search.html?q=warm-up")
        visit.page.locator('#search-results a[href*="glossary.html#term-"]').first.wait_for()


def test_a_formula_is_set_in_its_own_font(window, roots):
    with opened(window, f"{roots['file']}/02_self_attention.html", **LAPTOP) as visit:
        visit.page.evaluate("document.fonts.ready")
        assert visit.page.locator("math").count() >= 15
        assert visit.page.evaluate("document.fonts.check('16px \"Course Formulas\"')")
        root = visit.page.locator("msqrt").first.bounding_box()
        assert root["height"] > 15


def test_the_theme_switches_and_the_lattices_follow(window, roots):
    picture = "document.querySelector('.vt-lattice canvas').toDataURL()"
    with opened(window, f"{roots['file']}/02_self_attention.html", **LAPTOP, color_scheme="light") as visit:
        page = visit.page
        page.locator(".vt-lattice canvas").first.wait_for()
        light = page.evaluate(picture)
        for mode, same in (("dark", False), ("light", True), ("auto", True)):
            page.locator(".theme-switch-button:visible").click()
            page.locator(f'.theme-change-button[data-mode="{mode}"]:visible').click()
            assert page.evaluate("document.documentElement.dataset.theme") == ("light" if same else "dark")
            assert (page.evaluate(picture) == light) == same


def test_solutions_open_and_close_together(window, roots):
    with opened(window, f"{roots['file']}/00_start_here.html", **LAPTOP) as visit:
        hidden = visit.page.locator("article details pre").first
        button = visit.page.get_by_role("button", name="Open all solutions")
        assert not hidden.is_visible()
        button.click()
        assert hidden.is_visible() and button.get_attribute("aria-pressed") == "true"
        button.click()
        assert not hidden.is_visible()


def test_without_javascript_the_stored_pictures_are_there(window, roots):
    with opened(window, f"{roots['file']}/02_self_attention.html", **LAPTOP, java_script_enabled=False) as visit:
        pictures = visit.page.locator(".course-explorer img")
        assert pictures.count() >= 2 and pictures.first.is_visible()
        assert not visit.page.get_by_role("button", name="Open all solutions").is_visible()


def test_solutions_are_printed(window, roots, tmp_path):
    lesson = nbformat.read(LESSONS[0].path, 4)
    solution = next(cell.source for cell in lesson.cells if "solution" in cell.metadata.get("tags", []))
    last = solution.partition("\n```\n")[0].splitlines()[-1]
    with opened(window, f"{roots['file']}/{LESSON_PAGES[0]}", **LAPTOP) as visit:
        visit.page.pdf(path=tmp_path / "lesson.pdf")
    printed = "".join(sheet.extract_text() for sheet in pypdf.PdfReader(tmp_path / "lesson.pdf").pages)
    assert last.strip() and "".join(last.split()) in "".join(printed.split())
