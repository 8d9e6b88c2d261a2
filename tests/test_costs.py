"""What training keeps in memory, to the byte."""

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.costs import saved_bytes
from course_utils.models.attention import MultiHeadAttention, attention


def test_a_product_keeps_its_two_factors():
    assert saved_bytes(torch.mul, torch.zeros(10), torch.zeros(10)) == 2 * 40


def test_what_is_kept_twice_counts_once():
    assert saved_bytes(lambda x: x * x + x.sin(), torch.zeros(10)) == 40


def test_a_sum_keeps_nothing():
    assert saved_bytes(lambda x: (x + 1).sum(), torch.zeros(10)) == 0


def test_parameters_of_a_module_are_left_out():
    assert saved_bytes(nn.Linear(10, 5), torch.zeros(3, 10)) == 3 * 10 * 4


def test_written_out_attention_keeps_the_square_and_the_kernel_does_not():
    small, large = (torch.zeros(3, 1, 1, n, 8, dtype=torch.float64) for n in (64, 128))
    square = 8 * (128**2 - 64**2)
    written_out = saved_bytes(attention, *large) - saved_bytes(attention, *small)
    assert square < written_out < 1.2 * square
    fused = saved_bytes(F.scaled_dot_product_attention, *large)
    assert fused < 0.5 * 8 * 128**2


def test_inputs_and_gradient_mode_are_left_alone():
    tokens = torch.zeros(1, 4, 8)
    with torch.no_grad():
        assert saved_bytes(MultiHeadAttention(8, 2), tokens) > 0
        assert not torch.is_grad_enabled()
    assert not tokens.requires_grad
