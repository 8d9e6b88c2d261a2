"""Right answers to lesson 8's exercises, written differently from the course's: `check` must accept them all."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.models.attention import MLP
from course_utils.models.relative_positions import relative_vectors
from course_utils.models.shifted_windows import ShiftedWindows
from course_utils.models.swin import SwinAttention
from course_utils.models.windows import (
    both_shifts,
    from_windows,
    pad_to_windows,
    shares_window,
    shift_window_mask,
    to_windows,
    useful_shift,
    window_permutation,
)


def _windows_unfolded(tokens, window):
    cut = tokens.unfold(1, window, window).unfold(2, window, window)  # (B, H / M, W / M, C, M, M)
    return cut.flatten(1, 2).flatten(3).transpose(2, 3)


def _windows_one_by_one(tokens, window):
    _, H, W, _ = tokens.shape
    corners = [(top, left) for top in range(0, H, window) for left in range(0, W, window)]
    squares = [tokens[:, top : top + window, left : left + window] for top, left in corners]
    return torch.stack([square.flatten(1, 2) for square in squares], dim=1)


WINDOWS = (_windows_unfolded, _windows_one_by_one)


def _mask_of_drawn_windows(grid, window, shift):
    members = window_permutation(grid, window, shift).view(-1, window * window)
    return shares_window(grid, window, shift)[members[:, :, None], members[:, None, :]]


def _mask_by_slices(grid, window, shift):
    regions, number = torch.zeros(1, *grid, 1), 0
    bands = [
        (slice(0, side - window), slice(side - window, side - s), slice(side - s, side))
        for side, s in zip(grid, both_shifts(shift, window), strict=True)
    ]
    for rows in bands[0]:
        for columns in bands[1]:
            regions[:, rows, columns] = number
            number += 1
    cut = to_windows(regions, window).squeeze(0).squeeze(-1)
    return cut.unsqueeze(1) - cut.unsqueeze(2) == 0


def _mask_by_carried(grid, window, shift):
    """Two bands along each side are enough: the last window begins at an edge anyway."""
    masks = []
    for side, carried, other in zip(grid, both_shifts(shift, window), grid[::-1], strict=True):
        is_carried = torch.arange(side) >= side - carried
        is_carried = is_carried[:, None].expand(side, other)
        is_carried = is_carried.T if masks else is_carried
        cut = to_windows(is_carried[None, ..., None], window)[0]  # (nW, M * M, 1)
        masks.append(cut == cut.transpose(1, 2))
    return masks[0] & masks[1]


MASKS = (_mask_of_drawn_windows, _mask_by_slices, _mask_by_carried)


def _order_by_counting(grid, window, shift):
    (H, W), (down, right) = grid, both_shifts(shift, window)
    order = []
    for top in range(0, H, window):
        for left in range(0, W, window):
            for row in range(top + down, top + down + window):
                order += [(row % H) * W + column % W for column in range(left + right, left + right + window)]
    return torch.tensor(order)


def _order_by_indexing(grid, window, shift):
    (H, W), (down, right) = grid, both_shifts(shift, window)
    rows, columns = (torch.arange(H) + down) % H, (torch.arange(W) + right) % W
    numbers = rows[:, None] * W + columns
    return numbers.unfold(0, window, window).unfold(1, window, window).flatten()


ORDERS = (_order_by_counting, _order_by_indexing)


def _index_of_every_pair(window):
    places = [(row, column) for row in range(window) for column in range(window)]
    across = 2 * window - 1
    return torch.tensor([[(r - y + window - 1) * across + c - x + window - 1 for y, x in places] for r, c in places])


def _index_of_sides(window):
    side = torch.arange(window)
    offsets = side[:, None] - side + window - 1  # (M, M), along one side
    index = offsets[:, None, :, None] * (2 * window - 1) + offsets[None, :, None, :]
    return index.reshape(window * window, window * window)


INDEX = (_index_of_every_pair, _index_of_sides)


class _MergingSlices(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(4 * width)
        self.reduce = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, tokens):
        even = pad_to_windows(tokens, 2)
        corners = [even[:, 0::2, 0::2], even[:, 1::2, 0::2], even[:, 0::2, 1::2], even[:, 1::2, 1::2]]
        return self.reduce(self.norm(torch.cat(corners, dim=-1)))


class _MergingWindows(_MergingSlices):
    """Uses that 2 x 2 tokens are a window."""

    def forward(self, tokens):
        B, H, W, C = tokens.shape
        even = F.pad(tokens, (0, 0, 0, W % 2, 0, H % 2))
        windows = to_windows(even, 2)[:, :, [0, 2, 1, 3]]  # (B, nW, 4, C), column by column
        joined = windows.reshape(B, math.ceil(H / 2), math.ceil(W / 2), 4 * C)
        return self.reduce(self.norm(joined))


MERGING = (_MergingSlices, _MergingWindows)


class _Block(nn.Module):
    def __init__(self, width, heads, window, shift, relative_bias=True):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        within = SwinAttention(width, heads, window, relative_bias=relative_bias)
        self.attention = ShiftedWindows(within, window, shift=shift)
        self.mlp = MLP(width, hidden=4 * width)

    def forward(self, tokens):
        for norm, layer in ((self.norm1, self.attention), (self.norm2, self.mlp)):
            tokens = layer(norm(tokens)) + tokens
        return tokens


class _BlockRolling(_Block):
    """Rolls, cuts and puts back in the open."""

    def forward(self, tokens):
        (H, W), M = tokens.shape[1:3], self.attention.window
        padded = pad_to_windows(self.norm1(tokens), M)
        grid = tuple(padded.shape[1:3])
        rows, columns = useful_shift(grid, M, self.attention.shift)
        windows = to_windows(padded.roll((-rows, -columns), dims=(1, 2)), M)
        mixed = self.attention.within(windows, shift_window_mask(grid, M, (rows, columns)))
        mixed = from_windows(mixed, grid).roll((rows, columns), dims=(1, 2))[:, :H, :W]
        between = tokens + mixed
        return between + self.mlp(self.norm2(between))


BLOCK = (_Block, _BlockRolling)


def _positions_as_the_official_code(query, rel_pos_h, rel_pos_w, key_grid):
    found = []
    for table, queries, keys in zip((rel_pos_h, rel_pos_w), query.shape[2:4], key_grid, strict=True):
        place = torch.arange(queries)[:, None] * max(keys / queries, 1.0)
        other = torch.arange(keys) * max(queries / keys, 1.0)
        found.append(table[(place - other + (keys - 1) * max(queries / keys, 1.0)).long()])
    rows = torch.einsum("bhijd,ird->bhijr", query, found[0])
    columns = torch.einsum("bhijd,jcd->bhijc", query, found[1])
    both = rows.unsqueeze(-1) + columns.unsqueeze(-2)
    return both.reshape(*query.shape[:2], query.shape[2] * query.shape[3], key_grid[0] * key_grid[1])


def _positions_vectors_first(query, rel_pos_h, rel_pos_w, key_grid):
    (H_q, W_q), (H_k, W_k) = query.shape[2:4], key_grid
    rows, columns = relative_vectors(rel_pos_h, H_q, H_k), relative_vectors(rel_pos_w, W_q, W_k)
    vectors = rows[:, None, :, None] + columns[None, :, None, :]  # (H_q, W_q, H_k, W_k, d)
    pairs = (query[:, :, :, :, None, None] * vectors).sum(dim=-1)
    return pairs.flatten(4).flatten(2, 3)


POSITIONS = (_positions_as_the_official_code, _positions_vectors_first)
