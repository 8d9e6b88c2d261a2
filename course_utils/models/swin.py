"""The Swin Transformer: attention within windows, which shift from block to block, and fewer tokens at every stage.

Liu et al. 2021, "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows". Notation: `B` batch,
`H W` the token grid, `C` channels of a stage, `h` heads, `d = C / h`, `M` side of a window, `nW` windows of the grid.
Tokens stay on their grid, (B, H, W, C).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_utils.models.attention import MLP, split_heads
from course_utils.models.patches import PatchEmbed
from course_utils.models.shifted_windows import ShiftedWindows
from course_utils.models.windows import patch_merge, relative_position_index


class RelativePositionBias(nn.Module):
    """A learned number for each offset of query from key, for each head.

    Liu et al. 2021, equation 4.

    Args:
        window: M.
        heads: h.
    """

    def __init__(self, window: int, heads: int):
        super().__init__()
        self.table = nn.Parameter(torch.empty((2 * window - 1) ** 2, heads))
        nn.init.trunc_normal_(self.table, std=0.02)
        self.register_buffer("index", relative_position_index(window), persistent=False)

    def forward(self) -> Tensor:
        """Return what is added to the scores: (h, M * M, M * M)."""
        return self.table[self.index].permute(2, 0, 1)


def split_windows(windows: Tensor, heads: int) -> Tensor:
    """Cut the width of windows (B, nW, M * M, C) into heads: (B, nW, h, M * M, d).

    Raises:
        ValueError: C is not a multiple of `heads`.
    """
    return split_heads(windows.flatten(0, 1), heads).unflatten(0, windows.shape[:2])


class SwinAttention(nn.Module):
    """Attention within each window, with a position bias: Liu et al. 2021, equation 4.

    Args:
        width: C.
        heads: h, a divisor of C.
        window: M.
        relative_bias: without it, the places of the tokens don't matter.
    """

    make_bias = RelativePositionBias

    def __init__(self, width: int, heads: int, window: int, relative_bias: bool = True):
        super().__init__()
        self.heads = heads
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)
        self.value, self.out = nn.Linear(width, width), nn.Linear(width, width)
        self.bias = self.make_bias(window, heads) if relative_bias else None

    def scores(self, windows: Tensor) -> Tensor:
        """Compare queries with keys: (B, nW, M * M, C) to (B, nW, h, M * M, M * M)."""
        q = split_windows(self.query(windows), self.heads)
        k = split_windows(self.key(windows), self.heads)
        return q / math.sqrt(q.shape[-1]) @ k.transpose(-2, -1)

    def weights(self, windows: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the attention weights (B, nW, h, M * M, M * M) that `forward` uses."""
        scores = self.scores(windows)
        bias = scores.new_zeros(()) if self.bias is None else self.bias()
        if mask is not None:
            bias = bias.masked_fill(~mask[:, None], -math.inf)  # (nW, h, M * M, M * M)
        return (scores + bias).softmax(dim=-1)

    def forward(self, windows: Tensor, mask: Tensor | None = None) -> Tensor:
        """Map (B, nW, M * M, C) to the same; `mask` as `shift_window_mask` has it."""
        value = split_windows(self.value(windows), self.heads)
        mixed = self.weights(windows, mask) @ value  # (B, nW, h, M * M, d)
        return self.out(mixed.transpose(2, 3).flatten(start_dim=3))


class SwinBlock(nn.Module):
    """A pre-norm Transformer block within shifted windows: Liu et al. 2021, equation 3.

    Args:
        width: C.
        heads: h, a divisor of C.
        window: M.
        shift: by how many tokens, 0 to M - 1.
        relative_bias: as for `SwinAttention`.
    """

    make_attention = SwinAttention

    def __init__(
        self,
        width: int,
        heads: int,
        window: int,
        shift: int,
        relative_bias: bool = True,
    ):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        attention = self.make_attention(width, heads, window, relative_bias)
        self.attention = ShiftedWindows(attention, window, shift)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = MLP(width, 4 * width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, H, W, C) to (B, H, W, C)."""
        tokens = tokens + self.attention(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))


class PatchMerging(nn.Module):
    """Half the rows and columns, twice the channels: Liu et al. 2021, section 3.1.

    Args:
        width: C.
    """

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(4 * width)
        self.reduce = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, H, W, C) to (B, H / 2, W / 2, 2C); an odd side gets zeros at its end."""
        return self.reduce(self.norm(patch_merge(tokens)))


class SwinTransformer(nn.Module):
    """Stages of window attention, and merging between: Liu et al. 2021, figure 3.

    Images may have any sides that are multiples of P; they need no whole windows, since
    `ShiftedWindows` and `patch_merge` pad where they have to.

    Args:
        patch: P.
        width: C of the first stage; each stage has twice the width of the one before.
        depths, heads: blocks and h of each stage.
        window: M, or one for each stage.
        classes: how many logits come out.
        channels: of the images.
        shift: by M / 2, in every second block of a stage.
        relative_bias: as for `SwinAttention`.
    """

    make_block, make_merging = SwinBlock, PatchMerging

    def __init__(
        self,
        patch: int,
        width: int,
        depths: Sequence[int],
        heads: Sequence[int],
        window: int | Sequence[int],
        classes: int,
        channels: int = 3,
        shift: bool = True,
        relative_bias: bool = True,
    ):
        super().__init__()
        windows = [window] * len(depths) if isinstance(window, int) else window
        self.patch_embed = PatchEmbed(patch, channels, width)
        self.embed_norm = nn.LayerNorm(width)
        self.merges, self.stages = nn.ModuleList(), nn.ModuleList()
        for stage, (depth, h, M) in enumerate(zip(depths, heads, windows, strict=True)):
            C = width * 2**stage
            self.merges.append(self.make_merging(C // 2) if stage else nn.Identity())
            shifts = [M // 2 if shift and layer % 2 else 0 for layer in range(depth)]
            blocks = [self.make_block(C, h, M, s, relative_bias) for s in shifts]
            self.stages.append(nn.Sequential(*blocks))
        self.norm = nn.LayerNorm(C)
        self.head = nn.Linear(C, classes)

    def stage_tokens(self, images: Tensor) -> list[Tensor]:
        """Return the tokens (B, H, W, C) behind each stage, as `forward` makes them."""
        P = self.patch_embed.project.kernel_size[0]
        grid = [side // P for side in images.shape[2:]]
        tokens = self.embed_norm(self.patch_embed(images)).unflatten(1, grid)
        found = []
        for merge, stage in zip(self.merges, self.stages, strict=True):
            tokens = stage(merge(tokens))
            found.append(tokens)
        return found

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (B, classes) of images (B, channels, rows, columns)."""
        last = self.norm(self.stage_tokens(images)[-1])  # (B, H, W, C)
        return self.head(last.mean(dim=(1, 2)))


def swin_t(classes: int = 1000) -> SwinTransformer:
    """Swin-T: Liu et al. 2021, section 3.3."""
    depths, heads = (2, 2, 6, 2), (3, 6, 12, 24)
    return SwinTransformer(4, 96, depths, heads, window=7, classes=classes)


def swin_s(classes: int = 1000) -> SwinTransformer:
    """Swin-S: Liu et al. 2021, section 3.3."""
    depths, heads = (2, 2, 18, 2), (3, 6, 12, 24)
    return SwinTransformer(4, 96, depths, heads, window=7, classes=classes)


def swin_b(classes: int = 1000) -> SwinTransformer:
    """Swin-B: Liu et al. 2021, section 3.3."""
    depths, heads = (2, 2, 18, 2), (4, 8, 16, 32)
    return SwinTransformer(4, 128, depths, heads, window=7, classes=classes)
