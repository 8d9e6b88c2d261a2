"""A submission as nbgrader shows it: the student's code, and under each check what the grading says."""

import copy
from collections.abc import Sequence

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_utils.grading.judging import CORRECT, Ruling
from course_utils.grading.submissions import Cell
from course_utils.grading.words import WORDS, lines, writable

LONGEST = 20_000  # characters of a cell that are shown
MOST = 2_000  # cells that are shown


def graded_notebook(submitted: Sequence[Cell], release: NotebookNode, rulings: dict[str, Ruling]) -> NotebookNode:
    """Return a notebook with a submission's cells and the rulings, in which nothing of the submission can run.

    Args:
        submitted: its cells; code is shown as code, and text that isn't the course's own as it was typed.
        release: the notebook that was handed out: checks, points and texts are taken from there.
        rulings: by the id of the exercise.
    """
    told = {f"check-{id.replace('.', '-')}": ruling for id, ruling in rulings.items()}
    graded = {id: cell for cell in release.cells if (id := cell.metadata.get("nbgrader", {}).get("grade_id"))}
    texts = {cell.source for cell in release.cells if cell.cell_type == "markdown"}
    cells = []
    for cell in submitted[:MOST]:
        original = graded.pop(
            cell.grade_id, None
        )  # one that stands there twice is the student's own cell the second time
        cells.append(_shown(cell, texts) if original is None else _graded(original, cell, told))
    cells += [_graded(original, None, told) for original in graded.values()]  # what was deleted
    for number, cell in enumerate(cells):
        cell.id = f"graded-{number:04}"
    return new_notebook(cells=cells, metadata=copy.deepcopy(release.metadata))


def _shown(cell: Cell, texts: set[str]) -> NotebookNode:
    source = _cut(cell.source)
    if cell.kind == "code":
        return new_code_cell(source)
    if cell.source in texts:
        return new_markdown_cell(cell.source)
    return new_markdown_cell("\n".join(f"    {line}" for line in source.splitlines()))  # as code: HTML stays text


def _graded(original: NotebookNode, cell: Cell | None, told: dict[str, Ruling]) -> NotebookNode:
    marks = copy.deepcopy(original.metadata)
    ruling = told.get(marks["nbgrader"]["grade_id"])
    if ruling is not None:
        report = new_output("stream", name="stdout", text=_report(ruling))
        return new_code_cell(original.source, metadata=marks, outputs=[report], execution_count=1)
    source = _cut(cell.source) if cell is not None else "# this cell was deleted"
    return new_code_cell(source, metadata=marks)


def _report(ruling: Ruling) -> str:
    cases = f" on {ruling.cases} cases" if ruling.state == CORRECT else ""
    head = f"{WORDS[ruling.state][0]} {ruling.id} {WORDS[ruling.state][2:]}{cases}"
    return "\n".join([head, *(f"  {label}: {text}" for label, text in lines(ruling))]) + "\n"


def _cut(text: str) -> str:
    text = writable(text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n# … {len(text) - LONGEST:,} characters more"
