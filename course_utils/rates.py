"""What this machine really does: matrix products and copies, timed, beside what its table promises.

All that differs between a GPU and a processor is in their two classes, so the GPU's way is tested with a stand-in.
"""

import contextlib
import platform
import statistics
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from course_utils.chips import Gpu, find_gpu
from course_utils.files import CourseError
from course_utils.hardware import matmul_flops, peak_flops

REPEATS = 5
LONG_ENOUGH = 0.02  # seconds; what takes this long needs no larger size to be timed well
DTYPES = {"FP64": torch.float64, "FP32": torch.float32, "TF32": torch.float32}
DTYPES |= {"BF16": torch.bfloat16, "FP16": torch.float16}
Work = Callable[[], object]  # something to time
PRECISIONS = (torch.backends.cuda.matmul, torch.backends.mkldnn.matmul)  # how to multiply FP32, on each device


class Backend(ABC):
    """Where to measure.

    Attributes:
        device: as PyTorch calls it.
        is_gpu: whether the table of GPUs may have it.
        sides: rows and columns of the matrices, from small to large.
        copied: how many FP32 numbers to copy, from few to many.
    """

    device: str
    is_gpu: bool
    sides: tuple[int, ...]
    copied: tuple[int, ...]

    @abstractmethod
    def name(self) -> str:
        """Return what the chip is called."""

    @abstractmethod
    def formats(self) -> tuple[str, ...]:
        """Return the formats to multiply."""

    @abstractmethod
    def synchronize(self) -> None:
        """Wait until all work given to the device is done."""

    def random(self, *shape: int, dtype: torch.dtype) -> Tensor:
        """Return random numbers in the device's memory, from a generator of their own."""
        generator = torch.Generator(self.device).manual_seed(0)
        return torch.rand(shape, dtype=dtype, device=self.device, generator=generator)


class Processor(Backend):
    """The computer's own processor. When a call returns, its work is done."""

    device, is_gpu, sides, copied = "cpu", False, (128, 256, 512, 1024), (2**23, 2**24)

    def name(self) -> str:
        """Return the kind of processor, and the threads that PyTorch uses."""
        return f"{platform.machine()} processor (threads: {torch.get_num_threads()})"

    def formats(self) -> tuple[str, ...]:
        """Return what processors multiply. Where a format is slow, its matrices stay small."""
        return ("FP64", "FP32", "BF16", "FP16")

    def synchronize(self) -> None:
        """Nothing to wait for."""


class Cuda(Backend):
    """The first NVIDIA GPU. It works through a queue: a clock must wait until the queue is empty."""

    device, is_gpu, sides, copied = "cuda", True, (1024, 2048, 4096, 8192), (2**25, 2**26, 2**27, 2**28)

    def name(self) -> str:
        """Return the GPU's name, as its driver has it."""
        return torch.cuda.get_device_name()

    def formats(self) -> tuple[str, ...]:
        """Return FP64, FP32, and what its tensor cores multiply: TF32 and BF16 from the A100 on, capability 8.0."""
        newer = ("TF32", "BF16") if torch.cuda.get_device_capability() >= (8, 0) else ()
        return ("FP64", "FP32", *newer, "FP16")

    def synchronize(self) -> None:
        """Wait for the queue."""
        torch.cuda.synchronize()


@dataclass(frozen=True)
class Rates:
    """What was measured. As a text: beside what the table promises.

    Attributes:
        name: of the chip.
        is_gpu: whether it is one.
        flops: FLOP/s of a square matrix product, by format.
        bandwidth: bytes/s of a copy, reading and writing counted.
        gpu: the chip's row in the table, None if it has none.
    """

    name: str
    is_gpu: bool
    flops: dict[str, float]
    bandwidth: float
    gpu: Gpu | None = None

    def fractions(self) -> dict[str, float]:
        """Return by format, and for "copy", what share of the table's peak was reached; empty without a row."""
        if self.gpu is None:
            return {}
        peaks = table_peaks(self.gpu).items()
        shares = {format: self.flops[format] / peak for format, peak in peaks if format in self.flops}
        return {**shares, "copy": self.bandwidth / self.gpu.bandwidth}

    def __str__(self) -> str:
        texts = {format: f"{flops / 1e12:.3g} TFLOP/s" for format, flops in self.flops.items()}
        texts["copy"] = f"{self.bandwidth / 1e9:.3g} GB/s"
        for what, share in self.fractions().items():
            texts[what] += f", {share:.0%} of the peak"
        return "\n".join([self._heading(), *(f"{what}: {text}" for what, text in texts.items())])

    def _heading(self) -> str:
        if not self.is_gpu:
            return f"Measured without a GPU, on the {self.name}:"
        if self.gpu is None:
            return f"{self.name} is not in data/tables/gpus.csv, so there is no peak to compare with:"
        return f"{self.name}, compared with {self.gpu.name} in data/tables/gpus.csv:"


def find_backend() -> Backend:
    """Return the GPU if PyTorch can use one, else the processor."""
    return Cuda() if torch.cuda.is_available() else Processor()


def measure_rates(backend: Backend) -> Rates:
    """Time matrix products in each format, and a copy: the median of five of each, after one to warm up.

    The sizes grow until memory is full or a run takes 20 ms. PyTorch's settings are afterwards as they were.

    Raises:
        CourseError: the device fails, or hasn't even memory for the smallest size.
    """
    try:
        name, formats = backend.name(), backend.formats()
        with torch.no_grad():
            flops = {format: _matmul_rate(backend, format) for format in formats}
            bandwidth = _copy_rate(backend)
    except (RuntimeError, AssertionError) as error:  # of memory and of devices; a PyTorch without CUDA asserts
        raise CourseError(_sentence(backend, error)) from error
    return Rates(name, backend.is_gpu, flops, bandwidth, find_gpu(name) if backend.is_gpu else None)


def _sentence(backend: Backend, error: Exception) -> str:
    """Say in one line what failed and what to do."""
    device = "the GPU" if backend.is_gpu else "the processor"
    if isinstance(error, torch.OutOfMemoryError):
        return f"{device} has no memory left to measure in: close other programs and notebooks that use it"
    fault = str(error).strip().partition("\n")[0] or type(error).__name__
    instead = "; `measure_rates(Processor())` then measures the processor instead" if backend.is_gpu else ""
    return f"{device} failed while its rates were measured ({fault}): restart the kernel and try again{instead}"


def table_peaks(gpu: Gpu) -> dict[str, float]:
    """Return the peak FLOP/s of a GPU by format, as far as the table goes: it has no FP64.

    Tensor cores do BF16 at the rate of FP16 and TF32 at half of it (NVIDIA's whitepapers since the A100's).
    """
    peaks = {"FP32": peak_flops(gpu.fp32_cores, 1, gpu.clock_hz)}
    if gpu.tensor_flops is not None:
        peaks |= {"TF32": gpu.tensor_flops / 2, "BF16": gpu.tensor_flops, "FP16": gpu.tensor_flops}
    return peaks


def _matmul_rate(backend: Backend, format: str) -> float:
    """Return FLOP/s of a square product."""

    def product(side: int) -> Work:
        left, right = (backend.random(side, side, dtype=DTYPES[format]) for _ in range(2))
        result = torch.empty_like(left)
        return lambda: torch.matmul(left, right, out=result)

    with _fp32_products(format):
        side, seconds = _largest(backend, product, backend.sides)
    return matmul_flops(side, side, side) / seconds


def _copy_rate(backend: Backend) -> float:
    """Return bytes/s, each byte read once and written once."""

    def copy(numbers: int) -> Work:
        source = backend.random(numbers, dtype=torch.float32)
        target = torch.empty_like(source)
        return lambda: target.copy_(source)

    numbers, seconds = _largest(backend, copy, backend.copied)
    return 2 * numbers * torch.float32.itemsize / seconds


def _largest(backend: Backend, prepare: Callable[[int], Work], sizes: tuple[int, ...]) -> tuple[int, float]:
    """Return the largest size that fits into memory, or the first that takes long enough, and its seconds."""
    best = None
    for size in sizes:
        try:
            best = size, _seconds(backend, prepare(size))
        except torch.OutOfMemoryError:
            if best is None:
                raise
            return best
        if best[1] >= LONG_ENOUGH:
            return best
    return best


def _seconds(backend: Backend, work: Work) -> float:
    """Return the median time of the work; the clock is read only when the device has nothing left to do."""
    times = []
    for _ in range(1 + REPEATS):
        backend.synchronize()
        started = time.perf_counter()
        work()
        backend.synchronize()
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


@contextlib.contextmanager
def _fp32_products(format: str) -> Iterator[None]:
    """Let FP32 inputs be rounded to TF32, or forbid it; as it was, afterwards.

    `fp32_precision` is what products read; the older `allow_tf32` warns, and refuses to be read beside it.
    """
    before = [settings.fp32_precision for settings in PRECISIONS]
    try:
        for settings in PRECISIONS:
            settings.fp32_precision = "tf32" if format == "TF32" else "ieee"
        yield
    finally:
        for settings, value in zip(PRECISIONS, before, strict=True):
            settings.fp32_precision = value
