"""Images and multiply-adds a second: measured here, one thread, CPU time, in turns with ResNet-50; and from tables."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from course_utils.models import build
from course_utils.models.conv import count_macs
from course_utils.models.vit import VisionTransformer
from course_utils.threads import one_thread

BATCH = 2
ROUNDS = 5


@dataclass(frozen=True)
class Contender:
    """A model and the images that it is made for.

    Attributes:
        make: makes it, without dropout and stochastic depth.
        side: of its images, in pixels.
        layout: how the numbers of an image lie in memory; convolutions are faster with the channels last.
    """

    make: Callable[[], nn.Module]
    side: int = 224
    layout: torch.memory_format = torch.contiguous_format


def vit_small() -> nn.Module:
    """Make ViT-S/16 for 224 x 224: width 384, 6 heads, 12 layers (Touvron et al. 2021, table 1, DeiT-S)."""
    return VisionTransformer(224, 16, width=384, heads=6, layers=12, classes=1000)


def efficientnet_b4() -> nn.Module:
    """Make torchvision's EfficientNet-B4 for 380 x 380."""
    from torchvision import models  # here, as it takes longer than to import torch

    return models.efficientnet_b4(dropout=0.0, stochastic_depth_prob=0.0)


def regnet_y() -> nn.Module:
    """Make torchvision's RegNetY-3.2G for 224 x 224."""
    from torchvision import models

    return models.regnet_y_3_2gf()


REFERENCE = "ResNet-50"
CONTENDERS = {
    REFERENCE: Contender(lambda: build("resnet50"), layout=torch.channels_last),
    "RegNetY-3.2G": Contender(regnet_y, layout=torch.channels_last),
    "EfficientNet-B4": Contender(efficientnet_b4, 380, torch.channels_last),
    "ViT-S": Contender(vit_small),
    "Swin-T": Contender(lambda: build("swin_t")),
}


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
THROUGHPUT_ARMS = tuple(f"{name}, {mode}" for mode in MODES for name in CONTENDERS)


@one_thread()
def in_turns(functions: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """Run functions in turns, so that what disturbs one disturbs all; each round begins with the next one.

    Args:
        functions: what to time.
        rounds: how many count; there is one before them, of warming up.

    Returns:
        for each round the CPU seconds of every function, in the order in which they were given.
    """
    times = []
    for number in range(rounds + 1):
        spent = [0.0] * len(functions)
        for turn in range(len(functions)):
            place = (number + 1 + turn) % len(functions)
            started = time.process_time()
            functions[place]()
            spent[place] = time.process_time() - started
        times.append(spent)
    return times[1:]


def rounds_of(first: Callable[[], None], second: Callable[[], None], rounds: int) -> list[tuple[float, float]]:
    """Return the CPU seconds of both functions in every round, after one of warming up; who begins alternates."""
    return [(own, other) for own, other in in_turns((first, second), rounds)]


def runner(name: str, mode: str) -> Callable[[], None]:
    """Return a function that runs one of `CONTENDERS` on `BATCH` random images, in one of `MODES`.

    Batch norms use each batch's own statistics where there is a backward pass, as they do in training.
    """
    contender = CONTENDERS[name]
    torch.manual_seed(0)
    model = contender.make().train(mode != "forward").to(memory_format=contender.layout)
    images = torch.randn(BATCH, 3, contender.side, contender.side).to(memory_format=contender.layout)
    return MODES[mode](model, images)


def throughput_arm(arm: str, _repeat: int = 0, rounds: int = ROUNDS) -> dict[str, float]:
    """Measure one of `THROUGHPUT_ARMS` beside ResNet-50, in turns.

    Returns:
        macs of one image, forward only; images_per_s; tmac_per_s, which counts the forward pass's macs in both modes;
        relative, the median over the rounds of its tmac_per_s, in units of the reference's in the same round.
    """
    name, mode = arm.rsplit(", ", 1)
    times = rounds_of(runner(name, mode), runner(REFERENCE, mode), rounds)
    macs, reference = (count_macs(CONTENDERS[n].make(), (CONTENDERS[n].side,) * 2) for n in (name, REFERENCE))
    speed = BATCH / statistics.median(own for own, _ in times)
    relative = statistics.median(macs / own / (reference / other) for own, other in times)
    return {
        "macs": macs,
        "images_per_s": round(speed, 2),
        "tmac_per_s": round(speed * macs / 1e12, 4),
        "relative": round(relative, 3),
    }


# pairs of a Transformer and a CNN of like cost, here and in the tables from elsewhere

Speeds = dict[str, dict[str, tuple[float, float]]]  # by device and model: multiply-adds a second, multiply-adds
SHORT = {
    "vit_small_patch16_224": "ViT-S",
    "DeiT-S": "ViT-S",
    "vit_base_patch16_224": "ViT-B",
    "DeiT-B": "ViT-B",
    "swin_tiny_patch4_window7_224": "Swin-T",
    "swin_base_patch4_window7_224": "Swin-B",
    "resnet50": "ResNet-50",
    "resnet152": "ResNet-152",
    "regnety_040": "RegNetY-4G",
    "regnety_160": "RegNetY-16G",
    "efficientnet_b4": "EfficientNet-B4",
    "efficientnet_b5": "EfficientNet-B5",
    "EffNet-B4": "EfficientNet-B4",
    "EffNet-B5": "EfficientNet-B5",
}
DEVICES = {"forward": "our CPU", "forward + backward": "our CPU, training"}


def speeds(tabulated: Sequence[Mapping[str, str]], measured: Sequence[Mapping]) -> Speeds:
    """Collect multiply-adds a second by device and model; of two memory layouts the faster one counts.

    Args:
        tabulated: rows of the table `macs_per_second`; in 10^12 a second.
        measured: rows of the results of `throughput_arm`, several of each arm; in units of the reference's.
    """
    found: Speeds = {}
    for row in tabulated:
        device, name = row["device"].split(",")[0], SHORT.get(row["model"], row["model"])
        speed = float(row["tmac_per_s"]), float(row["gmacs"])
        models = found.setdefault(device, {})
        models[name] = max(speed, models.get(name, speed))
    for arm in dict.fromkeys(row["arm"] for row in measured):
        rows = [row for row in measured if row["arm"] == arm]
        name, mode = arm.rsplit(", ", 1)
        speed = statistics.median(row["relative"] for row in rows), rows[0]["macs"] / 1e9
        found.setdefault(DEVICES[mode], {})[name] = speed
    return found


def like_pairs(found: Speeds, factor: float = 1.6) -> dict[str, dict[str, float]]:
    """Divide a Transformer's multiply-adds a second by a CNN's, for all pairs whose costs are within a factor.

    Returns:
        for each pair "TRANSFORMER : CNN" the ratio on each device that has both.
    """
    ratios: dict[str, dict[str, float]] = {}
    for first in ("ViT-S", "ViT-B", "Swin-T", "Swin-S", "Swin-B"):
        for device, models in found.items():
            for second, (speed, macs) in models.items():
                if first in models and second.startswith(("ResNet", "RegNet", "EfficientNet")):
                    own, cost = models[first]
                    if max(cost / macs, macs / cost) < factor:
                        ratios.setdefault(f"{first} : {second}", {})[device] = own / speed
    return ratios
