"""The usual mistakes of exercise 8.1: windows of a grid of tokens."""

from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.windows import to_windows


def _cut(tokens, window):
    """Cut both sides of the grid: (B, H / M, M, W / M, M, C)."""
    B, H, W, C = tokens.shape
    return tokens.reshape(B, H // window, window, W // window, window, C)


def _joined(cut, like, window):
    """Return the axes behind the batch as (B, nW, M * M, C)."""
    return cut.reshape(len(like), -1, window * window, like.shape[-1])


def _no_transpose(tokens, window):
    return _joined(tokens, tokens, window)


def _windows_by_columns(tokens, window):
    return _joined(_cut(tokens, window).permute(0, 3, 1, 2, 4, 5), tokens, window)


def _tokens_by_columns(tokens, window):
    return _joined(_cut(tokens, window).permute(0, 1, 3, 4, 2, 5), tokens, window)


def _all_by_columns(tokens, window):
    return to_windows(tokens.transpose(1, 2), window)


def _sides_swapped(tokens, window):
    B, H, W, C = tokens.shape
    return to_windows(tokens.reshape(B, W, H, C), window)


def _cut_like_the_result(tokens, window):
    B, H, W, C = tokens.shape
    cut = tokens.reshape(B, H // window, W // window, window, window, C)
    return _joined(cut.transpose(2, 3), tokens, window)


def _wrong_two(tokens, window):
    return _joined(_cut(tokens, window).transpose(3, 4), tokens, window)


def _dilated(tokens, window):
    B, H, W, C = tokens.shape
    cut = tokens.reshape(B, window, H // window, window, W // window, C)
    return _joined(cut.permute(0, 2, 4, 1, 3, 5), tokens, window)


def _channels_first(tokens, window):
    columns = F.unfold(tokens.movedim(-1, 1), window, stride=window)  # (B, C * M * M, nW)
    return _joined(columns.transpose(1, 2), tokens, window)


def _images_mixed(tokens, window):
    return _joined(_cut(tokens, window).permute(1, 3, 0, 2, 4, 5), tokens, window)


def _one_batch(tokens, window):
    return to_windows(tokens, window).flatten(0, 1)


def _squares(tokens, window):
    return to_windows(tokens, window).unflatten(2, (window, window))


def _rows_of_windows(tokens, window):
    return to_windows(tokens, window).unflatten(1, (-1, tokens.shape[2] // window))


WINDOWS = (
    Mistake(
        "no-transpose",
        _no_transpose,
        "A window is a stretch of M² tokens of the grid's rows, not a square.",
        "A reshape alone counts the tokens off row by row, and a row of the grid runs through several windows.",
        "Cut both sides in two first, (H / M, M) and (W / M, M); then the axes need another order.",
    ),
    Mistake(
        "windows-by-columns",
        _windows_by_columns,
        "The windows are counted column by column.",
        "The axis W / M stands in front of H / M when they are made one.",
        "Window 1 is the one to the right of window 0: keep H / M in front.",
    ),
    Mistake(
        "tokens-by-columns",
        _tokens_by_columns,
        "The tokens of each window are counted column by column.",
        "Of the two axes of size M, the one from the columns stands in front.",
        "Inside a window too, rows come first: token 1 is to the right of token 0.",
    ),
    Mistake(
        "all-by-columns",
        _all_by_columns,
        "Windows and the tokens in them are counted column by column.",
        "Rows and columns of the grid have changed places before the cut.",
        "Axis 1 of the tokens is H, the rows, and stays in front of axis 2.",
    ),
    Mistake(
        "sides-swapped",
        _sides_swapped,
        "Tokens of different rows are taken for neighbours: H and W are swapped.",
        "The shape is (B, H, W, C), and the reshape cuts W where H is; on a square grid nobody would notice.",
        "Print `tokens.shape`, and write each size of the reshape under the axis that it comes from.",
    ),
    Mistake(
        "cut-like-the-result",
        _cut_like_the_result,
        "The rows are cut in the wrong places, and then axes are exchanged.",
        "A reshape can't put the axes in the order (H / M, W / M, M, M): it only cuts them where they are.",
        "Cut each side where it is: H into two axes, W into the next two.",
    ),
    Mistake(
        "wrong-two",
        _wrong_two,
        "The wrong two axes have changed places: W / M and the M of the columns.",
        "They are axes 3 and 4 of six, counted from 0, and both come from W.",
        "Let W / M change places with the M of the rows: axes 2 and 3.",
    ),
    Mistake(
        "dilated",
        _dilated,
        "A window holds tokens far from each other, H / M rows and W / M columns apart.",
        "The sides are cut as (M, H / M): the last of two axes is the one that runs through neighbours.",
        "Let M stand behind H / M, and behind W / M.",
    ),
    Mistake(
        "channels-first",
        _channels_first,
        "The channels of different tokens are mixed into one.",
        "`unfold` lists a channel of all tokens of the window, then the next channel, and a reshape keeps that order.",
        "Keep C the last axis from beginning to end.",
    ),
    Mistake(
        "images-mixed",
        _images_mixed,
        "The windows of different images are mixed.",
        "The batch was moved behind the windows, and a reshape to (B, ...) doesn't bring it back.",
        "Leave axis 0 where it is.",
    ),
    Mistake(
        "one-batch",
        _one_batch,
        "The windows of all images stand in one axis: (B · nW, M², C).",
        "Swin's official code does that, because attention treats windows like images.",
        "Return four axes: B stays the first, the windows are the second.",
    ),
    Mistake(
        "squares",
        _squares,
        "The tokens of a window still have two axes.",
        "Attention wants a list of tokens, and the M rows of M tokens were never joined.",
        "Join the last two axes in front of C to one of M².",
    ),
    Mistake(
        "rows-of-windows",
        _rows_of_windows,
        "The windows still have two axes, their rows and columns.",
        "H / M and W / M were never joined.",
        "Make one axis of nW windows, row by row; a -1 in the reshape counts them.",
    ),
)
