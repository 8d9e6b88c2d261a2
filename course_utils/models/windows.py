"""Windows on a grid of tokens, as Swin cuts, shifts, masks and merges them: Liu et al. 2021, sections 3.1 and 3.2.

Notation: `B` batch, `H W` the token grid, `N = H * W`, `C` channels, `M` side of a window, `nW = H/M * W/M` windows.
Token grids are (B, H, W, C). Rows come before columns, and a pair is (rows, columns). Nothing here is learned.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

Shift = int | tuple[int, int]  # the same for rows and columns, or one number for each


def to_windows(tokens: Tensor, window: int) -> Tensor:
    """Cut a grid of tokens into windows, row by row: nothing is computed.

    Args:
        tokens: (B, H, W, C).
        window: M.

    Returns:
        (B, nW, M * M, C), the tokens of a window row by row too.

    Raises:
        ValueError: a side of the grid is not a multiple of M.
    """
    B, H, W, C = tokens.shape
    check_windows((H, W), window)
    cut = tokens.reshape(B, H // window, window, W // window, window, C)
    return cut.transpose(2, 3).reshape(B, -1, window * window, C)


def from_windows(windows: Tensor, grid: tuple[int, int]) -> Tensor:
    """Put the windows of `to_windows` together again.

    Args:
        windows: (B, nW, M * M, C).
        grid: H and W.

    Returns:
        (B, H, W, C).

    Raises:
        ValueError: a side of the grid is not a multiple of M.
    """
    (B, _, area, C), (H, W) = windows.shape, grid
    M = math.isqrt(area)
    check_windows(grid, M)
    cut = windows.reshape(B, H // M, W // M, M, M, C)
    return cut.transpose(2, 3).reshape(B, H, W, C)


def check_windows(grid: tuple[int, int], window: int) -> None:
    """Refuse a grid that can't be cut into whole windows.

    Raises:
        ValueError: a side of the grid is not a multiple of M.
    """
    H, W = grid
    if H % window or W % window:
        whole = f"{H + -H % window} x {W + -W % window}"
        problem = f"a grid of {H} x {W} has no whole windows of {window} x {window}"
        raise ValueError(f"{problem}: pad it to {whole}")


def pad_to_windows(tokens: Tensor, window: int) -> Tensor:
    """Pad (B, H, W, C) with zeros, below and to the right, to multiples of M."""
    rows, columns = (-side % window for side in tokens.shape[1:3])
    return F.pad(tokens, (0, 0, 0, columns, 0, rows))


def both_shifts(shift: Shift, window: int) -> tuple[int, int]:
    """Return the shift along rows and along columns.

    Raises:
        ValueError: a shift isn't in 0 to M - 1.
    """
    rows, columns = (shift, shift) if isinstance(shift, int) else shift
    if not (0 <= rows < window and 0 <= columns < window):
        allowed = f"from 0 to {window - 1} for windows of {window} x {window}"
        raise ValueError(f"shift {shift} is not {allowed}: use {window // 2}")
    return rows, columns


def useful_shift(grid: tuple[int, int], window: int, shift: int) -> tuple[int, int]:
    """Shift along both sides of a grid, but not along one that a single window covers.

    There a shift could only cut the window in two.
    """
    rows, columns = (0 if side <= window else shift for side in grid)
    return rows, columns


def shares_window(grid: tuple[int, int], window: int, shift: Shift) -> Tensor:
    """Say of every two tokens whether one window holds both: windows as one draws them.

    They begin at `shift`, `shift` + M and so on; those at the edges have what is left.
    Nothing is rolled: what rolling and masking come to has to be this.

    Args:
        grid: H and W.
        window: M.
        shift: 0 to M - 1.

    Returns:
        (N, N) of bool.

    Raises:
        ValueError: the shift isn't from 0 to M - 1.
    """
    together = []
    for side, start in zip(grid, both_shifts(shift, window), strict=True):
        begins = torch.arange(start, side, window)  # of the windows along this side
        passed = torch.arange(side)[:, None] >= begins  # (side, windows)
        number = passed.sum(dim=1)  # of the window that each token is in
        together.append(number[:, None] == number)  # (side, side)
    rows, columns = together
    return torch.kron(rows, columns)  # (N, N): in the same window both ways


def shift_regions(grid: tuple[int, int], window: int, shift: Shift) -> Tensor:
    """Number the regions of a rolled grid: a token may look at its own, in its window.

    Rolling carries the first rows behind the last, into one window with those. So there
    are three bands along each side: before the last window, in it, and carried around.

    Args:
        grid: H and W, multiples of M.
        window: M.
        shift: 0 to M - 1.

    Returns:
        (H, W) of whole numbers from 0 to 8. Liu et al. 2021, figure 4.

    Raises:
        ValueError: a side is no multiple of M, or the shift isn't from 0 to M - 1.
    """
    check_windows(grid, window)
    bands = []
    for side, carried in zip(grid, both_shifts(shift, window), strict=True):
        place = torch.arange(side)
        bands.append((place >= side - window).int() + (place >= side - carried).int())
    rows, columns = bands
    return 3 * rows[:, None] + columns


def shift_window_mask(grid: tuple[int, int], window: int, shift: Shift) -> Tensor:
    """Let the tokens in the windows of a rolled grid look at their own region only.

    Args:
        grid: H and W, multiples of M.
        window: M.
        shift: 0 to M - 1, by which the grid was rolled up and to the left.

    Returns:
        (nW, M * M, M * M) of bool, True where row (query) may look at column (key).
        Liu et al. 2021, section 3.2.

    Raises:
        ValueError: a side is no multiple of M, or the shift isn't from 0 to M - 1.
    """
    (H, W), (rows, columns) = grid, both_shifts(shift, window)
    from_the_top = torch.arange(H) >= H - rows  # (H,): rolled around, now at the bottom
    from_the_left = torch.arange(W) >= W - columns  # (W,): now at the right
    regions = 2 * from_the_top[:, None] + from_the_left  # (H, W), numbers from 0 to 3
    regions = to_windows(regions[None, :, :, None], window)[0, :, :, 0]  # (nW, M * M)
    return regions[:, :, None] == regions[:, None, :]


def window_permutation(grid: tuple[int, int], window: int, shift: Shift) -> Tensor:
    """Return the order in which rolling by `shift` and cutting into windows put tokens.

    `tokens[:, order]` does both to tokens (B, N, C); `[:, order.argsort()]` undoes it.

    Args:
        grid: H and W, multiples of M.
        window: M.
        shift: 0 to M - 1.

    Returns:
        (N,): at n, counted window by window, stands token `order[n]` of the grid.

    Raises:
        ValueError: a side is no multiple of M, or the shift isn't from 0 to M - 1.
    """
    rows, columns = both_shifts(shift, window)
    numbers = torch.arange(math.prod(grid)).view(1, *grid, 1)
    rolled = numbers.roll((-rows, -columns), dims=(1, 2))
    return to_windows(rolled, window).flatten()


def relative_position_index(window: int) -> Tensor:
    """Say which relative position each pair of a window's tokens has, as a number.

    A query r rows below its key and c columns to the right of it, both from -(M - 1) to
    M - 1, has the number (r + M - 1) * (2M - 1) + (c + M - 1).

    Args:
        window: M.

    Returns:
        (M * M, M * M), queries by keys, of whole numbers below (2M - 1)^2.
        Liu et al. 2021, equation 4.
    """
    side = torch.arange(window)
    places = torch.cartesian_prod(side, side)  # (M * M, 2), row by row
    offsets = places[:, None] - places[None, :] + window - 1  # (M * M, M * M, 2)
    return offsets[..., 0] * (2 * window - 1) + offsets[..., 1]


def patch_merge(tokens: Tensor) -> Tensor:
    """Put the channels of each 2 x 2 tokens side by side.

    In the order of Swin's code: top left, bottom left, top right, bottom right.

    Args:
        tokens: (B, H, W, C); an odd side gets zeros at its end.

    Returns:
        (B, H / 2, W / 2, 4C). Liu et al. 2021, section 3.1.
    """
    even = pad_to_windows(tokens, 2)
    cut = even.unflatten(2, (-1, 2)).unflatten(1, (-1, 2))  # (B, H / 2, 2, W / 2, 2, C)
    return cut.permute(0, 1, 3, 4, 2, 5).flatten(start_dim=3)
