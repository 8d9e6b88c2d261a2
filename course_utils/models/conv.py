"""ResNet-50 and its relatives in which local attention stands where the 3 x 3 convolutions stood.

One description, a stem, four stages and the layer that mixes positions, makes all of them: He et al. 2016, table 1;
Hu et al. 2019, table 1; Ramachandran et al. 2019, section 4.1.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from course_utils.models.local_layers import LocalAttention, LocalRelation

Mixer = Callable[[int, int], nn.Module]  # channels and stride to a layer


@dataclass(frozen=True)
class Stage:
    """Blocks that work at one resolution: how many, the channels inside and those that come out."""

    blocks: int
    width: int
    outputs: int


RESNET_50 = (Stage(3, 64, 256), Stage(4, 128, 512), Stage(6, 256, 1024), Stage(3, 512, 2048))
LR_NET_50 = (Stage(3, 100, 256), Stage(4, 200, 512), Stage(6, 400, 1024), Stage(3, 800, 2048))


def convolution(channels: int, stride: int) -> nn.Module:
    """Make the layer that mixes positions in a ResNet: 3 x 3."""
    return nn.Conv2d(channels, channels, 3, stride, padding=1, bias=False)


def normed(layer: nn.Module, channels: int) -> nn.Sequential:
    """Put a batch norm behind a layer."""
    return nn.Sequential(layer, nn.BatchNorm2d(channels))


class Bottleneck(nn.Module):
    """Fewer channels, mix positions, more channels again, added to the input: He et al. 2016, figure 5, right.

    Args:
        inputs, width, outputs: channels before, inside and after.
        stride: 2 halves the image, in the layer that mixes and in the shortcut.
        mixer: makes the layer that mixes, from its channels and its stride.
    """

    def __init__(self, inputs: int, width: int, outputs: int, stride: int, mixer: Mixer):
        super().__init__()
        self.reduce = normed(nn.Conv2d(inputs, width, 1, bias=False), width)
        self.mix = normed(mixer(width, stride), width)
        self.expand = normed(nn.Conv2d(width, outputs, 1, bias=False), outputs)
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else normed(nn.Conv2d(inputs, outputs, 1, stride, bias=False), outputs)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        inner = self.mix(self.reduce(features).relu()).relu()
        return (self.expand(inner) + self.shortcut(features)).relu()


class ResNet(nn.Module):
    """A stem, four stages of bottleneck blocks, a mean over all positions, a linear classifier.

    Args:
        stages: the first works at a quarter of the image's side, each other at half of the one before.
        stem: (B, 3, H, W) to (B, 64, H / 2, W / 2), with its norm.
        mixer: makes every block's layer that mixes positions.
        classes: how many logits come out.
    """

    def __init__(self, stages: tuple[Stage, ...], stem: nn.Module, mixer: Mixer, classes: int = 1000):
        super().__init__()
        self.stem = stem
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.stages, inputs = nn.ModuleList(), 64
        for number, stage in enumerate(stages):
            blocks = nn.Sequential()
            for block in range(stage.blocks):
                stride = 2 if number > 0 and block == 0 else 1
                blocks.append(Bottleneck(inputs, stage.width, stage.outputs, stride, mixer))
                inputs = stage.outputs
            self.stages.append(blocks)
        self.head = nn.Linear(inputs, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (B, classes) of images (B, 3, H, W)."""
        features = self.pool(self.stem(images).relu())
        for stage in self.stages:
            features = stage(features)
        return self.head(features.mean(dim=(2, 3)))


def convolution_stem() -> nn.Sequential:
    """Make ResNet's stem: a 7 x 7 convolution with stride 2."""
    return normed(nn.Conv2d(3, 64, 7, 2, padding=3, bias=False), 64)


def relation_stem() -> nn.Sequential:
    """Make LR-Net's stem: a 1 x 1 convolution to 64 channels, then a local relation layer with stride 2."""
    first = normed(nn.Conv2d(3, 64, 1, bias=False), 64)
    return nn.Sequential(first, nn.ReLU(), normed(LocalRelation(64, stride=2), 64))


def resnet50(classes: int = 1000) -> ResNet:
    """ResNet-50, with the stride in the 3 x 3 convolution as torchvision has it."""
    return ResNet(RESNET_50, convolution_stem(), convolution, classes)


def lr_net_50(classes: int = 1000) -> ResNet:
    """LR-Net-50 with 7 x 7 neighbourhoods and m = 8: Hu et al. 2019, table 1."""
    return ResNet(LR_NET_50, relation_stem(), LocalRelation, classes)


def sasa_50(classes: int = 1000) -> ResNet:
    """ResNet-50 with stand-alone self-attention instead of the 3 x 3 convolutions, and a convolution as stem."""
    return ResNet(RESNET_50, convolution_stem(), LocalAttention, classes)


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions, added to the input: He et al. 2016, figure 5, left.

    Args:
        inputs, outputs: channels before and after.
        stride: 2 halves the image, in the first convolution and in the shortcut.
    """

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.first = normed(nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False), outputs)
        self.second = normed(nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), outputs)
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else normed(nn.Conv2d(inputs, outputs, 1, stride, bias=False), outputs)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        return (self.second(self.first(features).relu()) + self.shortcut(features)).relu()


class SmallResNet(nn.Module):
    """A ResNet for grey pictures of 28 x 28: three stages of one block, with 16, 32 and 64 channels.

    Args:
        between: makes what stands behind the first and the second stage, from its channels; nothing if none.
        classes: how many logits come out.
    """

    def __init__(self, between: Callable[[int], nn.Module] | None = None, classes: int = 10):
        super().__init__()
        between = between or (lambda _channels: nn.Identity())
        self.stem = normed(nn.Conv2d(1, 16, 3, stride=2, padding=1, bias=False), 16)
        self.stage1, self.between1 = BasicBlock(16, 16, 1), between(16)  # (B, 16, 14, 14)
        self.stage2, self.between2 = BasicBlock(16, 32, 2), between(32)  # (B, 32, 7, 7)
        self.stage3 = BasicBlock(32, 64, 2)  # (B, 64, 4, 4)
        self.head = nn.Linear(64, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (B, classes) of images (B, 1, 28, 28)."""
        features = self.between1(self.stage1(self.stem(images).relu()))
        features = self.between2(self.stage2(features))
        return self.head(self.stage3(features).mean(dim=(2, 3)))


def count_parameters(module: nn.Module) -> int:
    """Return how many numbers a module learns."""
    return sum(parameter.numel() for parameter in module.parameters())


@torch.no_grad()
def stage_shapes(model: ResNet, images: Tensor) -> list[tuple[int, ...]]:
    """Return the shapes (C, H, W) after the stem and after every stage, for images (B, 3, H, W)."""
    features = model.stem(images).relu()
    shapes = [tuple(features.shape[1:])]
    features = model.pool(features)
    for stage in model.stages:
        features = stage(features)
        shapes.append(tuple(features.shape[1:]))
    return shapes


@torch.no_grad()
def count_macs(model: nn.Module, size: tuple[int, int], channels: int = 3) -> int:
    """Count the multiply-adds of one image (1 MAC = 2 FLOPs) in convolutions, linear layers and local attention.

    Args:
        model: takes images (1, C, H, W).
        size: H, W.
        channels: C.

    Returns:
        PyTorch's own counter for convolutions and products, and each layer's `attention_macs`, which it can't see.
    """
    unseen: list[int] = []

    def note(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        unseen.append(layer.attention_macs(*inputs[0].shape[2:]))

    hooks = [m.register_forward_pre_hook(note) for m in model.modules() if hasattr(m, "attention_macs")]
    was_training = model.training
    with FlopCounterMode(display=False) as counter:
        model.eval()(torch.zeros(1, channels, *size))
    model.train(was_training)
    for hook in hooks:
        hook.remove()
    return counter.get_total_flops() // 2 + sum(unseen)
