"""Windows on a grid of tokens, as Swin cuts, shifts, masks and merges them: Liu et al. 2021, sections 3.1 and 3.2.

Notation: `B` batch, `H W` the token grid, `N = H * W`, `C` channels, `M` side of a window, `nW = H/M * W/M` windows.
Token grids are (B, H, W, C). Rows come before columns, and a pair is (rows, columns). Nothing here is learned.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

Shift = int | tuple[int, int]  # the same along both sides of the grid, or one number for each


def to_windows(tokens: Tensor, window: int) -> Tensor:
    """Cut a grid of tokens into windows, row by row: a pure reshape.

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
        raise ValueError(f"a grid of {H} x {W} has no whole windows of {window} x {window}: pad it to {whole}")


def pad_to_windows(tokens: Tensor, window: int) -> Tensor:
    """Put zeros below and to the right of a grid (B, H, W, C) until both sides are multiples of M."""
    rows, columns = (-side % window for side in tokens.shape[1:3])
    return F.pad(tokens, (0, 0, 0, columns, 0, rows))


def both_shifts(shift: Shift, window: int) -> tuple[int, int]:
    """Return the shift along rows and along columns.

    Raises:
        ValueError: a shift isn't in 0 to M - 1.
    """
    rows, columns = (shift, shift) if isinstance(shift, int) else shift
    if not (0 <= rows < window and 0 <= columns < window):
        raise ValueError(f"shift {shift} is not from 0 to {window - 1}: for windows of {window} use {window // 2}")
    return rows, columns


def useful_shift(grid: tuple[int, int], window: int, shift: int) -> tuple[int, int]:
    """Shift along both sides of the grid, but not along one that a single window covers.

    There a shift could only cut the window in two.
    """
    rows, columns = (0 if side <= window else shift for side in grid)
    return rows, columns


def shares_window(grid: tuple[int, int], window: int, shift: Shift) -> Tensor:
    """Say of every two tokens whether one window holds both: the shifted windows as one draws them.

    Windows begin at `shift`, `shift` + M and so on; those at the edges are what is left, and not square. The token
    grid isn't rolled, so this is what rolling and masking has to come to.

    Args:
        grid: H and W.
        window: M.
        shift: 0 to M - 1.

    Returns:
        (N, N) of bool.

    Raises:
        ValueError: the shift isn't in 0 to M - 1.
    """
    together = []
    for side, start in zip(grid, both_shifts(shift, window), strict=True):
        begins = torch.arange(start, side, window)  # where windows begin along this side
        number = (torch.arange(side)[:, None] >= begins).sum(dim=1)  # begins passed, (side,)
        together.append(number[:, None] == number)  # (side, side)
    rows, columns = together
    return (rows[:, None, :, None] & columns[None, :, None, :]).flatten(2).flatten(0, 1)


def shift_regions(grid: tuple[int, int], window: int, shift: Shift) -> Tensor:
    """Number the regions of a rolled grid whose tokens may look at each other, if a window holds them.

    Rolling by `shift` carries the first rows behind the last ones, into a window with rows from the other end. Three
    bands along each side keep them apart: before the last window, in it, and what was carried around.

    Args:
        grid: H and W, multiples of M.
        window: M.
        shift: 0 to M - 1.

    Returns:
        (H, W) of whole numbers from 0 to 8. Liu et al. 2021, figure 4.

    Raises:
        ValueError: a side of the grid is not a multiple of M, or the shift isn't in 0 to M - 1.
    """
    check_windows(grid, window)
    bands = []
    for side, carried in zip(grid, both_shifts(shift, window), strict=True):
        place = torch.arange(side)
        bands.append((place >= side - window).int() + (place >= side - carried).int())
    rows, columns = bands
    return 3 * rows[:, None] + columns


def shift_window_mask(grid: tuple[int, int], window: int, shift: Shift) -> Tensor:
    """Let the tokens of a rolled grid's windows look at those of their own region only.

    Args:
        grid: H and W, multiples of M.
        window: M.
        shift: 0 to M - 1.

    Returns:
        (nW, M * M, M * M) of bool: True where row (query) may look at column (key). Liu et al. 2021, section 3.2.

    Raises:
        ValueError: a side of the grid is not a multiple of M, or the shift isn't in 0 to M - 1.
    """
    regions = shift_regions(grid, window, shift)[None, :, :, None]
    regions = to_windows(regions, window)[0, :, :, 0]  # (nW, M * M)
    return regions[:, :, None] == regions[:, None, :]


def window_permutation(grid: tuple[int, int], window: int, shift: Shift) -> Tensor:
    """Return the order in which rolling by `shift` and cutting into windows put the tokens.

    `tokens[:, order]` shifts and cuts tokens (B, N, C) at once, and `windows[:, order.argsort()]` puts them back.

    Args:
        grid: H and W, multiples of M.
        window: M.
        shift: 0 to M - 1.

    Returns:
        (N,): place n of the windows, one window after the other, gets token `order[n]`.

    Raises:
        ValueError: a side of the grid is not a multiple of M, or the shift isn't in 0 to M - 1.
    """
    rows, columns = both_shifts(shift, window)
    numbers = torch.arange(math.prod(grid)).view(1, *grid, 1)
    rolled = numbers.roll((-rows, -columns), dims=(1, 2))
    return to_windows(rolled, window).flatten()


def relative_position_index(window: int) -> Tensor:
    """Say which entry of the table of relative positions belongs to a query and a key of one window.

    Args:
        window: M.

    Returns:
        (M * M, M * M) of whole numbers below (2M - 1)^2. With the query r rows below the key and c columns to its
        right, r and c from -(M - 1) to M - 1: (r + M - 1) * (2M - 1) + (c + M - 1). Liu et al. 2021, equation 4.
    """
    side = torch.arange(window)
    places = torch.cartesian_prod(side, side)  # (M * M, 2), row by row
    offsets = places[:, None] - places[None, :] + window - 1  # (M * M, M * M, 2)
    return offsets[..., 0] * (2 * window - 1) + offsets[..., 1]


def patch_merge(tokens: Tensor) -> Tensor:
    """Put the channels of every 2 x 2 tokens side by side, a quarter of the tokens with four times the channels.

    The order is that of Swin's code, top left, bottom left, top right, bottom right: rows change faster than columns.

    Args:
        tokens: (B, H, W, C); an odd side gets zeros at its end.

    Returns:
        (B, H / 2, W / 2, 4C). Liu et al. 2021, section 3.1.
    """
    even = pad_to_windows(tokens, 2)
    cut = even.unflatten(2, (-1, 2)).unflatten(1, (-1, 2))  # (B, H / 2, 2, W / 2, 2, C)
    return cut.permute(0, 1, 3, 4, 2, 5).flatten(start_dim=3)
