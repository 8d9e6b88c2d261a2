"""The four cells of a new exercise, and their place in the lesson."""

import ast

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from course_utils.exercises.cells import blocks
from course_utils.files import CourseError
from course_utils.scaffold.outline import Outline, bracketed, parameters, unparsed

WIDTH = 88  # of a line in a notebook
HEADING = """### Exercise {id} {todo}: a title

*{minutes} minutes · difficulty {difficulty} of 5.* {todo}: in a sentence or two, what to do and what helps."""


def exercise_cells(outline: Outline) -> list[NotebookNode]:
    """Return heading, stub, check and the solution, which `sync` fills in."""
    facts = {"minutes": outline.minutes, "difficulty": outline.difficulty}
    heading = HEADING.format(id=outline.id, todo=outline.todo, **facts)
    check = f'{outline.name} = check("{outline.id}", {outline.name})'
    cells = [
        new_markdown_cell(heading),
        new_code_cell(stub(outline), metadata={"tags": ["exercise"]}),
        new_code_cell(check, metadata={"tags": ["check"]}),
        new_markdown_cell("", metadata={"tags": ["solution"]}),
    ]
    for cell, part in zip(cells, ("heading", "stub", "check", "solution"), strict=True):
        cell.id = f"exercise-{outline.id.replace('.', '-')}-{part}"
    return cells


def stub(outline: Outline) -> str:
    """Return the reference with `...` in place of every body, as ruff formats a notebook."""
    if not outline.is_class:
        return _emptied(outline, outline.node, "")
    bases = ", ".join(unparsed(base) for base in outline.node.bases)
    parts = [f"class {outline.name}({bases}):\n{_docstring(outline, outline.node)}"]
    parts += [_emptied(outline, method, "    ") for method in outline.functions.values()]
    return "\n\n".join(parts)


def _emptied(outline: Outline, function: ast.FunctionDef, indent: str) -> str:
    returns = f" -> {unparsed(function.returns)}" if function.returns else ""
    documented = ast.get_docstring(function) is not None
    after = f"){returns}:" + ("" if documented else " ...")
    head = bracketed(f"{indent}def {function.name}(", parameters(function, annotated=True), after, WIDTH)
    return f"{head}\n{_docstring(outline, function)}\n{indent}    ..." if documented else head


def _docstring(outline: Outline, node: ast.FunctionDef | ast.ClassDef) -> str:
    """Return the lines of a docstring as they stand in the reference."""
    first = node.body[0]
    return "\n".join(outline.text.split("\n")[first.lineno - 1 : first.end_lineno])


def inserted(notebook: NotebookNode, cells: list[NotebookNode], after: str) -> NotebookNode:
    """Put new cells into a notebook, behind the cell with the id `after`, and return it.

    Raises:
        CourseError: there is no such cell, or it stands inside another exercise.
    """
    ids = [cell.get("id") for cell in notebook.cells]
    if after not in ids:
        raise CourseError(f"--after {after}: no cell has this id. Those with a heading are\n{_headings(notebook)}")
    place = ids.index(after) + 1
    for block in blocks(notebook):
        if block.solution is not None and block.stub < place <= block.solution:
            raise CourseError(
                f"--after {after}: this cell stands inside exercise {block.id}; write --after {ids[block.solution]}"
            )
    notebook.cells[place:place] = cells
    return notebook


def _headings(notebook: NotebookNode) -> str:
    found = []
    for cell in notebook.cells:
        lines = [line for line in cell.source.splitlines() if line.startswith("#")]
        if cell.cell_type == "markdown" and lines:
            found.append(f"  {cell.get('id')}  {lines[-1]}")
    return "\n".join(found)


def shown(cells: list[NotebookNode]) -> str:
    """Return cells as text to be pasted into a notebook."""
    parts = []
    for cell in cells:
        tags = cell.metadata.get("tags", [])
        kind = "Markdown" if cell.cell_type == "markdown" else "code"
        parts.append(f"--- a {kind} cell" + (f" tagged `{tags[0]}`" if tags else "") + f"\n{cell.source}".rstrip())
    return "\n".join(parts)
