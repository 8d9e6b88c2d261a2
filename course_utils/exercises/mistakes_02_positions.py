"""The usual mistakes of exercises 2.4 and 2.5: the causal mask and the sinusoidal positions."""

import torch

from course_utils.exercises.registry import Mistake


def _everywhere(tokens):
    return torch.ones(tokens, tokens, dtype=torch.bool)


def _strictly_before(tokens):
    return _everywhere(tokens).tril(diagonal=-1)


def _upper(tokens):
    return _everywhere(tokens).triu()


def _inverted(tokens):
    return _everywhere(tokens).triu(diagonal=1)


def _one_ahead(tokens):
    return _everywhere(tokens).tril(diagonal=1)


def _itself_only(tokens):
    return torch.eye(tokens, dtype=torch.bool)


CAUSAL = (
    Mistake(
        "strictly-before",
        _strictly_before,
        "A token may look at those before it, but not at itself.",
        "The diagonal is False, so the first token has nothing to look at and its softmax gives NaN.",
        "Let the diagonal be True as well.",
    ),
    Mistake(
        "upper",
        _upper,
        "Each token may look at itself and at those after it.",
        "The upper triangle is kept: rows are queries and columns are keys, so the past lies below the diagonal.",
        "Keep the other triangle.",
    ),
    Mistake(
        "inverted",
        _inverted,
        "The mask is True exactly where it should be False.",
        "Some libraries mark what to hide; in this course True means that the query may look.",
        "Mark what each token may see: itself and those before it.",
    ),
    Mistake(
        "everywhere",
        _everywhere,
        "Every token may look at every other.",
        "The mask is True everywhere, so it hides nothing.",
        "Make it False where the column, the token looked at, comes after the row, the token that looks.",
    ),
    Mistake(
        "one-ahead",
        _one_ahead,
        "Each token may also look at the one right after it.",
        "The border between True and False lies one column too far to the right.",
        "Row n should be True up to column n, and column n should be its last True.",
    ),
    Mistake(
        "itself-only",
        _itself_only,
        "Each token may look at itself only.",
        "The mask is True on the diagonal and nowhere else, so no token learns anything from those before it.",
        "Make it True below the diagonal too.",
    ),
)


def _exponents(width):
    return torch.arange(0, width, 2) / width


def _angles(tokens, exponents, base=10_000.0, first=0):
    return torch.arange(first, first + tokens)[:, None] * base**-exponents


def _in_turn(left, right):
    return torch.stack([left, right], dim=-1).flatten(start_dim=1)


def _waves(angle):
    return _in_turn(angle.sin(), angle.cos())


def _halves(tokens, width):
    angle = _angles(tokens, _exponents(width))
    return torch.cat([angle.sin(), angle.cos()], dim=1)


def _cosine_first(tokens, width):
    angle = _angles(tokens, _exponents(width))
    return _in_turn(angle.cos(), angle.sin())


def _sines_only(tokens, width):
    angle = _angles(tokens, _exponents(width))
    return _in_turn(angle.sin(), angle.sin())


def _from_one(tokens, width):
    return _waves(_angles(tokens, _exponents(width), first=1))


def _half_exponent(tokens, width):
    return _waves(_angles(tokens, _exponents(width) / 2))


def _every_column_its_own(tokens, width):
    angle = _angles(tokens, torch.arange(width) / width)
    return _in_turn(angle[:, 0::2].sin(), angle[:, 1::2].cos())


def _column_for_pair(tokens, width):
    angle = _angles(tokens, 2 * torch.arange(width) / width)
    return _in_turn(angle[:, 0::2].sin(), angle[:, 1::2].cos())


def _base_1000(tokens, width):
    return _waves(_angles(tokens, _exponents(width), base=1000.0))


def _faster_and_faster(tokens, width):
    return _waves(_angles(tokens, -_exponents(width)))


POSITIONS = (
    Mistake(
        "column-for-pair",
        _column_for_pair,
        "The waves get long twice as fast, and sine and cosine of a pair have different lengths.",
        "Column c was put in for i, but i counts pairs of columns: columns 2i and 2i + 1 share one frequency.",
        "Make D/2 frequencies, for i = 0 to D/2 - 1, and use each for a sine and a cosine.",
    ),
    Mistake(
        "halves",
        _halves,
        "All sines come first and all cosines after them.",
        "The two tables are put side by side; the formula has sines in the even columns, cosines in the odd ones.",
        "Let them alternate: each sine is followed by the cosine of the same angle.",
    ),
    Mistake(
        "cosine-first",
        _cosine_first,
        "Sines and cosines have changed places.",
        "Column 0 holds a cosine, but the formula has sines in the even columns and cosines in the odd ones.",
        "Put the sine of each pair first.",
    ),
    Mistake(
        "sines-only",
        _sines_only,
        "The odd columns hold sines too.",
        "Both numbers of each pair are the same, so half of the width says nothing new.",
        "Take the cosine of the same angle in the odd columns.",
    ),
    Mistake(
        "from-one",
        _from_one,
        "Every position is one too large.",
        "The positions are counted from 1, but the first token has the position 0.",
        "Count the positions from 0 to N - 1.",
    ),
    Mistake(
        "half-exponent",
        _half_exponent,
        "The waves get longer only half as fast as they should.",
        "The exponent is i/D, where i counts the pairs, but the formula has 2i/D.",
        "Let the exponents go through 0/D, 2/D, 4/D and so on, one for each pair.",
    ),
    Mistake(
        "every-column-its-own",
        _every_column_its_own,
        "Sine and cosine of a pair have different wavelengths.",
        "The exponent grows with every column, but columns 2i and 2i + 1 should share the exponent 2i/D.",
        "Make one angle for each pair of columns, and take both its sine and its cosine.",
    ),
    Mistake(
        "base-1000",
        _base_1000,
        "The long waves are too short.",
        "The base is 1000 instead of 10000.",
        "Count the zeros of the base again.",
    ),
    Mistake(
        "faster-and-faster",
        _faster_and_faster,
        "The waves get shorter from left to right instead of longer.",
        "The position is multiplied by 10000^(2i/D), but the formula divides by it.",
        "Divide by the power, or give its exponent a minus sign.",
    ),
)
