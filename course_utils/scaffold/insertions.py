"""Insert an import or an entry into a module's text so that ruff has nothing to say about it."""

import ast
import re
import textwrap

from course_utils.files import CourseError
from course_utils.scaffold.outline import WIDTH, bracketed


def bound(text: str) -> set[str]:
    """Return the names that a module's text binds at its top level."""
    found = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def with_import(text: str, module: str, name: str, alias: str = "") -> str:
    """Return a module's text with `from module import name` among its imports from the course.

    Args:
        text: sorted as ruff sorts imports; it stays so.
        module: to import from, such as "course_utils.models.mixer".
        name: to import.
        alias: the name to give it, if it is another one.
    """
    lines, statements = text.splitlines(), _own_imports(text)
    for node in statements:
        names = [entry.name for entry in node.names]
        if node.module == module and not alias and not any(entry.asname for entry in node.names):
            merged = sorted({*names, name}, key=_member_order)
            lines[node.lineno - 1 : node.end_lineno] = _statement(module, merged).splitlines()
            return "\n".join(lines) + "\n"
    new = f"from {module} import {name} as {alias}" if alias else _statement(module, [name])
    behind = [node for node in statements if _order(node.module, node.names[0].name) > _order(module, name)]
    if behind:
        lines[behind[0].lineno - 1 : behind[0].lineno - 1] = [new]
    elif statements:
        lines[statements[-1].end_lineno : statements[-1].end_lineno] = [new]
    else:
        end = ast.parse(text).body[0].end_lineno  # of the docstring
        lines[end:end] = ["", new]
    return "\n".join(lines) + "\n"


def _own_imports(text: str) -> list[ast.ImportFrom]:
    nodes = [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom)]
    return [node for node in nodes if node.module.split(".")[0] == "course_utils"]


def _statement(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])


def _order(module: str, first: str) -> tuple:
    return _natural(module), _natural(first)


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Return by what ruff sorts a name: numbers in it by their value."""
    parts = re.findall(r"\d+|\D", text.lower())
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


def _member_order(name: str) -> tuple:
    """Return by what ruff sorts the names of one import: CONSTANTS, Classes, functions."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return kind, _natural(name)


def with_entry(text: str, name: str, entry: str) -> str:
    """Return a module's text with one entry more at the end of its tuple `name`.

    Raises:
        CourseError: the module has no such tuple.
    """
    node = _tuple(text, name)
    lines = text.splitlines()
    old = lines[node.lineno - 1 : node.end_lineno]
    if len(old) > 1:
        new = [*old[:-1], *_indented(f"{entry},"), old[-1]]
    else:
        parts = [ast.unparse(element) for element in node.value.elts]
        new = _assigned(name, [*parts, entry]).splitlines()
    lines[node.lineno - 1 : node.end_lineno] = new
    return "\n".join(lines) + "\n"


def _tuple(text: str, name: str) -> ast.Assign:
    for node in ast.parse(text).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=ast.Tuple()) if target == name:
                return node
    raise CourseError(f"no line `{name} = (...)` is found where the exercise is registered: write one, even `()`")


def _assigned(name: str, parts: list[str]) -> str:
    if any("\n" in part for part in parts):
        return "\n".join([f"{name} = (", *_indented("\n".join(f"{part}," for part in parts)), ")"])
    if len(parts) == 1:
        return f"{name} = ({parts[0]},)"
    return bracketed(f"{name} = (", parts, ")")


def _indented(text: str) -> list[str]:
    return textwrap.indent(text, "    ").splitlines()
