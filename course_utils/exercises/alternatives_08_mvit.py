"""Right answers to lesson 08's exercises on relative positions, written differently from the course's."""

import torch

from course_utils.models.relative_positions import relative_vectors


def _steps_subtracted(queries, keys):
    finer = max(queries, keys)
    rest = (keys - 1 - torch.arange(keys)[None, :]) * finer
    return (torch.arange(queries)[:, None] * finer).div(queries, rounding_mode="floor") + rest // keys


def _steps_in_loops(queries, keys):
    finer = max(queries, keys)
    rows = [[i * finer // queries + (keys - 1 - j) * finer // keys for j in range(keys)] for i in range(queries)]
    return torch.tensor(rows)


STEPS = (_steps_subtracted, _steps_in_loops)


def _positions_by_einsum(query, rel_pos_h, rel_pos_w, key_grid):
    rows = relative_vectors(rel_pos_h, query.shape[2], key_grid[0])
    columns = relative_vectors(rel_pos_w, query.shape[3], key_grid[1])
    by_rows = torch.einsum("bhijd,ird->bhijr", query, rows)
    by_columns = torch.einsum("bhijd,jcd->bhijc", query, columns)
    both = by_rows.unsqueeze(-1) + by_columns.unsqueeze(-2)
    return both.reshape(*query.shape[:2], query.shape[2] * query.shape[3], key_grid[0] * key_grid[1])


def _positions_vectors_first(query, rel_pos_h, rel_pos_w, key_grid):
    (H_q, W_q), (H_k, W_k) = query.shape[2:4], key_grid
    rows, columns = relative_vectors(rel_pos_h, H_q, H_k), relative_vectors(rel_pos_w, W_q, W_k)
    vectors = rows[:, None, :, None] + columns[None, :, None, :]  # (H_q, W_q, H_k, W_k, d)
    pairs = (query[:, :, :, :, None, None] * vectors).sum(dim=-1)
    return pairs.flatten(4).flatten(2, 3)


POSITIONS = (_positions_by_einsum, _positions_vectors_first)
