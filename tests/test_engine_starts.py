"""How a module starts, before `check` gives it the reference's parameters: told last, and told apart."""

from dataclasses import replace

import pytest
import torch
import toy_exercises as toys
from exercise_checks import (
    fresh_place,  # noqa: F401
    made,
    undiagnosed,
    verdict,
    wrong,
)
from torch import nn

from course_utils.exercises import registry
from course_utils.exercises.modules import start


def mixer(body="", base="nn.Module", forward="right"):
    """Define a toy Mixer from what follows its layers in `__init__`, and from what it computes."""
    returns = {"right": "self.whole(tokens)", "no-residual": "self.whole(tokens) - tokens", "doubled": "2 * tokens"}
    source = f"""
    class Mixer({base}):
        def __init__(self, tokens, width):
            super().__init__()
            self.norm, self.mix = nn.LayerNorm(width), nn.Linear(tokens, tokens)
            self.register_buffer("shift", torch.zeros(width))
            self.register_buffer("order", torch.arange(tokens))
            {body}

        def whole(self, tokens):
            return tokens + self.mix(self.norm(tokens + self.shift).transpose(1, 2)).transpose(1, 2)

        def forward(self, tokens):
            return {returns[forward]}
    """
    return made(source, "Mixer")


class Open(toys.Mixer):
    """The reference of this file: a bias of 1, noise of 1e-6 as weights."""

    def __init__(self, tokens, width):
        super().__init__(tokens, width)
        nn.init.normal_(self.mix.weight, std=1e-6)
        nn.init.ones_(self.mix.bias)

    def forward(self, tokens):
        return super().forward(tokens)


Open.__name__ = "Mixer"
NOISE, ONES = "nn.init.normal_(self.mix.weight, std=1e-6)", "nn.init.ones_(self.mix.bias)"


@pytest.fixture(autouse=True)
def with_starts(monkeypatch):
    class Closed(Open):
        def __init__(self, tokens, width):
            super().__init__(tokens, width)
            nn.init.zeros_(self.mix.bias)

        def forward(self, tokens):
            return super().forward(tokens)

    mistakes = (toys.told("closed", Closed), *toys.MIXER.mistakes)
    exercise = replace(toys.MIXER, reference=Open, mistakes=mistakes, starts=("mix.bias", "mix.weight"))
    monkeypatch.setattr(toys, "EXERCISES", (exercise,))
    assert registry.find("99.2") is exercise


@pytest.mark.parametrize(
    "body", [f"{NOISE}; {ONES}", f"{ONES}; nn.init.zeros_(self.mix.weight)", f"{NOISE}; self.mix.bias.data[:] = 1"]
)
def test_a_module_that_starts_alike_is_right(body, capsys):
    assert "✓ 99.2 correct on 2 cases" in verdict(capsys, "99.2", mixer(body))[1]


def test_a_registered_start_gets_its_diagnosis(capsys):
    assert "closed: what" in wrong(capsys, mixer(f"{NOISE}; nn.init.zeros_(self.mix.bias)"), "99.2")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("pass", "in a new module `mix.bias` is numbers that differ, expected about 1 everywhere (case 1 of 2)"),
        (ONES, "in a new module `mix.weight` is numbers that differ, expected about 0 everywhere (case 1 of 2)"),
        (f"{NOISE}; nn.init.constant_(self.mix.bias, 0.5)", "`mix.bias` is about 0.5 everywhere, expected about 1"),
    ],
)
def test_another_start_is_told_and_isnt_taken_for_a_mistake(body, told, capsys):
    assert told in undiagnosed(capsys, mixer(body), "99.2")


def test_what_it_computes_is_told_first_however_it_starts(capsys):
    assert "no-residual: what" in wrong(capsys, mixer("pass", forward="no-residual"), "99.2")
    lines = undiagnosed(capsys, mixer("nn.init.zeros_(self.mix.bias)", forward="doubled"), "99.2")
    assert "in a new module" not in lines


def test_a_start_is_put_in_words():
    layer = nn.Linear(3, 3)
    nn.init.constant_(layer.weight, 1.00001)
    assert start(layer, ("weight", "bias")) == {"weight": "about 1 everywhere", "bias": "numbers that differ"}
    nn.init.constant_(layer.bias, -1e-6)
    layer.weight.data[0, 0] = torch.nan
    assert start(layer, ("weight", "bias")) == {"weight": "numbers that differ", "bias": "about 0 everywhere"}
