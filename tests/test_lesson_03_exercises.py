"""Lesson 3's exercises: mistakes that can be seen and told apart, and right answers that are right."""

import pytest
import torch
from exercise_outcomes import float64, with_drawn_parameters  # noqa: F401

from course_utils.exercises import observe
from course_utils.exercises.lesson_03 import EXERCISES
from course_utils.models.local_attention import attend_at, local_attention
from course_utils.models.non_local import NonLocalBlock

TABLE = {exercise.id: exercise for exercise in EXERCISES}


@pytest.mark.parametrize("id", TABLE)
def test_cases_are_in_float64_and_no_map_is_only_square(id):
    tensors = [
        argument
        for case in TABLE[id].cases()
        for argument in observe._tensors([case.arguments, case.keywords]).values()
    ]
    assert all(tensor.dtype == torch.float64 and tensor.requires_grad for tensor in tensors)
    shapes = {tensor.shape[-2:] for tensor in tensors}
    assert bool(shapes) == (id != "3.6")
    assert not shapes or (any(H > W for H, W in shapes) and any(H < W for H, W in shapes))


@pytest.mark.parametrize("id", ["3.2", "3.3"])
def test_positions_lie_at_every_border_and_stay_inside_when_row_and_column_change_places(id):
    places = set()
    for case in TABLE[id].cases():
        (H, W), (row, column) = case.arguments[0].shape[-2:], case.arguments[-2:]
        assert max(row, column) < min(H, W)
        places |= {(row == 0, "top"), (row == H - 1, "bottom"), (column == 0, "left"), (column == W - 1, "right")}
        places.add((0 < row < H - 1 and 0 < column < W - 1, "middle"))
    assert {name for there, name in places if there} == {"top", "bottom", "left", "right", "middle"}


@pytest.mark.parametrize("id", ["3.1", "3.3", "3.5"])
def test_no_weight_is_near_1(id):
    """A softmax that has chosen one key shows nothing of what else is wrong."""
    for case in TABLE[id].cases():
        assert largest_weight(TABLE[id], case) < 0.9, case.note


def largest_weight(exercise, case):
    if exercise.reference is NonLocalBlock:
        return with_drawn_parameters(NonLocalBlock, NonLocalBlock, case).weights(*case.arguments).max().item()
    assert exercise.reference in (attend_at, local_attention)
    query, key, _, *rest = case.arguments
    H, W = query.shape[-2:]
    one_hot = torch.eye(H * W).view(H * W, H, W).expand(*query.shape[:2], -1, -1, -1)  # averages to the weights
    return exercise.reference(query, key, one_hot, *rest, **case.keywords).max().item()


def test_the_norm_of_3_1_does_something_in_every_case():
    """It begins with the weight 0, which would hide all mistakes but those of the residual."""
    for case in TABLE["3.1"].cases():
        assert (NonLocalBlock(**case.init).norm.weight == 0).all()
        block = with_drawn_parameters(NonLocalBlock, NonLocalBlock, case)
        assert block.norm.weight.abs().max() > 0.5
        change = (block(*case.arguments) - case.arguments[0]).abs().amax(dim=(0, 2, 3))
        assert (change > 1e-3).all()


def test_3_5_has_every_kind_of_relative_positions_with_and_without_padding_that_counts():
    cases = [(case.arguments[4:], case.keywords.get("padding_counts", False)) for case in TABLE["3.5"].cases()]
    assert {(bool(relative), counts) for relative, counts in cases} == {(r, c) for r in (0, 1) for c in (0, 1)}
    assert {relative[0].shape[0] == 1 for relative, _ in cases if relative} == {True, False}
