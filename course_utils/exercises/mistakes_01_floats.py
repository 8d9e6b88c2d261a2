"""The usual mistakes of exercise 1.4: from bits to numbers."""

from dataclasses import replace
from functools import partial

import torch

from course_utils.exercises.registry import Mistake
from course_utils.floats import exponent_bias, split_fields


def _finite(E, M, e, m, *, bias=exponent_bias, hidden=None, lowest=1, parts_missing=0):
    hidden = (E > 0).double() if hidden is None else hidden
    fraction = M.double() / (2**m - parts_missing)
    return 2.0 ** (E.clamp(min=lowest).double() - bias(e)) * (hidden + fraction)


def _special(value, is_special, M):
    return torch.where(is_special, torch.where(M == 0, torch.inf, torch.nan), value)


def _signed(value, S):
    return torch.where(S == 1, -value, value)


def _decoded(finite=_finite, special=_special, signed=_signed):
    """Return a way of decoding; what isn't given is right."""

    def wrong(codes, exponent_bits, mantissa_bits):
        S, E, M = split_fields(codes, exponent_bits, mantissa_bits)
        value = finite(E, M, exponent_bits, mantissa_bits)
        return signed(special(value, E.eq(2**exponent_bits - 1), M), S)

    return wrong


def _never_special(value, is_special, M):
    return value


def _plus_bias(E, M, e, m, **changed):
    return _finite(E, M, e, m, bias=lambda e: -exponent_bias(e), **changed)


def _without_mantissa(E, M, e, m):
    return _finite(E, M // 2**m, e, m)


def _infinity_unsigned(codes, exponent_bits, mantissa_bits):
    value = _decoded()(codes, exponent_bits, mantissa_bits)
    return torch.where(value.isinf(), torch.inf, value)


PLUS_BIAS = Mistake(
    "plus-bias",
    _decoded(_plus_bias),
    "The bias is added, so the number 1 comes out huge.",
    "That is the slide's formula, read literally. E is stored too large by the bias, not too small.",
    "Subtract the bias from E.",
)
DECODE = (
    PLUS_BIAS,
    replace(PLUS_BIAS, name="slide", wrong=_decoded(partial(_plus_bias, hidden=1.0, lowest=0), _never_special)),
    Mistake(
        "formula-alone",
        _decoded(partial(_finite, hidden=1.0, lowest=0), _never_special),
        "Ordinary numbers are right, but there is no zero, no infinity and no NaN.",
        "The formula is used for all patterns, also for E = 0 and for E of all ones.",
        "Give these two a rule each, beginning with E = 0: no hidden 1 there, and the exponent of E = 1.",
    ),
    Mistake(
        "bias-off-by-one",
        _decoded(partial(_finite, bias=lambda e: 2 ** (e - 1))),
        "Every finite number is half of what it should be.",
        "The bias is one too large: for 5 bits it is 15, not 16.",
        "Take `exponent_bias(exponent_bits)`.",
    ),
    Mistake(
        "no-bias",
        _decoded(partial(_finite, bias=lambda e: 0)),
        "Hardly any number is below 1.",
        "E is taken as it is stored, without the bias.",
        "Subtract the bias, so that half of the exponents are negative.",
    ),
    Mistake(
        "always-hidden",
        _decoded(partial(_finite, hidden=1.0, lowest=0)),
        "There is no zero: the pattern of zeros stands for a small number.",
        "The formula for ordinary numbers is used for E = 0 too, hidden 1 and all.",
        "E = 0 has a rule of its own: no hidden 1, and the exponent of E = 1.",
    ),
    Mistake(
        "subnormals-with-one",
        _decoded(partial(_finite, hidden=1.0)),
        "The patterns with E = 0 give the same numbers as those with E = 1.",
        "The exponent is right for E = 0, but the hidden 1 is still there.",
        "Leave the 1 out where E is 0.",
    ),
    Mistake(
        "subnormals-half",
        _decoded(partial(_finite, lowest=0)),
        "Ordinary numbers are right, and subnormal ones are half as large as they should be.",
        "Their exponent is -bias, which leaves a hole below the smallest ordinary number.",
        "For E = 0 take the exponent of E = 1.",
    ),
    Mistake(
        "never-hidden",
        _decoded(partial(_finite, hidden=0.0)),
        "Subnormal numbers are right, and all others lack their hidden 1.",
        "The power of two is multiplied by the mantissa's fraction alone.",
        "Add 1 to the fraction wherever E isn't 0.",
    ),
    Mistake(
        "without-mantissa",
        _decoded(_without_mantissa),
        "Only powers of two come out, and 0.",
        "M is cut down to 0 by a division of integers: `M // 2**m` is 0 for every M.",
        "Divide with `/`.",
    ),
    Mistake(
        "one-part-too-few",
        _decoded(partial(_finite, parts_missing=1)),
        "A mantissa of all ones reaches the next power of two.",
        "M is divided by 2^m - 1, its largest value.",
        "From one power of two to the next there are 2^m steps: divide by that.",
    ),
    Mistake(
        "all-ones-is-a-number",
        _decoded(special=_never_special),
        "There is neither infinity nor NaN.",
        "An exponent of all ones is treated like any other.",
        "Where E is 2^e - 1, put infinity or NaN.",
    ),
    Mistake(
        "nan-is-infinite",
        _decoded(special=lambda value, is_special, M: torch.where(is_special, torch.inf, value)),
        "There is no NaN: all patterns whose exponent is all ones are infinite.",
        "The mantissa isn't looked at there.",
        "Only M = 0 means infinity; any other M means NaN.",
    ),
    Mistake(
        "infinity-is-nan",
        _decoded(special=lambda value, is_special, M: torch.where(is_special, torch.nan, value)),
        "There is no infinity: all patterns whose exponent is all ones are NaN.",
        "The mantissa isn't looked at there.",
        "M = 0 means infinity; only another M means NaN.",
    ),
    Mistake(
        "infinity-unsigned",
        _infinity_unsigned,
        "There is no negative infinity.",
        "Infinity is put in after the sign, so it stays positive.",
        "Put infinity and NaN in first, and the sign last.",
    ),
    Mistake(
        "no-sign",
        _decoded(signed=lambda value, S: value),
        "No number is negative.",
        "S isn't used.",
        "Where S is 1, change the sign, infinity's too.",
    ),
)
