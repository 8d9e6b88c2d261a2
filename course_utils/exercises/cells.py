"""Find the exercises in a notebook's cells, and fill their stubs in."""

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from course_utils.files import CourseError


@dataclass(frozen=True)
class Block:
    """One exercise in a notebook: the numbers of its cells, the name that it defines, its id.

    What wasn't found is None; `problem` then says what is missing.
    """

    stub: int
    check: int | None = None
    solution: int | None = None
    name: str = ""
    id: str = ""
    problem: str = ""


def tags(cell: NotebookNode) -> list[str]:
    """Return the tags of a cell."""
    return list(cell.get("metadata", {}).get("tags", []))


MAGIC = re.compile(r"\s*(%{1,2}[A-Za-z_]|[!?])")
RUNS_ITS_CELL = re.compile(r"\s*%%(time|timeit|capture|prun)\b")  # what such a cell defines, it defines


def without_magics(source: str) -> str:
    """Return a cell's source with IPython's magics as empty lines, so that line numbers stay.

    What is Python as it stands has none: there, a line that begins with `%` goes on with a remainder.
    """
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        if source.lstrip().startswith("%%") and not RUNS_ITS_CELL.match(source):
            return ""
        return "\n".join("" if MAGIC.match(line) else line for line in source.split("\n"))
    return source


def blocks(notebook: NotebookNode) -> Iterator[Block]:
    """Yield the exercises of a notebook in their order."""
    stubs = [index for index, cell in enumerate(notebook.cells) if "exercise" in tags(cell)]
    for stub, end in zip(stubs, [*stubs, len(notebook.cells)][1:], strict=True):
        yield _block(notebook, stub, end)


def strays(notebook: NotebookNode) -> Iterator[tuple[int, str]]:
    """Yield the number and tag of cells tagged check or solution that belong to no exercise."""
    known = {number for block in blocks(notebook) for number in (block.check, block.solution)}
    for index, cell in enumerate(notebook.cells):
        for tag in ("check", "solution"):
            if tag in tags(cell) and index not in known:
                yield index, tag


def fill(notebook: NotebookNode, answers: dict[str, str]) -> NotebookNode:
    """Return a copy of a notebook with stubs replaced.

    Args:
        notebook: one with exercises.
        answers: the source that replaces the stub, by the id of the exercise.

    Raises:
        CourseError: an id isn't in the notebook.
    """
    filled, found = copy.deepcopy(notebook), {block.id: block.stub for block in blocks(notebook)}
    for id, source in answers.items():
        if id not in found:
            known = ", ".join(filter(None, found)) or "none"
            raise CourseError(f"the notebook has no exercise {id}: it has {known}")
        filled.cells[found[id]].source = source
    return filled


def _block(notebook: NotebookNode, stub: int, end: int) -> Block:
    cells = notebook.cells
    code = [index for index in range(stub + 1, end) if cells[index].cell_type == "code"]
    if cells[stub].cell_type != "code" or not code or "check" not in tags(cells[code[0]]):
        return Block(stub, problem="no code cell tagged `check` comes right after the stub")
    check = code[0]
    call = _check_call(cells[check].source)
    if call is None:
        return Block(stub, check, problem='the check cell has no line like `name = check("2.3", name)`')
    name, id = call
    solutions = [index for index in range(check + 1, end) if "solution" in tags(cells[index])]
    if not solutions or cells[solutions[0]].cell_type != "markdown":
        return Block(stub, check, None, name, id, "no Markdown cell tagged `solution` follows the check")
    return Block(stub, check, solutions[0], name, id)


def _check_call(source: str) -> tuple[str, str] | None:
    """Return name and id from the line `name = check("2.3", name)`."""
    try:
        lines = ast.parse(without_magics(source)).body
    except SyntaxError:
        return None
    for line in lines:
        match line:
            case ast.Assign(
                targets=[ast.Name(id=target)],
                value=ast.Call(
                    func=ast.Name(id="check"), args=[ast.Constant(value=str(id)), ast.Name(id=given)], keywords=[]
                ),
            ) if target == given:
                return target, id
    return None
