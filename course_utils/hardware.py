"""What a GPU can do at most, as arithmetic: peak rates from structure, time from a roofline, and what a dollar buys.

Rates are in FLOP/s (floating-point operations per second), bandwidths in bytes/s, clocks in Hz.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from course_utils.chips import cpus, gpus

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
        sms_built, sms: streaming multiprocessors on the chip, and those of them that are switched on.
        fp32_cores, fp64_cores: one multiply-add a tick each.
        fp16_speedup, bf16_speedup: how many times as many short numbers the FP32 cores handle.
        tensor_cores: in one subunit.
        tensor_fma: multiply-adds of FP16 or BF16 numbers that a tensor core does in one tick; of TF32, half as many.
        tensor_fp64_fma: multiply-adds of FP64 numbers that it does in one tick.
        clock_hz: ticks a second of the ordinary cores, and of the tensor cores in FP64.
        tensor_clock_hz: the clock for which the other tensor rates are given.
        memory_gb, bandwidth: GB and bytes/s, one for each size on sale.
        subunits: of an SM; each runs one warp.
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
    tensor_fp64_fma: int
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
        """Return the peak FLOP/s in a format.

        Args:
            format: "FP64", "FP32", "BF16" or "FP16" for the ordinary cores; "FP16 tensor" and so on for tensor cores.

        Raises:
            ValueError: these cores don't work in this format.
        """
        if format.endswith(" tensor"):
            return self.tensor_rate(format.removesuffix(" tensor"))
        fp32 = 2 * self.fp32_cores  # FLOP of a subunit in one tick
        flop = {"FP64": 2 * self.fp64_cores, "FP32": fp32, "BF16": self.bf16_speedup * fp32}
        flop["FP16"] = self.fp16_speedup * fp32
        return peak_flops(self.sms, self.subunits, self.clock_hz, _known(format, flop))

    def tensor_rate(self, format: str) -> float:
        """Return the peak FLOP/s of the tensor cores, for "FP64", "TF32", "BF16" or "FP16" inputs.

        Raises:
            ValueError: tensor cores don't work in this format.
        """
        fp16 = 2 * self.tensor_fma  # FLOP of a tensor core in one tick
        flop = {"FP64": 2 * self.tensor_fp64_fma, "TF32": fp16 // 2, "BF16": fp16, "FP16": fp16}
        clock = self.clock_hz if format == "FP64" else self.tensor_clock_hz
        return peak_flops(self.sms, self.subunits * self.tensor_cores, clock, _known(format, flop))


def _known(format: str, values: dict[str, int]) -> int:
    if format not in values:
        raise ValueError(f"there is no rate for {format!r}: use one of {', '.join(values)}")
    return values[format]


# the lecture's slide; NVIDIA's A100 whitepaper (2020) for the structure of an SM
A100 = Chip(
    name="A100 SXM4",
    sms_built=128,
    sms=108,
    fp32_cores=16,
    fp64_cores=8,
    fp16_speedup=4,
    bf16_speedup=2,
    tensor_cores=1,
    tensor_fma=256,
    tensor_fp64_fma=16,
    clock_hz=1.41e9,
    tensor_clock_hz=1.41e9,
    memory_gb=(40, 80),
    bandwidth=(1.555e12, 2.039e12),
)
# the lecture's slides, of the day after the announcement, with their clock; NVIDIA's H100 whitepaper for the tensor
# cores (one in each subunit, where a slide has four) and the memory (80 GB only)
H100_ANNOUNCED = Chip(
    name="H100 SXM5 (announced)",
    sms_built=144,
    sms=132,
    fp32_cores=32,
    fp64_cores=16,
    fp16_speedup=2,
    bf16_speedup=2,
    tensor_cores=1,
    tensor_fma=512,
    tensor_fp64_fma=32,
    clock_hz=1.775e9,
    tensor_clock_hz=1.775e9,
    memory_gb=(80,),
    bandwidth=(3.0e12,),
)
# NVIDIA's data sheet of the cards that were sold; the tensor clock of H100 PCIe is inferred from its 756 TFLOP/s
H100 = replace(H100_ANNOUNCED, name="H100 SXM5", clock_hz=1.98e9, tensor_clock_hz=1.83e9, bandwidth=(3.35e12,))
H100_PCIE = replace(H100, name="H100 PCIe", sms=114, clock_hz=1.755e9, tensor_clock_hz=1.62e9, bandwidth=(2.0e12,))


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
    rated = [("CPU", cpu, peak_flops(cpu.cores, 1, cpu.clock_hz, cpu.flop_per_core)) for cpu in cpus()]
    rated += [("GPU (FP32)", gpu, peak_flops(gpu.fp32_cores, 1, gpu.clock_hz)) for gpu in gpus()]
    rated += [("GPU (tensor core)", gpu, gpu.tensor_flops) for gpu in gpus() if gpu.tensor_flops is not None]
    points = [
        Point(series, chip.name, chip.launch_date, flops / 1e9 / chip.launch_price_usd, chip.is_price_confirmed)
        for series, chip, flops in rated
        if chip.launch_price_usd is not None
    ]
    return sorted(points, key=lambda point: (point.series, point.date))


def doubling_years(points: Sequence[Point]) -> float:
    """Return in how many years GFLOP per dollar doubles: one over the slope of log2 against years, by least squares.

    Raises:
        ValueError: fewer than two launch dates, or no growth.
    """
    years = np.array([point.date.toordinal() / 365.25 for point in points])
    if len(set(years)) < 2:
        raise ValueError(f"{len(points)} points on {len(set(years))} dates have no slope: pass at least two dates")
    slope, _ = np.polyfit(years - years.mean(), np.log2([point.gflop_per_usd for point in points]), 1)
    if slope <= 0:
        raise ValueError(f"log2 of GFLOP per dollar changes by {slope:.3g} a year: it must grow to double")
    return float(1 / slope)


def arithmetic_intensity(flop: float, bytes_moved: float) -> float:
    """Return how much is computed with each byte, in FLOP per byte (Williams et al. 2009: operational intensity)."""
    return flop / bytes_moved


def ridge_point(peak_flops: float, bandwidth: float) -> float:
    """Return the arithmetic intensity at which a chip computes and moves data for equally long, in FLOP per byte."""
    return peak_flops / bandwidth


def bound(flop: float, bytes_moved: float, peak_flops: float, bandwidth: float) -> str:
    """Return what a computation waits for, "memory" or "arithmetic", which includes the ridge point itself."""
    return "memory" if arithmetic_intensity(flop, bytes_moved) < ridge_point(peak_flops, bandwidth) else "arithmetic"


def linear_cost(tokens: int, width_in: int, width_out: int, bytes_per_number: int) -> tuple[int, int]:
    """Return FLOP and bytes of a linear layer without a bias, from (tokens, width_in) to (tokens, width_out).

    Tokens and weights are read once, and the result is written once.
    """
    numbers = tokens * width_in + width_in * width_out + tokens * width_out
    return matmul_flops(tokens, width_in, width_out), numbers * bytes_per_number


def attention_cost(tokens: int, width: int, heads: int, bytes_per_number: int) -> tuple[int, int]:
    """Return FLOP and bytes of softmax(q k^T / sqrt(d)) v, with every (heads, N, N) matrix written out to memory.

    FLOP are those of both products, and five for each weight: scale, subtract the largest, exponential, sum,
    divide. Bytes: q, k and v are read and the result is written, each (N, width) for all heads together; scores
    and weights are written and read again.
    """
    weights = heads * tokens**2
    flop = 2 * matmul_flops(tokens, width, tokens) + 5 * weights
    return flop, (4 * tokens * width + 4 * weights) * bytes_per_number


def elementwise_cost(numbers: int, flop_each: int, bytes_per_number: int) -> tuple[int, int]:
    """Return FLOP and bytes of a layer that reads each number, does `flop_each` with it, and writes it."""
    return numbers * flop_each, 2 * numbers * bytes_per_number
