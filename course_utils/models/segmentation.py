"""Masks from a trained DETR: each query's attention over the cells, made larger with the backbone's features.

Carion et al. 2020, section 4.4, in small; DETR itself stays as it is. Notation: `B` scenes, `Q` queries, `N` cells, `D`
width, `h` heads; `P` pairs of a scene and a query, each of which gets a mask.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.hooks import RemovableHandle

from course_utils.models.attention import attention_weights, split_heads
from course_utils.models.detr import Memory, Outputs


class Seen(NamedTuple):
    """What a mask head gets from a DETR.

    Attributes:
        known: (B, Q, D), what the queries know after the last layer.
        memory: the encoder's.
        features: (B, channels, H, W) each, from 16 x 16 on, every one twice as large as
            the one before; the last are the images themselves.
    """

    known: Tensor
    memory: Memory
    features: Sequence[Tensor]


@torch.no_grad()
def see(detr: nn.Module, images: Tensor) -> tuple[Outputs, Seen]:
    """Run a DETR that is trained, and keep what lies between its parts.

    Args:
        detr: a small one, in eval mode.
        images: (B, 1, 64, 64).

    Returns:
        what it returns, and what a mask head gets.
    """
    known, memories, passed = [], [], [images]
    head = detr.class_head
    hooks = [keep_outputs(part, passed) for part in detr.backbone]
    hooks.append(keep_outputs(detr.encoder, memories))
    hooks.append(head.register_forward_pre_hook(lambda _, seen: known.append(*seen)))
    try:
        outputs = detr(images)
    finally:
        for hook in hooks:
            hook.remove()
    *features, _cells = last_of_each_size(passed)
    return outputs, Seen(known[-1], memories[0], features[::-1])


def keep_outputs(part: nn.Module, into: list) -> RemovableHandle:
    """Put whatever a part of a model returns into a list, too."""
    return part.register_forward_hook(lambda *called: into.append(called[-1]))


def last_of_each_size(passed: Sequence[Tensor]) -> list[Tensor]:
    """Return the last of the features (B, channels, H, W) of each H, in their order."""
    return list({features.shape[2]: features for features in passed}.values())


class QueryMaps(nn.Module):
    """Attention of queries to cells whose weights are the result: nothing is averaged.

    Args:
        width, heads: D and h.
    """

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, known: Tensor, memory: Memory) -> Tensor:
        """Return the maps (B, Q, h, N) of queries (B, Q, D); their mean is 1."""
        q = split_heads(self.query(known), self.heads)  # (B, h, Q, d)
        k = split_heads(self.key(memory.cells + memory.positions), self.heads)
        weights = attention_weights(q, k)  # (B, h, Q, N)
        return weights.shape[-1] * weights.transpose(1, 2)


class Double(nn.Module):
    """Make maps twice as large, and sharpen them by the backbone's features.

    Args:
        inputs, outputs: channels before and after.
        skip: channels of the features.
    """

    def __init__(self, inputs: int, skip: int, outputs: int):
        super().__init__()
        self.skip = nn.Conv2d(skip, inputs, 1)
        self.mix = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm = nn.GroupNorm(1, outputs)

    def forward(self, maps: Tensor, features: Tensor, scenes: Tensor) -> Tensor:
        """Map (P, inputs, H, W) to (P, outputs, 2 H, 2 W).

        The features are (B, skip, 2 H, 2 W), and scenes (P,) says which each needs.
        """
        larger = F.interpolate(maps, scale_factor=2)
        return self.norm(self.mix(larger + self.skip(features)[scenes])).relu()


class MaskHead(nn.Module):
    """Draw a mask for each query: Carion et al. 2020, figure 8.

    Args:
        width, heads: D and h.
        skips: channels of the features that `see` returns.
    """

    def __init__(
        self,
        width: int = 64,
        heads: int = 4,
        skips: Sequence[int] = (48, 24, 1),
    ):
        super().__init__()
        self.maps = QueryMaps(width, heads)
        self.start = nn.Conv2d(width + heads, 32, 3, padding=1)
        self.norm = nn.GroupNorm(1, 32)
        sizes = zip((32, 16, 8), skips, (16, 8, 8), strict=True)
        self.doubles = nn.ModuleList([Double(*size) for size in sizes])
        self.out = nn.Conv2d(8, 1, 1)

    def forward(self, seen: Seen, scenes: Tensor, queries: Tensor) -> Tensor:
        """Return mask logits (P, 64, 64) for P scenes and a query in each."""
        looks = self.maps(seen.known, seen.memory)[scenes, queries]  # (P, h, N)
        cells = seen.memory.cells.mT[scenes]  # (P, D, N)
        both = torch.cat([cells, looks], dim=1)  # (P, D + h, N)
        side = round(both.shape[-1] ** 0.5)
        maps = self.norm(self.start(both.unflatten(-1, (side, side)))).relu()
        for double, features in zip(self.doubles, seen.features, strict=True):
            maps = double(maps, features, scenes)
        return self.out(maps)[:, 0]


def dice_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Compare masks by what they share, so that small ones count as much as large ones.

    Args:
        logits: (P, H, W).
        masks: (P, H, W) of bool or of 0 and 1.

    Returns:
        (), the mean of 1 - 2 |A and B| / (|A| + |B|), with 1 added above and below.
        Milletari et al. 2016, section 3.
    """
    found, wanted = logits.sigmoid().flatten(1), masks.to(logits).flatten(1)
    shared = (found * wanted).sum(dim=1)
    both = found.sum(dim=1) + wanted.sum(dim=1)
    return (1 - (2 * shared + 1) / (both + 1)).mean()


def focal_loss(
    logits: Tensor,
    masks: Tensor,
    gamma: float = 2.0,
    alpha: float = 0.25,
) -> Tensor:
    """Compare masks pixel by pixel; pixels that are right already hardly count.

    Args:
        logits: (P, H, W).
        masks: (P, H, W) of bool or of 0 and 1.
        gamma: how little they count; 0 is cross-entropy.
        alpha: weight of the mask's own pixels; the others have 1 - alpha.

    Returns:
        (), the mean over pixels. Lin et al. 2017, equation 5.
    """
    wanted = masks.to(logits)
    # - log p, with p the probability of what is true
    loss = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    weight = torch.where(wanted > 0.5, alpha, 1 - alpha)
    return (weight * (1 - (-loss).exp()) ** gamma * loss).mean()
