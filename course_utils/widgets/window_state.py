"""What a `WindowExplorer` shows of one state, put in order: whom a token hears, what has reached it, and the sentence.

`js/windows.js` computes and says the same once the reader moves something.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from course_utils.models.windows import shares_window, useful_shift, window_permutation
from course_utils.widgets.settings import many

SIDES = (4, 16)  # tokens along a side of the grid, at least and at most
WINDOWS = (2, 7)  # M
BLOCKS = 6


@dataclass(frozen=True)
class WindowState:
    """One token in one block of a Swin stage: odd blocks have plain windows, even blocks shifted ones.

    Attributes:
        grid: rows and columns of tokens, H and W.
        window: M.
        shift: of the even blocks, 0 to M - 1.
        block: counted from 1.
        token: its row and column.
        is_shifting: whether even blocks shift at all.
        is_masked: whether the rolled windows have their mask.
    """

    grid: tuple[int, int]
    window: int
    shift: int
    block: int
    token: tuple[int, int]
    is_shifting: bool = True
    is_masked: bool = True

    def shifts(self, block: int, is_shifting: bool) -> tuple[int, int]:
        """Return how far a block shifts along rows and columns: never where one window is the whole side."""
        return useful_shift(self.grid, self.window, self.shift if is_shifting and block % 2 == 0 else 0)

    def hears(self, block: int, *, is_shifting: bool, is_masked: bool) -> Tensor:
        """Return whom each token hears in one block: (N, N) of bool."""
        shifts = self.shifts(block, is_shifting)
        if is_masked:
            return shares_window(self.grid, self.window, shifts)
        order = window_permutation(self.grid, self.window, shifts).view(-1, self.window**2)  # (nW, M * M)
        together = torch.zeros(order.numel(), order.numel(), dtype=torch.bool)
        together[order[:, :, None], order[:, None, :]] = True
        return together

    def reached(self, first: int, last: int, *, is_shifting: bool, is_masked: bool = True) -> Tensor:
        """Return the tokens whose input reaches the token through the blocks `first` to `last`: (H, W) of bool."""
        reached = torch.zeros(self.grid, dtype=torch.bool)
        reached[self.token] = True
        reached = reached.flatten()
        for block in range(last, first - 1, -1):
            reached = self.hears(block, is_shifting=is_shifting, is_masked=is_masked)[reached].any(dim=0)
        return reached.view(self.grid)

    def leaked(self, first: int, last: int) -> Tensor:
        """Return the tokens that reach it only since the mask is left out: (H, W) of bool; none with the mask."""
        way = {"is_shifting": self.is_shifting}
        return self.reached(first, last, **way, is_masked=self.is_masked) & ~self.reached(first, last, **way)

    def sentence(self) -> str:
        """Say whom the token hears in this block, and what has reached it after it."""
        row, column = self.token
        own = self.reached(self.block, self.block, is_shifting=self.is_shifting)
        ever = int(self.reached(1, self.block, is_shifting=self.is_shifting).sum())
        other = int(self.reached(1, self.block, is_shifting=not self.is_shifting).sum())
        leaks = int(self.leaked(1, self.block).sum())
        more = f", and {leaks} more have leaked in" if leaks else ""
        return (
            f"Token (row {row}, column {column}) hears {int(own.sum())} of {own.numel()} tokens in block {self.block} "
            f"({self._kind()}): {self._size(own)}.{self._leaks()} After {many(self.block, 'block')} the input of "
            f"{many(ever, 'token')} has reached it{more}; {'without' if self.is_shifting else 'with'} shifting, "
            f"that of {other}."
        )

    def _kind(self) -> str:
        """Say how the block's windows lie."""
        down, across = self.shifts(self.block, self.is_shifting)
        if down and across:
            return f"windows shifted by {self.shift}"
        if down or across:
            side = "columns" if down else "rows"
            return f"windows shifted by {self.shift}, but not along the {side}, which one window covers"
        is_covered = self.is_shifting and self.shift > 0 and self.block % 2 == 0
        return "not shifted, since one window is the whole grid" if is_covered else "plain windows"

    def _size(self, own: Tensor) -> str:
        """Say how large the token's window is."""
        high, wide = int(own.any(dim=1).sum()), int(own.any(dim=0).sum())
        if high * wide < self.window**2:
            return f"the edge of the image cuts its window to {high} x {wide}"
        return f"its whole window of {high} x {wide}"

    def _leaks(self) -> str:
        """Say what gets into its window where the mask is left out."""
        if self.is_masked:
            return ""
        leaks = int(self.leaked(self.block, self.block).sum())
        if not leaks:
            return " Without the mask nothing more gets into this window."
        return f" Without the mask it also hears {many(leaks, 'token')} from the other side of the image."


def make_state(
    grid: tuple[int, int], window: int, shift: int | None, block: int, start: tuple[int, int] | None
) -> WindowState:
    """Return the state to begin with; half of M is the shift, and the middle of the second row the token, if none.

    Raises:
        ValueError: a size is no whole number in its range, a side is not a multiple of M, or there is no such token.
    """
    grid = _pair("grid", grid)
    for name, side in zip(("rows", "columns"), grid, strict=True):
        _check_whole(name, side, *SIDES)
    _check_whole("window", window, *WINDOWS)
    shift = window // 2 if shift is None else shift
    _check_whole("shift", shift, 0, window - 1)
    _check_whole("block", block, 1, BLOCKS)
    if misfit := window_misfit(grid, window):
        raise ValueError(misfit)
    token = (1, grid[1] // 2) if start is None else _pair("start", start)
    _check_token(token, grid)
    return WindowState(grid, window, shift, block, token)


def _check_token(token: tuple[int, int], grid: tuple[int, int]) -> None:
    """Raise ValueError unless the grid has the token."""
    if not all(isinstance(at, int) and 0 <= at < side for at, side in zip(token, grid, strict=True)):
        raise ValueError(f"there is no token {token} in a grid of {grid[0]} x {grid[1]}: start inside, from (0, 0)")


def _pair(name: str, pair: object) -> tuple[int, int]:
    """Return rows and columns as a tuple; raise ValueError unless there are two."""
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise ValueError(f"{name} is {pair!r}: pass a pair of rows and columns, such as (12, 8)")
    return tuple(pair)


def _check_whole(name: str, number: object, least: int, most: int) -> None:
    """Raise ValueError unless a number is a whole one in its range."""
    if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
        raise ValueError(f"{name} is {number!r}: use a whole number from {least} to {most}")


def window_misfit(grid: tuple[int, int], window: int) -> str:
    """Return why a grid can't be cut into windows, and what can; empty where it can."""
    for name, side in zip(("rows", "columns"), grid, strict=True):
        if side % window:
            sides = _either([n for n in range(SIDES[0], SIDES[1] + 1) if n % window == 0])
            windows = _either([n for n in range(WINDOWS[0], WINDOWS[1] + 1) if side % n == 0])
            also = f", or M = {windows}" if windows else ""
            return f"{side} {name} are not a multiple of the window side {window}: choose {sides} {name}{also}"
    return ""


def _either(numbers: Sequence[int]) -> str:
    """Return numbers with commas, and an "or" before the last."""
    texts = [str(number) for number in numbers]
    return " or ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))
