"""The Swin Transformer: attention within windows, which shift from block to block, and fewer tokens at every stage.

Liu et al. 2021, "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows". Notation: `B` batch,
`H W` the token grid, `C` channels of a stage, `h` heads, `d = C / h`, `M` side of a window, `nW` windows of the grid.
Tokens stay on their grid, (B, H, W, C).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_utils.models.attention import MLP
from course_utils.models.patches import PatchEmbed
from course_utils.models.windows import (
    pad_to_windows,
    patch_merge,
    relative_position_index,
    shift_window_mask,
    useful_shift,
    window_permutation,
)


class RelativePositionBias(nn.Module):
    """One learned number for each head and each offset between query and key: Liu et al. 2021, equation 4.

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


class SwinAttention(nn.Module):
    """Multi-head attention within windows of M x M tokens: Liu et al. 2021, section 3.2.

    A grid that is no multiple of M is padded with zeros, after the norm and only in here. The padded tokens aren't
    masked: whoever shares a window with them spends attention on them.

    Args:
        width: C.
        heads: h, a divisor of C.
        window: M.
        shift: by how many tokens windows are shifted; not along a side that one window covers.
        relative_bias: add `RelativePositionBias` to the scores.
    """

    make_bias = RelativePositionBias

    def __init__(self, width: int, heads: int, window: int, shift: int = 0, relative_bias: bool = True):
        super().__init__()
        self.heads, self.window, self.shift = heads, window, shift
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.bias = self.make_bias(window, heads) if relative_bias else None

    def split(self, tokens: Tensor) -> Tensor:
        """Cut the width into heads: (B, nW, M * M, C) to (B, nW, h, M * M, d)."""
        return tokens.unflatten(-1, (self.heads, -1)).transpose(2, 3)

    def scores(self, windows: Tensor) -> Tensor:
        """Compare queries and keys of each window: (B, nW, M * M, C) to (B, nW, h, M * M, M * M)."""
        q, k = self.split(self.query(windows)), self.split(self.key(windows))
        return q / math.sqrt(q.shape[-1]) @ k.transpose(-2, -1)

    def window_weights(self, windows: Tensor, mask: Tensor | None) -> Tensor:
        """Return the attention within each window.

        Args:
            windows: (B, nW, M * M, C).
            mask: (nW, M * M, M * M) of bool, True where a query may look; none for everywhere.

        Returns:
            (B, nW, h, M * M, M * M).
        """
        scores = self.scores(windows)
        if self.bias is not None:
            scores = scores + self.bias()
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None], -math.inf)
        return scores.softmax(dim=-1)

    def cut(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor | None, tuple[int, int]]:
        """Return windows (B, nW, M * M, C) of tokens (B, H, W, C), their order, their mask and the padded grid."""
        padded = pad_to_windows(tokens, self.window)
        grid = tuple(padded.shape[1:3])
        shift = useful_shift(grid, self.window, self.shift)
        order = window_permutation(grid, self.window, shift).to(tokens.device)
        mask = shift_window_mask(grid, self.window, shift).to(tokens.device) if any(shift) else None
        windows = padded.flatten(1, 2)[:, order].unflatten(1, (-1, self.window**2))
        return windows, order, mask, grid

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, H, W, C) to (B, H, W, C)."""
        H, W = tokens.shape[1:3]
        windows, order, mask, grid = self.cut(tokens)
        mixed = self.window_weights(windows, mask) @ self.split(self.value(windows))
        mixed = self.out(mixed.transpose(2, 3).flatten(start_dim=3))  # (B, nW, M * M, C)
        back = mixed.flatten(1, 2)[:, order.argsort()].unflatten(1, grid)
        return back[:, :H, :W]

    def weights(self, tokens: Tensor) -> Tensor:
        """Return the weights that `forward` uses, put back on the whole grid.

        Args:
            tokens: (B, H, W, C).

        Returns:
            (B, h, H * W, H * W), 0 outside a query's window. A row sums to 1, or to less where padding gets the rest.
        """
        H, W = tokens.shape[1:3]
        windows, order, mask, grid = self.cut(tokens)
        found = self.window_weights(windows, mask).transpose(1, 2)  # (B, h, nW, M * M, M * M)
        members = order.view(-1, self.window**2)  # (nW, M * M), which tokens a window holds
        maps = found.new_zeros(*found.shape[:2], len(order), len(order))
        maps[:, :, members[:, :, None], members[:, None, :]] = found
        real = torch.arange(len(order), device=order.device).view(grid)[:H, :W].flatten()
        return maps[:, :, real[:, None], real]


class SwinBlock(nn.Module):
    """A pre-norm Transformer block whose attention stays within windows: Liu et al. 2021, equation 3.

    Args:
        width, heads, window, shift, relative_bias: as for `SwinAttention`.
    """

    make_attention = SwinAttention

    def __init__(self, width: int, heads: int, window: int, shift: int = 0, relative_bias: bool = True):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = self.make_attention(width, heads, window, shift, relative_bias)
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
        """Map (B, H, W, C) to (B, H / 2, W / 2, 2C)."""
        return self.reduce(self.norm(patch_merge(tokens)))


class SwinTransformer(nn.Module):
    """Stages of window attention, with patch merging between them: Liu et al. 2021, figure 3.

    Args:
        patch: P; sides of the images are multiples of it.
        width: C of the first stage; every stage has twice the width of the one before.
        depths, heads: blocks and h of each stage.
        window: M, or one for each stage.
        classes: how many logits come out.
        channels: of the images.
        shift: shift every second block's windows by M / 2.
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
            self.merges.append(self.make_merging(width) if stage else nn.Identity())
            width = 2 * width if stage else width
            shifts = [M // 2 if shift and layer % 2 else 0 for layer in range(depth)]
            self.stages.append(nn.Sequential(*(self.make_block(width, h, M, s, relative_bias) for s in shifts)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def stage_tokens(self, images: Tensor) -> list[Tensor]:
        """Return the tokens (B, H, W, C) behind every stage, for images (B, channels, rows, columns)."""
        P = self.patch_embed.project.stride[0]
        grid = [side // P for side in images.shape[2:]]
        tokens = self.embed_norm(self.patch_embed(images)).unflatten(1, grid)
        found = []
        for merge, stage in zip(self.merges, self.stages, strict=True):
            tokens = stage(merge(tokens))
            found.append(tokens)
        return found

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (B, classes) of images (B, channels, rows, columns)."""
        return self.head(self.norm(self.stage_tokens(images)[-1]).mean(dim=(1, 2)))


def swin_t(classes: int = 1000) -> SwinTransformer:
    """Swin-T: Liu et al. 2021, section 3.3."""
    return SwinTransformer(4, 96, (2, 2, 6, 2), (3, 6, 12, 24), window=7, classes=classes)


def swin_s(classes: int = 1000) -> SwinTransformer:
    """Swin-S: Liu et al. 2021, section 3.3."""
    return SwinTransformer(4, 96, (2, 2, 18, 2), (3, 6, 12, 24), window=7, classes=classes)


def swin_b(classes: int = 1000) -> SwinTransformer:
    """Swin-B: Liu et al. 2021, section 3.3."""
    return SwinTransformer(4, 128, (2, 2, 18, 2), (4, 8, 16, 32), window=7, classes=classes)
