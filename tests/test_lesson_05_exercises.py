"""Lesson 5's exercises: mistakes that can be seen and told apart, and right answers that are right."""

import pytest
import torch
from exercise_checks import (
    fresh_place,  # noqa: F401
    undiagnosed,
)
from exercise_outcomes import float64, with_drawn_parameters  # noqa: F401

from course_utils.exercises.lesson_05 import EXERCISES
from course_utils.models.maps import attention_distance
from course_utils.models.vit import MeanPooledViT, vit_macs, vit_parameters
from course_utils.scores import auroc

TABLE = {exercise.id: exercise for exercise in EXERCISES}


def test_sizes_are_told_apart_by_every_part():
    for case in TABLE["5.3"].cases():
        side, patch, width, layers, classes = case.arguments
        n = (side // patch) ** 2
        assert side % patch == 0 and len({n, width, layers, classes, patch}) == 5
    channels = {case.keywords.get("channels", 3) for case in TABLE["5.3"].cases()}
    assert len(channels) == 3


def test_grids_are_not_square_and_some_rows_sum_to_less_than_1():
    sums = []
    for case in TABLE["5.6"].cases():
        weights, (rows, columns), _patch = case.arguments
        assert rows != columns and weights.shape[-1] == rows * columns
        sums.append(bool(torch.allclose(weights.sum(dim=-1), torch.ones(()))))
    assert set(sums) == {True, False}


def test_the_norms_epsilon_and_the_kind_of_gelu_are_too_small_to_be_told():
    """Known, and said in the lesson: a check at 1e-3 can't see them; the comparison with torchvision does."""
    case = TABLE["5.2"].cases()[0]
    right = with_drawn_parameters(TABLE["5.2"].reference, TABLE["5.2"].reference, case.init)
    before = right(*case.arguments)
    for module in right.modules():
        if isinstance(module, torch.nn.LayerNorm):
            module.eps = 1e-5
    assert 0 < (right(*case.arguments) - before).abs().max() < 1e-3


# two mistakes at once


def _class_last_without_positions(patches, cls_token, pos_embed):
    return torch.cat([patches, cls_token.expand(len(patches), -1, -1)], dim=1)


def _no_class_token_and_no_head(side, patch, width, layers, classes, channels=3):
    return vit_parameters(side, patch, width, layers, classes, channels) - width - (width + 1) * classes


def _flops_on_all_tokens(side, patch, width, layers, classes, channels=3):
    n = (side // patch) ** 2
    return 2 * vit_macs(side, patch, width, layers, classes, channels) + 2 * n * width * classes


def _turned_and_in_patches(weights, grid, patch):
    return attention_distance(weights, grid[::-1], 1)


def _order_and_columns(packed):
    key, query, value = packed.chunk(3, dim=-1)
    return {"query": query, "key": key, "value": value}


def _inverted_and_ties_lose(scores, mask):
    return (scores[mask][:, None] < scores[~mask]).double().mean().item()


class _MeanWithoutNorm(MeanPooledViT):
    def __init__(self, side, patch, width, heads, layers, classes, channels=3, block=None):
        TABLE["5.2"].reference.__init__(self, side, patch, width, heads, layers, classes, channels, block)

    tokens = TABLE["5.2"].reference.tokens

    def forward(self, images):
        return self.head(self.encode(images).mean(dim=1))


TWO = {
    "5.1": _class_last_without_positions,
    "5.2": _MeanWithoutNorm,
    "5.3": _no_class_token_and_no_head,
    "5.4": _flops_on_all_tokens,
    "5.5": _order_and_columns,
    "5.6": _turned_and_in_patches,
    "5.7": _inverted_and_ties_lose,
}


@pytest.mark.parametrize("id", TWO)
def test_two_mistakes_at_once_never_get_the_diagnosis_of_one(id, capsys):
    undiagnosed(capsys, TWO[id], id)


def test_auroc_knows_nothing_of_a_flat_map():
    mask = torch.zeros(3, 4, dtype=torch.bool)
    mask[1, 1:3] = True
    assert auroc(torch.ones(3, 4), mask) == 0.5
