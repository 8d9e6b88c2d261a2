"""Relative positions between two grids over the same image, one vector for the rows and one for the columns between.

The improved MViT's: Li et al. 2022, section 4.1. Notation: `B` batch, `h` heads, `d` width of a head; `H_q W_q` the
grid of the queries, `N_q = H_q * W_q`; `H_k W_k` and `N_k` the same of the keys. Nothing here is learned.
"""

import torch
from torch import Tensor

Grid = tuple[int, int]  # rows and columns


def relative_index(queries: int, keys: int) -> Tensor:
    """Number the distances between the queries and the keys along one side of their grids.

    Both grids cover the same image, so the coarser one has longer steps: a step of the finer grid counts 1. All whole
    numbers: where one side is no multiple of the other, the official code rounds, and at a few sizes to a neighbour.

    Args:
        queries: rows (or columns) of the queries' grid.
        keys: rows (or columns) of the keys' grid.

    Returns:
        (queries, keys) of whole numbers from 0, for the last key and the first query, to 2 L - 2 at the most, with
        L the larger of both sides: what the official code computes for Li et al. 2022, section 4.1.
    """
    finer = max(queries, keys)
    query = torch.arange(queries) * finer // queries  # its steps from the first one
    key = torch.arange(keys).flip(0) * finer // keys  # its steps to the last one
    return query[:, None] + key


def relative_vectors(table: Tensor, queries: int, keys: int) -> Tensor:
    """Look up the vector of every distance along one side.

    Args:
        table: (at least 2 L - 1, d), L being the larger of both sides.
        queries, keys: as for `relative_index`.

    Returns:
        (queries, keys, d).

    Raises:
        ValueError: the table is too short: the image is larger than the ones that the model was made for.
    """
    needed = 2 * max(queries, keys) - 1
    if len(table) < needed:
        sides = f"{queries} queries and {keys} keys along a side need {needed} vectors"
        raise ValueError(f"{sides}, the table has {len(table)}: resize the image")
    return table[relative_index(queries, keys).to(table.device)]


def decomposed_relative_positions(
    query: Tensor,
    rel_pos_h: Tensor,
    rel_pos_w: Tensor,
    key_grid: Grid,
) -> Tensor:
    """Score how far every key is from every query: a vector for the rows and one for the columns between them.

    A table of all pairs of distances would have about 4 H W vectors; two tables have 2 H + 2 W, and the sum is used.

    Args:
        query: (B, h, H_q, W_q, d).
        rel_pos_h: (at least 2 max(H_q, H_k) - 1, d), a vector for every distance in rows.
        rel_pos_w: (at least 2 max(W_q, W_k) - 1, d), a vector for every distance in columns.
        key_grid: H_k and W_k.

    Returns:
        (B, h, N_q, N_k): q . (R^h + R^w), to be added to the scores, as the official code does for Li et al. 2022,
        section 4.1. The paper divides both by sqrt(d), the code the product of query and key only.

    Raises:
        ValueError: a table is too short for these grids.
    """
    (H_q, W_q), (H_k, W_k) = query.shape[2:4], key_grid
    rows = relative_vectors(rel_pos_h, H_q, H_k).transpose(1, 2)  # (H_q, d, H_k)
    columns = relative_vectors(rel_pos_w, W_q, W_k).transpose(1, 2)  # (W_q, d, W_k)
    by_rows = query @ rows  # (B, h, H_q, W_q, H_k)
    by_columns = query.transpose(2, 3) @ columns  # (B, h, W_q, H_q, W_k)
    by_columns = by_columns.transpose(2, 3)  # (B, h, H_q, W_q, W_k)
    both = by_rows[..., :, None] + by_columns[..., None, :]
    return both.flatten(4, 5).flatten(2, 3)  # from (B, h, H_q, W_q, H_k, W_k)
