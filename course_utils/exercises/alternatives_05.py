"""Right answers to lesson 5's exercises, written differently from the course's: `check` must accept them all."""

import torch
from torch import nn

from course_utils.models.attention import TransformerBlock
from course_utils.models.patches import PatchEmbed


def _tokens_by_broadcast(patches, cls_token, pos_embed):
    B, N, D = patches.shape
    tokens = torch.zeros(B, N + 1, D, dtype=patches.dtype)
    tokens[:, :1] = cls_token
    tokens[:, 1:] = patches
    return tokens + pos_embed


def _tokens_apart(patches, cls_token, pos_embed):
    first = (cls_token + pos_embed[:, :1]).repeat(len(patches), 1, 1)
    return torch.cat((first, patches + pos_embed[:, 1:]), 1)


TOKENS = (_tokens_by_broadcast, _tokens_apart)


class _Plain(nn.Module):
    """A ViT in one `forward`, with the layers that the stub names."""

    def __init__(self, side, patch, width, heads, layers, classes, channels=3, block=None):
        super().__init__()
        self.patch_embed = PatchEmbed(patch, channels, width)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, (side // patch) ** 2 + 1, width))
        make = block if block is not None else (lambda _number: TransformerBlock(width, heads))
        self.blocks = nn.Sequential(*[make(number) for number in range(layers)])
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, classes)

    def forward(self, images):
        patches = self.patch_embed(images)
        tokens = torch.cat([self.cls_token.repeat(patches.shape[0], 1, 1), patches], dim=1) + self.pos_embed
        return self.head(self.norm(self.blocks(tokens))[:, 0])


class _FirstRead(_Plain):
    """Reads token 0 before the norm."""

    def forward(self, images):
        patches = self.patch_embed(images)
        first = (self.cls_token + self.pos_embed[:, :1]).expand(len(images), -1, -1)
        tokens = torch.cat([first, patches + self.pos_embed[:, 1:]], dim=1)
        for number in range(len(self.blocks)):
            tokens = self.blocks[number](tokens)
        return self.head(self.norm(tokens[:, 0]))


MODEL = (_Plain, _FirstRead)


def _parameters_layer_by_layer(side, patch, width, layers, classes, channels=3):
    def linear(inputs, outputs):
        return inputs * outputs + outputs

    norm, tokens = 2 * width, (side // patch) ** 2 + 1
    block = 4 * linear(width, width) + linear(width, 4 * width) + linear(4 * width, width) + 2 * norm
    embedding = linear(channels * patch * patch, width) + width + tokens * width
    return embedding + layers * block + norm + linear(width, classes)


def _parameters_counted(side, patch, width, layers, classes, channels=3):
    with torch.device("meta"):
        model = _Plain(side, patch, width, 1, layers, classes, channels)
    return sum(parameter.numel() for parameter in model.parameters())


PARAMETERS = (_parameters_layer_by_layer, _parameters_counted)


def _macs_step_by_step(side, patch, width, layers, classes, channels=3):
    patches = (side // patch) ** 2
    tokens = patches + 1
    total = patches * width * channels * patch * patch
    for _ in range(layers):
        total += 4 * tokens * width * width  # q, k, v, out
        total += tokens * tokens * width * 2  # scores, weighted sum
        total += 2 * tokens * width * 4 * width  # MLP
    return total + classes * width


def _macs_by_token(side, patch, width, layers, classes, channels=3):
    patches = side * side // (patch * patch)
    one_token = 12 * width * width + 2 * (patches + 1) * width
    return layers * (patches + 1) * one_token + side * side * channels * width + classes * width


MACS = (_macs_step_by_step, _macs_by_token)


def _packed_by_slices(packed):
    D = packed.shape[0] // 3
    return {"query": packed[:D], "key": packed[D : 2 * D], "value": packed[2 * D :]}


def _packed_by_view(packed):
    query, key, value = packed.unflatten(0, (3, -1))
    return {"query": query, "key": key, "value": value}


PACKED = (_packed_by_slices, _packed_by_view)


def _distance_by_rows_and_columns(weights, grid, patch):
    rows, columns = grid
    number = torch.arange(rows * columns)
    row, column = (number // columns) * patch, (number % columns) * patch
    apart = ((row[:, None] - row) ** 2 + (column[:, None] - column) ** 2).double().sqrt()
    mean = (weights * apart).sum(dim=3) / weights.sum(dim=3)  # (B, h, N)
    return mean.transpose(1, 2).flatten(0, 1).mean(dim=0)


def _distance_by_einsum(weights, grid, patch):
    places = torch.stack(torch.meshgrid(torch.arange(grid[0]), torch.arange(grid[1]), indexing="ij"), dim=-1)
    places = places.reshape(-1, 2).double() * patch
    shares = weights / weights.sum(dim=-1, keepdim=True)
    return torch.einsum("bhqk,qk->h", shares, (places[:, None] - places).norm(dim=2)) / (len(weights) * len(places))


DISTANCE = (_distance_by_rows_and_columns, _distance_by_einsum)


def _auroc_by_pairs(scores, mask):
    inside, outside = scores[mask].tolist(), scores[~mask].tolist()
    won = sum((one > other) + (one == other) / 2 for one in inside for other in outside)
    return won / (len(inside) * len(outside))


def _auroc_by_curve(scores, mask):
    steps = scores.unique().flip(0)
    hits = [0.0] + [(scores[mask] >= step).double().mean().item() for step in steps]
    alarms = [0.0] + [(scores[~mask] >= step).double().mean().item() for step in steps]
    return sum((b - a) * (y + x) / 2 for a, b, x, y in zip(alarms, alarms[1:], hits, hits[1:], strict=False))


AUROC = (_auroc_by_pairs, _auroc_by_curve)
