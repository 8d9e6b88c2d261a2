"""Lesson 1's exercises: a GPU as arithmetic, floating point bit by bit, training in few bits."""

from course_utils import accumulation, floats, hardware, mixed_precision
from course_utils.exercises import alternatives_01 as alternatives
from course_utils.exercises import cases_01 as cases
from course_utils.exercises import mistakes_01_floats as formats
from course_utils.exercises import mistakes_01_hardware as chips
from course_utils.exercises import mistakes_01_roofline as roofline
from course_utils.exercises import mistakes_01_rounding as rounding
from course_utils.exercises import mistakes_01_softmax as softmax
from course_utils.exercises import mistakes_01_stochastic as stochastic
from course_utils.exercises import mistakes_01_sums as sums
from course_utils.exercises import mistakes_01_training as training
from course_utils.exercises.registry import Exercise

EXERCISES = (
    Exercise(
        id="1.1",
        reference=hardware.peak_flops,
        cases=cases.chips,
        mistakes=chips.PEAK,
        hints=(
            "How many cores are there on the whole chip?",
            "Each does `flop_per_core` operations in a tick, and there are `clock_hz` ticks a second.",
            "Multiply all four arguments.",
        ),
        minutes=3,
        difficulty=1,
        alternatives=alternatives.PEAK,
        differentiable=False,
    ),
    Exercise(
        id="1.2",
        reference=hardware.matmul_flops,
        cases=cases.products,
        mistakes=chips.PRODUCT,
        hints=(
            "How many entries does the result have?",
            "Each entry is a sum of k products: k multiply-adds.",
            "A multiply-add counts as 2 FLOP: entries, times multiply-adds for each, times 2.",
        ),
        minutes=2,
        difficulty=1,
        alternatives=alternatives.PRODUCT,
        differentiable=False,
    ),
    Exercise(
        id="1.3",
        reference=hardware.roofline_seconds,
        cases=cases.layers,
        mistakes=roofline.ROOFLINE,
        hints=(
            "How long would the arithmetic take, if all numbers were there already?",
            "And how long would moving the bytes take, if there were nothing to compute?",
            "Both go on side by side: the longer time is the answer.",
        ),
        minutes=4,
        difficulty=2,
        alternatives=alternatives.ROOFLINE,
        differentiable=False,
    ),
    Exercise(
        id="1.4",
        reference=floats.decode,
        cases=cases.patterns,
        mistakes=formats.DECODE,
        hints=(
            "First the ordinary numbers: `S, E, M = split_fields(...)`, then the slide's formula with the bias "
            "subtracted.",
            "For E = 0 the hidden 1 is missing, and the exponent is that of E = 1: `E.clamp(min=1)`, and "
            "`(E > 0).double()` in place of the 1.",
            "Last the exponent of all ones, `E == 2**exponent_bits - 1`: `torch.where` puts `torch.inf` where M is 0 "
            "and `torch.nan` elsewhere; then the sign.",
        ),
        minutes=8,
        difficulty=3,
        alternatives=alternatives.DECODE,
        differentiable=False,
    ),
    Exercise(
        id="1.5",
        reference=floats.round_to_format,
        cases=cases.values_to_round,
        mistakes=rounding.ROUND,
        hints=(
            "A number is rounded to a multiple of its step. How large is the step between 1 and 2? Between 2 and 4?",
            "The step is 2 to the power of `true_exponent(values, bias) - mantissa_bits`: divide by it, `torch.round`, "
            "multiply again.",
            "The largest number is (2 - 2^-m) · 2^bias. Compare the rounded numbers with it, and use `torch.where`; "
            "`values.sign() * torch.inf` has the right sign. Begin with `values.double()`.",
        ),
        minutes=8,
        difficulty=4,
        alternatives=alternatives.ROUND,
        differentiable=False,
    ),
    Exercise(
        id="1.6",
        reference=accumulation.running_dot,
        cases=cases.vectors,
        mistakes=sums.DOT,
        hints=(
            "All products can be computed at once, before the loop.",
            "Begin with a total of zeros, one for each row: `torch.zeros_like(products[..., 0])`. "
            "`products.unbind(dim=-1)` gives the products one by one.",
            "In the loop: add, round with `accumulator.round`, append to a list. After it: `torch.stack(..., dim=-1)`.",
        ),
        minutes=6,
        difficulty=3,
        alternatives=alternatives.DOT,
        differentiable=False,
    ),
    Exercise(
        id="1.7",
        reference=mixed_precision.stable_softmax,
        cases=cases.scores,
        mistakes=softmax.SOFTMAX,
        hints=(
            "Any number may be subtracted from a whole row without changing its softmax. Which one helps?",
            "`scores.amax(dim=-1, keepdim=True)` is the largest score of each row.",
            "Subtract it, take `exp`, and divide by the sum over the last axis, with keepdim=True again.",
        ),
        minutes=4,
        difficulty=2,
        alternatives=alternatives.SOFTMAX,
    ),
    Exercise(
        id="1.8",
        reference=mixed_precision.unscale_and_clip,
        cases=cases.gradients,
        mistakes=training.CLIP,
        hints=(
            "Three steps in this order: look for overflow, divide by the scale, clip.",
            "`gradient.isfinite().all()` is True if all is well. The norm of all together is the norm of their norms: "
            "`torch.stack([g.norm() for g in ...]).norm()`.",
            "The factor is `max_norm / norm`, but never above 1: `.clamp(max=1)`.",
        ),
        minutes=7,
        difficulty=3,
        alternatives=alternatives.CLIP,
        differentiable=False,
    ),
    Exercise(
        id="1.9",
        reference=mixed_precision.stochastic_round,
        cases=cases.noisy,
        mistakes=stochastic.STOCHASTIC,
        hints=(
            "Count in steps: `values / step` lies between two whole numbers.",
            "With noise from [0, 1) added, rounding down gives the upper one as often as it should.",
            "The exponent of `torch.frexp(values)` is one above floor(log2), so the step is 2^(exponent - 1 - m). Add "
            "the noise to `values / step`, take `floor`, and multiply by the step.",
        ),
        minutes=6,
        difficulty=3,
        alternatives=alternatives.STOCHASTIC,
        differentiable=False,
    ),
)
