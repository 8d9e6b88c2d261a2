"""Every model family of the course for 28 x 28 grey images, each made from its width, so that they can cost the same.

A family keeps its papers' proportions; only its width is chosen, by `matched_width`, so that one image takes about
`BUDGET` multiply-adds. DeiT is no family of its own: it is a ViT with one more token and a recipe that needs a teacher,
whose training isn't free (the experiment `deit` has it).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from course_utils.image_runs import non_local
from course_utils.mixer_runs import SIZES
from course_utils.models.conv import Bottleneck, count_macs
from course_utils.models.gmlp import GatedMLP
from course_utils.models.local_layers import LocalAttention
from course_utils.models.mixer import MLPMixer
from course_utils.models.mvit import MViT
from course_utils.models.resmlp import ResMLP
from course_utils.models.vit import HybridViT
from course_utils.swin_runs import small_cnn, small_swin
from course_utils.vit_runs import small_vit

SIDE = 28
BUDGET = 2_400_000  # multiply-adds of one image: about the small Mixer and the small CNN of the lessons
PATCH = 7


@dataclass(frozen=True)
class Family:
    """Models of one kind, told apart by their width.

    Attributes:
        make: from the width, in units of `multiple`, to a model for images (B, 1, 28, 28).
        units: at this many the model costs about `BUDGET`.
        multiple: of which the width must be a multiple, as it is cut into heads.
    """

    make: Callable[[int], nn.Module]
    units: int
    multiple: int = 1

    @property
    def width(self) -> int:
        """Channels of the first stage."""
        return self.units * self.multiple

    def model(self, units: int | None = None) -> nn.Module:
        """Make the model of about `BUDGET` multiply-adds, or one of another width, with random weights."""
        return self.make((units or self.units) * self.multiple)

    def macs(self, units: int | None = None) -> int:
        """Count the multiply-adds of one image."""
        return count_macs(self.model(units), (SIDE, SIDE), channels=1)


def non_local_cnn(width: int) -> nn.Sequential:
    """Make `small_cnn` with a non-local block behind its first and its second block, as in lesson 03."""
    stem, relu, *blocks, pool, flat, head = small_cnn(width)
    between = [non_local(width), non_local(2 * width), nn.Identity()]
    mixed = [layer for pair in zip(blocks, between, strict=True) for layer in pair]
    return nn.Sequential(stem, relu, *mixed, pool, flat, head).to(memory_format=torch.channels_last)


def local_attention_net(width: int) -> nn.Sequential:
    """Make a ResNet of two bottlenecks on 7 x 7 positions whose 3 x 3 convolutions are stand-alone self-attention."""
    stem, relu, *_blocks, pool, flat, _head = small_cnn(width)

    def mixer(channels: int, stride: int) -> LocalAttention:
        return LocalAttention(channels, stride, heads=2, side=3)

    blocks = [Bottleneck(inputs, width, 4 * width, 1, mixer) for inputs in (width, 4 * width)]
    return nn.Sequential(stem, relu, nn.MaxPool2d(2), *blocks, pool, flat, nn.Linear(4 * width, 10))


def hybrid(width: int) -> HybridViT:
    """Make `small_cnn`'s three blocks, then two Transformer blocks on its 4 x 4 cells of 4 x `width` channels."""
    stem = small_cnn(width)[:5]  # (B, 1, 28, 28) to (B, 4 * width, 4, 4)
    return HybridViT(stem, 4, 4 * width, width=4 * width, heads=2, layers=2, classes=10)


def mvit(width: int) -> MViT:
    """Make an MViTv2 of three stages, from 7 x 7 tokens to 2 x 2; every width doubles, every head has `width`."""
    return MViT((SIDE, SIDE), 4, width, depths=(1, 2, 1), heads=(1, 2, 4), classes=10, channels=1)


FAMILIES: dict[str, Family] = {
    "CNN": Family(small_cnn, 16),
    "non-local CNN": Family(non_local_cnn, 13),
    "local attention": Family(local_attention_net, 11, multiple=4),
    "hybrid": Family(hybrid, 12),
    "ViT": Family(lambda width: small_vit(width=width), 27, multiple=2),
    "Swin": Family(lambda width: small_swin(width=width, heads=(1, 2)), 13),
    "MViT": Family(mvit, 25),
    "Mixer": Family(
        lambda width: MLPMixer(patch=PATCH, width=width, token_hidden=width // 2, channel_hidden=4 * width, **SIZES),
        32,
        multiple=2,
    ),
    "ResMLP": Family(lambda width: ResMLP(width, 4 * width, patch=PATCH, **SIZES), 67),
    "gMLP": Family(lambda width: GatedMLP(width, 6 * width, patch=PATCH, **SIZES), 61),
}
