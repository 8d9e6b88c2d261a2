"""The figures of lesson 08 that show grids of tokens: windows, masks, reach, stages and position tables."""

from collections.abc import Callable, Mapping, Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from course_utils import plots
from course_utils.models.windows import shares_window

REACHED = ListedColormap(["#e6e6e0", plots.COLOURS[0]])


def borders(side: int, window: int, shift: int = 0) -> list[int]:
    """Return the tokens along one side before which a window begins, without the first: a window has M tokens."""
    return list(range(shift or window, side, window))


def draw_windows(
    axes: Axes, grid: tuple[int, int], window: int, shift: int = 0, token: float = 1, line: float = 2
) -> None:
    """Draw the borders between windows over a picture, white on black.

    Args:
        axes: with the picture, whose pixels are at whole numbers.
        grid: rows and columns of tokens.
        window: M.
        shift: where the windows begin.
        token: pixels that a token's side has.
        line: width of the white lines, in points.
    """
    rows, columns = (token * side - 0.5 for side in grid)
    for look in ({"color": "black", "linewidth": 2 * line}, {"color": "white", "linewidth": line}):
        for row in borders(grid[0], window, shift):
            axes.plot([-0.5, columns], [row * token - 0.5] * 2, marker="", **look)
        for column in borders(grid[1], window, shift):
            axes.plot([column * token - 0.5] * 2, [-0.5, rows], marker="", **look)
    axes.set(xlim=(-0.5, columns), ylim=(rows, -0.5))


def draw_tokens(axes: Axes, place: tuple[int, int], window: int, token: float) -> None:
    """Draw thin lines between the tokens of one window over a picture.

    Args:
        axes: with the picture, whose pixels are at whole numbers.
        place: row and column of the window, among unshifted windows.
        window: M.
        token: pixels that a token's side has.
    """
    top, left = (side * window * token - 0.5 for side in place)
    for number in range(1, window):
        for along, across in ((top, left), (left, top)):
            line = [along + number * token] * 2, [across, across + window * token]
            axes.plot(*(line if along is left else line[::-1]), color="white", linewidth=0.7, marker="")


def windows_on_pictures(
    panels: Sequence[tuple[str, Tensor, tuple[int, int], int, int]], lines: Sequence[float] | None = None
) -> Figure:
    """Draw pictures side by side, with the windows on them.

    Args:
        panels: for each a title, a picture (3, H, W), the token grid, M, and the shift.
        lines: width of each picture's lines, in points; 2 unless told.
    """
    figure, row = plots.figure(len(panels), width=4.6, height=4.6 / len(panels) + 0.4)
    widths = lines or [2.0] * len(panels)
    for axes, (title, picture, grid, window, shift), line in zip(row, panels, widths, strict=True):
        plots.draw_image(axes, picture, title)
        draw_windows(axes, grid, window, shift, picture.shape[1] / grid[0], line)
    return figure


def window_numbers(grid: tuple[int, int], window: int, shift: int) -> Tensor:
    """Number the windows of a drawing, (H, W): tokens that `shares_window` puts together have the same number."""
    together = shares_window(grid, window, shift)  # (N, N)
    first = together.int().argmax(dim=1)  # the first token in the same window
    return first.unique(return_inverse=True)[1].view(grid)


def numbered_grids(panels: Mapping[str, Tensor]) -> Figure:
    """Draw grids of whole numbers (H, W) side by side, coloured by their value, with the number in every cell.

    Args:
        panels: grids by title.
    """
    figure, row = plots.figure(len(panels), width=4.6, height=4.6 / len(panels) + 0.4)
    for axes, (title, grid) in zip(row, panels.items(), strict=True):
        drawn = axes.imshow(grid, cmap=plots.VALUES)
        axes.set(title=title, xticks=[], yticks=[])
        axes.grid(visible=False)
        for (r, c), value in zip(torch.cartesian_prod(*map(torch.arange, grid.shape)), grid.flatten(), strict=True):
            ink = plots.ink_on(drawn.cmap(drawn.norm(int(value))))
            axes.text(int(c), int(r), int(value), ha="center", va="center", color=ink, fontsize=8)
    return figure


def truth_grids(panels: Mapping[str, Tensor], marked: tuple[int, int] | None = None, columns: int = 3) -> Figure:
    """Draw grids of truth values (H, W): dark where true; in rows of `columns`.

    Args:
        panels: grids by title.
        marked: a row and column with a cross in every grid.
        columns: grids in a row.
    """
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(4.4, rows * (4.4 / columns + 0.2)))
    for axes, (title, grid) in zip(figure.subplots(rows, columns, squeeze=False).flat, panels.items(), strict=True):
        axes.imshow(grid, cmap=REACHED, vmin=0, vmax=1)
        axes.set_title(title, fontsize=10)
        _cell_lines(axes, grid.shape)
        if marked:
            axes.plot(marked[1], marked[0], "X", color="#ffffff", markeredgecolor="black", markersize=9)
    return figure


def _cell_lines(axes: Axes, size: Sequence[int]) -> None:
    """Draw a thin line between the cells of a grid, and no ticks."""
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    for axis, side in zip((axes.axhline, axes.axvline), size, strict=True):
        for place in range(1, side):
            axis(place - 0.5, color="white", linewidth=0.5, marker="")


def kinds_of_masks(masks: Mapping[str, Tensor], regions: Mapping[str, Tensor]) -> Figure:
    """Draw masks of windows (M * M, M * M) with what a query may look at coloured by region, the rest left white.

    Args:
        masks: of bool, by the name of the kind; True is allowed.
        regions: for each kind the region (M * M,) of its tokens, from 0.
    """
    figure, row = plots.figure(len(masks), width=7.5, height=7.5 / len(masks) + 0.75)
    for axes, (name, mask) in zip(row, masks.items(), strict=True):
        values = torch.where(mask, 0.25 + regions[name][:, None] / 4, torch.nan)
        axes.imshow(values, cmap=plots.VALUES, vmin=0, vmax=1.1)
        axes.set_title(name, fontsize=10)
        axes.set(xticks=[], yticks=[], xlabel="key")
        axes.grid(visible=False)
        for spine in axes.spines.values():
            spine.set_visible(True)
    row[0].set_ylabel("query")
    return figure


def stages(models: Mapping[str, Sequence[tuple[int, int]]]) -> Figure:
    """Draw a square for each stage of each model: as wide as its map, as dark as it has channels, both written.

    Args:
        models: for each name the side of the token grid and the channels, stage by stage.
    """
    figure, (axes,) = plots.figure(width=6, height=1.4 * len(models))
    largest = max(channels for found in models.values() for _, channels in found)
    for row, (name, found) in enumerate(models.items()):
        middle = -1.2 * row
        axes.text(-0.6, middle, name, ha="right", va="center", fontweight="bold")
        for column, (side, channels) in enumerate(found):
            width = 0.8 * side / 56
            colour = plots.VALUES(1 - 0.9 * channels / largest)
            corner = (column - width / 2, middle - width / 2)
            axes.add_patch(Rectangle(corner, width, width, facecolor=colour, edgecolor=plots.INK))
            text = f"{side} × {side}\n{channels} channels"
            axes.text(column, middle - 0.44, text, ha="center", va="top", fontsize=9)
    axes.set(xlim=(-1.4, 3.5), ylim=(middle - 0.75, 0.45), aspect="equal")
    axes.set_axis_off()
    return figure


def bias_tables(table: Tensor, window: int, titles: Sequence[str]) -> Figure:
    """Draw each head's table of relative positions as a map: rows and columns of the offset of query from key.

    Args:
        table: ((2M - 1)^2, h).
        window: M.
        titles: h of them.
    """
    sides, reach = 2 * window - 1, window - 1
    limit = float(table.abs().max())
    figure, row = plots.figure(len(titles), width=6, height=6 / len(titles) + 0.4)
    for axes, values, title in zip(row, table.T, titles, strict=True):
        extent = (-reach - 0.5, reach + 0.5, reach + 0.5, -reach - 0.5)
        drawn = axes.imshow(values.view(sides, sides), cmap=plots.VALUES, vmin=-limit, vmax=limit, extent=extent)
        axes.set_title(title, fontsize=9)
        axes.set(xticks=[-reach, 0, reach], yticks=[-reach, 0, reach], xlabel="columns")
        axes.grid(visible=False)
    row[0].set_ylabel("rows, query − key")
    figure.colorbar(drawn, ax=row, shrink=0.8)
    return figure


@torch.no_grad()
def changes_when_moved(layer: Callable[[Tensor], Tensor], tokens: Tensor, steps: Sequence[int]) -> dict[int, float]:
    """Compare a layer's output of moved tokens with its moved output.

    Args:
        layer: maps (B, H, W, C) to the same.
        tokens: (B, H, W, C).
        steps: rows by which they are moved down; what leaves comes in again at the top.

    Returns:
        by step, the norm of the difference in units of the output's norm; 0 if the layer moves with its input.
    """
    output, found = layer(tokens), {}
    for step in steps:
        difference = layer(tokens.roll(step, dims=1)) - output.roll(step, dims=1)
        found[step] = float(difference.norm() / output.norm())
    return found
