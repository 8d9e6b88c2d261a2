"""The usual mistakes of exercise 8.6 in the block's attention: its windows, their shift, mask, padding and bias."""

from course_utils.exercises.registry import Mistake
from course_utils.models.shifted_windows import ShiftedWindows, shift_and_cut
from course_utils.models.swin import SwinAttention, SwinBlock
from course_utils.models.windows import from_windows, pad_to_windows, useful_shift


def changed(**methods):
    """Return the course's block with other methods."""
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

    return changed(__init__=init)


def _not_rolled_back(attention, padded, shift):
    windows, _, mask = shift_and_cut(padded, attention.window, shift)
    return from_windows(attention.within(windows, mask), padded.shape[1:3])


def _rolled_on(attention, padded, shift):
    rows, columns = shift
    return _not_rolled_back(attention, padded, shift).roll((-rows, -columns), dims=(1, 2))


def _back(attention, padded, shift, mask_of=lambda mask, _order: mask):
    """Attend within the shifted windows, with a mask made of theirs, and put the tokens back."""
    windows, order, mask = shift_and_cut(padded, attention.window, shift)
    mixed = attention.within(windows, mask_of(mask, order)).flatten(1, 2)
    return mixed[:, order.argsort()].view_as(padded)


def _no_mask(attention, padded, shift):
    return _back(attention, padded, shift, lambda _mask, _order: None)


def _last_stage_shifted(attention, padded, _shift):
    return _back(attention, padded, attention.shift)


def _padding_masked(attention, padded, shift):
    real = padded[0].any(dim=-1).flatten()  # padding is zeros in all channels

    def mask_of(mask, order):
        keys = real[order].view(-1, 1, attention.window**2)
        allowed = keys | ~keys.transpose(1, 2)  # padded queries may look anywhere
        return allowed if mask is None else allowed & mask

    return _back(attention, padded, shift, mask_of)


def _padded_before_the_norm(self, tokens):
    padded = pad_to_windows(tokens, self.attention.window)
    tokens = tokens + self.attention(self.norm1(padded))[:, : tokens.shape[1], : tokens.shape[2]]
    return tokens + self.mlp(self.norm2(tokens))


def _grid_at_once(self, width, heads, window, shift, relative_bias=True):
    SwinBlock.__init__(self, width, heads, window, shift, relative_bias)
    self.attention = SwinAttention(width, heads, window, relative_bias)


def _sizes_swapped(self, width, heads, window, shift, relative_bias=True):
    SwinBlock.__init__(self, width, heads, window, shift, relative_bias)
    self.attention = ShiftedWindows(self.attention.within, shift, window)


def _half_if_any(self, width, heads, window, shift, relative_bias=True):
    SwinBlock.__init__(self, width, heads, window, window // 2 if shift else 0, relative_bias)


def _the_rest(self, width, heads, window, shift, relative_bias=True):
    SwinBlock.__init__(self, width, heads, window, (window - shift) % window, relative_bias)


def _the_rest_or_all(self, width, heads, window, shift, relative_bias=True):
    SwinBlock.__init__(self, width, heads, window, window - shift, relative_bias)


def _without_shift(self, width, heads, window, shift, relative_bias=True):
    SwinBlock.__init__(self, width, heads, window, 0, relative_bias)


def _half_a_window(self, width, heads, window, shift, relative_bias=True):
    SwinBlock.__init__(self, width, heads, window, window // 2, relative_bias)


def _without_bias(self, width, heads, window, shift, relative_bias=True):
    SwinBlock.__init__(self, width, heads, window, shift, relative_bias=False)


def _always_with_bias(self, width, heads, window, shift, relative_bias=True):
    SwinBlock.__init__(self, width, heads, window, shift)


SHIFTED = (
    Mistake(
        "no-shift",
        changed(__init__=_without_shift),
        "The windows are never shifted.",
        "`shift` isn't handed on, and `ShiftedWindows` takes 0 for it.",
        "Pass `shift` to `ShiftedWindows`.",
    ),
    Mistake(
        "half-a-window",
        changed(__init__=_half_a_window),
        "The windows are always shifted by M / 2.",
        "Swin does that in every second block, but which block does it is for the model to say.",
        "Use the shift that the block is given, which may be 0.",
    ),
    Mistake(
        "half-if-any",
        changed(__init__=_half_if_any),
        "The windows are shifted by M / 2, or not at all.",
        "`shift` was only asked whether it is 0. It is a number of tokens.",
        "Hand it on as it is.",
    ),
    Mistake(
        "the-rest",
        changed(__init__=_the_rest),
        "The windows begin M - shift tokens in.",
        "Half a window wouldn't show it: there the two are the same.",
        "They begin at `shift`: hand it on as it is.",
    ),
    Mistake(
        "the-rest-or-all",
        changed(__init__=_the_rest_or_all),
        "The windows begin M - shift tokens in, and without a shift that is M, which isn't allowed.",
        "Half a window wouldn't show it: there the two are the same.",
        "They begin at `shift`: hand it on as it is.",
    ),
    Mistake(
        "sizes-swapped",
        changed(__init__=_sizes_swapped),
        "Window and shift have changed places in `ShiftedWindows`.",
        "They are both whole numbers, so nothing complains before the first grid is cut.",
        "Its arguments are the attention, the window, the shift, in this order.",
    ),
    Mistake(
        "grid-at-once",
        changed(__init__=_grid_at_once),
        "`attention` is a SwinAttention, without ShiftedWindows around it.",
        "It would be given a grid of tokens, (B, H, W, C), where it wants windows.",
        "Put it within `ShiftedWindows(within, window, shift)`, which cuts the grid for it.",
    ),
    Mistake(
        "last-stage-shifted",
        _attending(_last_stage_shifted),
        "The windows are shifted along a side that one window covers.",
        "There a shift only cuts the window in two: tokens that could see each other no longer do.",
        "Use `ShiftedWindows`, or `useful_shift`.",
    ),
    Mistake(
        "padded-before-the-norm",
        changed(forward=_padded_before_the_norm),
        "The padding isn't zeros: the norm has turned it into its own bias.",
        "The grid was padded first, and normalised afterwards.",
        "Norm the tokens as they are: `ShiftedWindows` pads what it is given.",
    ),
    Mistake(
        "padding-masked",
        _attending(_padding_masked),
        "Padded tokens are masked.",
        "That is sensible, but not what the official networks do: theirs take part like other keys.",
        "Leave the padding unmasked, as `ShiftedWindows` does.",
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
        changed(__init__=_without_bias),
        "The attention has no relative position bias.",
        "`relative_bias` is False where it was built, though the block's is True if nothing else is said.",
        "Hand the block's `relative_bias` on.",
    ),
    Mistake(
        "always-a-bias",
        changed(__init__=_always_with_bias),
        "The attention has a relative position bias even where none is wanted.",
        "`relative_bias` isn't handed on.",
        "Pass it to `SwinAttention`.",
    ),
)
