"""What is wrong with an answer, in three lines: what is different, why that happens, what to try.

These are the faults that any exercise may meet. `found` yields them in the order in which they are told: what
comes first hides what follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from torch import Tensor

from course_utils.exercises.compare import GRADIENT_TOLERANCE, mismatches, scale
from course_utils.exercises.differences import START, UNREFUSED, Fault, told, with_article

if TYPE_CHECKING:
    from course_utils.exercises.observe import Observed
    from course_utils.exercises.run import Raised

CUTTING = "`detach`, `item`, `tolist`, `numpy`, `torch.tensor(...)` and `torch.no_grad()` all cut the gradient"
UNUSED = f"nothing made from it reaches the output, or the way is cut: {CUTTING}"
OVERWRITTEN = "a line such as `x += ...`, `x /= ...` or `x.exp_()` overwrote a value that the gradient needs"
LEAKING = "the course's version takes it as fixed; in training, yours would also change whatever made it"
CUT_HERE = "use `.detach()` of it, not the tensor itself"
UNUSED_PARAMETER = "use it in `forward`, or in a method that `forward` calls, and cut nothing between it and the output"
UNCUT = "compute from the inputs to the output with torch's operations only"


def found(expected: Observed, got: Observed, seconds: float, outputs_agree: bool) -> Iterator[Fault]:
    """Yield what is wrong in one case; nothing if the answer is right there.

    Args:
        expected, got: what the case showed of the reference, and of the answer.
        seconds: what the answer had for all cases.
        outputs_agree: the outputs of all cases do. Else the values of gradients say nothing: they may well be
            those of what the answer computes.
    """
    if got.late:
        yield Fault(
            f"it did not finish within {seconds:g} seconds",
            "a loop that never ends, or far more work than is needed",
            "look at the condition of each loop; if the notebook stays slow, restart the kernel",
        )
    elif got.misfit:
        yield Fault(
            f"its parameters and buffers are not the course's: {got.misfit[:600]}",
            "the course's weights are copied into yours by name, and don't fit",
            "give every layer the name and the size that the exercise asks for",
        )
    elif got.raised or expected.raised:
        yield from _raised_faults(expected.raised, got.raised)
    else:
        yield from _returned_faults(expected, got, outputs_agree)


def _raised_faults(expected: Raised | None, got: Raised | None) -> Iterator[Fault]:
    if got is None:
        what = f"it returned something where {with_article(expected.kind)} is expected"
        why = "these arguments make no sense, and nothing says so"
        yield Fault(what, why, "check them and raise it", rank=UNREFUSED)
    elif expected is None or expected.kind != got.kind:
        yield raised_fault(got) if expected is None else _another_error(expected, got)


def _another_error(expected: Raised, got: Raised) -> Fault:
    """Put an exception of the wrong kind into three lines; these arguments were right to be refused."""
    fault, kind = raised_fault(got), with_article(expected.kind)
    why = f"{kind} is expected here: these arguments make no sense, and who calls it looks for that kind; {fault.why}"
    return Fault(fault.what, why, f"check the arguments first, and raise {kind}")


def raised_fault(raised: Raised) -> Fault:
    """Put an exception into three lines; the middle one is the student's own line."""
    message = f": {raised.message}" if raised.message else ""
    why = "it happens outside your own lines, when your code is called"
    if raised.line is not None:
        text = f": `{raised.text}`" if raised.text else ""
        why = f"it happens in line {raised.line} of the cell{text}"
    remedy = "print the shapes and values just before that line"
    return Fault(f"it raises {raised.kind}{message}", why, remedy)


def _returned_faults(expected: Observed, got: Observed, outputs_agree: bool) -> Iterator[Fault]:
    for mismatch in mismatches(expected.output, got.output):
        yield told(mismatch)
    for name in got.changed:
        if name not in expected.changed:
            yield Fault(
                f"the argument `{name}` was changed in place",
                "an operation such as `+=`, `x[...] =` or one ending in `_` writes into the caller's tensor",
                "compute a new tensor, or change a copy: `.clone()` makes one",
                rank=6,
            )
    yield from gradient_faults(expected, got, outputs_agree)
    yield from _start_faults(expected, got)


def _start_faults(expected: Observed, got: Observed) -> Iterator[Fault]:
    for name, words in expected.start.items():
        if got.start[name] != words:
            yield Fault(
                f"in a new module `{name}` is {got.start[name]}, expected {words}",
                "what it computes is right, but training would start somewhere else",
                "set it at the end of `__init__`, with one of `nn.init`'s functions",
                rank=START,
            )


def gradient_faults(expected: Observed, got: Observed, outputs_agree: bool) -> Iterator[Fault]:
    """Yield what is wrong with the gradients of one case; their values count only where the outputs of all agree."""
    if got.gradient_raised:
        fault = raised_fault(got.gradient_raised)
        in_place = "inplace" in got.gradient_raised.message
        told = (OVERWRITTEN, "write `x = x + ...` instead") if in_place else (fault.why, UNCUT)
        yield Fault(f"when a gradient is wanted, {fault.what}", *told, rank=7)
    elif expected.attached and got.attached is False:
        yield Fault("the output is cut off: no gradient flows back from it", CUTTING, UNCUT, rank=7)
    elif got.attached is not None:
        largest = max([scale(g) for g in expected.gradients.values() if g.any()], default=1.0)
        for name, gradient in expected.gradients.items():
            fault = _gradient_problem(name, gradient, got.gradients.get(name), largest, outputs_agree)
            if fault:
                yield fault


def _gradient_problem(
    name: str, expected: Tensor, got: Tensor | None, largest: float, outputs_agree: bool
) -> Fault | None:
    """Say what is wrong with one gradient; None if nothing is. Of several, one that is missing comes first."""
    if got is None or got.shape != expected.shape or not _reaches(got, largest):
        remedy = UNUSED_PARAMETER if name.startswith("parameter") else UNCUT
        return Fault(f"no gradient reaches {name}", UNUSED, remedy, 7) if _reaches(expected, largest) else None
    if not outputs_agree or close(expected, got, largest):
        return None
    if not _reaches(expected, largest):
        return Fault(f"the outputs are right, but a gradient reaches {name}, and none should", LEAKING, CUT_HERE, 8)
    delta = float((expected - got).abs().max())
    what = f"the outputs are right, but the gradient of {name} is not: max |Δ| = {delta:.3g}"
    return Fault(what, UNUSED, UNCUT, 8)


def close(one: Tensor, other: Tensor, largest: float) -> bool:
    """Tell whether two gradients agree, relative to the `largest` of all; where one isn't finite, both must not be."""
    if one.shape != other.shape:
        return False
    finite = one.isfinite()
    if not finite.equal(other.isfinite()):
        return False
    return bool(((one - other)[finite].abs() <= GRADIENT_TOLERANCE * largest).all())


def _reaches(gradient: Tensor, largest: float) -> bool:
    return bool((gradient.abs() > 1e-12 * largest).any() or gradient.isnan().any())
