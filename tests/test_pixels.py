"""An image as a sequence of pixels: levels of grey, inputs and targets, a causal model, and what it draws."""

import pytest
import torch

from course_utils.models.pixels import PixelTransformer, complete, next_pixel, quantise

SIDE, LEVELS = 4, 6


@pytest.fixture
def model():
    torch.manual_seed(0)
    return PixelTransformer(SIDE, LEVELS, width=12, heads=3, layers=2).eval()


def seeded(seed=1):
    return torch.Generator().manual_seed(seed)


def grey(batch, *shape):
    return torch.randint(LEVELS, (batch, *shape), generator=seeded(7))


def test_grey_values_become_whole_numbers_of_equal_shares():
    values = torch.arange(4096) / 4096  # without rounding errors
    levels = quantise(values.view(64, 64), 8)
    assert levels.dtype == torch.int64 and levels.shape == (64, 64)
    assert torch.equal(levels.flatten(), torch.arange(8).repeat_interleave(512))


def test_levels_have_an_end_at_both_sides():
    assert quantise(torch.tensor([[0.0, 1.0], [0.999, 1.5]]), 4).tolist() == [[0, 3], [3, 3]]
    assert quantise(torch.tensor([-0.5, 0.249, 0.25]), 4).tolist() == [0, 0, 1]


def test_the_input_is_the_pixel_before_and_start_before_the_first():
    inputs, targets = next_pixel(torch.tensor([[[1, 2], [3, 4]], [[5, 0], [2, 1]]]), start=9)
    assert targets.tolist() == [[1, 2, 3, 4], [5, 0, 2, 1]]
    assert inputs.tolist() == [[9, 1, 2, 3], [9, 5, 0, 2]]


def test_inputs_and_targets_leave_the_image_as_it_is():
    pixels = grey(3, 5, 5)
    before = pixels.clone()
    inputs, targets = next_pixel(pixels, start=LEVELS)
    inputs.fill_(0)
    assert torch.equal(pixels, before) and torch.equal(targets.view(3, 5, 5), before)


def test_an_input_changes_its_own_logits_and_later_ones_only(model):
    inputs = grey(2, SIDE**2)
    logits = model(inputs)
    assert logits.shape == (2, SIDE**2, LEVELS)
    for n in range(SIDE**2):
        changed = inputs.clone()
        changed[:, n] = (changed[:, n] + 1) % LEVELS
        moved = (model(changed) - logits).abs().amax(dim=2)
        assert (moved[:, :n] < 1e-6).all()
        assert (moved[:, n:] > 1e-5).all()


def test_a_beginning_has_the_same_logits_as_within_the_whole(model):
    inputs = grey(2, SIDE**2)
    torch.testing.assert_close(model(inputs[:, :5]), model(inputs)[:, :5])


def test_pixels_know_their_place(model):
    logits = model(torch.full((1, SIDE**2), 2))[0]
    assert torch.pdist(logits).min() > 1e-3


@pytest.mark.parametrize("given", [0, 1, 6, SIDE**2])
def test_completing_keeps_what_is_given_and_follows_its_generator(model, given):
    pixels = grey(3, SIDE**2)[:, :given]
    images = complete(model, pixels, seeded())
    assert images.shape == (3, SIDE, SIDE) and images.dtype == torch.int64
    assert torch.equal(images.flatten(1)[:, :given], pixels)
    assert images.min() >= 0 and images.max() < LEVELS
    assert torch.equal(complete(model, pixels, seeded()), images)
    other = complete(model, pixels, seeded(2))
    assert torch.equal(other, images) == (given == SIDE**2)


def test_completing_leaves_torchs_own_random_numbers_alone(model):
    before = torch.get_rng_state()
    complete(model, grey(2, 3), seeded())
    assert torch.equal(torch.get_rng_state(), before)


def test_pixels_are_drawn_with_the_chances_that_the_model_gives(model):
    """The last pixel, drawn 20,000 times: no share is off by more than five standard deviations."""
    given = grey(1, SIDE**2 - 1)
    start = torch.full((1, 1), LEVELS)
    chances = model(torch.cat([start, given], dim=1))[0, -1].detach().softmax(dim=0)
    images = complete(model, given.expand(20_000, -1), seeded())
    shares = images[:, -1, -1].bincount(minlength=LEVELS) / 20_000
    assert ((shares - chances).abs() < 5 * (chances * (1 - chances) / 20_000).sqrt()).all()
    assert (chances - 1 / LEVELS).abs().max() > 0.05, "equal chances would show nothing"
