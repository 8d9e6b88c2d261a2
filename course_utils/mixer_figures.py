"""The figures of lesson 09 that take more lines than a cell should have."""

import math
from collections.abc import Mapping, Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots

SIGNED = matplotlib.colormaps["PuOr"]  # dark at both ends, in orange and violet: lightness alone says how far from 0


def grids(
    rows: Mapping[str, Tensor], titles: Sequence[str] = (), width: float = 7.5, *, signed: bool = False
) -> Figure:
    """Draw small grids of numbers in rows, each row named on its left.

    Args:
        rows: for each name, (k, H, W).
        titles: above the first row's k grids; none for no titles.
        width: of the figure, in inches.
        signed: one scale from -m to m for each row, and a dot in each cell below 0; else from 0 to the row's maximum.
    """
    k, height, wide = next(iter(rows.values())).shape
    figure = Figure(figsize=(width, 0.4 + len(rows) * (width - 1) / k * height / wide))
    panels = figure.subplots(len(rows), k, squeeze=False)
    for line, (name, values) in zip(panels, rows.items(), strict=True):
        most = values.abs().max().item()
        for axes, grid in zip(line, values, strict=True):
            limits = {"cmap": SIGNED, "vmin": -most} if signed else {"cmap": plots.ATTENTION, "vmin": 0}
            _cells(axes, grid, vmax=most, **limits)
            if signed:
                below, across = (grid < 0).nonzero(as_tuple=True)
                axes.plot(across, below, "o", color=plots.PAPER, markeredgecolor=plots.INK, markersize=2.5, mew=0.5)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for axes, title in zip(panels[0], titles, strict=False):
        axes.set_title(title, fontsize=10)
    return figure


def readers(panels: Mapping[str, Tensor], token: tuple[int, int]) -> Figure:
    """Draw which tokens one token reads: in each cell, into how many of its channels, if any is above 1.

    Args:
        panels: for each name, whole numbers (H, W).
        token: row and column of the one that reads; it is outlined.
    """
    figure, axes = plots.figure(len(panels), width=7.5, height=7.5 / len(panels) + 0.5)
    most, blues = max(values.max().item() for values in panels.values()), matplotlib.colormaps["Blues"]
    for one, (name, values) in zip(axes, panels.items(), strict=True):
        _cells(one, values, cmap=blues, vmin=0, vmax=1.4 * most)
        _lines_between(one, values)
        for (row, column), count in _entries(values):
            style = {"ha": "center", "va": "center", "color": plots.ink_on(blues(count / (1.4 * most)))}
            one.text(column, row, str(int(count)) if most > 1 else "", fontsize=8, **style)
        one.set_title(name, fontsize=10)
        size = tuple(values.shape)
        plots.mark_patch(one, token[0] * size[1] + token[1], size, size)
    return figure


def matrices(panels: Mapping[str, Tensor], xlabel: str, ylabel: str) -> Figure:
    """Draw square matrices side by side, each on a scale of its own around 0; zeros are white.

    Args:
        panels: for each title, (N, N).
        xlabel, ylabel: what columns and rows are.
    """
    figure, axes = plots.figure(len(panels), width=7.5, height=7.5 / len(panels) + 0.4)
    for one, (title, values) in zip(axes, panels.items(), strict=True):
        most = values.abs().max().item()
        _cells(one, values, cmap=SIGNED, vmin=-most, vmax=most)
        one.set_title(title, fontsize=10)
        rows = range(0, len(values), math.isqrt(len(values)))  # the first token of each row of a square grid
        one.set(xlabel=xlabel, xticks=rows, yticks=rows)
    axes[0].set_ylabel(ylabel)
    return figure


def by_size(rows: Sequence[Mapping[str, str]], kinds: Mapping[str, str]) -> Figure:
    """Draw accuracy on ImageNet by the number of parameters, each model named beside its marker.

    Args:
        rows: of the table `mlp_family`; those that are not confirmed get a hollow marker.
        kinds: what the names of each kind of model begin with, by the kind's name in the legend.
    """
    figure, (axes,) = plots.figure(width=7.5, height=3.4)
    for place, (kind, start) in enumerate(kinds.items()):
        colour, marker = plots.COLOURS[place], plots.MARKERS[place]
        axes.plot([], [], marker, color=colour, label=kind)
        for row in (row for row in rows if row["model"].startswith(start)):
            size, top1 = float(row["params_m"]), float(row["imagenet_top1"])
            face = colour if row["confidence"] == "confirmed" else plots.PAPER
            axes.plot(size, top1, marker, color=colour, markerfacecolor=face, markersize=8)
            left, name = size > 100 or kind == "gMLP", row["model"].replace(" distilled", ", taught")
            side = {"xytext": (-8 if left else 8, 0), "ha": "right" if left else "left"}
            axes.annotate(name, (size, top1), textcoords="offset points", va="center", fontsize=9, **side)
    axes.set(xscale="log", xlabel="parameters, millions", ylabel="% on ImageNet", xlim=(12, 260))
    axes.set_xticks([20, 50, 100, 200], ["20", "50", "100", "200"])
    axes.xaxis.set_minor_formatter("")
    axes.legend(fontsize=9, loc="lower left")
    return figure


def by_images(curves: Mapping[str, Mapping[float, float]], images: Mapping[str, float], hollow: str) -> Figure:
    """Draw accuracy on ImageNet by the number of images in pretraining, a line for each model.

    Args:
        curves: for each model, its accuracy by the number of images.
        images: how many each data set has, by its name.
        hollow: the model that gets hollow markers and a dashed line.
    """
    figure, (axes,) = plots.figure(width=7.5, height=3.6)
    for name, points in curves.items():
        style = {"linestyle": "--", "markerfacecolor": plots.PAPER} if name == hollow else {}
        if len(points) == 1:
            style |= {"markersize": 11, "markerfacecolor": "none"}  # a ring: nothing is hidden behind it
        axes.plot(list(points), list(points.values()), label=name, **style)
    axes.set(xscale="log", xlabel="images in pretraining", ylabel="% on ImageNet")
    axes.set_xticks(list(images.values()), [f"{name}\n{count / 1e6:.3g} M" for name, count in images.items()])
    axes.xaxis.set_minor_formatter("")
    axes.legend(fontsize=9, loc="lower right")
    return figure


def looks(pictures: Tensor, maps: Tensor, titles: Sequence[str], patch: tuple[int, int]) -> Figure:
    """Draw pictures with one patch outlined, and under each of them where this patch looks, all on one scale.

    Args:
        pictures: (k, H, W), in 0..1.
        maps: (k, rows, columns), the weights.
        titles: of the pictures.
        patch: its row and column.
    """
    figure = Figure(figsize=(7.5, 2.9))
    above, below = figure.subplots(2, len(pictures))
    grid = tuple(maps.shape[1:])
    for axes, picture, title in zip(above, pictures, titles, strict=True):
        plots.draw_image(axes, picture)
        axes.set_title(title, fontsize=10)
        plots.mark_patch(axes, patch[0] * grid[1] + patch[1], grid, tuple(picture.shape))
    for axes, values in zip(below, maps, strict=True):
        _cells(axes, values, cmap=plots.ATTENTION, vmin=0, vmax=maps.max().item())
    return figure


def _cells(axes: Axes, values: Tensor, **colours) -> None:
    """Draw a matrix without ticks and grid."""
    axes.imshow(values.numpy(), **colours)
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)


def _lines_between(axes: Axes, values: Tensor) -> None:
    """Draw thin lines between the cells of a matrix, so that they can be counted."""
    style = {"color": plots.INK, "linewidth": 0.4, "marker": ""}
    for row in range(1, values.shape[0]):
        axes.axhline(row - 0.5, **style)
    for column in range(1, values.shape[1]):
        axes.axvline(column - 0.5, **style)


def _entries(values: Tensor) -> list[tuple[tuple[int, int], float]]:
    """Return places and values of all entries of a matrix that aren't 0."""
    return [((row, column), values[row, column].item()) for row, column in values.nonzero().tolist()]
