"""What this machine really does: matrix products and copies, timed, beside what its table says.

`find_backend` takes a GPU where PyTorch finds one and the processor otherwise; all that differs between them is in
their two classes, so the GPU's way is tested with a stand-in.
"""

import contextlib
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch

from course_utils.data import table
from course_utils.hardware import matmul_flops

REPEATS = 5
VARIANTS = {"laptop", "max", "mobile", "super", "ti", "d"}  # another chip, or another clock, under nearly the same name
ALIASES = {"NVIDIA H100 80GB HBM3": "H100 SXM5"}


class Backend(Protocol):
    """Where to measure.

    Attributes:
        device: as PyTorch calls it.
        formats: what to multiply, by its name.
        side: rows and columns of the matrices; halved while memory doesn't suffice.
        copied_bytes: size of the copy.
    """

    device: str
    formats: tuple[str, ...]
    side: int
    copied_bytes: int

    def name(self) -> str:
        """Return what the chip is called."""

    def synchronize(self) -> None:
        """Wait until all work given to the device is done."""


class Processor:
    """The computer's own processor, which does what it is told before it returns."""

    device, formats, side, copied_bytes = "cpu", ("FP32", "BF16"), 512, 2**27

    def name(self) -> str:
        """Return the kind of processor, and the threads that PyTorch uses."""
        return f"{platform.machine()} processor, {torch.get_num_threads()} threads"

    def synchronize(self) -> None:
        """Nothing to wait for."""


class Cuda:
    """The first NVIDIA GPU. It works through a queue: a clock must wait for the queue to empty."""

    device, formats, side, copied_bytes = "cuda", ("FP64", "FP32", "TF32", "BF16", "FP16"), 8192, 2**30

    def name(self) -> str:
        """Return the GPU's name."""
        return torch.cuda.get_device_name()

    def synchronize(self) -> None:
        """Wait for the queue."""
        torch.cuda.synchronize()


@dataclass(frozen=True)
class Rates:
    """What was measured.

    Attributes:
        name: of the chip.
        is_gpu: whether it is one.
        flops: FLOP/s of a square matrix product, by format.
        bandwidth: bytes/s of a copy, reading and writing counted.
        peak: FLOP/s that the table promises, by format, empty if the chip isn't there.
        peak_bandwidth: bytes/s that the table promises, or None.
    """

    name: str
    is_gpu: bool
    flops: dict[str, float]
    bandwidth: float
    peak: dict[str, float]
    peak_bandwidth: float | None


DTYPES = {
    "FP64": torch.float64,
    "FP32": torch.float32,
    "TF32": torch.float32,
    "BF16": torch.bfloat16,
    "FP16": torch.float16,
}


def find_backend() -> Backend:
    """Return the GPU if PyTorch can use one, else the processor."""
    return Cuda() if torch.cuda.is_available() else Processor()


def measure_rates(backend: Backend) -> Rates:
    """Time matrix products in each format, and a copy: the median of five of each, after one to warm up.

    Raises:
        RuntimeError: the device fails for another reason than its memory.
    """
    name = backend.name()
    row = _row_of(name) if backend.device == "cuda" else None
    peak = {} if row is None else _peaks(row)
    return Rates(
        name=name,
        is_gpu=backend.device == "cuda",
        flops={format: _matmul_rate(backend, format) for format in backend.formats},
        bandwidth=_copy_rate(backend),
        peak=peak,
        peak_bandwidth=None if row is None else float(row["bandwidth_gb_s"]) * 1e9,
    )


def _row_of(name: str) -> dict[str, str] | None:
    """Return the table's row for a GPU as its driver calls it, such as "NVIDIA GeForce RTX 3080"."""
    words = _words(ALIASES.get(name, name))
    rows = [row for row in table("gpus") if "announced" not in row["name"]]
    fitting = [row for row in rows if _words(row["name"]) <= words and not (words - _words(row["name"])) & VARIANTS]
    return max(fitting, key=lambda row: len(row["name"]), default=None)


def _words(name: str) -> set[str]:
    """Return the words of a name in small letters, without those in brackets, which are the table's own."""
    return {word for word in name.lower().replace("-", " ").split() if not word.startswith("(")}


def _peaks(row: dict[str, str]) -> dict[str, float]:
    peaks = {"FP32": float(row["fp32_tflops"]) * 1e12}
    if row["tensor_tflops"]:
        peaks |= {"FP16": float(row["tensor_tflops"]) * 1e12}
    return peaks


def _matmul_rate(backend: Backend, format: str) -> float:
    """Return FLOP/s of a square product, as large as the memory allows."""
    side = backend.side
    while True:
        try:
            with _fp32_products(format), torch.no_grad():
                matrix = torch.full((side, side), 1.0, dtype=DTYPES[format], device=backend.device)
                seconds = _seconds(backend, lambda matrix=matrix: matrix @ matrix)
            return matmul_flops(side, side, side) / seconds
        except torch.OutOfMemoryError:
            if side <= 256:
                raise
            side //= 2


def _copy_rate(backend: Backend) -> float:
    """Return bytes/s, each byte read once and written once."""
    source = torch.zeros(backend.copied_bytes, dtype=torch.uint8, device=backend.device)
    target = torch.empty_like(source)
    return 2 * backend.copied_bytes / _seconds(backend, lambda: target.copy_(source))


@contextlib.contextmanager
def _fp32_products(format: str) -> Iterator[None]:
    """Let a GPU round FP32 inputs to TF32, or forbid it; as it was, afterwards."""
    settings = torch.backends.cuda.matmul
    before = settings.fp32_precision
    settings.fp32_precision = "tf32" if format == "TF32" else "ieee"
    try:
        yield
    finally:
        settings.fp32_precision = before


def _seconds(backend: Backend, work: Callable[[], object]) -> float:
    """Return the median time of the work; the clock is read only when the device has nothing left to do."""
    times = []
    for _ in range(1 + REPEATS):
        backend.synchronize()
        started = time.perf_counter()
        work()
        backend.synchronize()
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])
