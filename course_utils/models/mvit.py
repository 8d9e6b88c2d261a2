"""Multiscale Vision Transformers: attention whose queries, keys and values are pooled before they meet.

MViT: Fan et al. 2021, "Multiscale Vision Transformers"; the improved MViT: Li et al. 2022, "MViTv2". Pooled keys make
attention over all tokens affordable where there are many, and pooled queries leave fewer tokens behind: that is how
a stage ends. Notation: `B` batch, `H W` a token grid, `N = H * W`, `D` width of a stage, `h` heads, `d = D / h`;
`q` and `k` mark the grids of the pooled queries and keys. Tokens stay on their grid, (B, H, W, D).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_utils.models.attention import MLP
from course_utils.models.relative_positions import Grid, decomposed_relative_positions

EPS = 1e-6  # of all layer norms


def pooled_grid(grid: Grid, stride: int) -> Grid:
    """Return the rows and columns that pooling with a stride leaves; a rest makes one more."""
    rows, columns = grid
    return math.ceil(rows / stride), math.ceil(columns / stride)


class Pool(nn.Module):
    """Pool the queries, keys or values of every head alike: a depth-wise 3 x 3 convolution, then a layer norm.

    Fan et al. 2021, section 3.1, where a mean or a maximum may pool as well. With stride 1 every token is kept, and
    still mixed with its neighbours.

    Args:
        head_width: d.
        stride: tokens between two that are kept, along rows and columns.
    """

    def __init__(self, head_width: int, stride: int):
        super().__init__()
        self.convolve = nn.Conv2d(head_width, head_width, 3, stride, padding=1, groups=head_width, bias=False)
        self.norm = nn.LayerNorm(head_width, eps=EPS)

    def forward(self, heads: Tensor) -> Tensor:
        """Map (B, h, H, W, d) to (B, h, H / stride, W / stride, d), rounded up."""
        maps = heads.flatten(0, 1).movedim(-1, 1)  # (B * h, d, H, W): a head is an image with d channels
        pooled = self.convolve(maps).movedim(1, -1)  # (B * h, H / stride, W / stride, d)
        return self.norm(pooled).unflatten(0, heads.shape[:2])


class PoolingAttention(nn.Module):
    """Multi-head attention between pooled queries, keys and values: Fan et al. 2021, section 3.1.

    Args:
        inputs: width of the tokens that come in.
        width: D of those that go out.
        heads: h, a divisor of D.
        query_stride: of the queries' pooling: as many tokens come out as queries are left.
        key_stride: of the keys' and the values'.
    """

    def __init__(self, inputs: int, width: int, heads: int, query_stride: int = 1, key_stride: int = 1):
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} is not a multiple of {heads} heads: change one of them")
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(inputs, width) for _ in range(3))
        self.pool_q = Pool(width // heads, query_stride)
        self.pool_k, self.pool_v = (Pool(width // heads, key_stride) for _ in range(2))
        self.out = nn.Linear(width, width)

    def split(self, tokens: Tensor) -> Tensor:
        """Cut the width into heads: (B, H, W, D) to (B, h, H, W, d)."""
        return tokens.unflatten(-1, (self.heads, -1)).movedim(-2, 1)

    def pooled(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries (B, h, H_q, W_q, d), and keys and values (B, h, H_k, W_k, d), of tokens (B, H, W, inputs)."""
        query = self.pool_q(self.split(self.query(tokens)))
        key = self.pool_k(self.split(self.key(tokens)))
        value = self.pool_v(self.split(self.value(tokens)))
        return query, key, value

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        """Compare every query with every key: (B, h, N_q, N_k)."""
        q, k = query.flatten(2, 3), key.flatten(2, 3)  # (B, h, N_q, d) and (B, h, N_k, d)
        return q / math.sqrt(q.shape[-1]) @ k.transpose(-2, -1)

    def mix(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Average the values with each query's attention: (B, h, H_q, W_q, d)."""
        mixed = self.scores(query, key).softmax(dim=-1) @ value.flatten(2, 3)  # (B, h, N_q, d)
        return mixed.view_as(query)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, H, W, inputs) to (B, H_q, W_q, D)."""
        mixed = self.mix(*self.pooled(tokens))
        return self.out(mixed.movedim(1, -2).flatten(start_dim=3))  # heads side by side again

    def weights(self, tokens: Tensor) -> Tensor:
        """Return the attention weights (B, h, N_q, N_k) that `forward` uses; keys are those of the pooled grid."""
        query, key, _ = self.pooled(tokens)
        return self.scores(query, key).softmax(dim=-1)


class ImprovedPoolingAttention(PoolingAttention):
    """Pooling attention with decomposed relative positions and residual pooling: Li et al. 2022, section 4.1.

    Args:
        inputs, width, heads, query_stride, key_stride: as for `PoolingAttention`.
        grid: H and W of the tokens that come in. Smaller grids work too, but read the tables from their start, so
            that a distance gets another vector than the one it has learned; larger ones don't.
    """

    def __init__(self, inputs: int, width: int, heads: int, query_stride: int, key_stride: int, grid: Grid):
        super().__init__(inputs, width, heads, query_stride, key_stride)
        sides = zip(pooled_grid(grid, query_stride), pooled_grid(grid, key_stride), strict=True)
        tables = [nn.Parameter(torch.empty(2 * max(pair) - 1, width // heads)) for pair in sides]
        self.rel_pos_h, self.rel_pos_w = (nn.init.trunc_normal_(table, std=0.02) for table in tables)

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        """Compare every query with every key and with where it is: (B, h, N_q, N_k)."""
        where = decomposed_relative_positions(query, self.rel_pos_h, self.rel_pos_w, key.shape[2:4])
        return super().scores(query, key) + where

    def mix(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Add the pooled query to what its attention has found, residual pooling: Li et al. 2022, equation 5."""
        return super().mix(query, key, value) + query


class PooledShortcut(nn.Module):
    """The way around the attention of a stage's first block: wider tokens, and a quarter of them.

    Args:
        inputs, width: of the tokens that come in, already normalised, and of those that go out.
    """

    def __init__(self, inputs: int, width: int):
        super().__init__()
        self.expand = nn.Linear(inputs, width)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, H, W, inputs) to (B, H / 2, W / 2, width), rounded up."""
        return self.pool(self.expand(tokens).movedim(-1, 1)).movedim(1, -1)


class MViTBlock(nn.Module):
    """A pre-norm Transformer block with pooling attention; the first of a stage has a `PooledShortcut`.

    Args:
        inputs, width, heads, query_stride, key_stride, grid: as for `ImprovedPoolingAttention`.
    """

    make_attention = ImprovedPoolingAttention

    def __init__(self, inputs: int, width: int, heads: int, query_stride: int, key_stride: int, grid: Grid):
        super().__init__()
        self.norm1 = nn.LayerNorm(inputs, eps=EPS)
        self.attention = self.make_attention(inputs, width, heads, query_stride, key_stride, grid)
        self.shortcut = PooledShortcut(inputs, width) if query_stride > 1 else None
        self.norm2 = nn.LayerNorm(width, eps=EPS)
        self.mlp = MLP(width, 4 * width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, H, W, inputs) to (B, H_q, W_q, D)."""
        normed = self.norm1(tokens)
        around = tokens if self.shortcut is None else self.shortcut(normed)  # normed only where the width changes
        tokens = around + self.attention(normed)
        return tokens + self.mlp(self.norm2(tokens))


class OverlappingPatches(nn.Module):
    """Patches that overlap, projected: a convolution of side 2 P - 1 with stride P: Li et al. 2022, table 1.

    Args:
        patch: P.
        channels: of the images.
        width: D.
    """

    def __init__(self, patch: int, channels: int, width: int):
        super().__init__()
        self.project = nn.Conv2d(channels, width, 2 * patch - 1, patch, padding=patch - 1)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, channels, rows, columns) to (B, rows / P, columns / P, D), rounded up."""
        return self.project(images).movedim(1, -1)


class MViT(nn.Module):
    """Stages of pooling attention, each with twice the width of the one before and half its rows and columns.

    The stride of keys and values is halved from stage to stage too, down to 1: fewer tokens need less pooling. There
    is no class token: the mean of all tokens is classified. Li et al. 2022, section 4; its sizes are in table 1.

    Args:
        size: rows and columns of the images.
        patch: P.
        width: D of the first stage.
        depths, heads: blocks and h of each stage.
        classes: how many logits come out.
        channels: of the images.
        key_stride: of keys and values in the first stage.
    """

    make_block = MViTBlock

    def __init__(
        self,
        size: Grid,
        patch: int,
        width: int,
        depths: Sequence[int],
        heads: Sequence[int],
        classes: int,
        channels: int = 3,
        key_stride: int = 4,
    ):
        super().__init__()
        if len(depths) != len(heads):
            raise ValueError(f"{len(depths)} depths and {len(heads)} numbers of heads: pass one of each for a stage")
        self.patch_embed = OverlappingPatches(patch, channels, width)
        self.stages, grid = nn.ModuleList(), pooled_grid(size, patch)
        for stage, (depth, h) in enumerate(zip(depths, heads, strict=True)):
            step = 2 if stage else 1  # a stage's first block halves rows and columns, and doubles the width
            key_stride = max(1, key_stride // step)
            blocks = [self.make_block(width, step * width, h, step, key_stride, grid)]
            grid, width = pooled_grid(grid, step), step * width
            blocks += [self.make_block(width, width, h, 1, key_stride, grid) for _ in range(depth - 1)]
            self.stages.append(nn.Sequential(*blocks))
        self.norm = nn.LayerNorm(width, eps=EPS)
        self.head = nn.Linear(width, classes)

    def stage_tokens(self, images: Tensor) -> list[Tensor]:
        """Return the tokens (B, H, W, D) behind every stage, for images (B, channels, rows, columns)."""
        tokens, found = self.patch_embed(images), []
        for stage in self.stages:
            tokens = stage(tokens)
            found.append(tokens)
        return found

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (B, classes) of images (B, channels, rows, columns)."""
        return self.head(self.norm(self.stage_tokens(images)[-1]).mean(dim=(1, 2)))


def mvitv2_tiny(classes: int = 1000) -> MViT:
    """MViTv2-T for 224 x 224: Li et al. 2022, table 1."""
    return MViT((224, 224), 4, 96, (1, 2, 5, 2), (1, 2, 4, 8), classes=classes)
