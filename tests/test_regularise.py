"""Dropout and stochastic depth: against torchvision's and timm's, in expectation, and nothing at all in eval mode."""

import pytest
import torch
from torch import nn
from torchvision.ops import stochastic_depth

from course_utils.models.attention import TransformerBlock
from course_utils.models.regularise import RegularisedBlock, StochasticDepth, depth_rates, drop_path


def drawn(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(6))


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.75])
def test_a_dropped_branch_is_that_of_torchvision(rate):
    branch = drawn(64, 3, 5)
    torch.manual_seed(3)
    theirs = stochastic_depth(branch, rate, mode="row")
    kept = theirs.flatten(1).any(dim=1)
    torch.testing.assert_close(drop_path(branch, kept, rate), theirs)


def test_the_mean_over_many_draws_is_the_branch():
    torch.manual_seed(1)
    depth, branch = StochasticDepth(0.3), drawn(1, 2, 4).expand(20_000, -1, -1)
    out = depth(branch)
    torch.testing.assert_close(out.mean(dim=0), branch[0], rtol=0.03, atol=0)
    kept = out.flatten(1).any(dim=1)
    assert abs(kept.double().mean() - 0.7) < 0.02
    torch.testing.assert_close(out[kept], branch[kept] / 0.7)


@pytest.mark.parametrize("rate", [1, 1.5, -0.1])
def test_a_rate_that_can_not_be_is_refused(rate):
    with pytest.raises(ValueError, match=rf"rate {rate} must be at least 0 and below 1: use 0\.1"):
        drop_path(drawn(2, 3, 4), torch.tensor([True, False]), rate)


def test_stochastic_depth_says_its_rate_and_rests_in_eval_mode():
    depth, branch = StochasticDepth(0.5), drawn(8, 2, 3)
    assert str(depth) == "StochasticDepth(rate=0.5)"
    assert not torch.equal(depth(branch), branch)
    assert torch.equal(depth.eval()(branch), branch)
    assert torch.equal(StochasticDepth(0.0)(branch), branch)


def blocks(**rates):
    """Return a plain block and a regularised one with the same seed, in float64."""
    made = []
    for block in (lambda: TransformerBlock(12, 3), lambda: RegularisedBlock(12, 3, **rates)):
        torch.manual_seed(5)
        made.append(block().double())
    return made


def test_a_regularised_block_has_the_parameters_of_a_plain_one():
    plain, regularised = blocks(dropout=0.1, drop_path=0.2)
    assert list(plain.state_dict()) == list(regularised.state_dict())
    for name, value in plain.state_dict().items():
        assert torch.equal(value, regularised.state_dict()[name])
    regularised.load_state_dict(TransformerBlock(12, 3).double().state_dict())


def test_in_eval_mode_it_is_a_plain_block():
    plain, regularised = blocks(dropout=0.5, drop_path=0.5)
    tokens, mask = drawn(4, 7, 12), torch.ones(7, 7, dtype=torch.bool).tril()
    assert torch.equal(regularised.eval()(tokens), plain(tokens))
    assert torch.equal(regularised(tokens, mask), plain(tokens, mask))
    assert torch.equal(blocks()[1](tokens), plain(tokens))  # without a rate in training too


def test_a_dropped_sample_goes_through_unchanged():
    _, block = blocks(drop_path=0.6)
    tokens = drawn(400, 3, 12)
    torch.manual_seed(2)
    untouched = (block(tokens) == tokens).flatten(1).all(dim=1)
    assert abs(untouched.double().mean() - 0.36) < 0.08  # both branches are dropped


def test_dropout_is_behind_the_gelu_and_behind_the_second_layer():
    _, block = blocks(dropout=0.4)
    inner = []
    block.mlp.get_submodule("2").register_forward_pre_hook(lambda _module, inputs: inner.append(inputs[0]))
    torch.manual_seed(2)
    out = block.mlp(drawn(50, 6, 12))
    assert abs((inner[0] == 0).double().mean() - 0.4) < 0.03
    assert abs((out == 0).double().mean() - 0.4) < 0.03
    assert [type(layer) for layer in block.mlp] == [nn.Linear, nn.GELU, nn.Dropout, nn.Linear, nn.Dropout]


def test_rates_rise_from_layer_to_layer_as_in_timm():
    assert depth_rates(5, 0.4) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert depth_rates(12, 0.1) == pytest.approx(torch.linspace(0, 0.1, 12).tolist())
    assert depth_rates(1, 0.3) == [0.0]
    with pytest.raises(ValueError, match="0 layers have no rates: use at least 1"):
        depth_rates(0, 0.1)


def test_rates_and_branches_are_those_of_a_timm_model():
    timm = pytest.importorskip("timm")
    sizes = {"img_size": 8, "patch_size": 4, "embed_dim": 12, "num_heads": 3, "depth": 4}
    model = timm.models.VisionTransformer(**sizes, drop_path_rate=0.3)
    theirs = [getattr(block.drop_path1, "drop_prob", 0.0) for block in model.blocks]
    assert depth_rates(4, 0.3) == pytest.approx(theirs)
    path, branch = timm.layers.DropPath(0.3).train(), drawn(40, 2, 3)
    out = path(branch)
    torch.testing.assert_close(drop_path(branch, out.flatten(1).any(dim=1), 0.3), out)
