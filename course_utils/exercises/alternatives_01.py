"""Right answers to lesson 1's exercises, written differently: all of them must get ✓."""

import math

import numpy as np
import torch

from course_utils.floats import exponent_bias, split_fields


def _peak_all_at_once(sms, cores_per_sm, clock_hz, flop_per_core=2):
    return float(math.prod([sms, cores_per_sm, flop_per_core]) * clock_hz)


def _peak_in_steps(sms, cores_per_sm, clock_hz, flop_per_core=2):
    flop_per_tick = 0
    for _ in range(sms):
        flop_per_tick += cores_per_sm * flop_per_core
    return clock_hz * flop_per_tick


PEAK = (_peak_all_at_once, _peak_in_steps)


def _product_by_rows(m, k, n):
    multiply_adds = sum(n * k for _ in range(m))
    return multiply_adds + multiply_adds


def _product_by_entries(m, k, n):
    entries = m * n
    return entries * k * 2


PRODUCT = (_product_by_rows, _product_by_entries)


def _roofline_by_if(flop, bytes_moved, peak_flops, bandwidth):
    arithmetic, memory = flop / peak_flops, bytes_moved / bandwidth
    return arithmetic if arithmetic > memory else memory


def _roofline_by_intensity(flop, bytes_moved, peak_flops, bandwidth):
    attainable = min(peak_flops, bandwidth * flop / bytes_moved)
    return flop / attainable


ROOFLINE = (_roofline_by_if, _roofline_by_intensity)


def _decode_by_cases(codes, exponent_bits, mantissa_bits):
    S, E, M = split_fields(codes, exponent_bits, mantissa_bits)
    bias, last = exponent_bias(exponent_bits), 2**exponent_bits - 1
    fraction = M.double() / 2**mantissa_bits
    normal = 2.0 ** (E.double() - bias) * (1 + fraction)
    subnormal = 2.0 ** (1 - bias) * fraction
    special = torch.where(M == 0, torch.full_like(fraction, torch.inf), torch.full_like(fraction, torch.nan))
    magnitude = torch.where(E == 0, subnormal, torch.where(last == E, special, normal))
    return magnitude * (1 - 2 * S)


def _decode_one_by_one(codes, exponent_bits, mantissa_bits):
    bias = 2 ** (exponent_bits - 1) - 1

    def one(code):
        bits = f"{code:0{1 + exponent_bits + mantissa_bits}b}"
        sign, E, M = bits[0] == "1", int(bits[1 : 1 + exponent_bits], 2), int(bits[1 + exponent_bits :], 2)
        if bits[1 : 1 + exponent_bits] == "1" * exponent_bits:
            value = math.nan if M else math.inf
        else:
            value = math.ldexp(M + (2**mantissa_bits if E else 0), max(E, 1) - bias - mantissa_bits)
        return -value if sign else value

    return torch.tensor([one(code) for code in codes.flatten().tolist()], dtype=torch.float64).view(codes.shape)


DECODE = (_decode_by_cases, _decode_one_by_one)


def _round_by_logarithm(values, exponent_bits, mantissa_bits):
    values = values.double()
    bias = exponent_bias(exponent_bits)
    exponent = values.abs().clamp(min=1e-300).log2().floor().clamp(min=1 - bias)
    step = 2.0 ** (exponent - mantissa_bits)
    rounded = (values / step).round() * step
    overflow = rounded.abs() >= 2.0 ** (bias + 1)
    rounded[overflow] = torch.copysign(torch.full_like(values, torch.inf), values)[overflow]
    return rounded


def _round_by_numpy(values, exponent_bits, mantissa_bits):
    numbers = values.detach().double().numpy()
    bias = exponent_bias(exponent_bits)
    exponent = np.maximum(np.frexp(numbers)[1] - 1, 1 - bias)
    rounded = np.ldexp(np.rint(np.ldexp(numbers, mantissa_bits - exponent)), exponent - mantissa_bits)
    too_large = np.abs(rounded) > np.ldexp(2.0 - 2.0**-mantissa_bits, bias)
    return torch.from_numpy(np.where(too_large, np.copysign(np.inf, rounded), rounded))


def _round_by_adding(values, exponent_bits, mantissa_bits):
    values, bias = values.double(), exponent_bias(exponent_bits)
    exponent = torch.frexp(values).exponent.clamp(min=2 - bias) - 1
    large = 1.5 * 2.0 ** (52 - mantissa_bits + exponent.double())  # its own last bit is one step
    rounded = (values + large) - large
    rounded[rounded > (2 - 2.0**-mantissa_bits) * 2.0**bias] = torch.inf
    rounded[rounded < -(2 - 2.0**-mantissa_bits) * 2.0**bias] = -torch.inf
    return rounded


ROUND = (_round_by_logarithm, _round_by_numpy, _round_by_adding)


def _dot_into_a_table(a, b, inputs, accumulator):
    a, b = inputs.round(a), inputs.round(b)
    totals = torch.zeros_like(a)
    for i in range(a.shape[-1]):
        before = totals[..., i - 1] if i else 0.0
        totals[..., i] = accumulator.round(before + a[..., i] * b[..., i])
    return totals


def _dot_row_by_row(a, b, inputs, accumulator):
    if a.ndim > 1:
        rows = [_dot_row_by_row(x, y, inputs, accumulator) for x, y in zip(a, b, strict=True)]
        return torch.stack(rows)
    totals = [torch.zeros((), dtype=torch.float64)]
    for product in inputs.round(a) * inputs.round(b):
        totals.append(accumulator.round(product + totals[-1]))
    return torch.stack(totals[1:])


DOT = (_dot_into_a_table, _dot_row_by_row)


def _softmax_by_torch(scores):
    return torch.softmax(scores, dim=-1)


def _softmax_by_logarithm(scores):
    shifted = scores - scores.max(dim=-1, keepdim=True).values
    return torch.exp(shifted - shifted.exp().sum(dim=-1, keepdim=True).log())


SOFTMAX = (_softmax_by_torch, _softmax_by_logarithm)


def _clip_with_if(gradients, scale, max_norm):
    for gradient in gradients:
        if gradient.isinf().any() or gradient.isnan().any():
            return None
    unscaled = [gradient / scale for gradient in gradients]
    norm = math.sqrt(sum((gradient**2).sum().item() for gradient in unscaled))
    return [gradient * (max_norm / norm) for gradient in unscaled] if norm > max_norm else unscaled


def _clip_in_one_piece(gradients, scale, max_norm):
    together = torch.cat([gradient.flatten() for gradient in gradients]) / scale
    if not torch.isfinite(together).all():
        return None
    together = together / max(1.0, together.norm().item() / max_norm)
    pieces = together.split([gradient.numel() for gradient in gradients])
    return [piece.view(gradient.shape) for piece, gradient in zip(pieces, gradients, strict=True)]


CLIP = (_clip_with_if, _clip_in_one_piece)


def _stochastic_by_neighbours(values, mantissa_bits, noise):
    size = values.abs()
    exponent = torch.where(size > 0, size.clamp(min=1e-300).log2().floor(), torch.zeros_like(values))
    step = 2.0 ** (exponent - mantissa_bits)
    below = (values / step).floor()
    share = values / step - below
    return (below + (noise >= 1 - share)) * step


def _stochastic_by_ldexp(values, mantissa_bits, noise):
    fraction, exponent = torch.frexp(values)
    whole = torch.floor(fraction * 2.0 ** (mantissa_bits + 1) + noise)
    return torch.ldexp(whole, exponent - mantissa_bits - 1)


STOCHASTIC = (_stochastic_by_neighbours, _stochastic_by_ldexp)
