"""Attention against PyTorch's own, in float64 and with random parameters, and what must hold for any attention."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models.vision_transformer import EncoderBlock

from course_utils.models.attention import (
    MultiHeadAttention,
    TransformerBlock,
    attend_to_grid,
    attention,
    attention_weights,
    causal_mask,
    merge_heads,
    sinusoidal_positions,
    split_heads,
)

B, N, M, D, HEADS = 2, 5, 7, 12, 3


@pytest.fixture(autouse=True)
def float64():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(before)


@pytest.fixture(params=["train, grad", "eval, grad", "eval, no grad"])
def mode(request):
    """Torch's modules take another path, a fused one, in evaluation without gradients."""
    with torch.set_grad_enabled("no grad" not in request.param):
        yield request.param.split(",")[0]


def relative(found, expected):
    assert found.shape == expected.shape
    return ((found - expected).abs().max() / expected.abs().max()).item()


def in_mode(module, mode):
    """Put every parameter on a random value: a bias of 0 or a norm of 1 would hide a fault."""
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5)
    return module.train(mode == "train")


def random_mask(*shape):
    return torch.rand(*shape).argsort(dim=-1) < shape[-1] // 2


def query_key_value(*lead):
    return torch.randn(*lead, N, 4), torch.randn(*lead, M, 4), torch.randn(*lead, M, 6)


@pytest.mark.parametrize("lead", [(), (B,), (B, HEADS)])
@pytest.mark.parametrize("masked", [None, (N, M), "own"])
def test_attention_is_torchs(lead, masked):
    query, key, value = query_key_value(*lead)
    mask = None if masked is None else random_mask(*(lead if masked == "own" else ()), N, M)
    expected = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    assert relative(attention(query, key, value, mask), expected) < 1e-12
    identity = torch.eye(M).expand(*lead, M, M)  # as values, they bring the weights themselves to light
    expected = F.scaled_dot_product_attention(query, key, identity, attn_mask=mask)
    assert relative(attention_weights(query, key, mask), expected) < 1e-12


def test_one_query_on_a_grid_is_attention_over_its_cells():
    query, features = torch.randn(8), torch.randn(3, 5, 8)
    weights, context = attend_to_grid(query, features)
    cells = features.reshape(15, 8)
    assert relative(weights.reshape(1, 15), attention_weights(query[None], cells)) < 1e-12
    assert relative(context[None], F.scaled_dot_product_attention(query[None], cells, cells)) < 1e-12


def torchs(ours):
    """Return torch's module with our parameters; its first matrix holds those of q, k and v one below another."""
    theirs = nn.MultiheadAttention(D, HEADS, batch_first=True)
    projections = [ours.query, ours.key, ours.value]
    state = {f"in_proj_{kind}": torch.cat([getattr(p, kind) for p in projections]) for kind in ("weight", "bias")}
    theirs.load_state_dict({**state, "out_proj.weight": ours.out.weight, "out_proj.bias": ours.out.bias})
    return theirs.train(ours.training)


@pytest.mark.parametrize("masked", [False, True])
def test_multi_head_attention_is_torchs(mode, masked):
    ours = in_mode(MultiHeadAttention(D, HEADS), mode)
    theirs, tokens = torchs(ours), torch.randn(B, N, D)
    mask = random_mask(N, N) if masked else None
    hidden = ~mask if masked else None  # there, True means that the query must not look
    expected, _ = theirs(tokens, tokens, tokens, attn_mask=hidden, need_weights=False)
    assert relative(ours(tokens, mask), expected) < 1e-9
    expected, weights = theirs(tokens, tokens, tokens, attn_mask=hidden, average_attn_weights=False)
    assert relative(ours(tokens, mask), expected) < 1e-9
    assert relative(ours.weights(tokens, mask), weights) < 1e-9


def test_the_weights_of_multi_head_attention_are_those_it_uses():
    module, tokens = in_mode(MultiHeadAttention(D, HEADS), "eval"), torch.randn(B, N, D)
    mask = random_mask(N, N)
    mixed = module.weights(tokens, mask) @ split_heads(module.value(tokens), HEADS)
    assert relative(module.out(merge_heads(mixed)), module(tokens, mask)) < 1e-12


def torchvisions(ours):
    theirs = EncoderBlock(HEADS, D, 4 * D, dropout=0.0, attention_dropout=0.0)
    pairs = [
        (theirs.ln_1, ours.norm1),
        (theirs.self_attention, torchs(ours.attention)),
        (theirs.ln_2, ours.norm2),
        (theirs.mlp[0], ours.mlp[0]),
        (theirs.mlp[3], ours.mlp[2]),
    ]
    for their, our in pairs:
        their.load_state_dict(our.state_dict())
    return theirs.train(ours.training)


@pytest.mark.parametrize("size", [1.0, 1e-3])
def test_a_block_is_torchvisions(mode, size):
    """Tokens as small as 0.001 show the eps of the norms."""
    ours, tokens = in_mode(TransformerBlock(D, HEADS), mode), size * torch.randn(B, N, D)
    assert relative(ours(tokens), torchvisions(ours)(tokens)) < 1e-9
    assert sum(p.numel() for p in ours.parameters()) == sum(p.numel() for p in torchvisions(ours).parameters())


def test_a_block_passes_its_arguments_on():
    block, tokens = in_mode(TransformerBlock(D, HEADS, mlp_ratio=3, eps=0.1), "eval"), torch.randn(B, N, D)
    assert block.mlp[0].out_features == 3 * D
    mask = random_mask(N, N)
    after = tokens + block.attention(F.layer_norm(tokens, (D,), block.norm1.weight, block.norm1.bias, 0.1), mask)
    normed = F.layer_norm(after, (D,), block.norm2.weight, block.norm2.bias, 0.1)
    assert relative(block(tokens, mask), after + block.mlp(normed)) < 1e-12


@pytest.mark.parametrize("kind", [MultiHeadAttention, TransformerBlock])
def test_the_order_of_the_tokens_does_not_matter(kind):
    module, tokens = in_mode(kind(D, HEADS), "eval"), torch.randn(B, N, D)
    order = torch.tensor([3, 0, 4, 1, 2])
    assert relative(module(tokens[:, order]), module(tokens)[:, order]) < 1e-12


@pytest.mark.parametrize("kind", [MultiHeadAttention, TransformerBlock])
def test_behind_a_causal_mask_nobody_sees_later_tokens(kind):
    module, tokens = in_mode(kind(D, HEADS), "eval"), torch.randn(B, N, D)
    before = module(tokens, causal_mask(N))
    for n in range(N - 1):
        changed = torch.cat([tokens[:, : n + 1], torch.randn(B, N - n - 1, D)], dim=1)
        after = module(changed, causal_mask(N))
        assert relative(after[:, : n + 1], before[:, : n + 1]) < 1e-12
        assert relative(after[:, n + 1 :], before[:, n + 1 :]) > 1e-3


def test_behind_a_causal_mask_everybody_sees_the_tokens_so_far():
    weights = attention_weights(torch.randn(N, 4), torch.randn(N, 4), causal_mask(N))
    for n in range(N):
        assert (weights[n, : n + 1] > 0).all() and (weights[n, n + 1 :] == 0).all()


def test_positions_are_the_papers_formula():
    table = sinusoidal_positions(9, 6)
    assert table.shape == (9, 6) and table.dtype == torch.float64
    for n in range(9):
        for i in range(3):
            angle = n / 10000 ** (2 * i / 6)
            assert math.isclose(table[n, 2 * i], math.sin(angle), abs_tol=1e-14)
            assert math.isclose(table[n, 2 * i + 1], math.cos(angle), abs_tol=1e-14)


def test_the_dot_product_of_two_positions_depends_on_their_distance_only():
    table = sinusoidal_positions(20, D)
    products = table @ table.T
    for distance in range(20):
        along = products.diagonal(distance)
        assert (along - along[0]).abs().max() < 1e-12
    assert products[0].diff().abs().min() > 1e-3  # and it does depend on it


def test_heads_are_neighbouring_numbers_and_come_back_together():
    tokens = torch.randn(B, N, D)
    heads = split_heads(tokens, HEADS)
    assert heads.shape == (B, HEADS, N, D // HEADS)
    for head in range(HEADS):
        assert torch.equal(heads[:, head], tokens[..., 4 * head : 4 * head + 4])
    assert torch.equal(merge_heads(heads), tokens)
    turned = torch.randn(B, D, N).transpose(1, 2)  # not contiguous, as patches often are
    assert torch.equal(merge_heads(split_heads(turned, HEADS)), turned)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: sinusoidal_positions(4, 7), "width 7 is odd.*use 6 or 8"),
        (lambda: split_heads(torch.randn(B, N, D), 5), "width 12 is not a multiple of 5 heads"),
        (lambda: MultiHeadAttention(D, 5)(torch.randn(B, N, D)), "width 12 is not a multiple of 5 heads"),
    ],
)
def test_bad_arguments_are_named(call, told):
    with pytest.raises(ValueError, match=told):
        call()
