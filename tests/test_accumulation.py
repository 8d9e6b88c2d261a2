"""Sums in few bits: against loops in torch's own types, and where they stall."""

import math

import numpy as np
import pytest
import torch

from course_utils.accumulation import kahan_sum, pairwise_sum, running_dot, sequential_sum
from course_utils.floats import FORMATS

TYPES = {"FP16": torch.float16, "BF16": torch.bfloat16, "FP32": torch.float32}
FP64 = FORMATS["FP64"]


def numbers(*shape, seed=0):
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("accumulator", TYPES)
@pytest.mark.parametrize("inputs", TYPES)
def test_a_running_dot_is_the_loop_in_torchs_types(inputs, accumulator):
    a, b = numbers(2, 3, 50) - 0.3
    exact = a.to(TYPES[inputs]).double() * b.to(TYPES[inputs]).double()
    total = torch.zeros(3, dtype=TYPES[accumulator])
    for i in range(50):
        total = (total.double() + exact[:, i]).to(TYPES[accumulator])
        found = running_dot(a[:, : i + 1], b[:, : i + 1], FORMATS[inputs], FORMATS[accumulator])
        assert torch.equal(found[:, -1], total.double())
    assert found.shape == (3, 50)


@pytest.mark.parametrize(("name", "stall"), [("FP16", 2**11), ("BF16", 2**8)])
def test_a_sum_of_ones_stalls_at_two_to_the_mantissa_bits_plus_one(name, stall):
    ones = torch.ones(stall + 100)
    totals = running_dot(ones, ones, FORMATS[name], FORMATS[name])
    assert totals.max() == totals[-1] == stall
    assert totals.argmax() == stall - 1
    assert running_dot(ones, ones, FORMATS[name], FORMATS["FP32"])[-1] == stall + 100


@pytest.mark.parametrize("names", [("FP16", 22), ("TF32", 22), ("BF16", 16), ("FP8 E4M3", 8)])
def test_products_of_low_precision_inputs_need_so_many_bits(names):
    format, bits = FORMATS[names[0]], names[1]
    a, b = format.round(numbers(2, 100_000) + 1)
    assert torch.equal(FORMATS["FP32"].round(a * b), a * b)
    mantissas = (a * b / 2.0 ** (torch.frexp(a * b)[1] - bits)).numpy()
    assert (mantissas == np.round(mantissas)).all()
    assert (np.round(mantissas) % 2 == 1).any()  # and not one bit fewer


def test_all_sums_agree_with_the_exact_one_in_fp64():
    values = numbers(4, 1001) - 0.5
    exact = [math.fsum(row) for row in values.tolist()]
    for add in (sequential_sum, pairwise_sum, kahan_sum):
        assert add(values, FP64).tolist() == pytest.approx(exact, abs=1e-12)


def test_in_fp16_the_order_matters_and_a_note_of_the_loss_helps_most():
    values = FORMATS["FP16"].round(numbers(8, 2000))
    exact = values.sum(dim=-1)
    sequential, pairwise, kahan = ((add(values, FORMATS["FP16"]) - exact).abs() for add in SUMS)
    half_a_gap = FORMATS["FP16"].spacing(exact) / 2
    assert (kahan <= 2 * half_a_gap).all()
    assert kahan.mean() < pairwise.mean() < sequential.mean()


SUMS = (sequential_sum, pairwise_sum, kahan_sum)


def test_an_odd_number_of_values_and_a_single_one_are_added_too():
    for add in SUMS:
        assert add(torch.tensor([[1.0, 2.0, 4.0], [3.0, 0.0, -3.0]]), FP64).tolist() == [7, 0]
        assert add(torch.tensor([0.1]), FORMATS["BF16"]).item() == 0.10009765625
