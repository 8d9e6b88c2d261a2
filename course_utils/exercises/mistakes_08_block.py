"""The usual mistakes of exercise 8.6: the Swin block."""

from course_utils.exercises.mistakes_08_shifted import SHIFTED, changed
from course_utils.exercises.registry import Mistake
from course_utils.models.attention import MLP
from course_utils.models.swin import SwinBlock
from course_utils.models.swin_v2 import SwinV2Block


def _narrow_mlp(self, width, heads, window, shift, relative_bias=True):
    SwinBlock.__init__(self, width, heads, window, shift, relative_bias)
    self.mlp = MLP(width, width)


def _attention_not_added(self, tokens):
    tokens = self.attention(self.norm1(tokens))
    return tokens + self.mlp(self.norm2(tokens))


def _mlp_not_added(self, tokens):
    tokens = tokens + self.attention(self.norm1(tokens))
    return self.mlp(self.norm2(tokens))


def _nothing_added(self, tokens):
    return self.mlp(self.norm2(self.attention(self.norm1(tokens))))


def _post_norm(self, tokens):
    tokens = self.norm1(tokens + self.attention(tokens))
    return self.norm2(tokens + self.mlp(tokens))


def _norm1_twice(self, tokens):
    tokens = tokens + self.attention(self.norm1(tokens))
    return tokens + self.mlp(self.norm1(tokens))


def _shared_norm(self, width, heads, window, shift, relative_bias=True):
    SwinBlock.__init__(self, width, heads, window, shift, relative_bias)
    self.norm2 = self.norm1


def _attention_twice(self, tokens):
    tokens = tokens + self.attention(self.norm1(tokens))
    return tokens + self.attention(self.norm2(tokens))


def _attended_not_kept(self, tokens):
    return tokens + self.mlp(self.norm2(tokens + self.attention(self.norm1(tokens))))


def _mlp_without_norm(self, tokens):
    tokens = tokens + self.attention(self.norm1(tokens))
    return tokens + self.mlp(tokens)


def _attention_without_norm(self, tokens):
    tokens = tokens + self.attention(tokens)
    return tokens + self.mlp(self.norm2(tokens))


def _normed_added(self, tokens):
    tokens = self.norm1(tokens)
    tokens = self.norm2(tokens + self.attention(tokens))
    return tokens + self.mlp(tokens)


def _mlp_first(self, tokens):
    tokens = tokens + self.mlp(self.norm2(tokens))
    return tokens + self.attention(self.norm1(tokens))


def _in_parallel(self, tokens):
    return tokens + self.attention(self.norm1(tokens)) + self.mlp(self.norm2(tokens))


BLOCK = (
    *SHIFTED,
    Mistake(
        "narrow-mlp",
        changed(__init__=_narrow_mlp),
        "The MLP's hidden layer is as wide as a token.",
        "`MLP` wants two widths, and the second isn't the width of what comes out.",
        "Make the hidden layer 4 times as wide.",
    ),
    Mistake(
        "attention-not-added",
        changed(forward=_attention_not_added),
        "What attention returns replaces the tokens.",
        "The first sum is missing.",
        "Add the tokens from before the first norm.",
    ),
    Mistake(
        "mlp-not-added",
        changed(forward=_mlp_not_added),
        "What the MLP returns replaces the tokens.",
        "The second sum is missing.",
        "Add the tokens from before the second norm.",
    ),
    Mistake(
        "attended-not-kept",
        changed(forward=_attended_not_kept),
        "What attention found goes into the MLP, but isn't in the last sum.",
        "That sum adds the block's own input, from before attention.",
        "Keep the first sum under a name: it is read by the second norm, and added to at the end.",
    ),
    Mistake(
        "nothing-added",
        changed(forward=_nothing_added),
        "Neither attention nor the MLP is a residual.",
        "Both sums are missing.",
        "Add what each returns to the tokens that were there before its norm.",
    ),
    Mistake(
        "post-norm",
        changed(forward=_post_norm),
        "The norms stand behind the sums.",
        "That is the original Transformer's block of 2017.",
        "Norm what goes into attention and into the MLP; the sums stay as they are.",
    ),
    Mistake(
        "norm-of-the-branch",
        changed(forward=SwinV2Block.forward),
        "The norms stand behind attention and MLP, in front of the sums.",
        "That is Swin V2's block.",
        "In the first Swin they stand in front of attention and MLP.",
    ),
    Mistake(
        "norm1-twice",
        changed(forward=_norm1_twice),
        "`norm1` is used twice, and `norm2` never.",
        "Each norm learns its own scale and offset.",
        "Put `norm2` in front of the MLP.",
    ),
    Mistake(
        "shared-norm",
        changed(__init__=_shared_norm),
        "`norm2` is the same module as `norm1`.",
        "Then there is one scale and one offset for both.",
        "Make a second `nn.LayerNorm`.",
    ),
    Mistake(
        "attention-twice",
        changed(forward=_attention_twice),
        "Attention is used twice, and the MLP never.",
        "The second half of the block calls `self.attention` again.",
        "There it is `self.mlp`.",
    ),
    Mistake(
        "mlp-without-norm",
        changed(forward=_mlp_without_norm),
        "The MLP reads tokens that aren't normalised.",
        "The second norm is missing.",
        "Put `norm2` in front of the MLP.",
    ),
    Mistake(
        "attention-without-norm",
        changed(forward=_attention_without_norm),
        "Attention reads tokens that aren't normalised.",
        "The first norm is missing.",
        "Put `norm1` in front of attention.",
    ),
    Mistake(
        "normed-added",
        changed(forward=_normed_added),
        "The sums contain the normalised tokens.",
        "`tokens = norm(tokens)` overwrites what has to be added later.",
        "Norm only what goes into a layer, and add to the tokens as they were.",
    ),
    Mistake(
        "mlp-first",
        changed(forward=_mlp_first),
        "The MLP comes before attention.",
        "The two steps have changed places.",
        "First attention, then the MLP.",
    ),
    Mistake(
        "in-parallel",
        changed(forward=_in_parallel),
        "Attention and MLP read the same tokens.",
        "The MLP should read what attention has already been added to.",
        "Make it two sums, one after the other.",
    ),
)
