"""Lesson 9's exercises: mistakes that can be seen and told apart, and right answers that are right."""

import pytest
import torch
from exercise_checks import (
    fresh_place,  # noqa: F401
    made,
    undiagnosed,
    wrong,
)
from exercise_outcomes import float64  # noqa: F401
from torch.nn import functional as F

from course_utils.exercises.lesson_09 import EXERCISES
from course_utils.models.gmlp import SpatialGate
from course_utils.models.mixer import MixerBlock, mixer_parameters
from course_utils.models.token_convolution import token_mixing_as_convolution

TABLE = {exercise.id: exercise for exercise in EXERCISES}


def test_tokens_channels_and_hidden_widths_all_differ():
    for case in TABLE["9.1"].cases():
        tokens, first, _second = case.arguments
        assert len({*tokens.shape, len(first[0])}) == 4
    for case in TABLE["9.2"].cases():
        assert len(set(case.init.values())) == 4
    for case in TABLE["9.6"].cases():
        side, patch, width, layers, *rest = case.arguments
        assert len({(side // patch) ** 2, width, layers, *rest}) == 6


def test_grids_are_not_square():
    for id, rows in (("9.3", 2), ("9.5", 1)):
        assert all(case.arguments[0].shape[rows] != case.arguments[0].shape[rows + 1] for case in TABLE[id].cases())


def test_gates_are_not_open_while_they_are_checked():
    """A fresh gate is 1 everywhere, and most mistakes would be right; here weights and biases are drawn."""
    case = TABLE["9.4"].cases()[0]
    fresh = SpatialGate(**case.init)
    assert torch.allclose(fresh(*case.arguments), case.arguments[0].chunk(2, dim=-1)[0], atol=1e-4)


@pytest.mark.parametrize("product", ["tokens @ first[0].T + first[1]", "F.linear(tokens, first[0], first[1])"])
def test_the_wrong_axis_is_told_however_it_is_written(product, capsys):
    source = f"""
    def mix_tokens(tokens, first, second):
        import torch.nn.functional as F
        return F.gelu({product}) @ second[0].T + second[1]
    """
    mistake = TABLE["9.1"].mistakes[0]
    assert mistake.name == "wrong-axis"
    assert mistake.what in wrong(capsys, made(source, "mix_tokens"), "9.1")


def test_an_answer_that_changes_its_argument_is_told(capsys):
    source = """
    def spatial_shift(grid):
        quarter, left = divmod(grid.shape[-1], 4)
        if left:
            raise ValueError("no quarters")
        before = grid.clone()
        grid[:, :, 1:, :quarter] = before[:, :, :-1, :quarter]
        grid[:, :, :-1, quarter : 2 * quarter] = before[:, :, 1:, quarter : 2 * quarter]
        grid[:, 1:, :, 2 * quarter : 3 * quarter] = before[:, :-1, :, 2 * quarter : 3 * quarter]
        grid[:, :-1, :, 3 * quarter :] = before[:, 1:, :, 3 * quarter :]
        return grid
    """
    assert "`grid`" in wrong(capsys, made(source, "spatial_shift"), "9.5")


def test_a_mistake_is_told_whatever_the_error_says(capsys):
    source = """
    def spatial_shift(grid):
        if grid.shape[-1] % 4:
            raise ValueError("my own words")
        left, right, above, below = grid.chunk(4, dim=-1)
        across = [left.roll(1, dims=2), right.roll(-1, dims=2)]
        return torch.cat([*across, above.roll(1, dims=1), below.roll(-1, dims=1)], dim=-1)
    """
    around = next(mistake for mistake in TABLE["9.5"].mistakes if mistake.name == "around")
    assert around.what in wrong(capsys, made(source, "spatial_shift"), "9.5")


GATE = """
class SpatialGate(nn.Module):
    def __init__(self, hidden, tokens):
        super().__init__()
        self.norm, self.token_layer = nn.LayerNorm(hidden // 2), nn.Linear(tokens, tokens)
        {}

    def forward(self, features):
        passed, gate = features.chunk(2, dim=-1)
        return passed * self.token_layer(self.norm(gate).mT).mT
"""
STARTS = {
    "default-init": "pass",
    "gate-starts-shut": "nn.init.normal_(self.token_layer.weight, std=1e-6); nn.init.zeros_(self.token_layer.bias)",
    "starts-changed-places": "nn.init.ones_(self.token_layer.weight); nn.init.zeros_(self.token_layer.bias)",
    "bias-left-random": "nn.init.zeros_(self.token_layer.weight)",
    "weights-left-random": "nn.init.ones_(self.token_layer.bias)",
}


@pytest.mark.parametrize("name", STARTS)
def test_how_a_gate_starts_is_told(name, capsys):
    (mistake,) = (mistake for mistake in TABLE["9.4"].mistakes if mistake.name == name)
    assert mistake.what in wrong(capsys, made(GATE.format(STARTS[name]), "SpatialGate"), "9.4")


# two mistakes at once


def _linear_with_residual(tokens, first, second):
    return tokens + F.linear(F.linear(tokens.transpose(1, 2), *first), *second).transpose(1, 2)


class _OneResidualWithoutNorm(MixerBlock):
    def forward(self, tokens):
        tokens = self.token_mlp(self.norm1(tokens).transpose(1, 2)).transpose(1, 2)
        return tokens + self.channel_mlp(tokens)


def _mirrored_without_bias(features, first, second):
    return token_mixing_as_convolution(features, (first[0].flip(1), 0 * first[1]), second)


class _SwappedWithoutNorm(SpatialGate):
    def forward(self, features):
        gate, passed = features.chunk(2, dim=-1)
        return passed * self.token_layer(gate.transpose(1, 2)).transpose(1, 2)


def _other_way_and_around(grid):
    if grid.shape[-1] % 4:
        raise ValueError("no quarters")
    left, right, above, below = grid.chunk(4, dim=-1)
    across = [left.roll(-1, dims=2), right.roll(1, dims=2)]
    return torch.cat([*across, above.roll(-1, dims=1), below.roll(1, dims=1)], dim=-1)


def _no_head_and_no_last_norm(side, patch, width, layers, token_hidden, channel_hidden, classes, channels=3):
    right = mixer_parameters(side, patch, width, layers, token_hidden, channel_hidden, classes, channels)
    return right - 2 * width - (width + 1) * classes


TWO = {
    "9.1": _linear_with_residual,
    "9.2": _OneResidualWithoutNorm,
    "9.3": _mirrored_without_bias,
    "9.4": _SwappedWithoutNorm,
    "9.5": _other_way_and_around,
    "9.6": _no_head_and_no_last_norm,
}


@pytest.mark.parametrize("id", TWO)
def test_two_mistakes_at_once_never_get_the_diagnosis_of_one(id, capsys):
    undiagnosed(capsys, TWO[id], id)
