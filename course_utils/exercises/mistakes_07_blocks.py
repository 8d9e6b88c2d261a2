"""More mistakes of exercise 7.6: which tokens the blocks read."""

import torch

from course_utils.exercises.mistakes_07_heads import changed
from course_utils.exercises.registry import Mistake
from course_utils.models.vit import VisionTransformer


def _tokens(order, positions=lambda self: self.pos_embed):
    """Return a model whose blocks read other tokens, `order(cls, dist, patches)`."""

    def tokens(self, images):
        patches = self.patch_embed(images)
        first = [token.expand(len(images), -1, -1) for token in (self.cls_token, self.dist_token)]
        return torch.cat(order(*first, patches), dim=1) + positions(self)

    return changed(tokens=tokens)


def _once_more(self, images):
    tokens = self.tokens(images)
    for block in self.blocks:
        tokens = block(tokens + self.pos_embed)
    return tokens


def _first_block_only(self, images):
    return self.blocks[0](self.tokens(images))


BLOCKS = (
    Mistake(
        "tokens-not-replaced",
        changed(tokens=VisionTransformer.tokens),
        "The model's tokens are still those of `VisionTransformer`.",
        "It puts one token in front, and the positions are for two.",
        "Define `tokens` too, with `with_two_tokens`.",
    ),
    Mistake(
        "tokens-swapped",
        _tokens(lambda cls, dist, patches: [dist, cls, patches]),
        "The two tokens have changed places in front of the patches.",
        "The heads look for them by their numbers: 0 is the class token, 1 the distillation token.",
        "Give `with_two_tokens` the class token first.",
    ),
    Mistake(
        "tokens-behind",
        _tokens(lambda cls, dist, patches: [patches, cls, dist]),
        "The two tokens stand behind the patches.",
        "The heads look for them in front.",
        "Use `with_two_tokens`.",
    ),
    Mistake(
        "class-token-twice",
        _tokens(lambda cls, dist, patches: [cls, cls, patches]),
        "The class token stands there twice, the distillation token not at all.",
        "`dist_token` would never learn.",
        "Give `with_two_tokens` `self.cls_token` and `self.dist_token`.",
    ),
    Mistake(
        "no-positions",
        _tokens(lambda cls, dist, patches: [cls, dist, patches], lambda self: 0),
        "The positions aren't added.",
        "Without them attention doesn't know where a patch is.",
        "Use `with_two_tokens`, which adds them.",
    ),
    Mistake(
        "positions-twice",
        _tokens(lambda cls, dist, patches: [cls, dist, patches], lambda self: 2 * self.pos_embed),
        "The positions are added twice.",
        "`with_two_tokens` adds them already.",
        "Return what it returns.",
    ),
    Mistake(
        "positions-in-every-block",
        changed(encode=_once_more),
        "The positions are added in front of every block.",
        "They belong to the input of the first one; the residual carries them on.",
        "Use `self.encode`, which only needs `tokens`.",
    ),
    Mistake(
        "first-block-only",
        changed(encode=_first_block_only),
        "Only the first block is used.",
        "`self.blocks` has several.",
        "Use `self.encode(images)`: it goes through all of them.",
    ),
)
