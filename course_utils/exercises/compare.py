"""Compare plain values: where an answer's output differs from the expected one, and how."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from course_utils.exercises.values import Opaque, Plain, kind_of

TOLERANCE = 1e-9  # relative to the largest expected value; float64 rounds at 1e-16
NUMBER_TOLERANCE = 1e-6  # of a plain number: `.float().mean().item()` has gone through float32, and is right
GRADIENT_TOLERANCE = 1e-6
INDICES = {torch.int64, torch.int32}  # torch looks up with both: one does for the other


@dataclass(frozen=True)
class Mismatch:
    """One difference: its kind, where in the output it is, and the two values."""

    kind: str  # "none", "type", "shape", "dtype", "nan", "value", in the order in which they are told
    place: str
    expected: Plain
    got: Plain


def mismatches(expected: Plain, got: Plain, place: str = "the output") -> Iterator[Mismatch]:
    """Yield every difference between two plain values; none if they agree within `TOLERANCE`."""
    kind = _kind_of_mismatch(expected, got, place)
    if kind:
        yield Mismatch(kind, place, expected, got)
    elif type(expected) is dict:
        for key in expected:
            yield from mismatches(expected[key], got[key], f"{place}[{key!r}]")
    elif type(expected) in (tuple, list):
        for index, (left, right) in enumerate(zip(expected, got, strict=True)):
            yield from mismatches(left, right, f"{place}[{index}]")


def same(expected: Plain, got: Plain) -> bool:
    """Tell whether two plain values agree."""
    return next(mismatches(expected, got), None) is None


def _kind_of_mismatch(expected: Plain, got: Plain, place: str) -> str:
    """Return the kind of the difference between two values themselves, not between what they hold; "" if none."""
    if got is None and expected is not None and place == "the output":
        return "none"
    if not _same_type(expected, got):
        return "type"
    if isinstance(expected, dict):
        return "type" if expected.keys() != got.keys() else ""
    if isinstance(expected, tuple | list):
        return "type" if len(expected) != len(got) else ""
    if isinstance(expected, Tensor):
        return _kind_of_tensor_mismatch(expected, got)
    if isinstance(expected, float):
        return _kind_of_number_mismatch(expected, got)
    return "" if expected == got else "value"


def _same_type(expected: Plain, got: Plain) -> bool:
    one, other = kind_of(expected), kind_of(got)
    if type(got) is Opaque:  # whatever it is called, it is no data
        return type(expected) is Opaque and one == other
    return one == other or (one == "float" and other == "int")  # 0 does for 0.0


def _kind_of_tensor_mismatch(expected: Tensor, got: Tensor) -> str:
    if expected.shape != got.shape:
        return "shape"
    alike = expected.dtype == got.dtype or {expected.dtype, got.dtype} == INDICES
    if not alike or expected.device != got.device:
        return "dtype"
    if not unequal(expected, got).any():
        return ""
    return "nan" if (got.isfinite().logical_not() & expected.isfinite()).any() else "value"


def _kind_of_number_mismatch(expected: float, got: float) -> str:
    try:
        value = float(got)
    except OverflowError:
        return "value"
    if expected == value or (math.isnan(expected) and math.isnan(value)):
        return ""
    if math.isfinite(expected) and not math.isfinite(value):
        return "nan"
    return "" if abs(expected - value) <= NUMBER_TOLERANCE * abs(expected or 1.0) else "value"


def unequal(expected: Tensor, got: Tensor, tolerance: float = TOLERANCE) -> Tensor:
    """Return a mask, True where two tensors of the same shape and kind of numbers differ by more than rounding."""
    if not (expected.is_floating_point() or expected.is_complex()):
        return expected != got
    finite = expected.isfinite() & got.isfinite()
    far = (expected - got).abs() > tolerance * scale(expected)
    identical = (expected == got) | (expected.isnan() & got.isnan())
    return torch.where(finite, far, ~identical)


def scale(expected: Tensor) -> float:
    """Return the largest finite magnitude in a tensor; 1 if there is none but zeros."""
    finite = expected.detach()[expected.isfinite()].abs()
    return float(finite.max()) if finite.numel() and finite.max() > 0 else 1.0


def difference(expected: Tensor, got: Tensor) -> tuple[float, tuple[int, ...], int]:
    """Return the largest difference, its index, and how many elements differ."""
    mask = unequal(expected, got)
    wide = torch.complex128 if expected.is_complex() else torch.float64
    distance = (expected.to(wide) - got.to(wide)).abs().nan_to_num(nan=math.inf, posinf=math.inf)
    distance = torch.where(mask, distance, torch.zeros(()))
    index = np.unravel_index(int(distance.argmax()), tuple(distance.shape))  # torch's own imports sympy: a second
    return float(distance.max()), tuple(int(i) for i in index), int(mask.sum())
