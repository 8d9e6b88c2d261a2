"""Lesson 2's exercises: mistakes that can be seen and told apart, and right answers that are right."""

import pytest
import torch
from exercise_outcomes import float64, tensors, with_drawn_parameters  # noqa: F401

from course_utils.exercises.lesson_02 import EXERCISES
from course_utils.models.attention import TransformerBlock, attention_weights

TABLE = {exercise.id: exercise for exercise in EXERCISES}


@pytest.mark.parametrize("id", TABLE)
def test_cases_are_in_float64_and_ask_for_gradients(id):
    for tensor in (tensor for case in TABLE[id].cases() for tensor in tensors(case) if tensor.dtype != torch.bool):
        assert tensor.dtype == torch.float64 and tensor.requires_grad == TABLE[id].differentiable


@pytest.mark.parametrize("id", ["2.1", "2.2", "2.3", "2.8", "2.9"])
def test_no_weight_is_near_1(id):
    """A softmax that has chosen one key shows nothing of what else is wrong."""
    for case in TABLE[id].cases():
        assert largest_weight(TABLE[id], case) < 0.9, case.note


def largest_weight(exercise, case):
    if isinstance(exercise.reference, type):
        module = with_drawn_parameters(exercise.reference, exercise.reference, case)
        tokens, *mask = case.arguments
        if isinstance(module, TransformerBlock):
            tokens, module = module.norm1(tokens), module.attention
        return module.weights(tokens, *mask).max().item()
    if exercise.id == "2.1":
        return exercise.reference(*case.arguments)[0].max().item()
    query, key, *rest = case.arguments
    return attention_weights(query, key, *rest[exercise.id == "2.3" :]).max().item()


@pytest.mark.parametrize("id", TABLE)
def test_there_are_cases_with_a_mask_where_there_is_one(id):
    masked = [case for case in TABLE[id].cases() if "mask" in case.note]
    assert bool(masked) == (id in {"2.2", "2.3", "2.8", "2.9"})
    for case in masked:
        mask = case.arguments[-1]
        assert mask.dtype == torch.bool and mask.any(dim=-1).all() and (~mask).any(dim=-1).all()
