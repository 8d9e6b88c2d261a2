"""Numbers on their way into the browser: exact to the digit that is shown, and few bytes.

A weight is shown in percent with one decimal. `encode` keeps that decimal exactly, and as much below it as colours
need; `pack` deflates all arrays of an explorer together. `js/arrays.js` is the other half.
"""

import zlib
from collections.abc import Mapping

import numpy as np
from torch import Tensor

LEVELS = 100
FINEST = 65  # 1000.5 * 65 is below 2**16
SHOWN = 1000  # what is shown of 1: tenths of a percent


def encode(weights: Tensor) -> tuple[np.ndarray, int]:
    """Turn weights from 0 to 1 into 16-bit codes.

    Every tenth of a percent is cut into `fine` equal cells, and the code counts cells. So the decoded weight, the
    middle of its cell, always rounds to the tenth of a percent to which the weight itself rounds; and zero stays zero.

    Args:
        weights: any shape.

    Returns:
        the codes, uint16 of the same shape, and `fine`, odd.

    Raises:
        ValueError: a weight is not between 0 and 1.
    """
    exact = weights.detach().double().cpu().numpy() * SHOWN
    if exact.size and not (exact.min() >= 0 and exact.max() <= SHOWN * (1 + 1e-5)):  # also refuses NaN
        raise ValueError(
            f"weights run from {exact.min() / SHOWN:.3g} to {exact.max() / SHOWN:.3g}: attention weights come out of a "
            "softmax and lie between 0 and 1"
        )
    shown = np.rint(exact)  # what the reader sees
    fine = min(FINEST, int(np.ceil(LEVELS / (shown.max(initial=0) + 1))) // 2 * 2 + 1)
    cell = np.clip(np.floor((exact - shown + 0.5) * fine), 0, fine - 1)
    return (shown * fine + cell).astype(np.uint16), fine


def decode(codes: np.ndarray, fine: int) -> np.ndarray:
    """Return the weights in float64 that the browser makes of `codes`."""
    return (codes // fine + (codes % fine + 0.5) / fine - 0.5) / SHOWN


def pack(arrays: Mapping[str, np.ndarray]) -> tuple[bytes, list[dict]]:
    """Join integer arrays to one deflated text of bytes, and say what is in it.

    Of every array the low bytes come first, then the high bytes, which are mostly 0 and so cost nothing.

    Raises:
        ValueError: an array holds other numbers than 0 to 65535.
    """
    parts, headers = [], []
    for name, array in arrays.items():
        if array.size and not 0 <= array.min() <= array.max() < 2**16:
            raise ValueError(f"{name} runs from {array.min()} to {array.max()}: an explorer takes 0 to 65535")
        codes = np.ascontiguousarray(array, dtype=np.uint16)
        parts += [(codes & 255).astype(np.uint8).tobytes(), (codes >> 8).astype(np.uint8).tobytes()]
        headers.append({"name": name, "shape": list(array.shape)})
    return zlib.compress(b"".join(parts), level=9), headers
