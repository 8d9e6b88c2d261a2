"""Judge what a submission's answers showed, out here, on plain values, with the notebook's own diagnoses."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property

from torch import Tensor

from course_utils.exercises.attempt import parameters, unwrapped
from course_utils.exercises.brief import brief
from course_utils.exercises.diagnose import Verdict, rule
from course_utils.exercises.differences import Fault
from course_utils.exercises.observe import Observed, Observer
from course_utils.exercises.registry import Exercise, Mistake
from course_utils.exercises.run import Raised
from course_utils.exercises.values import is_class
from course_utils.exercises.world import World, float64, quiet
from course_utils.grading import worker

CORRECT, WRONG, UNATTEMPTED, STOPPED, MISSING = "correct", "wrong", "unattempted", "stopped", "missing"
UNFORESEEN = "the grader itself met something that it wasn't made for"  # why an exercise couldn't be graded
LONGEST = 600  # characters of a text that a submission sent
MOST_NAMES = 1000  # of arguments that it changed, and of what has gradients
STUB_METHODS = ("__init__", "forward")
_one_at_a_time = threading.RLock()  # submissions are graded side by side


@dataclass(frozen=True)
class Ruling:
    """What became of one exercise of one submission.

    Attributes:
        id: of the exercise.
        state: CORRECT, WRONG, UNATTEMPTED; STOPPED for what ended without an answer, MISSING for what isn't there.
        fault: what is wrong, in three lines; None if nothing is.
        mistake: the name of the registered mistake that it is; "" if it is none.
        cases: on how many calls it was compared.
        once_more: whether to grade it again, alone: time ran out, or its process ended, which on a busy computer can be
            another's fault.
    """

    id: str
    state: str
    fault: Fault | None = None
    mistake: str = ""
    cases: int = 0
    once_more: bool = False


class Key:
    """The answer key of one exercise: what the course's version shows, and each mistake, run once for a whole class."""

    def __init__(self, exercise: Exercise):
        self.exercise = exercise
        self._mistaken: dict[str, list[Observed]] = {}
        self._world = World()
        self._brief = self._inside(lambda _captured: brief(exercise, self._world))

    @cached_property
    def expected(self) -> list[Observed]:
        """What each case shows of the course's version."""
        return self._observed(self.exercise.reference)

    def prepare(self) -> None:
        """Run the course's version and every mistake now, so that a key can be used by several threads."""
        _ = self.expected
        for mistake in self.exercise.mistakes:
            self._of_mistake(mistake)

    def order(self) -> dict[str, object]:
        """Return what a worker is told of the exercise: the calls, and nothing of what should come out."""
        return {
            "id": self.exercise.id,
            "name": self.exercise.reference.__name__,
            "stub": stub(self.exercise.reference),
            "module": self._brief.module,
            "names": self._brief.names,
            "cases": self._inside(lambda _captured: self._brief.cases()),
            "weights": self._brief.weights,
            "differentiable": self._brief.differentiable,
            "starts": self._brief.starts,
        }

    def rule(self, answer: dict, seconds: float) -> Ruling:
        """Judge what a worker sent.

        Raises:
            ValueError: it isn't what a worker sends.
        """
        id, state = self.exercise.id, answer.get("state")
        if state == worker.UNTOUCHED:
            return Ruling(id, UNATTEMPTED)
        if state == worker.MISSHAPEN:
            return Ruling(id, WRONG, Fault(*(_text(line) for line in answer["fault"])))
        if state == worker.HUGE:
            return Ruling(id, STOPPED, HUGE)  # memory or processes are used up: a worker isn't used again after it
        if state != worker.SEEN:
            raise ValueError(f"a worker doesn't say {state!r}")
        got = [observed(tree) for tree in answer["seen"]]
        if len(got) != len(self.expected):
            raise ValueError(f"{len(got)} observations of {len(self.expected)} cases")
        if any(_hides_gradients(right, mine) for right, mine in zip(self.expected, got, strict=True)):
            raise ValueError("no gradients were sent")
        ruling = self._ruled(self._verdict(got, seconds))
        return replace(ruling, once_more=any(seen.late for seen in got))

    def _ruled(self, verdict: Verdict) -> Ruling:
        id, fault = self.exercise.id, verdict.fault
        if fault is None:
            return Ruling(id, CORRECT, cases=verdict.cases)
        lines = (fault.what, fault.why, fault.remedy)
        known = [m.name for m in self.exercise.mistakes if (m.what, m.why, m.remedy) == lines]
        return Ruling(id, WRONG, fault, known[0] if known else "", verdict.cases)

    def _verdict(self, got: list[Observed], seconds: float) -> Verdict:
        expected = self.expected
        return self._inside(lambda _captured: rule(self.exercise, expected, got, self._of_mistake, seconds))

    def _of_mistake(self, mistake: Mistake) -> list[Observed]:
        if mistake.name not in self._mistaken:
            self._mistaken[mistake.name] = self._observed(mistake.wrong)
        return self._mistaken[mistake.name]

    def _observed(self, answer: object) -> list[Observed]:
        return self._inside(lambda captured: Observer(self._brief, captured, self._world).observe(answer))

    def _inside(self, task: Callable) -> object:
        """Run the course's own code as a check does; what it sets, and sets back, is the whole process's."""
        with _one_at_a_time, quiet() as captured, float64():
            return task(captured)


HUGE = Fault(
    "what it returns is larger than may be sent back, or memory or processes are used up",
    "the course's version returns a few thousand numbers here",
    "look at the shapes: an axis is repeated, or the result is collected in a list that grows",
)


def _hides_gradients(right: Observed, mine: Observed) -> bool:
    """Tell whether gradients are missing that an honest worker sends; without them nothing would be compared."""
    failed = mine.raised or mine.misfit or mine.late or mine.gradient_raised
    return right.attached is not None and mine.attached is None and not failed


def stub(reference: object) -> str:
    """Return the source of an empty function or class with the parameters of the course's, and without its body."""
    bare = unwrapped(reference)
    if not is_class(bare):
        return f"def {bare.__name__}{_signature(bare)}: ..."
    found = {name: unwrapped(getattr(bare, name)) for name in STUB_METHODS}
    lines = [f"    def {name}{_signature(method)}: ..." for name, method in found.items()]
    return "\n".join(["from torch import nn", f"class {bare.__name__}(nn.Module):", *lines])


def _signature(function: object) -> str:
    """Return the parameters in brackets; what a default is doesn't matter, only that there is one."""
    listed, starred = [], False
    for name, parameter in parameters(function).items():
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            listed.append("*")
        starred = starred or parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL)
        stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        listed.append(
            stars + name + ("" if parameter.default is parameter.empty else f"={_default(parameter.default)}")
        )
    return f"({', '.join(listed)})"


def _default(value: object) -> str:
    return repr(value) if type(value) in (int, float, bool, str) else "None"


def observed(tree: object) -> Observed:
    """Return an observation that a worker sent; only what has the right type is believed.

    Raises:
        ValueError: it isn't one.
    """
    if type(tree) is not dict or tree.keys() != {field.name for field in fields(Observed)}:
        raise ValueError("this isn't what a call shows")
    if len(tree["changed"]) > MOST_NAMES or len(tree["gradients"]) > MOST_NAMES:
        raise ValueError("more names than a call has arguments and parameters")
    gradients = {str(name): g for name, g in dict(tree["gradients"]).items() if isinstance(g, Tensor)}
    return Observed(
        output=tree["output"],
        start={_text(name): _text(words) for name, words in dict(tree["start"]).items()},
        raised=_raised(tree["raised"]),
        misfit=_text(tree["misfit"]),
        late=tree["late"] is True,
        changed=tuple(_text(name) for name in tree["changed"]),
        gradient_raised=_raised(tree["gradient_raised"]),
        attached=tree["attached"] if tree["attached"] in (True, False, None) else None,
        gradients=gradients,
        prints=_text(tree["prints"], 2001),
    )


def _raised(tree: object) -> Raised | None:
    if tree is None:
        return None
    line = tree["line"] if type(tree["line"]) is int else None
    return Raised(_text(tree["kind"]), _text(tree["message"]), line, _text(tree["text"]))


def _text(value: object, most: int = LONGEST) -> str:
    if type(value) is not str:
        raise ValueError(f"a {type(value).__name__} where a text is expected")
    return value[:most].encode("utf-8", "replace").decode("utf-8")  # half a surrogate can't be written to any page
