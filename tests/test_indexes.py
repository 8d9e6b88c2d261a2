"""README's indexes are what the lessons say: every exercise with its effort, every term where it is explained."""

import json
import re
from functools import cache

import pytest

from course_utils import data, indexes
from course_utils.exercises import registry
from course_utils.files import NOTEBOOKS, CourseError
from course_utils.lessons import LESSONS, Lesson
from scripts.update_readme import README, markers, renewed, replaced

WRITTEN = [lesson for lesson in LESSONS if lesson.path.exists()]
TERMS = data.table("glossary")
HEADING = re.compile(r"^### Exercise (\d+\.\d+) (★ )?(.+)$", re.MULTILINE)
EFFORT = re.compile(
    r"^(?:### Exercise (\d+\.\d+) .+\n\s*|\*\*Exercise (\d+\.\d+)\*\* )\*(\d+) minutes · difficulty (\d) of 5\.\*", re.M
)
WITHOUT_EFFORT = {"0.1"}  # lesson 00 does it together with the reader
LONGEST_MEANING = 20
WORDS_A_MINUTE = 150
PLANNED = Lesson("11_never_to_be_written", "Never", 90, "nothing", 10)

every_lesson = pytest.mark.parametrize("lesson", WRITTEN, ids=lambda lesson: lesson.name)


@cache
def prose(number):
    """The Markdown that a reader of lesson `number` sees, folded solutions left out."""
    cells = json.loads(next(NOTEBOOKS.glob(f"{number}_*.ipynb")).read_text(encoding="utf-8"))["cells"]
    shown = (
        cell for cell in cells if cell["cell_type"] == "markdown" and "solution" not in cell["metadata"].get("tags", [])
    )
    return "\n\n".join("".join(cell["source"]) for cell in shown)


def forms(term):
    return re.compile(rf"(?<!\w){re.escape(term)}(?:e?s)?(?!\w)", re.IGNORECASE)


def occurs(term, text):
    return forms(term).search(text.replace("*", "")) is not None


def is_bold(term, text):
    return any(forms(term).fullmatch(span.strip(" .,:")) for span in re.findall(r"\*\*([^*]+)\*\*", text))


def section(name):
    opening, closing = markers(name)
    return README.read_text(encoding="utf-8").split(opening)[1].split(closing)[0]


def rows(name):
    lines = [line for line in section(name).splitlines() if line.startswith("|")]
    return [line.strip("| ").split(" | ") for line in lines[2:]]


def test_the_readme_is_what_is_generated():
    page = README.read_text(encoding="utf-8")
    assert renewed(page) == page, "run python scripts/update_readme.py"


# Exercises


def test_the_index_lists_every_heading_of_the_notebooks():
    listed = {id: (title, lesson) for id, title, _, _, _, lesson in rows("exercises")}
    assert list(listed) == [e.id for lesson in WRITTEN for e in registry.lesson_exercises(int(lesson.number))]
    for lesson in WRITTEN:
        link = f"[{lesson.number} {lesson.title}](notebooks/{lesson.name}.ipynb)"
        for id, star, title in HEADING.findall(prose(lesson.number)):
            assert listed[id] == (f"{star}{title}", link)


def test_the_first_line_counts_what_is_listed():
    listed = rows("exercises")
    core = [row for row in listed if row[1].startswith("★ ")]
    mistakes = sum(len(registry.find(row[0]).mistakes) for row in listed)
    minutes, core_minutes = (sum(int(row[2]) for row in some) for some in (listed, core))
    found = [
        int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", section("exercises").strip().split("\n")[0])
    ]
    assert found == [len(listed), mistakes, minutes, len(core), core_minutes]


@every_lesson
def test_texts_and_registry_state_the_same_effort(lesson):
    stated = {
        one or other: (int(minutes), int(level)) for one, other, minutes, level in EFFORT.findall(prose(lesson.number))
    }
    exercises = registry.lesson_exercises(int(lesson.number))
    assert stated == {e.id: (e.minutes, e.difficulty) for e in exercises if e.id not in WITHOUT_EFFORT}
    assert {id for id, _, _ in HEADING.findall(prose(lesson.number))} <= set(stated)


@every_lesson
def test_reading_and_exercises_fit_into_the_lessons_minutes(lesson):
    reading = len(prose(lesson.number).split()) / WORDS_A_MINUTE
    exercises = sum(exercise.minutes for exercise in registry.lesson_exercises(int(lesson.number)))
    assert reading + exercises <= lesson.minutes <= 90


def test_a_lesson_to_come_is_left_out(monkeypatch):
    monkeypatch.setattr(indexes, "LESSONS", (LESSONS[0], PLANNED))
    index = indexes.exercise_index()
    assert "[00 Start here](00_start_here.ipynb)" in index and PLANNED.title not in index
    assert index.startswith("1 exercises, ") and index.count("\n") == 4


def test_a_notebook_without_one_of_its_exercises_is_named(monkeypatch):
    monkeypatch.setattr(indexes, "LESSONS", LESSONS[:1])
    monkeypatch.setattr(indexes, "headings", lambda notebook: {})
    with pytest.raises(CourseError, match=r"00_start_here\.ipynb lacks exercise 0\.1"):
        indexes.exercise_index()


# Glossary


def test_terms_are_sorted_and_unique():
    terms = [row["term"].casefold() for row in TERMS]
    assert terms == sorted(set(terms))
    assert [row[0] for row in rows("glossary")] == [row["term"] for row in TERMS]


def test_meanings_are_short_sentences():
    for row in TERMS:
        assert len(row["meaning"].split()) <= LONGEST_MEANING, row
        assert re.fullmatch(r"[A-Z0-9−Σ].*[.)]", row["meaning"]), row


def test_every_term_occurs_in_its_lesson():
    assert not [row for row in TERMS if not occurs(row["term"], prose(row["lesson"]))]


def test_no_term_is_set_in_bold_before_its_lesson():
    numbers = [lesson.number for lesson in WRITTEN]
    early = [(row["term"], n) for row in TERMS for n in numbers if n < row["lesson"] and is_bold(row["term"], prose(n))]
    assert not early


@pytest.mark.parametrize(
    ("text", "found", "bold"),
    [
        ("its **keys** fit", True, True),
        ("a **Key**: it fits", True, True),
        ("**the key fits**", True, False),
        ("a *key*", True, False),
        ("a **monkey** at a keyboard", False, False),
    ],
)
def test_what_counts_as_occurring_and_as_bold(text, found, bold):
    assert (occurs("key", text), is_bold("key", text)) == (found, bold)


def test_a_term_of_no_lesson_is_named(monkeypatch):
    monkeypatch.setattr(data, "table", lambda name: [{"term": "token", "meaning": "One vector.", "lesson": "2"}])
    with pytest.raises(CourseError, match=r"glossary\.csv, token: there is no lesson '2'"):
        indexes.glossary()


def test_a_bar_in_a_meaning_stays_in_its_cell(monkeypatch):
    monkeypatch.setattr(data, "table", lambda name: [{"term": "size", "meaning": "|x|.", "lesson": "02"}])
    assert indexes.glossary("a/").endswith("\n| size | \\|x\\|. | [02 Self-attention](a/02_self_attention.ipynb) |")


# The script


def test_a_section_is_replaced_and_all_else_stays():
    opening, closing = markers("toy")
    page = f"before\n{opening}\nold\n{closing}\nafter\n"
    fresh = replaced(page, "toy", "new")
    assert fresh == f"before\n{opening}\nnew\n\n{closing}\nafter\n" == replaced(fresh, "toy", "new")


@pytest.mark.parametrize("page", ["{0}", "{1}", "{1} {0}", "{0} {0} {1}", "{0} {1} {1}", "{1} {0} {1}"])
def test_faulty_markers_are_told(page):
    with pytest.raises(CourseError, match=r"README needs the line <!-- toy: made by .* once"):
        replaced(page.format(*markers("toy")), "toy", "new")
