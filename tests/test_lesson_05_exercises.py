"""Lesson 5's exercises: mistakes that can be seen and told apart, and right answers that are right."""

import re

import pytest
import torch
from exercise_checks import (
    fresh_place,  # noqa: F401
    undiagnosed,
    verdict,
    wrong,
)
from exercise_outcomes import float64  # noqa: F401

from course_utils.exercises.lesson_05 import EXERCISES
from course_utils.models.attention import TransformerBlock
from course_utils.models.maps import attention_distance
from course_utils.models.vit import MeanPooledViT, VisionTransformer, vit_macs, vit_parameters
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


def test_scores_win_lose_and_tie_and_neither_the_best_cell_nor_the_means_decide():
    best, higher = set(), set()
    for case in TABLE["5.7"].cases():
        scores, mask = case.arguments
        inside, outside = scores[mask], scores[~mask]
        signs = set((inside[:, None] - outside).sign().flatten().tolist())
        assert signs == ({-1, 1} if case.note == "without ties" else {-1, 0, 1}) and len(inside) != len(outside)
        best.add(bool(mask.flatten()[scores.argmax()]))
        higher.add(bool(inside.mean() > outside.mean()))
    assert best == higher == {True, False}


# answers that a review found misjudged: right ones, and wrong ones that were told something false


def _auroc_in_float32(scores, mask):
    difference = scores[mask][:, None] - scores[~mask]
    return ((difference > 0).float() + 0.5 * (difference == 0).float()).mean().item()


def _auroc_a_little_off(scores, mask):
    return auroc(scores, mask) * (1 + 4e-6)


def _distance_in_float32(weights, grid, patch):
    places = torch.cartesian_prod(torch.arange(grid[0]), torch.arange(grid[1])).float()
    shares = weights / weights.sum(dim=-1, keepdim=True)
    return (shares * patch * torch.cdist(places, places)).sum(dim=-1).mean(dim=(0, 2))


def _distance_detached(weights, grid, patch):
    return attention_distance(weights.detach(), grid, patch)


def test_a_share_that_went_through_float32_is_right(capsys):
    assert verdict(capsys, "5.7", _auroc_in_float32)[1] == "✓ 5.7 correct on 3 cases\n"
    lines = wrong(capsys, _auroc_a_little_off, "5.7").splitlines()
    one, other = re.search(r"is ([\d.]+), expected ([\d.]+)", lines[0]).groups()
    assert one != other and "rounding" in lines[1]


def test_a_distance_needs_no_gradient_and_rounding_is_called_so(capsys):
    assert verdict(capsys, "5.6", _distance_detached)[1] == "✓ 5.6 correct on 3 cases\n"
    assert "passes through float32" in wrong(capsys, _distance_in_float32, "5.6")


class _TanhBlock(TransformerBlock):
    def __init__(self, width, heads):
        super().__init__(width, heads)
        self.mlp[1] = torch.nn.GELU(approximate="tanh")


class _TanhGelu(VisionTransformer):
    def __init__(self, side, patch, width, heads, layers, classes, channels=3, block=None):
        block = block or (lambda layer: _TanhBlock(width, heads))
        super().__init__(side, patch, width, heads, layers, classes, channels, block)

    def forward(self, images):
        return super().forward(images)


def test_the_tanh_formula_of_gelu_is_seen_but_not_named(capsys):
    """Known: no input makes it differ by a thousandth; the lesson's comparison with torchvision shows it."""
    assert "differs in" in undiagnosed(capsys, _TanhGelu, "5.2")


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
