"""Lesson 1's variants: the roofline in other units, a stable softmax along another axis."""

import random
from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.exercises import cases_01 as cases
from course_utils.exercises.options import on, out
from course_utils.exercises.recipes import Option, Recipe
from course_utils.exercises.registry import Case


def _layers(seed: int) -> list[Case]:
    """Return work that waits for arithmetic, and work that waits for memory, on two chips each."""
    draw, found = random.Random(seed), []
    for note, seconds in (("much arithmetic", (3e-2, 4e-3)), ("much to move", (2e-3, 5e-2))):
        for peak, bandwidth in ((2e13, 1.5e12), (1e12, 2e11)):
            chip = peak * draw.uniform(0.5, 2), bandwidth * draw.uniform(0.5, 2)
            work = [time * draw.uniform(0.5, 2) * rate for time, rate in zip(seconds, chip, strict=True)]
            found.append(Case((*work, *chip), note=note))
    return found


def _unit(name: str, size: float) -> dict[str, Callable]:
    return {
        "to_course": on(lambda rate: rate * size, name),
        "to_variant": on(lambda rate: rate / size, name),
    }


ROOFLINE = Recipe(
    id="1.3",
    source='''
        def roofline_seconds(flop: float, bytes_moved: float, peak_flops: float, bandwidth: float) -> float:
            """Return the least time that a computation can take, in $time: both work side by side, the slower counts.

            $here

            Args:
                flop: floating-point operations.
                bytes_moved: bytes read from memory and written to it.
                peak_flops: $peak.
                bandwidth: $bandwidth.

            Source: Williams, Waterman and Patterson 2009, "Roofline".
            """
            seconds = max(flop / $flops, bytes_moved / $bytes)
            return $result
        ''',
    axes=(
        (
            Option({"peak": "FLOP/s", "flops": "peak_flops"}),
            Option(
                {"peak": "TFLOP/s, 10^12 FLOP/s", "flops": "(peak_flops * 1e12)"},
                here="`peak_flops` is in TFLOP/s, not in FLOP/s",
                remedy="Multiply `peak_flops` by 1e12.",
                **_unit("peak_flops", 1e12),
            ),
        ),
        (
            Option({"bandwidth": "bytes/s", "bytes": "bandwidth"}),
            Option(
                {"bandwidth": "GB/s, 10^9 bytes/s", "bytes": "(bandwidth * 1e9)"},
                here="`bandwidth` is in GB/s, not in bytes/s",
                remedy="Multiply `bandwidth` by 1e9.",
                **_unit("bandwidth", 1e9),
            ),
        ),
        (
            Option({"time": "seconds", "result": "seconds"}),
            Option(
                {"time": "milliseconds", "result": "1000 * seconds"},
                here="the result is in milliseconds, not in seconds",
                remedy="Multiply the seconds by 1000.",
                from_course=out(lambda seconds: 1000 * seconds),
            ),
        ),
    ),
    cases=_layers,
    keep="sum-of-both faster-counts arithmetic-only memory-only",
    hints=(0, 1, 2),
)


def _axis_last(scores: Tensor) -> Tensor:
    return scores.movedim(0, -1)


def _axis_first(scores: Tensor) -> Tensor:
    return scores.movedim(-1, 0)


SOFTMAX = Recipe(
    id="1.7",
    source='''
        def stable_softmax(scores: Tensor) -> Tensor:
            """Turn each $group of scores into shares, whatever their size.

            $here

            Args:
                scores: $shape, any numbers; some may be $hidden, which get nothing.

            Returns:
                the same shape: of each $group, along axis $axis, $formula, summing to $sum.
            """
            $difference
            exponentials = difference.exp()  # none is larger than 1
            return $shares
        ''',
    axes=(
        (
            Option({"group": "row", "shape": "(..., N)", "axis": "-1"}),
            Option(
                {"group": "column", "shape": "(N, ...)", "axis": "0"},
                here="the shares of a column, along axis 0, belong together, not those of a row, along the last axis",
                remedy="Use axis 0 for both, the largest and the sum.",
                to_course=on(_axis_last, "scores"),
                to_variant=on(_axis_first, "scores"),
                from_course=out(_axis_first),
            ),
        ),
        (
            Option({"sign": "", "most": "largest", "least": "smallest", "hidden": "-inf", "formula": "exp(score)"}),
            Option(
                {"sign": "-", "most": "smallest", "least": "largest", "hidden": "+inf", "formula": "exp(-score)"},
                here="the lowest score gets the largest share: exp(-score), not exp(score)",
                remedy="Turn the sign of the scores; then it is their smallest that must become 0.",
                to_course=on(torch.neg, "scores"),
                to_variant=on(torch.neg, "scores"),
            ),
        ),
        (
            Option({"sum": "1", "percent": ""}),
            Option(
                {"sum": "100", "percent": "100 * "},
                here="the result is in percent, summing to 100, not to 1",
                remedy="Multiply the shares by 100.",
                from_course=out(lambda shares: 100 * shares),
            ),
        ),
    ),
    cases=cases.scores,
    told={
        "nothing-subtracted": (
            "Scores far from 0 give NaN.",
            "Their exponentials are infinite or 0, and neither infinity over infinity nor 0 / 0 is a number.",
            "Bring the $most score of each $group to 0 before the exponential.",
        ),
        "largest-of-all": (
            "A $group whose scores are far from the $most of all gives NaN.",
            "The $most of the whole tensor is brought to 0, so all exponentials of such a $group are 0.",
            "Each $group has a $most score of its own: look for it along axis $axis, with keepdim=True.",
        ),
        "mean": (
            "A $group whose scores lie far apart still gives NaN, and so does one with a masked score.",
            "The mean is brought to 0: a score far from it overflows, and with infinity the mean is infinite.",
            "Bring the $most score to 0: then no exponential is above 1.",
        ),
        "smallest": (
            "A $group whose scores lie far apart still gives NaN, and so does one with a masked score.",
            "The $least score is brought to 0, and the exponentials of the others overflow.",
            "Bring the $most score to 0: then no exponential is above 1.",
        ),
        "divided": (
            "The differences between the scores of a $group have changed, and with them the shares.",
            "The scores are divided by the $most of the $group.",
            "Subtract it: the shares depend on differences only.",
        ),
        "not-divided": (
            "The largest share of each $group is all of it.",
            "The exponentials are returned as they are.",
            "Divide them by their sum over the $group.",
        ),
        "above-only": (
            "The shares of a $group don't sum to $sum.",
            "The $most score is brought to 0 above the fraction line only.",
            "Use the same exponentials above and below.",
        ),
        "clamped": (
            "Nothing overflows, but scores far from 0 that differ get equal shares.",
            "They are cut to the same value.",
            "Bring the $most score of the $group to 0 instead: that keeps all differences.",
        ),
    },
    derive=lambda words: {
        "difference": "difference = {}".format(
            f"scores.amin(dim={words['axis']}, keepdim=True) - scores"
            if words["sign"]
            else f"scores - scores.amax(dim={words['axis']}, keepdim=True)"
        ),
        "shares": f"{words['percent']}exponentials / exponentials.sum(dim={words['axis']}, keepdim=True)",
    },
)

RECIPES = (ROOFLINE, SOFTMAX)
