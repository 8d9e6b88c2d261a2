"""Attention in a K x K neighbourhood, which can stand where a convolution stood, and attention over a whole image.

Notation: `B` batch, `C` channels, `h` heads, `d` width of a head, `H W` the image, `K` side of the neighbourhood,
which is odd. Feature maps are (B, C, H, W), split into heads (B, h, d, H, W).
"""

import itertools
import math

import torch
from torch import Tensor
from torch.nn import functional as F


def inside(height: int, width: int, side: int) -> Tensor:
    """Say which neighbours exist.

    Returns:
        (K * K, H, W) of bool for K = `side`: False where the neighbour, counted row by row, lies outside the image.
    """
    ones = torch.ones(1, 1, height, width)
    return F.unfold(ones, side, padding=side // 2).view(side * side, height, width) > 0


def convolve_at(image: Tensor, kernel: Tensor, row: int, column: int) -> Tensor:
    """Compute a convolution at one position: an inner product of every filter with the receptive field.

    Args:
        image: (C, H, W).
        kernel: (D, C, K, K), D filters; K is odd.
        row, column: where.

    Returns:
        (D,): what `F.conv2d` with padding K // 2 has there. Pixels outside the image count as 0, and the kernel
        isn't flipped: it is a cross-correlation, as everywhere in deep learning.
    """
    side = kernel.shape[-1]
    padded = F.pad(image, [side // 2] * 4)
    field = padded[:, row : row + side, column : column + side]  # (C, K, K), its centre at row, column
    return kernel.flatten(start_dim=1) @ field.flatten()


def attend_at(query: Tensor, key: Tensor, value: Tensor, side: int, row: int, column: int) -> Tensor:
    """Let one position attend to its neighbourhood: the query from the centre, keys and values from all of it.

    Args:
        query, key, value: (B, h, d, H, W).
        side: K, odd.
        row, column: where.

    Returns:
        (B, h, d). Neighbours outside the image don't exist. Ramachandran et al. 2019, equation 2, with the scale.
    """
    reach = side // 2
    rows = slice(max(0, row - reach), row + reach + 1)
    columns = slice(max(0, column - reach), column + reach + 1)
    keys = key[..., rows, columns].flatten(start_dim=-2)  # (B, h, d, neighbours)
    values = value[..., rows, columns].flatten(start_dim=-2)
    centre = query[..., row, column, None]  # (B, h, d, 1)
    weights = ((centre * keys).sum(dim=-2) / math.sqrt(query.shape[-3])).softmax(dim=-1)  # (B, h, neighbours)
    return (weights[..., None, :] * values).sum(dim=-1)


def local_attention_loops(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    side: int,
) -> Tensor:
    """Attend in every neighbourhood, one after the other: slow, and easy to check.

    Args:
        query, key, value: (B, h, d, H, W).
        side: K, odd.

    Returns:
        (B, h, d, H, W), as `attend_at` computes it.
    """
    out = torch.empty_like(value)
    height, width = value.shape[-2:]
    for row, column in itertools.product(range(height), range(width)):
        out[..., row, column] = attend_at(query, key, value, side, row, column)
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


def local_attention_unfold(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    side: int,
) -> Tensor:
    """Attend in all neighbourhoods at once, with copies of keys and values.

    Args:
        query, key, value: (B, h, d, H, W).
        side: K, odd.

    Returns:
        (B, h, d, H, W), as `local_attention_loops`.
    """
    d, height, width = query.shape[2:]
    products = query[:, :, :, None] * neighbourhoods(key, side)
    scores = products.sum(dim=2) / math.sqrt(d)  # (B, h, K * K, H, W)
    scores = scores.masked_fill(~inside(height, width, side), -math.inf)
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
        shifted = padded[..., row : row + H : stride, column : column + W : stride]
        out = torch.addcmul(out, weight[:, :, None], shifted)  # out + weight * shifted, in one go
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
