"""The usual mistakes of exercise 8.7: relative positions from one table for the rows and one for the columns."""

import math

import torch

from course_utils.exercises.registry import Mistake
from course_utils.models.relative_positions import decomposed_relative_positions, relative_vectors


def _vectors(query, rel_pos_h, rel_pos_w, key_grid):
    (H_q, W_q), (H_k, W_k) = query.shape[2:4], key_grid
    return relative_vectors(rel_pos_h, H_q, H_k), relative_vectors(rel_pos_w, W_q, W_k)


def _parts(query, rows, columns):
    """Return the products with the rows' and the columns' vectors, as (B, h, H_q, W_q, H_k, W_k) to broadcast."""
    by_rows = torch.einsum("bhijd,ird->bhijr", query, rows)
    by_columns = torch.einsum("bhijd,jcd->bhijc", query, columns)
    return by_rows[..., :, None], by_columns[..., None, :]


def _pairs(both):
    return both.flatten(4, 5).flatten(2, 3)


def _tables_swapped(query, rel_pos_h, rel_pos_w, key_grid):
    return decomposed_relative_positions(query, rel_pos_w, rel_pos_h, key_grid)


def _rows_only(query, rel_pos_h, rel_pos_w, key_grid):
    return decomposed_relative_positions(query, rel_pos_h, 0 * rel_pos_w, key_grid)


def _columns_only(query, rel_pos_h, rel_pos_w, key_grid):
    return decomposed_relative_positions(query, 0 * rel_pos_h, rel_pos_w, key_grid)


def _multiplied(query, rel_pos_h, rel_pos_w, key_grid):
    by_rows, by_columns = _parts(query, *_vectors(query, rel_pos_h, rel_pos_w, key_grid))
    return _pairs(by_rows * by_columns)


def _scaled(query, rel_pos_h, rel_pos_w, key_grid):
    scale = math.sqrt(query.shape[-1])
    return decomposed_relative_positions(query / scale, rel_pos_h, rel_pos_w, key_grid)


def _without_query(query, rel_pos_h, rel_pos_w, key_grid):
    ones = torch.ones_like(query) + 0 * query
    return decomposed_relative_positions(ones, rel_pos_h, rel_pos_w, key_grid)


def _keys_by_columns(query, rel_pos_h, rel_pos_w, key_grid):
    by_rows, by_columns = _parts(query, *_vectors(query, rel_pos_h, rel_pos_w, key_grid))
    return _pairs((by_rows + by_columns).transpose(4, 5))


def _queries_by_columns(query, rel_pos_h, rel_pos_w, key_grid):
    by_rows, by_columns = _parts(query, *_vectors(query, rel_pos_h, rel_pos_w, key_grid))
    return _pairs((by_rows + by_columns).transpose(2, 3))


def _turned_around(query, rel_pos_h, rel_pos_w, key_grid):
    (H_q, W_q), (H_k, W_k) = query.shape[2:4], key_grid
    rows = relative_vectors(rel_pos_h, H_k, H_q).transpose(0, 1)
    columns = relative_vectors(rel_pos_w, W_k, W_q).transpose(0, 1)
    return _pairs(sum(_parts(query, rows, columns)))


def _own_steps(query, rel_pos_h, rel_pos_w, key_grid):
    rows, columns = (
        table[torch.arange(queries)[:, None] - torch.arange(keys) + keys - 1]
        for table, queries, keys in zip((rel_pos_h, rel_pos_w), query.shape[2:4], key_grid, strict=True)
    )
    return _pairs(sum(_parts(query, rows, columns)))


def _halves(query, rel_pos_h, rel_pos_w, key_grid):
    half = query.shape[-1] // 2
    rows, columns = _vectors(query, rel_pos_h, rel_pos_w, key_grid)
    by_rows, _ = _parts(query[..., :half], rows[..., :half], columns[..., :half])
    _, by_columns = _parts(query[..., half:], rows[..., half:], columns[..., half:])
    return _pairs(by_rows + by_columns)


def _first_vectors(query, rel_pos_h, rel_pos_w, key_grid):
    H_k, W_k = key_grid
    by_rows, by_columns = query @ rel_pos_h[:H_k].T, query @ rel_pos_w[:W_k].T
    return _pairs(by_rows[..., :, None] + by_columns[..., None, :])


def _key_sides_swapped(query, rel_pos_h, rel_pos_w, key_grid):
    return decomposed_relative_positions(query, rel_pos_h, rel_pos_w, key_grid[::-1])


def _reshaped_back(query, rel_pos_h, rel_pos_w, key_grid):
    rows, columns = _vectors(query, rel_pos_h, rel_pos_w, key_grid)
    by_rows, _ = _parts(query, rows, columns)
    by_columns = query.transpose(2, 3) @ columns.transpose(1, 2)  # (B, h, W_q, H_q, W_k)
    return _pairs(by_rows + by_columns.reshape(*query.shape[:4], -1)[..., None, :])


def _averaged(query, rel_pos_h, rel_pos_w, key_grid):
    return decomposed_relative_positions(query, rel_pos_h, rel_pos_w, key_grid) / 2


def _softmaxed(query, rel_pos_h, rel_pos_w, key_grid):
    return decomposed_relative_positions(query, rel_pos_h, rel_pos_w, key_grid).softmax(dim=-1)


def _mean_of_heads(query, rel_pos_h, rel_pos_w, key_grid):
    mean = query.mean(dim=1, keepdim=True).expand_as(query)
    return decomposed_relative_positions(mean, rel_pos_h, rel_pos_w, key_grid)


def _on_grids(query, rel_pos_h, rel_pos_w, key_grid):
    pairs = decomposed_relative_positions(query, rel_pos_h, rel_pos_w, key_grid)
    return pairs.unflatten(3, key_grid).unflatten(2, query.shape[2:4])


DECOMPOSED = (
    Mistake(
        "tables-swapped",
        _tables_swapped,
        "Rows get the columns' vectors, and columns the rows'.",
        "The two tables have changed places; on a square grid nothing else would tell.",
        "`rel_pos_h` belongs to the heights H_q and H_k, `rel_pos_w` to the widths.",
    ),
    Mistake(
        "rows-only",
        _rows_only,
        "All keys of a row get the same score.",
        "The columns' vectors aren't used.",
        "Add the product with the columns' vectors, broadcast over the rows of keys.",
    ),
    Mistake(
        "columns-only",
        _columns_only,
        "All keys of a column get the same score.",
        "The rows' vectors aren't used.",
        "Add the product with the rows' vectors, broadcast over the columns of keys.",
    ),
    Mistake(
        "multiplied",
        _multiplied,
        "The scores of rows and columns are multiplied.",
        "The paper adds the two vectors, so the two products with the query are added too.",
        "Put `+` between them.",
    ),
    Mistake(
        "scaled",
        _scaled,
        "The scores are divided by the root of the head's width.",
        "The paper's equation says so, the official code doesn't: it divides the product of query and key only.",
        "Use the query as it is.",
    ),
    Mistake(
        "without-query",
        _without_query,
        "The scores are the same for every query's content.",
        "The vectors' numbers were summed up, as if they were a bias. Swin has a bias; here the query has its say.",
        "Multiply each query with its vectors: `query @ rows`.",
    ),
    Mistake(
        "keys-by-columns",
        _keys_by_columns,
        "The keys stand in the order of their columns.",
        "In front of the last `flatten` the axes were W_k, H_k.",
        "Broadcast to (..., H_k, W_k), then flatten: keys are counted row by row.",
    ),
    Mistake(
        "queries-by-columns",
        _queries_by_columns,
        "The queries stand in the order of their columns.",
        "The columns' product needs W_q in front of H_q, and both were left that way.",
        "Transpose back to (B, h, H_q, W_q, ...) before you flatten.",
    ),
    Mistake(
        "turned-around",
        _turned_around,
        "Every distance has the opposite sign.",
        "Queries and keys have changed places in `relative_vectors`.",
        "Queries come first: `relative_vectors(rel_pos_h, H_q, H_k)` is (H_q, H_k, d).",
    ),
    Mistake(
        "own-steps",
        _own_steps,
        "Each grid is counted in its own steps, which is wrong as soon as one of them is pooled.",
        "Both grids cover the same image: with half as many keys, a step of theirs is twice as long.",
        "`relative_vectors` looks the vectors up in steps of the finer grid.",
    ),
    Mistake(
        "halves",
        _halves,
        "Half of each vector is used for the rows, the other half for the columns.",
        "That is lesson 03's stand-alone attention. Here both tables have vectors as wide as the query.",
        "Multiply the whole query with each, and add.",
    ),
    Mistake(
        "first-vectors",
        _first_vectors,
        "Every query gets the same vectors.",
        "The tables' first rows were taken, one for each key, wherever the query is.",
        "The vector depends on the distance: `relative_vectors` looks it up, for every query and key.",
    ),
    Mistake(
        "key-sides-swapped",
        _key_sides_swapped,
        "The keys stand on a grid with W_k rows and H_k columns.",
        "`key_grid` is (H_k, W_k), rows first; on a square grid nobody would notice.",
        "Its first number goes with `rel_pos_h`, its second with `rel_pos_w`.",
    ),
    Mistake(
        "reshaped-back",
        _reshaped_back,
        "The columns' scores belong to other queries.",
        "Their axes are (W_q, H_q), and a reshape to (H_q, W_q) counts them off anew instead of exchanging them.",
        "Transpose them back.",
    ),
    Mistake(
        "averaged",
        _averaged,
        "The scores are half as large.",
        "The mean of rows and columns was taken.",
        "Add them.",
    ),
    Mistake(
        "softmaxed",
        _softmaxed,
        "The result is positive and each row sums to 1.",
        "It went through a softmax, but it has to be added to the other scores first.",
        "Return the scores themselves.",
    ),
    Mistake(
        "mean-of-heads",
        _mean_of_heads,
        "All heads have the same scores.",
        "The heads' queries were averaged. They share the tables, not the queries.",
        "Keep the axis h: the tables broadcast over images and heads.",
    ),
    Mistake(
        "on-grids",
        _on_grids,
        "There are six axes instead of four.",
        "Queries and keys still stand on their grids.",
        "Flatten H_q and W_q to N_q, and H_k and W_k to N_k.",
    ),
)
