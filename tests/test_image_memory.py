"""What the attention of an image takes: against numbers worked out by hand, brute force, and the profiler."""

import pytest
import torch
from torch import nn

from course_utils.costs import peak_bytes
from course_utils.image_memory import attention_matrix_bytes, largest_side, peak_matrices
from course_utils.models.attention_kinds import ExplicitAttention
from course_utils.threads import one_thread


def test_a_model_of_128_x_128_pixels_takes_768_gib():
    assert attention_matrix_bytes(128, layers=48, heads=16) == 768 * 2**30


def test_patches_of_16_make_196_tokens_and_a_class_token_one_more():
    assert attention_matrix_bytes(224, 16) == 196**2 * 4
    assert attention_matrix_bytes(224, 16, class_token=True) == 197**2 * 4
    assert attention_matrix_bytes(224, 16, class_token=True, layers=12, heads=3, bits=16) == 197**2 * 12 * 3 * 2


def test_bytes_are_those_of_tensors():
    for bits, dtype in ((16, torch.bfloat16), (32, torch.float32), (64, torch.float64)):
        matrices = torch.empty(5, 3, 36, 36, dtype=dtype)
        assert attention_matrix_bytes(24, 4, layers=5, heads=3, bits=bits) == matrices.nbytes


def test_twice_the_side_takes_sixteen_times_as_much_and_half_the_patch_too():
    once = attention_matrix_bytes(64, 8, layers=3)
    assert attention_matrix_bytes(128, 8, layers=3) == attention_matrix_bytes(64, 4, layers=3) == 16 * once


def test_a_side_that_is_no_multiple_of_the_patch_is_told():
    with pytest.raises(ValueError, match="image side 30 is not a multiple of the patch side 4: change one of them"):
        attention_matrix_bytes(30, 4)


@pytest.mark.parametrize("layers", [1, 2, 5])
@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
def test_the_profiler_sees_as_many_matrices_as_are_counted(layers, training):
    """Beside matrices there are tokens (N, 8), of which there is room for a few dozen in half a matrix."""
    torch.manual_seed(0)
    tokens = torch.randn(1, 784, 8, requires_grad=training)
    model = nn.Sequential(*[ExplicitAttention(8, 2, head_width=4) for _ in range(layers)])
    with one_thread(), torch.set_grad_enabled(training):
        measured = peak_bytes(lambda: model(tokens).sum().backward() if training else model(tokens))
    one = attention_matrix_bytes(28, heads=2)
    assert 0 <= measured / one - peak_matrices(layers, training=training) < 0.25


def tried(gigabytes, patch, matrices, heads, bits):
    """Return the largest side that fits, by trying one after another."""
    side = 0
    while attention_matrix_bytes(side + patch, patch, layers=matrices, heads=heads, bits=bits) <= gigabytes * 1e9:
        side += patch
    return side


@pytest.mark.parametrize("gigabytes", [0.001, 0.37, 2.5, 16, 80])
@pytest.mark.parametrize("patch", [1, 4, 14, 16])
@pytest.mark.parametrize(("matrices", "heads", "bits"), [(1, 1, 32), (2, 12, 32), (14, 12, 16), (26, 3, 8)])
def test_the_largest_side_is_the_last_that_fits(gigabytes, patch, matrices, heads, bits):
    side = largest_side(gigabytes, patch, matrices=matrices, heads=heads, bits=bits)
    assert side == tried(gigabytes, patch, matrices, heads, bits)
    assert isinstance(side, int)


def test_where_nothing_fits_the_side_is_0():
    assert largest_side(1e-9) == 0


@pytest.mark.parametrize("tokens_a_side", [*range(1, 300, 7), 1000, 2000])
def test_what_fits_exactly_fits(tokens_a_side):
    numbers = tokens_a_side**4
    assert largest_side(4 * numbers / 1e9) == tokens_a_side
    assert largest_side((4 * numbers - 1) / 1e9) == tokens_a_side - 1
