"""The tables of chips: their types and sources, what a dollar buys, and a GPU found by its driver's name."""

import datetime
import math
from dataclasses import replace

import pytest
from scipy.stats import linregress

from course_utils import hardware
from course_utils.chips import cpus, find_gpu, gpus
from course_utils.data import table
from course_utils.files import DATA
from course_utils.hardware import Point

TERA = 1e12


def test_chips_are_read_with_types_and_units():
    first, announced = gpus()[0], next(gpu for gpu in gpus() if "announced" in gpu.name)
    assert (first.name, first.kind, first.launch_date) == ("GeForce 8800 GTX", "consumer", datetime.date(2006, 11, 8))
    assert (first.fp32_cores, first.clock_hz, first.bandwidth) == (128, 1.35e9, 86.4e9)
    assert (first.launch_price_usd, first.tensor_flops, first.memory_gb) == (599.0, None, 0.75)
    assert (announced.launch_price_usd, announced.price_confidence, announced.is_price_confirmed) == (None, "", False)
    assert announced.tensor_flops == 1000 * TERA
    processor = cpus()[-1]
    assert (processor.name, processor.cores, processor.clock_hz) == ("Ryzen 9 7950X", 16, 4.5e9)
    assert (processor.flop_per_core, processor.is_price_confirmed) == (32, False)
    assert (len(gpus()), len(cpus())) == (29, 12)


def test_the_tables_rates_are_cores_times_clock_times_flop():
    for row, gpu in zip(table("gpus"), gpus(), strict=True):
        peak = hardware.peak_flops(gpu.fp32_cores, 1, gpu.clock_hz)
        assert peak / TERA == pytest.approx(float(row["fp32_tflops"]), abs=0.00501), row["name"]
    for row, cpu in zip(table("cpus"), cpus(), strict=True):
        peak = hardware.peak_flops(cpu.cores, 1, cpu.clock_hz, cpu.flop_per_core)
        assert peak / TERA == pytest.approx(float(row["fp32_tflops"]), abs=0.000501), row["name"]


def test_gflop_per_dollar_agrees_with_the_tables_columns():
    points = {(point.series, point.name): point for point in hardware.gflop_per_dollar()}
    for row in table("cpus"):
        assert points["CPU", row["name"]].gflop_per_usd == pytest.approx(float(row["fp32_gflop_per_usd"]), abs=0.000501)
    priced = [row for row in table("gpus") if row["launch_price_usd"]]
    for row in priced:
        point = points["GPU (FP32)", row["name"]]
        # the column divides a rate that is already rounded, to 0.01 TFLOP/s
        rounding = 0.00501 + 5 / float(row["launch_price_usd"])
        assert point.gflop_per_usd == pytest.approx(float(row["fp32_gflop_per_usd"]), abs=rounding)
        assert point.is_confirmed == (row["price_confidence"] == "confirmed")
        assert point.date.isoformat() == row["launch_date"]
        if row["tensor_tflops"]:
            tensor = points["GPU (tensor core)", row["name"]].gflop_per_usd
            assert tensor == pytest.approx(float(row["tensor_gflop_per_usd"]), abs=0.00501)
    assert len(points) == 12 + 23 + 10 == len(hardware.gflop_per_dollar())


TABLES = ["gpus", "cpus", "float_formats", "macs_per_second", "swin_speed_accuracy", "mlp_family", "deit_vs_vit"]


@pytest.mark.parametrize("name", TABLES)
def test_every_row_of_the_tables_says_where_it_is_from_and_the_readme_what_its_words_mean(name):
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    for row in table(name):
        assert row["source"], row
        words = {value for column, value in row.items() if column.endswith("confidence") and value}
        assert words and words <= {"computed", "confirmed", "recalled"}, row
        assert all(f"- **{word}**: " in readme for word in words)
        assert bool(row.get("price_confidence")) == bool(row.get("launch_price_usd")), row
    assert all(f"`{column}`" in readme for column in table(name)[0]), name


@pytest.mark.parametrize("series", ["CPU", "GPU (FP32)", "GPU (tensor core)"])
def test_doubling_years_are_those_of_scipys_regression(series):
    points = [point for point in hardware.gflop_per_dollar() if point.series == series]
    years = [(point.date - datetime.date(2000, 1, 1)).days / 365.25 for point in points]
    slope = linregress(years, [math.log2(point.gflop_per_usd) for point in points]).slope
    assert hardware.doubling_years(points) == pytest.approx(1 / slope, rel=1e-9)


def test_doubling_years_of_a_known_growth_and_of_none():
    points = [
        Point("CPU", "toy", datetime.date(2000, 1, 1) + datetime.timedelta(days=1461 * i), 2.0**i, True)
        for i in range(5)
    ]
    assert hardware.doubling_years(points) == pytest.approx(4, rel=1e-12)
    with pytest.raises(ValueError, match="1 points on 1 dates have no slope: pass at least two dates"):
        hardware.doubling_years(points[:1])
    falling = [replace(point, gflop_per_usd=1 / point.gflop_per_usd) for point in points]
    with pytest.raises(ValueError, match=r"changes by -0\.25 a year: it must grow to double"):
        hardware.doubling_years(falling)


@pytest.mark.parametrize(
    ("driver", "ours"),
    [
        ("NVIDIA GeForce RTX 3080", "GeForce RTX 3080"),
        ("NVIDIA GeForce RTX 3090 Ti", "GeForce RTX 3090 Ti"),
        ("GeForce RTX 2080 Ti", "GeForce RTX 2080 Ti"),
        ("NVIDIA TITAN RTX", "Titan RTX"),
        ("NVIDIA GeForce GTX TITAN X", "GeForce GTX Titan X (Maxwell)"),
        ("NVIDIA TITAN X (Pascal)", "Titan X (Pascal)"),
        ("Tesla V100-SXM2-16GB", "Tesla V100 SXM2"),
        ("NVIDIA A100-SXM4-80GB", "A100 SXM4 80GB"),
        ("NVIDIA H100 80GB HBM3", "H100 SXM5 (shipping)"),
        ("NVIDIA H100 PCIe", "H100 PCIe (shipping)"),
        ("NVIDIA GeForce RTX 3080 Ti", None),
        ("NVIDIA GeForce RTX 4080 SUPER", None),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", None),
        ("NVIDIA GeForce RTX 4090 D", None),
        ("NVIDIA GeForce GTX 1080 with Max-Q Design", None),
        ("NVIDIA GeForce GTX TITAN Black", None),
        ("NVIDIA A100 80GB PCIe", None),
        ("NVIDIA TITAN Xp", None),
        ("NVIDIA L4", None),
        ("", None),
    ],
)
def test_a_gpu_is_found_by_its_drivers_name_and_never_taken_for_another(driver, ours):
    found = find_gpu(driver)
    assert (found and found.name) == ours


def test_every_gpu_of_the_table_but_the_announced_one_is_found_by_its_own_name():
    missed = [gpu.name for gpu in gpus() if find_gpu(f"NVIDIA {gpu.name}") != gpu]
    assert missed == ["H100 SXM5 (announced)"]
