"""Items on canvases: of exactly the size that was asked for, whole, anywhere, the same from the same seed."""

import pytest
import torch

from course_utils import canvases, data
from course_utils.canvases import SIDE, SIZES, canvas_set, on_canvas, place, random_corners, resize
from course_utils.data import FASHION_MEAN, FASHION_STD
from course_utils.image_sets import ImageSet

WHITE = torch.ones(6, 2, 28, 28)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_white_square_lies_where_it_was_put_and_nowhere_else():
    sizes, corners = torch.tensor(SIZES), torch.tensor([[48, 0], [3, 7], [36, 36], [0, 28], [16, 5], [0, 0]])
    found = place(WHITE, sizes, corners, background=-1.0)
    assert found.shape == (6, 2, SIDE, SIDE)
    for canvas, size, (row, column) in zip(found, SIZES, corners.tolist(), strict=True):
        expected = torch.full((2, SIDE, SIDE), -1.0)
        expected[:, row : row + size, column : column + size] = 1.0
        torch.testing.assert_close(canvas, expected)


def test_each_canvas_has_its_own_picture_upright_and_unmirrored():
    images = torch.rand(4, 1, 28, 28, generator=seeded())
    sizes, corners = torch.tensor([28, 14, 28, 14]), torch.tensor([[1, 20], [2, 3], [28, 0], [40, 42]])
    found = place(images, sizes, corners)
    assert torch.equal(found[0, :, 1:29, 20:48], images[0])
    assert torch.equal(found[2, :, 28:56, 0:28], images[2])
    for n in (1, 3):
        row, column = corners[n].tolist()
        half = torch.nn.functional.interpolate(images[n : n + 1], (14, 14), mode="bilinear", antialias=True)[0]
        assert torch.equal(found[n, :, row : row + 14, column : column + 14], half)


@pytest.mark.parametrize("corner", [[-1, 0], [0, 29], [29, 0]])
def test_a_picture_that_would_reach_over_the_edge_is_refused(corner):
    with pytest.raises(ValueError, match=r"of a canvas of 56: use smaller ones, or a larger canvas"):
        place(WHITE[:1], torch.tensor([28]), torch.tensor([corner]))


def test_resizing_looks_at_every_pixel():
    """Without a mean over what a small pixel covers, most of these single points would be lost."""
    points = torch.zeros(28 * 28, 1, 28, 28)
    points.view(-1, 28 * 28).fill_diagonal_(1.0)
    assert (resize(points, 8).sum(dim=(1, 2, 3)) > 0.02).all()
    assert resize(points, 28).equal(points)
    mean = torch.rand(1, 1, 28, 28, generator=seeded())
    for size in SIZES:
        assert resize(mean, size).shape == (1, 1, size, size)
        assert resize(mean, size).mean() == pytest.approx(mean.mean().item(), abs=0.02)


def test_all_places_at_which_a_square_is_whole_are_drawn_alike():
    for size in SIZES:
        drawn = random_corners(torch.full((20_000,), size), seeded())
        room = SIDE - size + 1
        assert drawn.min() == 0 and drawn.max() == room - 1
        for axis in (0, 1):
            counts = torch.bincount(drawn[:, axis], minlength=room)
            assert (counts - 20_000 / room).abs().max() < 5 * (20_000 / room) ** 0.5
    first, second = random_corners(torch.full((20_000,), 8), seeded()).double().T
    assert abs(torch.corrcoef(torch.stack([first, second]))[0, 1]) < 0.03


def test_training_draws_all_sizes_alike_on_standardised_black():
    white = torch.full((6_000, 1, 28, 28), 7.0)
    found = on_canvas()(white, seeded())
    lit = (found > 6.9).sum(dim=(1, 2, 3))
    counts = torch.stack([(lit == size**2).sum() for size in SIZES])
    assert counts.sum() == 6_000, "every canvas shows a whole square of one of the sizes"
    assert (counts - 1_000).abs().max() < 150
    black = data.to_float(torch.zeros(1, 28, 28, dtype=torch.uint8)).unique()
    assert found.min().item() == pytest.approx(black.item()) == pytest.approx(-FASHION_MEAN / FASHION_STD)
    assert ((found > 6.9) | (found == found.min())).all()


def test_one_seed_makes_one_set_of_canvases():
    images = torch.rand(50, 1, 28, 28, generator=seeded())
    first, again, other = (on_canvas()(images, seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    items = data.fashion_mnist(0, 50)[1]
    sets = [canvas_set(items, 20, seed).images for seed in (1, 1, 2)]
    assert torch.equal(sets[0], sets[1]) and not torch.equal(sets[0], sets[2])


def test_a_set_of_canvases_keeps_labels_and_bytes():
    items = data.fashion_mnist(0, 100)[1]
    for size in SIZES:
        found = canvas_set(items, size, seed=3)
        assert isinstance(found, ImageSet) and found.images.shape == (100, SIDE, SIDE)
        assert found.images.dtype == torch.uint8
        assert torch.equal(found.labels, items.labels) and found.classes == items.classes
    full = canvas_set(items, 28, seed=3).images
    assert torch.equal(full.long().sum(dim=(1, 2)), items.images.long().sum(dim=(1, 2))), "28 x 28 is not resized"


def test_test_items_are_no_training_items():
    train_set, test_set = data.fashion_mnist()
    known = {image.tobytes() for image in train_set.images.numpy()}
    assert not [True for image in test_set.images.numpy() if image.tobytes() in known]


def test_swins_windows_and_both_patches_divide_the_canvas():
    assert canvases.SIDE % (4 * 7 * 2) == 0 and canvases.SIDE % 8 == 0
    assert max(SIZES) == canvases.SIDE
