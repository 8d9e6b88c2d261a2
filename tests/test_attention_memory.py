"""The memory of attention: the formula against what PyTorch's profiler measures."""

import pytest
import torch
from torch import nn

from course_utils.costs import attention_memory, peak_bytes
from course_utils.models.attention_kinds import ExplicitAttention, FusedAttention, WindowAttention
from course_utils.threads import one_thread

KINDS = {"explicit": ExplicitAttention, "fused": FusedAttention, "window": WindowAttention}
SHAPES = [  # batch, side R, width, heads, head width, layers
    (1, 14, 32, 2, 16, 1),
    (2, 14, 32, 2, 16, 1),
    (1, 28, 32, 2, 16, 1),
    (1, 56, 32, 2, 16, 1),
    (2, 28, 48, 2, 16, 3),
    (1, 28, 32, 4, 8, 2),
    (1, 14, 64, 4, 24, 2),
    (3, 28, 64, 3, 12, 4),
    (1, 7, 24, 3, 8, 2),
]


def both(kind, shape, *, training, dtype=torch.float32):
    """Return predicted and measured bytes."""
    batch, side, width, heads, d, layers = shape
    window = {"window": 7} if kind == "window" else {}
    fused = {"kind": "fused"} if kind == "fused" else {}
    options = {"head_width": d, "layers": layers, "batch": batch, "dtype": dtype, "training": training}
    predicted = attention_memory(side * side, width, heads, **options, **window, **fused).total
    model = nn.Sequential(*[KINDS[kind](width, heads, d, **window) for _ in range(layers)]).to(dtype)
    tokens = torch.randn(batch, side * side, width, dtype=dtype, requires_grad=training)
    with one_thread(), torch.set_grad_enabled(training):
        measured = peak_bytes(lambda: model(tokens).sum().backward() if training else model(tokens))
    return predicted, measured


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_the_prediction_is_what_the_profiler_measures(kind, shape, training):
    predicted, measured = both(kind, shape, training=training)
    assert predicted == pytest.approx(measured, rel=0.001)


@pytest.mark.parametrize("kind", KINDS)
def test_double_precision_takes_twice_as_much(kind):
    for training in (False, True):
        predicted, measured = both(kind, (1, 28, 32, 2, 16, 2), training=training, dtype=torch.float64)
        assert predicted == pytest.approx(measured, rel=0.001)


def test_the_kinds_compute_the_same():
    torch.manual_seed(0)
    explicit = ExplicitAttention(24, 3, 10)
    tokens = torch.randn(2, 49, 24)
    for other in (FusedAttention(24, 3, 10), WindowAttention(24, 3, 10, window=7)):
        other.load_state_dict(explicit.state_dict())
        torch.testing.assert_close(other(tokens), explicit(tokens), atol=1e-6, rtol=1e-5)


def test_windows_hear_only_of_their_own_tokens():
    torch.manual_seed(0)
    layer = WindowAttention(8, 2, window=3)
    tokens = torch.randn(1, 36, 8)
    changed = tokens.clone()
    changed[0, 6 * 4 + 1] += 1  # row 4, column 1: in the window of rows 3 to 5, columns 0 to 2
    moved = (layer(changed) - layer(tokens)).abs().amax(dim=2).view(6, 6) > 1e-6
    assert moved[3:, :3].all() and moved.sum() == 9


def test_the_terms_add_up_and_grow_as_they_should():
    small, large = (attention_memory(n, 32, 2, training=True) for n in (784, 3136))
    assert small.total == sum(small.terms.values())
    assert large.terms["weights"] == 16 * small.terms["weights"] == 2 * 3136**2 * 4
    windows = [attention_memory(n, 32, 2, window=7, training=True).total for n in (784, 3136)]
    assert windows[1] == pytest.approx(4 * windows[0], rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "options", "told"),
    [
        ((0, 32, 2), {}, "tokens is 0"),
        ((196, 32, 3), {}, "32 is not a multiple of 3 heads"),
        ((196, 32, 2), {"window": 5}, "196 tokens can't be cut into windows of 5 x 5"),
        ((196, 32, 2), {"window": 7, "kind": "fused"}, "'fused' without window"),
        ((196, 32, 2), {"kind": "flash"}, "kind 'flash'"),
    ],
)
def test_what_cannot_be_predicted_is_told(arguments, options, told):
    with pytest.raises(ValueError, match=told):
        attention_memory(*arguments, **options)


def test_a_grid_that_has_no_windows_is_told():
    with pytest.raises(ValueError, match="48 tokens"):
        WindowAttention(8, 2, window=7)(torch.zeros(1, 48, 8))
