"""What the answers to lesson 1's exercises are called with: sizes that differ, ties, both ends of each format."""

import torch
from torch import Tensor

from course_utils.exercises.registry import Case
from course_utils.floats import FORMATS


def _normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _uniform(*shape: int, seed: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def chips() -> list[Case]:
    """Real GPUs, and cores that do more than one multiply-add."""
    return [
        Case((108, 64, 1.41e9), note="an A100's FP32 cores"),
        Case((68, 128, 1.71e9), note="another GPU"),
        Case((132, 4, 1.83e9), {"flop_per_core": 1024}, note="tensor cores, 1024 FLOP a tick"),
    ]


def products() -> list[Case]:
    """Matrices with three different sides."""
    return [Case((4, 16, 8), note="a tensor core's product"), Case((3, 5, 7)), Case((197, 768, 3072))]


def layers() -> list[Case]:
    """Bound by arithmetic, bound by memory, and far from both."""
    return [
        Case((4e12, 1e9, 2e13, 1.5e12), note="much arithmetic"),
        Case((1e9, 6e9, 2e13, 1.5e12), note="much memory"),
        Case((3e10, 4e9, 1e12, 2e11), note="a smaller chip"),
    ]


def patterns() -> list[Case]:
    """Every pattern of two small formats, and a table of FP16's."""
    table = torch.tensor([[0, 1, 1023, 1024], [15360, 16968, 31743, 31744], [31745, 32768, 33000, 64512]])
    return [
        Case((torch.arange(64), 3, 2), note="all patterns of 3 + 2 bits"),
        Case((torch.arange(256), 5, 2), note="all patterns of FP8 E5M2"),
        Case((table, 5, 10), note="FP16"),
    ]


def values_to_round() -> list[Case]:
    """Ties, subnormals, and what overflows, in three formats."""
    ties = torch.tensor([1.125, 1.375, 2.25, 2.75, -1.125, -1.375, -4.5, -5.5, 0.0])
    ends = torch.tensor([[65503.9, 65504.0, 65519.0, 65520.0], [-65519.9, -65521.0, 1e9, -1e9]])
    small = torch.tensor([2.0**-24, 1.4 * 2.0**-24, 2.0**-25, 2.6e-7, -3.3e-7, 7.1e-7, 9.9e-8])
    return [
        Case((ties, 5, 2), note="ties, in FP8 E5M2"),
        Case((_normal(3, 40, seed=0) * 2.0 ** _normal(3, 40, seed=1).mul(8).round(), 5, 10), note="FP16"),
        Case((small, 5, 10), note="small numbers, in FP16"),
        Case((_normal(2, 50, seed=2) * 100, 8, 7), note="BF16"),
        Case((ends, 5, 10), note="large numbers, in FP16"),
    ]


def vectors() -> list[Case]:
    """Sums that are long enough to go wrong, with every format once as the narrower one."""
    a, b = _uniform(2, 3, 300, seed=0) + 0.1
    c, d = _normal(2, 2, 2, 60, seed=1)
    return [
        Case((a, b, FORMATS["FP16"], FORMATS["FP32"]), note="FP16 added up in FP32"),
        Case((a, b, FORMATS["FP8 E4M3"], FORMATS["BF16"]), note="FP8 added up in BF16"),
        Case((c, d, FORMATS["BF16"], FORMATS["FP16"]), note="BF16 added up in FP16"),
        Case((c[0, 0], d[0, 0], FORMATS["FP32"], FORMATS["FP8 E5M2"]), note="FP32 added up in FP8"),
    ]


def scores() -> list[Case]:
    """Small scores, very large ones, rows of very different size, and a masked one."""
    rows = _normal(3, 4, seed=0)
    masked = rows.clone()
    masked[1, 2] = -torch.inf
    return [
        Case((rows.clone().requires_grad_(),), note="small scores"),
        Case((_normal(2, 3, 5, seed=1) * 2 + torch.tensor([2000.0, -2000.0, 0.0])[:, None],), note="large scores"),
        Case((masked,), note="a masked score"),
        Case((torch.tensor([[-1000.0, 0.0, 1000.0, 1001.0], [3.0, -900.0, 2.0, 1.0]]),), note="very different scores"),
    ]


def gradients() -> list[Case]:
    """Gradients that are clipped, that are short enough, and that overflowed."""
    long = [_normal(3, 4, seed=0) * 1024, _normal(5, seed=1) * 3000]
    short = [_normal(3, 4, seed=2) * 10, _normal(5, seed=3) * 7]
    tiny = [_normal(3, 4, seed=6) / 100, _normal(5, seed=7) / 100]
    infinite = [_normal(2, 2, seed=4), torch.tensor([1.0, torch.inf])]
    missing = [torch.tensor([[1.0], [torch.nan]]), _normal(4, seed=5)]
    return [
        Case((long, 1024.0, 1.5), note="long ones"),
        Case((short, 256.0, 2.5), note="short ones"),
        Case((tiny, 4.0, 2.5), note="tiny ones"),
        Case((infinite, 16.0, 1.0), note="one is infinite"),
        Case((missing, 16.0, 1.0), note="one is NaN"),
    ]


def noisy() -> list[Case]:
    """Numbers of both signs and all sizes, with zeros and powers of two."""
    plain = _normal(4, 30, seed=0) * 2.0 ** _normal(4, 30, seed=1).mul(5).round()
    exact = torch.tensor([0.0, 1.0, -1.0, 0.5, 3.0, -4096.0])
    return [
        Case((plain, 7, _uniform(4, 30, seed=2)), note="BF16's mantissa"),
        Case((plain[0], 2, _uniform(30, seed=3)), note="two mantissa bits"),
        Case((exact, 7, _uniform(6, seed=4)), note="exact numbers"),
    ]
