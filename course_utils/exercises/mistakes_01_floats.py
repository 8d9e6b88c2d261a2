"""The usual mistakes of exercise 1.4: from bits to numbers."""

import torch

from course_utils.exercises.registry import Mistake
from course_utils.floats import exponent_bias, split_fields


def _value(codes, exponent_bits, mantissa_bits, *, bias=None, hidden=None, lowest=1, denominator=None):
    """Decode with one thing changed; what isn't given is right, but all-ones exponents aren't special."""
    S, E, M = split_fields(codes, exponent_bits, mantissa_bits)
    bias = exponent_bias(exponent_bits) if bias is None else bias
    hidden = (E > 0).double() if hidden is None else hidden
    fraction = M.double() / (denominator or 2**mantissa_bits)
    value = 2.0 ** (E.clamp(min=lowest).double() - bias) * (hidden + fraction)
    return torch.where(S == 1, -value, value)


def _is_last(exponent, exponent_bits):
    return exponent == 2**exponent_bits - 1


def _with_specials(value, codes, exponent_bits, mantissa_bits):
    S, E, M = split_fields(codes, exponent_bits, mantissa_bits)
    infinite = torch.where(S == 1, -torch.inf, torch.inf).double()
    special = torch.where(M == 0, infinite, torch.full_like(infinite, torch.nan))
    return torch.where(_is_last(E, exponent_bits), special, value)


def _plus_bias(codes, exponent_bits, mantissa_bits):
    return _with_specials(
        _value(codes, exponent_bits, mantissa_bits, bias=-exponent_bias(exponent_bits)),
        codes,
        exponent_bits,
        mantissa_bits,
    )


def _bias_off_by_one(codes, exponent_bits, mantissa_bits):
    return _with_specials(
        _value(codes, exponent_bits, mantissa_bits, bias=2 ** (exponent_bits - 1)), codes, exponent_bits, mantissa_bits
    )


def _no_bias(codes, exponent_bits, mantissa_bits):
    return _with_specials(_value(codes, exponent_bits, mantissa_bits, bias=0), codes, exponent_bits, mantissa_bits)


def _always_hidden(codes, exponent_bits, mantissa_bits):
    return _with_specials(
        _value(codes, exponent_bits, mantissa_bits, hidden=1.0, lowest=0), codes, exponent_bits, mantissa_bits
    )


def _subnormals_half(codes, exponent_bits, mantissa_bits):
    return _with_specials(_value(codes, exponent_bits, mantissa_bits, lowest=0), codes, exponent_bits, mantissa_bits)


def _never_hidden(codes, exponent_bits, mantissa_bits):
    return _with_specials(_value(codes, exponent_bits, mantissa_bits, hidden=0.0), codes, exponent_bits, mantissa_bits)


def _all_ones_is_a_number(codes, exponent_bits, mantissa_bits):
    return _value(codes, exponent_bits, mantissa_bits)


def _nan_is_infinite(codes, exponent_bits, mantissa_bits):
    S, E, _ = split_fields(codes, exponent_bits, mantissa_bits)
    infinite = torch.where(S == 1, -torch.inf, torch.inf).double()
    return torch.where(_is_last(E, exponent_bits), infinite, _value(codes, exponent_bits, mantissa_bits))


def _all_nan(codes, exponent_bits, mantissa_bits):
    _, E, _ = split_fields(codes, exponent_bits, mantissa_bits)
    return torch.where(_is_last(E, exponent_bits), torch.nan, _value(codes, exponent_bits, mantissa_bits))


def _no_sign(codes, exponent_bits, mantissa_bits):
    return _with_specials(_value(codes, exponent_bits, mantissa_bits), codes, exponent_bits, mantissa_bits).abs()


def _denominator(codes, exponent_bits, mantissa_bits):
    return _with_specials(
        _value(codes, exponent_bits, mantissa_bits, denominator=2**mantissa_bits - 1),
        codes,
        exponent_bits,
        mantissa_bits,
    )


DECODE = (
    Mistake(
        "plus-bias",
        _plus_bias,
        "The bias is added: 1 becomes a huge number.",
        "That is the slide's formula, read literally; E is stored too large, not too small.",
        "Subtract the bias.",
    ),
    Mistake(
        "bias-off-by-one",
        _bias_off_by_one,
        "Every number is half of what it should be.",
        "The bias is one too large: with e bits it is 2^(e - 1) - 1, so 15 for 5 bits.",
        "Take `exponent_bias(exponent_bits)`.",
    ),
    Mistake(
        "no-bias",
        _no_bias,
        "There are no numbers below 1 but subnormal ones.",
        "E is taken as it is stored.",
        "Subtract the bias first.",
    ),
    Mistake(
        "always-hidden",
        _always_hidden,
        "There is no zero: the pattern of zeros gives a small number.",
        "The hidden 1 is there for E = 0 too.",
        "For E = 0 there is none, and the exponent is that of E = 1.",
    ),
    Mistake(
        "subnormals-half",
        _subnormals_half,
        "Normal numbers are right, and subnormal ones are half as large as they should be.",
        "Their exponent is 0 - bias, which leaves a gap below the smallest normal number.",
        "For E = 0 take the exponent of E = 1.",
    ),
    Mistake(
        "never-hidden",
        _never_hidden,
        "Subnormal numbers are right, and normal ones lack their 1.",
        "The mantissa alone is multiplied by the power of two.",
        "Where E > 0 the factor is 1 + M / 2^m.",
    ),
    Mistake(
        "all-ones-is-a-number",
        _all_ones_is_a_number,
        "There is neither infinity nor NaN.",
        "The exponent of all ones is treated like any other. (The format E4M3 does so.)",
        "Where E is 2^e - 1, return infinity or NaN.",
    ),
    Mistake(
        "nan-is-infinite",
        _nan_is_infinite,
        "There is no NaN: all patterns with E of all ones are infinite.",
        "The mantissa is not looked at.",
        "Only M = 0 means infinity there; any other M means NaN.",
    ),
    Mistake(
        "all-nan",
        _all_nan,
        "There is no infinity: all patterns with E of all ones are NaN.",
        "The mantissa is not looked at.",
        "M = 0 means infinity there, with the sign of S.",
    ),
    Mistake(
        "no-sign",
        _no_sign,
        "No number is negative.",
        "S is not used.",
        "Where S is 1, change the sign: infinity's too.",
    ),
    Mistake(
        "denominator",
        _denominator,
        "The mantissa of all ones reaches the next power of two.",
        "M is divided by 2^m - 1, its largest value.",
        "There are 2^m steps from one power of two to the next: divide by 2^m.",
    ),
)
