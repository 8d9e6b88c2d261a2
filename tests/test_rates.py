"""Measured rates: the processor's for real, and a GPU's on a simulated one whose rates are known."""

import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils.benchmark import Timer

from course_utils import rates
from course_utils.files import CourseError
from course_utils.rates import Cuda, Processor, find_backend, measure_rates

FORMAT_OF = {torch.float64: "FP64", torch.bfloat16: "BF16", torch.float16: "FP16"}
# run by itself, since it changes what the whole process computes with
SETTINGS = """import torch
from course_utils import rates

matmul = torch.backends.cuda.matmul

def state():
    return [settings.fp32_precision for settings in rates.PRECISIONS], torch.backends.fp32_precision

def legacy(level):
    return lambda: torch.set_float32_matmul_precision(level)

changes = [lambda: None, legacy("high"), legacy("medium"), legacy("highest"),
           lambda: setattr(matmul, "fp32_precision", "tf32"), lambda: setattr(matmul, "fp32_precision", "none")]
for change in changes:
    change()
    before = state()
    for format, inside in (("TF32", "tf32"), ("FP32", "ieee"), ("FP16", "ieee")):
        with rates._fp32_products(format):
            assert state()[0] == [inside, inside]
    assert state() == before, (state(), before)
legacy("high")()
with rates._fp32_products("FP32"):
    pass
assert matmul.allow_tf32 and torch.get_float32_matmul_precision() == "high"
print("as before")
"""


class SimulatedGpu(TorchFunctionMode):
    """A GPU with a queue: its clock moves on only when somebody waits for the work. Tensors have shapes, no numbers."""

    def __init__(self, name="NVIDIA GeForce RTX 3080", capability=(8, 6), memory=10e9):
        super().__init__()
        self.name, self.capability, self.memory = name, capability, memory
        self.flops = {"FP64": 0.4e12, "FP32": 25e12, "TF32": 28e12, "BF16": 55e12, "FP16": 57e12}
        self.bandwidth = 700e9
        self.now, self.queue, self.calls = 100.0, 0.0, []
        self.fault, self.has_waited = None, False

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function is torch.matmul:
            self.multiply(*args)
        elif function is torch.Tensor.copy_:
            self.work("copy", args[1].numel(), 2 * args[1].nbytes / self.bandwidth)
        return function(*args, **kwargs)

    def multiply(self, left, right):
        if self.fault:
            raise self.fault
        precision = {"tf32": "TF32", "ieee": "FP32"}[torch.backends.cuda.matmul.fp32_precision]
        format = FORMAT_OF.get(left.dtype, precision)
        flop = 2 * left.shape[0] * left.shape[1] * right.shape[1]
        self.work(format, left.shape[0], flop / self.flops[format])

    def work(self, what, size, seconds):
        """The first run of each size takes a second longer, and one of the others ten times as long."""
        self.calls.append((what, size))
        times = self.calls.count((what, size))
        self.queue += seconds + 1 if times == 1 else seconds * 10 if times == 4 else seconds

    def wait(self):
        self.now, self.queue, self.has_waited = self.now + self.queue, 0.0, True

    def read_clock(self):
        assert self.has_waited, "the clock is read while the queue may be full"
        self.has_waited = False
        return self.now

    def sizes(self, what):
        return sorted({size for name, size in self.calls if name == what})


class OnMeta(Cuda):
    """The course's own class for GPUs, except that its numbers lie nowhere."""

    def __init__(self, memory):
        self.memory = memory

    def random(self, *shape, dtype):
        numbers = torch.empty(shape, dtype=dtype, device="meta")
        if 3 * numbers.nbytes > self.memory:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate a lot")
        return numbers


@pytest.fixture
def measure(monkeypatch):
    """Return a function that measures a simulated GPU."""

    def run(gpu):
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda: gpu.name)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: gpu.capability)
        monkeypatch.setattr(torch.cuda, "synchronize", gpu.wait)
        monkeypatch.setattr(rates, "time", SimpleNamespace(perf_counter=gpu.read_clock))
        with gpu:
            return measure_rates(OnMeta(gpu.memory))

    return run


def test_a_gpus_rates_come_out_as_they_are(measure):
    gpu = SimulatedGpu()
    found = measure(gpu)
    assert found.flops == pytest.approx(gpu.flops, rel=1e-6)  # the clock at 100 s is that coarse
    assert list(found.flops) == ["FP64", "FP32", "TF32", "BF16", "FP16"]
    assert found.bandwidth == pytest.approx(gpu.bandwidth, rel=1e-6)


def test_a_gpu_is_compared_with_the_peaks_of_the_table(measure):
    found = measure(SimulatedGpu())
    assert (found.is_gpu, found.name, found.gpu.name) == (True, "NVIDIA GeForce RTX 3080", "GeForce RTX 3080")
    peaks = {"FP32": 8704 * 2 * 1.71e9, "TF32": 59.5e12 / 2, "BF16": 59.5e12, "FP16": 59.5e12}
    expected = {format: SimulatedGpu().flops[format] / peak for format, peak in peaks.items()}
    assert found.fractions() == pytest.approx({**expected, "copy": 700 / 760}, rel=1e-6)
    assert str(found).splitlines() == [
        "NVIDIA GeForce RTX 3080, compared with GeForce RTX 3080 in data/tables/gpus.csv:",
        "FP64: 0.4 TFLOP/s",
        "FP32: 25 TFLOP/s, 84% of the peak",
        "TF32: 28 TFLOP/s, 94% of the peak",
        "BF16: 55 TFLOP/s, 92% of the peak",
        "FP16: 57 TFLOP/s, 96% of the peak",
        "copy: 700 GB/s, 92% of the peak",
    ]


def test_a_gpu_that_is_not_in_the_table_is_said_to_be_unknown(measure):
    found = measure(SimulatedGpu(name="NVIDIA L4"))
    assert (found.gpu, found.fractions()) == (None, {})
    assert str(found).startswith("NVIDIA L4 is not in data/tables/gpus.csv, so there is no peak to compare with:\n")
    assert "\nFP32: 25 TFLOP/s\n" in str(found)


def test_before_the_a100_there_was_neither_tf32_nor_bf16(measure):
    found = measure(SimulatedGpu(name="NVIDIA TITAN RTX", capability=(7, 5)))
    assert list(found.flops) == ["FP64", "FP32", "FP16"]
    assert list(found.fractions()) == ["FP32", "FP16", "copy"]


def test_slow_formats_stay_with_small_matrices_and_fast_ones_get_large_ones(measure):
    gpu = SimulatedGpu()
    measure(gpu)
    assert gpu.sizes("FP64") == [1024, 2048]  # 2 x 2048^3 FLOP take 43 ms
    assert gpu.sizes("FP16") == [1024, 2048, 4096, 8192]
    assert gpu.calls.count(("FP16", 8192)) == 1 + rates.REPEATS


def test_where_memory_is_small_smaller_sizes_are_taken(measure):
    gpu = SimulatedGpu(memory=0.8e9)  # three matrices of 8192 x 8192 numbers are 0.805 GB in FP32
    found = measure(gpu)
    assert found.flops == pytest.approx(gpu.flops, rel=1e-6)
    assert found.bandwidth == pytest.approx(gpu.bandwidth, rel=1e-6)
    assert (gpu.sizes("FP32")[-1], gpu.sizes("FP16")[-1], gpu.sizes("copy")) == (4096, 8192, [2**25])


def test_where_nothing_fits_it_is_told(measure):
    with pytest.raises(CourseError, match=r"^the GPU has no memory left to measure in: close other programs"):
        measure(SimulatedGpu(memory=1e6))


def test_a_fault_of_the_device_is_one_sentence_and_leaves_the_settings_alone(measure):
    before = [settings.fp32_precision for settings in rates.PRECISIONS]
    gpu = SimulatedGpu()
    gpu.fault = torch.AcceleratorError("CUDA error: unspecified launch failure\nCompile with a lot of options")
    with pytest.raises(CourseError) as error:
        measure(gpu)
    assert str(error.value) == (
        "the GPU failed while its rates were measured (CUDA error: unspecified launch failure): restart the kernel "
        "and try again; `measure_rates(Processor())` then measures the processor instead"
    )
    assert [settings.fp32_precision for settings in rates.PRECISIONS] == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_asking_for_a_gpu_where_there_is_none_is_told():
    with pytest.raises(CourseError, match=r"^the GPU failed .*restart the kernel"):
        measure_rates(Cuda())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
def test_a_real_gpu_is_measured():
    found = measure_rates(Cuda())
    assert found.is_gpu and all(rate > 1e10 for rate in found.flops.values())
    assert all(0 < share < 1.3 for share in found.fractions().values())


# The processor, for real


@pytest.mark.alone
def test_the_processor_is_measured_in_less_than_two_seconds_and_nothing_is_changed():
    threads, numbers = torch.get_num_threads(), torch.get_rng_state()

    def seconds():
        started = time.perf_counter()
        found = measure_rates(Processor())
        return time.perf_counter() - started, found

    runs = [seconds()]
    while runs[-1][0] >= 2 and len(runs) < 3:  # others may be using the machine
        runs.append(seconds())
    took, found = runs[-1]
    assert took < 2
    assert not found.is_gpu and found.gpu is None and found.fractions() == {}
    assert list(found.flops) == ["FP64", "FP32", "BF16", "FP16"]
    assert str(found).startswith(f"Measured without a GPU, on the {Processor().name()}:\nFP64: ")
    assert torch.get_num_threads() == threads and torch.equal(torch.get_rng_state(), numbers)


def test_the_processors_rates_are_those_of_pytorchs_own_stopwatch():
    found = measure_rates(Processor())
    matrix, numbers = torch.rand(512, 512), torch.rand(2**24)
    timings = {
        found.flops["FP32"]: (2 * 512**3, Timer("matrix @ matrix", globals={"matrix": matrix})),
        found.bandwidth: (2 * numbers.nbytes, Timer("b.copy_(a)", globals={"a": numbers, "b": numbers.clone()})),
    }
    for ours, (amount, timer) in timings.items():
        theirs = amount / timer.blocked_autorange(min_run_time=0.1).median
        assert 1 / 6 < ours / theirs < 6


def test_pytorchs_settings_are_as_before_whatever_they_were():
    command = [sys.executable, "-W", "error", "-c", SETTINGS]
    result = subprocess.run(command, capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("as before\n", "")


def test_a_gpu_is_taken_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA L4")
    assert isinstance(find_backend(), Cuda) and find_backend().name() == "NVIDIA L4"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert isinstance(find_backend(), Processor)
