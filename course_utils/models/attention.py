"""Attention and the Transformer block, as every later model of the course uses them.

Notation: `B` batch, `N` tokens, `D` width, `h` heads, `d = D / h` width of a head. Tensors are batch first.
`attention` is the definition (Vaswani et al. 2017, section 3.2.1); `MultiHeadAttention` computes the same with
PyTorch's fused kernel, which never stores the N x N weights.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def attend_to_grid(query: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
    """Let one query from outside look at a grid of feature vectors.

    Args:
        query: (D,).
        features: (H, W, D), one feature vector h_ij for each cell of an image.

    Returns:
        The attention map (H, W), which is positive and sums to 1 over the whole grid, and the context (D,),
        the features averaged with these weights.

    Source: the alignment scores, softmax and weighted sum of Bahdanau et al. 2015, section 3.1, over the grid of
    Xu et al. 2015, with dot products as scores.
    """
    scores = features @ query / math.sqrt(query.numel())  # (H, W)
    weights = scores.flatten().softmax(dim=0).view_as(scores)  # (H, W)
    context = (weights[..., None] * features).sum(dim=(0, 1))  # (D,)
    return weights, context


def attention_weights(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
    """Compare every query with every key, and share each query's attention out.

    Args:
        query: (..., N, d).
        key: (..., M, d).
        mask: (N, M) or (..., N, M) of bool, True where the query may look; none for everywhere.

    Returns:
        (..., N, M), each row positive and summing to 1: softmax(q k^T / sqrt(d)), Vaswani et al. 2017, equation 1.
    """
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (..., N, M)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.softmax(dim=-1)


def attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    """Average the values with the attention weights of each query.

    Args:
        query: (..., N, d).
        key: (..., M, d).
        value: (..., M, d_v).
        mask: (N, M) or (..., N, M) of bool, True where the query may look; none for everywhere.

    Returns:
        (..., N, d_v). Vaswani et al. 2017, equation 1.
    """
    return attention_weights(query, key, mask) @ value


def causal_mask(tokens: int) -> Tensor:
    """Let each token look at itself and at those before it.

    Returns:
        (N, N) of bool for N = `tokens`: True where row (query) may look at column (key).
    """
    return torch.ones(tokens, tokens, dtype=torch.bool).tril()


def sinusoidal_positions(tokens: int, width: int) -> Tensor:
    """Give every position a vector of sines and cosines, from short waves to long ones.

    Args:
        tokens: N, the number of positions, counted from 0.
        width: D, even.

    Returns:
        (N, D): sin(n / 10000^(2i/D)) in column 2i, the cosine of the same in column 2i + 1.
        Vaswani et al. 2017, section 3.5.

    Raises:
        ValueError: `width` is odd.
    """
    if width % 2:
        raise ValueError(f"width {width} is odd, but sines and cosines come in pairs: use {width - 1} or {width + 1}")
    position = torch.arange(tokens, dtype=torch.get_default_dtype())[:, None]  # (N, 1)
    frequency = 10_000 ** (-torch.arange(0, width, 2) / width)  # (D/2,)
    angle = position * frequency  # (N, D/2)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(start_dim=1)  # (N, D)


def split_heads(tokens: Tensor, heads: int) -> Tensor:
    """Cut the width of every token into heads.

    Args:
        tokens: (B, N, D).
        heads: h, a divisor of D.

    Returns:
        (B, h, N, d): head 0 has the first d = D/h numbers of every token, head 1 the next d, and so on.

    Raises:
        ValueError: D is not a multiple of `heads`.
    """
    B, N, D = tokens.shape
    if D % heads:
        raise ValueError(f"width {D} is not a multiple of {heads} heads: change one of them")
    return tokens.view(B, N, heads, D // heads).transpose(1, 2)  # (B, h, N, d)


def merge_heads(tokens: Tensor) -> Tensor:
    """Put the heads (B, h, N, d) of every token side by side again: (B, N, h * d)."""
    return tokens.transpose(1, 2).flatten(start_dim=2)  # (B, N, D)


class MultiHeadAttention(nn.Module):
    """Attention in several subspaces at once: Vaswani et al. 2017, section 3.2.2.

    Args:
        width: D.
        heads: h, a divisor of D.
    """

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Map tokens (B, N, D) to (B, N, D); `mask` (N, N) of bool is True where a query may look."""
        q, k, v = (split_heads(project(tokens), self.heads) for project in (self.query, self.key, self.value))
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)  # (B, h, N, d)
        return self.out(merge_heads(mixed))

    def weights(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the attention weights (B, h, N, N) that `forward` uses and never stores."""
        q, k = (split_heads(project(tokens), self.heads) for project in (self.query, self.key))
        return attention_weights(q, k, mask)


class MLP(nn.Sequential):
    """Two layers with a GELU between them, on every token by itself: (B, N, D) to (B, N, D).

    Args:
        width: D.
        hidden: width of the layer between, 4 D as a rule (Vaswani et al. 2017, section 3.3).
    """

    def __init__(self, width: int, hidden: int):
        super().__init__(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))


class TransformerBlock(nn.Module):
    """A pre-norm Transformer block: attention between the tokens, then an MLP on each, both as residuals.

    Dosovitskiy et al. 2021, equations 2 and 3; the original Transformer normalised after each sum instead.

    Args:
        width: D.
        heads: h, a divisor of D.
        mlp_ratio: width of the MLP's hidden layer, in units of D.
        eps: of the layer norms.
    """

    def __init__(self, width: int, heads: int, mlp_ratio: int = 4, eps: float = 1e-6):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=eps)
        self.attention = MultiHeadAttention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=eps)
        self.mlp = MLP(width, mlp_ratio * width)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Map tokens (B, N, D) to (B, N, D); `mask` (N, N) of bool is True where a query may look."""
        tokens = tokens + self.attention(self.norm1(tokens), mask)
        return tokens + self.mlp(self.norm2(tokens))
