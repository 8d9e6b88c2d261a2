"""Usual mistakes in an MViT change its outputs by far more than what the comparison with timm's allows."""

import math

import pytest
import torch
from mvits import furthest, normal, randomise, small
from torch import nn

from course_utils.models.mvit import (
    ImprovedPoolingAttention,
    MViT,
    MViTBlock,
    Pool,
    PooledShortcut,
    PoolingAttention,
)


class Unscaled(ImprovedPoolingAttention):
    def scores(self, query, key):
        return PoolingAttention.scores(self, query * math.sqrt(query.shape[-1]), key)


class NoResidual(ImprovedPoolingAttention):
    mix = PoolingAttention.mix


class NoPositions(ImprovedPoolingAttention):
    scores = PoolingAttention.scores


class AsThePaperScales(ImprovedPoolingAttention):
    def scores(self, query, key):
        plain = PoolingAttention.scores(self, query, key)
        return plain + (super().scores(query, key) - plain) / math.sqrt(query.shape[-1])


def change_all(kind, change):
    def apply(model):
        for module in model.modules():
            if isinstance(module, kind):
                change(module)

    return apply


def flip_tables(attention):
    for table in (attention.rel_pos_h, attention.rel_pos_w):
        table.data = table.data.flip(0)


def swap_tables(attention):
    attention.rel_pos_h, attention.rel_pos_w = attention.rel_pos_w, attention.rel_pos_h


def turned(weight):
    return nn.Parameter(weight.detach().flip(2, 3))


def average(shortcut):
    shortcut.pool = nn.AvgPool2d(3, stride=2, padding=1)


class UnnormedShortcut(MViTBlock):
    def forward(self, tokens):
        around = tokens if self.shortcut is None else self.shortcut(tokens)
        tokens = around + self.attention(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))


class MeanFirst(MViT):
    def forward(self, images):
        return self.head(self.norm(self.stage_tokens(images)[-1].mean(dim=(1, 2))))


def instead(kind):
    return change_all(ImprovedPoolingAttention, lambda module: setattr(module, "__class__", kind))


MUTATIONS = {
    "eps": change_all(nn.LayerNorm, lambda norm: setattr(norm, "eps", 1e-5)),
    "gelu": change_all(nn.GELU, lambda gelu: setattr(gelu, "approximate", "tanh")),
    "unscaled": instead(Unscaled),
    "no residual pooling": instead(NoResidual),
    "no positions": instead(NoPositions),
    "positions scaled": instead(AsThePaperScales),
    "distances turned": change_all(ImprovedPoolingAttention, flip_tables),
    "tables swapped": change_all(ImprovedPoolingAttention, swap_tables),
    "kernels turned": change_all(Pool, lambda pool: setattr(pool.convolve, "weight", turned(pool.convolve.weight))),
    "shortcut averages": change_all(PooledShortcut, average),
    "shortcut not normed": change_all(MViTBlock, lambda block: setattr(block, "__class__", UnnormedShortcut)),
    "mean before the norm": change_all(MViT, lambda model: setattr(model, "__class__", MeanFirst)),
}


@torch.no_grad()
@pytest.mark.parametrize("name", MUTATIONS)
def test_mistakes_can_be_seen_at_this_tolerance(name):
    model, images = randomise(small()), normal(2, 1, 28, 28)
    expected = model(images)
    MUTATIONS[name](model)
    assert furthest(model(images), expected) > 1e-7
