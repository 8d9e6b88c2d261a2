"""What every stored lesson must be, as functions that list the faults of a notebook."""

import ast
import json
import re
from collections.abc import Iterator
from itertools import groupby, pairwise
from statistics import median

from nbformat import NotebookNode

LONGEST_CELL, LONGEST_CLASS, LONGEST_TEXT = 25, 40, 120
UNCOMPARED_TAGS = {"nbval-ignore-output", "nbval-skip"}
UNCOMPARED_COMMENTS = re.compile(r"^\s*#\s*(NBVAL_IGNORE_OUTPUT|NBVAL_SKIP|PYTEST_VALIDATE_IGNORE_OUTPUT)\s*$", re.M)
HTML_IMAGE = re.compile(r"<img\b[^>]*>", re.I)
ALT = re.compile(r'\balt="[^"]*\w[^"]*"', re.I)
MARKDOWN_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)")


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", []))


def faults(notebook: NotebookNode) -> list[str]:
    """List everything that is wrong with a stored lesson, in sentences that name the cell."""
    checks = (execution_faults, picture_faults, length_faults, text_faults, drawing_faults, comparison_faults)
    return [fault for check in checks for fault in check(notebook)]


def execution_faults(notebook: NotebookNode) -> Iterator[str]:
    for cell in code_cells(notebook):
        if cell.execution_count is None:
            yield f"never executed: {first_line(cell)}"
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"an error is stored: {first_line(cell)}"
            if output.get("name") == "stderr":
                yield f"stderr is stored: {first_line(cell)}"
        if any("it/s]" in content for _, content in contents(cell)):
            yield f"a progress bar is stored, use course_utils.progress: {first_line(cell)}"


def picture_faults(notebook: NotebookNode) -> Iterator[str]:
    for cell in notebook.cells:
        for mime, content in contents(cell):
            if mime == "image/svg+xml":
                yield f"an SVG, which differs from machine to machine: {first_line(cell)}"
            elif mime.startswith("image/"):
                yield f"a bare picture can't carry a text alternative, use plots.show: {first_line(cell)}"
            for image in HTML_IMAGE.findall(content) if mime in ("text/html", "text/markdown") else ():
                if not ALT.search(image):
                    yield f"a picture without text alternative: {first_line(cell)}"
                if re.search(r"src=[\"']?https?:", image):
                    yield f"a remote picture: {first_line(cell)}"
            for alt, target in MARKDOWN_IMAGE.findall(content) if mime == "text/markdown" else ():
                if not alt.strip():
                    yield f"a picture without text alternative: {first_line(cell)}"
                if target.startswith("http"):
                    yield f"a remote picture: {first_line(cell)}"


def length_faults(notebook: NotebookNode) -> Iterator[str]:
    lengths = [len(cell.source.splitlines()) for cell in code_cells(notebook)]
    for cell, length in zip(code_cells(notebook), lengths, strict=True):
        longest = LONGEST_CLASS if is_one_class(cell) else LONGEST_CELL
        if length > longest:
            yield f"{length} lines, {longest} at the most: {first_line(cell)}"
    filled = median(sum(bool(line.strip()) for line in cell.source.splitlines()) for cell in code_cells(notebook))
    if not 4 <= filled <= 8:
        yield f"the median code cell has {filled} lines of code instead of 4 to 8"


def text_faults(notebook: NotebookNode) -> Iterator[str]:
    cells = [cell for cell in notebook.cells if "solution" not in tags(cell)]
    runs = [(kind, list(run)) for kind, run in groupby(cells, key=lambda cell: cell.cell_type)]
    for (kind, run), (after, _) in pairwise(runs[1:]):
        words = sum(len(cell.source.split()) for cell in run)
        if kind == "markdown" and after == "code" and words > LONGEST_TEXT:
            yield f"{words} words between two code cells, {LONGEST_TEXT} at the most: {first_line(run[0])}"


def drawing_faults(notebook: NotebookNode) -> Iterator[str]:
    for cell in code_cells(notebook):
        drawn = any(HTML_IMAGE.search(content) or mime.startswith("image/") for mime, content in contents(cell))
        if drawn and not has_assert(cell):
            yield f"draws, but asserts nothing about what it drew: {first_line(cell)}"


def comparison_faults(notebook: NotebookNode) -> Iterator[str]:
    said = [cell for cell in code_cells(notebook) if cell.outputs]
    uncompared = [cell for cell in said if tags(cell) & UNCOMPARED_TAGS or UNCOMPARED_COMMENTS.search(cell.source)]
    if len(uncompared) > 0.2 * len(said):
        yield f"{len(uncompared)} of {len(said)} outputs are not compared, a fifth at the most may be"


def claim_faults(notebook: NotebookNode, number: str, claims: list[dict[str, str]]) -> list[str]:
    """List claims that lesson `number` should show and doesn't, and tags that name no claim of it."""
    due = {row["id"] for row in claims if number in row["lessons"].split()}
    shown = {
        tag.removeprefix("claim-") for cell in code_cells(notebook) for tag in tags(cell) if tag.startswith("claim-")
    }
    missing = [f"claim {claim} is missing: tag the cell that shows it claim-{claim}" for claim in sorted(due - shown)]
    return missing + [f"claim {claim} doesn't belong here" for claim in sorted(shown - due)]


def contents(cell: NotebookNode) -> Iterator[tuple[str, str]]:
    """Yield mime type and text of all that a cell shows."""
    if cell.cell_type == "markdown":
        yield "text/markdown", cell.source
    for output in cell.get("outputs", []):
        for mime, content in output.get("data", {}).items():
            yield mime, content if isinstance(content, str) else json.dumps(content)


def first_line(cell: NotebookNode) -> str:
    return (cell.source.strip().splitlines() or [""])[0]


def is_one_class(cell: NotebookNode) -> bool:
    body = ast.parse(as_python(cell)).body
    return len(body) == 1 and isinstance(body[0], ast.ClassDef)


def has_assert(cell: NotebookNode) -> bool:
    return any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(as_python(cell))))


def as_python(cell: NotebookNode) -> str:
    """Return the source without IPython's magics, which `ast` can't read."""
    return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in cell.source.splitlines())
