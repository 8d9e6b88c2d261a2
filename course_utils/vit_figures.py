"""The figures of lessons 05 and 06 that take more lines than a cell should have."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from torch import Tensor
from torch.nn import functional as F

from course_utils import plots


def picture_row(pictures: Sequence[Tensor], titles: Sequence[str] = (), width: float = 7.5) -> Figure:
    """Draw pictures (H, W) or (3, H, W) side by side, with titles, of one line or more, if there are any."""
    lines = max((title.count("\n") + 1 for title in titles), default=0)
    height = width / len(pictures) + (0.25 + 0.2 * lines if titles else 0.05)
    figure, panels = plots.figure(len(pictures), width=width, height=height)
    for n, (axes, picture) in enumerate(zip(panels, pictures, strict=True)):
        plots.draw_image(axes, picture, titles[n] if titles else "")
    return figure


def loss_curve(losses: Sequence[float], window: int = 25) -> Figure:
    """Draw the losses of a training, each point the mean of `window` steps."""
    figure, (axes,) = plots.figure(width=6, height=2.6)
    _smooth(axes, losses, window)
    return figure


def training_curves(losses: Sequence[float], accuracies: Mapping[int, float], window: int = 50) -> Figure:
    """Draw the losses of a training, each point the mean of `window` steps, beside the accuracies (0 to 1) by step."""
    figure, (left, right) = plots.figure(2, width=7.5, height=2.4)
    _smooth(left, losses, window)
    right.plot(list(accuracies), [100 * value for value in accuracies.values()], "s-", color=plots.COLOURS[1])
    right.set(xlabel="step", ylabel="% named rightly", xlim=left.get_xlim())
    return figure


def _smooth(axes: Axes, losses: Sequence[float], window: int) -> None:
    means = F.avg_pool1d(torch.tensor(losses)[None], window, window)[0]
    axes.plot(torch.arange(len(means)) * window + window / 2, means)
    axes.set(xlabel="step", ylabel=f"loss, mean of {window}", ylim=(0, None))


def confusions(matrix: Tensor, classes: Sequence[str]) -> Figure:
    """Draw a confusion matrix (classes, classes): row, what a picture shows; column, what the model says."""
    shares = matrix / matrix.sum(dim=1, keepdim=True)
    figure = plots.heatmap(shares, rows=classes, columns=classes, label="share of the row")
    figure.set_size_inches(5.8, 4.2)
    for text in figure.axes[0].texts:
        text.set_text(text.get_text().removeprefix("0") if text.get_text() != "0.00" else "")
        text.set_fontsize(8)
    figure.axes[0].set(xlabel="the model says", ylabel="the picture shows")
    figure.axes[0].tick_params(axis="x", rotation=60)
    return figure


def maps_of_heads(picture: Tensor, weights: Tensor, grid: tuple[int, int]) -> Figure:
    """Draw one query's attention in all layers and heads, a row for each layer, all on one scale.

    Args:
        picture: (H, W) or (3, H, W).
        weights: (L, h, N), to the patches of a grid.
        grid: rows and columns.
    """
    layers, heads, _ = weights.shape
    figure = Figure(figsize=(7.5, 1.3 * layers))
    panels = figure.subplots(layers, heads + 1)
    percent = 100 * weights
    for layer in range(layers):
        plots.draw_image(panels[layer, 0], picture, f"layer {layer + 1}")
        for head, axes in enumerate(panels[layer, 1:]):
            drawn = _cells(axes, percent[layer, head].view(grid), plots.ATTENTION, vmin=0, vmax=percent.max())
            axes.set_title(f"head {head + 1}" if layer == 0 else "")
    figure.colorbar(drawn, ax=panels, label="% of the attention", shrink=0.6)
    return figure


def _cells(axes: Axes, values: Tensor, colours: Colormap | str, **limits: float) -> AxesImage:
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    return axes.imshow(values.cpu().numpy(), cmap=colours, **limits)


def head_distances(distances: Mapping[str, Tensor], even: float) -> Figure:
    """Draw how far each head of each layer looks, (L, h) for each model, beside what looking everywhere alike gives."""
    figure, (axes,) = plots.figure(width=6.5, height=2.8)
    for place, (name, values) in enumerate(distances.items()):
        layer = torch.arange(1, len(values) + 1) + 0.12 * place - 0.06
        for head, column in enumerate(values.T):
            marker, colour = plots.MARKERS[place], plots.COLOURS[place]
            axes.plot(layer, column, marker, color=colour, label=None if head else name)
    axes.axhline(even, linestyle="--", color=plots.INK, marker="", label="looking everywhere alike")
    axes.set(xticks=range(1, len(values) + 1), xlabel="layer", ylabel="pixels")
    axes.legend(fontsize=9, ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def filters_and_positions(filters: Tensor, alike: Tensor) -> Figure:
    """Draw filters (28, P, P) on the left, and on the right how like all positions are to each: (7, 7, 7, 7)."""
    figure = Figure(figsize=(5.8, 2.9))
    left, right = figure.subfigures(1, 2, wspace=0.08)
    left.suptitle("patch filters", fontsize=9)
    right.suptitle("cosine with every position's embedding", fontsize=9)
    for axes, values in zip(left.subplots(4, 7).flat, filters, strict=True):
        _cells(axes, values, "gray")
    for axes, values in zip(right.subplots(7, 7).flat, alike.flatten(0, 1), strict=True):
        _cells(axes, values, plots.VALUES, vmin=-1, vmax=1)
    return figure


def maps_over_photographs(pictures: Sequence[tuple[Tensor, Tensor, Tensor]], titles: Sequence[str]) -> Figure:
    """Draw photographs in rows: the picture, the outline of its object, and where something looks.

    Args:
        pictures: (3, H, W) in 0..1, the outline's mask of bool (rows, columns), and the attention (rows, columns).
        titles: of the attention's panels.
    """
    figure = Figure(figsize=(5.8, 1.35 * len(pictures)))
    rows = figure.subplots(len(pictures), 3, squeeze=False)
    for panels, (picture, mask, attended), title in zip(rows, pictures, titles, strict=True):
        large = F.interpolate(mask[None, None].float(), picture.shape[1:])[0, 0]
        plots.draw_image(panels[0], picture)
        plots.draw_image(panels[1], picture * (0.25 + 0.75 * large))
        _cells(panels[2], attended, plots.ATTENTION, vmin=0)
        panels[2].set_title(title, fontsize=9)
    rows[0, 0].set_title("photograph", fontsize=9)
    rows[0, 1].set_title("its object, by hand", fontsize=9)
    return figure


def lines(
    curves: Mapping[str, Mapping[float, float]], xlabel: str, ylabel: str, bands: Mapping[str, Sequence] | None = None
) -> Figure:
    """Draw a line for each name through its points, with a legend beside them.

    Args:
        curves: for each name, y by x.
        xlabel, ylabel: what they are, with units.
        bands: for some names lowest and highest y at each x.
    """
    figure, (axes,) = plots.figure(width=7.5, height=3)
    for name, points in curves.items():
        (line,) = axes.plot(list(points), list(points.values()), label=name)
        if bands and name in bands:
            axes.fill_between(list(points), *bands[name], alpha=0.2, color=line.get_color())
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.set_xticks(list(points))
    axes.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def seeds_by_arm(values: Mapping[str, Sequence[float]], xlabel: str, reference: str | None = None) -> Figure:
    """Draw each arm's seeds as dots on a row, with their mean; a band for the arm called `reference`.

    Args:
        values: for each arm its seeds' values.
        xlabel: what they are, with the unit.
        reference: an arm whose range is drawn behind all.
    """
    figure, (axes,) = plots.figure(width=7.5, height=0.9 + 0.27 * len(values))
    for row, seeds in enumerate(values.values()):
        axes.plot(seeds, [row] * len(seeds), "o", color=plots.COLOURS[0])
        axes.plot(sum(seeds) / len(seeds), row, "|", color=plots.INK, markersize=14)
    if reference:
        axes.axvspan(min(values[reference]), max(values[reference]), alpha=0.15)
    axes.set_yticks(range(len(values)), list(values))
    axes.set(xlabel=xlabel, ylim=(len(values) - 0.5, -0.5))
    return figure


def picture_grid(pictures: Sequence[Tensor], titles: Sequence[str], columns: int) -> Figure:
    """Draw pictures (H, W) in rows of `columns`, with small titles."""
    rows = -(-len(pictures) // columns)
    figure = Figure(figsize=(7.5, 1.35 * rows))
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in panels:
        axes.set_axis_off()
    for axes, picture, title in zip(panels, pictures, titles, strict=False):
        plots.draw_image(axes, picture)
        axes.set_title(title, fontsize=9)
    return figure


def augmentation_grid(accuracies: Mapping[str, Sequence[float]], levels: Sequence[str]) -> Figure:
    """Draw accuracy by level of augmentation, a panel for each number of labels and size, a line for each rate.

    Args:
        accuracies: in %, of each seed, by "SIZE, LABELS, REGULARISATION, LEVEL".
        levels: of augmentation, from none to heavy.
    """
    panels = list(dict.fromkeys(tuple(arm.split(", ")[:2]) for arm in accuracies))
    rates = list(dict.fromkeys(arm.split(", ")[2] for arm in accuracies))
    figure, axes = plots.figure(len(panels), width=8.5, height=3)
    every = [value for seeds in accuracies.values() for value in seeds]
    for one, (size, labels) in zip(axes, panels, strict=True):
        for rate in rates:
            rows = [accuracies[f"{size}, {labels}, {rate}, {level}"] for level in levels]
            one.plot(levels, [sum(row) / len(row) for row in rows], label=f"regularisation {rate}")
            one.fill_between(levels, [min(row) for row in rows], [max(row) for row in rows], alpha=0.2)
        one.tick_params(axis="x", rotation=45)
        one.set(title=f"{size}, {int(labels):,} labels", ylim=(min(every) - 0.5, max(every) + 0.5))
    axes[0].set(ylabel="% of the test pictures")
    axes[0].legend(fontsize=8)
    return figure


def scale_charts(
    vits: Sequence[Mapping[str, str]], resnets: Sequence[Mapping[str, str]], images: Mapping[str, float]
) -> Figure:
    """Draw the accuracy of ViTs and ResNets on ImageNet, a panel for each data set they were pretrained on.

    Args:
        vits: rows of the table `vit_table5`.
        resnets: rows of the table `bit_imagenet`.
        images: how many images each data set has, by its name.
    """
    figure, panels = plots.figure(len(images), width=8.5, height=3)
    for axes, (name, count) in zip(panels, images.items(), strict=True):
        kinds = {
            "ViT": [(row["model"], row["top1"], row) for row in vits if row["pretrain"] == name],
            "ResNet": [(row["model"], row["imagenet_top1"], row) for row in resnets if f"({name})" in row["pretrain"]],
        }
        names: list[str] = []
        for place, (kind, rows) in enumerate(kinds.items()):
            for model, value, row in sorted(rows, key=lambda row: float(row[1])):
                face = plots.COLOURS[place] if row["confidence"] == "confirmed" else plots.PAPER
                style = {"color": plots.COLOURS[place], "markerfacecolor": face, "markersize": 8}
                axes.plot(float(value), len(names), plots.MARKERS[place], **style)
                names.append(model.removeprefix("ViT-") if kind == "ViT" else f"ResNet {model[1:]}")
        axes.set_yticks(range(len(names)), names, fontsize=9)
        axes.set(xlabel="% on ImageNet", xlim=(70, 90))
        axes.set_title(f"{name}: {count / 1e6:.3g} M images", fontsize=10)
    return figure
