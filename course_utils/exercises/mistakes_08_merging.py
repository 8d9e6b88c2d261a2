"""The usual mistakes of exercise 8.5: patch merging."""

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.swin import PatchMerging
from course_utils.models.swin_v2 import PatchMergingV2
from course_utils.models.windows import pad_to_windows, patch_merge


def _joining(join):
    """Return a `PatchMerging` that joins tokens (B, H, W, C) to (B, H / 2, W / 2, 4C) in another way."""

    def forward(self, tokens):
        return self.reduce(self.norm(join(tokens)))

    return type("PatchMerging", (PatchMerging,), {"forward": forward})


def _changed(**methods):
    return type("PatchMerging", (PatchMerging,), methods)


def _cut(tokens):
    """Cut both sides in two: (B, H / 2, 2, W / 2, 2, C)."""
    return pad_to_windows(tokens, 2).unflatten(2, (-1, 2)).unflatten(1, (-1, 2))


def _row_by_row(tokens):
    return _cut(tokens).permute(0, 1, 3, 2, 4, 5).flatten(start_dim=3)


def _clockwise(tokens):
    even = pad_to_windows(tokens, 2)
    return torch.cat([even[:, row::2, column::2] for row, column in ((0, 0), (0, 1), (1, 1), (1, 0))], dim=-1)


def _channels_first(tokens):
    return _cut(tokens).permute(0, 1, 3, 5, 2, 4).flatten(start_dim=3)


def _four_in_a_row(tokens):
    even = pad_to_windows(tokens, 2)
    B, H, W, C = even.shape
    return even.reshape(B, H // 2, W // 2, 4 * C)


def _halves(tokens):
    even = pad_to_windows(tokens, 2)
    cut = even.unflatten(2, (2, -1)).unflatten(1, (2, -1))  # (B, 2, H / 2, 2, W / 2, C)
    return cut.permute(0, 2, 4, 3, 1, 5).flatten(start_dim=3)


def _turned(tokens):
    return patch_merge(tokens).transpose(1, 2)


def _one_axis(tokens):
    return patch_merge(tokens).flatten(1, 2)


def _one_four_times(tokens):
    return tokens[:, ::2, ::2].repeat(1, 1, 1, 4)


def _cropped(tokens):
    _, H, W, _ = tokens.shape
    return patch_merge(tokens[:, : H - H % 2, : W - W % 2])


def _padded_in_front(tokens):
    rows, columns = (side % 2 for side in tokens.shape[1:3])
    return patch_merge(F.pad(tokens, (0, 0, columns, 0, rows, 0)))


def _padded_by_copies(tokens):
    rows, columns = (side % 2 for side in tokens.shape[1:3])
    taller = torch.cat([tokens, tokens[:, tokens.shape[1] - rows :]], dim=1)
    return patch_merge(torch.cat([taller, taller[:, :, tokens.shape[2] - columns :]], dim=2))


def _not_padded(tokens):
    corners = [tokens[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
    return torch.cat(corners, dim=-1)


def _no_norm(self, tokens):
    return self.reduce(patch_merge(tokens))


def _with_bias(self, width):
    PatchMerging.__init__(self, width)
    self.reduce = nn.Linear(4 * width, 2 * width)


def _narrow_norm(self, width):
    PatchMerging.__init__(self, width)
    self.norm = nn.LayerNorm(width)


def _each_normed(self, tokens):
    each = patch_merge(tokens).unflatten(3, (4, -1))
    normed = F.layer_norm(each, each.shape[-1:], eps=self.norm.eps).flatten(start_dim=3)
    return self.reduce(normed * self.norm.weight + self.norm.bias)


def _mean_layers(self, width):
    nn.Module.__init__(self)
    self.norm = nn.LayerNorm(width)
    self.reduce = nn.Linear(width, 2 * width, bias=False)


def _mean(self, tokens):
    return self.reduce(self.norm(_cut(tokens).mean(dim=(2, 4))))


MERGING = (
    Mistake(
        "row-by-row",
        _joining(_row_by_row),
        "The four tokens are joined row by row: top left, top right, bottom left, bottom right.",
        "That is the natural order, but not that of Swin's code, and its weights know no other.",
        "Go down first: the second token is the one below the first.",
    ),
    Mistake(
        "clockwise",
        _joining(_clockwise),
        "The four tokens are joined clockwise: top left, top right, bottom right, bottom left.",
        "Swin's code doesn't go round; it takes the left column, then the right one.",
        "Top left, bottom left, top right, bottom right.",
    ),
    Mistake(
        "channels-first",
        _joining(_channels_first),
        "The channels are the slow axis: first channel 0 of all four tokens, then channel 1.",
        "That is what `unfold` returns, or a flatten with C in front of the four.",
        "Keep the C numbers of each token together.",
    ),
    Mistake(
        "four-in-a-row",
        _joining(_four_in_a_row),
        "Four tokens of one row are joined, not 2 x 2.",
        "A reshape alone counts the numbers off row by row.",
        "Every second row and column, four times: `tokens[:, 0::2, 0::2]` is the first of four.",
    ),
    Mistake(
        "halves",
        _joining(_halves),
        "The four tokens come from the four quarters of the grid.",
        "The sides were cut as (2, H / 2), so that neighbours ended up in the same part.",
        "Cut them as (H / 2, 2), or take every second row and column.",
    ),
    Mistake(
        "turned",
        _joining(_turned),
        "The new grid has W / 2 rows and H / 2 columns.",
        "Rows and columns have changed places.",
        "Keep the order (B, H / 2, W / 2, ...): rows first.",
    ),
    Mistake(
        "one-axis",
        _joining(_one_axis),
        "The tokens stand in one axis, without their grid.",
        "Swin's official code works on such lists; here tokens keep their rows and columns.",
        "Return four axes.",
    ),
    Mistake(
        "one-four-times",
        _joining(_one_four_times),
        "The top left token is joined with itself, and the other three are lost.",
        "All four slices begin at row 0 and column 0.",
        "Let them begin at different rows and columns.",
    ),
    Mistake(
        "no-norm",
        _changed(forward=_no_norm),
        "The norm is missing.",
        "`self.norm` was made, but never called.",
        "Normalise the joined tokens before they are reduced.",
    ),
    Mistake(
        "norm-last",
        PatchMergingV2,
        "The norm is made for 2C numbers: it stands behind the reduction.",
        "Swin V2 does that. In the first Swin the norm comes first.",
        "Normalise the 4C numbers, then reduce them.",
    ),
    Mistake(
        "narrow-norm",
        _changed(__init__=_narrow_norm),
        "The norm is made for C numbers: the width of a token before it is joined.",
        "Then each of the four would be normalised by itself.",
        "Join first, and normalise all 4C numbers together.",
    ),
    Mistake(
        "each-normed",
        _changed(forward=_each_normed),
        "Each of the four tokens is normalised by itself.",
        "Mean and variance were taken of C numbers, though weight and bias have 4C.",
        "Join first, and let `self.norm` see all 4C numbers at once.",
    ),
    Mistake(
        "bias",
        _changed(__init__=_with_bias),
        "The reduction has a bias.",
        "`nn.Linear` makes one unless it is told not to, and the norm in front has one already.",
        "Leave it out: `nn.Linear` has an argument for that.",
    ),
    Mistake(
        "mean",
        _changed(__init__=_mean_layers, forward=_mean),
        "The four tokens are averaged, not joined: norm and reduction are made for C numbers.",
        "A mean loses which of the four was where.",
        "Put the four side by side: 4C numbers go into the norm.",
    ),
    Mistake(
        "cropped",
        _joining(_cropped),
        "The last row or column of an odd grid is dropped.",
        "The grid was cut to even sides.",
        "Add zeros at the end instead: `pad_to_windows(tokens, 2)`.",
    ),
    Mistake(
        "padded-in-front",
        _joining(_padded_in_front),
        "An odd grid gets its zeros above and on the left.",
        "`F.pad` takes pairs (in front, behind), and begins with the last axis.",
        "Put the zeros below and on the right: `pad_to_windows(tokens, 2)` does it.",
    ),
    Mistake(
        "padded-by-copies",
        _joining(_padded_by_copies),
        "An odd grid repeats its last row or column.",
        "It was padded with copies, not with zeros.",
        "Add zeros: `pad_to_windows(tokens, 2)` does it.",
    ),
    Mistake(
        "not-padded",
        _joining(_not_padded),
        "It works where both sides are even, and fails where one is odd.",
        "The slices have different sizes there.",
        "Make both sides even first: `pad_to_windows(tokens, 2)` adds zeros where they are needed.",
    ),
)
