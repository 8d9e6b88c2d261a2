"""A project's leaderboard as a table: the entries, whether each number came out again, and the course's own."""

import html
import math
from pathlib import Path
from typing import NamedTuple

from course_utils import leaderboard_files as files
from course_utils import projects
from course_utils.files import CourseError
from course_utils.leaderboard_files import FOLDER, Entry
from course_utils.leaderboard_run import checksums


class Row(NamedTuple):
    """A line of the table; NaN where there is no number to sort by."""

    name: str
    score: float
    parameters: str
    state: str
    notes: str


def table(project: str, folder: Path = FOLDER) -> str:
    """Return a project's entries and the course's numbers as a Markdown table, best first, broken ones last.

    Raises:
        CourseError: there is no such project.
    """
    chosen = projects.find(project)
    rows = [_row(chosen, name, folder) for name in files.names(project, folder)]
    rows += [Row(f"*{line.what}*", line.score(), "", "the course's", line.source) for line in chosen.baselines]
    sign = -1 if chosen.measure.best is max else 1
    rows.sort(key=lambda row: (math.isnan(row.score), 0 if math.isnan(row.score) else sign * row.score))
    head = [f"| | {chosen.measure.name} | parameters | | notes |", "|---|---|---|---|---|"]
    return "\n".join([*head, *(_line(chosen, row) for row in rows)])


def _line(project: projects.Project, row: Row) -> str:
    score = "–" if math.isnan(row.score) else project.measure.text(row.score)
    return f"| {row.name} | {score} | {row.parameters} | {row.state} | {row.notes} |"


def _row(project: projects.Project, name: str, folder: Path) -> Row:
    """Return the line of one entry; a broken one says what is wrong."""
    try:
        entry, contents = files.read(project.key, name, folder)
    except CourseError as error:
        return Row(plain(name), math.nan, "", "✗ can't be read", plain(str(error)))
    checked = files.known(folder)["checked"].get(f"{project.key}/{name}", {})
    same = checked.get("files") == checksums(contents) and checked.get("claimed") == entry.score
    score, state = _state(project, entry, checked if same else {})
    return Row(plain(name), score, f"{entry.parameters:,}", state, plain(entry.notes))


def _state(project: projects.Project, entry: Entry, checked: dict) -> tuple[float, str]:
    """Return the number to sort by, and what is known of it."""
    if not checked:
        return entry.score, "○ claimed, not measured again"
    score, faults = checked.get("score"), checked.get("faults")
    if not isinstance(score, (int, float)):
        return math.nan, f"✗ claimed {project.measure.text(entry.score)}, could not be measured again"
    if faults:
        return score, f"✗ claimed {project.measure.text(entry.score)}: {plain('; '.join(map(str, faults)))}"
    return score, "✓ measured again"


def plain(text: str) -> str:
    """Return text that is only text in a cell of a Markdown table: no HTML, links, columns or lines."""
    one_line = html.escape(" ".join(text.split())[: files.LONGEST_NOTES])
    return "".join(f"\\{letter}" if letter in "\\`*_[]()|!~$" else letter for letter in one_line)
