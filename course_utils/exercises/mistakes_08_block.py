"""The usual mistakes of exercise 8.6: the Swin block."""

from course_utils.exercises.registry import Mistake
from course_utils.models.attention import MLP
from course_utils.models.shifted_windows import ShiftedWindows, shift_and_cut
from course_utils.models.swin import SwinBlock
from course_utils.models.swin_v2 import SwinV2Block
from course_utils.models.windows import from_windows, pad_to_windows, useful_shift


def _changed(**methods):
    return type("SwinBlock", (SwinBlock,), methods)


def _attending(attend):
    """Return a block whose attention does `attend(module, padded tokens, shift)` on the padded grid."""

    class Attention(ShiftedWindows):
        def forward(self, tokens):
            padded = pad_to_windows(tokens, self.window)
            shift = useful_shift(padded.shape[1:3], self.window, self.shift)
            return attend(self, padded, shift)[:, : tokens.shape[1], : tokens.shape[2]]

    def init(self, width, heads, window, shift, relative_bias=True):
        SwinBlock.__init__(self, width, heads, window, shift, relative_bias)
        self.attention = Attention(self.attention.within, window, shift)

    return _changed(__init__=init)


def _no_mask(attention, padded, shift):
    windows, order, _ = shift_and_cut(padded, attention.window, shift)
    return attention.within(windows).flatten(1, 2)[:, order.argsort()].view_as(padded)


def _not_rolled_back(attention, padded, shift):
    windows, _, mask = shift_and_cut(padded, attention.window, shift)
    return from_windows(attention.within(windows, mask), padded.shape[1:3])


def _rolled_on(attention, padded, shift):
    rows, columns = shift
    return _not_rolled_back(attention, padded, shift).roll((-rows, -columns), dims=(1, 2))


def _without_shift(self, width, heads, window, shift, relative_bias=True):
    SwinBlock.__init__(self, width, heads, window, 0, relative_bias)


def _half_a_window(self, width, heads, window, shift, relative_bias=True):
    SwinBlock.__init__(self, width, heads, window, window // 2, relative_bias)


def _without_bias(self, width, heads, window, shift, relative_bias=True):
    SwinBlock.__init__(self, width, heads, window, shift, relative_bias=False)


def _always_with_bias(self, width, heads, window, shift, relative_bias=True):
    SwinBlock.__init__(self, width, heads, window, shift)


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
    Mistake(
        "no-shift",
        _changed(__init__=_without_shift),
        "The windows are never shifted.",
        "`shift` isn't handed on, and `ShiftedWindows` takes 0 for it.",
        "Pass `shift` to `ShiftedWindows`.",
    ),
    Mistake(
        "half-a-window",
        _changed(__init__=_half_a_window),
        "The windows are always shifted by M / 2.",
        "Swin does that in every second block, but which block does it is for the model to say.",
        "Use the shift that the block is given, which may be 0.",
    ),
    Mistake(
        "no-mask",
        _attending(_no_mask),
        "Tokens from opposite edges of the grid look at each other.",
        "Rolling brings them into one window, and nothing keeps them apart.",
        "Use `ShiftedWindows`, or hand the mask on to the attention.",
    ),
    Mistake(
        "not-rolled-back",
        _attending(_not_rolled_back),
        "What attention has found is added to other tokens, `shift` rows and columns away.",
        "The windows were put together again, but the grid wasn't rolled back.",
        "Use `ShiftedWindows`, which puts every token back in its place.",
    ),
    Mistake(
        "rolled-on",
        _attending(_rolled_on),
        "The grid is rolled up and to the left a second time, instead of back.",
        "The way back needs the opposite sign.",
        "Use `ShiftedWindows`, which puts every token back in its place.",
    ),
    Mistake(
        "no-relative-bias",
        _changed(__init__=_without_bias),
        "The attention has no relative position bias.",
        "`relative_bias` is False where it was built, though the block's is True if nothing else is said.",
        "Hand the block's `relative_bias` on.",
    ),
    Mistake(
        "always-a-bias",
        _changed(__init__=_always_with_bias),
        "The attention has a relative position bias even where none is wanted.",
        "`relative_bias` isn't handed on.",
        "Pass it to `SwinAttention`.",
    ),
    Mistake(
        "narrow-mlp",
        _changed(__init__=_narrow_mlp),
        "The MLP's hidden layer is as wide as a token.",
        "`MLP` wants two widths, and the second isn't the width of what comes out.",
        "Make the hidden layer 4 times as wide.",
    ),
    Mistake(
        "attention-not-added",
        _changed(forward=_attention_not_added),
        "What attention returns replaces the tokens.",
        "The first sum is missing.",
        "Add the tokens from before the first norm.",
    ),
    Mistake(
        "mlp-not-added",
        _changed(forward=_mlp_not_added),
        "What the MLP returns replaces the tokens.",
        "The second sum is missing.",
        "Add the tokens from before the second norm.",
    ),
    Mistake(
        "nothing-added",
        _changed(forward=_nothing_added),
        "Neither attention nor the MLP is a residual.",
        "Both sums are missing.",
        "Add what each returns to the tokens that were there before its norm.",
    ),
    Mistake(
        "post-norm",
        _changed(forward=_post_norm),
        "The norms stand behind the sums.",
        "That is the original Transformer's block of 2017.",
        "Norm what goes into attention and into the MLP; the sums stay as they are.",
    ),
    Mistake(
        "norm-of-the-branch",
        _changed(forward=SwinV2Block.forward),
        "The norms stand behind attention and MLP, in front of the sums.",
        "That is Swin V2's block.",
        "In the first Swin they stand in front of attention and MLP.",
    ),
    Mistake(
        "norm1-twice",
        _changed(forward=_norm1_twice),
        "`norm1` is used twice, and `norm2` never.",
        "Each norm learns its own scale and offset.",
        "Put `norm2` in front of the MLP.",
    ),
    Mistake(
        "mlp-without-norm",
        _changed(forward=_mlp_without_norm),
        "The MLP reads tokens that aren't normalised.",
        "The second norm is missing.",
        "Put `norm2` in front of the MLP.",
    ),
    Mistake(
        "attention-without-norm",
        _changed(forward=_attention_without_norm),
        "Attention reads tokens that aren't normalised.",
        "The first norm is missing.",
        "Put `norm1` in front of attention.",
    ),
    Mistake(
        "normed-added",
        _changed(forward=_normed_added),
        "The sums contain the normalised tokens.",
        "`tokens = norm(tokens)` overwrites what has to be added later.",
        "Norm only what goes into a layer, and add to the tokens as they were.",
    ),
    Mistake(
        "mlp-first",
        _changed(forward=_mlp_first),
        "The MLP comes before attention.",
        "The two steps have changed places.",
        "First attention, then the MLP.",
    ),
    Mistake(
        "in-parallel",
        _changed(forward=_in_parallel),
        "Attention and MLP read the same tokens.",
        "The MLP should read what attention has already been added to.",
        "Make it two sums, one after the other.",
    ),
)
