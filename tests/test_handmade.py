"""Attention without learned weights: patches, features, and shares that are what they say."""

import pytest
import torch

from course_utils import data
from course_utils.models.handmade import (
    describe_patches,
    edge_histogram,
    opponent_colours,
    resemblance_attention,
    to_patches,
)


def test_patches_are_the_pieces_of_the_image_row_by_row():
    image = torch.arange(3 * 4 * 6.0).reshape(3, 4, 6)
    patches = to_patches(image, 2)
    assert patches.shape == (6, 3, 2, 2)
    for index in range(6):
        row, column = divmod(index, 3)
        assert torch.equal(patches[index], image[:, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2])


@pytest.mark.parametrize(
    ("shape", "patch", "told"),
    [((3, 30, 32), 4, "30 x 32 pixels can't be cut into patches of 4"), ((1, 3, 8, 8), 4, "not a batch")],
)
def test_what_can_t_be_cut_is_refused(shape, patch, told):
    with pytest.raises(ValueError, match=told):
        to_patches(torch.zeros(shape), patch)


@pytest.mark.parametrize(("angle", "bin"), [(0, 0), (45, 2), (90, 4), (135, 6)])
def test_an_edge_counts_in_its_own_direction(angle, bin):
    down, across = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    radians = torch.deg2rad(torch.tensor(angle + 1.0))  # one degree off the bins' borders
    ramp = across * radians.cos() + down * radians.sin()
    histogram = edge_histogram(ramp.expand(1, 3, 8, 8))
    assert histogram.argmax() == bin
    assert torch.isclose(histogram.sum(), torch.tensor(64.0))  # 64 pixels, each with a gradient of 1


def test_grey_has_no_colour():
    grey = torch.rand(1, 5, 7).expand(3, 5, 7)
    brightness, red_green, yellow_blue = opponent_colours(grey)
    assert torch.allclose(brightness, grey[0])
    assert torch.allclose(red_green, torch.zeros(5, 7))
    assert torch.allclose(yellow_blue, torch.zeros(5, 7), atol=1e-6)


def test_features_are_standardised_then_weighted():
    features = describe_patches(data.photograph("cat"), 16)
    assert features.shape == (504, 14)
    assert torch.allclose(features.mean(dim=0), torch.zeros(14), atol=1e-5)
    expected = torch.tensor([1.0] * 3 + [0.5] * 3 + [0.25] * 8)
    assert torch.allclose(features.std(dim=0), expected, atol=1e-4)


def test_a_flat_image_gives_finite_features():
    assert torch.isfinite(describe_patches(torch.full((3, 8, 8), 0.5), 4)).all()


def test_shares_are_the_softmax_of_cosines_over_temperature():
    features = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    attention = resemblance_attention(features, 0.3)
    for query in range(5):
        cosines = torch.stack([torch.cosine_similarity(features[query], key, dim=0) for key in features])
        assert torch.allclose(attention[query], (cosines / 0.3).exp() / (cosines / 0.3).exp().sum())


def test_temperature_decides_between_one_patch_and_all():
    features = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(resemblance_attention(features, 1e-3), torch.eye(5), atol=1e-6)
    assert torch.allclose(resemblance_attention(features, 1e4), torch.full((5, 5), 0.2), atol=1e-4)
    with pytest.raises(ValueError, match="temperature 0 is not positive"):
        resemblance_attention(features, 0)


def test_a_pupil_finds_the_other_pupil():
    """What lesson 00 says in words, and the map behind it."""
    attention = resemblance_attention(describe_patches(data.photograph("cat"), 16)).reshape(18, 28, 18, 28)
    assert attention[6, 11, 8, 19] > 10 / 504  # ten times its share if all were equal
    iris, pupil = attention[6, 9, 6, 9], attention[6, 11, 6, 11]
    assert iris > 4 * pupil  # the iris keeps to itself
