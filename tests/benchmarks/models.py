"""CPU time of our models beside the official ones: one thread, interleaved, medians of the ratios of each round.

    python tests/benchmarks/models.py

prints the table and writes it to `tests/benchmarks/models.csv`. Batch 2 at 224 x 224, the same weights in both.
"""

import csv
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torchvision
from torch import nn

from course_utils.models import build
from course_utils.threads import one_thread
from course_utils.weights import convert

TABLE = Path(__file__).with_name("models.csv")
COLUMNS = ["model", "official", "mode", "official_ms", "ours_ms", "ratio", "rounds"]


def timm_model(name: str) -> nn.Module:
    """Make timm's model of that name, with random weights; needs the extra `parity`."""
    import timm

    return timm.create_model(name)


OFFICIAL = {
    "vit_b_16": ("torchvision", torchvision.models.vit_b_16),
    "mixer_b16": ("timm", lambda: timm_model("mixer_b16_224")),
}


def pair(name: str) -> tuple[nn.Module, nn.Module]:
    """Return the official model and ours, with the same weights, in eval mode (no dropout)."""
    torch.manual_seed(0)
    official = OFFICIAL[name][1]().eval()
    ours = build(name).eval()
    ours.load_state_dict(convert(name, official.state_dict()))
    return official, ours


def forward(model: nn.Module, images: torch.Tensor) -> Callable[[], None]:
    """Return a function that runs the model without gradients."""

    @torch.no_grad()
    def run() -> None:
        model(images)

    return run


def forward_backward(model: nn.Module, images: torch.Tensor) -> Callable[[], None]:
    """Return a function that runs the model forward and backward."""

    def run() -> None:
        model.zero_grad()
        model(images).sum().backward()

    return run


MODES = {"forward": forward, "forward + backward": forward_backward}


@one_thread()
def rounds_of(first: Callable[[], None], second: Callable[[], None], rounds: int) -> list[tuple[float, float]]:
    """Return the CPU seconds of both functions in every round, after one of warming up; who begins alternates."""
    times = []
    for number in range(rounds + 1):
        spent = {}
        for function in (first, second) if number % 2 else (second, first):
            started = time.process_time()
            function()
            spent[function] = time.process_time() - started
        times.append((spent[first], spent[second]))
    return times[1:]


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
