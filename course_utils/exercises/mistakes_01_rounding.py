"""The usual mistakes of exercise 1.5: rounding to a format."""

import torch

from course_utils.exercises.registry import Mistake
from course_utils.floats import exponent_bias, true_exponent


def _rounded_by(rule, *, flush=False, lowest=None, bits=0, saturate=False, early=False):
    """Return a wrong way of rounding: `rule` takes values in steps."""

    def wrong(values, exponent_bits, mantissa_bits):
        values, bias = values.double(), exponent_bias(exponent_bits)
        exponent = true_exponent(values, bias if lowest is None else lowest)
        step = 2.0 ** (exponent - mantissa_bits - bits)
        result = rule(values / step) * step
        largest = (2 - 2.0**-mantissa_bits) * 2.0**bias
        if flush:
            result = torch.where(result.abs() < 2.0 ** (1 - bias), 0.0, result)
        if saturate:
            return result.clamp(-largest, largest)
        over = (values if early else result).abs() > largest
        return torch.where(over, values.sign() * torch.inf, result)

    return wrong


def _half_away(x):
    return x.sign() * (x.abs() + 0.5).floor()


def _fixed_step(values, exponent_bits, mantissa_bits):
    rounded = torch.round(values.double() * 2**mantissa_bits) / 2**mantissa_bits
    largest = (2 - 2.0**-mantissa_bits) * 2.0 ** exponent_bias(exponent_bits)
    return torch.where(rounded.abs() > largest, values.sign() * torch.inf, rounded)


def _unlimited(values, exponent_bits, mantissa_bits):
    values = values.double()
    step = 2.0 ** (true_exponent(values, exponent_bias(exponent_bits)) - mantissa_bits)
    return torch.round(values / step) * step


ROUND = (
    Mistake(
        "truncated",
        _rounded_by(torch.trunc),
        "Every number is rounded towards zero.",
        "The digits that don't fit are cut off.",
        "Take the nearest multiple of the step: `torch.round` instead of `trunc` or `int`.",
    ),
    Mistake(
        "floor",
        _rounded_by(torch.floor),
        "Every number is rounded down, negative ones away from zero.",
        "`floor` takes the next multiple below.",
        "Take the nearest one: `torch.round`.",
    ),
    Mistake(
        "ties-away",
        _rounded_by(_half_away),
        "Only ties are wrong: they go away from zero.",
        "½ is added before cutting off, as one learns in school.",
        "Ties go to the even neighbour, as `torch.round` takes them.",
    ),
    Mistake(
        "ties-up",
        _rounded_by(lambda x: (x + 0.5).floor()),
        "Only ties are wrong: they go up.",
        "½ is added before `floor`.",
        "Ties go to the even neighbour, as `torch.round` takes them.",
    ),
    Mistake(
        "flushed",
        _rounded_by(torch.round, flush=True),
        "Everything below the smallest normal number becomes 0.",
        "Subnormal numbers are missing.",
        "Below the smallest normal number the step stays what it is there.",
    ),
    Mistake(
        "too-fine",
        _rounded_by(torch.round, lowest=1000),
        "Small numbers keep digits that the format doesn't have.",
        "The step gets smaller and smaller towards zero.",
        "The exponent of the step never falls below 1 - bias.",
    ),
    Mistake(
        "to-the-largest",
        _rounded_by(torch.round, saturate=True),
        "What is too large becomes the largest number.",
        "That is *saturating*, which some converters do; here it overflows.",
        "Return infinity, with the number's sign.",
    ),
    Mistake(
        "overflow-too-early",
        _rounded_by(torch.round, early=True),
        "Numbers just above the largest one become infinite.",
        "They are compared with the largest number before they are rounded.",
        "Round first: what rounds *to* the largest number is finite.",
    ),
    Mistake(
        "no-limit",
        _unlimited,
        "Nothing is too large: 10⁹ stays finite in FP16.",
        "There is no overflow.",
        "What rounds to more than (2 - 2^-m) · 2^bias becomes infinite.",
    ),
    Mistake(
        "fixed-step",
        _fixed_step,
        "Every number is rounded to the same step, 2^-m.",
        "That is a fixed-point format. A float's step grows with the number.",
        "Find the power of two below each number first.",
    ),
    Mistake(
        "one-bit-too-few",
        _rounded_by(torch.round, bits=-1),
        "The numbers are rounded too coarsely, by a factor of 2.",
        "The exponent is one too large; `frexp` gives a fraction below 1, so its exponent is one more than log2 says.",
        "Take one off, or use `true_exponent`.",
    ),
    Mistake(
        "one-bit-too-many",
        _rounded_by(torch.round, bits=1),
        "The numbers keep one bit too many.",
        "The step is half of what it should be: the hidden bit takes no place in the mantissa's count.",
        "The step is 2^(exponent - m).",
    ),
)
