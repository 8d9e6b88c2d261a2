"""Plain values as bytes and back, between the grader and a process that it doesn't trust.

A message is a length, a tree in JSON, and its tensors in the format of safetensors: nothing in it can run code.
Values of the course's own types (a format, matched pairs, a function that a case hands over) go only one way, to the
process, and are named by where the package defines them.
"""

import dataclasses
import json
import struct
from importlib import import_module
from types import FunctionType

import torch
from safetensors import torch as safetensors
from torch import Tensor, nn

from course_utils.exercises.values import LARGEST, TENSORS, Opaque

MOST_TREE = 2**23  # bytes of the tree, which takes many times as much once it is read
MOST_BYTES = 2**27  # of one message: the largest tensor that is copied at all (values.LARGEST) has 80 MB
DEEPEST = 40
DTYPES = {str(kind).removeprefix("torch."): kind for kind in vars(torch).values() if type(kind) is torch.dtype}
_LENGTHS = struct.Struct("<QQ")  # bytes of the tree, bytes of the tensors
_PLAIN = (bool, int, float, str, type(None))


class WireError(ValueError):
    """Bytes that are no message, or one that is larger than it may be."""


def packed(value: object) -> bytes:
    """Return a value as a message.

    Raises:
        WireError: it holds something that is neither plain data nor the course's own, or more than `MOST_BYTES`.
    """
    writer = _Writer()
    tree = json.dumps(writer.tree(value, DEEPEST)).encode()
    tensors = safetensors.save(writer.tensors) if writer.tensors else b""
    if len(tree) + len(tensors) > MOST_BYTES:
        raise WireError(f"{len(tree) + len(tensors):,} bytes are too many for one message: {MOST_BYTES:,} at the most")
    return _LENGTHS.pack(len(tree), len(tensors)) + tree + tensors


def lengths(head: bytes, most_tree: int = MOST_BYTES) -> tuple[int, int]:
    """Return how many bytes of tree and of tensors follow these first `HEAD` bytes.

    Raises:
        WireError: more than `MOST_BYTES`, or more than `most_tree` of tree.
    """
    tree, tensors = _LENGTHS.unpack(head)
    if tree + tensors > MOST_BYTES:
        raise WireError(f"a message of {tree + tensors:,} bytes: {MOST_BYTES:,} at the most")
    if tree > most_tree:
        raise WireError(f"a message with a tree of {tree:,} bytes: {most_tree:,} at the most")
    return tree, tensors


HEAD = _LENGTHS.size


def unpacked(message: bytes, own: bool = False) -> object:
    """Return the value of a message.

    Args:
        message: all its bytes.
        own: it comes from the grader, so that it may name the course's own types and functions.

    Raises:
        WireError: it isn't a message, or names something that it may not.
    """
    try:
        tree, tensors = lengths(message[:HEAD])
        if len(message) != HEAD + tree + tensors:
            raise WireError(f"a message of {len(message)} bytes that says {HEAD + tree + tensors}")
        loaded = safetensors.load(message[HEAD + tree :]) if tensors else {}
        return _Reader(loaded, own).value(json.loads(message[HEAD : HEAD + tree]), DEEPEST)
    except WireError:
        raise
    except Exception as error:  # a hostile message may raise anything: what matters is that it is none
        raise WireError(f"no message: {type(error).__name__}: {error}") from error


class _Writer:
    """Turns a value into a tree that JSON can hold, and collects its tensors."""

    def __init__(self):
        self.tensors: dict[str, Tensor] = {}
        self._known: dict[int, str] = {}

    def tree(self, value: object, depth: int) -> object:
        if depth == 0:
            raise WireError("a value that is nested too deeply")
        if type(value) in _PLAIN:
            return value
        if type(value) in TENSORS and value.numel() > LARGEST:  # an expanded one: told by its shape
            return ["vast", list(value.shape), str(value.dtype).removeprefix("torch.")]
        if type(value) in TENSORS:
            return ["tensor", self._name(value), value.requires_grad, type(value) is nn.Parameter]
        if type(value) in (list, tuple):
            return [type(value).__name__, [self.tree(item, depth - 1) for item in value]]
        if type(value) is dict:
            return ["dict", [[self.tree(key, depth - 1), self.tree(item, depth - 1)] for key, item in value.items()]]
        if type(value) is complex:
            return ["complex", value.real, value.imag]
        return ["opaque", value.kind] if type(value) is Opaque else self._own(value, depth)

    def _name(self, tensor: Tensor) -> str:
        """A tensor that stands in two places is one on the other side too."""
        name = self._known.setdefault(id(tensor), str(len(self._known)))
        bare = tensor.detach()
        bare = torch.view_as_real(bare.resolve_conj()) if bare.is_complex() else bare
        key = f"{name}c" if tensor.is_complex() else name
        self.tensors[key] = bare.cpu().clone(memory_format=torch.contiguous_format)
        return key

    def _own(self, value: object, depth: int) -> object:
        kind = value if isinstance(value, type | FunctionType) else type(value)
        place = f"{kind.__module__}:{kind.__qualname__}"
        if not kind.__module__.startswith("course_utils."):
            raise WireError(f"{place} is neither plain data nor the course's own")
        if kind is value:
            return ["named", place]
        return ["made", place, self.tree(_fields(value), depth - 1)]


def _dtype(name: object) -> torch.dtype:
    if type(name) is not str or name not in DTYPES:
        raise WireError(f"{str(name)[:40]!r} is no dtype")
    return DTYPES[name]


def _fields(value: object) -> dict[str, object]:
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return value._asdict()
    raise WireError(f"a {type(value).__name__} is neither plain data, nor a dataclass, nor a named tuple")


class _Reader:
    """Turns a tree back into the value."""

    def __init__(self, tensors: dict[str, Tensor], own: bool):
        self._raw, self._own, self._made = tensors, own, {}

    def value(self, tree: object, depth: int) -> object:
        if depth == 0:
            raise WireError("a value that is nested too deeply")
        if type(tree) is not list:
            return tree
        kind, *rest = tree
        if kind in ("list", "tuple"):
            items = [self.value(item, depth - 1) for item in rest[0]]
            return items if kind == "list" else tuple(items)
        if kind == "dict":
            return {self._key(key): self.value(item, depth - 1) for key, item in rest[0]}
        if kind == "complex":
            return complex(float(rest[0]), float(rest[1]))
        if kind == "opaque":
            return Opaque(str(rest[0])[:200])
        if kind == "vast":
            return torch.zeros((), dtype=_dtype(rest[1])).expand([int(length) for length in rest[0]])
        return self._tensor(*rest) if kind == "tensor" else self._object(kind, rest, depth)

    def _key(self, tree: object) -> str | int:
        if type(tree) not in (str, int):
            raise WireError("a dict whose keys are not all str or int")
        return tree

    def _tensor(self, name: str, requires_grad: bool, parameter: bool) -> Tensor:
        if name not in self._made:
            raw = self._raw[name]
            raw = torch.view_as_complex(raw) if name.endswith("c") else raw
            bare = nn.Parameter(raw, bool(requires_grad)) if parameter else raw.requires_grad_(bool(requires_grad))
            self._made[name] = bare
        return self._made[name]

    def _object(self, kind: object, rest: list, depth: int) -> object:
        if not self._own or kind not in ("named", "made"):
            raise WireError(f"{str(kind)[:40]!r} may not come from there")
        module, _, name = rest[0].partition(":")
        found = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found if kind == "named" else found(**self.value(rest[1], depth - 1))
