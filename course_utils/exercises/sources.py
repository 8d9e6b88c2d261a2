"""A variant's source: made into a function or class that shows it, and cut down to the stub that students get."""

import ast
import itertools
import linecache
import math
import re
import sys
import zlib
from types import ModuleType

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.exercises.registry import Answer

WIDEST = 88  # characters of a line in a notebook
SIGNATURE = re.compile(r"(def \w+\()(.*)(\) -> .*:)")
ENTRY = re.compile(r"\s+\w+: ")  # of a docstring's arguments
NAMES = {"math": math, "torch": torch, "Tensor": Tensor, "nn": nn, "F": F}


def compiled(source: str, name: str, id: str, names: dict[str, Answer]) -> Answer:
    """Return the function or class that a source defines; `inspect.getsource` finds it.

    Args:
        source: of the function or class, and nothing else.
        name: that it defines.
        id: of the exercise.
        names: that it uses besides `NAMES`.
    """
    key = f"variant_{id.replace('.', '_')}_{zlib.crc32(source.encode()):08x}"
    file = f"<{key}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)  # somebody may have cleared it
    if key not in sys.modules:  # inspect looks for a class by the file of its module
        module = ModuleType(key)
        module.__file__ = file
        vars(module).update(NAMES | names)
        exec(compile(source, file, "exec"), vars(module))
        sys.modules[key] = module
    return vars(sys.modules[key])[name]


def imports(names: dict[str, Answer]) -> str:
    """Return the lines that import `NAMES` and what else a source uses."""
    lines = ["import math", "import torch", "from torch import Tensor, nn", "from torch.nn import functional as F"]
    return "\n".join([*lines, *(f"from {value.__module__} import {name}" for name, value in names.items())]) + "\n"


def narrowed(source: str) -> str:
    """Return a source whose signature and docstrings fit a notebook's cell: 88 characters a line, shapes kept whole."""
    lines, rest, inside = [], "", False
    for line in source.splitlines():
        if len(line) > WIDEST and (parts := SIGNATURE.fullmatch(line)):
            lines += [parts[1], f"    {parts[2]}", parts[3]]
            continue
        quotes = line.count('"""')
        if not (inside or quotes):
            lines.append(line)
            continue
        inside = inside != (quotes == 1)
        if rest and line.strip() and _indent(line) >= _indent(rest) and not ENTRY.match(line):
            line = f"{rest} {line.strip()}"
        elif rest:
            lines.append(rest)
        *cut, rest = _cut(line)
        lines += cut
        if not inside or len(cut) == 0:
            lines.append(rest)
            rest = ""
    return "\n".join(lines) + "\n"


def _cut(line: str) -> list[str]:
    """Cut a line that is too long at spaces, but for those in parentheses."""
    parts = []
    while len(line) > WIDEST:
        depths = itertools.accumulate((char == "(") - (char == ")") for char in line)
        places = [
            place for place, (char, depth) in enumerate(zip(line, depths, strict=True)) if char == " " and not depth
        ]
        fitting = [place for place in places if _indent(line) < place <= WIDEST]
        if not fitting:
            break
        parts.append(line[: fitting[-1]])
        deeper = 4 if ENTRY.match(line) else 0
        line = " " * (_indent(line) + deeper) + line[fitting[-1] + 1 :]
    return [*parts, line]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def stub(source: str) -> str:
    """Return a source with ... in place of every function's body; the docstrings stay."""
    lines = source.splitlines()
    (made,) = ast.parse(source).body
    functions = [made] if isinstance(made, ast.FunctionDef) else made.body
    for function in reversed([node for node in functions if isinstance(node, ast.FunctionDef)]):
        first = function.body[0]
        documented = isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str)
        begin = first.end_lineno if documented else first.lineno - 1
        lines[begin : function.end_lineno] = [" " * first.col_offset + "..."]
    return "\n".join(lines) + "\n"
