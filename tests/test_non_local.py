"""The non-local block and SAGAN's attention: timm's block, their definitions, and where they start."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils.models import non_local
from course_utils.models.conv import count_parameters


def randomised(module):
    """Fill all parameters and statistics, so that no block is the identity."""
    generator = torch.Generator().manual_seed(5)
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * 0.5)
            if name.endswith("running_var"):
                tensor.abs_()
    return module.double().eval()


@pytest.fixture
def image():
    return torch.randn(2, 64, 5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(6))


def test_timms_block_is_ours_with_its_scale(image):
    theirs = randomised(pytest.importorskip("timm.layers").NonLocalAttn(64))
    names = {"t": "query", "p": "key", "g": "value", "z": "out", "norm": "norm"}
    ours = non_local.NonLocalBlock(64, scale=64**-0.5).double().eval()
    renamed = {f"{names[key.split('.')[0]]}.{key.split('.')[1]}": t for key, t in theirs.state_dict().items()}
    ours.load_state_dict(renamed)
    assert count_parameters(ours) == count_parameters(theirs) == 2264
    expected = theirs(image)
    assert (ours(image) - expected).abs().max() < 1e-9 * expected.abs().max()
    usual = non_local.NonLocalBlock(64).double().eval()
    usual.load_state_dict(renamed)
    assert (usual(image) - expected).abs().max() > 0.01, "its scale counts all 64 channels, ours the 8 of a query"


def test_the_weights_are_those_that_forward_uses(image):
    block = randomised(non_local.NonLocalBlock(64, inner=16))
    weights = block.weights(image)
    assert weights.shape == (2, 35, 35)
    mixed = weights @ non_local.as_tokens(block.value(image))
    expected = image + block.norm(block.out(non_local.as_feature_map(mixed, 5, 7)))
    torch.testing.assert_close(block(image), expected)


@pytest.mark.parametrize("make", [non_local.NonLocalBlock, non_local.SAGANAttention])
def test_blocks_start_as_the_identity_and_learn_to_leave_it(make, image):
    torch.manual_seed(0)
    block = make(64).double()
    assert torch.equal(block(image), image)
    block(image).square().sum().backward()
    gate = block.norm.weight if make is non_local.NonLocalBlock else block.gamma
    assert gate.grad.abs().max() > 0
    assert block.query.weight.grad.abs().max() == 0, "as long as the gate is shut, no gradient comes through"


def test_sagan_position_by_position(image):
    block = randomised(non_local.SAGANAttention(64))
    pooled = F.max_pool2d(block.key(image), 2), F.max_pool2d(block.value(image), 2)
    assert pooled[0].shape == (2, 8, 2, 3)
    scores = torch.einsum("bchw,bcij->bhwij", block.query(image), pooled[0]).flatten(3)
    mixed = torch.einsum("bhwn,bcn->bchw", scores.softmax(-1), pooled[1].flatten(2))
    torch.testing.assert_close(block(image), image + block.gamma * block.out(mixed))


def test_sagan_needs_eight_channels():
    with pytest.raises(ValueError, match="12 channels are not a multiple of 8: use 16"):
        non_local.SAGANAttention(12)


def test_tokens_and_maps_are_inverse(image):
    tokens = non_local.as_tokens(image)
    assert tokens.shape == (2, 35, 64)
    torch.testing.assert_close(tokens[1, 7 * 2 + 3], image[1, :, 2, 3])
    assert torch.equal(non_local.as_feature_map(tokens, 5, 7), image)
    assert isinstance(non_local.NonLocalBlock(8).norm, nn.BatchNorm2d)
