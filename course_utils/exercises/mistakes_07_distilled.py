"""More mistakes of exercise 7.6: what the model is made of."""

import torch
from torch import nn

from course_utils.exercises.registry import Mistake
from course_utils.models.deit import DistilledViT
from course_utils.models.vit import VisionTransformer


def _made(build):
    """Return a model whose parts are made in another way: `build(self, width, tokens, classes)`."""

    class Made(DistilledViT):
        def __init__(self, *args, **keywords):
            VisionTransformer.__init__(self, *args, **keywords)
            classes, width = self.head.weight.shape
            build(self, width, self.pos_embed.shape[1], classes)

    return Made


def _with_all(self, width, tokens, classes):
    self.dist_token = nn.Parameter(torch.zeros(1, 1, width))
    self.pos_embed = nn.Parameter(torch.zeros(1, tokens + 1, width))
    self.head_dist = nn.Linear(width, classes)


def _not_a_parameter(self, width, tokens, classes):
    _with_all(self, width, tokens, classes)
    del self.dist_token
    self.dist_token = torch.zeros(1, 1, width)


def _positions_not_a_parameter(self, width, tokens, classes):
    _with_all(self, width, tokens, classes)
    del self.pos_embed
    self.pos_embed = torch.randn(1, tokens + 1, width)


def _positions_not_wrapped(self, width, tokens, classes):
    self.pos_embed = torch.randn(1, tokens + 1, width)


def _frozen(self, width, tokens, classes):
    _with_all(self, width, tokens, classes)
    self.dist_token.requires_grad_(False)


def _no_place(self, width, tokens, classes):
    _with_all(self, width, tokens, classes)
    self.pos_embed = nn.Parameter(torch.zeros(1, tokens, width))


def _patches_only(self, width, tokens, classes):
    _with_all(self, width, tokens, classes)
    self.pos_embed = nn.Parameter(torch.zeros(1, tokens - 1, width))


def _one_place_too_many(self, width, tokens, classes):
    _with_all(self, width, tokens, classes)
    self.pos_embed = nn.Parameter(torch.zeros(1, tokens + 2, width))


def _no_head(self, width, tokens, classes):
    _with_all(self, width, tokens, classes)
    del self.head_dist


def _flat_token(self, width, tokens, classes):
    _with_all(self, width, tokens, classes)
    self.dist_token = nn.Parameter(torch.zeros(width))


def _head_without_bias(self, width, tokens, classes):
    _with_all(self, width, tokens, classes)
    self.head_dist = nn.Linear(width, classes, bias=False)


def _own_norm(self, width, tokens, classes):
    _with_all(self, width, tokens, classes)
    self.norm_dist = nn.LayerNorm(width)


def _turned_head(self, width, tokens, classes):
    _with_all(self, width, tokens, classes)
    self.head_dist = nn.Linear(classes, width)


class _ByPlace(DistilledViT):
    def __init__(self, *args, **keywords):
        super().__init__(*args, **keywords)
        self.dist_token = nn.Parameter(torch.zeros(1, 1, args[2]))


class _NotHandedOn(DistilledViT):
    def __init__(self, *args, **keywords):
        super().__init__()


PARTS = (
    Mistake(
        "token-not-a-parameter",
        _made(_not_a_parameter),
        "There is no parameter `dist_token`.",
        "It isn't made, or it is a plain tensor: the optimiser doesn't see that, and it isn't stored with the model.",
        "`self.dist_token = nn.Parameter(...)`, of the class token's shape.",
    ),
    Mistake(
        "positions-not-a-parameter",
        _made(_positions_not_a_parameter),
        "There is no parameter `pos_embed`.",
        "It was deleted, or it is a plain tensor: the optimiser doesn't see that, and it isn't stored with the model.",
        "`self.pos_embed = nn.Parameter(...)`, (1, 2 + N, D).",
    ),
    Mistake(
        "positions-not-wrapped",
        _made(_positions_not_wrapped),
        "A plain tensor is put where the parameter `pos_embed` is.",
        "PyTorch refuses that: the optimiser wouldn't see it any more.",
        "Wrap it: `nn.Parameter(...)`.",
    ),
    Mistake(
        "token-frozen",
        _made(_frozen),
        "`dist_token` doesn't learn.",
        "`requires_grad` is False.",
        "Make it an `nn.Parameter` without `requires_grad=False`.",
    ),
    Mistake(
        "no-position-for-the-new-token",
        _made(_no_place),
        "`pos_embed` is one position too short.",
        "`VisionTransformer` makes 1 + N positions; with a second token there are 2 + N.",
        "Replace it by a longer one: `self.pos_embed = nn.Parameter(...)` of (1, 2 + N, D).",
    ),
    Mistake(
        "positions-for-patches-only",
        _made(_patches_only),
        "`pos_embed` has positions for the patches only.",
        "The two tokens have positions too: 2 + N.",
        "Make it (1, 2 + N, D).",
    ),
    Mistake(
        "one-position-too-many",
        _made(_one_place_too_many),
        "`pos_embed` is one position too long.",
        "`self.pos_embed.shape[1]` counts the class token already.",
        "Add 1 to it, not 2.",
    ),
    Mistake(
        "no-second-head",
        _made(_no_head),
        "There is no `head_dist`.",
        "Each token has a head of its own.",
        "`self.head_dist = nn.Linear(width, classes)`.",
    ),
    Mistake(
        "flat-token",
        _made(_flat_token),
        "`dist_token` has the shape (D,).",
        "It is joined with tokens (B, N, D), and official weights have it as (1, 1, D).",
        "Make it (1, 1, D), as the class token.",
    ),
    Mistake(
        "head-without-bias",
        _made(_head_without_bias),
        "`head_dist` has no bias.",
        "It is made like `head`, which has one.",
        "Leave `bias=False` out.",
    ),
    Mistake(
        "turned-head",
        _made(_turned_head),
        "`head_dist` leads from the classes to the width.",
        "A linear layer's weight is (outputs, inputs): `self.head.weight.shape` is (classes, D).",
        "`nn.Linear(width, classes)`.",
    ),
    Mistake(
        "own-norm",
        _made(_own_norm),
        "There is a second norm.",
        "Both tokens go through the one norm that `VisionTransformer` has.",
        "Use `self.norm` for both.",
    ),
    Mistake(
        "arguments-by-place",
        _ByPlace,
        "The constructor looks for the width in `args`.",
        "Whoever writes `width=64` puts it into `keywords`, and `args` is empty.",
        "Read the sizes off what `super().__init__(*args, **keywords)` has made: `self.head.weight.shape`.",
    ),
    Mistake(
        "arguments-not-handed-on",
        _NotHandedOn,
        "`super().__init__()` is called without the arguments.",
        "`VisionTransformer` has to know the sizes.",
        "Call `super().__init__(*args, **keywords)`.",
    ),
)
