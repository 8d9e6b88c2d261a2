"""The usual mistakes of exercise 1.6: a dot product in two formats."""

import torch

from course_utils.exercises.registry import Mistake


def _running(products, rounded):
    total, totals = torch.zeros_like(products[..., 0]), []
    for product in products.unbind(dim=-1):
        total = rounded(total + product)
        totals.append(total)
    return torch.stack(totals, dim=-1)


def _total_in_inputs(a, b, inputs, accumulator):
    return _running(inputs.round(a) * inputs.round(b), inputs.round)


def _products_rounded(a, b, inputs, accumulator):
    return _running(inputs.round(inputs.round(a) * inputs.round(b)), accumulator.round)


def _products_rounded_for_total(a, b, inputs, accumulator):
    return _running(accumulator.round(inputs.round(a) * inputs.round(b)), accumulator.round)


def _only_products_rounded(a, b, inputs, accumulator):
    return accumulator.round(inputs.round(a) * inputs.round(b)).cumsum(dim=-1)


def _inputs_exact(a, b, inputs, accumulator):
    return _running(a * b, accumulator.round)


def _one_factor(a, b, inputs, accumulator):
    return _running(inputs.round(a) * b, accumulator.round)


def _rounded_at_the_end(a, b, inputs, accumulator):
    return accumulator.round((inputs.round(a) * inputs.round(b)).cumsum(dim=-1))


def _total_exact(a, b, inputs, accumulator):
    return (inputs.round(a) * inputs.round(b)).cumsum(dim=-1)


def _nothing_rounded(a, b, inputs, accumulator):
    return (a * b).cumsum(dim=-1)


def _formats_swapped(a, b, inputs, accumulator):
    return _running(accumulator.round(a) * accumulator.round(b), inputs.round)


def _only_the_last(a, b, inputs, accumulator):
    return _running(inputs.round(a) * inputs.round(b), accumulator.round)[..., -1]


DOT = (
    Mistake(
        "total-in-inputs",
        _total_in_inputs,
        "The total is kept in the format of the inputs.",
        "It is rounded with `inputs.round`, and `accumulator` isn't used.",
        "Round the total to the other format.",
    ),
    Mistake(
        "products-rounded",
        _products_rounded,
        "The products are rounded to the format of the inputs.",
        "That is multiplying in low precision, read literally. A tensor core keeps the whole product.",
        "Round the factors only.",
    ),
    Mistake(
        "products-rounded-for-total",
        _products_rounded_for_total,
        "Every product is rounded before it is added.",
        "An addition is rounded once, afterwards; here it is rounded twice.",
        "Add the exact product, then round the new total.",
    ),
    Mistake(
        "only-products-rounded",
        _only_products_rounded,
        "The products are rounded to the accumulator's format, and the totals aren't.",
        "The total is then added up in full precision, so nothing is lost on the way.",
        "Leave the products exact, and round the total after each addition.",
    ),
    Mistake(
        "inputs-exact",
        _inputs_exact,
        "The inputs are not rounded.",
        "`inputs` isn't used.",
        "Round both factors with `inputs.round` first.",
    ),
    Mistake(
        "one-factor",
        _one_factor,
        "`b` is not rounded.",
        "Only `a` goes through `inputs.round`.",
        "Round both factors.",
    ),
    Mistake(
        "rounded-at-the-end",
        _rounded_at_the_end,
        "The totals are exact sums, each rounded once.",
        "`cumsum` goes on from the exact total, so no rounding error is carried along.",
        "Write a loop that goes on from the rounded total.",
    ),
    Mistake(
        "total-exact",
        _total_exact,
        "The totals are not rounded at all.",
        "`accumulator` isn't used.",
        "Round the total with `accumulator.round` after each addition.",
    ),
    Mistake(
        "nothing-rounded",
        _nothing_rounded,
        "Nothing is rounded: these are the exact totals.",
        "Neither `inputs` nor `accumulator` is used.",
        "Round the factors with the first, and the total with the second after each addition.",
    ),
    Mistake(
        "formats-swapped",
        _formats_swapped,
        "The two formats have changed places.",
        "The factors are rounded to `accumulator`, and the total to `inputs`.",
        "`inputs` is the format of the factors, `accumulator` that of the total.",
    ),
    Mistake(
        "only-the-last",
        _only_the_last,
        "Only the last total is returned.",
        "The totals on the way are lost.",
        "Keep each total in a list, and `torch.stack` them along the last axis.",
    ),
)
