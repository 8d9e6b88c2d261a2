"""MLP-Mixer, ResMLP and gMLP: official outputs, counts and multiply-adds, and what their layers do."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import models
from course_utils.models.conv import count_macs, count_parameters
from course_utils.models.gmlp import GatedMLP, GatedMLPBlock, SpatialGate
from course_utils.models.mixer import MixerBlock, MLPMixer, mix_tokens, mixer_macs, mixer_parameters
from course_utils.models.resmlp import Affine, ResMLP, ResMLPBlock
from course_utils.models.token_convolution import (
    depthwise_convolution,
    mixing_weights,
    token_mixing_as_convolution,
)
from course_utils.optimizers import decays
from course_utils.parity import reference
from course_utils.weights import convert

OFFICIAL = {  # timm's name, parameters and GMACs
    "mixer_b16": ("mixer_b16_224", 59_880_472, 12.6018),
    "resmlp_12": ("resmlp_12_224", 15_350_872, 3.0097),
    "gmlp_s16": ("gmlp_s16_224", 19_422_656, 4.3921),
}
MIXER_B16 = (224, 16, 768, 12, 384, 3072, 1000)  # side, patch, width, layers, two hidden widths, classes
SMALL = {
    "mixer_b16": lambda: MLPMixer(12, 4, 10, 2, token_hidden=5, channel_hidden=16, classes=7),
    "resmlp_12": lambda: ResMLP(10, 40, side=12, patch=4, layers=2, classes=7),
    "gmlp_s16": lambda: GatedMLP(10, 24, side=12, patch=4, layers=2, classes=7),
}


def drawn(*shape, seed=4):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def randomised(model, spread=1.0):
    """Draw every parameter and buffer at random, in float64 and eval mode: nothing stays 0, 1 or 1e-6."""
    generator = torch.Generator().manual_seed(1)
    for tensor in model.double().state_dict().values():
        fan_in = tensor[0].numel() if tensor.ndim > 1 and tensor.shape[0] > 1 else 1
        tensor.copy_(torch.randn(tensor.shape, generator=generator, dtype=torch.float64) * spread / fan_in**0.5)
    return model.eval()


def agree(name, theirs, ours, side):
    ours = ours.double()
    ours.load_state_dict(convert(name, theirs.state_dict()))
    images = drawn(2, 3, side, side, seed=2)
    with torch.no_grad():
        expected, found = theirs(images), ours.eval()(images)
    assert expected.std() > 1e-3
    assert (expected[0] - expected[1]).abs().max() > 1e-3 * expected.abs().max(), "the images make a difference"
    assert (found - expected).abs().max() <= 1e-9 * expected.abs().max()


@pytest.mark.parametrize("name", OFFICIAL)
def test_it_is_timms(name):
    timm = pytest.importorskip("timm")
    agree(name, randomised(timm.create_model(OFFICIAL[name][0])), models.build(name), 224)


@pytest.mark.parametrize("name", OFFICIAL)
def test_a_small_one_of_another_shape_is_timms(name):
    """Compared with stored tensors, as the lesson does; widths all differ, so that no layer fits where another does."""
    weights, images, expected = reference("09", name)
    ours = SMALL[name]().double().eval()
    ours.load_state_dict(convert(name, weights))
    assert (expected[0] - expected[1]).abs().max() > 1e-3 * expected.abs().max()
    assert (ours(images) - expected).abs().max() <= 1e-9 * expected.abs().max()


@pytest.mark.parametrize("name", OFFICIAL)
def test_counts_and_multiply_adds(name):
    _, parameters, billions = OFFICIAL[name]
    model = models.build(name)
    assert count_parameters(model) == parameters
    assert count_macs(model, (224, 224)) / 1e9 == pytest.approx(billions, abs=5e-5)


@pytest.mark.parametrize("size", [MIXER_B16, (28, 7, 20, 3, 5, 33, 11, 1), (12, 3, 8, 2, 30, 9, 4, 2)])
def test_the_formulas_are_the_counts(size):
    model = MLPMixer(*size)
    assert mixer_parameters(*size) == count_parameters(model)
    if len(size) == 7:  # for colour images, as the counter draws them
        assert mixer_macs(*size) == count_macs(model, (size[0], size[0]))
    with_three = mixer_macs(*size[:7], 3)
    assert with_three - mixer_macs(*size[:7], 1) == 2 * size[0] ** 2 * size[2]


@pytest.mark.parametrize("name", SMALL)
def test_every_parameter_learns(name):
    torch.manual_seed(0)
    model = SMALL[name]()
    model(torch.randn(3, 3, 12, 12)).square().sum().backward()
    assert all(parameter.grad.any() for parameter in model.parameters())


@pytest.mark.parametrize("name", SMALL)
def test_an_image_of_another_size_is_told(name):
    for shape, size in (((16, 12), r"\(16, 12\)"), ((4, 36), r"\(4, 36\)")):  # the second makes as many tokens
        with pytest.raises(ValueError, match=rf"are for images of \(12, 12\), not {size}: resize"):
            SMALL[name]()(torch.zeros(1, 3, *shape))


# the layers


def layers(tokens, hidden):
    first = drawn(hidden, tokens, seed=5), drawn(hidden, seed=6)
    return first, (drawn(tokens, hidden, seed=7), drawn(tokens, seed=8))


def test_token_mixing_is_one_mlp_for_each_channel():
    tokens, (first, second) = drawn(2, 6, 5), layers(6, 4)
    mixed = mix_tokens(tokens, first, second)
    for image in range(2):
        for channel in range(5):
            hidden = F.gelu(first[0] @ tokens[image, :, channel] + first[1])
            torch.testing.assert_close(mixed[image, :, channel], second[0] @ hidden + second[1])


def test_a_mixer_block_mixes_tokens_first_then_channels():
    block = randomised(MixerBlock(6, 10, 4, 15))
    tokens = drawn(2, 6, 10)
    parts = [(layer.weight, layer.bias) for layer in (block.token_mlp[0], block.token_mlp[2])]
    middle = tokens + mix_tokens(block.norm1(tokens), *parts)
    torch.testing.assert_close(block(tokens), middle + block.channel_mlp(block.norm2(middle)))
    swapped = tokens + block.channel_mlp(block.norm2(tokens))
    swapped = swapped + mix_tokens(block.norm1(swapped), *parts)
    assert (block(tokens) - swapped).abs().max() > 0.1


def test_channels_never_meet_in_token_mixing_nor_tokens_in_channel_mixing():
    block = randomised(MixerBlock(6, 10, 4, 15))
    for mlp, axis in ((block.token_mlp, 2), (block.channel_mlp, 1)):
        mix = (lambda t, m=mlp: m(t.transpose(1, 2)).transpose(1, 2)) if axis == 2 else mlp
        before, touched = drawn(1, 6, 10), drawn(1, 6, 10)
        touched[:, 2, 3] += 1
        changed = (mix(touched) - mix(before)) != 0
        assert changed.any(dim=3 - axis).sum() == 1, "only the channel (or token) that was touched changes"


def test_the_order_of_the_tokens_matters_without_positions():
    """Attention would carry the order over to its output; layers across the tokens don't."""
    block, tokens, order = randomised(MixerBlock(6, 10, 4, 15)), drawn(1, 6, 10), torch.randperm(6)
    assert (block(tokens[:, order]) - block(tokens)[:, order]).abs().max() > 0.1


def test_affine_computes_no_statistics():
    affine = randomised(Affine(5))
    rows, rest = drawn(1, 3, 5), drawn(1, 4, 5, seed=9)
    torch.testing.assert_close(affine(torch.cat([rows, rest], dim=1))[:, :3], affine(rows))
    torch.testing.assert_close(Affine(5).double()(rows), rows)


def test_weight_decay_leaves_scales_and_shifts_alone():
    free = [name for name, parameter in SMALL["resmlp_12"]().named_parameters() if not decays(name, parameter)]
    assert {name.split(".")[-1] for name in free} == {"bias", "scale", "shift", "scale1", "scale2"}


def test_resmlp_starts_close_to_the_identity():
    torch.manual_seed(0)
    tokens = torch.randn(2, 6, 8)
    assert (ResMLPBlock(6, 8, 32)(tokens) - tokens).abs().max() < 1e-3
    assert (ResMLPBlock(6, 8, 32, layer_scale=1.0)(tokens) - tokens).abs().max() > 0.1


def test_the_gate_starts_open():
    """The + 1: with a bias of 0 instead, nothing would get through, and the block would learn nothing at first."""
    torch.manual_seed(0)
    gate, features = SpatialGate(8, 6), torch.randn(2, 6, 8)
    torch.testing.assert_close(gate(features), features[..., :4], atol=1e-4, rtol=0)
    nn.init.zeros_(gate.token_layer.bias)
    assert gate(features).abs().max() < 1e-4


def test_a_gated_block_without_its_gate_is_an_mlp_on_each_token():
    torch.manual_seed(0)
    block, tokens = GatedMLPBlock(6, 8, 20).double(), drawn(2, 6, 8)
    nn.init.zeros_(block.gate.token_layer.weight)
    alone = tokens + block.project(F.gelu(block.expand(block.norm(tokens)))[..., :10])
    torch.testing.assert_close(block(tokens), alone)


# is it a convolution?


@pytest.mark.parametrize(("height", "width"), [(4, 4), (3, 5), (1, 6)])
def test_token_mixing_is_a_convolution_with_filters_shared_by_all_channels(height, width):
    N, C, hidden = height * width, 6, 7
    tokens, (first, second) = drawn(2, N, C), layers(N, hidden)
    features = tokens.transpose(1, 2).unflatten(2, (height, width))
    found = token_mixing_as_convolution(features, first, second)
    expected = mix_tokens(tokens, first, second).transpose(1, 2).unflatten(2, (height, width))
    assert (found - expected).abs().max() < 1e-12


def test_the_lectures_convolution_is_another_one():
    """Its matrix has one number for each offset, and zeros where the kernel doesn't reach: not N x N free numbers."""
    side, N = 4, 16
    kernel, unit = drawn(1, side, side), torch.eye(N, dtype=torch.float64).view(N, 1, side, side)
    matrix = depthwise_convolution(unit, kernel).view(N, N).T  # (to, from)
    places = torch.cartesian_prod(torch.arange(side), torch.arange(side))
    offsets = (places - places[:, None]).flatten(0, 1)
    groups = [[offset.tolist() == other for offset in offsets] for other in offsets.unique(dim=0).tolist()]
    assert len(groups) == (2 * side - 1) ** 2
    for group in groups:
        values = matrix.flatten()[torch.tensor(group)]
        assert (values - values[0]).abs().max() < 1e-12
    assert len(matrix.flatten()[matrix.flatten() != 0].unique()) == N
    assert (matrix == 0).sum() > 50, "tokens that don't hear each other"


def test_the_lectures_convolution_is_pytorchs_with_padding_same():
    features, kernels = drawn(2, 3, 5, 7), drawn(3, 5, 7, seed=5)
    same = F.conv2d(features, kernels[:, None], padding="same", groups=3)
    torch.testing.assert_close(depthwise_convolution(features, kernels), same)


def test_a_kernel_as_large_as_the_grid_without_padding_gives_one_number_a_channel():
    out = F.conv2d(drawn(2, 3, 4, 4), drawn(3, 1, 4, 4), groups=3)
    assert out.shape == (2, 3, 1, 1)


def test_the_weights_of_a_block_of_mixer_b16():
    counts = mixing_weights(196, 384, 768)
    block = models.build("mixer_b16").blocks[0].token_mlp
    assert counts["shared filters"] == block[0].weight.numel() + block[2].weight.numel() == 150_528
    assert counts == {"shared filters": 150_528, "own filters": 115_605_504, "as written": 150_528}
