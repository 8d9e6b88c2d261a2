"""What running an answer takes: the calls, the weights for modules, and nothing of what it is compared with."""

from collections.abc import Callable
from dataclasses import dataclass

from course_utils.exercises.attempt import parameters, unwrapped
from course_utils.exercises.modules import Weights, drawn
from course_utils.exercises.registry import Answer, Case, Exercise
from course_utils.exercises.run import run_trusted
from course_utils.exercises.values import is_class
from course_utils.exercises.world import World


@dataclass(frozen=True)
class Brief:
    """All that running an answer takes; what it is compared with is no part of it.

    Attributes:
        module: the answer is a class derived from nn.Module, not a function.
        names: of the arguments, as they are told in reports.
        cases: makes the calls, anew each time.
        weights: for modules only: parameters and buffers for each case, by name.
        differentiable, starts: as in `Exercise`.
    """

    module: bool
    names: tuple[str, ...]
    cases: Callable[[], list[Case]]
    weights: tuple[Weights, ...]
    differentiable: bool
    starts: tuple[str, ...]


def brief(exercise: Exercise, world: World) -> Brief:
    """Return what running an answer to this exercise takes."""

    def cases() -> list[Case]:
        return _trusted(exercise.cases, world)

    def draw(case: Case) -> Weights:
        return _trusted(lambda: drawn(exercise.reference(**case.init)), world)

    module = is_class(exercise.reference)
    weights = tuple(draw(case) if module else {} for case in cases())
    names = tuple(_argument_names(exercise.reference))
    return Brief(module, names, cases, weights, exercise.differentiable, exercise.starts)


def _trusted(task: Callable, world: World):
    """Call the course's own code; what it raises is a bug, and told as one."""
    job = run_trusted(task, world)
    if job.error is not None:
        raise job.error
    return job.value


def _argument_names(reference: Answer) -> list[str]:
    bare = unwrapped(reference)
    if is_class(bare):
        return list(parameters(unwrapped(bare.forward)))[1:]
    return list(parameters(bare))
