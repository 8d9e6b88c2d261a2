"""Local attention: three ways that agree, an independent oracle, and timm's halo attention."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils.models import local_attention as la
from course_utils.models.conv import count_parameters
from course_utils.models.local_layers import LocalAttention, LocalRelation, relation_parameters


def features(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(3)]


@pytest.mark.parametrize("side", [1, 3, 5, 7])
@pytest.mark.parametrize("shape", [(2, 3, 4, 6, 9), (1, 1, 2, 2, 3)], ids=str)
def test_the_three_implementations_agree(shape, side):
    q, k, v = features(*shape)
    loops = la.local_attention_loops(q, k, v, side)
    torch.testing.assert_close(la.local_attention_unfold(q, k, v, side), loops, atol=1e-12, rtol=0)
    torch.testing.assert_close(la.local_attention(q, k, v, side), loops, atol=1e-12, rtol=0)


def test_they_agree_in_single_precision():
    q, k, v = (t.float() for t in features(2, 8, 8, 14, 14))
    loops = la.local_attention_loops(q, k, v, 7)
    for other in (la.local_attention_unfold, la.local_attention):
        assert (other(q, k, v, 7) - loops).abs().max() < 1e-6


def masked_oracle(q, k, v, side, relative=None):
    """Attend over the whole image with everything outside the neighbourhood forbidden."""
    _, h, d, H, W = q.shape
    flat = [t.flatten(3).transpose(2, 3) for t in (q, k, v)]
    rows, columns = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    down = rows.flatten()[None] - rows.flatten()[:, None]
    right = columns.flatten()[None] - columns.flatten()[:, None]
    far = (down.abs() > side // 2) | (right.abs() > side // 2)
    scores = flat[0] @ flat[1].transpose(2, 3) / math.sqrt(d)
    if relative is not None:
        r = relative.expand(h, d, side, side)
        index = (down + side // 2).clamp(0, side - 1), (right + side // 2).clamp(0, side - 1)
        scores = scores + torch.einsum("bhqd,hdqk->bhqk", flat[0], r[:, :, index[0], index[1]])
    weights = scores.masked_fill(far, -math.inf).softmax(-1)
    return (weights @ flat[2]).transpose(2, 3).unflatten(3, (H, W))


def test_it_is_attention_over_the_image_with_a_mask():
    q, k, v = features(2, 3, 4, 6, 9)
    torch.testing.assert_close(la.local_attention(q, k, v, 5), masked_oracle(q, k, v, 5))
    relative = features(3, 4, 5, 5, seed=3)[0]
    expected = masked_oracle(q, k, v, 5, relative)
    torch.testing.assert_close(la.local_attention(q, k, v, 5, relative), expected)
    flipped = masked_oracle(q, k, v, 5, relative.flip(2))
    assert (flipped - expected).abs().max() > 0.01


def test_neighbours_are_counted_row_by_row():
    image = torch.arange(12.0).view(1, 1, 1, 3, 4)
    around = la.neighbourhoods(image, 3)[0, 0, 0]
    assert around[:, 1, 1].tolist() == [0, 1, 2, 4, 5, 6, 8, 9, 10]
    assert la.inside(3, 4, 3)[:, 0, 0].tolist() == [False] * 4 + [True, True, False, True, True]


def test_an_even_side_is_told():
    q, k, v = features(1, 1, 2, 4, 4)
    with pytest.raises(ValueError, match="side 4 has no centre: use 3 or 5"):
        la.local_attention(q, k, v, 4)
    with pytest.raises(ValueError, match="20 channels are not a multiple of 2 x 8 heads"):
        LocalAttention(20)


def test_timm_halo_attention_with_blocks_of_one_is_local_attention():
    halo_attn = pytest.importorskip("timm.layers.halo_attn").HaloAttn
    torch.manual_seed(4)
    halo = halo_attn(64, num_heads=8, block_size=1, halo_size=3).double().eval()
    for parameter in halo.parameters():
        nn.init.normal_(parameter, std=0.3)
    image = torch.randn(2, 64, 5, 9, dtype=torch.float64)
    q = halo.q(image).unflatten(1, (8, -1))
    k, v = halo.kv(image).unflatten(1, (8, -1)).split([8, 8], dim=2)
    rows, columns = halo.pos_embed.height_rel[6:], halo.pos_embed.width_rel[6:]  # offsets -3 to 3 lie at 6 + 0..6
    relative = (rows.T[:, :, None] + columns.T[:, None, :])[None]
    ours = la.local_attention(q, k, v, 7, relative, padding_counts=True).flatten(1, 2)
    with torch.no_grad():
        expected = halo(image)
    assert (ours - expected).abs().max() < 1e-9 * expected.abs().max()
    hidden = la.local_attention(q, k, v, 7, relative).flatten(1, 2)
    assert (hidden - expected).abs().max() > 0.01, "padding changes the borders"


def test_the_stand_alone_layer_halves_the_image_by_means():
    torch.manual_seed(0)
    plain, strided = LocalAttention(32), LocalAttention(32, stride=2)
    strided.load_state_dict(plain.state_dict())
    image = torch.randn(2, 32, 6, 8)
    expected = plain(image).unflatten(2, (3, 2)).unflatten(4, (4, 2)).mean(dim=(3, 5))
    torch.testing.assert_close(strided(image), expected)


def test_the_local_relation_layer_position_by_position():
    torch.manual_seed(0)
    layer = LocalRelation(20, share=8, side=3).double()
    image = torch.randn(1, 20, 4, 5, dtype=torch.float64)
    q, k = layer.query(image)[0], layer.key(image)[0]
    mixed = torch.zeros(20, 4, 5, dtype=torch.float64)
    for channel in range(20):
        for row in range(4):
            for column in range(5):
                near = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if 0 <= row + i < 4 and 0 <= column + j < 5]
                scores = torch.stack(
                    [
                        q[channel // 8, row, column] * k[channel // 8, row + i, column + j]
                        + layer.prior(torch.tensor([i, j], dtype=torch.float64))[channel // 8]
                        for i, j in near
                    ]
                )
                values = torch.stack([image[0, channel, row + i, column + j] for i, j in near])
                mixed[channel, row, column] = scores.softmax(0) @ values
    torch.testing.assert_close(layer(image), layer.transform(mixed[None]))
    strided = LocalRelation(20, stride=2, share=8, side=3).double()
    strided.load_state_dict(layer.state_dict())
    torch.testing.assert_close(strided(image), layer(image)[:, :, ::2, ::2])


def test_a_convolution_is_an_inner_product_at_every_position():
    image, kernel = torch.randn(3, 5, 8, dtype=torch.float64), torch.randn(4, 3, 3, 3, dtype=torch.float64)
    whole = F.conv2d(image[None], kernel, padding=1)[0]
    for row, column in [(0, 0), (4, 7), (2, 5)]:
        torch.testing.assert_close(la.convolve_at(image, kernel, row, column), whole[:, row, column])


@pytest.mark.parametrize(("channels", "share"), [(64, 8), (100, 8), (20, 1), (12, 100)])
def test_the_local_relation_layers_parameters(channels, share):
    assert relation_parameters(channels, share) == count_parameters(LocalRelation(channels, share=share))
