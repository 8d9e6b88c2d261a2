"""What pooling makes of the tokens, block by block: the shapes of an MViT's queries, keys and values, and its scores.

Notation as in `course_utils.models.mvit`: `h` heads, `N` tokens that come into a block, `N_q` and `N_k` pooled queries
and keys, `d` width of a head.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from course_utils.models.mvit import MViT
from course_utils.models.relative_positions import Grid


@dataclass(frozen=True)
class PoolingShapes:
    """The tensors of one block's attention, for one image.

    Attributes:
        stage, block: which block, both counted from 1.
        grid: rows and columns of the N tokens that come in.
        query, key, value: (h, rows, columns, d), pooled.
    """

    stage: int
    block: int
    grid: Grid
    query: tuple[int, ...]
    key: tuple[int, ...]
    value: tuple[int, ...]

    @property
    def scores(self) -> int:
        """How many numbers its attention matrices have: h * N_q * N_k."""
        heads, *query_grid, _ = self.query
        return heads * math.prod(query_grid) * math.prod(self.key[1:3])

    @property
    def unpooled_scores(self) -> int:
        """How many they would have if nothing were pooled: h * N * N."""
        return self.query[0] * math.prod(self.grid) ** 2


@torch.no_grad()
def pooling_shapes(model: MViT, images: Tensor) -> list[PoolingShapes]:
    """Run an MViT and note the shapes in each of its blocks.

    Args:
        model: of any size.
        images: (B, channels, rows, columns).

    Returns:
        one entry for each block, from the first to the last.
    """
    tokens, found = model.patch_embed(images), []
    for stage, blocks in enumerate(model.stages, start=1):
        for block, layer in enumerate(blocks, start=1):
            q, k, v = (tuple(heads.shape[1:]) for heads in layer.attention.pooled(layer.norm1(tokens)))
            found.append(PoolingShapes(stage, block, tuple(tokens.shape[1:3]), q, k, v))
            tokens = layer(tokens)
    return found
