"""The still picture of a `WindowExplorer`: the windows, the roll, one mask, and what has reached the token."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from course_utils import plots
from course_utils.models.windows import shift_regions, shift_window_mask, window_permutation
from course_utils.widgets.window_state import WindowState

PALE, CLEAR = 0.12, 0.55  # tokens that aren't heard, and those that are, on a scale of blue


def still(state: WindowState) -> Figure:
    """Draw a state: the image in its windows, the rolled squares, the token's mask, and its reach so far."""
    figure, panels = plots.figure(4, width=9, height=2.5)
    way = {"is_shifting": state.is_shifting, "is_masked": state.is_masked}
    heard = state.reached(state.block, state.block, **way)
    reached = state.reached(1, state.block, **way)
    shifts = state.shifts(state.block, state.is_shifting)
    _draw_tokens(panels[0], heard, state.token, state.window, shifts)
    panels[0].set_title(f"block {state.block}: hears {int(heard.sum())}")
    _draw_rolled(panels[1], heard, state, shifts)
    panels[2].imshow(_mask(state, shifts).numpy(), cmap="Blues", vmin=-PALE, vmax=1 / CLEAR)
    panels[2].set_title("the mask of its square")
    _draw_tokens(panels[3], reached, state.token, state.window, (0, 0))
    panels[3].set_title(f"after {state.block}: reached by {int(reached.sum())}")
    for axes in panels:
        axes.set(xticks=[], yticks=[])
        axes.grid(visible=False)
    return figure


def _draw_rolled(axes: Axes, heard: Tensor, state: WindowState, shifts: tuple[int, int]) -> None:
    """Draw the grid after the roll, with dashed lines where its two ends meet and the numbers of Swin's regions."""
    token = tuple((at - shift) % side for at, shift, side in zip(state.token, shifts, state.grid, strict=True))
    _draw_tokens(axes, heard.roll([-shift for shift in shifts], dims=(0, 1)), token, state.window, (0, 0))
    axes.set_title("rolled, with its regions")
    rows, columns = state.grid
    down, across = shifts
    if down:
        axes.axhline(rows - down - 0.5, color=plots.INK, linestyle=":", marker="")
    if across:
        axes.axvline(columns - across - 0.5, color=plots.INK, linestyle=":", marker="")
    regions = shift_regions(state.grid, state.window, shifts)
    for number in regions.unique().tolist() if down or across else ():
        row, column = (regions == number).nonzero().double().mean(dim=0).tolist()
        box = {"facecolor": plots.PAPER, "edgecolor": "none", "pad": 1}
        axes.text(column, row, str(number), ha="center", va="center", fontsize=9, bbox=box)


def _draw_tokens(axes: Axes, heard: Tensor, token: tuple[int, int], window: int, shifts: Sequence[int]) -> None:
    """Draw a grid of tokens with the borders of its windows, those in `heard` darker, and one token outlined."""
    axes.imshow((heard.double() * (CLEAR - PALE) + PALE).numpy(), cmap="Blues", vmin=0, vmax=1)
    rows, columns = heard.shape
    for at in range(shifts[0] or window, rows, window):
        axes.axhline(at - 0.5, color=plots.INK, linewidth=1, marker="")
    for at in range(shifts[1] or window, columns, window):
        axes.axvline(at - 0.5, color=plots.INK, linewidth=1, marker="")
    corner = (token[1] - 0.5, token[0] - 0.5)
    axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=plots.COLOURS[1], linewidth=2.5))


def _mask(state: WindowState, shifts: tuple[int, int]) -> Tensor:
    """Return which pairs of tokens in the token's square window are let through: (M * M, M * M)."""
    order = window_permutation(state.grid, state.window, shifts).tolist()
    place = order.index(state.token[0] * state.grid[1] + state.token[1])
    masks = shift_window_mask(state.grid, state.window, shifts)  # (nW, M * M, M * M)
    return masks[math.floor(place / state.window**2)].double()
