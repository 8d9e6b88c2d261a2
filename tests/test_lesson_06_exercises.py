"""Lesson 6's exercises: mistakes that can be seen and told apart, and right answers that are right."""

import math

import pytest
from exercise_checks import (
    fresh_place,  # noqa: F401
    undiagnosed,
)
from exercise_outcomes import float64  # noqa: F401

from course_utils.augment import erase
from course_utils.exercises.lesson_06 import EXERCISES

TABLE = {exercise.id: exercise for exercise in EXERCISES}


def test_schedules_are_asked_about_in_every_phase():
    phases = set()
    for case in TABLE["6.1"].cases():
        step, steps, warmup = case.arguments
        phases |= {(step == 0, "first"), (0 < step < warmup, "rising"), (step == warmup, "top")}
        phases |= {(step == steps - 1, "last"), (warmup == 0, "none")}
    assert {name for there, name in phases if there} == {"first", "rising", "top", "last", "none"}


def test_rectangles_lie_inside_cross_the_edge_and_may_be_empty():
    kinds = set()
    for case in TABLE["6.6"].cases():
        images, top, _left, height, width, _fill = case.arguments
        B, _, H, W = images.shape
        assert B > 1 and H != W and len(top) == B
        kinds |= set((top + height > H).tolist()) | {"empty" if (height * width == 0).any() else ""}
    assert kinds >= {True, False, "empty"}


# two mistakes at once


def _zero_and_whole_wave(step, steps, warmup):
    return 0.0 if step < warmup else 0.5 * (1 + math.cos(2 * math.pi * step / steps))


def _inverted_and_not_scaled(branch, keep, rate):
    return branch * (~keep)[:, None, None]


def _unsmoothed_and_by_batch(targets, share):
    return targets + share / len(targets)


def _images_only_with_half(images, targets, order, share):
    return 0.5 * images + 0.5 * images[order], targets


def _turned_and_zero(images, top, left, height, width, fill=0.0):
    return erase(images, left, top, width, height)


TWO = {
    "6.1": _zero_and_whole_wave,
    "6.3": _inverted_and_not_scaled,
    "6.4": _unsmoothed_and_by_batch,
    "6.5": _images_only_with_half,
    "6.6": _turned_and_zero,
}


@pytest.mark.parametrize("id", TWO)
def test_two_mistakes_at_once_never_get_the_diagnosis_of_one(id, capsys):
    undiagnosed(capsys, TWO[id], id)
