"""Lesson 4's exercises: mistakes that can be seen and told apart, right answers that are right, and telling cases."""

import time

import pytest
import torch
from exercise_checks import (
    fresh_place,  # noqa: F401
    undiagnosed,
    verdict,
)
from exercise_outcomes import float64, tensors  # noqa: F401

from course_utils.exercises import mistakes_04_patchify as cutting
from course_utils.exercises import mistakes_04_unpatchify as joining
from course_utils.exercises.lesson_04 import EXERCISES
from course_utils.image_memory import attention_matrix_bytes, largest_side
from course_utils.models.patches import embed_patches

TABLE = {exercise.id: exercise for exercise in EXERCISES}
NUMBERS = {"4.2", "4.3", "4.4"}  # plain ones, no tensors


# all exercises


@pytest.mark.parametrize("id", TABLE)
def test_cases_are_in_float64_but_for_grey_levels(id):
    for case in TABLE[id].cases():
        assert (id in NUMBERS) == (not tensors(case))
        for tensor in tensors(case):
            assert tensor.dtype == (torch.int64 if id == "4.1" else torch.float64)
            assert tensor.requires_grad == TABLE[id].differentiable


@pytest.mark.parametrize("id", TABLE)
def test_a_check_takes_well_below_a_second(id, capsys):
    started = time.process_time()
    for answer in (TABLE[id].alternatives[0], TABLE[id].mistakes[-1].wrong):
        verdict(capsys, id, answer)
    assert time.process_time() - started < 2


# single ones


@pytest.mark.parametrize("id", ["4.5", "4.6", "4.7"])
def test_images_come_in_batches_and_most_are_not_square(id):
    shapes = []
    for case in TABLE[id].cases():
        B, C, H, W = TABLE["4.6"].reference(*case.arguments).shape if id == "4.6" else case.arguments[0].shape
        P = case.arguments[1 if id == "4.6" else -1]
        assert B > 1 and len({C, P, H // P * (W // P)}) == 3
        shapes.append((H, W))
    assert any(H > W for H, W in shapes) and any(H < W for H, W in shapes)


def test_memories_lie_between_two_sides_on_either_half():
    halves = []
    for case in TABLE["4.4"].cases():
        gigabytes, patch = (*case.arguments, 1)[:2]
        sizes = {"matrices": 1, "heads": 1, "bits": 32} | case.keywords
        layers, heads, bits = sizes.values()
        side = largest_side(gigabytes, patch, **sizes)
        exact = (gigabytes * 8e9 / (layers * heads * bits)) ** 0.25
        assert 0.05 < exact - side / patch < 0.95, case.note
        least, most = (
            attention_matrix_bytes(s, patch, layers=layers, heads=heads, bits=bits) for s in (side, side + patch)
        )
        assert least < gigabytes * 1e9 < most
        halves.append(exact - side / patch < 0.5)
    assert set(halves) == {True, False}


def test_grey_images_differ_in_their_first_and_last_pixels():
    for case in TABLE["4.1"].cases():
        pixels, start = case.arguments
        assert pixels.max() < start and len(pixels) > 1
    first, last = case.arguments[0][:, 0, 0], case.arguments[0][:, -1, -1]
    assert (first != last).any() and len(last.unique()) > 1


# two mistakes at once


def _squared_side(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return (side // patch) ** 2 * layers * bits // 8


def _bits_and_one_head(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    return ((side // patch) ** 2 + class_token) ** 2 * layers * bits


def _columns_and_flipped(images, weight, bias, patch):
    return embed_patches(images.mT, weight, 0 * bias, patch)


def _gibibytes_and_rounded(gigabytes, patch=1, *, matrices=1, heads=1, bits=32):
    return round((gigabytes * 2**33 / (matrices * heads * bits)) ** 0.25 * patch)


def _by_columns_and_not_shifted(pixels, start):
    return pixels.mT.flatten(1), pixels.mT.flatten(1)


TWO = {
    "4.2 no matrix and no heads": ("4.2", _squared_side),
    "4.2 bits and heads": ("4.2", _bits_and_one_head),
    "4.5 columns and channels": ("4.5", cutting._in_order(0, 4, 2, 3, 5, 1)),
    "4.5 images and channels": ("4.5", cutting._in_order(2, 4, 0, 3, 5, 1)),
    "4.6 spread and transposed": ("4.6", joining._in_order(0, 3, 5, 1, 4, 2)),
    "4.7 transposed without bias": ("4.7", _columns_and_flipped),
    "4.3 three and kept": ("4.3", lambda layers, *, training: 3 * layers if training else layers),
    "4.4 unit and rounding": ("4.4", _gibibytes_and_rounded),
    "4.1 columns and shift": ("4.1", _by_columns_and_not_shifted),
}


@pytest.mark.parametrize(("id", "answer"), TWO.values(), ids=TWO)
def test_two_mistakes_at_once_never_get_the_diagnosis_of_one(id, answer, capsys):
    undiagnosed(capsys, answer, id)
