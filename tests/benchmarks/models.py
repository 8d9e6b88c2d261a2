"""CPU time of our models beside the official ones: one thread, interleaved, medians of the ratios of each round.

    python tests/benchmarks/models.py

prints the table and writes it to `tests/benchmarks/models.csv`. Batch 2 at 224 x 224, the same weights in both.
"""

import csv
import statistics
from pathlib import Path

import torch
import torchvision
from torch import nn

from course_utils.models import build
from course_utils.throughput import MODES, rounds_of
from course_utils.weights import convert

TABLE = Path(__file__).with_name("models.csv")
COLUMNS = ["model", "official", "mode", "official_ms", "ours_ms", "ratio", "rounds"]
OFFICIAL = {
    "vit_b_16": ("torchvision", torchvision.models.vit_b_16),
    "swin_t": ("torchvision", torchvision.models.swin_t),
}


def pair(name: str) -> tuple[nn.Module, nn.Module]:
    """Return the official model and ours, with the same weights, in eval mode (no dropout)."""
    torch.manual_seed(0)
    official = OFFICIAL[name][1]().eval()
    ours = build(name).eval()
    ours.load_state_dict(convert(name, official.state_dict()))
    return official, ours


def measure(name: str, mode: str, rounds: int = 9, side: int = 224) -> dict[str, object]:
    """Return a row of the table."""
    official, ours = pair(name)
    images = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    times = rounds_of(MODES[mode](official, images), MODES[mode](ours, images), rounds)
    theirs, own = (round(1000 * statistics.median(column)) for column in zip(*times, strict=True))
    ratio = statistics.median(own / theirs for theirs, own in times)
    values = {"official_ms": theirs, "ours_ms": own, "ratio": round(ratio, 3), "rounds": rounds}
    return {"model": name, "official": OFFICIAL[name][0], "mode": mode, **values}


if __name__ == "__main__":
    found = [measure(name, mode) for name in OFFICIAL for mode in MODES]
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)
    for row in found:
        print(*row.values())
