"""Patches: cut as `unfold` and a convolution cut them, put together again, projected, shuffled."""

import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils.models.non_local import as_tokens
from course_utils.models.patches import (
    PatchEmbed,
    embed_patches,
    patchify,
    random_order,
    shuffled_patches,
    unpatchify,
)

SHAPES = [(2, 3, 4, 6, 2), (3, 2, 9, 6, 3), (2, 5, 8, 8, 4), (2, 3, 4, 6, 1), (1, 2, 5, 5, 5)]  # B, C, H, W, P
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def drawn(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(4))


@every_shape
def test_patches_are_those_of_unfold(shape):
    *size, P = shape
    images = drawn(*size)
    assert torch.equal(patchify(images, P), F.unfold(images, P, stride=P).transpose(1, 2))


@every_shape
def test_a_linear_layer_on_patches_is_a_convolution(shape):
    B, C, H, W, P = shape
    images, weight, bias = drawn(B, C, H, W), drawn(7, C * P * P), drawn(7)
    convolution = nn.Conv2d(C, 7, P, stride=P).double()
    with torch.no_grad():
        convolution.weight.copy_(weight.unflatten(1, (C, P, P)))
        convolution.bias.copy_(bias)
        expected = as_tokens(convolution(images))
    torch.testing.assert_close(F.linear(patchify(images, P), weight, bias), expected)
    torch.testing.assert_close(embed_patches(images, weight, bias, P), expected)


def test_a_patch_is_where_it_should_be():
    images = drawn(2, 3, 6, 8)
    patches = patchify(images, 2)  # 3 rows of 4
    assert patches.shape == (2, 12, 12)
    assert torch.equal(patches[1, 4 * 2 + 1], images[1, :, 4:6, 2:4].flatten())


@every_shape
def test_unpatchify_undoes_patchify_both_ways(shape):
    B, C, H, W, P = shape
    images, patches = drawn(B, C, H, W), drawn(B, H // P * (W // P), C * P * P)
    assert torch.equal(unpatchify(patchify(images, P), P, H, W), images)
    assert torch.equal(patchify(unpatchify(patches, P, H, W), P), patches)


@every_shape
def test_unpatchify_is_fold(shape):
    B, C, H, W, P = shape
    patches = drawn(B, H // P * (W // P), C * P * P)
    assert torch.equal(unpatchify(patches, P, H, W), F.fold(patches.mT, (H, W), P, stride=P))


@pytest.mark.parametrize("change", [lambda images: images.mT, lambda images: images[..., ::2, 1:]])
def test_images_need_not_be_in_one_piece(change):
    images = change(drawn(2, 3, 8, 5))
    H, W = images.shape[2:]
    assert torch.equal(unpatchify(patchify(images, 1), 1, H, W), images)


def test_the_module_with_copied_weights_computes_the_same():
    torch.manual_seed(0)
    module = PatchEmbed(patch=2, channels=3, width=5).double()
    images, (weight, bias) = drawn(2, 3, 4, 6), (module.project.weight, module.project.bias)
    tokens = module(images)
    assert tokens.shape == (2, 6, 5)
    torch.testing.assert_close(tokens, F.linear(patchify(images, 2), weight.flatten(1), bias))
    torch.testing.assert_close(tokens, embed_patches(images, weight.flatten(1), bias, 2))


def test_a_shuffled_image_has_its_patches_in_the_given_order():
    images, order = drawn(2, 3, 4, 6), torch.tensor([3, 0, 5, 1, 2, 4])
    shuffled = shuffled_patches(images, 2, order)
    assert torch.equal(shuffled[:, :, 0:2, 0:2], images[:, :, 2:4, 0:2]), "place 0 shows patch 3"
    assert torch.equal(shuffled[:, :, 2:4, 4:6], images[:, :, 2:4, 2:4]), "place 5 shows patch 4"
    assert torch.equal(shuffled_patches(shuffled, 2, order.argsort()), images)


def test_an_order_is_drawn_from_its_seed():
    assert random_order(50, seed=3).sort().values.tolist() == list(range(50))
    assert torch.equal(random_order(50, seed=3), random_order(50, seed=3))
    assert not torch.equal(random_order(50, seed=3), random_order(50, seed=4))


@pytest.mark.parametrize(("H", "W", "P"), [(30, 32, 4), (32, 30, 4), (6, 6, 7)])
def test_sides_that_cannot_be_cut_are_told(H, W, P):
    told = re.escape(f"an image of {H} x {W} can't be cut into patches of {P}")
    with pytest.raises(ValueError, match=told):
        patchify(torch.zeros(1, 1, H, W), P)
    with pytest.raises(ValueError, match=told):
        shuffled_patches(torch.zeros(1, 1, H, W), P, torch.arange(4))


def test_an_embedding_refuses_to_leave_pixels_out():
    with pytest.raises(ValueError, match="image of 18 x 16 has no whole patches of 4: crop or resize it"):
        PatchEmbed(4, 3, 8)(torch.zeros(1, 3, 18, 16))
