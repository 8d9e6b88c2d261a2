"""Right answers to lesson 3's exercises, written differently from the course's: `check` must accept them all."""

import itertools
import math

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.models.attention import attention_weights
from course_utils.models.local_attention import inside, local_scores, weigh_shifts
from course_utils.models.local_layers import LocalRelation
from course_utils.models.non_local import as_feature_map, as_tokens


class _Fused(nn.Module):
    def __init__(self, channels, inner=None, scale=None):
        super().__init__()
        inner = channels // 8 if inner is None else inner
        self.norm = nn.BatchNorm2d(channels)
        nn.init.constant_(self.norm.weight, 0.0)
        self.out = nn.Conv2d(inner, channels, kernel_size=1)
        for name in ("value", "key", "query"):
            self.add_module(name, nn.Conv2d(channels, inner, kernel_size=1))
        self.scale = scale

    def forward(self, features):
        q, k, v = (as_tokens(project(features)) for project in (self.query, self.key, self.value))
        mixed = F.scaled_dot_product_attention(q, k, v, scale=self.scale)  # without one, it takes the usual
        return self.norm(self.out(as_feature_map(mixed, *features.shape[-2:]))) + features


class _ColumnsOfWeights(nn.Module):
    def __init__(self, channels, inner=None, scale=None):
        super().__init__()
        inner = inner or channels // 8
        self.scale = 1 / math.sqrt(inner) if scale is None else scale
        self.query, self.key, self.value = [nn.Conv2d(channels, inner, 1) for _ in range(3)]
        self.out, self.norm = nn.Conv2d(inner, channels, 1), nn.BatchNorm2d(channels)
        self.norm.weight.data.zero_()

    def forward(self, features):
        B, _, H, W = features.shape
        q, k, v = (project(features).reshape(B, -1, H * W) for project in (self.query, self.key, self.value))
        weights = torch.einsum("bcn,bcm->bmn", q, k).mul(self.scale).softmax(dim=1)  # a query's run down a column
        return features + self.norm(self.out((v @ weights).view(B, -1, H, W)))


class _QueriesScaled(nn.Module):
    def __init__(self, channels, inner=None, scale=None):
        super().__init__()
        inner = inner or channels // 8
        self.factor = 1.0 if scale is None else scale * inner**0.5
        self.query, self.key, self.value = [nn.Conv2d(channels, inner, 1) for _ in range(3)]
        self.out, self.norm = nn.Conv2d(inner, channels, 1), nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, features):
        q, k, v = (as_tokens(project(features)) for project in (self.query, self.key, self.value))
        mixed = attention_weights(self.factor * q, k) @ v
        return features + self.norm(self.out(mixed.mT.unflatten(-1, features.shape[-2:])))


NON_LOCAL = (_Fused, _ColumnsOfWeights, _QueriesScaled)


def _convolve_library(image, kernel, row, column):
    return F.conv2d(image[None], kernel, padding=kernel.shape[-1] // 2)[0, :, row, column]


def _convolve_multiplied(image, kernel, row, column):
    reach = kernel.shape[-1] // 2
    padded = F.pad(image, (reach, reach, reach, reach))
    field = padded[:, row : row + 2 * reach + 1, column : column + 2 * reach + 1]
    return (kernel * field).sum(dim=(1, 2, 3))


def _convolve_pixel_by_pixel(image, kernel, row, column):
    (_, H, W), side, total = image.shape, kernel.shape[-1], 0
    for i, j in itertools.product(range(side), range(side)):
        y, x = row + i - side // 2, column + j - side // 2
        if 0 <= y < H and 0 <= x < W:
            total = total + kernel[:, :, i, j] @ image[:, y, x]
    return total


CONVOLVE = (_convolve_library, _convolve_multiplied, _convolve_pixel_by_pixel)


def _attend_fused(query, key, value, side, row, column):
    top, left, reach = max(row - side // 2, 0), max(column - side // 2, 0), side // 2
    keys, values = (x[..., top : row + reach + 1, left : column + reach + 1].flatten(3).mT for x in (key, value))
    return F.scaled_dot_product_attention(query[:, :, None, :, row, column], keys, values).squeeze(2)


def _attend_masked(query, key, value, side, row, column):
    ones = torch.ones(query.shape[-2:])
    keys, values, exists = (
        F.pad(x, [side // 2] * 4)[..., row : row + side, column : column + side] for x in (key, value, ones)
    )
    scores = torch.einsum("bhd,bhdij->bhij", query[..., row, column], keys) / query.shape[2] ** 0.5
    weights = scores.exp() * exists
    return torch.einsum("bhij,bhdij->bhd", weights / weights.sum(dim=(2, 3), keepdim=True), values)


def _attend_neighbour_by_neighbour(query, key, value, side, row, column):
    H, W = query.shape[-2:]
    reach, centre = side // 2, query[..., row, column] / math.sqrt(query.shape[2])
    rows = [y for y in range(row - reach, row + reach + 1) if 0 <= y < H]
    columns = [x for x in range(column - reach, column + reach + 1) if 0 <= x < W]
    places = list(itertools.product(rows, columns))
    scores = torch.stack([(centre * key[..., y, x]).sum(dim=-1) for y, x in places], dim=-1)
    weights = F.softmax(scores, dim=-1)
    return sum(weights[..., n, None] * value[..., y, x] for n, (y, x) in enumerate(places))


ATTEND = (_attend_fused, _attend_masked, _attend_neighbour_by_neighbour)


def _neighbourhoods_shifted(features, side):
    H, W = features.shape[-2:]
    padded = F.pad(features, [side // 2] * 4)
    return torch.stack([padded[..., i : i + H, j : j + W] for i in range(side) for j in range(side)], dim=3)


def _neighbourhoods_windows(features, side):
    padded = F.pad(features, [side // 2] * 4)
    windows = padded.unfold(3, side, 1).unfold(4, side, 1)  # (B, h, d, H, W, K, K)
    return windows.flatten(start_dim=-2).movedim(-1, 3)


def _neighbourhoods_image_by_image(features, side):
    images = features.flatten(end_dim=1)  # (B * h, d, H, W)
    columns = F.unfold(images, side, padding=(side - 1) // 2)
    return columns.reshape(*features.shape[:3], -1, *features.shape[3:])


NEIGHBOURHOODS = (_neighbourhoods_shifted, _neighbourhoods_windows, _neighbourhoods_image_by_image)


def _local_by_hand(query, key, value, side, relative=None, *, padding_counts=False):
    raised = local_scores(query, key, side, relative).exp()
    if not padding_counts:
        raised = raised * inside(*query.shape[-2:], side)[:, None, None]
    return weigh_shifts(raised / raised.sum(dim=0, keepdim=True), value, side)


def _local_unfolded(query, key, value, side, relative=None, *, padding_counts=False):
    keys, values = (_neighbourhoods_windows(x, side) for x in (key, value))
    keys = keys / math.sqrt(key.shape[2])
    if relative is not None:
        keys = keys + relative.flatten(start_dim=2)[..., None, None]
    scores = torch.einsum("bhdyx,bhdnyx->bhnyx", query, keys)
    if not padding_counts:
        scores = torch.where(inside(*query.shape[-2:], side), scores, -math.inf)
    return torch.einsum("bhnyx,bhdnyx->bhdyx", F.softmax(scores, dim=2), values)


def _local_added(query, key, value, side, relative=None, *, padding_counts=False):
    scores = local_scores(query, key, side)
    if relative is not None:
        offsets = relative.expand(query.shape[1], -1, -1, -1).flatten(start_dim=2)  # (h, d, K * K)
        scores = scores + torch.einsum("bhdyx,hdk->kbhyx", query, offsets)
    if not padding_counts:
        hidden = torch.zeros(side * side, *query.shape[-2:]).masked_fill(~inside(*query.shape[-2:], side), -math.inf)
        scores = scores + hidden[:, None, None]
    return weigh_shifts(scores.softmax(dim=0), value, side)


LOCAL = (_local_by_hand, _local_unfolded, _local_added)


def _relation_built(channels, share=8):
    return sum(parameter.numel() for parameter in LocalRelation(channels, share=share).parameters())


def _relation_without_math(channels, share=8):
    groups = (channels + share - 1) // share
    hidden = groups // 2 or 1
    return channels * (channels + groups + groups) + hidden * 3 + groups * (hidden + 1)


RELATION = (_relation_built, _relation_without_math)
