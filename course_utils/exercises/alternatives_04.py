"""Right answers to lesson 4's exercises, written differently from the course's: `check` must accept them all."""

import math

import torch
from torch.nn import functional as F

from course_utils.models.patches import patchify


def _bytes_by_tensor(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    tokens = int(side / patch) ** 2 + (1 if class_token else 0)
    return torch.empty(layers, heads, tokens, tokens, device="meta").numel() * bits // 8


def _bytes_in_steps(side, patch=1, *, layers=1, heads=1, class_token=False, bits=32):
    rows = columns = side // patch
    tokens = rows * columns
    if class_token:
        tokens += 1
    one_matrix = tokens * tokens * (bits // 8)
    return sum(heads * one_matrix for _ in range(layers))


BYTES = (_bytes_by_tensor, _bytes_in_steps)


def _patchify_by_unfold(images, patch):
    return F.unfold(images, kernel_size=patch, stride=patch).transpose(1, 2)


def _patchify_by_slices(images, patch):
    H, W = images.shape[-2:]
    corners = [(row, column) for row in range(0, H, patch) for column in range(0, W, patch)]
    pieces = [images[:, :, row : row + patch, column : column + patch].flatten(1) for row, column in corners]
    return torch.stack(pieces, dim=1)


def _patchify_by_tensor_unfold(images, patch):
    windows = images.unfold(2, patch, patch).unfold(3, patch, patch)  # (B, C, rows, columns, P, P)
    return windows.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)


PATCHIFY = (_patchify_by_unfold, _patchify_by_slices, _patchify_by_tensor_unfold)


def _unpatchify_by_fold(patches, patch, height, width):
    return F.fold(patches.mT, output_size=(height, width), kernel_size=patch, stride=patch)


def _unpatchify_by_concatenation(patches, patch, height, width):
    pieces = patches.unflatten(2, (-1, patch, patch)).unbind(dim=1)  # N of (B, C, P, P)
    columns = width // patch
    rows = [torch.cat(pieces[n : n + columns], dim=3) for n in range(0, len(pieces), columns)]
    assert len(rows) == height // patch
    return torch.cat(rows, dim=2)


def _unpatchify_in_place(patches, patch, height, width):
    B, N, numbers = patches.shape
    C = numbers // patch**2
    image = torch.zeros(B, C, height, width)
    for n in range(N):
        row, column = divmod(n, width // patch)
        there = (slice(row * patch, (row + 1) * patch), slice(column * patch, (column + 1) * patch))
        image[:, :, there[0], there[1]] = patches[:, n].view(B, C, patch, patch)
    return image


UNPATCHIFY = (_unpatchify_by_fold, _unpatchify_by_concatenation, _unpatchify_in_place)


def _embed_by_linear(images, weight, bias, patch):
    return F.linear(patchify(images, patch), weight, bias)


def _embed_by_flattened_map(images, weight, bias, patch):
    D, C = len(weight), images.shape[1]
    features = F.conv2d(images, weight.view(D, C, patch, patch), stride=(patch, patch))
    return features.flatten(2).permute(0, 2, 1) + bias


def _embed_by_einsum(images, weight, bias, patch):
    unfolded = F.unfold(images, patch, stride=patch)  # (B, C * P * P, N)
    return torch.einsum("bkn,dk->bnd", unfolded, weight) + bias


EMBED = (_embed_by_linear, _embed_by_flattened_map, _embed_by_einsum)


def _peak_with_if(layers, *, training):
    scores = weights = gradient = 1
    if not training:
        return scores + weights
    return layers * weights + 2 * gradient


def _peak_by_moments(layers, *, training):
    kept = layers if training else 1
    forward, backward = kept + 1, kept + 2
    return max(forward, backward) if training else forward


PEAK = (_peak_with_if, _peak_by_moments)


def _side_by_fourth_root(gigabytes, patch=1, *, matrices=1, heads=1, bits=32):
    bytes_each = gigabytes * 1e9 / (matrices * heads)
    return math.floor((bytes_each / (bits / 8)) ** 0.25) * patch


def _side_by_trying(gigabytes, patch=1, *, matrices=1, heads=1, bits=32):
    side = 0
    while (side + 1) ** 4 * matrices * heads * bits / 8 <= gigabytes * 10**9:
        side += 1
    return side * patch


SIDE = (_side_by_fourth_root, _side_by_trying)


def _next_overwritten(pixels, start):
    targets = pixels.reshape(pixels.shape[0], -1)
    inputs = torch.roll(targets, 1, dims=1)
    inputs[:, 0] = start
    return inputs, targets


def _next_padded(pixels, start):
    targets = pixels.view(len(pixels), -1)
    return F.pad(targets, (1, -1), value=start), targets


def _next_from_one_sequence(pixels, start):
    first = torch.tensor([start] * len(pixels))[:, None]
    sequence = torch.hstack([first, pixels.flatten(1)])  # (B, N + 1)
    return sequence[:, :-1], sequence[:, 1:]


NEXT = (_next_overwritten, _next_padded, _next_from_one_sequence)
