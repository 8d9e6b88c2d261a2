"""The usual mistakes of exercise 1.8: gradients under loss scaling."""

import torch

from course_utils.exercises.registry import Mistake


def _finite(gradients):
    return all(gradient.isfinite().all() for gradient in gradients)


def _norm(gradients):
    return torch.stack([gradient.norm() for gradient in gradients]).norm()


def _sum_of_norms(gradients):
    return torch.stack([gradient.norm() for gradient in gradients]).sum()


def _norm_and_a_bit(gradients):
    return _norm(gradients) + 1e-6


def _clipped(gradients, max_norm, norm=_norm):
    shrink = (max_norm / norm(gradients)).clamp(max=1)
    return [gradient * shrink for gradient in gradients]


def _with(step, is_fine=_finite):
    """Return an answer that takes `step` wherever `is_fine` finds no overflow."""

    def wrong(gradients, scale, max_norm):
        return step(gradients, scale, max_norm) if is_fine(gradients) else None

    return wrong


def _right(gradients, scale, max_norm):
    return _clipped([g / scale for g in gradients], max_norm)


def _zeros_for_overflow(gradients, scale, max_norm):
    return _right([g.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0) for g in gradients], scale, max_norm)


def _always_max_norm(gradients, scale, max_norm):
    return [g * (max_norm / _norm(gradients)) for g in gradients]


CLIP = (
    Mistake(
        "clip-first",
        _with(lambda gradients, scale, max_norm: [g / scale for g in _clipped(gradients, max_norm)]),
        "Long gradients end up far too short.",
        "They are clipped while they are still multiplied by the loss scale, and divided by it afterwards.",
        "Unscale first: `max_norm` is meant for the true gradients.",
    ),
    Mistake(
        "multiplied",
        _with(lambda gradients, scale, max_norm: _clipped([g * scale for g in gradients], max_norm)),
        "Short gradients come out much too long.",
        "They are multiplied by the scale once more.",
        "The loss was multiplied by it: undo that by dividing.",
    ),
    Mistake(
        "not-unscaled",
        _with(lambda gradients, scale, max_norm: _clipped(gradients, max_norm)),
        "Short gradients come out too long.",
        "`scale` isn't used.",
        "Divide every gradient by it before clipping.",
    ),
    Mistake(
        "each-by-its-own",
        _with(lambda gradients, scale, max_norm: [_right([g], scale, max_norm)[0] for g in gradients]),
        "Each tensor is clipped by itself, so together they point in another direction.",
        "The norm is taken tensor by tensor.",
        "Take one norm over the numbers of all tensors, and one factor for all of them.",
    ),
    Mistake(
        "norms-added",
        _with(lambda gradients, scale, max_norm: _clipped([g / scale for g in gradients], max_norm, _sum_of_norms)),
        "Long gradients end up too short.",
        "The norms of the tensors are added up, which gives more than the norm of all numbers together.",
        "Add up squares, and take one root at the end.",
    ),
    Mistake(
        "small-number-added",
        _with(lambda gradients, scale, max_norm: _clipped([g / scale for g in gradients], max_norm, _norm_and_a_bit)),
        "Clipped gradients are a little too short.",
        "A small number, 1e-6, is added to the norm, as in PyTorch's `clip_grad_norm_`: tiny gradients show it.",
        "Divide by the norm alone.",
    ),
    Mistake(
        "always-max-norm",
        _with(_always_max_norm),
        "Short gradients are made longer.",
        "All are brought to exactly `max_norm`.",
        "Change the length only if it is larger than `max_norm`.",
    ),
    Mistake(
        "values-clamped",
        _with(lambda gradients, scale, max_norm: [(g / scale).clamp(-max_norm, max_norm) for g in gradients]),
        "Every number is cut by itself, which changes the direction and leaves the norm too large.",
        "That is clipping by value.",
        "Multiply all gradients by one factor, so that their norm becomes `max_norm`.",
    ),
    Mistake(
        "not-clipped",
        _with(lambda gradients, scale, max_norm: [g / scale for g in gradients]),
        "Long gradients stay long.",
        "`max_norm` isn't used.",
        "If the norm of all together is larger than `max_norm`, shrink all by the same factor.",
    ),
    Mistake(
        "only-unscaled",
        lambda gradients, scale, max_norm: [g / scale for g in gradients],
        "Long gradients stay long, and those that overflowed are passed on.",
        "All are divided by the scale, and nothing else is done.",
        "First look for infinity and NaN, and return None if there is any; clip last.",
    ),
    Mistake(
        "no-check",
        _right,
        "Gradients that overflowed are passed on, and one such step ruins all weights.",
        "Nothing looks for infinity and NaN.",
        "Return None if any number of any tensor isn't finite: that step is left out.",
    ),
    Mistake(
        "nan-missed",
        _with(_right, lambda gradients: not any(g.isinf().any() for g in gradients)),
        "Gradients with NaN are passed on.",
        "Only infinity is looked for, but infinity minus infinity has become NaN on the way.",
        "Ask whether every number is finite: neither infinite nor NaN.",
    ),
    Mistake(
        "infinity-missed",
        _with(_right, lambda gradients: not any(g.isnan().any() for g in gradients)),
        "Infinite gradients are passed on.",
        "Only NaN is looked for, but an overflow gives infinity first.",
        "Ask whether every number is finite: neither infinite nor NaN.",
    ),
    Mistake(
        "zeros-for-overflow",
        _zeros_for_overflow,
        "Where a number overflowed, a step is made without it.",
        "Infinity and NaN are replaced by 0, which gives a direction that nobody computed.",
        "Return None, so that the whole step is left out.",
    ),
)
