"""Adding up many numbers in a format with few bits: one after another, in pairs, and with a note of what was lost."""

import torch
from torch import Tensor

from course_utils.floats import FloatFormat


def running_dot(a: Tensor, b: Tensor, inputs: FloatFormat, accumulator: FloatFormat) -> Tensor:
    """Multiply numbers of one format, and add them up one after another in a second format.

    Args:
        a, b: (..., n), rounded to `inputs` first.
        inputs: the format of the factors. Their products are not rounded.
        accumulator: the format of the running total, rounded after each addition.

    Returns:
        (..., n) in FP64: the totals after 1, 2, ..., n products; the last is the dot product. For inputs of up to
        FP32 a product is exact in FP64.

    Source: mixed precision as in Micikevicius et al. 2018, section 3.3.
    """
    products = inputs.round(a) * inputs.round(b)
    total = torch.zeros_like(products[..., 0])
    totals = []
    for product in products.unbind(dim=-1):
        total = accumulator.round(total + product)
        totals.append(total)
    return torch.stack(totals, dim=-1)


def sequential_sum(values: Tensor, format: FloatFormat) -> Tensor:
    """Add up one after another, rounding each total to `format`: (..., n) -> (...), FP64."""
    values = format.round(values)
    total = torch.zeros_like(values[..., 0])
    for value in values.unbind(dim=-1):
        total = format.round(total + value)
    return total


def pairwise_sum(values: Tensor, format: FloatFormat) -> Tensor:
    """Add neighbours, then the sums of neighbours, and so on, each rounded to `format`: (..., n) -> (...), FP64.

    A number takes part in log2(n) additions instead of n (Higham 1993, "The accuracy of floating point summation").
    """
    values = format.round(values)
    while values.shape[-1] > 1:
        if values.shape[-1] % 2:
            values = torch.cat([values, torch.zeros_like(values[..., :1])], dim=-1)
        values = format.round(values[..., 0::2] + values[..., 1::2])
    return values[..., 0]


def kahan_sum(values: Tensor, format: FloatFormat) -> Tensor:
    """Add up one after another, and carry along what each addition rounded away: (..., n) -> (...), FP64.

    Every operation is rounded to `format` (Kahan 1965, "Further remarks on reducing truncation errors").
    """
    values = format.round(values)
    total = lost = torch.zeros_like(values[..., 0])
    for value in values.unbind(dim=-1):
        value = format.round(value - lost)  # put back what the last addition lost
        larger = format.round(total + value)
        lost = format.round(format.round(larger - total) - value)
        total = larger
    return total
