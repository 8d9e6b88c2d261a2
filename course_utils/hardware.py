"""What a GPU can do at most, as arithmetic: peak rates from structure, time from a roofline, and what a dollar buys.

Rates are in FLOP/s (floating-point operations per second), bandwidths in bytes/s, clocks in Hz.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_utils.data import table

WARP = 32  # threads that run in step


def peak_flops(sms: int, cores_per_sm: int, clock_hz: float, flop_per_core: int = 2) -> float:
    """Return the FLOP/s of a chip on which every core is busy in every tick of the clock.

    Args:
        sms: streaming multiprocessors that are switched on.
        cores_per_sm: cores in each of them.
        clock_hz: ticks a second.
        flop_per_core: what a core does in one tick; a multiply-add counts as 2.
    """
    return sms * cores_per_sm * flop_per_core * clock_hz


def matmul_flops(m: int, k: int, n: int) -> int:
    """Return the FLOP of an (m, k) by (k, n) matrix product: each of the m n results adds up k products."""
    return 2 * m * k * n


def roofline_seconds(flop: float, bytes_moved: float, peak_flops: float, bandwidth: float) -> float:
    """Return the least time that a computation can take: arithmetic and memory work side by side, the slower counts.

    Args:
        flop: floating-point operations.
        bytes_moved: bytes read from memory and written to it.
        peak_flops: FLOP/s.
        bandwidth: bytes/s.

    Source: Williams, Waterman and Patterson 2009, "Roofline".
    """
    return max(flop / peak_flops, bytes_moved / bandwidth)


def multiplier_cost(mantissa_bits: int) -> int:
    """Return how many one-bit products a multiplier adds up: the mantissa, with its hidden bit, squared."""
    return (mantissa_bits + 1) ** 2


@dataclass(frozen=True)
class Chip:
    """A GPU, by its structure. Counts of cores are for one subunit of an SM.

    Attributes:
        sms_built: streaming multiprocessors on the chip.
        sms: those switched on.
        fp32_cores, fp64_cores: one multiply-add a tick each.
        fp16_speedup, bf16_speedup: how many times as many short numbers the FP32 cores handle.
        tensor_cores: in one subunit.
        tensor_fma: multiply-adds of FP16 numbers that a tensor core does in one tick.
        fp64_tensor_speedup: FP64 on the tensor cores over FP64 on the ordinary ones.
        clock_hz: ticks a second of the ordinary cores.
        tensor_clock_hz: the clock for which the tensor rates are given.
        memory_gb: one or more sizes on sale, GB.
        bandwidth: bytes/s, one for each size.
    """

    name: str
    sms_built: int
    sms: int
    fp32_cores: int
    fp64_cores: int
    fp16_speedup: int
    bf16_speedup: int
    tensor_cores: int
    tensor_fma: int
    fp64_tensor_speedup: int
    clock_hz: float
    tensor_clock_hz: float
    memory_gb: tuple[int, ...]
    bandwidth: tuple[float, ...]
    subunits: int = 4

    @property
    def threads(self) -> int:
        """Threads in the same tick: one warp in each subunit."""
        return self.sms * self.subunits * WARP

    def rate(self, format: str) -> float:
        """Return the peak FLOP/s of the ordinary cores, for "FP64", "FP32", "BF16" or "FP16"."""
        cores = self.fp64_cores if format == "FP64" else self.fp32_cores
        speedup = {"FP64": 1, "FP32": 1, "BF16": self.bf16_speedup, "FP16": self.fp16_speedup}
        _check_format(format, speedup)
        return speedup[format] * peak_flops(self.sms, self.subunits * cores, self.clock_hz)

    def tensor_rate(self, format: str) -> float:
        """Return the peak FLOP/s of the tensor cores, for "FP64", "TF32", "BF16" or "FP16" inputs."""
        share = {"TF32": 0.5, "BF16": 1, "FP16": 1}
        _check_format(format, ["FP64", *share])
        cores = self.subunits * self.tensor_cores
        if format == "FP64":
            fp64 = peak_flops(self.sms, self.subunits * self.fp64_cores, self.clock_hz)
            return self.fp64_tensor_speedup * fp64
        return share[format] * peak_flops(self.sms, cores, self.tensor_clock_hz, 2 * self.tensor_fma)


def _check_format(format: str, known: Sequence[str] | dict[str, float]) -> None:
    if format not in known:
        raise ValueError(f"there is no rate for {format!r}: use one of {', '.join(known)}")


# the lecture's slide, and NVIDIA's A100 whitepaper
A100 = Chip("A100 SXM4", 128, 108, 16, 8, 4, 2, 1, 256, 2, 1.41e9, 1.41e9, (40, 80), (1.555e12, 2.039e12))
# the lecture's slides of the day after the announcement, their clock included
H100_ANNOUNCED = Chip("H100 announced", 144, 132, 32, 16, 2, 2, 1, 512, 2, 1.775e9, 1.775e9, (80,), (3.0e12,))
# the data sheets of the cards that were sold; the PCIe card's tensor clock is inferred from its 756 TFLOP/s
H100 = Chip("H100 SXM5", 144, 132, 32, 16, 2, 2, 1, 512, 2, 1.98e9, 1.83e9, (80,), (3.35e12,))
H100_PCIE = Chip("H100 PCIe", 144, 114, 32, 16, 2, 2, 1, 512, 2, 1.755e9, 1.62e9, (80,), (2.0e12,))


@dataclass(frozen=True)
class Point:
    """What one chip offers for its money.

    Attributes:
        series: "CPU", "GPU (FP32)" or "GPU (tensor core)".
        name: of the chip.
        date: of its launch.
        gflop_per_usd: peak GFLOP/s over the price at launch.
        is_confirmed: whether the price was found in a source; else it is recalled.
    """

    series: str
    name: str
    date: datetime.date
    gflop_per_usd: float
    is_confirmed: bool


def gflop_per_dollar() -> list[Point]:
    """Return a point for each chip in the tables that had a price, by series and date: cores x clock x FLOP / price."""
    points = []
    for row in table("cpus"):
        cycles = int(row["cores"]) * float(row["base_ghz"])
        points.append(_point("CPU", row, cycles * float(row["fp32_flop_per_cycle_per_core"])))
    gpus = [row for row in table("gpus") if row["launch_price_usd"]]
    for row in gpus:
        rate = peak_flops(int(row["fp32_cores"]), 1, float(row["clock_mhz"]) * 1e6)
        points.append(_point("GPU (FP32)", row, rate / 1e9))
    for row in gpus:
        if row["tensor_tflops"]:
            points.append(_point("GPU (tensor core)", row, 1000 * float(row["tensor_tflops"])))
    return sorted(points, key=lambda point: (point.series, point.date))


def _point(series: str, row: dict[str, str], gflops: float) -> Point:
    date = datetime.date.fromisoformat(row["launch_date"])
    price = float(row["launch_price_usd"])
    return Point(series, row["name"], date, gflops / price, row["price_confidence"] == "confirmed")


def doubling_years(points: Sequence[Point]) -> float:
    """Return in how many years GFLOP per dollar doubles: one over the slope of log2 against years, by least squares.

    Raises:
        ValueError: fewer than two launch dates.
    """
    years = np.array([point.date.toordinal() / 365.25 for point in points])
    if len(set(years)) < 2:
        raise ValueError(f"{len(points)} points on {len(set(years))} dates have no slope: pass at least two dates")
    slope, _ = np.polyfit(years - years.mean(), np.log2([point.gflop_per_usd for point in points]), 1)
    return float(1 / slope)


def linear_cost(tokens: int, width_in: int, width_out: int, bytes_per_number: int) -> tuple[int, int]:
    """Return FLOP and bytes of a linear layer: tokens and weights are read once, the result is written."""
    numbers = tokens * width_in + width_in * width_out + tokens * width_out
    return matmul_flops(tokens, width_in, width_out), numbers * bytes_per_number


def attention_cost(tokens: int, width: int, bytes_per_number: int, heads: int = 1) -> tuple[int, int]:
    """Return FLOP and bytes of softmax(q k^T) v, with the (heads, N, N) weights written to memory and read again.

    Counted are both matrix products, and for each weight five operations of the softmax (subtract the largest,
    exponential, sum, divide, scale), with a write and a read after the first product and after the softmax.
    """
    weights = heads * tokens**2
    flop = 2 * matmul_flops(tokens, width, tokens) + 5 * weights
    return flop, (4 * tokens * width + 4 * weights) * bytes_per_number


def elementwise_cost(numbers: int, flop_each: int, bytes_per_number: int) -> tuple[int, int]:
    """Return FLOP and bytes of a layer that reads each number, does something with it, and writes it."""
    return numbers * flop_each, 2 * numbers * bytes_per_number
