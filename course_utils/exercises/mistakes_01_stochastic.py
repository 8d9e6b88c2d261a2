"""The usual mistakes of exercise 1.9: stochastic rounding."""

import torch

from course_utils.exercises.registry import Mistake


def _step(values, mantissa_bits):
    return 2.0 ** (torch.frexp(values).exponent.double() - 1 - mantissa_bits)


def _by(rule):
    """Return a way of rounding: `rule` takes the values in steps, and the noise."""

    def wrong(values, mantissa_bits, noise):
        step = _step(values, mantissa_bits)
        return rule(values / step, noise) * step

    return wrong


def _coin(steps, noise):
    return torch.where(noise < 0.5, steps.floor(), steps.ceil())


def _other_way(steps, noise):
    return steps.floor() + (noise < steps - steps.floor())


def _by_magnitude(steps, noise):
    return steps.sign() * (steps.abs() + noise).floor()


def _noise_unscaled(values, mantissa_bits, noise):
    step = _step(values, mantissa_bits)
    return ((values + noise) / step).floor() * step


def _frexp_as_is(values, mantissa_bits, noise):
    step = 2 * _step(values, mantissa_bits)
    return (values / step + noise).floor() * step


def _fixed_step(values, mantissa_bits, noise):
    return (values * 2**mantissa_bits + noise).floor() / 2**mantissa_bits


def _zero_is_nan(values, mantissa_bits, noise):
    step = 2.0 ** (values.abs().log2().floor() - mantissa_bits)
    return (values / step + noise).floor() * step


STOCHASTIC = (
    Mistake(
        "nearest",
        _by(lambda steps, noise: steps.round()),
        "The nearest neighbour is taken every time.",
        "`noise` isn't used, so the same number is always rounded the same way.",
        "Add the noise to the number of steps, then round down.",
    ),
    Mistake(
        "never-up",
        _by(lambda steps, noise: steps.floor()),
        "Every number is rounded down.",
        "`noise` isn't used, so nothing ever reaches the upper neighbour.",
        "Add the noise to the number of steps before `floor`.",
    ),
    Mistake(
        "towards-zero",
        _by(lambda steps, noise: (steps + noise).trunc()),
        "Only negative numbers are wrong.",
        "`trunc` and `int` cut towards zero, which for negative numbers is up, and the noise goes up too.",
        "Round down for both signs: `floor`.",
    ),
    Mistake(
        "noise-unscaled",
        _noise_unscaled,
        "Numbers move by up to 1, however small their step is.",
        "The noise is added to the number itself instead of to its number of steps.",
        "Divide by the step first, then add the noise.",
    ),
    Mistake(
        "round-of-noise",
        _by(lambda steps, noise: (steps + noise).round()),
        "The result is half a step too large on average, and even exact numbers change.",
        "`round` adds half a step of its own to the noise, whose mean is half a step already.",
        "After the noise, round down: `floor`.",
    ),
    Mistake(
        "centred-noise",
        _by(lambda steps, noise: (steps + noise - 0.5).floor()),
        "The result is half a step too small on average, and even exact numbers change.",
        "One half is taken off the noise, but `floor` takes half a step off already.",
        "Leave the noise between 0 and 1.",
    ),
    Mistake(
        "coin",
        _by(_coin),
        "Both neighbours are taken equally often.",
        "The noise is used as a coin, and how near the number is to each neighbour isn't looked at.",
        "Add the noise to the number of steps and round down: then the nearer one wins more often.",
    ),
    Mistake(
        "other-way",
        _by(_other_way),
        "Numbers go up where the noise is small instead of where it is large.",
        "That is as often as they should, but the check compares number by number, and the exercise adds the noise.",
        "Go up where the noise lifts the number of steps past the next whole number.",
    ),
    Mistake(
        "by-magnitude",
        _by(_by_magnitude),
        "Negative numbers move the other way.",
        "The noise is added to the magnitude. On average that is as good, but the check compares number by number.",
        "Leave the sign in the number of steps, and round down, not towards zero.",
    ),
    Mistake(
        "frexp-as-is",
        _frexp_as_is,
        "The steps are twice as large as they should be.",
        "`frexp` gives a fraction below 1, so its exponent is one more than floor(log2).",
        "Take 1 off the exponent.",
    ),
    Mistake(
        "fixed-step",
        _fixed_step,
        "Every number is rounded to the same step, 2^-m.",
        "A float's step grows with the number.",
        "Multiply 2^-m by the power of two below each number.",
    ),
    Mistake(
        "zero-is-nan",
        _zero_is_nan,
        "All is right, but 0 becomes NaN.",
        "The logarithm of 0 is -infinity, so the step is 0, and 0 / 0 is NaN.",
        "Give 0 any other step: `torch.frexp` does so by itself, or put 0 back with `torch.where`.",
    ),
)
