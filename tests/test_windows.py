"""Windows: cut and joined; shifted by roll and mask, and by one permutation, both held against windows as drawn."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from course_utils.models.windows import (
    from_windows,
    pad_to_windows,
    patch_merge,
    relative_position_index,
    shares_window,
    shift_regions,
    shift_window_mask,
    to_windows,
    useful_shift,
    window_permutation,
)

LARGEST = 16


def layouts(window):
    """Yield every grid up to 16 x 16 that is a multiple of the window, with every shift."""
    sides = range(window, LARGEST + 1, window)
    yield from itertools.product(itertools.product(sides, sides), range(window))


def hears(windows, mask):
    """Return who may look at whom, (N, N), from the tokens' numbers in each window and the windows' mask."""
    tokens = windows.numel()
    allowed = torch.zeros(tokens, tokens, dtype=torch.bool)
    allowed[windows[:, :, None], windows[:, None, :]] = mask
    return allowed


def rolled_windows(grid, window, shift):
    """Return the numbers of the tokens in the windows of the rolled grid, (nW, M * M)."""
    numbers = torch.arange(grid[0] * grid[1]).view(1, *grid, 1).roll((-shift, -shift), dims=(1, 2))
    return to_windows(numbers, window)[0, :, :, 0]


@pytest.mark.parametrize("window", range(2, 8))
def test_roll_and_mask_come_to_the_windows_as_drawn_and_so_does_the_permutation(window):
    for grid, shift in layouts(window):
        mask = shift_window_mask(grid, window, shift)
        rolled = rolled_windows(grid, window, shift)
        assert torch.equal(hears(rolled, mask), shares_window(grid, window, shift)), (grid, shift)
        assert torch.equal(window_permutation(grid, window, shift), rolled.flatten()), (grid, shift)


def test_the_windows_as_drawn():
    for grid, window, shift in [((6, 9), 3, 1), ((8, 4), 4, 3), ((6, 6), 2, 0), ((7, 5), 3, 2)]:
        cuts = [[0, *(range(shift or window, side, window)), side] for side in grid]
        pieces = [list(itertools.pairwise(along)) for along in cuts]
        together = torch.zeros(*grid, *grid, dtype=torch.bool)
        for (top, bottom), (left, right) in itertools.product(*pieces):
            together[top:bottom, left:right, top:bottom, left:right] = True
        count = grid[0] * grid[1]
        assert torch.equal(shares_window(grid, window, shift), together.view(count, count))


def test_both_sides_may_have_shifts_of_their_own():
    grid, window = (6, 9), 3
    for shift in itertools.product(range(3), range(3)):
        order = window_permutation(grid, window, shift)
        allowed = hears(order.view(-1, window**2), shift_window_mask(grid, window, shift))
        assert torch.equal(allowed, shares_window(grid, window, shift))
    assert not torch.equal(shares_window(grid, window, (1, 0)), shares_window(grid, window, (0, 1)))


@pytest.mark.parametrize("window", range(2, 8))
def test_usual_mistakes_hear_something_else(window):
    """No mask, a roll the wrong way, a mask of the grid not rolled: each shows in every layout with a shift."""
    for grid, shift in layouts(window):
        if shift == 0 or grid == (2 * shift, 2 * shift):  # rolling by half a grid is rolling back
            continue
        right, mask = shares_window(grid, window, shift), shift_window_mask(grid, window, shift)
        rolled = rolled_windows(grid, window, shift)
        numbers = torch.arange(rolled.numel()).view(1, *grid, 1)
        back = to_windows(numbers.roll((shift, shift), dims=(1, 2)), window)[0, :, :, 0]
        unrolled = shift_regions(grid, window, shift).roll((shift, shift), dims=(0, 1))
        unrolled = to_windows(unrolled[None, :, :, None], window)[0, :, :, 0]
        wrong = [
            hears(rolled, torch.ones_like(mask)),
            hears(back, mask),
            hears(rolled, unrolled[:, :, None] == unrolled[:, None, :]),
        ]
        assert not any(torch.equal(each, right) for each in wrong), (grid, shift)


def test_a_side_that_one_window_covers_is_not_shifted():
    assert useful_shift((7, 14), 7, 3) == (0, 3)
    assert useful_shift((3, 7), 7, 3) == (0, 0)
    assert useful_shift((14, 8), 7, 3) == (3, 3)
    assert shares_window((7, 7), 7, useful_shift((7, 7), 7, 3)).all()
    assert not shares_window((7, 7), 7, 3).all()


def test_windows_are_cut_row_by_row_and_joined_again():
    tokens = torch.arange(2 * 6 * 4 * 3).view(2, 6, 4, 3)
    windows = to_windows(tokens, 2)
    assert windows.shape == (2, 6, 4, 3)
    for row, column in itertools.product(range(3), range(2)):
        piece = tokens[:, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        assert torch.equal(windows[:, 2 * row + column], piece.flatten(1, 2))
    assert torch.equal(from_windows(windows, (6, 4)), tokens)


def test_the_permutation_undone_puts_everything_back():
    tokens = torch.randn(2, 6 * 9, 5)
    order = window_permutation((6, 9), 3, 1)
    assert torch.equal(tokens[:, order][:, order.argsort()], tokens)
    rolled = tokens.view(2, 6, 9, 5).roll((-1, -1), dims=(1, 2))
    assert torch.equal(tokens[:, order].unflatten(1, (-1, 9)), to_windows(rolled, 3))


def test_padding_is_below_and_to_the_right():
    tokens = torch.randn(2, 5, 9, 3)
    padded = pad_to_windows(tokens, 4)
    assert padded.shape == (2, 8, 12, 3)
    assert torch.equal(padded[:, :5, :9], tokens)
    assert not padded[:, 5:].any() and not padded[:, :, 9:].any()
    assert pad_to_windows(tokens[:, :4, :8], 4).shape == (2, 4, 8, 3)


def test_the_index_of_relative_positions():
    M = 3
    index = relative_position_index(M)
    for query, key in itertools.product(range(M * M), range(M * M)):
        rows, columns = query // M - key // M, query % M - key % M
        assert index[query, key] == (rows + M - 1) * (2 * M - 1) + columns + M - 1
    assert index.unique().tolist() == list(range((2 * M - 1) ** 2))
    assert not torch.equal(index, index.T), "the sign of an offset counts"
    assert relative_position_index(1).tolist() == [[0]]


def test_merging_takes_rows_before_columns():
    tokens = torch.randn(2, 4, 6, 3)
    four = [tokens[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
    assert torch.equal(patch_merge(tokens), torch.cat(four, dim=-1))
    unfolded = F.unfold(tokens.permute(0, 3, 1, 2), 2, stride=2).transpose(1, 2).unflatten(1, (2, 3))
    assert not torch.equal(patch_merge(tokens), unfolded), "unfold counts channels first"


def test_merging_pads_an_odd_side():
    tokens = torch.randn(2, 5, 7, 3)
    assert torch.equal(patch_merge(tokens), patch_merge(F.pad(tokens, (0, 0, 0, 1, 0, 1))))
    assert patch_merge(tokens).shape == (2, 3, 4, 12)
    assert not patch_merge(tokens)[:, -1, -1, 3:].any()


def test_the_layout_that_is_impossible_is_told():
    whole = r"a grid of 9 x 14 has no whole windows of 7 x 7: pad it to 14 x 14"
    for function in (shift_regions, shift_window_mask, window_permutation):
        with pytest.raises(ValueError, match=whole):
            function((9, 14), 7, 3)
        with pytest.raises(ValueError, match="shift 7 is not from 0 to 6 for windows of 7 x 7: use 3"):
            function((14, 14), 7, 7)
    with pytest.raises(ValueError, match=whole):
        to_windows(torch.zeros(1, 9, 14, 2), 7)
    with pytest.raises(ValueError, match=whole):
        from_windows(torch.zeros(1, 2, 49, 2), (9, 14))
    with pytest.raises(ValueError, match=r"shift \(1, -1\) is not from 0 to 2"):
        shares_window((6, 6), 3, (1, -1))
