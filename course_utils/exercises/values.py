"""What an answer returned, as plain data that can't lie.

An object's `shape`, `__eq__`, `__class__` or `__repr__` may say anything, so only exact types count: torch.Tensor
and nn.Parameter, Python's and NumPy's numbers, str, None, and tuples, lists and dicts of these.
"""

from dataclasses import dataclass
from types import CoroutineType

import numpy as np
import torch
from torch import Tensor, nn

TENSORS = (Tensor, nn.Parameter)
SIMPLE = (bool, int, float, complex, str, type(None))
NUMPY_SCALARS = tuple(np.dtype(code).type for code in "?bBhHiIlLqQefd")
DEEPEST, MOST_ITEMS = 6, 10_000
LARGEST = 10_000_000  # elements of a tensor that is copied; an expanded one may claim 10**12
_detach, _clone, _numel = Tensor.detach, Tensor.clone, Tensor.numel
_name_of = type.__dict__["__name__"].__get__
_ancestors_of = type.__dict__["__mro__"].__get__


@dataclass(frozen=True)
class Opaque:
    """Anything that isn't data: only the name of its type is known."""

    kind: str


Plain = Tensor | bool | int | float | complex | str | tuple | list | dict | Opaque | None


def kind_of(value: object) -> str:
    """Return the name of the true type of a value, plain or not."""
    if type(value) is Opaque:
        return value.kind
    if value is None:
        return "None"
    return "Tensor" if type(value) in TENSORS else _name_of(type(value))[:60]


def ancestors(kind: type) -> tuple[type, ...]:
    """Return the true ancestors of a class, itself first."""
    return _ancestors_of(kind)


def is_class(value: object) -> bool:
    """Tell whether a value truly is a class."""
    return any(kind is type for kind in ancestors(type(value)))


def plain(value: object) -> Plain:
    """Return `value` as plain data: tensors detached and copied, containers copied, the rest opaque."""
    return _plain(value, DEEPEST, [MOST_ITEMS])


def _plain(value: object, depth: int, left: list[int]) -> Plain:
    kind = type(value)
    left[0] -= 1
    if kind in TENSORS:
        return _bare(value)
    if kind in SIMPLE:
        return value
    if kind in NUMPY_SCALARS:
        return value.item()
    if kind is CoroutineType:
        value.close()  # or Python warns later that nobody awaited it
    if kind in (tuple, list, dict, torch.Size):
        if depth == 0 or left[0] < len(value):
            return Opaque(f"{_name_of(kind)} that is nested too deeply or too long")
        return _container(value, depth - 1, left)
    return Opaque(kind_of(value))


def _container(value: tuple | list | dict, depth: int, left: list[int]) -> Plain:
    if type(value) is dict:
        if not all(type(key) in (str, int) for key in value):
            return Opaque("dict whose keys are not all str or int")
        return {key: _plain(item, depth, left) for key, item in value.items()}
    return (list if type(value) is list else tuple)([_plain(item, depth, left) for item in value])


def _bare(tensor: Tensor) -> Tensor | Opaque:
    """Return the tensor without its graph, and without attributes that a student may have put on it."""
    bare = _detach(tensor)
    if bare.layout is not torch.strided or bare.is_quantized:
        return Opaque("sparse or quantized Tensor")
    return _clone(bare) if _numel(bare) <= LARGEST else bare
