"""CPU time of the three local attentions and of both convolutions: one thread, interleaved, medians.

    python tests/benchmarks/speed.py

prints the table and writes it to `tests/benchmarks/local_attention.csv`. Forward only, batch 1, 7 x 7 neighbourhoods,
8 heads. The loops run on the 56 x 56 map too: every position once.
"""

import csv
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn import functional as F

from course_utils.models.local_attention import local_attention, local_attention_loops, local_attention_unfold
from course_utils.threads import one_thread

TABLE = Path(__file__).with_name("local_attention.csv")
COLUMNS = ["what", "channels", "height", "width", "milliseconds", "rounds"]


def contenders(channels: int, side: int) -> dict[str, Callable[[], object]]:
    """Return what is timed, by name, on a map of `channels` and `side` x `side` positions."""
    generator = torch.Generator().manual_seed(0)
    q, k, v = torch.randn(3, 1, 8, channels // 8, side, side, generator=generator)
    image = torch.randn(1, channels, side, side, generator=generator)
    three, seven = (torch.randn(channels, channels, k, k, generator=generator) for k in (3, 7))
    return {
        "local attention, loops": lambda: local_attention_loops(q, k, v, 7),
        "local attention, unfold": lambda: local_attention_unfold(q, k, v, 7),
        "local attention, 49 shifts": lambda: local_attention(q, k, v, 7),
        "convolution, 7 x 7": lambda: F.conv2d(image, seven, padding=3),
        "convolution, 3 x 3": lambda: F.conv2d(image, three, padding=1),
    }


@one_thread()
@torch.no_grad()
def medians(functions: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median CPU time of each function in milliseconds; A, B, C, A, B, C, after a round of warming up."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for number in range(rounds + 1):
        for name, function in functions.items():
            started = time.process_time()
            function()
            if number:
                times[name].append(1000 * (time.process_time() - started))
    return {name: statistics.median(values) for name, values in times.items()}


def measure(rounds: int = 9) -> list[dict[str, object]]:
    """Return the rows of the table."""
    rows = []
    for channels, side in [(64, 56), (256, 14)]:
        for name, value in medians(contenders(channels, side), rounds).items():
            size = {"channels": channels, "height": side, "width": side}
            rows.append({"what": name, **size, "milliseconds": round(value, 2), "rounds": rounds})
    return rows


if __name__ == "__main__":
    found = measure()
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)
    for row in found:
        print(f"{row['what']:28} {row['channels']:4} x {row['height']} x {row['width']} {row['milliseconds']:9.2f} ms")
