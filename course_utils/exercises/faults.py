"""What is wrong with an answer, in three lines: what is different, why that happens, what to try.

These are the faults that any exercise may meet. `found` yields them in the order in which they are told: what
comes first hides what follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from course_utils.exercises.compare import GRADIENT_TOLERANCE, Mismatch, difference, mismatches, scale
from course_utils.exercises.values import kind_of

if TYPE_CHECKING:
    from course_utils.exercises.observe import Observed
    from course_utils.exercises.run import Raised

NUMBERS = 10  # the rank of the last resort: the numbers differ, and nothing else is known
CUTTING = "`detach`, `item`, `tolist`, `numpy`, `torch.tensor(...)` and `torch.no_grad()` all cut the gradient"
UNUSED = f"nothing made from it reaches the output, or the way is cut: {CUTTING}"
OVERWRITTEN = "a line such as `x += ...`, `x /= ...` or `x.exp_()` overwrote a value that the gradient needs"
UNCUT = "compute from the inputs to the output with torch's operations only"
ROUNDING = 1e-5  # a difference below this, relative to the largest value, is what float32 does


@dataclass(frozen=True)
class Fault:
    """What the student is told; of several, the one with the lowest rank."""

    what: str
    why: str
    remedy: str
    rank: int = 0


def found(expected: Observed, got: Observed, seconds: float) -> Iterator[Fault]:
    """Yield what is wrong in one case; nothing if the answer is right there."""
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
        yield from _returned_faults(expected, got)


def _raised_faults(expected: Raised | None, got: Raised | None) -> Iterator[Fault]:
    if got is None:
        what = f"it returned something where {_an(expected.kind)} is expected"
        yield Fault(what, "these arguments make no sense, and nothing says so", "check them and raise it")
    elif expected is None or expected.kind != got.kind:
        yield raised_fault(got)


def raised_fault(raised: Raised) -> Fault:
    """Put an exception into three lines; the middle one is the student's own line."""
    message = f": {raised.message}" if raised.message else ""
    why = "it happens outside your own lines, when your code is called"
    if raised.line is not None:
        text = f": `{raised.text}`" if raised.text else ""
        why = f"it happens in line {raised.line} of the cell{text}"
    remedy = "print the shapes and values just before that line"
    return Fault(f"it raises {raised.kind}{message}", why, remedy)


def _returned_faults(expected: Observed, got: Observed) -> Iterator[Fault]:
    differing = list(mismatches(expected.output, got.output))
    for mismatch in differing:
        yield _TOLD[mismatch.kind](mismatch)
    for name in got.changed:
        if name not in expected.changed:
            yield Fault(
                f"the argument `{name}` was changed in place",
                "an operation such as `+=`, `x[...] =` or one ending in `_` writes into the caller's tensor",
                "compute a new tensor, or change a copy: `.clone()` makes one",
                rank=6,
            )
    yield from gradient_faults(expected, got, numbers_agree=not differing)


def gradient_faults(expected: Observed, got: Observed, numbers_agree: bool) -> Iterator[Fault]:
    """Yield what is wrong with the gradients; their values count only where the outputs agree."""
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
            what = _gradient_problem(name, gradient, got.gradients.get(name), largest, numbers_agree)
            if what:
                yield Fault(what, UNUSED, UNCUT, rank=7)


def _gradient_problem(name: str, expected: Tensor, got: Tensor | None, largest: float, numbers_agree: bool) -> str:
    """Say what is wrong with one gradient; "" if nothing is."""
    if got is None or not _reaches(got, largest):
        return f"no gradient reaches {name}" if _reaches(expected, largest) else ""
    if numbers_agree and not close(expected, got, largest):
        delta = float((expected - got).abs().max())
        return f"the outputs are right, but the gradient of {name} is not: max |Δ| = {delta:.3g}"
    return ""


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


def _none(_mismatch: Mismatch) -> Fault:
    why = "no `return` was reached, or one that gives None"
    return Fault("it returns None", why, "return the result on its last line", 2)


def _type(mismatch: Mismatch) -> Fault:
    expected, got = mismatch.expected, mismatch.got
    one, other = _described(expected), _described(got)
    why = "what comes out must be of the same kind as the course's"
    return Fault(f"{mismatch.place} is {other}, expected {one}", why, "see the docstring for what to return", 3)


def _described(value: object) -> str:
    if isinstance(value, dict):
        return f"a dict with the keys {', '.join(map(str, value))[:100] or 'none'}"
    if isinstance(value, tuple | list):
        return f"a {kind_of(value)} of {len(value)}"
    return "None" if value is None else _an(kind_of(value))


def _shape(mismatch: Mismatch) -> Fault:
    expected, got = tuple(mismatch.expected.shape), tuple(mismatch.got.shape)
    what = f"{mismatch.place} has the shape {got}, expected {expected}: {_axes(expected, got)}"
    remedy = "write the shape behind each line as a comment, and find the first that is not as you think"
    return Fault(what, _shape_reason(expected, got), remedy, 4)


def _axes(expected: tuple, got: tuple) -> str:
    if len(expected) != len(got):
        return f"{len(got)} axes instead of {len(expected)}"
    differing = [axis for axis in range(len(got)) if got[axis] != expected[axis]]
    if _swapped(expected, got):
        return f"axes {differing[0]} and {differing[1]} are transposed"
    if sorted(expected) == sorted(got):
        return "its axes are in another order"
    return ", ".join(f"axis {axis} has {got[axis]}, expected {expected[axis]}" for axis in differing)


def _swapped(expected: tuple, got: tuple) -> bool:
    differing = [axis for axis in range(len(got)) if got[axis] != expected[axis]]
    return len(differing) == 2 and sorted(expected) == sorted(got)


def _shape_reason(expected: tuple, got: tuple) -> str:
    if len(expected) == len(got) and sorted(expected) == sorted(got):
        return "a transpose is missing, or one is too many"
    if len(got) < len(expected):
        return "an axis was summed or indexed away, or never made"
    if len(got) > len(expected):
        return "an axis was never summed, merged or indexed away, or broadcasting made one"
    return "an operation runs along another axis, or broadcasting stretched one"


def _dtype(mismatch: Mismatch) -> Fault:
    expected, got = mismatch.expected, mismatch.got
    if expected.device != got.device:
        what = f"{mismatch.place} is on the device {got.device}, expected {expected.device}"
        return Fault(what, "a tensor was made without `device=`", "take the device of the input", 5)
    what = f"{mismatch.place} is {got.dtype}, expected {expected.dtype}"
    why = "a tensor was made with another dtype than is wanted, or converted to one"
    return Fault(what, why, f"make it {expected.dtype}: with `dtype=`, or by leaving a conversion out", 5)


def _nan(mismatch: Mismatch) -> Fault:
    got = mismatch.got
    count, of = 1, 1
    if isinstance(got, Tensor):
        count, of = int((~got.isfinite() & mismatch.expected.isfinite()).sum()), got.numel()
    what = f"{mismatch.place} holds NaN or infinity in {count} of {of} elements, the course's doesn't"
    why = "0/0, the log or root of a negative number, exp of a large one, or a softmax over nothing but -inf"
    return Fault(what, why, "look at the values before each division, log, sqrt, exp and softmax", 8)


def _value(mismatch: Mismatch) -> Fault:
    expected, got = mismatch.expected, mismatch.got
    why, remedy = "none of the usual mistakes gives these numbers", "compute the smallest example by hand, and compare"
    if not isinstance(expected, Tensor):
        what = f"{mismatch.place} is {_short(got)}, expected {_short(expected)}"
        return Fault(what, why, remedy, NUMBERS)
    if not (expected.is_floating_point() or expected.is_complex()):
        count = int((expected != got).sum())
        what = f"{mismatch.place} differs in {count} of {expected.numel()} elements"
        return Fault(f"{what}, first at {_first(expected != got)}", why, remedy, NUMBERS)
    delta, index, count = difference(expected, got)
    if delta < ROUNDING * scale(expected):
        why = "so little comes from rounding where it passes through float32, or from a small number that was added"
        remedy = "leave out `.float()`, `dtype=torch.float32` and numbers such as 1e-8: the check computes in float64"
    pair = f"{_short(got[index].item())} instead of {_short(expected[index].item())}"
    most = f"max |Δ| = {delta:.3g}" if delta < float("inf") else pair
    what = f"{mismatch.place} differs in {count} of {expected.numel()} elements: {most} at {index}"
    return Fault(what, why, remedy, NUMBERS)


def _first(mask: Tensor) -> tuple[int, ...]:
    return tuple(int(i) for i in mask.nonzero()[0])


def _short(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 200:
        return f"an integer of {value.bit_length()} bits"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)[:100]


def _an(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


_TOLD: dict[str, Callable[[Mismatch], Fault]] = {
    "none": _none,
    "type": _type,
    "shape": _shape,
    "dtype": _dtype,
    "nan": _nan,
    "value": _value,
}
