"""The calls that lesson 2's exercises are compared on: no two sizes alike, and scores small enough to see."""

import torch
from torch import Tensor

from course_utils.exercises.registry import Case


def grids(seed: int = 21) -> list[Case]:
    """Return a query and a grid of features, neither square."""
    generator = torch.Generator().manual_seed(seed)
    sizes = [(3, 5, 8), (6, 4, 7)]
    return [Case((_normal(generator, D), _normal(generator, H, W, D))) for H, W, D in sizes]


def queries_and_keys(seed: int = 22) -> list[Case]:
    """Return queries and keys with no, one and two leading axes; those with a mask fit its transpose too."""
    generator = torch.Generator().manual_seed(seed)
    sizes = [((), 5, 7, 4), ((2,), 5, 7, 4), ((2, 3), 6, 5, 8)]
    plain = [Case((_normal(generator, *lead, N, d), _normal(generator, *lead, M, d))) for lead, N, M, d in sizes]
    query, key = _normal(generator, 2, 3, 5, 4), _normal(generator, 2, 3, 5, 4)
    one, keys = _normal(generator, 2, 1, 6), _normal(generator, 2, 7, 6)
    return [
        *plain,
        Case((query, key, _mask(generator, 5, 5)), note="with a mask"),
        Case((query, key, _mask(generator, 2, 3, 5, 5)), note="with a mask of its own for every head"),
        Case((one, keys, _mask(generator, 1, 7)), note="with one query and a mask"),
    ]


def queries_keys_and_values(seed: int = 23) -> list[Case]:
    """Return queries, keys and values; some have as many keys as queries, some have values as wide as keys."""
    generator = torch.Generator().manual_seed(seed)
    sizes = [((), 5, 7, 4, 4), ((2,), 6, 6, 4, 5), ((2, 3), 6, 5, 8, 4)]
    masked = [((2,), 5, 7, 4, 4), ((2, 3), 6, 8, 4, 5)]
    return [
        *[Case(_three(generator, *size)) for size in sizes],
        *[Case((*_three(generator, *size), _mask(generator, *size[1:3])), note="with a mask") for size in masked],
    ]


def numbers_of_tokens() -> list[Case]:
    """Return three lengths, one of them 1."""
    return [Case((5,)), Case((8,)), Case((1,), note="with a single token")]


def lengths_and_widths() -> list[Case]:
    """Return pairs of tokens and an even width."""
    return [Case((7, 12)), Case((9, 6)), Case((4, 10))]


def tokens_and_heads(seed: int = 26) -> list[Case]:
    """Return tokens to be split."""
    generator = torch.Generator().manual_seed(seed)
    return [
        Case((_normal(generator, 2, 5, 12), 3)),
        Case((_normal(generator, 3, 4, 10), 2)),
        Case((_normal(generator, 2, 6, 8), 1), note="with one head"),
    ]


def split_tokens(seed: int = 27) -> list[Case]:
    """Return tokens to be merged."""
    generator = torch.Generator().manual_seed(seed)
    return [
        Case((_normal(generator, 2, 3, 5, 4),)),
        Case((_normal(generator, 3, 2, 4, 5),)),
        Case((_normal(generator, 2, 1, 6, 8),), note="with one head"),
    ]


def attention_modules(seed: int = 29) -> list[Case]:
    """Return tokens for modules of two sizes; those with a mask are as many as images, so that it fits both ways."""
    generator = torch.Generator().manual_seed(seed)
    three, two = {"width": 12, "heads": 3}, {"width": 10, "heads": 2}
    return [
        Case((_normal(generator, 2, 5, 12),), init=three),
        Case((_normal(generator, 3, 7, 10),), init=two),
        Case((_normal(generator, 5, 5, 12), _mask(generator, 5, 5)), init=three, note="with a mask"),
    ]


def blocks() -> list[Case]:
    """Return tokens for blocks, one of them with an eps large enough to be seen."""
    generator = torch.Generator().manual_seed(36)  # of a few, the one whose softmax is flattest
    usual = {"width": 12, "heads": 3}
    other = {"width": 10, "heads": 2, "mlp_ratio": 3, "eps": 0.1}
    return [
        Case((_normal(generator, 2, 5, 12),), init=usual),
        Case((_normal(generator, 3, 7, 10),), init=other, note="with mlp_ratio=3 and eps=0.1"),
        Case((_normal(generator, 2, 5, 12), _mask(generator, 5, 5)), init=usual, note="with a mask"),
    ]


def _three(generator: torch.Generator, lead: tuple, N: int, M: int, d: int, d_v: int) -> tuple:
    return (
        _normal(generator, *lead, N, d),
        _normal(generator, *lead, M, d),
        _normal(generator, *lead, M, d_v),
    )


def _normal(generator: torch.Generator, *shape: int) -> Tensor:
    """With a standard deviation of 0.7, so that scores stay small and no softmax chooses a single key."""
    return (0.7 * torch.randn(*shape, generator=generator, dtype=torch.float64)).requires_grad_()


def _mask(generator: torch.Generator, *shape: int) -> Tensor:
    """Two places of every row are False, at random, the others True: an inverted mask stays a mask."""
    return torch.rand(*shape, generator=generator).argsort(dim=-1) >= 2
