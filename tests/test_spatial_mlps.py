"""S2-MLP's shift and CycleMLP's cycle: which token feeds which, channel by channel."""

import pytest
import torch
from torch import nn
from torchvision.ops import deform_conv2d

from course_utils.models.mixer import MixerBlock
from course_utils.models.spatial_mlps import (
    CycleFC,
    SpatialShiftBlock,
    cycle_offsets,
    cycle_shift,
    spatial_shift,
    tokens_read,
)


def drawn(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(6))


def places(height, width, channels):
    """Return a grid (1, H, W, C) that says in every channel where the token stands: 10 * row + column."""
    grid = 10.0 * torch.arange(height)[:, None] + torch.arange(width)
    return grid[None, :, :, None].repeat(1, 1, 1, channels)


def test_each_quarter_reads_its_neighbour_and_borders_keep_their_own():
    shifted = spatial_shift(places(4, 5, 8))[0]
    for row in range(4):
        for column in range(5):
            left, right = 10 * row + max(column - 1, 0), 10 * row + min(column + 1, 4)
            above, below = 10 * max(row - 1, 0) + column, 10 * min(row + 1, 3) + column
            assert shifted[row, column].tolist() == [left, left, right, right, above, above, below, below]


def test_a_shift_leaves_its_argument_alone_and_has_no_weights():
    grid = drawn(2, 4, 5, 8)
    before = grid.clone()
    spatial_shift(grid)
    assert torch.equal(grid, before)
    assert SpatialShiftBlock(8, 20).double()(grid).shape == grid.shape
    with pytest.raises(ValueError, match="6 channels have no quarters: use 8"):
        spatial_shift(drawn(1, 2, 2, 6))


def test_assigning_in_place_smears_a_token_over_its_row():
    """What many a copy of the paper's pseudo-code does in PyTorch: each token reads one that was just overwritten."""
    smeared = places(2, 5, 8)
    smeared[:, :, 1:, :2] = smeared[:, :, :-1, :2]
    assert smeared[0, 1, :, 0].tolist() != spatial_shift(places(2, 5, 8))[0, 1, :, 0].tolist()


@pytest.mark.parametrize(("height", "width"), [(1, 3), (7, 1), (3, 3), (3, 5), (1, 1)])
def test_a_cycle_visits_every_token_of_its_field_equally_often(height, width):
    down, across = cycle_offsets(2 * height * width, height, width)
    seen = list(zip(down.tolist(), across.tolist(), strict=True))
    field = [(y, x) for y in range(-(height // 2), height // 2 + 1) for x in range(-(width // 2), width // 2 + 1)]
    assert sorted(seen) == sorted(2 * field)
    assert seen[0] == (0, 0)


def test_a_cycle_starts_in_the_middle():
    assert cycle_offsets(7, 1, 5)[1].tolist() == [0, 1, 2, -2, -1, 0, 1]
    assert cycle_offsets(7, 5, 1)[0].tolist() == [0, 1, 2, -2, -1, 0, 1]
    for height, width in ((2, 1), (1, 4), (0, 1)):
        with pytest.raises(ValueError, match=rf"{height} x {width} has no middle: use odd numbers"):
            cycle_offsets(8, height, width)


@pytest.mark.parametrize(("height", "width"), [(1, 7), (7, 1), (1, 3), (3, 1), (3, 3)])
@pytest.mark.parametrize("grid", [(4, 5), (2, 9)])
def test_a_cycle_is_the_deformable_convolution_of_the_authors_code(height, width, grid):
    """Theirs is a 1 x 1 convolution whose channels are read at an offset each; outside the grid there are zeros."""
    torch.manual_seed(0)
    layer, images = CycleFC(10, 6, height, width).double(), drawn(2, *grid, 10)
    offsets = torch.stack(cycle_offsets(10, height, width), dim=1).flatten()  # down, across, down, across, ...
    offsets = offsets.double()[None, :, None, None].expand(2, -1, *grid)
    features = images.permute(0, 3, 1, 2)
    theirs = deform_conv2d(features, offsets, layer.weight[:, :, None, None], layer.bias)
    torch.testing.assert_close(layer(images), theirs.permute(0, 2, 3, 1))


def test_a_cycle_layer_has_as_many_weights_as_a_linear_one_and_takes_any_grid():
    layer = CycleFC(8, 5, 1, 7)
    assert sum(p.numel() for p in layer.parameters()) == sum(p.numel() for p in nn.Linear(8, 5).parameters())
    for height, width in ((2, 3), (6, 4)):
        assert layer(torch.zeros(1, height, width, 8)).shape == (1, height, width, 5)


def test_which_tokens_feed_which():
    shift = tokens_read(spatial_shift, 3, 4, 8)
    assert shift[5].view(3, 4).tolist() == [[0, 2, 0, 0], [2, 0, 2, 0], [0, 2, 0, 0]], "four neighbours, not itself"
    assert shift[0].view(3, 4).tolist() == [[4, 2, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0]], "a corner keeps its own"
    cycle = tokens_read(lambda grid: cycle_shift(grid, 1, 3), 3, 4, 6)
    assert cycle[5].view(3, 4).tolist() == [[0, 0, 0, 0], [2, 2, 2, 0], [0, 0, 0, 0]]
    assert cycle[4].view(3, 4).tolist() == [[0, 0, 0, 0], [2, 2, 0, 0], [0, 0, 0, 0]], "outside there are zeros"
    torch.manual_seed(0)
    mixer = MixerBlock(12, 6, 5, 7).double()
    assert (tokens_read(lambda grid: mixer(grid.flatten(1, 2)).view_as(grid), 3, 4, 6) == 6).all()


def test_shifts_reach_one_token_further_in_every_block():
    torch.manual_seed(0)
    blocks = nn.Sequential(*[SpatialShiftBlock(4, 8) for _ in range(3)]).double()
    reach = [(tokens_read(blocks[:n], 7, 7, 4)[24].view(7, 7) > 0) for n in (1, 2, 3)]
    far = (torch.arange(7)[:, None] - 3).abs() + (torch.arange(7) - 3).abs()
    for blocks_used, seen in enumerate(reach, start=1):
        assert torch.equal(seen, far <= blocks_used), "a diamond"
