"""The ReceptiveFieldExplorer: what the browser says against Python, position by position; and bad input."""

import pytest
import torch
from explorer_hand import NAMES, Hand, visit_fixture
from explorers import KERNEL, SMALL_CAT, local_maps
from torch.nn import functional as F

from course_utils.widgets import ReceptiveFieldExplorer

visit = visit_fixture("page light", "page dark", "lab Dark")
GRID = (18, 28)
WEIGHTS = local_maps(SMALL_CAT, 3)
GREY = (SMALL_CAT * 255).round().mean(dim=0) / 255


@pytest.fixture
def hand(visit):
    return Hand(visit, "receptive")


def expected(row, column, picture):
    """Return what both layers give, computed by PyTorch: the convolution's sum, the attention's mean, its largest."""
    pictures = torch.cat([WEIGHTS.mean(dim=0, keepdim=True), WEIGHTS])
    convolved = F.conv2d(GREY[None, None], KERNEL[None, None], padding=1)[0, 0, row, column]
    field = F.pad(GREY, [1] * 4)[row : row + 3, column : column + 3]
    weights = pictures[picture, row, column]
    return convolved, (weights * field).sum(), weights.max()


@pytest.mark.parametrize("place", [(0, 0), (17, 27), (5, 9), (11, 20)], ids=str)
@pytest.mark.parametrize("picture", [0, 2])
def test_the_sentence_has_pytorchs_numbers(hand, place, picture):
    hand.press(["mean of 2 heads", "head 1", "head 2"][picture])
    hand.click(hand.image, place[0] * GRID[1] + place[1], GRID)
    said = hand.sentence()
    convolved, mixed, largest = expected(*place, picture)
    assert said.startswith(f"At row {place[0]}, column {place[1]} the convolution uses its 9 weights unchanged")
    numbers = [
        float(word.strip("%,.;")) for word in said.split() if word[0] in "-0123456789" and "." in word.strip(".;,")
    ]
    assert numbers[0] == pytest.approx(convolved.item(), abs=0.006)
    assert numbers[1] == pytest.approx(100 * largest.item(), abs=0.06)
    assert numbers[2] == pytest.approx(mixed.item(), abs=0.006)


def test_arrow_keys_move_the_field_and_stop_at_the_border(hand):
    hand.click(hand.image, 0, GRID)
    hand.image.press("ArrowRight")
    hand.image.press("ArrowDown")
    assert "At row 1, column 1 " in hand.sentence()
    for _ in range(3):
        hand.image.press("ArrowUp")
    assert "At row 0, column 1 " in hand.sentence()


def test_neighbours_are_named_by_their_direction(hand):
    weights = WEIGHTS[1].flatten(start_dim=2).argmax(dim=2)
    hand.press("head 2")
    for offset, name in [(1, "the neighbour 1 row up;"), (3, "the neighbour 1 column to the left;"), (4, "itself;")]:
        row, column = (weights == offset).nonzero()[0].tolist()
        hand.click(hand.image, row * GRID[1] + column, GRID)
        assert name in hand.sentence()


def test_the_attentions_tile_changes_and_the_kernels_stays(hand):
    tiles = hand.root.locator(".vt-receptive-tiles canvas")
    assert tiles.count() == 3
    seen = []
    for cell in (0, 5 * 28 + 9, 11 * 28 + 20):
        hand.click(hand.image, cell, GRID)
        seen.append([tiles.nth(i).evaluate("canvas => canvas.toDataURL()") for i in range(3)])
    assert len({one[1] for one in seen}) == 1
    assert len({one[0] for one in seen}) == len({one[2] for one in seen}) == 3


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kernel": torch.ones(4, 4)}, r"odd K, not \(4, 4\)"),
        ({"kernel": torch.ones(5, 5)}, r"\(18, 28, 5, 5\)"),
        ({"attention": WEIGHTS[:, :9]}, r"\(2, 9, 28, 3, 3\): pass"),
        ({"attention": WEIGHTS / 2}, r"sum to 0\.5 \.\. 0\.5: put them through a softmax"),
        ({"start": (18, 0)}, r"no pixel \(18, 0\) in an image of 18 x 28"),
        ({"image": SMALL_CAT[:1]}, r"\(3, H, W\), not \(1, 18, 28\)"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_told(change, told):
    given = {"image": SMALL_CAT, "kernel": KERNEL, "attention": WEIGHTS, **change}
    with pytest.raises(ValueError, match=told):
        ReceptiveFieldExplorer(**given)
    assert "receptive" in NAMES
