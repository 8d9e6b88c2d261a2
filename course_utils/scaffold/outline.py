"""What the templates need of an exercise's reference: its parameters, how it is called, its text."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

WIDTH = 120  # of a line in the package
METHODS = ("__init__", "forward")
Definition = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Outline:
    """An exercise that is to be made.

    Attributes:
        id: such as "9.7".
        module: that defines the reference, such as "course_utils.models.mixer".
        text: of the reference: one function, or one class derived from nn.Module.
        minutes, difficulty: as in `Exercise`.
    """

    id: str
    module: str
    text: str
    minutes: int
    difficulty: int

    @cached_property
    def node(self) -> Definition:
        """The reference's definition, parsed."""
        return ast.parse(self.text).body[0]

    @property
    def name(self) -> str:
        """Of the reference."""
        return self.node.name

    @property
    def lesson(self) -> int:
        """The number of the lesson."""
        return int(self.id.split(".")[0])

    @property
    def stem(self) -> str:
        """What the names of the exercise's files end with: lesson and reference, such as "09_masked_mean"."""
        return f"{self.lesson:02}_{snake_case(self.name)}"

    @property
    def todo(self) -> str:
        """What marks each blank."""
        return f"TODO({self.id})"

    @property
    def is_class(self) -> bool:
        """Whether the reference is an nn.Module."""
        return isinstance(self.node, ast.ClassDef)

    @property
    def functions(self) -> dict[str, ast.FunctionDef]:
        """The reference itself, or the methods `__init__` and `forward` that it defines, by name."""
        if not self.is_class:
            return {self.name: self.node}
        return {line.name: line for line in self.node.body if getattr(line, "name", None) in METHODS}

    @property
    def called(self) -> ast.FunctionDef:
        """What a case's arguments are given to: the function, or the module's `forward`."""
        return self.functions["forward" if self.is_class else self.name]

    @property
    def differentiable(self) -> bool:
        """Whether gradients can be compared: a module's, or those of a function from tensors to tensors."""
        return self.is_class or (self.takes_tensors and "Tensor" in unparsed(self.node.returns))

    @property
    def takes_tensors(self) -> bool:
        """Whether what is called must be given a tensor."""
        return any(note == "Tensor" for _, note in required(self.called))


def snake_case(name: str) -> str:
    """Return a class's name as one of a file: "SpatialGate" as "spatial_gate"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def parameters(function: ast.FunctionDef, annotated: bool = False) -> list[str]:
    """Return the parameters of a function as they are written, with their defaults; annotated or bare."""
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(positional) - len(given.defaults)) + given.defaults
    found = [_written(*pair, annotated) for pair in zip(positional, defaults, strict=True)]
    if given.posonlyargs:
        found.insert(len(given.posonlyargs), "/")
    found += ["*"] if given.kwonlyargs else []
    return found + [_written(*pair, annotated) for pair in zip(given.kwonlyargs, given.kw_defaults, strict=True)]


def _written(argument: ast.arg, default: ast.expr | None, annotated: bool) -> str:
    note = f": {unparsed(argument.annotation)}" if annotated and argument.annotation else ""
    if default is None:
        return argument.arg + note
    return f"{argument.arg}{note} = {unparsed(default)}" if note else f"{argument.arg}={unparsed(default)}"


def unparsed(node: ast.expr) -> str:
    """Return an expression's text, with the quotes that the course uses."""
    return ast.unparse(node).replace("'", '"')


def passed_on(function: ast.FunctionDef) -> list[str]:
    """Return what a function gives to another one with its parameters; `self` is left out."""
    given = function.args
    found = [entry.arg for entry in (*given.posonlyargs, *given.args) if entry.arg != "self"]
    return found + [f"{entry.arg}={entry.arg}" for entry in given.kwonlyargs]


def required(function: ast.FunctionDef) -> list[tuple[str, str]]:
    """Return name and annotation of the parameters that have no default, or of all if all have; never of `self`."""
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    found = [(entry.arg, unparsed(entry.annotation)) for entry in positional if entry.arg != "self"]
    return found[: len(found) - len(given.defaults)] or found


def bracketed(before: str, parts: Sequence[str], after: str, width: int = WIDTH) -> str:
    """Join parts in brackets as ruff formats them: in one line, in a line of their own, or in a line each."""
    indent = " " * (len(before) - len(before.lstrip()))
    listed = ", ".join(parts)
    if len(f"{before}{listed}{after}") <= width:
        return f"{before}{listed}{after}"
    if len(f"{indent}    {listed}") <= width:
        return f"{before}\n{indent}    {listed}\n{indent}{after}"
    return "\n".join([before, *(f"{indent}    {part}," for part in parts), f"{indent}{after}"])
