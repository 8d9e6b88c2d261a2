"""What a `MemoryExplorer` shows of one setting, put in order: its bytes, and its sentence.

`js/memory.js` computes and says the same once the reader moves something.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch

from course_utils.costs import attention_memory
from course_utils.image_memory import attention_matrix_bytes
from course_utils.widgets.floats import written
from course_utils.words import listed

DTYPES = {
    "FP64": torch.float64,
    "FP32": torch.float32,
    "FP16": torch.float16,
    "BF16": torch.bfloat16,
    "FP8": torch.float8_e4m3fn,
}
UNITS = {1000: ("B", "kB", "MB", "GB", "TB", "PB", "EB"), 1024: ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")}


@dataclass(frozen=True)
class Kind:
    """A way to compute attention of which the peak is predicted.

    Attributes:
        name: as the explorer has it.
        kind, training: as in `attention_memory`.
        is_windowed: attention within windows.
    """

    name: str
    kind: Literal["explicit", "fused"]
    training: bool
    is_windowed: bool = False


MATRICES = ("one matrix of one head", "all matrices", "all matrices, in windows")
KINDS = (
    Kind("inference, explicit", "explicit", training=False),
    Kind("training, explicit", "explicit", training=True),
    Kind("training, fused", "fused", training=True),
    Kind("training, in windows", "explicit", training=True, is_windowed=True),
)


@dataclass(frozen=True)
class Setting:
    """The sizes that decide about attention's memory.

    Attributes:
        side, patch: R, and P, a divisor of it.
        window: M, in tokens; 0 for none.
        layers, heads, width, batch: L, h, D and B.
        dtype: of all numbers, one of `DTYPES`.
    """

    side: int
    patch: int
    window: int
    layers: int
    heads: int
    width: int
    batch: int
    dtype: str

    @property
    def grid(self) -> int:
        """Tokens on a side of the image: R / P."""
        return self.side // self.patch

    @property
    def window_fault(self) -> str:
        """Why there are no windows; empty where there are."""
        if not self.window:
            return "no window chosen"
        if self.grid % self.window:
            return f"not possible: {self.grid} is not a multiple of {self.window}"
        return "not possible: one window is the whole grid" if self.grid == self.window else ""

    def matrices(self) -> list[int | None]:
        """Return the bytes of each of `MATRICES`, None for what isn't possible.

        Raises:
            ValueError: R is not a multiple of P.
        """
        one = attention_matrix_bytes(self.side, self.patch, bits=8 * DTYPES[self.dtype].itemsize)
        every = one * self.layers * self.heads * self.batch
        windows = None if self.window_fault else every * self.window**2 // self.grid**2  # N M^2 for N^2
        return [one, every, windows]

    def peak(self, kind: Kind) -> dict[str, int] | None:
        """Return what the peak holds, in bytes by what they are for; None if it isn't possible."""
        if kind.is_windowed and self.window_fault:
            return None
        return attention_memory(
            self.grid**2,
            self.width,
            self.heads,
            window=self.window if kind.is_windowed else None,
            layers=self.layers,
            batch=self.batch,
            dtype=DTYPES[self.dtype],
            kind=kind.kind,
            training=kind.training,
        ).terms

    def bars(self) -> dict[str, int | None]:
        """Return the bytes of all that is compared, by name; None for what isn't possible."""
        peaks = {kind.name: self.peak(kind) for kind in KINDS}
        totals = {name: None if terms is None else sum(terms.values()) for name, terms in peaks.items()}
        return {**dict(zip(MATRICES, self.matrices(), strict=True)), **totals}

    def sentence(self, devices: Mapping[str, float]) -> str:
        """Say what the matrices take, and which devices have room for them.

        Args:
            devices: GB of memory by name.
        """
        _, every, windows = self.matrices()
        said = f"{self._image()}; the attention matrices of {many(self.layers, 'layer')} with "
        said += f"{many(self.heads, 'head')} take {written_bytes(every)} in {self.dtype}{_room(every, devices)}."
        if windows:
            less = (self.grid // self.window) ** 2
            where = f"Within windows of {self.window} x {self.window} tokens"
            said += f" {where} they take {written_bytes(windows)}, {less:,} times less."
        return said

    def _image(self) -> str:
        """Say how many tokens there are."""
        shape, tokens = f"{self.side} x {self.side}", many(self.grid**2, "token")
        cut = "as pixels" if self.patch == 1 else f"in patches of {self.patch} x {self.patch}"
        if self.batch > 1:
            return f"{self.batch:,} images of {shape} {cut} are {tokens} each"
        article = "An" if re.match(r"8|11$|18$", str(self.side)) else "A"
        return f"{article} {shape} image {cut} is {tokens}"


def _room(needed: int, devices: Mapping[str, float]) -> str:
    """Say which devices have at least so many bytes."""
    large = [name for name, gigabytes in devices.items() if gigabytes * 1e9 >= needed]
    small = [name for name in devices if name not in large]
    if not small:
        return ": every card has room for them"
    if not large:
        return ": more than any of the cards has"
    return f": too much for {listed(small)}, not for {listed(large)}"


def many(number: int, word: str) -> str:
    """Return a number of things, such as "1 token" or "3,136 tokens"."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def written_bytes(number: int) -> str:
    """Write bytes with four digits, in decimal and in binary units: "824.6 GB (768 GiB)"."""
    return f"{number} B" if number < 1000 else f"{_in_units(number, 1000)} ({_in_units(number, 1024)})"


def _in_units(number: int, base: int) -> str:
    value, power = float(number), 0
    while float(written(value, 4)) >= base and power < len(UNITS[base]) - 1:  # 999.96 is written 1000
        value, power = value / base, power + 1
    return f"{written(value, 4)} {UNITS[base][power]}"
