"""The site as files: complete, linked, self-contained; and the command that makes it overwrites nothing."""

import importlib.util
import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
import site_visits
from site_visits import LESSON_PAGES, PAGES

from course_utils import data
from course_utils.__main__ import main
from course_utils.exercises.cells import blocks
from course_utils.files import CourseError
from course_utils.lessons import LESSONS
from course_utils.site import build as building
from course_utils.site.folder import MARKER, new_site, require_replaceable
from course_utils.store import STATE, VIEW

site, built = site_visits.site, site_visits.built
MOST_SECONDS, MOST_BYTES = 60, 20e6
LOADED = {("script", "src"), ("link", "href"), ("img", "src"), ("source", "src"), ("iframe", "src")}


class Page(HTMLParser):
    """What a page holds: names of places, links, files that it loads, pictures, and its text."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.loads, self.pictures, self.places = [], [], [], [], 0
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" and "href" in found else []
        self.loads += [found[name] for kind, name in LOADED if kind == tag and name in found]
        self.pictures += [found.get("alt", "")] if tag == "img" else []
        self.places += found.get("class") == "course-explorer"


@pytest.fixture(scope="module")
def pages(site):
    return {name: Page(site / name) for name in [*PAGES, "search.html"]}


def stored(lesson):
    return nbformat.read(lesson.path, as_version=4)


def explorers_of(notebook):
    """Return how many explorers a stored lesson shows."""
    states = notebook.metadata.widgets[STATE]["state"]
    shown = [output.get("data", {}).get(VIEW) for cell in notebook.cells for output in cell.get("outputs", [])]
    return sum("_esm" in states[view["model_id"]]["state"] for view in shown if view)


# what is there


def test_it_is_complete_and_small(built):
    assert built.pages == len(PAGES) + 1
    assert built.size < MOST_BYTES


@pytest.mark.alone
def test_it_is_built_in_under_a_minute(built, budget_report):
    budget_report(f"the site: {built.pages} pages, {built.size / 1e6:.1f} MB, built in {built.seconds:.1f} s")
    assert built.seconds < MOST_SECONDS


def test_every_page_is_there_and_no_other(site):
    assert {path.name for path in site.glob("*.html")} == {*PAGES, "search.html"}


def test_links_and_anchors_lead_somewhere_in_the_site(site, pages):
    broken, checked = [], 0
    for name, page in pages.items():
        for link in page.links:
            address = urlsplit(link)
            if address.scheme in ("http", "https"):
                continue
            checked += 1
            target = unquote(address.path) or name
            if not (site / target).is_file():
                broken.append((name, link))
            elif address.fragment and target in pages:
                ok = unquote(address.fragment) in pages[target].ids
                broken += [] if ok else [(name, link)]
    assert broken == [] and checked > 1000


def test_foreign_links_stand_only_where_sources_are_named(pages):
    foreign = {
        name for name, page in pages.items() for link in page.links if urlsplit(link).scheme in ("http", "https")
    }
    assert foreign <= {"licences.html"}


def test_nothing_is_loaded_from_elsewhere(site, pages):
    for name, page in pages.items():
        for address in page.loads:
            if not address.startswith(("data:", "#")):
                assert not urlsplit(address).netloc and (site / urlsplit(address).path).is_file(), (name, address)
    for sheet in site.rglob("*.css"):
        for address in re.findall(r"url\(\s*[\"']?([^\"')]+)", sheet.read_text(encoding="utf-8")):
            if not address.startswith(("data:", "#")):
                assert (sheet.parent / urlsplit(address).path).is_file(), (sheet.name, address)


def test_no_place_has_two_names_alike(pages):
    for name, page in pages.items():
        assert [id for id, count in Counter(page.ids).items() if count > 1] == [], name


def test_every_picture_has_a_text_alternative(pages):
    for name in LESSON_PAGES:
        assert len(pages[name].pictures) >= 5
        assert all(len(alt.split()) >= 4 for alt in pages[name].pictures), name


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_page_has_all_of_its_lesson(lesson, site, pages):
    page, notebook = pages[f"{lesson.name}.html"], stored(lesson)
    assert page.places == explorers_of(notebook)
    exercises = list(blocks(notebook))
    assert {f"exercise-{block.id}" for block in exercises} <= set(page.ids)
    solutions = len(re.findall("<details><summary>The course's version</summary>", page.source))
    assert solutions == len(exercises)
    assert "<details open" not in page.source
    assert (site / "notebooks" / lesson.path.name).read_bytes() == lesson.path.read_bytes()
    assert f"notebooks/{lesson.path.name}" in page.links
    assert "$" not in re.sub(r"<pre>.*?</pre>|<code.*?</code>", "", page.source, flags=re.DOTALL)  # formulas are set
    assert "widget-view" not in page.source


def test_the_front_page_maps_all_lessons_and_shows_an_explorer(pages):
    front = pages["index.html"]
    assert front.places == 1 and len(front.pictures) == 1  # the still one, for readers without JavaScript
    assert all(front.source.count(f'"course-lesson" href="{name}"') == 1 for name in LESSON_PAGES)
    assert "python -m course_utils start" in re.sub("<[^>]+>", "", front.source)


def test_the_indexes_have_every_exercise_and_every_term(pages):
    exercises = [link for link in pages["exercises.html"].links if "#exercise-" in link]
    assert len(exercises) == sum(len(list(blocks(stored(lesson)))) for lesson in LESSONS)
    terms = [id for id in pages["glossary.html"].ids if id.startswith("term-")]
    assert len(terms) == len(data.table("glossary"))


def test_who_took_the_photographs_is_told(pages):
    told = pages["licences.html"].source
    assert all(name in told for name in ("danielbuechele", "vultilion", "CC BY 2.0", "Zalando", "MIT License"))


# the command, and what it leaves alone


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("two years")
    with pytest.raises(CourseError, match="isn't empty and isn't a site"):
        require_replaceable(tmp_path)
    with pytest.raises(CourseError, match=r"thesis.txt is a file: name a folder"):
        require_replaceable(tmp_path / "thesis.txt")
    assert (tmp_path / "thesis.txt").read_text() == "two years"


def make(out, text):
    with new_site(out) as made:
        (made / "index.html").write_text(text)


def test_a_site_is_replaced_unless_somebody_changed_it(tmp_path):
    out = tmp_path / "deep" / "site"
    make(out, "first")
    make(out, "second")
    assert (out / "index.html").read_text() == "second" and (out / MARKER).is_file()
    (out / "notes.html").write_text("mine")
    with pytest.raises(CourseError, match=r"notes\.html"):
        make(out, "third")
    (out / "notes.html").unlink()
    (out / "index.html").write_text("my own words")
    with pytest.raises(CourseError, match=r"index\.html"):
        make(out, "third")
    assert (out / "index.html").read_text() == "my own words"
    assert [path.name for path in out.parent.iterdir()] == ["site"]


def test_what_is_put_there_meanwhile_stays(tmp_path):
    out = tmp_path / "site"
    make(out, "first")
    with pytest.raises(CourseError, match="CNAME"), new_site(out) as made:
        (made / "index.html").write_text("second")
        (out / "CNAME").write_text("mine")
    assert (out / "CNAME").read_text() == "mine" and (out / "index.html").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_an_exchange_that_fails_half_way_is_undone(tmp_path, monkeypatch):
    out, replace = tmp_path / "site", Path.replace
    make(out, "first")

    def failing(place, target):
        if place.name == "new":
            raise OSError("the disk is full")
        return replace(place, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OSError, match="full"):
        make(out, "second")
    assert (out / "index.html").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_failure_leaves_the_earlier_site(tmp_path):
    make(tmp_path / "site", "first")
    with pytest.raises(RuntimeError), new_site(tmp_path / "site"):
        raise RuntimeError
    assert (tmp_path / "site" / "index.html").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(CourseError, match=r"site can't be written \(.+\): name a folder"):
        make(tmp_path / "file" / "site", "first")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("text", ["no JSON", "[]"])
def test_a_broken_marker_is_told(tmp_path, text):
    (tmp_path / MARKER).write_text(text)
    with pytest.raises(CourseError, match="can't be read"):
        require_replaceable(tmp_path)


def test_without_sphinx_the_remedy_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(building, "NEEDED", ("no_such_library",))
    assert main(["site", "--out", str(tmp_path / "site")]) == 1
    assert 'no_such_library, which isn\'t installed: python -m pip install -c constraints.txt -e ".[site]"' in (
        capsys.readouterr().err
    )
    assert not (tmp_path / "site").exists()


@pytest.mark.skipif(importlib.util.find_spec("sphinx") is None, reason="the extra `site` is not installed here")
def test_what_sphinx_complains_about_is_told_and_nothing_is_left(tmp_path, monkeypatch):
    def write(source, extra):
        extra.mkdir()
        (source / "page_files.json").write_text(json.dumps({}))
        (source / "index.md").write_text("# A title\n\n[nowhere](nowhere.md)\n")

    monkeypatch.setattr(building, "write_source", write)
    with pytest.raises(CourseError, match=r"(?s)without complaints.*nowhere\.md"):
        building.build(tmp_path / "site")
    assert list(tmp_path.iterdir()) == []
