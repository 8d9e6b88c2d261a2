"""Variants of exercises 2.4 and 2.5: the causal mask, and positions."""

import math
import random

import torch
from torch import Tensor

from course_utils.exercises.options import out
from course_utils.exercises.recipes import Option, Recipe
from course_utils.exercises.registry import Case
from course_utils.exercises.turns import Arguments


def _added(looks: Tensor) -> Tensor:
    return torch.zeros(looks.shape).masked_fill(~looks, -math.inf)


# mistakes that come to the lesson's own version
SAME_AS_OWN = {("~looks", "tril"): "inverted", ("looks", "triu"): "upper", ("~looks", "triu"): "strictly-before"}
CAUSAL = Recipe(
    id="2.4",
    source='''
        def causal_mask(tokens: int) -> Tensor:
            """Let each token look at itself and at those $side it.

            $here

            Returns:
                (N, N) of $kind for N = `tokens`: $marks where row (query) may look at column (key), $otherwise
                elsewhere.
            """
            looks = torch.ones(tokens, tokens, dtype=torch.bool).$triangle()
            return $mask
        ''',
    axes=(
        (
            Option({"kind": "bool", "marks": "True", "otherwise": "False", "mask": "looks"}),
            Option(
                {"kind": "bool", "marks": "False", "otherwise": "True", "mask": "~looks"},
                here="True hides: the mask is False where a token may look, not True",
                remedy="Mark what a token must not see.",
                from_course=out(torch.logical_not),
            ),
            Option(
                {
                    "kind": "numbers",
                    "marks": "0",
                    "otherwise": "-inf",
                    "mask": "torch.zeros(tokens, tokens).masked_fill(~looks, -math.inf)",
                },
                here="the mask holds numbers to be added to the scores, 0 and -inf, not True and False",
                remedy="Begin with zeros, and put -inf where a token must not look.",
                from_course=out(_added),
            ),
        ),
        (
            Option({"side": "before", "other": "after", "triangle": "tril"}),
            Option(
                {"side": "after", "other": "before", "triangle": "triu"},
                here="a token looks at those after it, not at those before it",
                remedy="Keep the other triangle.",
                from_course=out(lambda mask: mask.mT),
            ),
        ),
    ),
    cases=lambda seed: [Case((tokens,)) for tokens in [*random.Random(seed).sample(range(3, 12), 2), 1]],
    told={
        "strictly-before": (
            "A token may look at those $side it, but not at itself.",
            "The diagonal says no, so one token has nothing to look at and its softmax gives NaN.",
            "Let a token look at itself as well.",
        ),
        "upper": (
            "Each token may look at itself and at those $other it.",
            "The other triangle is kept: rows are queries, columns are keys.",
            "Draw it for 3 tokens, and keep the triangle with those $side the token.",
        ),
        "inverted": (
            "The mask says no exactly where it should say yes.",
            "Libraries differ in what they mark; here $marks stands where a token may look.",
            "Turn it round.",
        ),
        "everywhere": (
            "Every token may look at every other.",
            "The mask hides nothing.",
            "Hide what comes $other the token that looks.",
        ),
        "one-ahead": (
            "Each token may also look at the one right $other it.",
            "The border lies one column too far.",
            "Its own column is the last that a token may look at, on that side.",
        ),
        "itself-only": (
            "Each token may look at itself only.",
            "Nothing but the diagonal says yes, so no token learns anything from others.",
            "Let it look at those $side it too.",
        ),
    },
    hints=(0,),
    derive=lambda words: {"without": SAME_AS_OWN.get((words["mask"], words["triangle"]), "")},
)


def _lengths(seed: int) -> list[Case]:
    draw = random.Random(seed)
    return [Case((tokens, 2 * draw.randint(3, 7))) for tokens in draw.sample(range(4, 11), 3)]


def _one_more(given: Arguments) -> Arguments:
    return {**given, "tokens": given["tokens"] + 1}


POSITIONS = Recipe(
    id="2.5",
    source='''
        def sinusoidal_positions(tokens: int, width: int) -> Tensor:
            """Give every position a vector of sines and cosines, from short waves to long ones.

            $here

            Args:
                tokens: N, the number of positions, counted from $begin.
                width: D, even.

            Returns:
                (N, D): the $first of n / 10000^(2i/D) in column $columns,
                for i = 0 ... D/2 - 1. After Vaswani et al. 2017, section 3.5.
            """
            position = torch.arange($range, dtype=torch.get_default_dtype())[:, None]  # (N, 1)
            angle = position * 10_000 ** (-torch.arange(0, width, 2) / width)  # (N, D/2)
            return $joined
        ''',
    axes=(
        (
            Option({"begin": "0", "range": "tokens"}),
            Option(
                {"begin": "1", "range": "1, tokens + 1"},
                here="positions are counted from 1, not from 0",
                remedy="The first row belongs to position 1.",
                to_course=_one_more,
                to_variant=lambda given: {**given, "tokens": given["tokens"] - 1},
                from_course=out(lambda table: table[1:]),
            ),
        ),
        (
            Option({"first": "sine", "second": "cosine", "pair": "[angle.sin(), angle.cos()]"}),
            Option(
                {"first": "cosine", "second": "sine", "pair": "[angle.cos(), angle.sin()]"},
                here="the cosine of an angle comes before its sine, not behind it",
                remedy="Put the cosine of each angle first.",
                from_course=out(lambda table: table.unflatten(1, (-1, 2)).flip(2).flatten(1)),
            ),
        ),
        (
            Option(
                {
                    "places": "2i, the {} of the same in column 2i + 1",
                    "joined": "torch.stack({}, dim=-1).flatten(start_dim=1)",
                }
            ),
            Option(
                {"places": "i, the {} of the same in column D/2 + i", "joined": "torch.cat({}, dim=1)"},
                here="all of one kind come first and all of the other behind them, D/2 columns each, not in turn",
                remedy="Put the two tables (N, D/2) side by side.",
                from_course=out(lambda table: table.unflatten(1, (-1, 2)).transpose(1, 2).flatten(1)),
            ),
        ),
    ),
    cases=_lengths,
    keep="half-exponent base-1000 faster-and-faster",
    told={
        "sines-only": (
            "There are no cosines.",
            "Both numbers of each pair are the same, so half of the width says nothing new.",
            "Take the sine and the cosine of each angle.",
        ),
        "column-for-pair": (
            "The waves get long twice as fast, and sine and cosine of a pair have different lengths.",
            "The number of a column was put in for i, but i counts pairs of columns, which share one frequency.",
            "Make D/2 frequencies, for i = 0 to D/2 - 1, and use each for a sine and a cosine.",
        ),
    },
    hints=(0,),
    derive=lambda words: {
        "columns": words["places"].format(words["second"]),
        "joined": words["joined"].format(words["pair"]),
    },
)

POSITION_RECIPES = (CAUSAL, POSITIONS)
