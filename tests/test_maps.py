"""Attention maps are those that the fused kernel used; rollout and joining patches do what they say."""

import pytest
import torch
from explorers import GRID, Tiny, described, maps_of
from torch import nn

from course_utils.models.attention import MultiHeadAttention, causal_mask, merge_heads, split_heads
from course_utils.models.maps import attention_maps, coarsen, one_image, rollout


@pytest.mark.parametrize("extra", [0, 2])
def test_the_maps_are_what_the_fused_kernel_used(extra):
    model, saw = Tiny(0, layers=3, extra=extra).double(), []
    for block in model.blocks:
        block.attention.register_forward_hook(lambda _m, given, out: saw.append((given[0], out)))
    layers = attention_maps(model, described().double().repeat(2, 1, 1))
    assert [list(layer) for layer in layers] == [["attention"]] * 3
    for block, layer, (tokens, output) in zip(model.blocks, layers, saw, strict=True):
        module = block.attention
        assert layer["attention"].shape == (2, 4, 126 + extra, 126 + extra)
        again = module.out(merge_heads(layer["attention"] @ split_heads(module.value(tokens), module.heads)))
        assert (again - output).abs().max() < 1e-12


class Masked(nn.Module):
    """One module called twice, with a mask by position and by name."""

    def __init__(self):
        super().__init__()
        self.mix = MultiHeadAttention(8, 2)

    def forward(self, tokens):
        mask = causal_mask(tokens.shape[1])
        return self.mix(self.mix(tokens, mask), mask=mask)


def test_masks_and_repeated_calls_are_recorded_in_order():
    torch.manual_seed(0)
    model, tokens = Masked(), torch.randn(1, 5, 8)
    first, second = (layer["mix"] for layer in attention_maps(model, tokens))
    assert (first.triu(1) == 0).all() and (second.triu(1) == 0).all()
    assert torch.equal(first, model.mix.weights(tokens, causal_mask(5)))
    assert not torch.allclose(first, second)


def test_no_hook_is_left_behind_not_even_after_an_error():
    model = Tiny(0, layers=1)
    attention_maps(model, described())
    with pytest.raises(RuntimeError):
        attention_maps(model, torch.zeros(1, 3, 5))
    assert all(not module._forward_pre_hooks for module in model.modules())


def test_a_lone_module_and_a_model_without_attention():
    assert list(attention_maps(MultiHeadAttention(8, 2), torch.randn(1, 3, 8))[0]) == ["attention"]
    with pytest.raises(ValueError, match="Linear used no MultiHeadAttention"):
        attention_maps(nn.Linear(2, 2), torch.zeros(1, 2))


def test_one_image_drops_the_batch():
    layers = [{"self": torch.rand(3, 2, 5, 5), "cross": torch.rand(3, 2, 5, 7)}]
    assert torch.equal(one_image(layers, 2)[0]["cross"], layers[0]["cross"][2])
    assert one_image(layers)[0]["self"].shape == (2, 5, 5)


def test_rollout_by_hand():
    even, swap = torch.full((1, 2, 2), 0.5), torch.tensor([[[0.0, 1.0], [1.0, 0.0]]])
    first, second = rollout([even, swap])
    assert torch.equal(first, torch.tensor([[0.75, 0.25], [0.25, 0.75]]))
    assert torch.equal(second, torch.tensor([[0.5, 0.5], [0.5, 0.5]]))
    tilted = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])  # the order matters: the last layer comes first in the product
    assert torch.equal(rollout([even, tilted])[1], torch.tensor([[0.75, 0.25], [0.5, 0.5]]))
    assert torch.allclose(rollout(maps_of(0, 3))[2].sum(dim=1), torch.ones(126))
    with pytest.raises(ValueError, match="2 queries and 3 keys has no rollout"):
        rollout([torch.rand(1, 2, 3)])


def test_joined_patches_keep_their_attention_together():
    maps = torch.rand(2, 1 + 24, 1 + 24).softmax(dim=-1)  # a class token and 4 x 6 patches
    joined = coarsen(maps, (4, 6), 2)
    assert joined.shape == (2, 1 + 6, 1 + 6)
    assert torch.allclose(joined.sum(dim=-1), torch.ones(2, 7))
    block = 1 + torch.tensor([8, 9, 14, 15])  # rows 1 x 2..3 and 2 x 2..3 of 6 columns: no block of the grid
    corner = 1 + torch.tensor([2, 3, 8, 9])  # the second block
    assert torch.allclose(joined[:, 2, 0], maps[:, corner, 0].mean(dim=1))
    assert torch.allclose(joined[:, 0, 2], maps[:, 0, corner].sum(dim=1))
    assert not torch.allclose(joined[:, 0, 2], maps[:, 0, block].sum(dim=1))
    with pytest.raises(ValueError, match="4 x 6 patches can't be joined by 4"):
        coarsen(maps, (4, 6), 4)
    with pytest.raises(ValueError, match="9 x 14 patches can't be joined by 1"):
        coarsen(maps, GRID, 1)
