"""Right answers to lesson 9's exercises, written differently from the course's: `check` must accept them all."""

import torch
from torch import nn
from torch.nn import functional as F


def _tokens_by_einsum(tokens, first, second):
    (weight1, bias1), (weight2, bias2) = first, second
    hidden = F.gelu(torch.einsum("sn,bnd->bsd", weight1, tokens) + bias1[:, None])
    return torch.einsum("ns,bsd->bnd", weight2, hidden) + bias2[:, None]


def _tokens_channel_by_channel(tokens, first, second):
    mixed = []
    for channel in tokens.unbind(dim=2):  # (B, N)
        hidden = nn.functional.gelu(channel @ first[0].T + first[1])
        mixed.append(hidden @ second[0].T + second[1])
    return torch.stack(mixed, dim=2)


def _tokens_from_the_left(tokens, first, second):
    hidden = F.gelu(first[0] @ tokens + first[1][:, None])  # (B, D_S, D)
    return second[0] @ hidden + second[1].unsqueeze(1)


TOKENS = (_tokens_by_einsum, _tokens_channel_by_channel, _tokens_from_the_left)


class _Layers(nn.Module):
    """A block with the layers that the stub names."""

    def __init__(self, tokens, width, token_hidden, channel_hidden):
        super().__init__()
        self.norm1, self.norm2 = (nn.LayerNorm(width, eps=1e-6) for _ in range(2))
        self.token_mlp = nn.Sequential(nn.Linear(tokens, token_hidden), nn.GELU(), nn.Linear(token_hidden, tokens))
        layers = nn.Linear(width, channel_hidden), nn.GELU(), nn.Linear(channel_hidden, width)
        self.channel_mlp = nn.Sequential(*layers)

    def forward(self, tokens):
        branch = self.token_mlp(self.norm1(tokens).mT).mT
        tokens = branch + tokens
        return self.channel_mlp(self.norm2(tokens)) + tokens


class _Permuted(_Layers):
    """The same with the axes named by number, and the sums in one line."""

    def forward(self, tokens):
        middle = tokens + self.token_mlp(self.norm1(tokens).permute(0, 2, 1)).permute(0, 2, 1)
        return middle + self.channel_mlp(self.norm2(middle))


BLOCK = (_Layers, _Permuted)


def _convolution_in_the_batch(features, first, second):
    """Channels as images of their own, so that one set of filters is enough."""
    B, C, H, W = features.shape
    hidden = F.gelu(F.conv2d(features.reshape(B * C, 1, H, W), first[0].reshape(-1, 1, H, W), first[1]))
    return F.conv2d(hidden, second[0][..., None, None], second[1]).reshape(B, C, H, W)


def _convolution_by_concatenation(features, first, second):
    B, C, H, W = features.shape
    kernels = torch.cat([first[0].unflatten(1, (1, H, W))] * C)
    hidden = F.gelu(F.conv2d(features, kernels, torch.cat([first[1]] * C), groups=C))
    points = torch.cat([second[0][:, :, None, None]] * C)
    return F.conv2d(hidden, points, torch.cat([second[1]] * C), groups=C).reshape(B, C, H, W)


CONVOLUTION = (_convolution_in_the_batch, _convolution_by_concatenation)


class _Gate(nn.Module):
    """The gate with slices, and the product from the left."""

    def __init__(self, hidden, tokens):
        super().__init__()
        self.norm = nn.LayerNorm(hidden // 2)
        self.token_layer = nn.Linear(tokens, tokens)
        nn.init.trunc_normal_(self.token_layer.weight, std=1e-6)
        self.token_layer.bias.data.fill_(1)

    def forward(self, features):
        half = features.shape[-1] // 2
        gate = self.token_layer.weight @ self.norm(features[..., half:]) + self.token_layer.bias[:, None]
        return gate * features[..., :half]


class _TurnedGate(_Gate):
    """The gate with the product taken while the table is turned; its own numbers as parameters."""

    def __init__(self, hidden, tokens):
        super().__init__(hidden, tokens)
        self.token_layer.weight = nn.Parameter(1e-6 * torch.randn(tokens, tokens))
        self.token_layer.bias = nn.Parameter(torch.ones(tokens))

    def forward(self, features):
        passed, gate = torch.tensor_split(features, 2, dim=2)
        return (passed.mT * self.token_layer(self.norm(gate).mT)).mT


GATE = (_Gate, _TurnedGate)


def _shift_by_index(grid):
    _, H, W, C = grid.shape
    if C % 4 != 0:
        raise ValueError(f"{C} isn't a multiple of 4")
    rows, columns = torch.arange(H), torch.arange(W)
    quarter = C // 4
    return torch.cat(
        [
            grid[:, :, (columns - 1).clamp(min=0), :quarter],
            grid[:, :, (columns + 1).clamp(max=W - 1), quarter : 2 * quarter],
            grid[:, (rows - 1).clamp(min=0), :, 2 * quarter : 3 * quarter],
            grid[:, (rows + 1).clamp(max=H - 1), :, 3 * quarter :],
        ],
        dim=3,
    )


def _shift_into_a_copy(grid):
    moved, (quarter, left) = grid.clone(), divmod(grid.shape[-1], 4)
    if left:
        raise ValueError("no quarters")
    moved[:, :, 1:, :quarter] = grid[:, :, :-1, :quarter]
    moved[:, :, :-1, quarter : 2 * quarter] = grid[:, :, 1:, quarter : 2 * quarter]
    moved[:, 1:, :, 2 * quarter : 3 * quarter] = grid[:, :-1, :, 2 * quarter : 3 * quarter]
    moved[:, :-1, :, 3 * quarter :] = grid[:, 1:, :, 3 * quarter :]
    return moved


def _shift_by_padding(grid):
    if grid.shape[-1] & 3:
        raise ValueError
    left, right, above, below = grid.permute(0, 3, 1, 2).chunk(4, dim=1)
    parts = [
        F.pad(left, (1, 0, 0, 0), mode="replicate")[..., :-1],
        F.pad(right, (0, 1, 0, 0), mode="replicate")[..., 1:],
        F.pad(above, (0, 0, 1, 0), mode="replicate")[:, :, :-1],
        F.pad(below, (0, 0, 0, 1), mode="replicate")[:, :, 1:],
    ]
    return torch.cat(parts, dim=1).permute(0, 2, 3, 1)


SHIFT = (_shift_by_index, _shift_into_a_copy, _shift_by_padding)


def _parameters_layer_by_layer(side, patch, width, layers, token_hidden, channel_hidden, classes, channels=3):
    def linear(inputs, outputs):
        return inputs * outputs + outputs

    tokens, norm = (side // patch) ** 2, 2 * width
    across_tokens = linear(tokens, token_hidden) + linear(token_hidden, tokens)
    across_channels = linear(width, channel_hidden) + linear(channel_hidden, width)
    total = linear(channels * patch * patch, width)
    for _ in range(layers):
        total += norm + across_tokens + norm + across_channels
    return total + norm + linear(width, classes)


def _parameters_counted(side, patch, width, layers, token_hidden, channel_hidden, classes, channels=3):
    with torch.device("meta"):
        block = _Layers((side // patch) ** 2, width, token_hidden, channel_hidden)
        ends = [nn.Conv2d(channels, width, patch), nn.LayerNorm(width), nn.Linear(width, classes)]
    numbers = [sum(parameter.numel() for parameter in module.parameters()) for module in (block, *ends)]
    return layers * numbers[0] + sum(numbers[1:])


PARAMETERS = (_parameters_layer_by_layer, _parameters_counted)
