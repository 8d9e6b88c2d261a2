"""The arithmetic of GPUs: both slides recomputed, and FLOP and bytes counted independently."""

import math
from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from course_utils import hardware
from course_utils.data import table
from course_utils.floats import FORMATS
from course_utils.hardware import A100, H100, H100_ANNOUNCED, H100_PCIE

TERA = 1e12


# The slides of the A100 and the H100


@pytest.mark.parametrize(
    ("chip", "format", "slide", "half_a_digit"),
    [
        (A100, "FP64", 9.7, 0.05),
        (A100, "FP32", 19.5, 0.05),
        (A100, "BF16", 39, 0.5),
        (A100, "FP16", 78, 0.5),
        (A100, "TF32 tensor", 156, 0.5),
        (A100, "FP16 tensor", 312, 0.5),
        (A100, "BF16 tensor", 312, 0.5),
        (H100_ANNOUNCED, "FP64", 30, 0.5),
        (H100_ANNOUNCED, "FP32", 60, 0.5),
        (H100_ANNOUNCED, "BF16", 120, 0.5),
        (H100_ANNOUNCED, "FP16", 120, 0.5),
    ],
)
def test_the_slides_rates_come_out_of_the_structure(chip, format, slide, half_a_digit):
    assert chip.rate(format) / TERA == pytest.approx(slide, abs=half_a_digit)


@pytest.mark.parametrize(
    ("format", "slide", "at_the_slides_clock", "sold"),
    [("TF32 tensor", 500, 479.8, 494.7), ("FP16 tensor", 1000, 959.7, 989.4), ("BF16 tensor", 1000, 959.7, 989.4)],
)
def test_the_h100_slides_tensor_rates_are_rounded_and_need_a_faster_clock_than_its_own(
    format, slide, at_the_slides_clock, sold
):
    assert H100_ANNOUNCED.rate(format) / TERA == pytest.approx(at_the_slides_clock, abs=0.05)
    assert H100.rate(format) / TERA == pytest.approx(sold, abs=0.05)
    assert slide / 1.05 < at_the_slides_clock < slide / 1.04 and slide / 1.02 < sold < slide / 1.01


@pytest.mark.parametrize(
    ("format", "slide", "digits", "announced", "sold"),
    [
        ("FP64", 3, 0, 3.08, 3.43),
        ("FP32", 3, 0, 3.08, 3.43),
        ("BF16", 3, 0, 3.08, 3.43),
        ("FP16", 1.5, 1, 1.54, 1.72),
        ("TF32 tensor", 3.2, 1, 3.08, 3.17),
        ("FP16 tensor", 3.2, 1, 3.08, 3.17),
    ],
)
def test_the_slides_gains_over_the_a100(format, slide, digits, announced, sold):
    gains = {chip.name: chip.rate(format) / A100.rate(format) for chip in (H100_ANNOUNCED, H100)}
    assert list(gains.values()) == pytest.approx([announced, sold], abs=0.005)
    # outside the tensor cores the slide rounds the figures of the day, inside it needs the clock of those sold
    right = H100 if "tensor" in format else H100_ANNOUNCED
    assert round(gains[right.name], digits) == slide


def test_the_slides_memory():
    assert A100.memory_gb == (40, 80)
    assert [round(bandwidth / TERA, 1) for bandwidth in A100.bandwidth] == [1.6, 2.0]  # the slide cuts 1.555 to 1.5
    assert math.floor(A100.bandwidth[0] / TERA * 10) / 10 == 1.5
    assert H100_ANNOUNCED.bandwidth == (3.0 * TERA,)
    assert round(H100_ANNOUNCED.bandwidth[0] / A100.bandwidth[1], 1) == 1.5
    assert H100_ANNOUNCED.memory_gb == H100.memory_gb == (80,)  # the slide's 40 GB were never sold
    assert H100.bandwidth == (3.35 * TERA,)


def test_the_slides_of_the_h100s_sm():
    chip = H100_ANNOUNCED
    assert (chip.sms_built, chip.sms, chip.subunits, chip.fp32_cores) == (144, 132, 4, 32)
    assert chip.threads == 132 * 4 * 32
    assert 2 * chip.tensor_fma == hardware.matmul_flops(4, 16, 8) == 1024
    assert hardware.peak_flops(132, 128, 1.775e9) == chip.rate("FP32") == pytest.approx(60e12, rel=1e-3)  # not 60e9


def test_four_tensor_cores_a_subunit_would_give_four_times_the_rate():
    four = replace(H100_ANNOUNCED, tensor_cores=4)
    assert four.tensor_rate("FP16") / TERA == pytest.approx(3839, abs=0.5)
    assert four.rate("FP32") == H100_ANNOUNCED.rate("FP32")
    assert H100.sms * H100.subunits * H100.tensor_cores == 528
    for format in ("FP64", "TF32", "BF16", "FP16"):
        assert four.tensor_rate(format) == 4 * H100_ANNOUNCED.tensor_rate(format)


@pytest.mark.parametrize(("format", "sold"), [("FP64", 33.5), ("FP32", 66.9), ("BF16", 133.8), ("FP16", 133.8)])
def test_the_h100_as_sold_is_about_a_ninth_faster(format, sold):
    assert H100.rate(format) / TERA == pytest.approx(sold, abs=0.05)
    assert H100.rate(format) / H100_ANNOUNCED.rate(format) == pytest.approx(1.115, abs=1e-3)


def test_fp64_on_tensor_cores_is_what_the_slides_leave_out():
    assert A100.rate("FP64 tensor") / TERA == pytest.approx(19.5, abs=0.05)
    assert H100.rate("FP64 tensor") / TERA == pytest.approx(67, abs=0.5)


@pytest.mark.parametrize(
    ("chip", "name"),
    [
        (A100, "A100 SXM4 40GB"),
        (H100_ANNOUNCED, "H100 SXM5 (announced)"),
        (H100, "H100 SXM5 (shipping)"),
        (H100_PCIE, "H100 PCIe (shipping)"),
    ],
)
def test_the_structure_agrees_with_the_table(chip, name):
    row = next(row for row in table("gpus") if row["name"] == name)
    assert chip.sms * chip.subunits * chip.fp32_cores == int(row["fp32_cores"])
    assert chip.rate("FP32") / TERA == pytest.approx(float(row["fp32_tflops"]), abs=0.006)
    assert chip.bandwidth[0] == float(row["bandwidth_gb_s"]) * 1e9
    assert chip.memory_gb[0] == float(row["memory_gb"])
    if chip is not H100_ANNOUNCED:  # its row has the slide's rounded 1000
        assert chip.rate("BF16 tensor") / TERA == pytest.approx(float(row["tensor_tflops"]), abs=0.5)


def test_an_unknown_format_is_told():
    with pytest.raises(ValueError, match=r"no rate for 'FP8': use one of FP64, FP32, BF16, FP16$"):
        A100.rate("FP8")
    for ask in (lambda: A100.tensor_rate("FP32"), lambda: A100.rate("FP32 tensor")):
        with pytest.raises(ValueError, match=r"no rate for 'FP32': use one of FP64, TF32, BF16, FP16$"):
            ask()


# FLOP, bytes and time


@pytest.mark.parametrize("sizes", [(4, 16, 8), (3, 5, 7), (1, 1, 1)])
def test_the_flop_of_a_matrix_product_are_pytorchs(sizes):
    m, k, n = sizes
    with FlopCounterMode(display=False) as counter:
        torch.ones(m, k) @ torch.ones(k, n)
    assert hardware.matmul_flops(m, k, n) == counter.get_total_flops()


def test_a_linear_layer_and_attention_have_pytorchs_flop_and_the_bytes_of_their_tensors():
    tokens, weights = torch.ones(10, 6), torch.ones(6, 8)
    with FlopCounterMode(display=False) as counter:
        result = tokens @ weights
    flop, moved = hardware.linear_cost(10, 6, 8, bytes_per_number=4)
    assert (flop, moved) == (counter.get_total_flops(), tokens.nbytes + weights.nbytes + result.nbytes)
    query = torch.ones(2, 10, 3)  # (h, N, d)
    with FlopCounterMode(display=False) as counter:
        scores = query @ query.transpose(1, 2)
        output = scores @ query
    flop, moved = hardware.attention_cost(tokens=10, width=6, heads=2, bytes_per_number=4)
    assert flop == counter.get_total_flops() + 5 * scores.numel()
    assert moved == 4 * output.nbytes + 4 * scores.nbytes
    assert hardware.elementwise_cost(100, 7, 2) == (700, 400)


@pytest.mark.parametrize(("flop", "moved", "seconds"), [(100, 1, 10), (1, 100, 20), (50, 25, 5)])
def test_the_roofline_is_the_slower_of_two(flop, moved, seconds):
    assert hardware.roofline_seconds(flop, moved, peak_flops=10, bandwidth=5) == seconds


@pytest.mark.parametrize(
    ("flop", "moved", "what"), [(100, 1, "arithmetic"), (1, 100, "memory"), (50, 25, "arithmetic")]
)
def test_a_computation_is_bound_by_what_takes_longer(flop, moved, what):
    assert hardware.bound(flop, moved, peak_flops=10, bandwidth=5) == what
    share = hardware.arithmetic_intensity(flop, moved) / hardware.ridge_point(10, 5)
    assert share == pytest.approx((flop / 10) / (moved / 5))


def test_on_an_a100_a_large_product_is_bound_by_arithmetic_and_all_else_by_memory():
    peak, bandwidth = A100.rate("FP16 tensor"), A100.bandwidth[1]
    layers = {
        "linear": hardware.linear_cost(64 * 197, 768, 3072, 2),
        "linear, one token": hardware.linear_cost(1, 768, 3072, 2),
        "attention": hardware.attention_cost(197, 768, 12, 2),
        "softmax": hardware.elementwise_cost(12 * 197**2, 5, 2),
    }
    bounds = {name: hardware.bound(*cost, peak, bandwidth) for name, cost in layers.items()}
    assert bounds == dict.fromkeys(layers, "memory") | {"linear": "arithmetic"}
    for cost in layers.values():  # whatever isn't waited for takes less time than the roofline says
        waits_for_memory = hardware.bound(*cost, peak, bandwidth) == "memory"
        expected = cost[1] / bandwidth if waits_for_memory else cost[0] / peak
        assert hardware.roofline_seconds(*cost, peak, bandwidth) == expected


def test_the_cost_of_multipliers_is_that_of_the_hidden_bits_too():
    costs = [hardware.multiplier_cost(FORMATS[name].mantissa_bits) for name in ("FP32", "FP16", "TF32", "BF16")]
    assert costs == [576, 121, 121, 64]
