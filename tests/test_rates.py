"""Measured rates, and the GPU's way on a stand-in that records what is asked of it."""

import time

import pytest
import torch

from course_utils import rates
from course_utils.data import table
from course_utils.rates import Processor, find_backend, measure_rates


class StandIn(Processor):
    """A GPU made of the processor: its work arrives in a queue, and is done when somebody waits for it."""

    device, formats, side, copied_bytes = "cuda", ("FP64", "FP32", "TF32", "BF16", "FP16"), 64, 2**16

    def __init__(self, name="NVIDIA GeForce RTX 3080", memory_side=64):
        self.called, self.memory_side = name, memory_side
        self.waits, self.products, self.precisions, self.clock = 0, [], [], []

    def name(self):
        return self.called

    def synchronize(self):
        self.waits += 1


@pytest.fixture
def stand_in(monkeypatch):
    """Put a stand-in behind PyTorch's "cuda": tensors live on the processor, and too large ones don't fit."""
    gpu = StandIn()
    full, zeros, clock = torch.full, torch.zeros, time.perf_counter

    def full_here(shape, value, *, dtype, device):
        assert device == "cuda"
        if shape[0] > gpu.memory_side:
            raise torch.OutOfMemoryError("CUDA out of memory")
        gpu.products.append((dtype, shape[0]))
        gpu.precisions.append(torch.backends.cuda.matmul.fp32_precision)
        return full(shape, value, dtype=dtype)

    def zeros_here(size, *, dtype, device):
        assert device == "cuda"
        return zeros(size, dtype=dtype)

    def read_clock():
        gpu.clock.append(gpu.waits)
        return clock()

    monkeypatch.setattr(torch, "full", full_here)
    monkeypatch.setattr(torch, "zeros", zeros_here)
    monkeypatch.setattr(rates.time, "perf_counter", read_clock)
    return gpu


def test_a_gpu_is_asked_for_each_format_with_tf32_only_where_it_is_named(stand_in):
    before = torch.backends.cuda.matmul.fp32_precision
    found = measure_rates(stand_in)
    assert found.is_gpu
    assert list(found.flops) == ["FP64", "FP32", "TF32", "BF16", "FP16"]
    expected = [torch.float64, torch.float32, torch.float32, torch.bfloat16, torch.float16]
    assert stand_in.products == [(dtype, 64) for dtype in expected]
    assert stand_in.precisions == ["ieee", "ieee", "tf32", "ieee", "ieee"]
    assert torch.backends.cuda.matmul.fp32_precision == before


def test_the_clock_is_read_only_after_waiting_for_the_queue(stand_in):
    measure_rates(stand_in)
    assert stand_in.clock == list(range(1, len(stand_in.clock) + 1))  # one wait before each reading, none between
    assert len(stand_in.clock) == 2 * 6 * (1 + rates.REPEATS)


def test_where_the_memory_is_small_smaller_matrices_are_taken(stand_in, monkeypatch):
    monkeypatch.setattr(StandIn, "side", 2048)
    stand_in.memory_side = 512
    measure_rates(stand_in)
    assert {side for _, side in stand_in.products} == {512}


def test_where_not_even_small_ones_fit_the_error_gets_through(stand_in):
    stand_in.memory_side = 0
    with pytest.raises(torch.OutOfMemoryError):
        measure_rates(stand_in)


@pytest.mark.parametrize(
    ("driver", "ours"),
    [
        ("NVIDIA GeForce RTX 3080", "GeForce RTX 3080"),
        ("NVIDIA GeForce RTX 3090 Ti", "GeForce RTX 3090 Ti"),
        ("NVIDIA GeForce RTX 3080 Ti", None),
        ("NVIDIA GeForce RTX 4080 SUPER", None),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", None),
        ("NVIDIA TITAN RTX", "Titan RTX"),
        ("NVIDIA GeForce GTX TITAN X", "GeForce GTX Titan X (Maxwell)"),
        ("Tesla V100-SXM2-16GB", "Tesla V100 SXM2"),
        ("NVIDIA A100-SXM4-80GB", "A100 SXM4 80GB"),
        ("NVIDIA H100 80GB HBM3", "H100 SXM5 (shipping)"),
        ("NVIDIA H100 PCIe", "H100 PCIe (shipping)"),
        ("NVIDIA L4", None),
    ],
)
def test_a_gpu_is_found_in_the_table_by_the_name_its_driver_uses(stand_in, driver, ours):
    stand_in.called = driver
    found = measure_rates(stand_in)
    if ours is None:
        assert (found.peak, found.peak_bandwidth) == ({}, None)
        return
    row = next(row for row in table("gpus") if row["name"] == ours)
    assert found.peak["FP32"] == float(row["fp32_tflops"]) * 1e12
    assert found.peak_bandwidth == float(row["bandwidth_gb_s"]) * 1e9
    assert ("FP16" in found.peak) == bool(row["tensor_tflops"])


def test_the_processor_is_measured_for_real_and_quickly():
    threads, started = torch.get_num_threads(), time.perf_counter()
    found = measure_rates(Processor())
    assert time.perf_counter() - started < 5
    assert not found.is_gpu and found.peak == {} and "processor" in found.name
    assert 1e9 < found.flops["FP32"] < 1e14
    assert 1e9 < found.bandwidth < 1e13
    assert torch.get_num_threads() == threads


def test_a_gpu_is_taken_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA L4")
    assert (find_backend().device, find_backend().name()) == ("cuda", "NVIDIA L4")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert find_backend().device == "cpu"
