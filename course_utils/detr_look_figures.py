"""The figures of lesson 10 that show where a DETR looks, and the masks it draws."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from course_utils import plots
from course_utils.detr_attention import REGIONS


def attention_regions(looks: Mapping[str, Tensor]) -> Figure:
    """Draw how much of the attention lies in each region of `detr_attention.REGIONS`, a bar for each name.

    Args:
        looks: (3,) in 0..1 each, by name, such as "layer 1" or "even over its box".
    """
    figure, (axes,) = plots.figure(width=7.5, height=0.9 + 0.36 * len(looks))
    colours, hatches = (plots.COLOURS[1], plots.COLOURS[4], "#d0d0d0"), ("", "//", "")
    for row, shares in enumerate(looks.values()):
        start = 0.0
        for number, share in enumerate((100 * shares).tolist()):
            look = {"color": colours[number], "hatch": hatches[number], "edgecolor": plots.PAPER}
            axes.barh(row, share, left=start, label=None if row else REGIONS[number], height=0.7, **look)
            if share > 6:
                back = {"facecolor": plots.PAPER, "edgecolor": "none", "boxstyle": "round,pad=0.15"}
                axes.text(start + share / 2, row, f"{share:.0f}", ha="center", va="center", fontsize=9, bbox=back)
            start += share
    axes.set_yticks(range(len(looks)), list(looks))
    axes.set(xlabel="% of the attention", xlim=(0, 100), ylim=(len(looks) - 0.5, -0.5))
    axes.grid(visible=False)
    figure.legend(loc="outside upper center", ncols=3, fontsize=9)
    return figure


def heads_around_box(layers: Sequence[Tensor], reach: float = 1.5) -> Figure:
    """Draw the mean attention of every head around the box of the item, a row for each layer, all on one scale.

    Args:
        layers: (h, S, S) each, as `detr_attention.in_box_frame` gives them.
        reach: how far the maps go from the middle, in halves of the box's sides.
    """
    rows, heads = len(layers), len(layers[0])
    figure = Figure(figsize=(1.6 * heads + 1, 1.55 * rows + 0.2))
    panels = figure.subplots(rows, heads, squeeze=False)
    most = max(layer.max().item() for layer in layers)
    edge = (-reach, reach, reach, -reach)
    for number, (line, layer) in enumerate(zip(panels, layers, strict=True), start=1):
        for head, (axes, values) in enumerate(zip(line, layer, strict=True), start=1):
            drawn = axes.imshow(values.numpy(), cmap=plots.ATTENTION, vmin=0, vmax=most, extent=edge)
            axes.add_patch(Rectangle((-1, -1), 2, 2, fill=False, edgecolor="white", linestyle="--", linewidth=1.5))
            axes.set(xticks=[], yticks=[])
            axes.grid(visible=False)
            axes.set_title(f"head {head}" if number == 1 else "", fontsize=10)
        line[0].set_ylabel(f"layer {number}")
    figure.colorbar(drawn, ax=panels, label="times the mean of all cells", shrink=0.8)
    return figure


def mask_rows(images: Tensor, kinds: Sequence[Mapping[str, Tensor]]) -> Figure:
    """Draw the masks of the items of several scenes, a row for each scene, a column for each kind of mask.

    Args:
        images: (B, 1, H, W) in 0..1.
        kinds: of each scene masks (T, H, W) of bool by the title of their column; items in the same order.
    """
    names = list(kinds[0])
    figure = Figure(figsize=(1.9 * (1 + len(names)), 1.95 * len(images) + 0.2))
    rows = figure.subplots(len(images), 1 + len(names), squeeze=False)
    for row, image, masks in zip(rows, images, kinds, strict=True):
        plots.draw_image(row[0], image)
        for axes, name in zip(row[1:], names, strict=True):
            plots.draw_image(axes, image / 2)
            for number, mask in enumerate(masks[name]):
                _tint(axes, mask, plots.COLOURS[number % len(plots.COLOURS)])
    for axes, name in zip(rows[0], ("scene", *names), strict=True):
        axes.set_title(name, fontsize=10)
    return figure


def _tint(axes: Axes, mask: Tensor, colour: str) -> None:
    """Colour the pixels of a mask (H, W) of bool, with a white line around them."""
    tint = torch.zeros(*mask.shape, 4)
    tint[mask] = torch.tensor(to_rgba(colour, alpha=0.65))
    axes.imshow(tint.numpy())
    if mask.any() and not mask.all():
        axes.contour(mask.numpy(), levels=[0.5], colors="white", linewidths=0.8)
