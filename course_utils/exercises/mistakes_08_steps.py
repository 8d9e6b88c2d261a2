"""The usual mistakes of the exercise `relative_index`: distances between the queries' grid and the keys' grid."""

import torch

from course_utils.exercises.registry import Mistake
from course_utils.models.relative_positions import relative_index


def _steps(count, finer):
    return torch.arange(count) * finer // count


def _turned_around(queries, keys):
    return relative_index(queries, keys).flip(0, 1)


def _below_zero(queries, keys):
    finer = max(queries, keys)
    return relative_index(queries, keys) - (keys - 1) * finer // keys


def _own_steps(queries, keys):
    return torch.arange(queries)[:, None] - torch.arange(keys) + keys - 1


def _coarse_steps(queries, keys):
    coarser = min(queries, keys)
    return _steps(queries, coarser)[:, None] + _steps(keys, coarser).flip(0)


def _keys_unshifted(queries, keys):
    finer = max(queries, keys)
    return relative_index(queries, keys) - (keys - 1) * finer // keys + keys - 1


def _middle_of_the_table(queries, keys):
    finer = max(queries, keys)
    return relative_index(queries, keys) - (keys - 1) * finer // keys + finer - 1


def _keys_in_rows(queries, keys):
    return relative_index(queries, keys).T


def _without_direction(queries, keys):
    finer = max(queries, keys)
    return (relative_index(queries, keys) - (keys - 1) * finer // keys).abs()


def _rounded_up(queries, keys):
    finer = max(queries, keys)
    query, key = -(-torch.arange(queries) * finer // queries), -(-torch.arange(keys) * finer // keys)
    return query[:, None] + key.flip(0)


def _added(queries, keys):
    finer = max(queries, keys)
    return _steps(queries, finer)[:, None] + _steps(keys, finer)


def _from_one(queries, keys):
    return relative_index(queries, keys) + 1


def _fractions(queries, keys):
    finer = max(queries, keys)
    query, key = torch.arange(queries) * (finer / queries), torch.arange(keys) * (finer / keys)
    return query[:, None] + key.flip(0)


STEPS = (
    Mistake(
        "turned-around",
        _turned_around,
        "Every distance has the opposite sign.",
        "The query's place was subtracted from the key's.",
        "Count from the key to the query: the last query and the first key get the largest number.",
    ),
    Mistake(
        "below-zero",
        _below_zero,
        "Half of the numbers are negative.",
        "They are distances, not yet rows of a table, and `table[-1]` is its last row without a word.",
        "Shift them all, so that the first query and the last key get 0.",
    ),
    Mistake(
        "own-steps",
        _own_steps,
        "Each grid is counted in its own steps.",
        "Both grids cover the same image: where there are half as many keys, a step of theirs is twice as long.",
        "Multiply the places of the coarser grid, so that both are in steps of the finer one.",
    ),
    Mistake(
        "coarse-steps",
        _coarse_steps,
        "The distances are in steps of the coarser grid.",
        "The smaller of the two sides was taken, so neighbours on the finer grid get the same number.",
        "Take the larger side, `max(queries, keys)`.",
    ),
    Mistake(
        "shift-in-key-steps",
        _keys_unshifted,
        "All numbers are shifted by the same amount where the keys are the coarser grid.",
        "The shift is keys - 1, in steps of the keys, and the distances are in steps of the finer grid.",
        "Shift by how far the last key is from the first one, in those finer steps.",
    ),
    Mistake(
        "middle-of-the-table",
        _middle_of_the_table,
        "Distance 0 is always in the middle of the table.",
        "The shift is L - 1 for the larger side L, but the last key of a coarse grid is less than L - 1 away.",
        "Shift by the place of the last key: the first query and the last key get 0.",
    ),
    Mistake(
        "keys-in-rows",
        _keys_in_rows,
        "Rows are keys and columns are queries.",
        "The axes were added the other way around.",
        "Put `[:, None]` behind the queries' places: the result is (queries, keys).",
    ),
    Mistake(
        "without-direction",
        _without_direction,
        "Left and right, or above and below, get the same number.",
        "`abs` takes the sign away, and one vector would serve both sides.",
        "Keep the sign, and shift instead: there are up to 2 L - 1 numbers.",
    ),
    Mistake(
        "rounded-up",
        _rounded_up,
        "Some numbers are too large by 1 where one side is no multiple of the other.",
        "Places between two steps were rounded up.",
        "Round down: `torch.arange(queries) * finer // queries`.",
    ),
    Mistake(
        "added",
        _added,
        "A key farther down counts as if it were farther up.",
        "The places of queries and keys are added; a distance is a difference.",
        "Count a key's steps to the last key, with `.flip(0)`, or subtract and shift.",
    ),
    Mistake(
        "from-one",
        _from_one,
        "The numbers begin with 1.",
        "They are rows of a table, and tables begin with row 0.",
        "Shift by one less.",
    ),
    Mistake(
        "fractions",
        _fractions,
        "The result has fractions.",
        "Dividing with `/` makes floats, which can't be rows of a table.",
        "Divide with `//`, after multiplying.",
    ),
)
