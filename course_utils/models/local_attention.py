"""Attention in a K x K neighbourhood, which can stand where a convolution stood, and attention over a whole image.

Notation: `B` batch, `C` channels, `h` heads, `d` width of a head, `H W` the image, `K` side of the neighbourhood,
which is odd. Feature maps are (B, C, H, W), split into heads (B, h, d, H, W).
"""

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def inside(height: int, width: int, side: int) -> Tensor:
    """Say which neighbours exist.

    Returns:
        (K * K, H, W) of bool for K = `side`: False where the neighbour, counted row by row, lies outside the image.
    """
    ones = torch.ones(1, 1, height, width)
    return F.unfold(ones, side, padding=side // 2).view(side * side, height, width) > 0


def local_attention_loops(query: Tensor, key: Tensor, value: Tensor, side: int) -> Tensor:
    """Let every position attend to its neighbourhood, position by position; slow, and easy to check.

    Args:
        query, key, value: (B, h, d, H, W).
        side: K, odd.

    Returns:
        (B, h, d, H, W). Neighbours outside the image don't exist. Ramachandran et al. 2019, equation 2.
    """
    out, reach = torch.empty_like(value), side // 2
    height, width = query.shape[-2:]
    for row, column in itertools.product(range(height), range(width)):
        rows = slice(max(0, row - reach), row + reach + 1)
        columns = slice(max(0, column - reach), column + reach + 1)
        keys = key[..., rows, columns].flatten(start_dim=-2)  # (B, h, d, neighbours)
        values = value[..., rows, columns].flatten(start_dim=-2)
        scores = (query[..., row, column, None] * keys).sum(dim=2) / math.sqrt(query.shape[2])
        weights = scores.softmax(dim=-1)  # (B, h, neighbours)
        out[..., row, column] = (weights[:, :, None] * values).sum(dim=-1)
    return out


def neighbourhoods(features: Tensor, side: int) -> Tensor:
    """Copy every position's neighbours side by side.

    Args:
        features: (B, h, d, H, W).
        side: K, odd.

    Returns:
        (B, h, d, K * K, H, W), neighbours row by row, 0 outside the image: K^2 times the memory.
    """
    B, h, d, H, W = features.shape
    columns = F.unfold(features.flatten(1, 2), side, padding=side // 2)  # (B, h * d * K * K, H * W)
    return columns.view(B, h, d, side * side, H, W)


def local_attention_unfold(query: Tensor, key: Tensor, value: Tensor, side: int) -> Tensor:
    """Let every position attend to its neighbourhood, all at once, with `neighbourhoods` of keys and values.

    Args:
        query, key, value: (B, h, d, H, W).
        side: K, odd.

    Returns:
        (B, h, d, H, W), as `local_attention_loops`.
    """
    scores = (query[:, :, :, None] * neighbourhoods(key, side)).sum(dim=2) / math.sqrt(query.shape[2])
    scores = scores.masked_fill(~inside(*query.shape[-2:], side), -math.inf)  # (B, h, K * K, H, W)
    weights = scores.softmax(dim=2)
    return (weights[:, :, None] * neighbourhoods(value, side)).sum(dim=3)


def local_scores(query: Tensor, key: Tensor, side: int, relative: Tensor | None = None, stride: int = 1) -> Tensor:
    """Compare every query with the keys around it, one shift of the whole image after the other.

    Args:
        query: (B, h, d, H / stride, W / stride), rounded up.
        key: (B, h, d, H, W).
        side: K, odd.
        relative: (h, d, K, K) or (1, d, K, K), added to the scaled key at each offset; none for no positions.
        stride: positions between two queries.

    Returns:
        (K * K, B, h, H / stride, W / stride): q (k / sqrt(d) + r). A neighbour outside the image has the key 0.
    """
    H, W = key.shape[-2:]
    padded = F.pad(key / math.sqrt(query.shape[2]), [side // 2] * 4)
    scores = []
    for row, column in itertools.product(range(side), range(side)):
        shifted = padded[..., row : row + H : stride, column : column + W : stride]
        if relative is not None:
            shifted = shifted + relative[:, :, row, column, None, None]
        scores.append((query * shifted).sum(dim=2))
    return torch.stack(scores)


def weigh_shifts(weights: Tensor, value: Tensor, side: int, stride: int = 1) -> Tensor:
    """Average the values (B, h, d, H, W) around every query.

    Args:
        weights: (K * K, B, h, H / stride, W / stride), rounded up.
        value: (B, h, d, H, W).
        side: K, odd.
        stride: positions between two queries.

    Returns:
        (B, h, d, H / stride, W / stride).
    """
    H, W = value.shape[-2:]
    padded = F.pad(value, [side // 2] * 4)
    out = torch.zeros_like(value[..., ::stride, ::stride])
    shifts = itertools.product(range(side), range(side))
    for weight, (row, column) in zip(weights, shifts, strict=True):
        out = out + weight[:, :, None] * padded[..., row : row + H : stride, column : column + W : stride]
    return out


def local_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    side: int,
    relative: Tensor | None = None,
    *,
    padding_counts: bool = False,
) -> Tensor:
    """Let every position attend to its neighbourhood: K^2 shifts of the image, and no copy of the neighbourhoods.

    Args:
        query, key, value: (B, h, d, H, W).
        side: K, odd.
        relative: (h, d, K, K) or (1, d, K, K); its product with the query is added to the scores. None for none.
        padding_counts: also attend to zeros outside the image, as timm's halo attention does.

    Returns:
        (B, h, d, H, W). Ramachandran et al. 2019, equations 2 and 3, with scaled keys.

    Raises:
        ValueError: `side` is even.
    """
    if side % 2 == 0:
        raise ValueError(f"a neighbourhood of side {side} has no centre: use {side - 1} or {side + 1}")
    scores = local_scores(query, key, side, relative)
    if not padding_counts:
        exists = inside(*query.shape[-2:], side)[:, None, None].to(query.device)
        scores = scores.masked_fill(~exists, -math.inf)
    return weigh_shifts(scores.softmax(dim=0), value, side)


class LocalAttention(nn.Module):
    """The stand-alone self-attention layer of Ramachandran et al. 2019, section 3, in place of a K x K convolution.

    Args:
        channels: C, in and out.
        stride: 2 halves the image by the mean of 2 x 2 outputs.
        heads: h; the width of a head, C / h, is even: one half tells rows apart, the other columns.
        side: K.
    """

    def __init__(self, channels: int, stride: int = 1, heads: int = 8, side: int = 7):
        super().__init__()
        if channels % (2 * heads):
            raise ValueError(f"{channels} channels are not a multiple of 2 x {heads} heads: change one of them")
        self.heads, self.side, self.stride = heads, side, stride
        self.query, self.key, self.value = (nn.Conv2d(channels, channels, 1, bias=False) for _ in range(3))
        half = channels // heads // 2
        self.rows = nn.Parameter(torch.randn(heads, half, side, 1) * half**-0.5)
        self.columns = nn.Parameter(torch.randn(heads, half, 1, side) * half**-0.5)

    def relative(self) -> Tensor:
        """Return the vector of every offset, (h, d, K, K): a row's half above a column's."""
        shape = (-1, -1, self.side, self.side)
        return torch.cat([self.rows.expand(shape), self.columns.expand(shape)], dim=1)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C, H / stride, W / stride)."""
        q, k, v = (p(features).unflatten(1, (self.heads, -1)) for p in (self.query, self.key, self.value))
        mixed = local_attention(q, k, v, self.side, self.relative()).flatten(1, 2)  # (B, C, H, W)
        return mixed if self.stride == 1 else F.avg_pool2d(mixed, self.stride)

    def attention_macs(self, height: int, width: int) -> int:
        """Return the multiply-adds of scores, relative terms and averages for an input of this size."""
        channels = self.query.out_channels
        return height * width * self.side**2 * 3 * channels


class LocalRelation(nn.Module):
    """The local relation layer of Hu et al. 2019, section 3.2: weights from one number of query and key each.

    The weights of one position are shared by `share` channels; a small network turns an offset into its prior.
    The paper doesn't print the layer in full: this definition reproduces its table (lesson 03 says how).

    Args:
        channels: C, in and out.
        stride: positions between two queries.
        share: m, how many channels share their weights; the last group may have fewer.
        side: K.
    """

    def __init__(self, channels: int, stride: int = 1, share: int = 8, side: int = 7):
        super().__init__()
        self.share, self.side, self.stride = share, side, stride
        groups = math.ceil(channels / share)
        self.query, self.key = (nn.Conv2d(channels, groups, 1, bias=False) for _ in range(2))
        hidden = max(1, groups // 2)
        self.prior = nn.Sequential(nn.Linear(2, hidden), nn.ReLU(), nn.Linear(hidden, groups))
        self.transform = nn.Conv2d(channels, channels, 1, bias=False)

    def geometry_prior(self) -> Tensor:
        """Return what is added to the scores for every offset: (K * K, groups)."""
        reach = self.side // 2
        offsets = torch.cartesian_prod(*[torch.arange(-reach, reach + 1)] * 2)  # (K * K, 2), row by row
        return self.prior(offsets.to(self.key.weight) / max(1, reach))

    def weights(self, features: Tensor) -> Tensor:
        """Return the attention weights (K * K, B, groups, H / stride, W / stride) for (B, C, H, W)."""
        s = self.stride
        q, k = self.query(features[..., ::s, ::s])[:, :, None], self.key(features)[:, :, None]  # (B, groups, 1, ...)
        scores = local_scores(q, k, self.side, stride=s) + self.geometry_prior()[:, None, :, None, None]
        exists = inside(*features.shape[-2:], self.side)[:, None, None, ::s, ::s].to(features.device)
        return scores.masked_fill(~exists, -math.inf).softmax(dim=0)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C, H / stride, W / stride)."""
        channels = features.shape[1]
        weights = self.weights(features).repeat_interleave(self.share, dim=2)[:, :, :channels]  # (K * K, B, C, ...)
        mixed = weigh_shifts(weights, features[:, :, None], self.side, self.stride)  # every channel a head of width 1
        return self.transform(mixed[:, :, 0])

    def attention_macs(self, height: int, width: int) -> int:
        """Return the multiply-adds of scores and averages for an input of this size, where a query stands."""
        groups, channels = self.query.out_channels, self.transform.in_channels
        return math.ceil(height / self.stride) * math.ceil(width / self.stride) * self.side**2 * (groups + channels)
