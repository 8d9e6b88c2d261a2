"""Modules in both modes, gradients that nobody should get, and arguments that have to be refused."""

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
from course_utils.exercises.registry import Case, Exercise


class Switch(nn.Module):
    """Two layers: both outputs in training, their mean in eval mode."""

    def __init__(self, *args, **keywords):
        super().__init__()
        self.one, self.other = nn.Linear(*args, **keywords), nn.Linear(*args, **keywords)

    def forward(self, x):
        both = self.one(x), self.other(x)
        return both if self.training else sum(both) / 2


class SwitchAdding(Switch):
    def forward(self, x):
        both = self.one(x), self.other(x)
        return both if self.training else sum(both)


def switch_cases():
    generator = torch.Generator().manual_seed(0)
    return [
        Case((torch.randn(3, 4, generator=generator).requires_grad_(),), {}, sizes, note, training)
        for note, training in (("in training", True), ("in eval mode", False))
        for sizes in ({"in_features": 4, "out_features": 2},)
    ]


def nearness(x, fixed, scale):
    """Return the mean squared distance; no gradient reaches `fixed`."""
    if scale <= 0:
        raise ValueError(f"scale {scale} is not positive")
    return (x - fixed.detach()).square().mean() / scale


def nearness_learning(x, fixed, scale):
    if scale <= 0:
        raise ValueError("no")
    return (x - fixed).square().mean() / scale


def nearness_unscaled(x, fixed, scale):
    if scale <= 0:
        raise ValueError("no")
    return (x - fixed.detach()).square().mean()


def nearness_unchecked(x, fixed, scale):
    return (x - fixed.detach()).square().mean() / scale


def nearness_cases():
    generator = torch.Generator().manual_seed(1)
    pairs = [tuple(torch.randn(2, 3, generator=generator).requires_grad_() for _ in range(2)) for _ in range(2)]
    return [Case((*pairs[0], 2.0)), Case((*pairs[1], -1.0), note="with a scale below 0")]


MODES = Exercise("99.4", Switch, switch_cases, (toys.told("adding", SwitchAdding),), (), 5, 1, ())
FIXED = Exercise("99.5", nearness, nearness_cases, (toys.told("unscaled", nearness_unscaled),), (), 5, 1, ())
KNOWN = (toys.told("learning", nearness_learning), toys.told("unchecked", nearness_unchecked))


@pytest.fixture(autouse=True)
def with_modes(monkeypatch):
    monkeypatch.setattr(toys, "EXERCISES", (MODES, FIXED))
    assert registry.find("99.5") is FIXED


def switch(parameters="*args, **keywords", arguments="*args, **keywords", forward="both if self.training else mean"):
    source = f"""
    class Switch(nn.Module):
        def __init__(self, {parameters}):
            super().__init__()
            self.one, self.other = nn.Linear({arguments}), nn.Linear({arguments})

        def forward(self, x):
            both = self.one(x), self.other(x)
            mean = torch.stack(both).mean(dim=0)
            return {forward}
    """
    return made(source, "Switch")


def near(body, checked="if scale <= 0: raise ValueError('my own words')"):
    return made(f"def nearness(x, fixed, scale):\n    {checked}\n    {body}", "nearness")


# modes


def test_a_module_is_called_in_the_mode_of_each_case(capsys):
    assert verdict(capsys, "99.4", switch())[1] == "✓ 99.4 correct on 2 cases\n"


@pytest.mark.parametrize(
    ("forward", "what"),
    [
        ("mean", "the output is a Tensor, expected a tuple of 2 (case 1 of 2, in training)"),
        ("both", "the output is a tuple of 2, expected a Tensor (case 2 of 2, in eval mode)"),
        ("both[::-1] if self.training else mean", "the output[0] differs in 6 of 6 elements"),
        ("both if self.training else mean * 3", "(case 2 of 2, in eval mode)"),
    ],
)
def test_what_is_wrong_in_one_mode_is_told_with_its_mode(forward, what, capsys):
    assert what in undiagnosed(capsys, switch(forward=forward), "99.4").splitlines()[0]


def test_a_mistake_in_one_mode_gets_its_diagnosis(capsys):
    assert "adding: what" in wrong(capsys, switch(forward="both if self.training else sum(both)"), "99.4")


def test_a_layer_that_isnt_used_is_told_where_to_use_it(capsys):
    answer = switch(forward="(both[0], both[1].detach()) if self.training else mean")
    lines = wrong(capsys, answer, "99.4").splitlines()
    assert "no gradient reaches parameter `other.weight`" in lines[0] and "use it in `forward`" in lines[2]


# constructors


def test_named_sizes_do_where_the_courses_constructor_takes_anything(capsys):
    names = "in_features, out_features"
    assert "✓" in verdict(capsys, "99.4", switch(f"{names}, bias=True", names))[1]
    lines = wrong(capsys, switch("inputs, outputs", "inputs, outputs"), "99.4")
    assert "unexpected keyword argument 'in_features'" in lines


# gradients that nobody should get


def test_a_gradient_that_should_not_be_there_is_told(capsys):
    lines = wrong(capsys, near("return (x - fixed).square().mean() / scale"), "99.5").splitlines()
    assert "the outputs are right, but a gradient reaches `fixed`, and none should (case 1 of 2)" in lines[0]
    assert "takes it as fixed" in lines[1] and "`.detach()`" in lines[2]


def test_what_is_wrong_with_the_output_is_told_before_it(capsys):
    assert "unscaled: what" in wrong(capsys, near("return (x - fixed).square().mean()"), "99.5")
    lines = undiagnosed(capsys, near("return (x - fixed).square().mean() / scale + 1"), "99.5")
    assert "the output is 2." in lines or "the output is 1." in lines
    assert "gradient" not in lines


def test_one_that_goes_the_wrong_way_round_is_told_as_missing(capsys):
    lines = wrong(capsys, near("return (x.detach() - fixed).square().mean() / scale"), "99.5")
    assert "no gradient reaches `x`" in lines.splitlines()[0]


# arguments that have to be refused


def test_a_refusal_in_other_words_is_right(capsys):
    assert "✓" in verdict(capsys, "99.5", near("return (fixed.detach() - x).square().mean() / scale"))[1]


def test_a_missing_refusal_is_told_last(capsys):
    right = near("return (fixed.detach() - x).square().mean() / scale", checked="")
    lines = wrong(capsys, right, "99.5").splitlines()
    assert "it returned something where a ValueError is expected (case 2 of 2, with a scale below 0)" in lines[0]
    assert "unscaled: what" in wrong(capsys, near("return (x - fixed.detach()).square().mean()", checked=""), "99.5")
    learning = near("return (x - fixed).square().mean() / scale", checked="")
    assert "a gradient reaches `fixed`" in wrong(capsys, learning, "99.5").splitlines()[0]


def test_a_missing_refusal_gets_its_diagnosis_whatever_is_returned_there(capsys, monkeypatch):
    monkeypatch.setattr(toys, "EXERCISES", (Exercise("99.5", nearness, nearness_cases, KNOWN, (), 5, 1, ()),))
    for checked in ("", "if scale < 0: return x"):
        answer = near("return (x - fixed.detach()).square().mean() / scale", checked)
        assert "unchecked: what" in wrong(capsys, answer, "99.5")
    answer = near("return (x - fixed).square().mean() / scale", checked="")
    assert "learning: what" in wrong(capsys, answer, "99.5")


def test_another_error_than_the_courses_is_named_with_the_right_one(capsys):
    lines = wrong(capsys, near("return (x - fixed.detach()).square().mean() / scale", "assert scale > 0"), "99.5")
    what, why, remedy = lines.splitlines()[:3]
    assert "it raises AssertionError (case 2 of 2" in what and "raise a ValueError" in remedy
    assert "a ValueError is expected here" in why and "line 2 of the cell: `assert scale > 0`" in why


def test_of_a_single_number_both_values_are_told(capsys):
    line = wrong(capsys, near("return (x - fixed.detach()).square().sum() / scale"), "99.5").splitlines()[0]
    assert "the output is " in line and ", expected " in line and "elements" not in line
