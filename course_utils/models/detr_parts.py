"""Two small parts that DETR's encoder, decoder and heads share.

Notation: `B` images, `N` cells, `Q` queries, `D` width, `h` heads, `d = D / h`.
"""

import itertools

from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.models.attention import (
    MultiHeadAttention,
    attention_weights,
    merge_heads,
    split_heads,
)


class CrossAttention(MultiHeadAttention):
    """Multi-head attention with three inputs: who asks, where it looks, what it takes.

    Args:
        width: D.
        heads: h, a divisor of D.
    """

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Map queries (B, Q, D), keys and values (B, N, D) to (B, Q, D).

        `mask` (B, 1, 1, N) of bool is True where the queries may look.
        """
        q = split_heads(self.query(query), self.heads)  # (B, h, Q, d)
        k = split_heads(self.key(key), self.heads)  # (B, h, N, d)
        v = split_heads(self.value(value), self.heads)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.out(merge_heads(mixed))

    def weights(
        self,
        query: Tensor,
        key: Tensor,
        _value: Tensor,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Return the attention weights (B, h, Q, N) that `forward` uses."""
        q = split_heads(self.query(query), self.heads)
        k = split_heads(self.key(key), self.heads)
        return attention_weights(q, k, mask)


def feed_forward(*widths: int) -> nn.Sequential:
    """Make linear layers between these widths, with a ReLU between each two of them."""
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(widths):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
