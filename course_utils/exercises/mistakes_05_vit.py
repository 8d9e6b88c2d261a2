"""The usual mistakes of exercise 5.2: the Vision Transformer."""

import torch
from torch import nn

from course_utils.exercises.registry import Mistake
from course_utils.models.vit import VisionTransformer


class InSteps(VisionTransformer):
    """The model in steps, so that a mistake can replace one of them."""

    def read(self, tokens):
        """Return what the classifier reads."""
        return tokens[:, 0]

    def finish(self, tokens):
        """Return the logits."""
        return self.head(self.norm(self.read(tokens)))

    def forward(self, images):
        """Return the logits of images."""
        return self.finish(self.encode(images))


def _changed(**methods):
    """Return a ViT of which some methods compute something else."""
    return type("VisionTransformer", (InSteps,), methods)


def _joined(self, images):
    patches = self.patch_embed(images)
    return torch.cat([self.cls_token.expand(len(images), -1, -1), patches], dim=1)


def _class_last(self, images):
    patches = self.patch_embed(images)
    return torch.cat([patches, self.cls_token.expand(len(images), -1, -1)], dim=1) + self.pos_embed


def _patches_only(self, images):
    patches = self.patch_embed(images) + self.pos_embed[:, 1:]
    return torch.cat([self.cls_token.expand(len(images), -1, -1), patches], dim=1)


def _positions_in_every_block(self, images):
    tokens = _joined(self, images)
    for block in self.blocks:
        tokens = block(tokens + self.pos_embed)
    return tokens


def _norm_in_front(self, images):
    tokens = self.norm(self.tokens(images))
    for block in self.blocks:
        tokens = block(tokens)
    return tokens


def _first_block_only(self, images):
    return self.blocks[0](self.tokens(images))


def _first_block_again(self, images):
    tokens = self.tokens(images)
    for _ in self.blocks:
        tokens = self.blocks[0](tokens)
    return tokens


def _blocks_backwards(self, images):
    tokens = self.tokens(images)
    for block in reversed(self.blocks):
        tokens = block(tokens)
    return tokens


def _blocks_not_chained(self, images):
    tokens = self.tokens(images)
    for block in self.blocks:
        after = block(tokens)
    return after


def _blocks_added(self, images):
    tokens = self.tokens(images)
    for block in self.blocks:
        tokens = tokens + block(tokens)
    return tokens


def _softmax(self, tokens):
    return self.head(self.norm(tokens[:, 0])).softmax(dim=-1)


MODEL = (
    Mistake(
        "no-last-norm",
        _changed(finish=lambda self, tokens: self.head(self.read(tokens))),
        "The norm behind the last block is missing.",
        "Pre-norm blocks add to their input and never normalise the sum.",
        "Apply `self.norm` before the head.",
    ),
    Mistake(
        "last-token",
        _changed(read=lambda self, tokens: tokens[:, -1]),
        "The last token is classified.",
        "The last token is a patch, the one in the lower right corner.",
        "Take token 0, the class token: `tokens[:, 0]`.",
    ),
    Mistake(
        "second-token",
        _changed(read=lambda self, tokens: tokens[:, 1]),
        "Token 1 is classified, the first patch.",
        "Counting starts at 0, and the class token stands in front.",
        "Take `tokens[:, 0]`.",
    ),
    Mistake(
        "mean-of-all",
        _changed(read=lambda self, tokens: tokens.mean(dim=1), finish=lambda self, t: self.head(self.norm(t).mean(1))),
        "The mean of all tokens is classified.",
        "Mean pooling works too, but then nobody needs a class token.",
        "Take token 0 of what the last block returns.",
    ),
    Mistake(
        "mean-of-the-patches",
        _changed(finish=lambda self, tokens: self.head(self.norm(tokens[:, 1:]).mean(dim=1))),
        "The mean of the patches is classified, and the class token left out.",
        "Mean pooling works too, but this model has a class token to collect what the classifier needs.",
        "Take token 0 of what the last block returns.",
    ),
    Mistake(
        "norm-in-front",
        _changed(encode=_norm_in_front, finish=lambda self, tokens: self.head(self.read(tokens))),
        "The last norm is applied in front of the blocks.",
        "Each block normalises what it reads by itself; what nobody normalises is the sum behind the last one.",
        "Apply `self.norm` behind the loop.",
    ),
    Mistake(
        "head-before-norm",
        _changed(
            finish=lambda self, tokens: nn.functional.layer_norm(
                self.head(self.read(tokens)), (self.head.out_features,)
            )
        ),
        "The logits are normalised instead of the class token.",
        "Norm and head have changed places, so the logits' size says nothing any more.",
        "First the norm, then the head.",
    ),
    Mistake(
        "softmax",
        _changed(finish=_softmax),
        "Probabilities come back instead of logits.",
        "`cross_entropy` brings its own softmax; applying it twice flattens the gradient.",
        "Return what the head returns.",
    ),
    Mistake(
        "all-tokens",
        _changed(finish=lambda self, tokens: self.head(self.norm(tokens))),
        "Every token is classified.",
        "The head was applied to all 1 + N tokens, so there are logits for each.",
        "Take token 0 first.",
    ),
    Mistake(
        "no-positions",
        _changed(tokens=_joined),
        "The positions are never added.",
        "Then a picture is a set of patches: shuffled, it would be the same.",
        "Use `with_class_token`, which adds `pos_embed`.",
    ),
    Mistake(
        "class-last",
        _changed(tokens=_class_last),
        "The class token is put behind the patches, and token 0 is a patch.",
        "The order in `torch.cat` decides.",
        "Use `with_class_token`, which puts it in front.",
    ),
    Mistake(
        "no-position-for-the-class",
        _changed(tokens=_patches_only),
        "The class token gets no position.",
        "The positions are added to the patches before the class token is put in front of them.",
        "Use `with_class_token`: join first, then add.",
    ),
    Mistake(
        "positions-in-every-block",
        _changed(encode=_positions_in_every_block),
        "The positions are added again in front of every block.",
        "The addition stands inside the loop.",
        "Add them once, in front of the loop: the residuals carry them on.",
    ),
    Mistake(
        "first-block-only",
        _changed(encode=_first_block_only),
        "Only the first block is used.",
        "The loop ends too early, or there is none.",
        "Send the tokens through all of `self.blocks`.",
    ),
    Mistake(
        "first-block-again",
        _changed(encode=_first_block_again),
        "The first block is used again and again.",
        "The loop runs over the layers, but always calls block 0.",
        "Call each block of `self.blocks` once.",
    ),
    Mistake(
        "backwards",
        _changed(encode=_blocks_backwards),
        "The blocks are used from the last to the first.",
        "They don't commute: what one has computed is what the next one reads.",
        "Loop over `self.blocks` in their order.",
    ),
    Mistake(
        "not-chained",
        _changed(encode=_blocks_not_chained),
        "Every block reads the first block's input.",
        "The loop's result is overwritten instead of handed on.",
        "Write `tokens = block(tokens)` in the loop.",
    ),
    Mistake(
        "added-twice",
        _changed(encode=_blocks_added),
        "The tokens are added to what each block returns.",
        "A block adds its input itself: the residuals are inside.",
        "Write `tokens = block(tokens)`.",
    ),
)
