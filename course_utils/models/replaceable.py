"""A ViT whose attention and tokens can be exchanged, for projects that change one of them.

Notation: `B` batch, `N` tokens, `D` width, `h` heads, `d` width of a head, `R` registers.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.models.attention import MultiHeadAttention, TransformerBlock, merge_heads, split_heads
from course_utils.models.vit import MeanPooledViT, VisionTransformer

Attention = Callable[[int, int], nn.Module]  # width and heads to a module (B, N, D) to (B, N, D)


def block_with(attention: Attention, width: int, heads: int) -> TransformerBlock:
    """Make a Transformer block with another attention.

    Args:
        attention: makes it from D and h. It is called with tokens (B, N, D) and a mask, which is None in a ViT.
        width, heads: D and h.
    """
    block = TransformerBlock(width, heads)
    block.attention = attention(width, heads)
    return block


class LinearAttention(MultiHeadAttention):
    """Attention without the N x N weights: Katharopoulos et al. 2020, equations 4 to 7.

    Softmax's exp(q k) becomes f(q) f(k) with f(x) = elu(x) + 1, so keys and values can be summed before any query
    asks: 2 N d D multiply-adds instead of 2 N^2 D. The parameters are those of `MultiHeadAttention`.
    """

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Map tokens (B, N, D) to (B, N, D).

        Raises:
            ValueError: there is a mask, which sums over all keys can't keep to.
        """
        if mask is not None:
            raise ValueError("linear attention sums over all keys: it can't take a mask, pass None")
        q, k, v = (split_heads(project(tokens), self.heads) for project in (self.query, self.key, self.value))
        q, k = F.elu(q) + 1, F.elu(k) + 1  # positive
        known = k.mT @ v  # (B, h, d, d)
        total = q @ k.sum(dim=2)[..., None]  # (B, h, N, 1)
        return self.out(merge_heads(q @ known / total))


class RotaryAttention(MultiHeadAttention):
    """Attention whose queries and keys are turned by their place, so that scores depend on distances in both axes.

    Heo et al. 2024, "Rotary Position Embedding for Vision Transformer", section 3.1, axial frequencies: the first half
    of a head is turned by the row, the second by the column.

    Args:
        width: D.
        heads: h.
        side: of the token grid, N = side * side.
        longest: nearly so many times as long is the longest wave as the shortest, longest^(1 - 4 / d); authors: 100.
    """

    def __init__(self, width: int, heads: int, side: int, longest: float = 100.0):
        super().__init__(width, heads)
        d = width // heads
        if d % 4:
            raise ValueError(f"heads of width {d} have no pairs for rows and columns: use a multiple of 4")
        speed = longest ** (-torch.arange(d // 4) * 4 / d)  # (d/4,)
        place = torch.arange(side * side)
        angle = torch.cat([torch.outer(place // side, speed), torch.outer(place % side, speed)], dim=1)  # (N, d/2)
        self.register_buffer("cosine", angle.cos(), persistent=False)
        self.register_buffer("sine", angle.sin(), persistent=False)

    def turn(self, heads: Tensor) -> Tensor:
        """Turn the pairs of (B, h, N, d) by their token's place."""
        first, second = heads.chunk(2, dim=-1)  # (B, h, N, d/2) each
        return torch.cat([first * self.cosine - second * self.sine, first * self.sine + second * self.cosine], dim=-1)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Map tokens (B, N, D), a square grid row by row, to (B, N, D)."""
        q, k, v = (split_heads(project(tokens), self.heads) for project in (self.query, self.key, self.value))
        mixed = F.scaled_dot_product_attention(self.turn(q), self.turn(k), v, attn_mask=mask)
        return self.out(merge_heads(mixed))


class UnplacedViT(MeanPooledViT):
    """A ViT whose tokens don't know where they are, unless their attention does: no position embedding."""

    def __init__(self, *args, **keywords):
        super().__init__(*args, **keywords)
        del self.pos_embed

    def tokens(self, images: Tensor) -> Tensor:
        """Return what the first block reads: (B, N, D)."""
        return self.patch_embed(images)


class RegisterViT(VisionTransformer):
    """A ViT with tokens that stand for nothing, as scratch paper: Darcet et al. 2024, section 2.2.

    Args:
        registers: R, how many; 0 is a plain ViT.
        std: how large their numbers are at first.
        keywords: as for `VisionTransformer`.
    """

    def __init__(self, registers: int, std: float = 0.02, **keywords):
        super().__init__(**keywords)
        width = self.cls_token.shape[-1]
        self.registers = nn.Parameter(std * torch.randn(1, registers, width))

    def tokens(self, images: Tensor) -> Tensor:
        """Return what the first block reads: (B, 1 + R + N, D), class token, registers, patches."""
        tokens = super().tokens(images)
        registers = self.registers.expand(len(tokens), -1, -1)
        return torch.cat([tokens[:, :1], registers, tokens[:, 1:]], dim=1)
