"""Lesson 8's exercises: mistakes that can be seen and told apart, and right answers that are right."""

import pytest
import torch
from exercise_checks import (
    fresh_place,  # noqa: F401
    undiagnosed,
    verdict,
    wrong,
)
from exercise_outcomes import float64  # noqa: F401
from torch import nn

from course_utils.exercises.lesson_08 import EXERCISES
from course_utils.models.relative_positions import decomposed_relative_positions
from course_utils.models.swin import SwinBlock
from course_utils.models.windows import (
    both_shifts,
    patch_merge,
    relative_position_index,
    shift_window_mask,
    to_windows,
    window_permutation,
)

TABLE = {exercise.id: exercise for exercise in EXERCISES}


def test_grids_are_not_square_and_hold_several_windows():
    batches = set()
    for case in TABLE["8.1"].cases():
        tokens, window = case.arguments
        B, H, W, C = tokens.shape
        assert H != W and max(H, W) > window and len({H, W, C, window, B}) >= 4
        batches.add(B)
    assert batches == {1, 2, 3}


@pytest.mark.parametrize("id", ["8.2", "8.3"])
def test_shifts_differ_along_the_two_sides_and_leave_a_rest_of_another_size(id):
    kinds = set()
    for case in TABLE[id].cases():
        (H, W), window, shift = case.arguments
        rows, columns = both_shifts(shift, window)
        assert H != W and max(H, W) > window
        kinds |= {(rows != columns, "different"), (rows < columns, "wide"), (rows > columns > 0, "tall")}
        kinds |= {(0 < rows != window - rows, "rest of rows"), (0 < columns != window - columns, "rest of columns")}
        kinds |= {(isinstance(shift, int), "a number"), (rows == 0, "no shift along a side")}
    names = {name for there, name in kinds if there}
    assert names == {name for _, name in kinds}


def test_grids_to_merge_have_even_and_odd_sides():
    odd = set()
    for case in TABLE["8.5"].cases():
        B, H, W, C = case.arguments[0].shape
        assert B > 1 and H != W and case.init == {"width": C}
        odd.add((H % 2, W % 2))
    assert odd == {(0, 0), (1, 1)}


def test_blocks_are_shifted_by_half_a_window_by_another_part_and_not_at_all():
    kinds, padded = set(), set()
    for case in TABLE["8.6"].cases():
        (_, H, W, _), M, shift = case.arguments[0].shape, case.init["window"], case.init["shift"]
        assert H != W and max(H, W) > M
        kinds.add("none" if shift == 0 else "half" if 2 * shift == M else "rest" if 2 * shift > M else "part")
        padded.add(bool(H % M or W % M))
    assert kinds == {"none", "half", "rest", "part"} and padded == {True, False}
    assert {case.init.get("relative_bias", True) for case in TABLE["8.6"].cases()} == {True, False}


def test_a_block_is_also_asked_about_a_grid_one_side_of_which_a_single_window_covers():
    found = [(case.arguments[0].shape[1:3], case.init) for case in TABLE["8.6"].cases()]
    assert any(min(grid) <= init["window"] < max(grid) and init["shift"] for grid, init in found)


@pytest.mark.parametrize("id", ["8.3", "8.4"])
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_an_index_may_have_any_type_that_torch_looks_up_with(id, dtype, capsys):
    reference = TABLE[id].reference

    def answer(*arguments):
        return reference(*arguments).to(dtype)

    answer.__name__ = reference.__name__
    _, printed = verdict(capsys, id, answer)
    assert printed.startswith(f"✓ {id}")


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.float64])
def test_an_index_that_torch_cannot_look_up_with_is_told(dtype, capsys):
    assert f"is {dtype}, expected torch.int64" in wrong(
        capsys, lambda window: relative_position_index(window).to(dtype), "8.4"
    )


def test_pooled_grids_have_sides_that_are_multiples_since_rounding_is_not_asked_about():
    finer = set()
    for case in TABLE["8.7"].cases():
        query, rows, columns, key_grid = case.arguments
        grid = query.shape[2:4]
        assert len(rows) == len(columns) >= 2 * max(*grid, *key_grid) - 1 and grid[0] != grid[1]
        for one, other in zip(grid, key_grid, strict=True):
            assert max(one, other) % min(one, other) == 0
            finer.add((one > other) - (one < other))
    assert finer == {-1, 0, 1}


# two mistakes at once


def _turned_and_in_one_batch(tokens, window):
    return to_windows(tokens.transpose(1, 2), window).flatten(0, 1)


def _inverted_and_rows_only(grid, window, shift):
    return ~shift_window_mask(grid, window, (both_shifts(shift, window)[0], 0))


def _wrong_way_and_inverse(grid, window, shift):
    rows, columns = both_shifts(shift, window)
    return window_permutation(grid, window, ((window - rows) % window, (window - columns) % window)).argsort()


def _turned_and_negative(window):
    return relative_position_index(window).T - (window - 1) * 2 * window


class _RowByRowWithoutNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(4 * width)
        self.reduce = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, tokens):
        joined = patch_merge(tokens).unflatten(3, (2, 2, -1)).transpose(3, 4)
        return self.reduce(joined.flatten(start_dim=3))


class _ParallelWithoutShift(SwinBlock):
    def __init__(self, width, heads, window, shift, relative_bias=True):
        super().__init__(width, heads, window, 0, relative_bias)

    def forward(self, tokens):
        return tokens + self.attention(self.norm1(tokens)) + self.mlp(self.norm2(tokens))


def _tables_swapped_and_scaled(query, rel_pos_h, rel_pos_w, key_grid):
    return decomposed_relative_positions(query / query.shape[-1] ** 0.5, rel_pos_w, rel_pos_h, key_grid)


TWO = {
    "8.1": _turned_and_in_one_batch,
    "8.2": _inverted_and_rows_only,
    "8.3": _wrong_way_and_inverse,
    "8.4": _turned_and_negative,
    "8.5": _RowByRowWithoutNorm,
    "8.6": _ParallelWithoutShift,
    "8.7": _tables_swapped_and_scaled,
}


@pytest.mark.parametrize("id", TWO)
def test_two_mistakes_at_once_never_get_the_diagnosis_of_one(id, capsys):
    undiagnosed(capsys, TWO[id], id)
