"""The usual mistakes of exercise 1.5: rounding to a format."""

from dataclasses import replace

import torch

from course_utils.exercises.registry import Mistake
from course_utils.floats import exponent_bias, true_exponent


def _overflow(rounded, values, largest, bias):
    return torch.where(rounded.abs() > largest, values.sign() * torch.inf, rounded)


def _rounded(rule=torch.round, exponent=true_exponent, finish=_overflow, bits=0):
    """Return a way of rounding; what isn't given is right. `bits` are bits too many."""

    def wrong(values, exponent_bits, mantissa_bits):
        values, bias = values.double(), exponent_bias(exponent_bits)
        step = 2.0 ** (exponent(values, bias).double() - mantissa_bits - bits)
        return finish(rule(values / step) * step, values, (2 - 2.0**-mantissa_bits) * 2.0**bias, bias)

    return wrong


def _half_away(steps):
    return steps.sign() * (steps.abs() + 0.5).floor()


def _half_up(steps):
    return (steps + 0.5).floor()


def _never_clamped(values, bias):
    return torch.frexp(values).exponent - 1


def _frexp_as_is(values, bias):
    return torch.frexp(values).exponent.clamp(min=1 - bias)


def _frexp_never_clamped(values, bias):
    return torch.frexp(values).exponent


def _flushed(rounded, values, largest, bias):
    return _overflow(torch.where(rounded.abs() < 2.0 ** (1 - bias), 0.0, rounded), values, largest, bias)


def _saturated(rounded, values, largest, bias):
    return rounded.clamp(-largest, largest)


def _too_early(rounded, values, largest, bias):
    return torch.where(values.abs() > largest, values.sign() * torch.inf, rounded)


def _unlimited(rounded, values, largest, bias):
    return rounded


def _unsigned(rounded, values, largest, bias):
    return torch.where(rounded.abs() > largest, torch.inf, rounded)


FREXP = Mistake(
    "frexp-as-is",
    _rounded(exponent=_frexp_as_is),
    "Ordinary numbers are rounded too coarsely, by a factor of 2.",
    "`frexp` gives a fraction below 1, so its exponent is one more than that of 1.xxx · 2^e.",
    "Take 1 off its exponent.",
)
ROUND = (
    Mistake(
        "truncated",
        _rounded(torch.trunc),
        "Every number is rounded towards zero.",
        "What doesn't fit is cut off, as `trunc` and `int` do.",
        "Take the nearest multiple of the step.",
    ),
    Mistake(
        "floor",
        _rounded(torch.floor),
        "Every number is rounded down, and negative ones away from zero.",
        "`floor` and `//` take the multiple of the step below.",
        "Take the nearest one.",
    ),
    Mistake(
        "ties-away",
        _rounded(_half_away),
        "Only ties are wrong: they go away from zero.",
        "One half is added to the magnitude before cutting off, as one learns in school.",
        "Ties go to the even neighbour: `torch.round` takes them there.",
    ),
    Mistake(
        "ties-up",
        _rounded(_half_up),
        "Only ties are wrong: they go up.",
        "One half is added before `floor`.",
        "Ties go to the even neighbour: `torch.round` takes them there.",
    ),
    Mistake(
        "flushed",
        _rounded(finish=_flushed),
        "Everything below the smallest ordinary number becomes 0.",
        "Subnormal numbers are missing.",
        "Below the smallest ordinary number the step stays as it is there: round to that.",
    ),
    Mistake(
        "too-fine",
        _rounded(exponent=_never_clamped),
        "Subnormal numbers keep digits that the format doesn't have.",
        "The step goes on shrinking towards zero, but the format's exponents end at 1 - bias.",
        "Don't let the exponent fall below 1 - bias.",
    ),
    Mistake(
        "saturated",
        _rounded(finish=_saturated),
        "What is too large becomes the largest number.",
        "That is saturating, which some converters do. Here a number that is too large overflows.",
        "Put infinity there, with the number's sign.",
    ),
    Mistake(
        "overflow-too-early",
        _rounded(finish=_too_early),
        "Numbers just above the largest one become infinite.",
        "They are compared with the largest number before they are rounded.",
        "Round first: what rounds down to the largest number is finite.",
    ),
    Mistake(
        "unlimited",
        _rounded(finish=_unlimited),
        "Nothing is too large: a million stays finite in FP16.",
        "There is no overflow.",
        "What comes out larger than (2 - 2^-m) · 2^bias becomes infinite.",
    ),
    Mistake(
        "no-ends",
        _rounded(exponent=_never_clamped, finish=_unlimited),
        "Ordinary numbers are right, and both ends are missing: subnormal numbers and overflow.",
        "The exponent of the step may become as small or as large as it likes.",
        "Begin with the small end: don't let the exponent fall below 1 - bias.",
    ),
    Mistake(
        "unsigned-infinity",
        _rounded(finish=_unsigned),
        "Large negative numbers become +infinity.",
        "The sign is lost where infinity is put in.",
        "Give infinity the number's sign: `values.sign()` knows it.",
    ),
    Mistake(
        "fixed-step",
        _rounded(exponent=lambda values, bias: torch.zeros_like(values)),
        "Every number is rounded to the same step, 2^-m.",
        "That is a fixed-point format. A float's step grows with the number.",
        "Find the power of two below each number first; `true_exponent` knows its exponent.",
    ),
    FREXP,
    replace(FREXP, name="frexp-unlimited", wrong=_rounded(exponent=_frexp_as_is, finish=_unlimited)),
    replace(FREXP, name="frexp-never-clamped", wrong=_rounded(exponent=_frexp_never_clamped)),
    replace(FREXP, name="frexp-alone", wrong=_rounded(exponent=_frexp_never_clamped, finish=_unlimited)),
    Mistake(
        "one-bit-too-few",
        _rounded(bits=-1),
        "All numbers are rounded too coarsely, by a factor of 2.",
        "The step is twice what it should be: the exponent is one too large, or one mantissa bit is given away.",
        "Between 1 and 2 there must be 2^m steps: work out how large each is.",
    ),
    Mistake(
        "one-bit-too-many",
        _rounded(bits=1),
        "The numbers keep one bit too many.",
        "The step is half of what it should be; the hidden bit isn't one of the m mantissa bits.",
        "Between 1 and 2 there must be 2^m steps: work out how large each is.",
    ),
)
