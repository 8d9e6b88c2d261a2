"""Differences between two outputs, each put into three lines: what is different, why that happens, what to try."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from course_utils.exercises.compare import Mismatch, difference, scale
from course_utils.exercises.values import kind_of

NANS = 9  # the rank of values that aren't numbers where the course's are
NUMBERS = 10  # the rank of the last resort: the numbers differ, and nothing else is known
ROUNDING = 1e-5  # a difference below this, relative to the largest value, is what float32 does
UNREFUSED = 11  # what it computes is right, but it also computes where it should refuse to
START = 12  # all that it computes is right, but it doesn't start as it should
UNKNOWN = ("none of the usual mistakes gives these numbers", "compute the smallest example by hand, and compare")
LITTLE = (
    "so little comes from rounding where it passes through float32, or from a small number that was added or changed",
    "leave out `.float()`, `dtype=torch.float32` and numbers such as 1e-8, and compare every `eps`: the check computes "
    "in float64",
)


@dataclass(frozen=True)
class Fault:
    """What the student is told; of several, the one with the lowest rank."""

    what: str
    why: str
    remedy: str
    rank: int = 0


def told(mismatch: Mismatch) -> Fault:
    """Put one difference into three lines."""
    return _TOLD[mismatch.kind](mismatch)


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
    return "None" if value is None else with_article(kind_of(value))


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
    return Fault(what, why, "look at the values before each division, log, sqrt, exp and softmax", NANS)


def _value(mismatch: Mismatch) -> Fault:
    expected, got = mismatch.expected, mismatch.got
    if isinstance(expected, Tensor) and expected.ndim == 0:  # a loss, for example
        expected, got = expected.item(), got.item()
    if isinstance(expected, Tensor) and (expected.is_floating_point() or expected.is_complex()):
        delta, index, count = difference(expected, got)
        pair = f"{_short(got[index].item())} instead of {_short(expected[index].item())}"
        most = f"max |Δ| = {delta:.3g}" if delta < float("inf") else pair
        told_apart = f"differs in {count} of {expected.numel()} elements: {most} at {index}"
        reasons = LITTLE if delta < ROUNDING * scale(expected) else UNKNOWN
    elif isinstance(expected, Tensor):
        count = int((expected != got).sum())
        told_apart = f"differs in {count} of {expected.numel()} elements, first at {_first(expected != got)}"
        reasons = UNKNOWN
    else:
        told_apart = "is {}, expected {}".format(*_apart(got, expected))
        near = isinstance(expected, float) and isinstance(got, float) and abs(got - expected) < ROUNDING * abs(expected)
        reasons = LITTLE if near else UNKNOWN
    return Fault(f"{mismatch.place} {told_apart}", *reasons, NUMBERS)


def _apart(one: object, other: object) -> tuple[str, str]:
    """Return two values as texts that differ: with more digits where six don't tell them apart."""
    texts = _short(one), _short(other)
    return texts if texts[0] != texts[1] else (repr(one)[:100], repr(other)[:100])


def _first(mask: Tensor) -> tuple[int, ...]:
    return tuple(int(i) for i in mask.nonzero()[0])


def _short(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 200:
        return f"an integer of {value.bit_length()} bits"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)[:100]


def with_article(noun: str) -> str:
    """Return a noun with "a" or "an" in front."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


_TOLD: dict[str, Callable[[Mismatch], Fault]] = {
    "none": _none,
    "type": _type,
    "shape": _shape,
    "dtype": _dtype,
    "nan": _nan,
    "value": _value,
}
