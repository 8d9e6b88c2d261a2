"""The chips of `data/tables/gpus.csv` and `cpus.csv`, with numbers and dates in place of their texts."""

import datetime
from dataclasses import dataclass

from course_utils.data import table

# what drivers call a chip, where it isn't the table's name
ALIASES = {
    "NVIDIA H100 80GB HBM3": "H100 SXM5",
    "Tesla V100-SXM2-16GB": "Tesla V100 SXM2",
    "Tesla V100-SXM2-32GB": "Tesla V100 SXM2",
}


@dataclass(frozen=True)
class Gpu:
    """A graphics or data-centre card, at its launch.

    Attributes:
        name: as the table has it.
        kind: "consumer" or "datacenter".
        launch_date: the first day on sale, or of the announcement.
        launch_price_usd: US dollars, None where no price was listed.
        fp32_cores: on the whole card.
        clock_hz: ticks a second.
        tensor_flops: FLOP/s of dense FP16 products added up in FP32, None without tensor cores.
        memory_gb: GB.
        bandwidth: bytes/s.
        source: where the numbers are from.
        spec_confidence, price_confidence: "confirmed", "computed" or "recalled", explained in data/README.md;
            empty where there is no price.
    """

    name: str
    kind: str
    launch_date: datetime.date
    launch_price_usd: float | None
    fp32_cores: int
    clock_hz: float
    tensor_flops: float | None
    memory_gb: float
    bandwidth: float
    source: str
    spec_confidence: str
    price_confidence: str

    @property
    def is_price_confirmed(self) -> bool:
        """Whether the price was found in a source."""
        return self.price_confidence == "confirmed"


@dataclass(frozen=True)
class Cpu:
    """A processor, at its launch.

    Attributes:
        name: as the table has it.
        launch_date: the first day on sale.
        launch_price_usd: US dollars.
        cores: on the whole chip.
        clock_hz: ticks a second that all cores keep up.
        flop_per_core: FP32 operations of one core in one tick.
        source: how the peak rate is computed.
        spec_confidence, price_confidence: "confirmed", "computed" or "recalled", explained in data/README.md.
    """

    name: str
    launch_date: datetime.date
    launch_price_usd: float | None
    cores: int
    clock_hz: float
    flop_per_core: int
    source: str
    spec_confidence: str
    price_confidence: str

    @property
    def is_price_confirmed(self) -> bool:
        """Whether the price was found in a source."""
        return self.price_confidence == "confirmed"


def gpus() -> list[Gpu]:
    """Return the cards of `data/tables/gpus.csv`, in its order.

    Raises:
        DataFileError: the file is missing, truncated or altered.
    """
    return [_gpu(row) for row in table("gpus")]


def cpus() -> list[Cpu]:
    """Return the processors of `data/tables/cpus.csv`, in its order.

    Raises:
        DataFileError: the file is missing, truncated or altered.
    """
    return [_cpu(row) for row in table("cpus")]


def find_gpu(name: str) -> Gpu | None:
    """Return the card that a driver calls `name`, such as "NVIDIA GeForce RTX 3080", or None: not in the table.

    All words must agree, since a 3080 Ti or a laptop's 3080 is another chip. "NVIDIA" and capitals don't count.
    """
    words = _words(ALIASES.get(name, name)) - {"nvidia"}
    return next((gpu for gpu in gpus() if _words(gpu.name) == words and "announced" not in gpu.name), None)


def _words(name: str) -> set[str]:
    """Return the words of a name in small letters, without those in brackets, which are the table's own."""
    return {word for word in name.lower().replace("-", " ").split() if not word.startswith("(")}


def _gpu(row: dict[str, str]) -> Gpu:
    return Gpu(
        name=row["name"],
        kind=row["kind"],
        launch_date=datetime.date.fromisoformat(row["launch_date"]),
        launch_price_usd=_scaled(row["launch_price_usd"], 1),
        fp32_cores=int(row["fp32_cores"]),
        clock_hz=float(row["clock_mhz"]) * 1e6,
        tensor_flops=_scaled(row["tensor_tflops"], 1e12),
        memory_gb=float(row["memory_gb"]),
        bandwidth=float(row["bandwidth_gb_s"]) * 1e9,
        source=row["source"],
        spec_confidence=row["spec_confidence"],
        price_confidence=row["price_confidence"],
    )


def _cpu(row: dict[str, str]) -> Cpu:
    return Cpu(
        name=row["name"],
        launch_date=datetime.date.fromisoformat(row["launch_date"]),
        launch_price_usd=_scaled(row["launch_price_usd"], 1),
        cores=int(row["cores"]),
        clock_hz=float(row["base_ghz"]) * 1e9,
        flop_per_core=int(row["fp32_flop_per_cycle_per_core"]),
        source=row["source"],
        spec_confidence=row["spec_confidence"],
        price_confidence=row["price_confidence"],
    )


def _scaled(text: str, unit: float) -> float | None:
    """Return a number in its unit, or None where the table has nothing."""
    return float(text) * unit if text else None
