"""Attention between the blocks of a CNN: every position of a feature map attends to every other.

Notation: `B` batch, `C` channels, `H W` the feature map. 1 x 1 convolutions make queries, keys and values; the
attention is lesson 02's.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.models.attention import attention, attention_weights


def as_tokens(features: Tensor) -> Tensor:
    """Turn a feature map (B, C, H, W) into tokens (B, H * W, C), row by row."""
    return features.flatten(start_dim=2).transpose(1, 2)


def as_feature_map(tokens: Tensor, height: int, width: int) -> Tensor:
    """Turn tokens (B, H * W, C) back into a feature map (B, C, H, W)."""
    return tokens.transpose(1, 2).unflatten(2, (height, width))


class NonLocalBlock(nn.Module):
    """A non-local block, embedded Gaussian, with a residual that starts as the identity: Wang et al. 2018, section 3.3.

    Args:
        channels: C, in and out.
        inner: channels of queries, keys and values; C / 8 as a rule here, C / 2 in the paper.
        scale: what the dot products are multiplied by; 1 / sqrt(inner) if none. The paper has 1, timm 1 / sqrt(C).
    """

    def __init__(self, channels: int, inner: int | None = None, scale: float | None = None):
        super().__init__()
        inner = inner or max(1, channels // 8)
        self.scale = inner**-0.5 if scale is None else scale
        self.query, self.key, self.value = (nn.Conv2d(channels, inner, 1) for _ in range(3))
        self.out = nn.Conv2d(inner, channels, 1)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)  # the block starts as the identity: section 4.1

    def _query_and_key(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return queries and keys (B, H * W, inner), such that attention's own scale makes ours."""
        q, k = as_tokens(self.query(features)), as_tokens(self.key(features))
        return q * self.scale * math.sqrt(q.shape[-1]), k

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C, H, W)."""
        q, k = self._query_and_key(features)
        mixed = attention(q, k, as_tokens(self.value(features)))  # (B, H * W, inner)
        return features + self.norm(self.out(as_feature_map(mixed, *features.shape[2:])))

    @torch.no_grad()
    def weights(self, features: Tensor) -> Tensor:
        """Return the attention weights (B, H * W, H * W) that `forward` uses."""
        return attention_weights(*self._query_and_key(features))


class SAGANAttention(nn.Module):
    """The self-attention layer of SAGAN, as its authors' code has it: Zhang et al. 2019, section 3.

    Queries and keys have C / 8 channels, values C / 2; keys and values are max-pooled by 2 x 2, and the dot products
    aren't scaled. The spectral norm that the code puts on every convolution is for training a GAN, and left out.

    Args:
        channels: C, in and out, a multiple of 8.
    """

    def __init__(self, channels: int):
        super().__init__()
        if channels % 8:
            raise ValueError(f"{channels} channels are not a multiple of 8: use {math.ceil(channels / 8) * 8}")
        self.query, self.key = (nn.Conv2d(channels, channels // 8, 1, bias=False) for _ in range(2))
        self.value = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.out = nn.Conv2d(channels // 2, channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))  # the block starts as the identity: equation 4

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C, H, W); H and W of at least 2."""
        k, v = (as_tokens(F.max_pool2d(project(features), 2)) for project in (self.key, self.value))
        q = as_tokens(self.query(features)) * math.sqrt(k.shape[-1])  # undoes attention's scale
        mixed = as_feature_map(attention(q, k, v), *features.shape[2:])  # (B, C / 2, H, W)
        return features + self.gamma * self.out(mixed)
