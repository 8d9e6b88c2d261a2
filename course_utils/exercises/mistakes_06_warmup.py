"""The usual mistakes of exercise 6.1: the learning rate's factor."""

import math

from course_utils.exercises.registry import Mistake
from course_utils.optimizers import warmup_cosine


def _starts_at_zero(step, steps, warmup):
    return step / warmup if step < warmup else warmup_cosine(step, steps, warmup)


def _stays_at_zero(step, steps, warmup):
    return 0.0 if step < warmup else warmup_cosine(step, steps, warmup)


def _whole_numbers(step, steps, warmup):
    return float((step + 1) // warmup) if step < warmup else warmup_cosine(step, steps, warmup)


def _one_step_early(step, steps, warmup):
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - 1 - warmup)))


def _no_warmup(step, steps, warmup):
    return 1.0 if step < warmup else warmup_cosine(step, steps, warmup)


def _warmup_only(step, steps, warmup):
    return min(1.0, (step + 1) / max(1, warmup))


def _cosine_from_the_start(step, steps, warmup):
    return (step + 1) / warmup if step < warmup else 0.5 * (1 + math.cos(math.pi * step / steps))


def _too_long(step, steps, warmup):
    return (step + 1) / warmup if step < warmup else 0.5 * (1 + math.cos(math.pi * (step - warmup) / steps))


def _full_wave(step, steps, warmup):
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(2 * math.pi * (step - warmup) / max(1, steps - warmup)))


def _quarter_wave(step, steps, warmup):
    if step < warmup:
        return (step + 1) / warmup
    return math.cos(0.5 * math.pi * (step - warmup) / max(1, steps - warmup))


def _no_half(step, steps, warmup):
    factor = warmup_cosine(step, steps, warmup)
    return factor if step < warmup else 2 * factor


def _below_zero(step, steps, warmup):
    factor = warmup_cosine(step, steps, warmup)
    return factor if step < warmup else 2 * factor - 1


def _straight_down(step, steps, warmup):
    return (step + 1) / warmup if step < warmup else (steps - step) / max(1, steps - warmup)


def _multiplied(step, steps, warmup):
    return min(1.0, (step + 1) / max(1, warmup)) * 0.5 * (1 + math.cos(math.pi * step / steps))


def _degrees(step, steps, warmup):
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(180 * (step - warmup) / max(1, steps - warmup)))


WARMUP = (
    Mistake(
        "starts-at-zero",
        _starts_at_zero,
        "In step 0 the factor is 0: that step is lost.",
        "Steps count from 0, so `step / warmup` begins with 0, and never reaches 1 in the warm-up.",
        "Use `(step + 1) / warmup`.",
    ),
    Mistake(
        "stays-at-zero",
        _stays_at_zero,
        "The factor stays 0 in the whole warm-up.",
        "`step // warmup` cuts off what comes behind the point; or training only starts after the warm-up.",
        "Use a straight line with `/`: `(step + 1) / warmup`.",
    ),
    Mistake(
        "whole-numbers",
        _whole_numbers,
        "The factor is 0 until the last step of the warm-up, and 1 there.",
        "`//` cuts off what comes behind the point.",
        "Divide with `/`.",
    ),
    Mistake(
        "one-step-early",
        _one_step_early,
        "The cosine reaches 0 in the last step, one step early.",
        "Of the steps behind the warm-up one was taken away.",
        "The wave spans `steps - warmup` steps: it would reach 0 in step number `steps`.",
    ),
    Mistake(
        "no-warmup",
        _no_warmup,
        "The rate is at its highest from the first step on.",
        "There is no warm-up.",
        "As long as `step < warmup`, return `(step + 1) / warmup`.",
    ),
    Mistake(
        "warmup-only",
        _warmup_only,
        "After the warm-up the factor stays 1.",
        "The cosine is missing, so the rate never falls.",
        "Behind the warm-up, return half a wave of the cosine.",
    ),
    Mistake(
        "cosine-from-step-0",
        _cosine_from_the_start,
        "The rate jumps down at the end of the warm-up.",
        "The cosine counts the steps of the warm-up too, so it doesn't begin at 1.",
        "Count from the end of the warm-up: `(step - warmup) / (steps - warmup)`.",
    ),
    Mistake(
        "never-reaches-zero",
        _too_long,
        "The rate doesn't reach 0 at the end.",
        "The cosine begins behind the warm-up, but is stretched over all steps.",
        "Divide by what is left: `steps - warmup`.",
    ),
    Mistake(
        "full-wave",
        _full_wave,
        "The rate falls to 0 in the middle, and rises again.",
        "From 0 to 2 pi is a whole wave of the cosine.",
        "Go from 0 to pi.",
    ),
    Mistake(
        "quarter-wave",
        _quarter_wave,
        "The rate falls along a quarter of a wave.",
        "From 0 to pi / 2 the cosine goes from 1 to 0, but it is steepest at the end.",
        "Use half a wave, brought to 0..1: `0.5 * (1 + cos(...))`.",
    ),
    Mistake(
        "twice-as-high",
        _no_half,
        "Behind the warm-up the factor is twice as high as it should be.",
        "The sum of 1 and the cosine runs from 2 to 0.",
        "Take half of it.",
    ),
    Mistake(
        "below-zero",
        _below_zero,
        "The factor falls to -1.",
        "The cosine itself runs from 1 to -1, and a negative rate climbs instead of descending.",
        "Bring it to 0..1: `0.5 * (1 + cos(...))`.",
    ),
    Mistake(
        "straight-down",
        _straight_down,
        "The rate falls in a straight line.",
        "That is another schedule (linear decay).",
        "Use half a wave of the cosine.",
    ),
    Mistake(
        "multiplied",
        _multiplied,
        "Warm-up and cosine are multiplied.",
        "So the cosine already falls while the rate should still rise, and 1 is never reached.",
        "Decide by the step: either the line, or the cosine from the end of the warm-up.",
    ),
    Mistake(
        "degrees",
        _degrees,
        "The rate wobbles up and down.",
        "`math.cos` wants radians, and got degrees.",
        "Use `math.pi` instead of 180.",
    ),
)
