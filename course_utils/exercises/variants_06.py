"""Lesson 6's variants: the learning rate's factor, dropped branches, smoothed labels, mixed images."""

import random

from course_utils.exercises.options import on
from course_utils.exercises.recipes import Option, Recipe
from course_utils.exercises.registry import Case
from course_utils.exercises.turns import Arguments
from course_utils.exercises.variants_06_mixup import MIXUP
from course_utils.exercises.variants_06_targets import TARGETS


def _moments(seed: int) -> list[Case]:
    """Return steps in all phases of three trainings, one of them without a warm-up."""
    draw, found = random.Random(seed), []
    for warmup in (draw.randint(4, 12), draw.randint(13, 20), 0):
        steps = draw.randint(3 * warmup + 20, 120)
        for step in sorted({0, 1, max(0, warmup - 1), warmup, steps // 2, (3 * steps) // 4, steps - 1}):
            found.append(Case((step, steps, warmup)))
    return found


def _floor(lowest: float) -> Option:
    def raised(factor: float, given: Arguments) -> float:
        return factor if given["step"] < given["warmup"] else lowest + (1 - lowest) * factor

    return Option(
        {"lowest": f"{lowest:g}", "fall": f"{lowest:g} + {1 - lowest:g} * wave"},
        here=f"the rate falls to {lowest:g} of its highest value, not to 0",
        remedy=f"Bring the wave from 1..0 to 1..{lowest:g}; the warm-up stays what it is.",
        from_course=raised,
    )


def _step_before(step: int) -> int:
    return step - 1


def _step_after(step: int) -> int:
    return step + 1


WARMUP = Recipe(
    id="6.1",
    source='''
        def warmup_cosine(step: int, steps: int, warmup: int) -> float:
            """Return the factor of the learning rate: a straight line up, then half a wave of the cosine down.

            $here

            Args:
                step: counted from $begin.
                steps: of the whole training.
                warmup: of them, in which it rises; the first already has 1 / `warmup`, the last of them 1.

            Returns:
                up to 1. The wave begins with 1 in the first step behind the warm-up, and would reach $lowest
                in the first one behind the training.
            """
            passed = $passed
            if passed < warmup:
                return (passed + 1) / warmup
            wave = 0.5 * (1 + math.cos(math.pi * (passed - warmup) / (steps - warmup)))
            return $fall
        ''',
    axes=(
        (Option({"lowest": "0", "fall": "wave"}), _floor(0.01), _floor(0.1), _floor(0.25)),
        (
            Option({"begin": "0", "passed": "step"}),
            Option(
                {"begin": "1", "passed": "step - 1"},
                here="steps are counted from 1, not from 0",
                remedy="Before step n, n - 1 steps have passed.",
                to_course=on(_step_before, "step"),
                to_variant=on(_step_after, "step"),
            ),
        ),
    ),
    cases=_moments,
    keep="whole-numbers warmup-only straight-down degrees",
    told={
        "starts-at-zero": (
            "In the first step the factor is 0: that step is lost.",
            "The line begins with 0, and never reaches 1 in the warm-up.",
            "Let the first step have 1 / `warmup`, and the last one of the warm-up 1.",
        ),
        "stays-at-zero": (
            "The factor stays 0 in the whole warm-up.",
            "A division with `//` cuts off what comes behind the point; or training only starts after the warm-up.",
            "Use a straight line, with `/`.",
        ),
        "one-step-early": (
            "The cosine reaches its end in the last step, one step early.",
            "Of the steps behind the warm-up one was taken away.",
            "The wave spans `steps - warmup` steps: it would end in the first step behind the training.",
        ),
        "no-warmup": (
            "The rate is at its highest from the first step on.",
            "There is no warm-up.",
            "In the first `warmup` steps, return a straight line from 1 / `warmup` to 1.",
        ),
        "cosine-from-step-0": (
            "The rate jumps down at the end of the warm-up.",
            "The cosine counts the steps of the warm-up too, so it doesn't begin at 1.",
            "Count from the end of the warm-up, and divide by the steps that are left.",
        ),
        "never-reaches-zero": (
            "The rate doesn't come down to its lowest value at the end.",
            "The cosine begins behind the warm-up, but is stretched over all steps.",
            "Divide by what is left: `steps - warmup`.",
        ),
        "full-wave": (
            "The rate falls to its lowest value in the middle, and rises again.",
            "From 0 to 2 pi is a whole wave of the cosine.",
            "Go from 0 to pi.",
        ),
    },
    hints=(0,),
)

RECIPES = (WARMUP, *TARGETS, MIXUP)
