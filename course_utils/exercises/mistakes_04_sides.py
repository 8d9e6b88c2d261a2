"""The usual mistakes of exercise 4.4: the largest image whose attention fits."""

import math

from course_utils.exercises.registry import Mistake
from course_utils.image_memory import largest_side


def _numbers(gigabytes, matrices, heads, bits):
    """Return how many numbers each matrix may have."""
    return gigabytes * 1e9 * 8 / (matrices * heads * bits)


def _gibibytes(gigabytes, patch=1, *, matrices=1, heads=1, bits=32):
    return largest_side(gigabytes * 2**30 / 1e9, patch, matrices=matrices, heads=heads, bits=bits)


def _bits_for_bytes(gigabytes, patch=1, *, matrices=1, heads=1, bits=32):
    return largest_side(gigabytes / 8, patch, matrices=matrices, heads=heads, bits=bits)


def _bits_ignored(gigabytes, patch=1, *, matrices=1, heads=1, bits=32):
    return largest_side(gigabytes, patch, matrices=matrices, heads=heads)


def _heads_forgotten(gigabytes, patch=1, *, matrices=1, heads=1, bits=32):
    return largest_side(gigabytes, patch, matrices=matrices, bits=bits)


def _matrices_forgotten(gigabytes, patch=1, *, matrices=1, heads=1, bits=32):
    return largest_side(gigabytes, patch, heads=heads, bits=bits)


def _divided_last(gigabytes, patch=1, *, matrices=1, heads=1, bits=32):
    return int(_numbers(gigabytes, 1, 1, bits) ** 0.25 / (matrices * heads)) * patch


def _one_root(gigabytes, patch=1, *, matrices=1, heads=1, bits=32):
    return math.isqrt(int(_numbers(gigabytes, matrices, heads, bits))) * patch


def _rounded(gigabytes, patch=1, *, matrices=1, heads=1, bits=32):
    return round(_numbers(gigabytes, matrices, heads, bits) ** 0.25) * patch


def _rounded_up(gigabytes, patch=1, *, matrices=1, heads=1, bits=32):
    return math.ceil(_numbers(gigabytes, matrices, heads, bits) ** 0.25) * patch


def _floored_in_pixels(gigabytes, patch=1, *, matrices=1, heads=1, bits=32):
    return int(_numbers(gigabytes, matrices, heads, bits) ** 0.25 * patch)


def _not_floored(gigabytes, patch=1, *, matrices=1, heads=1, bits=32):
    return _numbers(gigabytes, matrices, heads, bits) ** 0.25 * patch


def _in_patches(gigabytes, patch=1, *, matrices=1, heads=1, bits=32):
    return largest_side(gigabytes, matrices=matrices, heads=heads, bits=bits)


def _patch_twice(gigabytes, patch=1, *, matrices=1, heads=1, bits=32):
    return largest_side(gigabytes, patch, matrices=matrices, heads=heads, bits=bits) * patch


def _patch_under_the_root(gigabytes, patch=1, *, matrices=1, heads=1, bits=32):
    return math.isqrt(math.isqrt(int(_numbers(gigabytes, matrices, heads, bits))) * patch)


def _pixels_cut(gigabytes, patch=1, *, matrices=1, heads=1, bits=32):
    return largest_side(gigabytes, matrices=matrices, heads=heads, bits=bits) // patch * patch


SIDE = (
    Mistake(
        "gibibytes",
        _gibibytes,
        "Some images are too large to fit.",
        "A GB is taken for 2³⁰ bytes; that is a GiB, 7% more.",
        "Take 10⁹ bytes.",
    ),
    Mistake(
        "bits-for-bytes",
        _bits_for_bytes,
        "The sides are too small, by the fourth root of 8.",
        "Bytes are divided by bits.",
        "Bring both to the same unit first.",
    ),
    Mistake(
        "bits-ignored",
        _bits_ignored,
        "In 32 bits the sides are right, and with shorter numbers they are too small.",
        "A number is taken for 4 bytes, but that is only the default of `bits`.",
        "Compute the bytes of one number from `bits`.",
    ),
    Mistake(
        "heads-forgotten",
        _heads_forgotten,
        "With several heads the sides are too large.",
        "`heads` isn't used, but every head has matrices of its own, and they share the memory.",
        "Find out how much memory is left for one matrix of one head.",
    ),
    Mistake(
        "matrices-forgotten",
        _matrices_forgotten,
        "Where several matrices exist at once, the sides are too large.",
        "`matrices` isn't used, but all matrices of a head share the memory.",
        "Find out how much memory is left for one of them.",
    ),
    Mistake(
        "divided-last",
        _divided_last,
        "With several matrices or heads the sides are far too small.",
        "The side is divided by their number, but it is the memory that they share.",
        "Divide before you take roots.",
    ),
    Mistake(
        "one-root",
        _one_root,
        "The sides are far too large.",
        "One root of the entries of a matrix gives N, its side: the number of tokens, not the side of the image.",
        "Ask which side a square image of N tokens has.",
    ),
    Mistake(
        "rounded",
        _rounded,
        "Some images are one row of tokens too large to fit.",
        "The number of tokens in a row is rounded to the nearest whole number, and that may be the one above.",
        "Always round down.",
    ),
    Mistake(
        "rounded-up",
        _rounded_up,
        "Every image is one row of tokens too large to fit.",
        "The number of tokens in a row is rounded up.",
        "What is the largest whole number that still fits?",
    ),
    Mistake(
        "floored-in-pixels",
        _floored_in_pixels,
        "With patches, the sides are no multiples of the patch.",
        "The side is rounded down in pixels, so a part of a patch is left over.",
        "Round down while you count in patches, and go to pixels after that.",
    ),
    Mistake(
        "not-floored",
        _not_floored,
        "The result isn't a whole number.",
        "Nothing is rounded down, but an image has whole patches only.",
        "Round down while you count in patches, and return an int.",
    ),
    Mistake(
        "in-patches",
        _in_patches,
        "With patches, the sides are P times too small.",
        "They are counted in patches, and pixels are asked for.",
        "Ask how many pixels one patch is wide.",
    ),
    Mistake(
        "patch-twice",
        _patch_twice,
        "With patches, the sides are P times too large.",
        "They are multiplied by P², the number of pixels in a patch, but a patch is only P pixels wide.",
        "Count along one side of the image.",
    ),
    Mistake(
        "patch-under-the-root",
        _patch_under_the_root,
        "With patches, the sides are too small, by the root of P.",
        "The number of tokens is multiplied by P before its root is taken.",
        "First find out how many patches one side of the image has, then how many pixels that is.",
    ),
    Mistake(
        "pixels-cut",
        _pixels_cut,
        "The sides are multiples of the patch, but they are the same as for single pixels, or smaller.",
        "The side is counted as if every pixel were a token, and only cut down to whole patches.",
        "A token is a patch here: how many pixels wide is an image with that many tokens in a row?",
    ),
)
