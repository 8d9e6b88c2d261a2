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
from course_utils.models.patches import OverlappingPatches
from course_utils.models.relative_positions import Grid, decomposed_relative_positions

EPS = 1e-6  # of all layer norms
Pair = tuple[int, int]  # two strides: of the queries, and of keys and values


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
        d = head_width
        self.convolve = nn.Conv2d(d, d, 3, stride, padding=1, groups=d, bias=False)
        self.norm = nn.LayerNorm(d, eps=EPS)

    def forward(self, heads: Tensor) -> Tensor:
        """Map (B, h, H, W, d) to (B, h, H', W', d), with H' = H / stride and W' = W / stride, rounded up."""
        maps = heads.flatten(0, 1).movedim(-1, 1)  # (B * h, d, H, W): each an image
        pooled = self.convolve(maps).movedim(1, -1)  # (B * h, H', W', d)
        return self.norm(pooled).unflatten(0, heads.shape[:2])


class PoolingAttention(nn.Module):
    """Multi-head attention between pooled queries, keys and values: Fan et al. 2021, section 3.1.

    Args:
        inputs: width of the tokens that come in.
        width: D of those that go out.
        heads: h, a divisor of D.
        strides: of the queries' pooling, and of the keys' and values'. As many tokens come out as queries are left.

    Raises:
        ValueError: D is not a multiple of h.
    """

    def __init__(self, inputs: int, width: int, heads: int, strides: Pair = (1, 1)):
        super().__init__()
        if width % heads:
            sizes = f"width {width} is not a multiple of {heads} heads"
            raise ValueError(f"{sizes}: change one of them")
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(inputs, width) for _ in range(3))
        self.pool_q = Pool(width // heads, strides[0])
        self.pool_k, self.pool_v = (Pool(width // heads, strides[1]) for _ in range(2))
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
        q, k = query.flatten(2, 3), key.flatten(2, 3)  # (B, h, N, d), N_q and N_k
        return q / math.sqrt(q.shape[-1]) @ k.transpose(-2, -1)

    def mix(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Average the values with each query's attention: (B, h, H_q, W_q, d)."""
        weights = self.scores(query, key).softmax(dim=-1)  # (B, h, N_q, N_k)
        return (weights @ value.flatten(2, 3)).view_as(query)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, H, W, inputs) to (B, H_q, W_q, D)."""
        mixed = self.mix(*self.pooled(tokens)).movedim(1, -2)  # (B, H_q, W_q, h, d)
        return self.out(mixed.flatten(start_dim=3))

    def weights(self, tokens: Tensor) -> Tensor:
        """Return the attention weights (B, h, N_q, N_k) that `forward` uses; keys are those of the pooled grid."""
        query, key, _ = self.pooled(tokens)
        return self.scores(query, key).softmax(dim=-1)


class ImprovedPoolingAttention(PoolingAttention):
    """Pooling attention with decomposed relative positions and residual pooling: Li et al. 2022, section 4.1.

    Args:
        inputs, width, heads, strides: as for `PoolingAttention`.
        grid: H and W of the tokens that come in. On a smaller grid the tables are read from their start, as in the
            official code: a distance gets another vector than the one it has learned. A larger grid is refused.
    """

    def __init__(self, inputs: int, width: int, heads: int, strides: Pair, grid: Grid):
        super().__init__(inputs, width, heads, strides)
        grids = (pooled_grid(grid, stride) for stride in strides)  # queries and keys
        rows, columns = (2 * max(pair) - 1 for pair in zip(*grids, strict=True))
        self.rel_pos_h = nn.Parameter(0.02 * torch.randn(rows, width // heads))
        self.rel_pos_w = nn.Parameter(0.02 * torch.randn(columns, width // heads))

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        """Compare every query with every key and with where it is: (B, h, N_q, N_k)."""
        tables, key_grid = (self.rel_pos_h, self.rel_pos_w), key.shape[2:4]
        where = decomposed_relative_positions(query, *tables, key_grid)
        return super().scores(query, key) + where

    def mix(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Add the pooled query itself to what its attention has found: residual pooling, (B, h, H_q, W_q, d)."""
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
        inputs, width, heads, strides, grid: as for `ImprovedPoolingAttention`.
    """

    make_attention = ImprovedPoolingAttention

    def __init__(self, inputs: int, width: int, heads: int, strides: Pair, grid: Grid):
        super().__init__()
        self.norm1 = nn.LayerNorm(inputs, eps=EPS)
        self.attention = self.make_attention(inputs, width, heads, strides, grid)
        self.shortcut = PooledShortcut(inputs, width) if strides[0] > 1 else None
        self.norm2 = nn.LayerNorm(width, eps=EPS)
        self.mlp = MLP(width, 4 * width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, H, W, inputs) to (B, H_q, W_q, D)."""
        normed = self.norm1(tokens)
        if self.shortcut is not None:
            tokens = self.shortcut(normed)  # elsewhere the residual isn't normalised
        tokens = tokens + self.attention(normed)
        return tokens + self.mlp(self.norm2(tokens))


class MViT(nn.Module):
    """Stages of pooling attention, each with twice the width of the one before and half its rows and columns.

    The stride of keys and values is halved from stage to stage too, down to 1: fewer tokens need less pooling. There
    is no class token, the mean of all tokens is classified; where official variants have one, it is neither pooled
    nor given relative positions. Li et al. 2022, section 4.

    Args:
        size: rows and columns of the images; smaller ones work too, see `ImprovedPoolingAttention`.
        patch: P.
        width: D of the first stage.
        depths, heads: blocks, at least 1, and h of each stage.
        classes: how many logits come out.
        channels: of the images.
        key_stride: of keys and values in the first stage.

    Raises:
        ValueError: there are more depths than numbers of heads or fewer, or a stage's width is no multiple of its h.
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
            stages = f"{len(depths)} depths and {len(heads)} numbers of heads"
            raise ValueError(f"{stages}: pass one of each for every stage")
        self.patch_embed = OverlappingPatches(patch, channels, width)
        self.stages, grid = nn.ModuleList(), pooled_grid(size, patch)
        for stage, (depth, h) in enumerate(zip(depths, heads, strict=True)):
            step = 2 if stage else 1  # half the rows and columns, twice the width
            key_stride = max(1, key_stride // step)
            strides, outputs = (step, key_stride), step * width
            blocks = [self.make_block(width, outputs, h, strides, grid)]
            grid, width, strides = pooled_grid(grid, step), outputs, (1, key_stride)
            for _ in range(depth - 1):
                blocks.append(self.make_block(width, width, h, strides, grid))
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
    """MViTv2-T for 224 x 224, of Li et al. 2022."""
    return MViT((224, 224), 4, 96, (1, 2, 5, 2), (1, 2, 4, 8), classes=classes)
