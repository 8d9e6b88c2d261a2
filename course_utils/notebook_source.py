"""The text of a function with everything of the student's own that it uses, so that it can be run elsewhere.

A notebook's cells define `build`, the classes that it uses, the functions that these use, and so on. They are written
out one after another, what comes from an installed package as an import, and nothing else of the notebook is kept.
"""

import ast
import importlib.util
import inspect
import linecache
import symtable
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType

from course_utils.files import CourseError

PACKAGES = ("course_utils", "torch", "torchvision", "numpy", "scipy", "safetensors")


def self_contained(build: Callable[[], object]) -> str:
    """Return the text of a module in which `build()` works by itself.

    Args:
        build: a function or class that needs no arguments, defined in a notebook or in a package of the course.

    Raises:
        CourseError: `build` needs arguments, or uses something that has no text; the message names it and the remedy.
    """
    if not isinstance(build, (FunctionType, type)) or build.__name__ == "<lambda>":
        raise CourseError(f"build={build!r} has no name: write `def build(): return MyModel(...)` and pass build")
    _check_arguments(build)
    module = _Module()
    module.add(build.__name__, build)
    renamed = [] if build.__name__ == "build" else [f"build = {build.__name__}"]
    blocks = ["\n".join(sorted(module.imports)), *module.blocks, *renamed]
    return "\n\n\n".join(block for block in blocks if block) + "\n"


def _check_arguments(build: Callable[[], object]) -> None:
    free = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [
        parameter.name
        for parameter in inspect.signature(build).parameters.values()
        if parameter.default is parameter.empty and parameter.kind not in free
    ]
    if needed:
        name = build.__name__
        raise CourseError(f"{name} needs {', '.join(needed)}: write `def build(): return {name}(...)` and pass build")


class _Module:
    """The imports and definitions found so far, each after what it needs."""

    def __init__(self):
        self.imports: set[str] = set()
        self.blocks: list[str] = []
        self._seen: dict[str, object] = {}

    def add(self, name: str, value: object) -> None:
        """Add what a name stands for, and before it what that uses."""
        if name in self._seen:
            if self._seen[name] is not value:
                raise CourseError(f"two things are called {name} in what build uses: rename one of them")
            return
        self._seen[name] = value
        if isinstance(value, ModuleType):
            self._add_module(name, value)
        elif _is_packaged(value):
            origin = value.__name__
            self.imports.add(f"from {value.__module__} import {origin}" + (f" as {name}" if origin != name else ""))
        elif isinstance(value, (FunctionType, type)):
            self._add_definition(name, value)
        else:
            self._add_constant(name, value)

    def _add_module(self, name: str, module: ModuleType) -> None:
        if not _is_package(module.__name__):
            raise CourseError(f"build uses {module.__name__}, a file of yours: copy what it needs into the notebook")
        self.imports.add(f"import {module.__name__} as {name}")

    def _add_definition(self, name: str, value: FunctionType | type) -> None:
        if isinstance(value, FunctionType) and value.__closure__:
            raise CourseError(f"{name} is defined inside another function: define it in a cell, not indented")
        text, space = source(value), _namespace(value)
        for used in sorted(free_names(text)):
            if used in space and used != value.__name__:
                self.add(used, space[used])
        self.blocks.append(text + (f"\n\n\n{name} = {value.__name__}" if name != value.__name__ else ""))

    def _add_constant(self, name: str, value: object) -> None:
        text = repr(value)
        try:
            same = ast.literal_eval(text) == value
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            same = False
        if not same:
            kind = type(value).__name__
            raise CourseError(f"build uses {name}, a {kind} of the notebook: make it inside the function that uses it")
        self.blocks.append(f"{name} = {text}")


def source(value: FunctionType | type) -> str:
    """Return the text of a function or class, a notebook's too.

    Raises:
        CourseError: there is none.
    """
    try:
        if isinstance(value, type):
            return _class_source(value)
        return textwrap.dedent(inspect.getsource(value)).rstrip()
    except (OSError, TypeError, SyntaxError, StopIteration):
        name = value.__name__
        raise CourseError(
            f"the text of {name} can't be found: define it in a cell of its own, a class with at least one method"
        ) from None


def _class_source(kind: type) -> str:
    """Find a class by one of its methods: Python before 3.13 doesn't note where a notebook's class begins."""
    for code in _codes(kind):
        lines = linecache.getlines(code.co_filename)
        nodes = ast.walk(ast.parse("".join(lines)))
        classes = [node for node in nodes if isinstance(node, ast.ClassDef) and node.name == kind.__name__]
        for node in classes:
            if node.lineno <= code.co_firstlineno <= node.end_lineno:
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                return textwrap.dedent("".join(lines[first - 1 : node.end_lineno])).rstrip()
    raise OSError


def _codes(kind: type) -> Iterator:
    for value in vars(kind).values():
        bare = inspect.unwrap(getattr(value, "__func__", value)) if callable(value) or hasattr(value, "__func__") else 0
        if isinstance(bare, FunctionType) and linecache.getlines(bare.__code__.co_filename):
            yield bare.__code__


def free_names(text: str) -> set[str]:
    """Return the names that a definition reads from the module around it, or that are built in."""

    def inside(table: symtable.SymbolTable) -> set[str]:
        own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global() and symbol.is_referenced()}
        return own.union(*(inside(child) for child in table.get_children()))

    table = symtable.symtable(text, "cell", "exec")
    outside = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    return outside.union(*(inside(child) for child in table.get_children()))


def _namespace(value: FunctionType | type) -> dict[str, object]:
    if isinstance(value, FunctionType):
        return value.__globals__
    return vars(sys.modules[value.__module__])


def _is_packaged(value: object) -> bool:
    """Tell whether a function or class can be imported from an installed package under its own name."""
    module, name = getattr(value, "__module__", None), getattr(value, "__name__", None)
    if not isinstance(module, str) or not isinstance(name, str) or not _is_package(module):
        return False
    return getattr(sys.modules.get(module), name, None) is value


def _is_package(module: str) -> bool:
    top = module.partition(".")[0]
    known = top in PACKAGES or top in sys.stdlib_module_names
    return known and top != "__main__" and importlib.util.find_spec(top) is not None
