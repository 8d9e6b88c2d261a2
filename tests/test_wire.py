"""Messages between the grader and a worker: all plain values survive, and nothing else gets through."""

import math
import struct

import pytest
import torch

from course_utils import floats
from course_utils.exercises import registry
from course_utils.exercises.values import LARGEST, Opaque
from course_utils.exercises.world import float64
from course_utils.grading import wire
from course_utils.models.set_loss import Pairs

EXERCISES = [exercise for lesson in registry.lesson_numbers() for exercise in registry.lesson_exercises(lesson)]


def alike(one, other):
    """Tell whether two values are the same to the last bit, types and flags too."""
    if type(one) is not type(other):
        return False
    if isinstance(one, torch.Tensor):
        flags = (one.dtype, one.shape, one.requires_grad) == (other.dtype, other.shape, other.requires_grad)
        return flags and torch.equal(torch.nan_to_num(one), torch.nan_to_num(other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(alike, one, other))
    return one == other or (one != one and other != other)


VALUES = {
    "numbers": [0, 1, -(2**200), 0.1, math.inf, math.nan, True, False, None, 1 + 2j],
    "texts": ["", "Δ ○ ✓", "\ud800", "x" * 10_000],
    "nested": {"a": (1, [2, (3.0,)]), 5: {}, "b": ()},
    "tensors": [torch.randn(2, 3).T, torch.tensor(7), torch.zeros(0, 4), torch.ones(2, dtype=torch.bool)],
    "kinds": [torch.ones(2, dtype=kind) for kind in (torch.float16, torch.bfloat16, torch.int8, torch.complex128)],
    "parameters": (torch.nn.Parameter(torch.ones(2)), torch.ones(3, requires_grad=True)),
    "opaque": Opaque("generator"),
}


@pytest.mark.parametrize("name", VALUES)
def test_plain_values_survive(name):
    assert alike(wire.unpacked(wire.packed(VALUES[name])), VALUES[name])


def test_a_tensor_that_stands_in_two_places_stays_one():
    tensor = torch.randn(3, requires_grad=True)
    one, other = wire.unpacked(wire.packed((tensor, [tensor])))
    assert one is other[0]


def test_an_expanded_tensor_is_told_by_its_shape():
    vast = wire.unpacked(wire.packed(torch.zeros((), dtype=torch.float32).expand(LARGEST, 1000)))
    assert vast.shape == (LARGEST, 1000) and vast.dtype == torch.float32


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_the_calls_of_every_exercise_can_be_sent(exercise):
    with float64():
        cases = exercise.cases()
        back = wire.unpacked(wire.packed(cases), own=True)
    assert [case.note for case in back] == [case.note for case in cases]
    for one, other in zip(cases, back, strict=True):
        assert alike(one.arguments, other.arguments) and alike(one.keywords, other.keywords)
        assert alike(one.init, other.init)


def test_the_courses_own_types_come_only_from_the_grader():
    mine = [floats.FORMATS["FP16"], Pairs(*torch.zeros(3, 2, dtype=torch.int64)), floats.decode]
    there = wire.unpacked(wire.packed(mine), own=True)
    assert there[0] == floats.FORMATS["FP16"] and type(there[1]) is Pairs and there[2] is floats.decode
    for value in mine:
        with pytest.raises(wire.WireError, match="may not come from there"):
            wire.unpacked(wire.packed(value))


@pytest.mark.parametrize("value", [object(), print, torch.nn.Linear(1, 1), {1, 2}, b"bytes", float])
def test_what_is_neither_plain_nor_the_courses_is_refused(value):
    with pytest.raises(wire.WireError, match="neither plain data"):
        wire.packed(value)


def test_a_list_that_holds_itself_is_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(wire.WireError, match="nested too deeply"):
        wire.packed(endless)


TREES = {
    "not JSON": b"{",
    "an unknown kind": b'["module","os"]',
    "no tensor of this name": b'["tensor","5",false,false]',
    "a list as a key": b'["dict",[[["list",[]],1]]]',
    "too deep": b'["list",[' * 500 + b"1" + b"]]" * 500,
    "no shape": b'["vast",["x"],"float32"]',
    "no dtype": b'["vast",[1],"os"]',
    "an empty list": b"[]",
    "a huge integer": b"1" * 10_000,
}


@pytest.mark.parametrize("name", TREES)
def test_trees_that_mean_nothing_are_refused(name):
    with pytest.raises(wire.WireError):
        wire.unpacked(struct.pack("<QQ", len(TREES[name]), 0) + TREES[name])


@pytest.mark.parametrize("message", [b"", b"123", b"\x00" * 16 + b"1", struct.pack("<QQ", 2**62, 2**62), b"\xff" * 99])
def test_bytes_that_are_no_message_are_refused(message):
    with pytest.raises(wire.WireError):
        wire.unpacked(message)


def test_garbage_instead_of_tensors_is_refused():
    with pytest.raises(wire.WireError):
        wire.unpacked(struct.pack("<QQ", 1, 8) + b"1" + b"\x05" * 8)


def test_a_message_that_is_too_large_is_refused():
    with pytest.raises(wire.WireError, match="too many"):
        wire.packed([torch.zeros(LARGEST) for _ in range(4)])
