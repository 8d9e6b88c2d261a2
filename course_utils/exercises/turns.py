"""Answers and cases of the course, turned into a variant's convention."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from torch import Tensor, nn

from course_utils.exercises.attempt import parameters
from course_utils.exercises.registry import Answer, Case
from course_utils.exercises.values import is_class

if TYPE_CHECKING:
    from course_utils.exercises.recipes import Option

Arguments = dict[str, object]  # by name


@dataclass(frozen=True)
class Turn:
    """The turns of several options, one after another."""

    options: tuple[Option, ...]

    def to_course(self, arguments: Arguments) -> Arguments:
        """Return a variant's arguments in the lesson's convention."""
        for option in reversed(self.options):
            arguments = option.to_course(arguments)
        return arguments

    def to_variant(self, arguments: Arguments) -> Arguments:
        """Return the lesson's arguments in the variant's convention."""
        for option in self.options:
            arguments = option.to_variant(arguments)
        return arguments

    def from_course(self, output: object, arguments: Arguments) -> object:
        """Return the lesson's output in the variant's convention, for arguments that are in the variant's already.

        Each option gets the arguments as they are with it and the options before it, without those behind it.
        """
        stages = []
        for option in reversed(self.options):
            stages.append(arguments)
            arguments = option.to_course(arguments)
        for option, given in zip(self.options, reversed(stages), strict=True):
            output = option.from_course(output, given)
        return output


def carried(answer: Answer, turn: Turn, reference: Answer) -> Answer:
    """Return an answer in the lesson's convention as one in a variant's, with its name and the course's parameters."""
    if not is_class(reference):
        return _with_parameters(
            lambda **given: turn.from_course(answer(**turn.to_course(given)), given), reference, answer.__name__
        )

    def forward(self: nn.Module, **given: object) -> object:
        return turn.from_course(answer.forward(self, **turn.to_course(given)), given)

    return type(answer.__name__, (answer,), {"forward": _with_parameters(forward, reference.forward, "forward")})


def _with_parameters(call: Callable, like: Callable, name: str) -> Callable:
    """Return `call`, which takes arguments by name, as a function that truly has the parameters of another one."""
    given, names = [], []
    for parameter in parameters(like).values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and "*" not in given:
            given.append("*")
        given.append(parameter.name + ("" if parameter.default is inspect.Parameter.empty else "=None"))
        names.append(parameter.name)
    own, rest = (names[:1], names[1:]) if names[0] == "self" else ([], names)
    passed = ", ".join([*own, *(f"{entry}={entry}" for entry in rest)])
    space: dict[str, object] = {"call": call}
    exec(f"def made({', '.join(given)}):\n    return call({passed})", space)
    made = space["made"]
    made.__name__ = made.__qualname__ = name  # which may be <lambda>
    made.__defaults__, made.__kwdefaults__ = like.__defaults__, like.__kwdefaults__
    return made


def turned(case: Case, turn: Turn, reference: Answer) -> Case:
    """Return a case in the variant's convention; its tensors are leaves, and in one piece as the course's are."""
    names = list(parameters(reference.forward))[1:] if is_class(reference) else list(parameters(reference))
    positional = names[: len(case.arguments)]
    before = {**dict(zip(positional, case.arguments, strict=True)), **case.keywords}
    after = {name: _settled(value) for name, value in turn.to_variant(before).items()}
    arguments = tuple(after[name] for name in positional)
    return replace(case, arguments=arguments, keywords={name: after[name] for name in case.keywords})


def _settled(value: object) -> object:
    if type(value) is Tensor:
        return value.detach().contiguous().clone().requires_grad_(value.requires_grad)
    return type(value)(_settled(item) for item in value) if type(value) in (tuple, list) else value
