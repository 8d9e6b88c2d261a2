"""Lesson 1's exercises: mistakes that can be seen and told apart, right answers that are right, and telling cases."""

from fractions import Fraction

import pytest
import torch
from exercise_checks import (
    fresh_place,  # noqa: F401
    undiagnosed,
)
from exercise_outcomes import float64, tensors  # noqa: F401

from course_utils.exercises import mistakes_01_floats as formats
from course_utils.exercises import mistakes_01_rounding as rounding
from course_utils.exercises.compare import TOLERANCE
from course_utils.exercises.lesson_01 import EXERCISES

TABLE = {exercise.id: exercise for exercise in EXERCISES}


def finite_outputs(id):
    """Return the finite numbers other than 0 that the reference gives in each case."""
    for case in TABLE[id].cases():
        output = TABLE[id].reference(*case.arguments)
        yield case, output[output.isfinite() & (output != 0)].abs()


# all exercises


@pytest.mark.parametrize("id", TABLE)
def test_cases_are_in_float64_but_for_bit_patterns_and_numbers_that_begin_in_fp32(id):
    for case in TABLE[id].cases():
        expected = torch.float32 if "FP32" in case.note and id == "1.5" else torch.float64
        for tensor in tensors(case):
            assert tensor.dtype == (torch.int64 if id == "1.4" else expected)
            assert tensor.requires_grad == (id == "1.7" and case.note in ("small scores", "with masked scores"))


# single ones


def test_rooflines_have_cases_on_both_sides():
    for case in TABLE["1.3"].cases():
        flop, bytes_moved, peak, bandwidth = case.arguments
        assert (flop / peak > bytes_moved / bandwidth) == (case.note in ("much arithmetic", "a smaller chip"))


def test_patterns_hold_everything_that_has_a_rule_of_its_own():
    for (codes, e, m), values in ((c.arguments, TABLE["1.4"].reference(*c.arguments)) for c in TABLE["1.4"].cases()):
        for special in (values.isnan(), values == torch.inf, values == -torch.inf):
            assert special.any(), (e, m)
        dtype = {(5, 10): torch.float16, (8, 7): torch.bfloat16}.get((e, m))
        if dtype is not None:  # PyTorch's own reading of the same bits
            theirs = torch.where(codes < 2**15, codes, codes - 2**16).short().view(dtype).double()
            assert torch.equal(values.nan_to_num(nan=0.5), theirs.nan_to_num(nan=0.5))
    small = [c.arguments[0] for c in TABLE["1.4"].cases()[:2]]
    assert [torch.equal(codes, torch.arange(2**bits)) for codes, bits in zip(small, (6, 8), strict=True)] == [True] * 2


@pytest.mark.parametrize("id", ["1.4", "1.5", "1.9"])
def test_no_case_hides_small_numbers_behind_large_ones(id):
    """A wrong bit in the smallest number is larger than the tolerance, which is relative to the largest."""
    for case, values in finite_outputs(id):
        bits = case.arguments[-1] if id != "1.9" else case.arguments[1]
        assert values.min() * 2.0**-bits > 3 * TOLERANCE * values.max(), case.note


def test_numbers_to_round_hold_ties_subnormals_and_both_sides_of_the_largest():
    seen = {}
    for case in TABLE["1.5"].cases():
        values, e, m = case.arguments
        bias = 2 ** (e - 1) - 1
        largest, limit = (2 - Fraction(1, 2**m)) * 2**bias, (2 - Fraction(1, 2 ** (m + 1))) * 2**bias
        for value in map(Fraction, values.double().flatten().tolist()):
            exponent = 1 - bias
            while abs(value) >= Fraction(2) ** (exponent + 1):
                exponent += 1
            steps = abs(value) / Fraction(2) ** (exponent - m)
            kinds = {
                "tie": steps % 1 == Fraction(1, 2) and abs(value) < largest,
                "odd tie": steps % 2 == Fraction(3, 2) and abs(value) < largest,
                "subnormal": 0 < abs(value) < Fraction(2) ** (1 - bias) and steps % 1,
                "rounds to the largest": largest < abs(value) < limit,
                "half-way to overflow": abs(value) == limit,
                "overflows": abs(value) > limit,
            }
            for kind in (kind for kind, is_so in kinds.items() if is_so):
                seen.setdefault(kind, set()).add((e, m, value > 0))
    assert {kind: {(4, 3, True), (4, 3, False)} <= found for kind, found in seen.items()} == dict.fromkeys(kinds, True)
    assert {case.arguments[1:] for case in TABLE["1.5"].cases()} >= {(4, 3), (5, 10), (8, 7)}
    assert any(case.arguments[0].ndim == 2 for case in TABLE["1.5"].cases())


def test_scores_overflow_and_underflow_and_no_row_has_chosen_one():
    rows = [row for case in TABLE["1.7"].cases() for row in case.arguments[0].detach().flatten(0, -2)]
    assert any(row.exp().isinf().any() for row in rows) and any((row.exp() == 0).all() for row in rows)
    assert any((row == -torch.inf).any() for row in rows) and not any((row == -torch.inf).all() for row in rows)
    assert all(row.softmax(dim=-1).max() < 0.95 for row in rows)


def test_gradients_are_clipped_left_as_long_as_they_are_and_left_out():
    for case in TABLE["1.8"].cases():
        gradients, scale, max_norm = case.arguments
        norm = torch.cat([g.flatten() for g in gradients]).norm() / scale
        result = TABLE["1.8"].reference(*case.arguments)
        assert (result is None) == (not norm.isfinite())
        assert bool(norm > max_norm) == ("long" in case.note) or result is None
    assert sum(TABLE["1.8"].reference(*case.arguments) is None for case in TABLE["1.8"].cases()) == 2


def test_noise_takes_numbers_of_both_signs_up_and_down():
    for case in TABLE["1.9"].cases()[:2]:
        values, rounded = case.arguments[0], TABLE["1.9"].reference(*case.arguments)
        for sign in (values > 0, values < 0):
            assert (rounded > values)[sign].any() and (rounded < values)[sign].any()
    exact, _, noise = TABLE["1.9"].cases()[2].arguments
    assert (exact == 0).any() and (noise > 0).all()
    assert torch.equal(TABLE["1.9"].reference(exact, 7, noise), exact)


# two mistakes at once

TWO = {
    "1.4 bias and sign": ("1.4", formats._decoded(formats._without_mantissa, signed=lambda value, S: value)),
    "1.4 hidden and NaN": ("1.4", formats._decoded(special=lambda v, s, M: v, signed=lambda value, S: value)),
    "1.5 cut and coarse": ("1.5", rounding._rounded(torch.trunc, rounding._frexp_as_is)),
    "1.5 ties and flushed": ("1.5", rounding._rounded(rounding._half_up, finish=rounding._flushed)),
    "1.5 fine and saturated": ("1.5", rounding._rounded(exponent=rounding._never_clamped, finish=rounding._saturated)),
    "1.1 two and tera": (
        "1.1",
        lambda sms, cores_per_sm, clock_hz, flop_per_core=2: sms * cores_per_sm * clock_hz / 1e12,
    ),
    "1.7 mean and axis": ("1.7", lambda scores: (scores - scores.mean(dim=-1, keepdim=True)).softmax(dim=-2)),
}


@pytest.mark.parametrize(("id", "answer"), TWO.values(), ids=TWO)
def test_two_mistakes_at_once_never_get_the_diagnosis_of_one(id, answer, capsys):
    undiagnosed(capsys, answer, id)
