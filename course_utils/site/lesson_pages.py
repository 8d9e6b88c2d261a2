"""A stored lesson as the notebook that Sphinx gets: widgets replaced by what lives without a kernel."""

import copy
import html

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_utils.exercises.cells import blocks
from course_utils.indexes import HEADING
from course_utils.lessons import Lesson
from course_utils.site.explorers import Explorers
from course_utils.store import STATE, VIEW

CONTROLS = ("IntSliderModel", "FloatSliderModel", "SelectionSliderModel")
DOWNLOADS = "notebooks"  # the site's folder with the notebooks themselves


def lesson_page(lesson: Lesson, notebook: NotebookNode, explorers: Explorers) -> NotebookNode:
    """Return a copy of `notebook` for the site; its explorers are noted in `explorers`.

    An explorer becomes a place that a script fills; a panel of sliders, its stored picture with a note; any other
    widget, its stored HTML. Exercises get anchors, and the title a line with the link to the notebook.
    """
    page = copy.deepcopy(notebook)
    states = page.metadata.pop("widgets", {}).get(STATE, {}).get("state", {})
    for cell in page.cells:
        for output in cell.get("outputs", []):
            view = output.get("data", {}).pop(VIEW, None)
            if view is not None and "text/html" in output.data:
                model = states[view["model_id"]]
                output.data["text/html"] = _without_kernel(lesson, model, states, output.data["text/html"], explorers)
    _anchor_exercises(page)
    page.cells.insert(1, new_markdown_cell(links(lesson)))
    return page


def links(lesson: Lesson) -> str:
    """Return the lines below a lesson's introduction: where its notebook is, and what the page can do."""
    address = f"{DOWNLOADS}/{lesson.name}.ipynb"
    return (
        f'<p class="course-links">You are reading the lesson as it ran. To run it and do its exercises, open '
        f'<a href="{address}" download>its notebook</a> in the course\'s folder. '
        '<span class="pst-js-only"><button type="button" data-do="print">Print or save as PDF</button> '
        '<button type="button" data-do="unfold" aria-pressed="false">Open all solutions</button></span></p>'
    )


def anchor(exercise: str) -> str:
    """Return the name of the place of an exercise in its page."""
    return f"exercise-{exercise}"


def _without_kernel(lesson: Lesson, model: dict, states: dict, still: str, explorers: Explorers) -> str:
    """Return the HTML for a widget."""
    if "_esm" in model["state"]:
        return explorers.add(lesson.name, model, still)
    names = [states[child]["state"]["description"] for child in _children(model) if _is_control(states[child])]
    return f"{still}{_note(names)}" if names else still


def _children(model: dict) -> list[str]:
    return [child.removeprefix("IPY_MODEL_") for child in model["state"].get("children", [])]


def _is_control(model: dict) -> bool:
    return model["model_name"] in CONTROLS


def _note(names: list[str]) -> str:
    """Say that a panel's sliders are missing here."""
    listed = html.escape(", ".join(names))
    return f'<p class="course-note">In the notebook, sliders draw this picture anew ({listed}). They need Python.</p>'


def _anchor_exercises(page: NotebookNode) -> None:
    """Put a named place before the heading above each exercise."""
    for block in blocks(page):
        above = (cell for cell in reversed(page.cells[: block.stub]) if HEADING.search(_markdown(cell)))
        cell = next(above)
        start = list(HEADING.finditer(cell.source))[-1].start()
        mark = f'<div class="course-anchor" id="{anchor(block.id)}"></div>\n\n'
        cell.source = cell.source[:start] + mark + cell.source[start:]


def _markdown(cell: NotebookNode) -> str:
    return cell.source if cell.cell_type == "markdown" else ""
