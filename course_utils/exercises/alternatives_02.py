"""Right answers to lesson 2's exercises, written differently from the course's: `check` must accept them all."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.models.attention import MLP, MultiHeadAttention, attention


def _grid_einsum(query, features):
    scores = torch.einsum("hwd,d->hw", features, query) * query.shape[0] ** -0.5
    weights = scores.exp() / scores.exp().sum()
    return weights, torch.einsum("hw,hwd->d", weights, features)


def _grid_as_a_list(query, features):
    H, W, D = features.shape
    cells = features.reshape(H * W, D)
    weights = F.softmax(cells @ query / math.sqrt(D), dim=0)
    return weights.reshape(H, W), weights @ cells


def _grid_cell_by_cell(query, features):
    H, W, D = features.shape
    raised = torch.stack([torch.exp(query @ features[i, j] / D**0.5) for i in range(H) for j in range(W)])
    weights = (raised / raised.sum()).view(H, W)
    return weights, sum(weights[i, j] * features[i, j] for i in range(H) for j in range(W))


GRID = (_grid_einsum, _grid_as_a_list, _grid_cell_by_cell)


def _weights_additive(query, key, mask=None):
    scores = torch.einsum("...nd,...md->...nm", query, key) / key.shape[-1] ** 0.5
    if mask is not None:
        scores = scores + torch.zeros(mask.shape).masked_fill(mask.logical_not(), float("-inf"))
    return F.softmax(scores, dim=-1)


def _weights_by_hand(query, key, mask=None):
    raised = torch.exp(query / math.sqrt(query.shape[-1]) @ key.mT)
    if mask is not None:
        raised = raised * mask
    return raised / raised.sum(dim=-1, keepdim=True)


def _weights_row_by_row(query, key, mask=None):
    rows = []
    for n in range(query.shape[-2]):
        scores = (query[..., n : n + 1, :] * key).sum(dim=-1) / query.shape[-1] ** 0.5
        if mask is not None:
            scores = torch.where(mask[..., n, :], scores, torch.tensor(-math.inf))
        rows.append(scores.softmax(dim=-1))
    return torch.stack(rows, dim=-2)


WEIGHTS = (_weights_additive, _weights_by_hand, _weights_row_by_row)


def _attention_fused(query, key, value, mask=None):
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)


def _attention_einsum(query, key, value, mask=None):
    return torch.einsum("...nm,...md->...nd", _weights_additive(query, key, mask), value)


def _attention_key_by_key(query, key, value, mask=None):
    weights = _weights_by_hand(query, key, mask)
    return sum(weights[..., m : m + 1] * value[..., m : m + 1, :] for m in range(value.shape[-2]))


ATTENTION = (_attention_fused, _attention_einsum, _attention_key_by_key)


def _causal_compared(tokens):
    position = torch.arange(tokens)
    return position[:, None] >= position[None, :]


def _causal_entry_by_entry(tokens):
    return torch.tensor([[column <= row for column in range(tokens)] for row in range(tokens)])


def _causal_not_later(tokens):
    return ~torch.triu(torch.ones(tokens, tokens), diagonal=1).bool()


CAUSAL = (_causal_compared, _causal_entry_by_entry, _causal_not_later)


def _positions_sliced(tokens, width):
    table = torch.zeros(tokens, width)
    angle = torch.outer(torch.arange(tokens), torch.exp(torch.arange(0, width, 2) * (-math.log(10_000) / width)))
    table[:, 0::2], table[:, 1::2] = angle.sin(), angle.cos()
    return table


def _positions_number_by_number(tokens, width):
    waves = [math.sin, math.cos]
    return torch.tensor(
        [[waves[k % 2](n / 10_000 ** ((k - k % 2) / width)) for k in range(width)] for n in range(tokens)]
    )


POSITIONS = (_positions_sliced, _positions_number_by_number)


def _split_chunked(tokens, heads):
    return torch.stack(tokens.chunk(heads, dim=-1), dim=1)


def _split_permuted(tokens, heads):
    return tokens.unflatten(-1, (heads, -1)).permute(0, 2, 1, 3).contiguous()


SPLIT = (_split_chunked, _split_permuted)


def _merge_concatenated(tokens):
    return torch.cat(tokens.unbind(dim=1), dim=-1)


def _merge_reshaped(tokens):
    B, h, N, d = tokens.shape
    return tokens.permute(0, 2, 1, 3).reshape(B, N, h * d)


MERGE = (_merge_concatenated, _merge_reshaped)


class _HeadByHead(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.out, self.value, self.key, self.query = (nn.Linear(width, width) for _ in range(4))
        self.d = width // heads

    def forward(self, tokens, mask=None):
        projected = zip(*(p(tokens).split(self.d, dim=-1) for p in (self.query, self.key, self.value)), strict=True)
        return self.out(torch.cat([attention(q, k, v, mask) for q, k, v in projected], dim=-1))


class _Einsum(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        for name in ("query", "key", "value", "out"):
            self.add_module(name, nn.Linear(width, width))

    def forward(self, tokens, mask=None):
        projected = (project(tokens) for project in (self.query, self.key, self.value))
        q, k, v = (x.unflatten(-1, (self.heads, -1)) for x in projected)  # (B, N, h, d)
        scores = torch.einsum("bnhd,bmhd->bhnm", q, k) / q.shape[-1] ** 0.5
        if mask is not None:
            scores = scores.masked_fill(mask.logical_not(), -math.inf)
        return self.out(torch.einsum("bhnm,bmhd->bnhd", scores.softmax(dim=-1), v).flatten(2))


MULTI_HEAD = (_HeadByHead, _Einsum)


class _SpeltOut(nn.Module):
    def __init__(self, width, heads, mlp_ratio=4, eps=1e-6):
        super().__init__()
        hidden = width * mlp_ratio
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
        self.attention = MultiHeadAttention(width, heads)
        self.norm2, self.norm1 = nn.LayerNorm(width, eps), nn.LayerNorm(width, eps)

    def forward(self, tokens, mask=None):
        mixed = self.attention(self.norm1(tokens), mask=mask) + tokens
        return self.mlp(self.norm2(mixed)) + mixed


class _NormByHand(nn.Module):
    def __init__(self, width, heads, mlp_ratio=4, eps=1e-6):
        super().__init__()
        self.eps = eps
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.mlp = MultiHeadAttention(width, heads), MLP(width, mlp_ratio * width)

    def forward(self, tokens, mask=None):
        for norm, change in ((self.norm1, lambda x: self.attention(x, mask)), (self.norm2, self.mlp)):
            centred = tokens - tokens.mean(dim=-1, keepdim=True)
            spread = (centred.square().mean(dim=-1, keepdim=True) + self.eps).sqrt()
            tokens = tokens + change(centred / spread * norm.weight + norm.bias)
        return tokens


BLOCK = (_SpeltOut, _NormByHand)
