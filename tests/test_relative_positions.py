"""Decomposed relative positions: pair by pair, the index by fractions, and beside timm's."""

import itertools
import math
from fractions import Fraction

import pytest
import torch
from mvits import normal

from course_utils.models.relative_positions import decomposed_relative_positions, relative_index


def exact_index(queries, keys):
    """Distances in steps of the finer grid, from fractions, such that the first query and the last key are 0 apart."""
    finer = max(queries, keys)
    step_q, step_k = Fraction(finer, queries), Fraction(finer, keys)
    return [[math.floor(i * step_q - j * step_k + (keys - 1) * step_k) for j in range(keys)] for i in range(queries)]


def test_the_index_by_fractions():
    for queries, keys in itertools.product(range(1, 15), repeat=2):
        index = relative_index(queries, keys)
        assert index.tolist() == exact_index(queries, keys)
        assert index.min() == 0 and index.max() <= 2 * max(queries, keys) - 2


@pytest.mark.parametrize("grids", [((3, 4), (3, 4)), ((4, 6), (2, 3)), ((2, 3), (4, 9)), ((5, 2), (2, 7))])
def test_decomposed_positions_pair_by_pair(grids):
    (rows_q, columns_q), (rows_k, columns_k) = grids
    query = normal(2, 3, rows_q, columns_q, 5)
    heights, widths = normal(2 * max(rows_q, rows_k) - 1, 5, seed=3), normal(2 * max(columns_q, columns_k) - 1, 5)
    found = decomposed_relative_positions(query, heights, widths, grids[1])
    assert found.shape == (2, 3, rows_q * columns_q, rows_k * columns_k)
    down, right = exact_index(rows_q, rows_k), exact_index(columns_q, columns_k)
    for i, j, r, c in itertools.product(range(rows_q), range(columns_q), range(rows_k), range(columns_k)):
        both = heights[down[i][r]] + widths[right[j][c]]
        assert torch.allclose(found[:, :, i * columns_q + j, r * columns_k + c], query[:, :, i, j] @ both)


def official_positions(query, heights, widths, key_grid):
    count = pytest.importorskip("timm.models.mvitv2").cal_rel_pos_type
    grid = query.shape[2:4]
    scores = query.new_zeros(*query.shape[:2], math.prod(grid), math.prod(key_grid))
    return count(scores, query.flatten(2, 3), False, grid, key_grid, heights, widths)


def test_decomposed_positions_are_the_official_ones_except_where_those_round():
    heights, widths = normal(77, 3), normal(77, 3, seed=4)
    for grid, key_grid in (((8, 4), (2, 2)), ((6, 7), (12, 7)), ((25, 11), (7, 6))):
        query = normal(1, 2, *grid, 3, seed=5)
        expected = official_positions(query, heights, widths, key_grid)
        assert torch.allclose(decomposed_relative_positions(query, heights, widths, key_grid), expected)
    query, key_grid = normal(1, 1, 39, 1, 3), (10, 1)  # float32 makes 18.999998 of 19 there, and cuts it to 18
    expected = official_positions(query, heights, widths, key_grid)
    differ = (decomposed_relative_positions(query, heights, widths, key_grid) - expected).abs() > 1e-9
    assert 0 < differ.sum() < differ.numel() / 5
