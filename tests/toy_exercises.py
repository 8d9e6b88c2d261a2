"""Small exercises of an invented lesson 99, for the tests of the engine.

A lesson made for a test registers them in its kernel: `import toy_exercises; toy_exercises.register()`.
"""

import torch
from torch import nn

from course_utils.exercises import registry
from course_utils.exercises.registry import Case, Exercise, Mistake


def weighted(query, key, value, mask=None):
    """Average the values (B, M, E) with softmax weights of (B, N, D) queries and (B, M, D) keys."""
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return scores.softmax(dim=-1) @ value


def weighted_no_scale(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return scores.softmax(dim=-1) @ value


def weighted_no_mask(query, key, value, mask=None):
    return weighted(query, key, value)


def weighted_detached(query, key, value, mask=None):
    return weighted(query, key.detach(), value, mask)


def weighted_transposed(query, key, value, mask=None):
    return weighted(query, key, value, mask).transpose(-2, -1)


def weighted_no_transpose(query, key, value, mask=None):
    return (query @ key).softmax(dim=-1) @ value


def weighted_in_place(query, key, value, mask=None):
    query /= query.shape[-1] ** 0.5
    scores = query @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return scores.softmax(dim=-1) @ value


def weighted_fused(query, key, value, mask=None):
    return nn.functional.scaled_dot_product_attention(query, key, value, mask)


def weighted_by_einsum(query, key, value, mask=None):
    scores = torch.einsum("bnd,bmd->bnm", query, key) / torch.tensor(query.shape[-1]).sqrt()
    if mask is not None:
        scores = scores + torch.zeros(mask.shape).masked_fill(mask.logical_not(), -torch.inf)
    weights = (scores - scores.amax(-1, keepdim=True).detach()).exp()
    return (weights / weights.sum(-1, keepdim=True)) @ value


def weighted_cases():
    generator = torch.Generator().manual_seed(0)

    def normal(*shape):
        return torch.randn(*shape, generator=generator).requires_grad_()

    mask = torch.ones(2, 5, 6).tril().bool()
    inputs = [(normal(2, 5, 4), normal(2, 6, 4), normal(2, 6, 3)) for _ in range(2)]
    return [Case(inputs[0]), Case(inputs[1], {"mask": mask}, note="with a mask")]


def told(name, wrong):
    return Mistake(name, wrong, f"{name}: what", f"{name}: why", f"{name}: remedy")


WEIGHTED = Exercise(
    "99.1",
    weighted,
    weighted_cases,
    (
        told("no-scale", weighted_no_scale),
        told("no-mask", weighted_no_mask),
        told("detached", weighted_detached),
        told("transposed", weighted_transposed),
        told("no-transpose", weighted_no_transpose),
        told("in-place", weighted_in_place),
    ),
    ("look at the shapes", "divide by the root of the width"),
    5,
    2,
    (weighted_fused, weighted_by_einsum),
)


class Mixer(nn.Module):
    """Normalise (B, N, D), mix the tokens, add."""

    def __init__(self, tokens, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mix = nn.Linear(tokens, tokens)
        self.register_buffer("shift", torch.zeros(width))
        self.register_buffer("order", torch.arange(tokens))

    def forward(self, tokens):
        mixed = self.mix(self.norm(tokens + self.shift).transpose(1, 2)).transpose(1, 2)
        return tokens + mixed


class MixerNoNorm(Mixer):
    def forward(self, tokens):
        return tokens + self.mix((tokens + self.shift).transpose(1, 2)).transpose(1, 2)


class MixerNoResidual(Mixer):
    def forward(self, tokens):
        return super().forward(tokens) - tokens


class MixerMisnamed(nn.Module):
    def __init__(self, tokens, width):
        super().__init__()
        self.linear = nn.Linear(tokens, tokens)

    def forward(self, tokens):
        return tokens


class MixerByHand(nn.Module):
    """The same without LayerNorm and Linear: only names and shapes of the parameters count."""

    def __init__(self, tokens, width):
        super().__init__()
        self.norm, self.mix = nn.Module(), nn.Module()
        self.norm.weight, self.norm.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))
        self.mix.weight, self.mix.bias = nn.Parameter(torch.zeros(tokens, tokens)), nn.Parameter(torch.zeros(tokens))
        self.register_buffer("shift", torch.zeros(width))
        self.register_buffer("order", torch.arange(tokens))

    def forward(self, tokens):
        x = tokens + self.shift
        x = (x - x.mean(-1, keepdim=True)) / (x.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()
        x = x * self.norm.weight + self.norm.bias
        return tokens + torch.einsum("bnd,mn->bmd", x, self.mix.weight) + self.mix.bias[:, None]


class MixerFunctional(Mixer):
    def __init__(self, tokens, width):
        super().__init__(tokens, width)

    def forward(self, tokens):
        x = nn.functional.layer_norm(tokens + self.shift, self.shift.shape, self.norm.weight, self.norm.bias)
        return (x.mT @ self.mix.weight.mT + self.mix.bias).mT + tokens


def mixer_cases():
    generator = torch.Generator().manual_seed(0)
    return [
        Case((torch.randn(2, n, d, generator=generator).requires_grad_(),), init={"tokens": n, "width": d})
        for n, d in ((5, 4), (3, 7))
    ]


MIXER = Exercise(
    "99.2",
    Mixer,
    mixer_cases,
    (told("no-norm", MixerNoNorm), told("no-residual", MixerNoResidual), told("misnamed", MixerMisnamed)),
    ("first normalise",),
    10,
    3,
    (MixerByHand, MixerFunctional),
)


def summary(image, sides):
    """Return the mean of an image (H, W), a dict of its row and column means, and its number of pixels."""
    if sides < 1:
        raise ValueError(f"sides {sides} is not positive")
    return image.mean(), {"rows": image.mean(1), "columns": image.mean(0)}, image.shape[0] * image.shape[1]


def summary_swapped(image, sides):
    if sides < 1:
        raise ValueError(f"sides {sides} is not positive")
    return image.mean(), {"rows": image.mean(0), "columns": image.mean(1)}, image.shape[0] * image.shape[1]


def summary_unchecked(image, sides):
    return image.mean(), {"rows": image.mean(1), "columns": image.mean(0)}, image.shape[0] * image.shape[1]


def summary_by_sums(image, sides):
    if sides <= 0:
        raise ValueError("no")
    height, width = image.shape
    means = {"columns": image.sum(0) / height, "rows": image.sum(1) / width}
    return image.sum() / image.numel(), means, image.numel()


def summary_by_loops(image, sides):
    if not sides > 0:
        raise ValueError
    rows = torch.stack([row.mean() for row in image])
    return rows.mean(), {"rows": rows, "columns": torch.stack([c.mean() for c in image.T])}, image.numel()


SUMMARY = Exercise(
    "99.3",
    summary,
    lambda: [Case((torch.arange(12.0).view(3, 4) ** 0.5, 1)), Case((torch.ones(2, 2), 0), note="no sides")],
    (told("swapped", summary_swapped), told("unchecked", summary_unchecked)),
    (),
    5,
    1,
    (summary_by_sums, summary_by_loops),
    differentiable=False,
)

EXERCISES = (WEIGHTED, MIXER, SUMMARY)


def register(replace=setattr):
    """Put them in the place of the course's exercises; `replace` may be monkeypatch.setattr."""
    replace(registry, "lesson_exercises", lambda lesson: EXERCISES if lesson == 99 else ())
    replace(registry, "lesson_numbers", lambda: [99])
