"""The usual mistakes of exercises 1.6 and 1.8: sums, loss scaling."""

import torch

from course_utils.exercises.registry import Mistake


def _running(products, round_total):
    total, totals = torch.zeros_like(products[..., 0]), []
    for product in products.unbind(dim=-1):
        total = round_total(total + product)
        totals.append(total)
    return torch.stack(totals, dim=-1)


def _total_in_inputs(a, b, inputs, accumulator):
    return _running(inputs.round(a) * inputs.round(b), inputs.round)


def _products_rounded(a, b, inputs, accumulator):
    return _running(inputs.round(inputs.round(a) * inputs.round(b)), accumulator.round)


def _products_rounded_for_total(a, b, inputs, accumulator):
    return _running(accumulator.round(inputs.round(a) * inputs.round(b)), accumulator.round)


def _inputs_exact(a, b, inputs, accumulator):
    return _running(a.double() * b.double(), accumulator.round)


def _rounded_at_the_end(a, b, inputs, accumulator):
    return accumulator.round((inputs.round(a) * inputs.round(b)).cumsum(dim=-1))


def _total_exact(a, b, inputs, accumulator):
    return (inputs.round(a) * inputs.round(b)).cumsum(dim=-1)


def _formats_swapped(a, b, inputs, accumulator):
    return _running(accumulator.round(a) * accumulator.round(b), inputs.round)


def _only_the_last(a, b, inputs, accumulator):
    return _running(inputs.round(a) * inputs.round(b), accumulator.round)[..., -1]


DOT = (
    Mistake(
        "total-in-inputs",
        _total_in_inputs,
        "The total is kept in the format of the inputs.",
        "`inputs.round` is used for it, and `accumulator` isn't.",
        "Round the total with `accumulator.round`.",
    ),
    Mistake(
        "products-rounded",
        _products_rounded,
        "The products are rounded to the format of the inputs.",
        "That would be *multiplying* in low precision. Tensor cores keep the whole product.",
        "Round the factors only.",
    ),
    Mistake(
        "products-rounded-for-total",
        _products_rounded_for_total,
        "The products are rounded before they are added.",
        "Each addition is rounded once, afterwards; here it is rounded twice.",
        "Add the exact product, then round the new total.",
    ),
    Mistake(
        "inputs-exact",
        _inputs_exact,
        "The inputs are not rounded.",
        "`inputs` isn't used.",
        "Round both factors with `inputs.round` first.",
    ),
    Mistake(
        "rounded-at-the-end",
        _rounded_at_the_end,
        "The totals are exact sums, rounded once at the end.",
        "`cumsum` adds in full precision, so no error can pile up.",
        "Write the loop: round after each addition, and go on from the rounded total.",
    ),
    Mistake(
        "total-exact",
        _total_exact,
        "The totals are not rounded at all.",
        "`accumulator` isn't used.",
        "Round the total with `accumulator.round` after each addition.",
    ),
    Mistake(
        "formats-swapped",
        _formats_swapped,
        "The two formats have changed places.",
        "The factors are rounded to `accumulator` and the total to `inputs`.",
        "Round the factors with `inputs.round`, the total with `accumulator.round`.",
    ),
    Mistake(
        "only-the-last",
        _only_the_last,
        "Only the last total is returned.",
        "The totals on the way are lost.",
        "Keep each total in a list, and `torch.stack` them along the last axis.",
    ),
)


def _finite(gradients):
    return all(gradient.isfinite().all() for gradient in gradients)


def _clipped(gradients, max_norm):
    norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
    return [gradient * (max_norm / norm).clamp(max=1) for gradient in gradients]


def _clip_first(gradients, scale, max_norm):
    return [g / scale for g in _clipped(gradients, max_norm)] if _finite(gradients) else None


def _multiplied(gradients, scale, max_norm):
    return _clipped([g * scale for g in gradients], max_norm) if _finite(gradients) else None


def _not_unscaled(gradients, scale, max_norm):
    return _clipped(gradients, max_norm) if _finite(gradients) else None


def _each_by_its_own(gradients, scale, max_norm):
    return [_clipped([g / scale], max_norm)[0] for g in gradients] if _finite(gradients) else None


def _always_max_norm(gradients, scale, max_norm):
    norm = torch.stack([(g / scale).norm() for g in gradients]).norm()
    return [g / scale * max_norm / norm for g in gradients] if _finite(gradients) else None


def _no_check(gradients, scale, max_norm):
    return _clipped([g / scale for g in gradients], max_norm)


def _zeros_for_overflow(gradients, scale, max_norm):
    cleaned = [g.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0) / scale for g in gradients]
    return _clipped(cleaned, max_norm)


def _values_clamped(gradients, scale, max_norm):
    return [(g / scale).clamp(-max_norm, max_norm) for g in gradients] if _finite(gradients) else None


def _not_clipped(gradients, scale, max_norm):
    return [g / scale for g in gradients] if _finite(gradients) else None


CLIP = (
    Mistake(
        "clip-first",
        _clip_first,
        "The gradients end up far too short.",
        "They are clipped while they are still multiplied by the loss scale, and divided by it afterwards.",
        "Unscale first: `max_norm` is meant for true gradients.",
    ),
    Mistake(
        "multiplied",
        _multiplied,
        "Short gradients come out much too long.",
        "They are multiplied by the scale once more.",
        "The loss was multiplied; undo it by dividing.",
    ),
    Mistake(
        "not-unscaled",
        _not_unscaled,
        "Short gradients come out too long, by up to the scale.",
        "`scale` isn't used.",
        "Divide every gradient by it before clipping.",
    ),
    Mistake(
        "each-by-its-own",
        _each_by_its_own,
        "Each tensor is clipped by itself, so their directions no longer fit together.",
        "The norm is taken tensor by tensor.",
        "Take one norm over all numbers of all tensors, and one factor for all.",
    ),
    Mistake(
        "always-max-norm",
        _always_max_norm,
        "Short gradients are made longer.",
        "All are brought to exactly `max_norm`.",
        "Shrink only if the norm is larger than `max_norm`.",
    ),
    Mistake(
        "no-check",
        _no_check,
        "Infinite or NaN gradients are passed on, and one such step ruins all weights.",
        "Overflow isn't looked for.",
        "Return None if any number isn't finite: the step is left out, and the scale lowered.",
    ),
    Mistake(
        "zeros-for-overflow",
        _zeros_for_overflow,
        "Where a number overflowed, a step is made without it.",
        "Infinity and NaN are replaced by 0: a direction that nobody computed.",
        "Return None: the whole step is left out.",
    ),
    Mistake(
        "values-clamped",
        _values_clamped,
        "Every number is cut by itself, so the direction changes.",
        "That is clipping by value.",
        "Multiply all gradients by one factor, so that their norm becomes `max_norm`.",
    ),
    Mistake(
        "not-clipped",
        _not_clipped,
        "Long gradients stay long.",
        "`max_norm` isn't used.",
        "If the norm of all together is larger than `max_norm`, multiply all by `max_norm` / norm.",
    ),
)
