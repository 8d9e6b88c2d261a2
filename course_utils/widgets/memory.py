"""What attention takes in memory, to be moved: pixels against patches, all tokens against windows, on which cards."""

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite

from matplotlib.figure import Figure

from course_utils import memory_figures
from course_utils.chips import gpus
from course_utils.widgets.kit import Explorer, script, style
from course_utils.widgets.settings import DTYPES, KINDS, MATRICES, Setting, written_bytes

CARDS = {  # the explorer's short names, and those of lesson 01's table
    "RTX 3080": "GeForce RTX 3080",
    "RTX 4090": "GeForce RTX 4090",
    "A100": "A100 SXM4 40GB",
    "H100": "H100 SXM5 (shipping)",
}
CHOICES = {  # what the browser offers beside the values at the start; a window of 0 is none
    "side": (8, 14, 28, 32, 56, 64, 84, 112, 128, 224, 256, 384, 512),
    "patch": (1, 2, 4, 7, 8, 14, 16, 32),
    "window": (0, 2, 4, 7, 8, 14),
    "layers": (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96),
    "heads": (1, 2, 3, 4, 6, 8, 12, 16, 24, 32),
    "width": (64, 96, 192, 384, 512, 768, 1024, 1280, 1536, 2048),
    "batch": (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),
}
MOST = 100_000  # of any size


class MemoryExplorer(Explorer):
    """The memory of a model's attention: R^4 for pixels, against patches, windows and the fused kernel.

    Args:
        side: R, of a square image.
        patch: P; 1 for pixels.
        window: M, in tokens; none for no windows.
        layers: L.
        heads: h.
        width: D.
        batch: B.
        dtype: of all numbers: FP64, FP32, FP16, BF16 or FP8.
        devices: GB of memory, 10^9 bytes each, by name; if none, cards of lesson 01's table.

    Raises:
        ValueError: a size is no whole number from 1 to 100,000, R is not a multiple of P or D not one of h, the dtype
            is another, or a device has no memory.
    """

    _esm = script("bits.js", "costs.js", "memory.js")
    sheets = ("memory.css",)
    _css = style(*sheets)

    def __init__(
        self,
        *,
        side: int = 224,
        patch: int = 16,
        window: int | None = 7,
        layers: int = 12,
        heads: int = 12,
        width: int = 768,
        batch: int = 1,
        dtype: str = "FP32",
        devices: Mapping[str, float] | None = None,
    ):
        sizes = {"side": side, "patch": patch, "layers": layers, "heads": heads, "width": width, "batch": batch}
        _check_sizes(sizes if window is None else {**sizes, "window": window})
        if dtype not in DTYPES:
            raise ValueError(f"dtype {dtype!r} isn't known: use one of {', '.join(DTYPES)}")
        setting = Setting(**sizes, window=window or 0, dtype=dtype)
        cards = _sorted_devices(default_devices() if devices is None else devices)
        super().__init__(_facts(setting, cards), {}, [(_picture(setting, cards), setting.sentence(cards))])


def default_devices() -> dict[str, float]:
    """Return the GB of memory of some cards, as `data/tables/gpus.csv` has them.

    Raises:
        DataFileError: the table is missing, truncated or altered.
    """
    memory = {gpu.name: gpu.memory_gb for gpu in gpus()}
    return {short: memory[name] for short, name in CARDS.items()}


def _facts(setting: Setting, cards: Mapping[str, float]) -> dict:
    start = asdict(setting)
    return {
        "start": start,
        "choices": {name: sorted({*offered, start[name]}) for name, offered in CHOICES.items()},
        "itemsizes": {name: dtype.itemsize for name, dtype in DTYPES.items()},
        "matrices": MATRICES,
        "kinds": [asdict(kind) for kind in KINDS],
        "devices": list(cards.items()),
    }


def _picture(setting: Setting, cards: Mapping[str, float]) -> Figure:
    bars = {name: (number, written_bytes(number)) for name, number in setting.bars().items() if number}
    return memory_figures.memory_bars(bars, len(MATRICES), cards)


def _check_sizes(sizes: Mapping[str, int]) -> None:
    """Raise ValueError for a size that is none, and for heads that don't share the width evenly."""
    for name, number in sizes.items():
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= MOST:
            none = ", or None for no windows" if name == "window" else ""
            raise ValueError(f"{name} is {number!r}: use a whole number from 1 to {MOST:,}{none}")
    if sizes["width"] % sizes["heads"]:
        raise ValueError(f"width {sizes['width']} is not a multiple of {sizes['heads']} heads: change one of them")


def _sorted_devices(devices: Mapping[str, float]) -> dict[str, float]:
    """Return the devices with the least memory first."""
    if not devices:
        raise ValueError("there are no devices: pass one or more, such as {'H100': 80}")
    for name, gigabytes in devices.items():
        if not (isinstance(gigabytes, int | float) and isfinite(gigabytes) and gigabytes > 0):
            raise ValueError(f"{name} has {gigabytes!r} GB of memory: pass a positive number")
    return dict(sorted(devices.items(), key=lambda device: device[1]))
