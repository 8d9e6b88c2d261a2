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
from matplotlib.transforms import Bbox
from torch import Tensor

from course_utils import plots
from course_utils.average_precision import Detections
from course_utils.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh
from course_utils.detr_runs import SURE
from course_utils.scenes import Scenes

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
    """Write a name at each box, above it where there is room, and elsewhere where it would cover another name.

    Args:
        axes: with the picture.
        corners: (T, 4), as `draw_boxes` returned them.
        names: T of them.
        colours: T of them, of the ground behind the names.
    """
    taken: list[Bbox] = []
    for box, name, colour in zip(corners.tolist(), names, colours, strict=True):
        look = {"facecolor": colour, "edgecolor": "none", "boxstyle": "square,pad=0.15"}
        text = axes.text(0, 0, name, fontsize=7.5, color=plots.ink_on(to_rgba(colour)), bbox=look, clip_on=True)
        first, *others = _places(axes, box)
        for place in [first, *others, first]:
            text.set(**place)
            extent = text.get_window_extent().padded(1)
            if not any(extent.overlaps(other) for other in taken) and _is_inside(axes, extent):
                break
        taken.append(extent)


def _places(axes: Axes, box: Sequence[float]) -> list[dict]:
    """Return where a box's name may stand, the best place first: over its top, within it, at its foot, or under it."""
    left, top, right, foot = box
    bottom, ceiling = axes.get_ylim()
    at_left = (left + right) / 2 < sum(axes.get_xlim()) / 2
    sides = [(left, "left"), (right, "right")] if at_left else [(right, "right"), (left, "left")]
    heights = [(top, "bottom"), (top, "top"), (foot, "bottom"), (foot, "top")]
    if top - ceiling <= 0.1 * (bottom - ceiling):
        heights = heights[1:]
    return [{"x": x, "ha": ha, "y": y, "va": va} for y, va in heights for x, ha in sides]


def _is_inside(axes: Axes, extent: Bbox) -> bool:
    whole = axes.get_window_extent().padded(3)
    return whole.x0 <= extent.x0 and extent.x1 <= whole.x1 and whole.y0 <= extent.y0 and extent.y1 <= whole.y1


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


def sure_scenes(drawn: Scenes, found: Sequence[Detections], columns: int = 3) -> Figure:
    """Draw scenes with all that a detector is sure of, scores above 0.5, and white dashes around what is there.

    Args:
        drawn: the scenes.
        found: in each, boxes in corners in shares of the side, as `detr_runs.detect` returns them.
        columns: scenes in a row.
    """
    sure = [each.scores > SURE for each in found]
    boxes = [xyxy_to_cxcywh(each.boxes[kept]) for each, kept in zip(found, sure, strict=True)]
    labels, scores = (
        [getattr(each, part)[kept] for each, kept in zip(found, sure, strict=True)] for part in ("labels", "scores")
    )
    return found_scenes(drawn.images, drawn.boxes, labels, boxes, scores, drawn.classes, columns)


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
