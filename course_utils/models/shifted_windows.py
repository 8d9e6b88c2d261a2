"""Attention within the windows of a token grid, with the windows shifted: Liu et al. 2021, section 3.2.

Notation: `B` batch, `H W` the token grid, `N = H * W`, `C` channels, `M` side of a window, `nW` windows, `h` heads.
"""

from torch import Tensor, nn

from course_utils.models.windows import (
    pad_to_windows,
    shift_window_mask,
    useful_shift,
    window_permutation,
)


def on_whole_grid(weights: Tensor, order: Tensor) -> Tensor:
    """Put attention within windows back between all tokens of the grid.

    Args:
        weights: (B, nW, h, M * M, M * M), of the windows of `window_permutation`.
        order: (N,), that permutation.

    Returns:
        (B, h, N, N), 0 between tokens that share no window.
    """
    weights = weights.transpose(1, 2)  # (B, h, nW, M * M, M * M)
    members = order.view(weights.shape[2:4])  # (nW, M * M), the tokens of each window
    maps = weights.new_zeros(*weights.shape[:2], len(order), len(order))
    maps[:, :, members[:, :, None], members[:, None, :]] = weights
    return maps


class ShiftedWindows(nn.Module):
    """Run attention within the shifted windows of a grid: Liu et al. 2021, section 3.2.

    A grid that is no multiple of M is padded below and to the right, in here only. The
    padded tokens are zeros, not masked: queries give them a share like any other key.

    Args:
        within: the attention; maps windows (B, nW, M * M, C) and a mask to windows.
        window: M.
        shift: 0 to M - 1, not used along a side that one window covers.
    """

    def __init__(self, within: nn.Module, window: int, shift: int = 0):
        super().__init__()
        self.within, self.window, self.shift = within, window, shift

    def cut(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return the windows of tokens (B, H, W, C), the order of their tokens, and a mask.

        Raises:
            ValueError: a side is no multiple of M, or the shift isn't from 0 to M - 1.
        """
        grid = tuple(tokens.shape[1:3])
        shift = useful_shift(grid, self.window, self.shift)
        order = window_permutation(grid, self.window, shift).to(tokens.device)
        windows = tokens.flatten(1, 2).index_select(1, order)  # (B, N, C)
        mask = None  # nothing was carried around
        if any(shift):
            mask = shift_window_mask(grid, self.window, shift).to(tokens.device)
        return windows.unflatten(1, (-1, self.window**2)), order, mask

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, H, W, C) to (B, H, W, C).

        Raises:
            ValueError: the shift isn't from 0 to M - 1.
        """
        H, W = tokens.shape[1:3]
        padded = pad_to_windows(tokens, self.window)
        windows, order, mask = self.cut(padded)
        mixed = self.within(windows, mask).flatten(1, 2)  # (B, N, C)
        back = mixed.index_select(1, order.argsort()).view_as(padded)
        return back[:, :H, :W]

    def weights(self, tokens: Tensor) -> Tensor:
        """Return the weights that `forward` uses, between all tokens: (B, h, H * W, H * W).

        They are 0 outside a query's window. A row sums to 1, or less where padding has the rest.
        """
        H, W = tokens.shape[1:3]
        padded = pad_to_windows(tokens, self.window)
        windows, order, mask = self.cut(padded)
        maps = on_whole_grid(self.within.weights(windows, mask), order)
        grid = padded.shape[1:3]
        real = maps.unflatten(3, grid).unflatten(2, grid)[:, :, :H, :W, :H, :W]
        return real.flatten(4, 5).flatten(2, 3)
