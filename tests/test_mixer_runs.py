"""The small models of lesson 09: of like cost, and their halves really are halves."""

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from course_utils import mixer_runs
from course_utils.experiments import by_arm
from course_utils.models.conv import count_macs, count_parameters
from course_utils.models.mixer import MixerBlock, mixer_macs, mixer_parameters
from course_utils.models.patches import random_order, shuffled_patches


def test_the_models_are_of_like_cost():
    with sdpa_kernel(SDPBackend.MATH):
        macs = {name: count_macs(make(), (28, 28), 1) for name, make in mixer_runs.MODELS.items()}
    mixer = macs["Mixer"]
    assert mixer == mixer_macs(28, 7, 64, 4, 32, 256, 10, 1)
    assert all(0.9 * mixer < macs[name] < 1.1 * mixer for name in ("ResMLP", "gMLP", "CNN"))
    assert macs["ViT"] < 1.4 * mixer, "four projections instead of one MLP across tokens"
    sizes = {name: count_parameters(mixer_runs.MODELS[name]()) for name in ("Mixer", "ResMLP", "gMLP")}
    assert sizes["Mixer"] == mixer_parameters(28, 7, 64, 4, 32, 256, 10, 1) == 141_642
    assert max(sizes.values()) < 1.03 * min(sizes.values())


def test_without_token_mixing_a_picture_is_a_bag_of_patches():
    images, order = torch.randn(3, 1, 28, 28), random_order(16, seed=0)
    shuffled = shuffled_patches(images, 7, order)
    for name, same in (("Mixer, no token mixing", True), ("Mixer, no channel mixing", False), ("Mixer", False)):
        torch.manual_seed(0)
        model = mixer_runs.MODELS[name]().eval()
        assert torch.allclose(model(images), model(shuffled), atol=1e-5) == same, name


def test_without_channel_mixing_channels_stay_apart():
    torch.manual_seed(0)
    blocks = mixer_runs.MODELS["Mixer, no channel mixing"]().blocks
    for block in blocks:
        block.norm = torch.nn.Identity()  # a norm lets the channels meet in its mean
    tokens = torch.randn(1, 16, 64)
    touched = tokens.clone()
    touched[..., 5] += 1
    changed = (blocks(touched) != blocks(tokens)).any(dim=1)[0]
    assert changed.nonzero().flatten().tolist() == [5]


def test_channels_first_is_a_mixer_block_in_the_other_order():
    torch.manual_seed(0)
    block = mixer_runs.ChannelsFirst(6, 10, 4, 15).double()
    paper = MixerBlock(6, 10, 4, 15).double()
    paper.load_state_dict(block.state_dict())
    tokens = torch.randn(2, 6, 10, dtype=torch.float64)
    middle = tokens + block.channel_mlp(block.norm2(tokens))
    expected = middle + block.token_mlp(block.norm1(middle).transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(block(tokens), expected)
    assert (paper(tokens) - expected).abs().max() > 1e-3


def test_the_vit_and_the_cnn_are_those_of_lesson_06():
    """The same models, recipe, images and seeds were trained for another table: another processor rounds otherwise."""
    mine, theirs = by_arm("mixer", "accuracy"), by_arm("hybrids", "accuracy")
    for name, other in (("ViT", "ViT, 4 blocks"), ("CNN", "CNN")):
        assert mine[name] == pytest.approx(theirs[other], abs=0.01)
