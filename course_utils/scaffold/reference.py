"""Find the reference that an exercise is to have, or start it."""

import importlib
import inspect
import re
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType

from torch import nn

from course_utils.exercises.attempt import FREE
from course_utils.exercises.help import source
from course_utils.exercises.registry import Answer, lesson_exercises, lesson_numbers
from course_utils.files import CourseError

PREFIX = "course_utils.models"
FUNCTION = '''def {name}(tokens: Tensor) -> Tensor:
    """{todo}: say in one line what it returns.

    Args:
        tokens: (B, N, D). {todo}: all parameters, with shapes and units.

    Returns:
        (B, N, D). {todo}: the shape and what it is; paper and section or equation.
    """
    raise NotImplementedError("{todo}: write the reference")
'''
CLASS = '''class {name}(nn.Module):
    """{todo}: say in one line what it is; then paper and section or equation.

    Args:
        width: D. {todo}: all parameters.
    """

    def __init__(self, width: int):
        super().__init__()
        raise NotImplementedError("{todo}: write the reference")

    def forward(self, tokens: Tensor) -> Tensor:
        """{todo}: say which shape it maps to which."""
        raise NotImplementedError("{todo}: write the reference")
'''
MODULE = '''"""{todo}: say what this file holds, and from which papers. Notation: `B` batch, `N` tokens, `D` width."""

{imports}


{definition}'''


@dataclass(frozen=True)
class Place:
    """Where a reference stands, or will: its module, such as "course_utils.models.mixer", and its name there."""

    module: str
    name: str

    @property
    def dotted(self) -> str:
        """As it is written behind `--reference`."""
        return f"{self.module}.{self.name}"

    @property
    def file(self) -> Path:
        """The module's file, seen from the repository."""
        return Path(*self.module.split(".")).with_suffix(".py")


def place(dotted: str) -> Place:
    """Read what stands behind `--reference`.

    Raises:
        CourseError: it isn't the dotted name of something public in `course_utils.models`.
    """
    matched = re.fullmatch(rf"({re.escape(PREFIX)}\.[a-z]\w*)\.([A-Za-z]\w*)", dotted)
    if matched is None:
        raise CourseError(
            f"--reference {dotted}: reference code lives in {PREFIX}; write {PREFIX}.MODULE.NAME, such as "
            f"{PREFIX}.mixer.mix_tokens"
        )
    return Place(*matched.groups())


def started(where: Place, todo: str) -> str:
    """Return the text of a new module with a reference that is still to be written."""
    imports = "from torch import Tensor, nn" if _names_a_class(where) else "from torch import Tensor"
    return MODULE.format(todo=todo, imports=imports, definition=_stub(where, todo))


def _stub(where: Place, todo: str) -> str:
    return (CLASS if _names_a_class(where) else FUNCTION).format(name=where.name, todo=todo)


def _names_a_class(where: Place) -> bool:
    return where.name[0].isupper()


def text_of(where: Place, todo: str) -> str:
    """Return the text of a reference that is written, documented and annotated.

    Raises:
        CourseError: it isn't; or it is another exercise's already. Says what to do first.
    """
    found = _found(where, todo)
    for lesson in lesson_numbers():
        for exercise in lesson_exercises(lesson):
            if exercise.reference is found:
                raise CourseError(f"{where.dotted} is exercise {exercise.id}'s reference already: name another one")
    text = source(found)
    if todo in text or "raise NotImplementedError" in text:
        raise CourseError(f"{where.dotted} isn't written yet: fill it in, in {where.file}, and run this again")
    for lack in _lacks(found):
        raise CourseError(f"{where.dotted} {lack}, in {where.file}: the stub and the tests are made from it")
    return text


def _found(where: Place, todo: str) -> Answer:
    module = _imported(where)
    if not hasattr(module, where.name):
        raise CourseError(f"{where.file} has no `{where.name}`. Write it there first, such as\n\n{_stub(where, todo)}")
    found = getattr(module, where.name)
    if not isinstance(found, FunctionType | type) or (isinstance(found, type) and not issubclass(found, nn.Module)):
        raise CourseError(f"{where.dotted} is neither a function nor an nn.Module class: name one that is")
    if found.__module__ != where.module:
        raise CourseError(f"{where.dotted} comes from elsewhere: write --reference {found.__module__}.{found.__name__}")
    return found


def _imported(where: Place) -> ModuleType:
    try:
        return importlib.import_module(where.module)
    except Exception as error:
        raise CourseError(f"{where.file} can't be imported ({type(error).__name__}: {error}): put it right") from error


def _lacks(found: Answer) -> list[str]:
    """Return what a reference's documentation and annotations lack, as clauses with the remedy."""
    lacks = [] if found.__doc__ else ["has no docstring: say what it computes, and the shapes in and out"]
    if isinstance(found, FunctionType):
        return lacks + _unannotated(found, found.__name__)
    if "forward" not in vars(found):
        return [*lacks, "has no `forward` of its own: write it"]
    if not found.forward.__doc__:
        lacks.append("has a `forward` without a docstring: say which shapes it maps to which")
    own = [found.forward] + ([found.__init__] if found.__init__ is not nn.Module.__init__ else [])
    return lacks + [lack for method in own for lack in _unannotated(method, f"{found.__name__}.{method.__name__}")]


def _unannotated(function: FunctionType, name: str) -> list[str]:
    signature, init = inspect.signature(function), function.__name__ == "__init__"
    given = [parameter for parameter in signature.parameters.values() if parameter.name != "self"]
    lacks = [] if given or init else [f"has no parameters in `{name}`, so there is nothing to compare: give it some"]
    for parameter in given:
        if parameter.kind in FREE:
            lacks.append(f"takes any number of arguments in `{name}`: name each of them")
        elif parameter.annotation is parameter.empty:
            lacks.append(f"has no annotation for `{parameter.name}` of `{name}`: write its type")
    if signature.return_annotation is signature.empty and not init:
        lacks.append(f"has no annotation for what `{name}` returns: write its type")
    return lacks
