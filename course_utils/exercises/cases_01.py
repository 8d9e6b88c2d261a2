"""The calls that lesson 1's exercises are compared on. Numbers are compared with the largest of their case.

So each case holds numbers of similar size: an error in subnormal numbers can't hide behind large ones.
"""

import math

import torch
from torch import Tensor

from course_utils.exercises.registry import Case
from course_utils.floats import FORMATS


def chips() -> list[Case]:
    """Return real GPUs: ordinary cores of two, and tensor cores, which do more than one multiply-add."""
    return [
        Case((108, 64, 1.41e9), note="an A100's FP32 cores"),
        Case((68, 128, 1.71e9), note="an RTX 3080's"),
        Case((132, 4, 1.83e9), {"flop_per_core": 1024}, note="an H100's tensor cores, 1024 FLOP a tick"),
    ]


def products() -> list[Case]:
    """Return products of matrices, no two sides alike."""
    return [Case((4, 16, 8), note="a tensor core's product"), Case((3, 5, 7)), Case((197, 768, 3072))]


def layers() -> list[Case]:
    """Return work that waits for arithmetic, for memory, and for memory with next to no arithmetic."""
    return [
        Case((4e12, 1e9, 2e13, 1.5e12), note="much arithmetic"),
        Case((1e9, 6e9, 2e13, 1.5e12), note="much to move"),
        Case((3e10, 4e9, 1e12, 2e11), note="a smaller chip"),
        Case((2.0, 8e9, 2e13, 1.5e12), note="hardly any arithmetic"),
    ]


def patterns() -> list[Case]:
    """Return all patterns of two small formats, and of two larger ones those that have rules of their own."""
    fp16 = torch.tensor(
        [[0x0000, 0x0001, 0x0002, 0x03FF], [0x0400, 0x0401, 0x8001, 0x83FF], [0x7C00, 0xFC00, 0x7C01, 0xFE00]]
    )
    bf16 = torch.tensor([[0x3F80, 0x4049, 0xC000, 0x3F01], [0x7F80, 0xFF80, 0x7FC0, 0xFF81]])
    return [
        Case((torch.arange(64), 3, 2), note="all patterns with 3 and 2 bits"),
        Case((torch.arange(256), 4, 3), note="all patterns with 4 and 3 bits"),
        Case((fp16, 5, 10), note="FP16's smallest numbers"),
        Case((bf16, 8, 7), note="BF16"),
    ]


def values_to_round() -> list[Case]:
    """Return ties, subnormal numbers, both sides of the largest number, and others, in three formats."""
    generator = torch.Generator().manual_seed(15)
    ties = torch.tensor([1 + 1 / 16, 1 + 3 / 16, 1 + 13 / 16, 2.125, 6.25, 17.0, 19.0, 0.0], dtype=torch.float64)
    subnormal = torch.arange(-27, 28).double().view(5, 11) * 0.45 * 2.0**-9
    tiny = torch.tensor([0.3, 0.5, 0.7, 1.0, 1.5, -1.4, 2.5, -3.3, 6.5, -7.9], dtype=torch.float64) * 2.0**-24
    largest = torch.tensor([[240, 241, 247.9], [248, 249, 9999], [-247, -248, -1e9]], dtype=torch.float64)
    fp16 = torch.tensor([65504, 65519.9, 65520, -65505, -65519, -65521, 3e5, 50001], dtype=torch.float64)
    sizes = 2.0 ** torch.randint(-3, 4, (3, 40), generator=generator).double()
    return [
        Case((torch.stack([ties, -ties]), 4, 3), note="ties, 4 and 3 bits"),
        Case((subnormal, 4, 3), note="subnormal numbers, 4 and 3 bits"),
        Case((largest, 4, 3), note="around the largest number, 4 and 3 bits"),
        Case((_normal(generator, 3, 40) * sizes, 5, 10), note="FP16"),
        Case((tiny, 5, 10), note="FP16's subnormal numbers"),
        Case((fp16, 5, 10), note="around FP16's largest number"),
        Case(((_normal(generator, 2, 50) * 100).float(), 8, 7), note="BF16, given in FP32"),
    ]


def vectors() -> list[Case]:
    """Return pairs of vectors, with totals wider and narrower than the inputs."""
    generator = torch.Generator().manual_seed(16)
    a, b = 0.1 + torch.rand(2, 2, 3, 120, generator=generator, dtype=torch.float64)
    c, d = _normal(generator, 2, 2, 60)
    return [
        Case((a, b, FORMATS["FP16"], FORMATS["FP32"]), note="FP16 added up in FP32"),
        Case((a, b, FORMATS["FP8 E4M3"], FORMATS["BF16"]), note="FP8 E4M3 added up in BF16"),
        Case((c, d, FORMATS["BF16"], FORMATS["FP16"]), note="BF16 added up in FP16"),
        Case((c[0], d[0], FORMATS["FP32"], FORMATS["FP8 E5M2"]), note="FP32 added up in FP8 E5M2"),
    ]


def scores(seed: int = 17) -> list[Case]:
    """Return rows of scores: small, at very different levels, far apart within a row, and with masked ones."""
    generator = torch.Generator().manual_seed(seed)
    small, masked = _normal(generator, 3, 4), _normal(generator, 2, 3, 5)
    levels = _normal(generator, 2, 3, 5) + torch.tensor([2000.0, 0.0, -2000.0], dtype=torch.float64)[:, None]
    apart = torch.tensor([[600, 599.3, -400, -401], [-500, 450.2, 449.9, 451]], dtype=torch.float64)
    further = torch.tensor([[2000, 1999.3, -2000], [-1999, 1999.5, 2000]], dtype=torch.float64)
    masked[0, 1, 2] = masked[1, 2, :2] = -math.inf
    return [
        Case((small.requires_grad_(),), note="small scores"),
        Case((levels,), note="rows at 2000, 0 and -2000"),  # a wrong answer is flat there: no gradients
        Case((apart,), note="1000 from each other"),
        Case((further,), note="4000 from each other"),
        Case((masked.requires_grad_(),), note="with masked scores"),
    ]


def gradients() -> list[Case]:
    """Return gradients that are to be clipped, that are short enough, and that overflowed in three ways."""
    generator = torch.Generator().manual_seed(18)
    shapes = [(3, 4), (5,), (2, 1, 3)]
    long, short, shorter, tiny = ([_normal(generator, *shape) for shape in shapes] for _ in range(4))
    infinite = [_normal(generator, 2, 2), torch.tensor([1.0, -math.inf], dtype=torch.float64)]
    missing = [torch.tensor([[1.0], [math.nan]], dtype=torch.float64), _normal(generator, 4)]
    return [
        Case(([1024 * g for g in long], 1024.0, 1.5), note="long ones"),
        Case(([20 * g for g in short], 256.0, 2.5), note="short ones"),
        Case((shorter, 4.0, 50.0), note="short ones, even before they are unscaled"),
        Case(([g * 1e-3 for g in tiny], 64.0, 2e-5), note="tiny ones, but too long"),
        Case((infinite, 16.0, 1.0), note="one is infinite"),
        Case((missing, 16.0, 1.0), note="one is NaN"),
    ]


def noisy() -> list[Case]:
    """Return numbers of both signs and several sizes, then some that need no rounding, each with its noise."""
    generator = torch.Generator().manual_seed(19)
    sizes = 2.0 ** torch.randint(-3, 4, (4, 30), generator=generator).double()
    values, exact = _normal(generator, 4, 30) * sizes, torch.tensor([0, 1, -1, 0.5, 3, -12], dtype=torch.float64)
    noise = torch.rand(3, 4, 30, generator=generator, dtype=torch.float64)
    return [
        Case((values, 7, noise[0]), note="BF16's mantissa"),
        Case((values[0], 2, noise[1, 0]), note="two mantissa bits"),
        Case((exact, 7, noise[2, 0, :6]), note="numbers that need no rounding"),
    ]


def _normal(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64)
