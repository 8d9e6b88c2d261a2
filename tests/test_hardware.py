"""The arithmetic of GPUs: both slides recomputed, the tables' own columns, and an independent counter."""

from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from course_utils import hardware
from course_utils.data import table
from course_utils.floats import FORMATS
from course_utils.hardware import A100, H100, H100_ANNOUNCED, H100_PCIE, Point

TERA = 1e12


@pytest.mark.parametrize(
    ("slide", "rate", "places"),
    [
        (9.7, A100.rate("FP64"), 0.05),
        (19.5, A100.rate("FP32"), 0.05),
        (39, A100.rate("BF16"), 0.5),
        (78, A100.rate("FP16"), 0.5),
        (156, A100.tensor_rate("TF32"), 0.5),
        (312, A100.tensor_rate("FP16"), 0.5),
        (30, H100_ANNOUNCED.rate("FP64"), 0.5),
        (60, H100_ANNOUNCED.rate("FP32"), 0.5),
        (120, H100_ANNOUNCED.rate("BF16"), 0.5),
        (120, H100_ANNOUNCED.rate("FP16"), 0.5),
    ],
)
def test_every_figure_of_the_slides_is_recomputed(slide, rate, places):
    assert rate / TERA == pytest.approx(slide, abs=places + 1e-9)


def test_the_slides_tensor_rates_need_another_clock_than_its_own():
    assert H100_ANNOUNCED.tensor_rate("FP16") / TERA == pytest.approx(960, abs=0.5)
    assert H100.tensor_rate("FP16") / TERA == pytest.approx(989.4, abs=0.1)
    assert H100.tensor_rate("TF32") / TERA == pytest.approx(494.7, abs=0.1)


def test_four_tensor_cores_a_subunit_would_give_four_times_the_rate():
    four = replace(H100_ANNOUNCED, tensor_cores=4)
    assert four.tensor_rate("FP16") / TERA == pytest.approx(3839, abs=1)
    assert H100.sms * H100.subunits * H100.tensor_cores == 528


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
    assert chip.sms * chip.subunits * chip.fp32_cores == int(row["fp32_cores"]) == chip.threads / 32 * chip.fp32_cores
    assert chip.rate("FP32") / TERA == pytest.approx(float(row["fp32_tflops"]), abs=0.006)
    assert chip.bandwidth[0] == float(row["bandwidth_gb_s"]) * 1e9
    if chip is not H100_ANNOUNCED:
        assert chip.tensor_rate("BF16") / TERA == pytest.approx(float(row["tensor_tflops"]), rel=2e-3)


def test_fp64_on_tensor_cores_is_what_the_slides_leave_out():
    assert A100.tensor_rate("FP64") / TERA == pytest.approx(19.5, abs=0.05)
    assert H100.tensor_rate("FP64") / TERA == pytest.approx(67, abs=0.5)


def test_an_unknown_format_is_told():
    with pytest.raises(ValueError, match="no rate for 'FP8': use one of FP64, FP32, BF16, FP16"):
        A100.rate("FP8")
    with pytest.raises(ValueError, match="no rate for 'FP32': use one of FP64, TF32"):
        A100.tensor_rate("FP32")


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
    query = torch.ones(2, 10, 3)
    with FlopCounterMode(display=False) as counter:
        scores = query @ query.transpose(1, 2)
        output = scores @ query
    flop, moved = hardware.attention_cost(10, 6, bytes_per_number=4, heads=2)
    assert flop == counter.get_total_flops() + 5 * scores.numel()
    assert moved == 4 * output.nbytes + 4 * scores.nbytes
    assert hardware.elementwise_cost(100, 7, 2) == (700, 400)


@pytest.mark.parametrize(("flop", "moved", "seconds"), [(100, 1, 10), (1, 100, 20), (50, 25, 5)])
def test_the_roofline_is_the_slower_of_two(flop, moved, seconds):
    assert hardware.roofline_seconds(flop, moved, peak_flops=10, bandwidth=5) == seconds


def test_the_cost_of_multipliers_is_that_of_the_hidden_bits_too():
    costs = [hardware.multiplier_cost(FORMATS[name].mantissa_bits) for name in ("FP32", "FP16", "TF32", "BF16")]
    assert costs == [576, 121, 121, 64]


def test_gflop_per_dollar_agrees_with_the_tables_columns():
    points = {(point.series, point.name): point for point in hardware.gflop_per_dollar()}
    for row in table("cpus"):
        assert points["CPU", row["name"]].gflop_per_usd == pytest.approx(
            float(row["fp32_gflop_per_usd"]), rel=3e-3, abs=0.006
        )
    priced = [row for row in table("gpus") if row["launch_price_usd"]]
    for row in priced:
        point = points["GPU (FP32)", row["name"]]
        assert point.gflop_per_usd == pytest.approx(float(row["fp32_gflop_per_usd"]), rel=3e-3, abs=0.006)
        assert point.is_confirmed == (row["price_confidence"] == "confirmed")
        assert point.date.isoformat() == row["launch_date"]
        if row["tensor_tflops"]:
            tensor = points["GPU (tensor core)", row["name"]].gflop_per_usd
            assert tensor == pytest.approx(float(row["tensor_gflop_per_usd"]), rel=2e-3)
    assert len(points) == 12 + 23 + 10 == len(hardware.gflop_per_dollar())


def test_every_row_of_the_tables_says_where_it_is_from():
    for name in ("gpus", "cpus", "float_formats"):
        for row in table(name):
            assert row["source"], row
            assert {row.get("spec_confidence"), row.get("confidence")} & {"computed", "confirmed", "recalled"}, row


def test_doubling_years_of_a_known_growth():
    base = hardware.gflop_per_dollar()[0]
    growing = [replace(base, date=base.date.replace(year=2000 + 3 * i), gflop_per_usd=2.0**i) for i in range(5)]
    assert hardware.doubling_years(growing) == pytest.approx(3, rel=1e-3)
    with pytest.raises(ValueError, match="1 points on 1 dates have no slope"):
        hardware.doubling_years([base])
    assert isinstance(base, Point)
