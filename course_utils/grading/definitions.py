"""What of a submitted notebook is run: its definitions, and nothing that merely computes.

Imports, functions, classes and constants of all code cells are carried out in their order, so that an answer finds
its helpers wherever they stand; so are checks, since where an exercise isn't graded the lesson goes on with what its
check returns. Trainings and figures are left out: nobody waits for them, and nothing in them can change a grade.
"""

import __future__

import ast
import linecache
from dataclasses import dataclass

from course_utils.exercises.cells import without_magics

DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
VALUES = (ast.Constant, ast.Name, ast.Attribute, ast.UnaryOp, ast.BinOp, ast.Tuple, ast.List, ast.Dict, ast.Set)
VALUES += (ast.Lambda, ast.Subscript, ast.Starred)
# a constant may be made by these, as in math.sqrt(64), nn.GELU() or float("inf")
MAKERS = {"math", "torch", "nn", "F", "np", "numpy"}
MAKERS |= {"float", "int", "bool", "complex", "tuple", "list", "dict", "set", "range", "len"}


@dataclass(frozen=True)
class Trouble:
    """A cell, or a definition in it, that can't be carried out.

    Attributes:
        cell: its number in the notebook, from 1.
        line: in the cell, from 1; 0 if unknown.
        message: the kind of error and what it says.
        names: what stays undefined because of it; empty if that can't be told.
    """

    cell: int
    line: int
    message: str
    names: tuple[str, ...] = ()


def carry_out(cells: list[str], names: dict[str, object]) -> list[Trouble]:
    """Run the definitions of code cells.

    Args:
        cells: their sources in order; what isn't code stands as "", so that numbers stay.
        names: the namespace, in which they end up.

    Returns:
        what couldn't be carried out; the rest was.
    """
    troubles, flags = [], 0
    for number, cell in enumerate(cells, 1):
        source = without_magics(cell)
        try:
            lines = [line for line in ast.parse(source).body if is_definition(line)]
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            troubles.append(Trouble(number, getattr(error, "lineno", 0) or 0, _in_words(error)))
            continue
        file = f"<cell {number}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        for line in lines:
            flags |= _future(line)
            found = _carried_out(line, (number, file), names, flags)
            troubles += [found] if found else []
    return troubles


def is_definition(line: ast.stmt) -> bool:
    """Tell whether a statement only gives something a name."""
    if isinstance(line, DEFINITIONS):
        return True
    if not isinstance(line, ast.Assign | ast.AnnAssign) or line.value is None:
        return False
    return isinstance(line.value, ast.Lambda) or _is_value(line.value) or _is_check(line)


def _is_value(expression: ast.expr) -> bool:
    if isinstance(expression, ast.Call):
        parts = [*expression.args, *(word.value for word in expression.keywords)]
        return _root(expression.func) in MAKERS and all(map(_is_value, parts))
    return isinstance(expression, VALUES) and all(
        _is_value(part) for part in ast.iter_child_nodes(expression) if isinstance(part, ast.expr)
    )


def _root(function: ast.expr) -> str:
    """Return the first name in `math.sqrt`."""
    while isinstance(function, ast.Attribute):
        function = function.value
    return function.id if isinstance(function, ast.Name) else ""


def _is_check(line: ast.stmt) -> bool:
    """Tell whether a statement is `name = check("2.3", name)`."""
    match line:
        case ast.Assign(
            targets=[ast.Name(id=target)],
            value=ast.Call(func=ast.Name(id="check"), args=[ast.Constant(), ast.Name(id=given)], keywords=[]),
        ):
            return target == given
    return False


def _future(line: ast.stmt) -> int:
    """Return the flags of `from __future__ import ...`, which count in all that follows, as in a notebook."""
    if not isinstance(line, ast.ImportFrom) or line.module != "__future__":
        return 0
    features = (getattr(__future__, alias.name, None) for alias in line.names)
    return sum(feature.compiler_flag for feature in features if feature is not None)


def _carried_out(line: ast.stmt, where: tuple[int, str], names: dict[str, object], flags: int) -> Trouble | None:
    cell, file = where
    try:
        exec(compile(ast.Module([line], []), file, "exec", flags, dont_inherit=True), names)
    except BaseException as error:  # a class body may raise SystemExit
        return Trouble(cell, line.lineno, _in_words(error), tuple(_bound(line)))
    return None


def _bound(line: ast.stmt) -> list[str]:
    """Return the names that a definition would have bound."""
    if isinstance(line, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).partition(".")[0] for alias in line.names]
    if isinstance(line, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [line.name]
    return [node.id for node in ast.walk(line) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]


def _in_words(error: BaseException) -> str:
    try:
        message = (error.msg if isinstance(error, SyntaxError) else str(error)).splitlines()
    except BaseException:
        message = ["(a message that can't be shown)"]
    return f"{type(error).__name__[:60]}: {message[0][:200] if message else ''}".rstrip(": ")
