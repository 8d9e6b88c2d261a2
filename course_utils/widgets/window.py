"""Swin's shifted windows to be touched: whom a token hears, how roll and mask do it, and how far that reaches."""

from torch import Tensor
from torch.nn.functional import interpolate

from course_utils.widgets.kit import Explorer, script, style, webp
from course_utils.widgets.window_state import SIDES, WINDOWS, WindowState, make_state
from course_utils.widgets.window_still import still

MOST_PIXELS = 384  # of the photograph's longer side


class WindowExplorer(Explorer):
    """A grid of tokens in Swin's plain and shifted windows: touch a token to see whom it can hear.

    Linked views show the image's ragged windows, the same tokens after the cyclic roll, the mask of one square window,
    and the tokens whose input has reached the touched one after 1 to 6 blocks. Liu et al. 2021, section 3.2.

    Args:
        image: (3, H, W), RGB in 0..1, shown behind the tokens, cut in the middle to the grid's shape; none for colours.
        grid: rows and columns of tokens, 4 to 16 each, multiples of M.
        window: M, 2 to 7.
        shift: of every second block, 0 to M - 1; half of M, rounded down, if none.
        block: the one shown first, 1 to 6.
        start: row and column of the token shown first; one of the second row, in the middle, if none.

    Raises:
        ValueError: a size is no whole number in its range, a side of the grid is not a multiple of M, there is no token
            at `start`, or the image is no image.
    """

    _esm = script("windows.js", "windowviews.js", "windowparts.js", "window.js")
    sheets = ("window.css",)
    _css = style(*sheets)

    def __init__(
        self,
        image: Tensor | None = None,
        *,
        grid: tuple[int, int] = (12, 12),
        window: int = 4,
        shift: int | None = None,
        block: int = 2,
        start: tuple[int, int] | None = None,
    ):
        state = make_state(grid, window, shift, block, start)
        photograph = b"" if image is None else _photograph(image)
        super().__init__(_facts(state), {}, [(still(state), state.sentence())], photograph)


def _facts(state: WindowState) -> dict:
    start = {
        "size": list(state.grid),
        "window": state.window,
        "shift": state.shift,
        "block": state.block,
        "isShifting": state.is_shifting,
        "isMasked": state.is_masked,
        "token": state.token[0] * state.grid[1] + state.token[1],
    }
    return {"start": start, "sides": SIDES, "windows": WINDOWS}


def _photograph(image: Tensor) -> bytes:
    """Return an image (3, H, W) as a WebP file of at most 384 pixels a side; refuse what is none, as `webp` does."""
    file, share = webp(image), MOST_PIXELS / max(image.shape)
    if share >= 1:
        return file
    return webp(interpolate(image[None], scale_factor=share, mode="bilinear", antialias=True)[0].clamp(0, 1))
