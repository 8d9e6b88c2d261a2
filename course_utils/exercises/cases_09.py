"""The calls that lesson 9's exercises are compared on: N, D and hidden widths that differ, grids that aren't square."""

import torch
from torch import Tensor

from course_utils.exercises.registry import Case

SIZES = (  # side, patch, width, layers, token_hidden, channel_hidden, classes and channels of Mixers
    ((24, 4, 10, 3, 5, 31, 7), {}, "a small one"),
    ((32, 8, 12, 2, 9, 50, 5), {"channels": 1}, "for grey images"),
    ((48, 16, 20, 5, 14, 33, 11), {}, "with five layers"),
    ((28, 7, 64, 4, 32, 256, 10), {"channels": 2}, "with two channels"),
)


def tokens_and_layers(seed: int = 91) -> list[Case]:
    """Return tokens, and the two linear layers of an MLP across them."""
    generator = torch.Generator().manual_seed(seed)
    sizes = ((2, 6, 5, 4, ""), (3, 4, 7, 9, "with three images"), (1, 8, 3, 2, "with one image"))
    return [
        Case((_normal(generator, B, N, D), *_two_layers(generator, N, hidden)), note=note)
        for B, N, D, hidden, note in sizes
    ]


def maps_and_layers() -> list[Case]:
    """Return feature maps that aren't square, and the two linear layers of an MLP across their positions."""
    generator = torch.Generator().manual_seed(92)
    sizes = ((2, 5, 2, 3, 4, ""), (3, 4, 3, 2, 7, "a tall grid"), (1, 2, 2, 4, 3, "with two channels"))
    return [
        Case((_normal(generator, B, C, H, W), *_two_layers(generator, H * W, hidden)), note=note)
        for B, C, H, W, hidden, note in sizes
    ]


def tokens_for_blocks() -> list[Case]:
    """Return tokens, and the sizes of the Mixer blocks that read them."""
    generator = torch.Generator().manual_seed(93)
    sizes = ((2, 6, 10, 4, 15, ""), (3, 9, 4, 12, 7, "with more tokens than channels"))
    return [
        Case(
            (_normal(generator, B, N, D),),
            init={"tokens": N, "width": D, "token_hidden": token_hidden, "channel_hidden": channel_hidden},
            note=note,
        )
        for B, N, D, token_hidden, channel_hidden, note in sizes
    ]


def features_for_gates(seed: int = 94) -> list[Case]:
    """Return features, and the sizes of the gates that read them."""
    generator = torch.Generator().manual_seed(seed)
    sizes = ((2, 6, 10, ""), (3, 9, 4, "with more tokens than channels"))
    return [Case((_normal(generator, B, N, E),), init={"hidden": E, "tokens": N}, note=note) for B, N, E, note in sizes]


def grids(seed: int = 95) -> list[Case]:
    """Return grids of tokens that aren't square."""
    generator = torch.Generator().manual_seed(seed)
    sizes = (
        (2, 3, 5, 8, ""),
        (1, 6, 4, 12, "a tall grid"),
        (3, 4, 6, 4, "with one channel in each group"),
        (1, 2, 3, 7, "with 7 channels"),
    )
    return [Case((_normal(generator, *shape),), note=note) for *shape, note in sizes]


def sizes() -> list[Case]:
    """Return the sizes of small Mixers, as plain numbers."""
    return [Case(numbers, keywords, note=note) for numbers, keywords, note in SIZES]


def _two_layers(generator: torch.Generator, inputs: int, hidden: int) -> tuple[tuple[Tensor, Tensor], ...]:
    """Return weight and bias of a layer from inputs to hidden, and of one back."""
    return (
        (_normal(generator, hidden, inputs), _normal(generator, hidden)),
        (_normal(generator, inputs, hidden), _normal(generator, inputs)),
    )


def _normal(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()
