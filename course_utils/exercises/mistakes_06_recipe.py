"""The usual mistakes of exercises 6.1 and 6.2: the learning rate's factor, and what weight decay may touch."""

import math

from course_utils.exercises.registry import Mistake
from course_utils.training import decays, warmup_cosine


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


def _everything(name, parameter):
    return True


def _nothing(name, parameter):
    return False


def _all_but_biases(name, parameter):
    return not name.endswith("bias")


def _all_but_norms(name, parameter):
    return "norm" not in name


def _by_dimensions(name, parameter):
    return parameter.ndim >= 2


def _only_matrices(name, parameter):
    return parameter.ndim == 2 and name != "position"


def _class_token_too(name, parameter):
    return decays(name, parameter) or name.endswith("cls_token")


def _positions_too(name, parameter):
    return decays(name, parameter) or name.endswith(("pos_embed", "position"))


def _reversed(name, parameter):
    return not decays(name, parameter)


def _by_word(name, parameter):
    return name.endswith("weight")


DECAYS = (
    Mistake(
        "everything",
        _everything,
        "Everything decays.",
        "Then biases, norms and positions are pulled to 0 too, where 0 has no meaning.",
        "Return False for what has one dimension, for positions and for the class token.",
    ),
    Mistake(
        "nothing",
        _nothing,
        "Nothing decays.",
        "Matrices and filters may be pulled.",
        "Return True for parameters of two dimensions and more that are no positions and no class token.",
    ),
    Mistake(
        "all-but-biases",
        _all_but_biases,
        "Norms, positions and the class token decay.",
        "Only names with `bias` are spared.",
        "A norm's weight has one dimension too: ask for `parameter.ndim`. Positions and class token need their names.",
    ),
    Mistake(
        "all-but-norms",
        _all_but_norms,
        "Biases, positions and the class token decay.",
        "Only names with `norm` are spared.",
        "Biases have one dimension: ask for `parameter.ndim`. Positions and class token need their names.",
    ),
    Mistake(
        "by-dimensions",
        _by_dimensions,
        "Positions and the class token decay.",
        "They have more than one dimension, but only because they are stored as (1, N, D).",
        "Spare what ends with `pos_embed`, `cls_token` or `position`.",
    ),
    Mistake(
        "only-matrices",
        _only_matrices,
        "The patch projection doesn't decay.",
        "It is a convolution, and its filters have four dimensions.",
        "Ask for at least two dimensions, and spare positions and class token by their names.",
    ),
    Mistake(
        "class-token-too",
        _class_token_too,
        "The class token decays.",
        "It has three dimensions, (1, 1, D), and its name wasn't spared.",
        "Spare what ends with `cls_token`.",
    ),
    Mistake(
        "positions-too",
        _positions_too,
        "The positions decay.",
        "They have more than one dimension, and their names weren't spared.",
        "Spare what ends with `pos_embed` or `position`.",
    ),
    Mistake(
        "reversed",
        _reversed,
        "It is the wrong way round.",
        "The function says what decays, not what is spared.",
        "Return True for matrices and filters.",
    ),
    Mistake(
        "by-the-word-weight",
        _by_word,
        "The norms decay: their scale is called `weight` too.",
        "The name doesn't say what a parameter is.",
        "Ask for at least two dimensions.",
    ),
)
