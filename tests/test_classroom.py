"""A class in one command: every score and every diagnosis as expected, whatever was handed in."""

import csv
import json
import os
import shutil
import time

import pytest
from sandboxes import needs_sandbox
from simulated_class import Class, mistaken, otherwise

from course_utils import __main__ as commands
from course_utils.grading import assignment
from course_utils.grading.course_folder import CourseFolder

pytestmark = needs_sandbox

IDS = ["2.1", "2.3", "5.1"]
# all sixty take minutes: COURSE_WHOLE_CLASS=1; else one exercise's mistakes, and everything else that is handed in
WHOLE = os.environ.get("COURSE_WHOLE_CLASS") == "1"
STUDENTS = 60 if WHOLE else 21
ATTENTION = "def attention(query, key, value, mask=None):\n"
HOSTILE = {
    "ends": ATTENTION + "    import os\n    os._exit(0)",
    "endless": ATTENTION
    + "    while True:\n        try:\n            while True: pass\n        except BaseException: pass",
    "huge": ATTENTION + "    import torch\n    return [torch.ones(9_000_000)] * 30",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class") / "vision"
    assert (
        commands.main(["assign", "--exercises", *IDS, "--points", "2.3=4", "--name", "ps1", "--out", str(folder)]) == 0
    )
    return folder


@pytest.fixture(scope="module")
def room(folder):
    """The whole class, handed in."""
    room = Class(folder, assignment.load(CourseFolder(folder, "ps1").own))
    room.hand_in("ada", room.right)
    room.hand_in("ben", {})
    for number in (0, 1):
        room.hand_in(f"otherwise-{number}", {id: otherwise(id, number) for id in IDS})
    for name, text in HOSTILE.items():
        state = "wrong" if name == "endless" else "stopped"
        room.hand_in(f"hostile-{name}", {**room.right, "2.3": text}, {"2.3": state})
    for item in room.assigned.items if WHOLE else room.assigned.items[:1]:
        for mistake in item.exercise.mistakes:
            answers = {**room.right, item.id: mistaken(item.id, mistake.name)}
            room.hand_in(f"{item.id}-{mistake.name}", answers, {item.id: mistake.name})
    broken(room)
    for number in range(STUDENTS - len(room.expected)):
        room.hand_in(f"one-{number:02}", {"2.1": room.right["2.1"]})
    return room


def broken(room):
    """Hand in what is no notebook, has another name, or isn't there; each is missing in all of its exercises."""
    one = "02_self_attention.ipynb"
    missing = {"2.1": "missing", "2.3": "missing"}
    room.hand_in("malformed", room.right, missing)
    (room.place("malformed") / one).write_text("{", encoding="utf-8")
    room.hand_in("misnamed", room.right, missing)
    (room.place("misnamed") / one).rename(room.place("misnamed") / "homework final.ipynb")
    room.place("empty")
    room.expected["empty"] = dict.fromkeys(IDS, "missing")
    room.hand_in("linked", room.right, missing)
    (room.place("linked") / one).unlink()
    (room.place("linked") / one).symlink_to(room.place("ada") / one)
    room.hand_in("passed-on", room.right, dict.fromkeys(IDS, "missing"))
    shutil.rmtree(room.place("passed-on"))
    room.folder.submitted("passed-on").symlink_to(room.place("ada"))
    room.hand_in("twice", room.right)
    path = room.place("twice") / one
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"] += notebook["cells"]  # every id and grade_id stands there twice
    path.write_text(json.dumps(notebook), encoding="utf-8")
    room.hand_in("=cmd|'x'!A1", {})


@pytest.fixture(scope="module")
def rows(room, folder):
    """The table of grades, by student."""
    started = time.monotonic()
    assert commands.main(["grade", str(folder)]) == 0
    import resource  # here, since Windows has none

    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10
    print(
        f"{len(room.expected)} submissions in {time.monotonic() - started:.0f} s, a worker {children:.0f} MiB at most"
    )
    with (room.folder.own / "grades.csv").open(encoding="utf-8", newline="") as file:
        return {row["student"].lstrip("'"): row for row in csv.DictReader(file)}


def test_everybody_is_in_the_table(room, rows):
    assert len(room.expected) == len(rows) == STUDENTS


def test_every_state_and_diagnosis_is_as_expected(room, rows):
    for student, expected in room.expected.items():
        for id, state in expected.items():
            told = rows[student][f"{id} mistake"] or rows[student][f"{id} state"]
            assert told == state, f"{student}, {id}"


def test_every_score_is_as_expected(room, rows):
    for student, expected in room.expected.items():
        points = sum(item.points for item in room.assigned.items if expected[item.id] == "correct")
        assert float(rows[student]["points"]) == points, student


def test_a_students_page_has_the_notebooks_own_words_and_no_call(room, rows, folder):
    exercise = room.assigned.items[0].exercise
    mistake = exercise.mistakes[0]
    page = (room.folder.feedback(f"2.1-{mistake.name}") / "feedback.html").read_text(encoding="utf-8")
    for line in (mistake.what, mistake.why, mistake.remedy):
        assert line in page.replace("&#x27;", "'").replace("&quot;", '"')
    assert "tensor(" not in page


def test_the_classs_page_counts_the_mistakes(room, rows, folder):
    page = (room.folder.own / "class.html").read_text(encoding="utf-8")
    assert "no-scale" in page and "&lt;" not in page.split("Students")[0]
    assert page.index("<h3>") < page.index("Students")


def test_what_was_handed_in_is_as_it_was(room, rows, folder):
    assert (room.place("malformed") / "02_self_attention.ipynb").read_text(encoding="utf-8") == "{"
    assert sorted(path.name for path in folder.iterdir()) == [
        "assignments", "autograded", "gradebook.db", "nbgrader_config.py", "release", "source", "submitted",
    ]  # fmt: skip
    own = sorted(path.name for path in room.folder.own.iterdir())
    assert own == ["assignment.json", "class.html", "feedback", "grades.csv", "rubric.md", "student"]
