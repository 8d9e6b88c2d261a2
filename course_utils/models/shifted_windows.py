"""Attention within the windows of a token grid, with the windows shifted: Liu et al. 2021, section 3.2.

Notation: `B` batch, `H W` the token grid, `N = H * W`, `C` channels, `M` side of a window, `nW` windows, `h` heads.
"""

from torch import Tensor, nn

from course_utils.models.windows import (
    Shift,
    both_shifts,
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


def shift_and_cut(
    tokens: Tensor,
    window: int,
    shift: Shift,
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Cut a grid into shifted windows, ready for attention within them.

    Args:
        tokens: (B, H, W, C), H and W multiples of M.
        window: M.
        shift: 0 to M - 1.

    Returns:
        windows (B, nW, M * M, C), the order (N,) of their tokens (`window_permutation`),
        and their mask (nW, M * M, M * M), or none where nothing was shifted.

    Raises:
        ValueError: a side is no multiple of M, or the shift isn't from 0 to M - 1.
    """
    grid = tuple(tokens.shape[1:3])
    order = window_permutation(grid, window, shift).to(tokens.device)
    windows = tokens.flatten(1, 2).index_select(1, order).unflatten(1, (-1, window**2))
    if not any(both_shifts(shift, window)):
        return windows, order, None
    return windows, order, shift_window_mask(grid, window, shift).to(tokens.device)


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

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, H, W, C) to (B, H, W, C)."""
        padded = pad_to_windows(tokens, self.window)
        shift = useful_shift(padded.shape[1:3], self.window, self.shift)
        windows, order, mask = shift_and_cut(padded, self.window, shift)
        mixed = self.within(windows, mask).flatten(1, 2)  # (B, N, C)
        back = mixed.index_select(1, order.argsort()).view_as(padded)
        return back[:, : tokens.shape[1], : tokens.shape[2]]

    def weights(self, tokens: Tensor) -> Tensor:
        """Return the weights that `forward` uses, over the grid: (B, h, H * W, H * W).

        They are 0 outside a query's window. Rows sum to 1, or less if padding has some.
        """
        (H, W), padded = tokens.shape[1:3], pad_to_windows(tokens, self.window)
        shift = useful_shift(padded.shape[1:3], self.window, self.shift)
        windows, order, mask = shift_and_cut(padded, self.window, shift)
        maps = on_whole_grid(self.within.weights(windows, mask), order)  # (B, h, N, N)
        maps = maps.unflatten(3, padded.shape[1:3]).unflatten(2, padded.shape[1:3])
        return maps[:, :, :H, :W, :H, :W].flatten(4, 5).flatten(2, 3)
