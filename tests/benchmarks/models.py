"""CPU time of our models beside the official ones: one thread, interleaved, medians of the ratios of each round.

    python tests/benchmarks/models.py

prints the table and writes it to `tests/benchmarks/models.csv`. Batch 2 at 224 x 224, the same weights in both.
"""

import csv
import statistics
import sys
from pathlib import Path

import torch
import torchvision
from torch import nn

from course_utils.files import ROOT
from course_utils.models import build
from course_utils.throughput import MODES, rounds_of
from course_utils.weights import convert

TABLE = Path(__file__).with_name("models.csv")
COLUMNS = ["model", "official", "mode", "official_ms", "ours_ms", "ratio", "rounds"]


def timm_model(name: str) -> nn.Module:
    """Make timm's model of that name, with random weights; needs the extra `parity`."""
    import timm

    return timm.create_model(name)


def transformers_detr() -> nn.Module:
    """Make transformers' DETR, with random weights; needs the extra `parity`.

    It answers with its logits, and its state dict has the names of the authors' code, as ours takes them.
    """
    from transformers import DetrConfig, DetrForObjectDetection

    sys.path.append(str(ROOT / "tests"))
    from detrs import authors_layout

    class Official(DetrForObjectDetection):
        def state_dict(self, *args, **keywords) -> dict[str, torch.Tensor]:
            return authors_layout(super().state_dict(*args, **keywords))

    return Official(DetrConfig(use_pretrained_backbone=False, auxiliary_loss=False, num_labels=91))


class Joined(nn.Module):
    """A DETR, ours or the official one, whose logits and boxes come out as one tensor (B, Q, C + 1 + 4)."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        found = self.model(images)
        return torch.cat([found["pred_logits" if "pred_logits" in found else "logits"], found["pred_boxes"]], dim=-1)


OFFICIAL = {
    "vit_b_16": ("torchvision", torchvision.models.vit_b_16),
    "swin_t": ("torchvision", torchvision.models.swin_t),
    "mixer_b16": ("timm", lambda: timm_model("mixer_b16_224")),
    "detr_resnet50": ("transformers", transformers_detr),
}


def pair(name: str) -> tuple[nn.Module, nn.Module]:
    """Return the official model and ours, with the same weights, in eval mode (no dropout)."""
    torch.manual_seed(0)
    official = OFFICIAL[name][1]().eval()
    ours = build(name).eval()
    ours.load_state_dict(convert(name, official.state_dict()))
    return (Joined(official), Joined(ours)) if name.startswith("detr") else (official, ours)


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
