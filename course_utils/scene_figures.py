"""The figures of lesson 10 that show scenes: boxes with their names and scores over the picture.

A box has the colour of its class and its name, so colour never says anything alone. What is there is dashed, what a
detector found is a full line.
"""

from collections.abc import Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import Normal, withStroke
from torch import Tensor

from course_utils import plots
from course_utils.boxes import cxcywh_to_xyxy

TRUE, FOUND = (0, (3, 1.5)), "-"  # lines around what is there, and around what was found
SEEN_ON_ANY_GROUND = (withStroke(linewidth=3.5, foreground="black"), Normal())
PER_SCENE = 1.9  # inches


def draw_boxes(axes: Axes, boxes: Tensor, colours: Sequence[str], line: str | tuple = FOUND) -> Tensor:
    """Draw boxes over a picture.

    Args:
        axes: with the picture, drawn by `plots.draw_image`.
        boxes: (T, 4), cxcywh in 0..1.
        colours: T of them.
        line: of matplotlib's kinds: `FOUND` or `TRUE`.

    Returns:
        (T, 4), the boxes' corners in the axes' coordinates.
    """
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()  # y grows downwards
    size = torch.tensor([right - left, bottom - top] * 2)
    corners = cxcywh_to_xyxy(boxes.detach().cpu()) * size + torch.tensor([left, top] * 2)
    for (x, y, end, lowest), colour in zip(corners.tolist(), colours, strict=True):
        look = {"edgecolor": colour, "linestyle": line, "path_effects": SEEN_ON_ANY_GROUND}
        axes.add_patch(Rectangle((x, y), end - x, lowest - y, fill=False, linewidth=1.6, **look))
    return corners


def write_names(axes: Axes, corners: Tensor, names: Sequence[str], colours: Sequence[str]) -> None:
    """Write a name over each box, or within it where there is no room above.

    Args:
        axes: with the picture.
        corners: (T, 4), as `draw_boxes` returned them.
        names: T of them.
        colours: T of them, of the ground behind the names.
    """
    bottom, top = axes.get_ylim()
    middle = sum(axes.get_xlim()) / 2
    for (left, y, right, _), name, colour in zip(corners.tolist(), names, colours, strict=True):
        above = y - top > 0.1 * (bottom - top)
        at_left = (left + right) / 2 < middle
        where = {"ha": "left" if at_left else "right", "va": "bottom" if above else "top"}
        look = {"facecolor": colour, "edgecolor": "none", "boxstyle": "square,pad=0.15"}
        ink = plots.ink_on(to_rgba(colour))
        axes.text(left if at_left else right, y, name, fontsize=7.5, color=ink, bbox=look, clip_on=True, **where)


def true_scenes(
    images: Tensor,
    labels: Sequence[Tensor],
    boxes: Sequence[Tensor],
    classes: Sequence[str],
    columns: int = 4,
) -> Figure:
    """Draw scenes with what is in them.

    Args:
        images: (B, 1, H, W) in 0..1.
        labels: of each scene (T,).
        boxes: of each scene (T, 4), cxcywh in 0..1.
        classes: the names.
        columns: scenes in a row.
    """
    figure, row = _grid(images, columns)
    for axes, numbers, there in zip(row, labels, boxes, strict=True):
        colours = [class_colour(number) for number in numbers.tolist()]
        corners = draw_boxes(axes, there, colours, TRUE)
        write_names(axes, corners, [classes[number] for number in numbers.tolist()], colours)
    return figure


def found_scenes(
    images: Tensor,
    truths: Sequence[Tensor],
    labels: Sequence[Tensor],
    boxes: Sequence[Tensor],
    scores: Sequence[Tensor],
    classes: Sequence[str],
    columns: int = 4,
) -> Figure:
    """Draw scenes with what a detector found in them, and white dashes around what is there.

    Args:
        images: (B, 1, H, W) in 0..1.
        truths: of each scene (T, 4), cxcywh in 0..1.
        labels: of each scene (D,), what was found.
        boxes: of each scene (D, 4), where.
        scores: of each scene (D,), how sure it was, in 0..1; written in %.
        classes: the names.
        columns: scenes in a row.
    """
    figure, row = _grid(images, columns)
    for axes, there, numbers, found, sure in zip(row, truths, labels, boxes, scores, strict=True):
        colours = [class_colour(number) for number in numbers.tolist()]
        names = [f"{classes[n]} {100 * score:.0f}" for n, score in zip(numbers.tolist(), sure.tolist(), strict=True)]
        write_names(axes, draw_boxes(axes, found, colours), names, colours)
        draw_boxes(axes, there, ["white"] * len(there), TRUE)
    return figure


def class_colour(label: int) -> str:
    """Return the colour of a class; from the eighth class on they come again."""
    return plots.COLOURS[label % len(plots.COLOURS)]


def _grid(images: Tensor, columns: int) -> tuple[Figure, list[Axes]]:
    """Draw pictures (B, C, H, W) in rows, and return their axes."""
    rows = -(-len(images) // columns)
    figure = Figure(figsize=(PER_SCENE * columns, PER_SCENE * rows))
    places = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in places:
        axes.set_axis_off()
    for axes, image in zip(places, images, strict=False):
        plots.draw_image(axes, image)
    return figure, places[: len(images)]
