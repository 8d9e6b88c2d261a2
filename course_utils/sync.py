"""Keep the code that lessons show equal to the package's: `python -m course_utils sync [--check]`.

Reference code lives once, in `course_utils`. A function or class that a notebook defines under the package's name,
and the folded solution of an exercise, are copies of it; this finds where they differ, and renews them.
"""

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nbformat import NotebookNode

from course_utils.exercises.cells import Block, blocks, strays, tags, without_magics
from course_utils.exercises.help import folded, source
from course_utils.exercises.registry import find
from course_utils.files import NOTEBOOKS, CourseError, write_atomically
from course_utils.store import as_bytes, read

MODELS = Path(__file__).parent / "models"
DIFF_LINES = 14
MAY_DIFFER = {"exercise", "attempt"}  # a stub; an answer shown on purpose, right or wrong
Definition = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Finding:
    """Where a cell isn't as it should be: its number, what is wrong, and the source that puts it right, if known."""

    cell: int
    what: str
    remedy: str | None = None


def main(check: bool) -> int:
    """Renew the copies in all lessons; with `check`, only say where they differ.

    Returns:
        1 if something is left that isn't as it should be, 0 otherwise.
    """
    left = 0
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = read(path)
        found = sorted(findings(notebook), key=lambda finding: finding.cell)
        fixable = [] if check else [finding for finding in found if finding.remedy is not None]
        for finding in found:
            print(f"{path.name}, cell {finding.cell}{' renewed' if finding in fixable else ''}: {finding.what}")
        left += len(found) - len(fixable)
        if fixable:
            write_atomically(path, as_bytes(_repaired(notebook, fixable)))
    print("all copies of the package's code are as they should be" if not left else f"{left} to put right")
    return int(left > 0)


def findings(notebook: NotebookNode) -> Iterator[Finding]:
    """Yield all that is wrong with a notebook's copies and exercises."""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and not MAY_DIFFER & set(tags(cell)):
            yield from _copies(index, cell)
    for block in blocks(notebook):
        yield from _exercise(notebook, block)
    for index, tag in strays(notebook):
        yield Finding(index, f"is tagged `{tag}`, but no exercise comes before it: move it or take the tag off")


def package_texts(name: str) -> dict[str, str]:
    """Return the text of a public function or class of `course_utils.models`, by the module that defines it."""
    texts = {path.stem: _definitions_in(path) for path in sorted(MODELS.glob("*.py"))}
    return {module: found[name] for module, found in texts.items() if name in found}


def _repaired(notebook: NotebookNode, fixable: list[Finding]) -> NotebookNode:
    for finding in fixable:
        notebook.cells[finding.cell].source = finding.remedy
    return notebook


def _copies(index: int, cell: NotebookNode) -> Iterator[Finding]:
    """Yield one finding for all definitions of a cell that differ from the package's."""
    try:
        found = definitions(without_magics(cell.source))
    except SyntaxError as error:
        yield Finding(index, f"can't be read as Python ({error.msg}, line {error.lineno})")
        return
    renewed, differing = cell.source, []
    for name, text in found.items():
        texts = _chosen(name, tags(cell))
        if len(texts) > 1:
            listed = " or ".join(f"from-{module}" for module in texts)
            yield Finding(index, f"`{name}` is in several modules: tag the cell {listed}")
        elif texts and text not in texts.values():
            differing.append(name)
            renewed = renewed.replace(text, *texts.values())
    if differing:
        names = ", ".join(f"`{name}`" for name in differing)
        what = f"{names} differs from the package\n{_diff(cell.source, renewed)}"
        yield Finding(index, what, renewed if renewed != cell.source else None)


def _chosen(name: str, cell_tags: list[str]) -> dict[str, str]:
    texts = package_texts(name)
    tagged = {module: text for module, text in texts.items() if f"from-{module}" in cell_tags}
    return tagged or texts


def _exercise(notebook: NotebookNode, block: Block) -> Iterator[Finding]:
    if block.id:
        try:
            reference = find(block.id).reference
        except CourseError as error:
            yield Finding(block.check, str(error))
            return
        if reference.__name__ != block.name:
            what = f"checks `{block.name}`, but exercise {block.id} is `{reference.__name__}`"
            yield Finding(block.check, what)
            return
        for problem in _stub_problems(notebook.cells[block.stub].source, source(reference)):
            yield Finding(block.stub, f"the stub of {block.id} {problem}")
        if block.solution is not None:
            yield from _solution(notebook, block, folded(reference))
    if block.problem:
        yield Finding(block.stub, f"{block.problem} (an exercise is stub, check, solution, in this order)")


def _solution(notebook: NotebookNode, block: Block, text: str) -> Iterator[Finding]:
    present = notebook.cells[block.solution].source
    if present != text:
        what = f"the solution of {block.id} differs from the package\n{_diff(present, text)}"
        yield Finding(block.solution, what, text)


def _stub_problems(stub: str, text: str) -> Iterator[str]:
    """Yield how a stub differs from what it should be: the reference's name and parameters, a docstring and `...`."""
    (course,) = ast.parse(text).body
    try:
        body = ast.parse(without_magics(stub)).body
    except SyntaxError as error:
        yield f"can't be read as Python ({error.msg}, line {error.lineno})"
        return
    if len(body) != 1 or type(body[0]) is not type(course) or body[0].name != course.name:
        kind = "class" if isinstance(course, ast.ClassDef) else "def"
        yield f"must be `{kind} {course.name}` and nothing else"
    elif isinstance(course, ast.ClassDef):
        yield from _class_problems(body[0], course)
    else:
        yield from _function_problems(body[0], course)


def _class_problems(stub: ast.ClassDef, course: ast.ClassDef) -> Iterator[str]:
    if [ast.unparse(base) for base in stub.bases] != [ast.unparse(base) for base in course.bases]:
        yield f"must derive from {', '.join(ast.unparse(base) for base in course.bases)}"
    expected, mine = _methods(course), _methods(stub)
    for name in ("__init__", "forward"):
        if name in expected and name not in mine:
            yield f"has no method `{name}`"
    for name, method in mine.items():
        if name in expected:
            yield from _function_problems(method, expected[name])
        else:
            yield f"has a method `{name}` that the course's version hasn't"
    if len(_undocumented(stub.body)) != len(mine):
        yield "holds more than a docstring and methods"


def _function_problems(stub: ast.FunctionDef, course: ast.FunctionDef) -> Iterator[str]:
    mine, expected = _heading(stub), _heading(course)
    if mine != expected:
        yield f"begins with `{mine}` instead of `{expected}`"
    lines = _undocumented(stub.body)
    if len(lines) != 1 or ast.unparse(lines[0]) != "...":
        yield f"has more in `{stub.name}` than a docstring and `...`"


def _methods(kind: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    return {line.name: line for line in kind.body if isinstance(line, ast.FunctionDef)}


def _heading(function: ast.FunctionDef) -> str:
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    return f"def {function.name}({ast.unparse(function.args)}){returns}"


def _undocumented(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    documented = isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str)
    return body[1:] if documented else body


@cache
def _definitions_in(path: Path) -> dict[str, str]:
    return {
        name: text for name, text in definitions(path.read_text(encoding="utf-8")).items() if not name.startswith("_")
    }


def definitions(text: str) -> dict[str, str]:
    """Return the text of each top-level function and class, decorators included, by name."""
    lines, found = text.split("\n"), {}
    for node in ast.parse(text).body:
        if isinstance(node, Definition):
            start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found[node.name] = "\n".join(lines[start - 1 : node.end_lineno])
    return found


def _diff(old: str, new: str) -> str:
    """Return the first lines of the difference, - in the notebook, + in the package."""
    lines = list(difflib.unified_diff(old.split("\n"), new.split("\n"), lineterm="", n=1))[2:]
    return "\n".join(f"    {line}" for line in [*lines[:DIFF_LINES], *(["…"] if len(lines) > DIFF_LINES else [])])
