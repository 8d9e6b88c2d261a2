"""MViT: timm's outputs, counts and multiply-adds; its pooling, its shapes and its maps by hand."""

from copy import deepcopy

import pytest
import torch
from mvits import furthest, normal, randomise, small
from torch import nn

from course_utils import models
from course_utils.models.attention import MultiHeadAttention
from course_utils.models.conv import count_macs, count_parameters
from course_utils.models.maps import attention_maps
from course_utils.models.mvit import ImprovedPoolingAttention, MViT, Pool, PoolingAttention
from course_utils.models.mvit_shapes import pooling_shapes
from course_utils.models.relative_positions import decomposed_relative_positions
from course_utils.weights import convert

PARAMETERS, MACS = 24_173_320, 4_676_957_952


@pytest.fixture(scope="module", name="official")
def official_model():
    return randomise(pytest.importorskip("timm").create_model("mvitv2_tiny"))


@pytest.fixture(scope="module", name="ours")
def our_model(official):
    model = models.build("mvitv2_tiny").double().eval()
    model.load_state_dict(convert("mvitv2_tiny", official.state_dict()))
    return model


@torch.no_grad()
@pytest.mark.parametrize("size", [(224, 224), (224, 160), (96, 200)])
def test_it_is_the_official_one(official, ours, size):
    images = normal(1, 3, *size)
    expected = official(images)
    assert expected.std() > 1e-2 and furthest(ours(images), expected) < 1e-9


def small_official(side):
    cfg = pytest.importorskip("timm.models.mvitv2").MultiScaleVitCfg
    strides = ((1, 1), (2, 2), (2, 2))
    sizes = cfg(depths=(1, 2, 1), embed_dim=16, num_heads=2, stride_q=strides, stride_kv_adaptive=(2, 2))
    kind = pytest.importorskip("timm.models.mvitv2").MultiScaleVit
    return randomise(kind(sizes, img_size=(side, side), in_chans=2, num_classes=7), seed=3)


def small_ours(size):
    return MViT(size, 4, 16, (1, 2, 1), (2, 4, 8), classes=7, channels=2, key_stride=2).double()


@torch.no_grad()
def test_a_small_one_of_another_shape_is_the_official_one():
    official, ours = small_official(64), small_ours((64, 64))
    ours.load_state_dict(convert("mvitv2_tiny", official.state_dict()))
    images = normal(3, 2, 64, 64)
    assert furthest(ours(images), official(images)) < 1e-9


@torch.no_grad()
def test_one_made_for_oblong_images_reads_its_whole_tables():
    """Called with a smaller image, the official model reads the first vectors of its tables; ours has only those."""
    official, ours = small_official(64), small_ours((64, 32))
    weights = convert("mvitv2_tiny", official.state_dict())
    for name, own in ours.state_dict().items():
        if "rel_pos" in name:
            weights[name] = weights[name][: len(own)]
    ours.load_state_dict(weights)
    assert len(ours.stages[0][0].attention.rel_pos_h) > len(ours.stages[0][0].attention.rel_pos_w)
    images = normal(2, 2, 64, 32)
    assert furthest(ours(images), official(images)) < 1e-9


def test_counts(official):
    model = models.build("mvitv2_tiny")
    assert count_parameters(model) == count_parameters(official) == PARAMETERS
    assert count_macs(model, (224, 224)) == count_macs(deepcopy(official).float(), (224, 224)) == MACS


def test_every_parameter_learns_but_one_that_softmax_takes_away():
    torch.manual_seed(0)
    model = small().double()
    model(normal(2, 1, 28, 28)).square().sum().backward()
    silent = {name for name, p in model.named_parameters() if p.grad.abs().max() < 1e-12}
    # a bias of the keys' norm adds the same to all scores of a query
    assert silent == {name for name, _ in model.named_parameters() if name.endswith("pool_k.norm.bias")}


# pooling


def test_pooling_keeps_every_second_token_of_each_head_if_its_kernels_are_the_identity():
    pool, heads = Pool(6, stride=2).double(), normal(2, 3, 5, 8, 6)
    nn.init.dirac_(pool.convolve.weight, groups=6)
    assert torch.allclose(pool(heads), pool.norm(heads[:, :, ::2, ::2]))
    pool.convolve.weight.data = normal(6, 1, 3, 3)
    window = heads[1, 2, 1:4, 3:6]  # around row 2, column 4, which is row 1, column 2 of the pooled ones
    by_hand = torch.stack([(window[..., c] * pool.convolve.weight[c, 0]).sum() for c in range(6)])
    assert torch.allclose(pool(heads)[1, 2, 1, 2], pool.norm(by_hand))


@torch.no_grad()
def test_with_identity_kernels_and_without_norms_it_is_plain_attention():
    pooling, plain = PoolingAttention(12, 12, 3).double(), MultiHeadAttention(12, 3).double()
    for pool in (pooling.pool_q, pooling.pool_k, pooling.pool_v):
        nn.init.dirac_(pool.convolve.weight, groups=4)
        pool.norm = nn.Identity()
    plain.load_state_dict({name: t for name, t in pooling.state_dict().items() if "pool" not in name})
    tokens = normal(2, 4, 5, 12)
    flat = tokens.flatten(1, 2)
    assert torch.allclose(pooling(tokens).flatten(1, 2), plain(flat), atol=1e-12)
    assert torch.allclose(pooling.weights(tokens), plain.weights(flat), atol=1e-12)


@torch.no_grad()
def test_the_improved_one_adds_positions_to_the_scores_and_the_query_to_the_values():
    layer = randomise(ImprovedPoolingAttention(10, 12, 3, (2, 1), (6, 8)))
    tokens = normal(2, 6, 8, 10)
    q, k, v = layer.pooled(tokens)
    assert q.shape == (2, 3, 3, 4, 4) and k.shape == v.shape == (2, 3, 6, 8, 4)
    scores = torch.einsum("bhijd,bhrcd->bhijrc", q, k).flatten(4).flatten(2, 3) / 2
    scores = scores + decomposed_relative_positions(q, layer.rel_pos_h, layer.rel_pos_w, (6, 8))
    mixed = scores.softmax(dim=-1) @ v.flatten(2, 3) + q.flatten(2, 3)  # (2, 3, 12, 4)
    by_hand = layer.out(mixed.transpose(1, 2).reshape(2, 3, 4, 12))
    assert torch.allclose(layer(tokens), by_hand, atol=1e-12)
    nothing = PoolingAttention(10, 12, 3, (2, 1)).double()
    nothing.load_state_dict({name: t for name, t in layer.state_dict().items() if "rel_pos" not in name})
    assert not torch.allclose(nothing.weights(tokens), layer.weights(tokens), atol=1e-3)


# shapes, maps and errors


def test_the_shapes_of_every_block():
    table = pooling_shapes(models.build("mvitv2_tiny"), torch.zeros(1, 3, 224, 224))
    assert [(row.stage, row.block) for row in table] == [
        (stage, block + 1) for stage, depth in enumerate((1, 2, 5, 2), start=1) for block in range(depth)
    ]
    sides = [(row.grid[0], row.query[1], row.key[1]) for row in table]
    early, late = [(56, 56, 14), (56, 28, 28), (28, 28, 14), (28, 14, 28)], [(14, 7, 14), (7, 7, 7)]
    assert sides == [*early, *[(14, 14, 14)] * 4, *late]
    assert all(row.key == row.value and row.query[::3] == (2 ** (row.stage - 1), 96) for row in table)
    assert table[0].scores == 3136 * 196 and table[0].unpooled_scores == 3136**2
    assert table[3].scores == 4 * 196 * 784 and table[3].unpooled_scores == 4 * 784**2


@torch.no_grad()
def test_the_maps_are_those_that_were_used_and_as_large_as_the_table_says():
    model, images = randomise(small()), normal(2, 1, 28, 28)
    calls = []
    for module in model.modules():
        if isinstance(module, PoolingAttention):
            module.register_forward_hook(lambda layer, given, out: calls.append((layer, given[0], out)))
    maps = attention_maps(model, images)
    used, table = calls[:], pooling_shapes(model, images)
    assert len(maps) == len(used) == len(table) == 4
    for layer, (module, tokens, output), row in zip(maps, used, table, strict=True):
        weights = layer["attention"]
        assert weights.numel() == 2 * row.scores and torch.allclose(weights.sum(dim=-1), normal(1).new_ones(()))
        q, _, v = module.pooled(tokens)
        mixed = weights @ v.flatten(2, 3) + q.flatten(2, 3)
        again = module.out(mixed.transpose(1, 2).flatten(2)).view_as(output)
        assert torch.allclose(again, output, atol=1e-12)
    assert maps[1]["attention"].shape == (2, 2, 49, 49) and maps[0]["attention"].shape == (2, 1, 196, 16)


def test_stage_tokens_and_sides_that_arent_even():
    tokens = MViT((30, 22), 4, 8, (1, 1, 1), (1, 2, 2), classes=3).stage_tokens(torch.zeros(2, 3, 30, 22))
    assert [tuple(found.shape) for found in tokens] == [(2, 8, 6, 8), (2, 4, 3, 16), (2, 2, 2, 32)]


def test_errors_say_what_to_do():
    with pytest.raises(ValueError, match=r"14 queries and 4 keys .* need 27 vectors, the table has 13: resize"):
        MViT((28, 28), 4, 8, (1,), (1,), classes=2)(torch.zeros(1, 3, 28, 56))
    with pytest.raises(ValueError, match="width 8 is not a multiple of 3 heads: change one"):
        MViT((28, 28), 4, 8, (1, 1), (3, 4), classes=2)
    with pytest.raises(ValueError, match="2 depths and 3 numbers of heads: pass one of each"):
        MViT((28, 28), 4, 8, (1, 1), (1, 2, 4), classes=2)
    with pytest.raises(ValueError, match="mvitv2_tiny has no tensor 'cls_token'"):
        convert("mvitv2_tiny", {"cls_token": torch.zeros(1)})
