"""The usual mistakes of exercise 1.9: stochastic rounding."""

import torch

from course_utils.exercises.registry import Mistake


def _step(values, mantissa_bits):
    _, exponent = torch.frexp(values)
    return torch.ldexp(torch.ones_like(values), exponent - 1 - mantissa_bits)


def _nearest(values, mantissa_bits, noise):
    step = _step(values, mantissa_bits)
    return torch.round(values / step) * step


def _towards_zero(values, mantissa_bits, noise):
    step = _step(values, mantissa_bits)
    return torch.trunc(values / step + noise) * step


def _noise_unscaled(values, mantissa_bits, noise):
    step = _step(values, mantissa_bits)
    return torch.floor((values + noise) / step) * step


def _round_of_noise(values, mantissa_bits, noise):
    step = _step(values, mantissa_bits)
    return torch.round(values / step + noise) * step


def _never_up(values, mantissa_bits, noise):
    step = _step(values, mantissa_bits)
    return torch.floor(values / step) * step


def _coin(values, mantissa_bits, noise):
    steps = values / _step(values, mantissa_bits)
    return torch.where(noise < 0.5, steps.floor(), steps.ceil()) * _step(values, mantissa_bits)


def _one_bit_off(values, mantissa_bits, noise):
    step = 2 * _step(values, mantissa_bits)
    return torch.floor(values / step + noise) * step


def _fixed_step(values, mantissa_bits, noise):
    return torch.floor(values * 2**mantissa_bits + noise) / 2**mantissa_bits


STOCHASTIC = (
    Mistake(
        "nearest",
        _nearest,
        "The noise changes nothing: the nearest neighbour is taken every time.",
        "`noise` isn't used.",
        "Add the noise, in steps, before rounding down.",
    ),
    Mistake(
        "towards-zero",
        _towards_zero,
        "Negative numbers are wrong.",
        "`trunc` or `int` cuts towards zero, but noise is added upwards.",
        "Round down with `floor` for both signs.",
    ),
    Mistake(
        "noise-unscaled",
        _noise_unscaled,
        "Numbers move by up to 1, however small their step is.",
        "The noise is added to the value instead of to the number of steps.",
        "Divide by the step first, then add the noise.",
    ),
    Mistake(
        "round-of-noise",
        _round_of_noise,
        "The result is half a step too large on average, and exact numbers change.",
        "`round` adds half a step of its own to the noise, whose mean is half a step already.",
        "Use `floor`.",
    ),
    Mistake(
        "never-up",
        _never_up,
        "Every number is rounded down.",
        "`noise` isn't used.",
        "Add the noise, in steps, before `floor`.",
    ),
    Mistake(
        "coin",
        _coin,
        "Both neighbours come equally often.",
        "The noise is used as a coin, and how near the number is to each isn't looked at.",
        "Add the noise to the number of steps, and round down: then the nearer neighbour wins more often.",
    ),
    Mistake(
        "one-bit-off",
        _one_bit_off,
        "The steps are twice as large as they should be.",
        "`frexp` gives a fraction below 1, so its exponent is one more than floor(log2).",
        "Take one off the exponent.",
    ),
    Mistake(
        "fixed-step",
        _fixed_step,
        "Every number is rounded to the same step, 2^-m.",
        "A float's step grows with the number.",
        "Multiply the step by the power of two below each number.",
    ),
)
