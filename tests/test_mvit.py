"""MViT: timm's outputs, counts and multiply-adds; pooling, relative positions and shapes against what they say."""

import itertools
import math
from fractions import Fraction

import pytest
import torch
from torch import nn

from course_utils import models
from course_utils.models.attention import MultiHeadAttention
from course_utils.models.conv import count_macs, count_parameters
from course_utils.models.maps import attention_maps
from course_utils.models.mvit import ImprovedPoolingAttention, MViT, MViTBlock, Pool, PooledShortcut, PoolingAttention
from course_utils.models.mvit_shapes import pooling_shapes
from course_utils.models.relative_positions import decomposed_relative_positions, relative_index
from course_utils.weights import convert

PARAMETERS, MACS = 24_173_320, 4_676_957_952


def randomise(module, seed=1):
    """Draw every parameter and buffer of a module, in float64; eval mode."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in itertools.chain(module.named_parameters(), module.named_buffers()):
        spread = 0.3 if parameter.ndim == 1 or "rel_pos" in name or "pool" in name else parameter[0].numel() ** -0.5
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * spread
    return module.double().eval()


def normal(*shape, seed=2):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def small():
    """A model for lessons: three stages for grey images of 28 x 28."""
    return MViT((28, 28), patch=2, width=16, depths=(1, 2, 1), heads=(1, 2, 4), classes=10, channels=1)


@pytest.fixture(scope="module", name="official")
def official_model():
    return randomise(pytest.importorskip("timm").create_model("mvitv2_tiny"))


@pytest.fixture(scope="module", name="ours")
def our_model(official):
    model = models.build("mvitv2_tiny").double().eval()
    model.load_state_dict(convert("mvitv2_tiny", official.state_dict()))
    return model


def furthest(found, expected):
    return float((found - expected).abs().max() / expected.abs().max())


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
    assert count_macs(model, (224, 224)) == count_macs(official.float(), (224, 224)) == MACS
    official.double()


class Unscaled(ImprovedPoolingAttention):
    def scores(self, query, key):
        return PoolingAttention.scores(self, query * math.sqrt(query.shape[-1]), key)


class NoResidual(ImprovedPoolingAttention):
    mix = PoolingAttention.mix


class NoPositions(ImprovedPoolingAttention):
    scores = PoolingAttention.scores


class AsThePaperScales(ImprovedPoolingAttention):
    def scores(self, query, key):
        plain = PoolingAttention.scores(self, query, key)
        return plain + (super().scores(query, key) - plain) / math.sqrt(query.shape[-1])


def change_all(kind, change):
    def apply(model):
        for module in model.modules():
            if isinstance(module, kind):
                change(module)

    return apply


def flip_tables(attention):
    for table in (attention.rel_pos_h, attention.rel_pos_w):
        table.data = table.data.flip(0)


def swap_tables(attention):
    attention.rel_pos_h, attention.rel_pos_w = attention.rel_pos_w, attention.rel_pos_h


def turned(weight):
    return nn.Parameter(weight.detach().flip(2, 3))


def average(shortcut):
    shortcut.pool = nn.AvgPool2d(3, stride=2, padding=1)


class UnnormedShortcut(MViTBlock):
    def forward(self, tokens):
        around = tokens if self.shortcut is None else self.shortcut(tokens)
        tokens = around + self.attention(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))


class MeanFirst(MViT):
    def forward(self, images):
        return self.head(self.norm(self.stage_tokens(images)[-1].mean(dim=(1, 2))))


def instead(kind):
    return change_all(ImprovedPoolingAttention, lambda module: setattr(module, "__class__", kind))


MUTATIONS = {
    "eps": change_all(nn.LayerNorm, lambda norm: setattr(norm, "eps", 1e-5)),
    "gelu": change_all(nn.GELU, lambda gelu: setattr(gelu, "approximate", "tanh")),
    "unscaled": instead(Unscaled),
    "no residual pooling": instead(NoResidual),
    "no positions": instead(NoPositions),
    "positions scaled": instead(AsThePaperScales),
    "distances turned": change_all(ImprovedPoolingAttention, flip_tables),
    "tables swapped": change_all(ImprovedPoolingAttention, swap_tables),
    "kernels turned": change_all(Pool, lambda pool: setattr(pool.convolve, "weight", turned(pool.convolve.weight))),
    "shortcut averages": change_all(PooledShortcut, average),
    "shortcut not normed": change_all(MViTBlock, lambda block: setattr(block, "__class__", UnnormedShortcut)),
    "mean before the norm": change_all(MViT, lambda model: setattr(model, "__class__", MeanFirst)),
}


@torch.no_grad()
@pytest.mark.parametrize("name", MUTATIONS)
def test_mistakes_can_be_seen_at_this_tolerance(name):
    model, images = randomise(small()), normal(2, 1, 28, 28)
    expected = model(images)
    MUTATIONS[name](model)
    assert furthest(model(images), expected) > 1e-7


def test_every_parameter_learns_but_one_that_softmax_takes_away():
    torch.manual_seed(0)
    model = small()
    model(torch.randn(2, 1, 28, 28)).square().sum().backward()
    silent = {name for name, p in model.named_parameters() if p.grad.abs().max() < 1e-6}
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


# relative positions


def exact_index(queries, keys):
    """Distances in steps of the finer grid, from fractions, such that the first query and the last key are 0 apart."""
    finer = max(queries, keys)
    step_q, step_k = Fraction(finer, queries), Fraction(finer, keys)
    return [[math.floor(i * step_q - j * step_k + (keys - 1) * step_k) for j in range(keys)] for i in range(queries)]


def test_the_index_by_fractions():
    for queries, keys in itertools.product(range(1, 15), repeat=2):
        index = relative_index(queries, keys)
        assert index.tolist() == exact_index(queries, keys)
        assert index.min() == 0 and index.max() <= 2 * max(queries, keys) - 2


@pytest.mark.parametrize("grids", [((3, 4), (3, 4)), ((4, 6), (2, 3)), ((2, 3), (4, 9)), ((5, 2), (2, 7))])
def test_decomposed_positions_pair_by_pair(grids):
    (rows_q, columns_q), (rows_k, columns_k) = grids
    query = normal(2, 3, rows_q, columns_q, 5)
    heights, widths = normal(2 * max(rows_q, rows_k) - 1, 5, seed=3), normal(2 * max(columns_q, columns_k) - 1, 5)
    found = decomposed_relative_positions(query, heights, widths, grids[1])
    assert found.shape == (2, 3, rows_q * columns_q, rows_k * columns_k)
    down, right = exact_index(rows_q, rows_k), exact_index(columns_q, columns_k)
    for i, j, r, c in itertools.product(range(rows_q), range(columns_q), range(rows_k), range(columns_k)):
        both = heights[down[i][r]] + widths[right[j][c]]
        assert torch.allclose(found[:, :, i * columns_q + j, r * columns_k + c], query[:, :, i, j] @ both)


def official_positions(query, heights, widths, key_grid):
    count = pytest.importorskip("timm.models.mvitv2").cal_rel_pos_type
    grid = query.shape[2:4]
    scores = query.new_zeros(*query.shape[:2], math.prod(grid), math.prod(key_grid))
    return count(scores, query.flatten(2, 3), False, grid, key_grid, heights, widths)


def test_decomposed_positions_are_the_official_ones_except_where_those_round():
    heights, widths = normal(77, 3), normal(77, 3, seed=4)
    for grid, key_grid in (((8, 4), (2, 2)), ((6, 7), (12, 7)), ((25, 11), (7, 6))):
        query = normal(1, 2, *grid, 3, seed=5)
        expected = official_positions(query, heights, widths, key_grid)
        assert torch.allclose(decomposed_relative_positions(query, heights, widths, key_grid), expected)
    query, key_grid = normal(1, 1, 39, 1, 3), (10, 1)  # float32 makes 18.999998 of 19 there, and cuts it to 18
    expected = official_positions(query, heights, widths, key_grid)
    differ = (decomposed_relative_positions(query, heights, widths, key_grid) - expected).abs() > 1e-9
    assert 0 < differ.sum() < differ.numel() / 5


# shapes, maps and errors


def test_the_shapes_of_every_block():
    table = pooling_shapes(models.build("mvitv2_tiny"), torch.zeros(1, 3, 224, 224))
    assert [(row.stage, row.block) for row in table] == [
        (stage, block + 1) for stage, depth in enumerate((1, 2, 5, 2), start=1) for block in range(depth)
    ]
    sides = [(row.grid[0], row.query[1], row.key[1]) for row in table]
    assert sides == [(56, 56, 14), (56, 28, 28), (28, 28, 14), (28, 14, 28)] + [(14, 14, 14)] * 4 + [
        (14, 7, 14),
        (7, 7, 7),
    ]
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
    with pytest.raises(
        ValueError, match="14 queries and 4 keys along a side need 27 vectors, the table has 13: resize"
    ):
        MViT((28, 28), 4, 8, (1,), (1,), classes=2)(torch.zeros(1, 3, 28, 56))
    with pytest.raises(ValueError, match="width 8 is not a multiple of 3 heads: change one"):
        MViT((28, 28), 4, 8, (1, 1), (3, 4), classes=2)
    with pytest.raises(ValueError, match="2 depths and 3 numbers of heads: pass one of each"):
        MViT((28, 28), 4, 8, (1, 1), (1, 2, 4), classes=2)
    with pytest.raises(ValueError, match="mvitv2_tiny has no tensor 'cls_token'"):
        convert("mvitv2_tiny", {"cls_token": torch.zeros(1)})
