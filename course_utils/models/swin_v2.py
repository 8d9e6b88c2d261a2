"""Swin V2: what changed so that larger models train, and windows of another size can be used afterwards.

Liu et al. 2022, "Swin Transformer V2: Scaling Up Capacity and Resolution", section 3. Notation as in
`course_utils.models.swin`. Three changes: the norm stands behind attention and MLP, queries and keys are compared by
their angle, and a small network computes the position bias from the offset.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.models.swin import (
    PatchMerging,
    SwinAttention,
    SwinBlock,
    SwinTransformer,
    split_windows,
)
from course_utils.models.windows import patch_merge, relative_position_index

LARGEST_SCALE = 100
HIDDEN = 512  # of the network behind the position bias


def log_spaced_offsets(window: int) -> Tensor:
    """Return every offset between two tokens of a window, far ones drawn together.

    Args:
        window: M, at least 2.

    Returns:
        ((2M - 1)^2, 2), rows and columns, in the order of `relative_position_index`:
        sign(t) log2(1 + |t|) / 3 with t from -8 to 8, whatever the window.
        Liu et al. 2022, equation 4, with the scale of the official code.

    Raises:
        ValueError: M is below 2.
    """
    if window < 2:
        raise ValueError(f"a window of {window} has no offsets to scale: use 2 or more")
    side = torch.arange(1 - window, window) * 8 / (window - 1)  # (2M - 1,), -8 to 8
    scaled = side.sign() * torch.log2(1 + side.abs()) / math.log2(8)
    return torch.cartesian_prod(scaled, scaled)


class ContinuousPositionBias(nn.Module):
    """The position bias as a function of the offset: Liu et al. 2022, section 3.3.

    Args:
        window: M.
        heads: h.
    """

    def __init__(self, window: int, heads: int):
        super().__init__()
        last = nn.Linear(HIDDEN, heads, bias=False)
        self.mlp = nn.Sequential(nn.Linear(2, HIDDEN), nn.ReLU(), last)
        self.register_buffer("offsets", log_spaced_offsets(window), persistent=False)
        self.register_buffer("index", relative_position_index(window), persistent=False)

    def forward(self) -> Tensor:
        """Return what is added to the scores, from 0 to 16: (h, M * M, M * M)."""
        table = 16 * self.mlp(self.offsets).sigmoid()  # ((2M - 1)^2, h)
        return table[self.index].permute(2, 0, 1)


class SwinV2Attention(SwinAttention):
    """Attention that compares directions, not lengths: Liu et al. 2022, equation 2.

    As in torchvision, the keys have a bias that counts as a parameter and isn't used.

    Args:
        width, heads, window, relative_bias: as for `SwinAttention`.
    """

    make_bias = ContinuousPositionBias

    def __init__(self, width: int, heads: int, window: int, relative_bias: bool = True):
        super().__init__(width, heads, window, relative_bias)
        self.logit_scale = nn.Parameter(torch.full((heads, 1, 1), math.log(10)))

    def scores(self, windows: Tensor) -> Tensor:
        """Compare queries with keys: (B, nW, M * M, C) to (B, nW, h, M * M, M * M)."""
        key = F.linear(windows, self.key.weight)  # without the bias
        q = F.normalize(split_windows(self.query(windows), self.heads), dim=-1)
        k = F.normalize(split_windows(key, self.heads), dim=-1)
        scale = self.logit_scale.clamp(max=math.log(LARGEST_SCALE)).exp()  # (h, 1, 1)
        return scale * (q @ k.transpose(-2, -1))


class SwinV2Block(SwinBlock):
    """A block that normalises what attention and MLP add, not what they read.

    Liu et al. 2022, section 3.2.

    Args:
        width, heads, window, shift, relative_bias: as for `SwinBlock`.
    """

    make_attention = SwinV2Attention

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, H, W, C) to (B, H, W, C)."""
        tokens = tokens + self.norm1(self.attention(tokens))
        return tokens + self.norm2(self.mlp(tokens))


class PatchMergingV2(PatchMerging):
    """Patch merging whose norm comes last.

    Args:
        width: C.
    """

    def __init__(self, width: int):
        super().__init__(width)
        self.norm = nn.LayerNorm(2 * width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, H, W, C) to (B, H / 2, W / 2, 2C)."""
        return self.norm(self.reduce(patch_merge(tokens)))


class SwinTransformerV2(SwinTransformer):
    """`SwinTransformer` with the blocks and the merging of Swin V2."""

    make_block, make_merging = SwinV2Block, PatchMergingV2


def swin_v2_t(classes: int = 1000) -> SwinTransformerV2:
    """SwinV2-T for 256 x 256, with windows of 8 x 8; at 224 x 224 each stage pads."""
    depths, heads = (2, 2, 6, 2), (3, 6, 12, 24)
    return SwinTransformerV2(4, 96, depths, heads, window=8, classes=classes)
