"""The figures of lesson 10 beside the scenes: what each query does, what suppression does, curves of boxes and scores.

Colours and lines of boxes are those of `scene_figures`; whatever a colour says, a marker, a line or a name says too.
"""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from course_utils import plots
from course_utils.average_precision import RECALLS, Detections, precision_curve
from course_utils.boxes import xyxy_to_cxcywh
from course_utils.detr_runs import SURE
from course_utils.scene_figures import TRUE, class_colour, draw_boxes, write_names

# a box is tall or wide if one side is a quarter longer than the other
SHAPES = {"tall": (plots.COLOURS[0], "|"), "about square": (plots.COLOURS[2], "s"), "wide": (plots.COLOURS[1], "_")}
LONGER = 1.25


def query_plot(found: Sequence[Detections], columns: int = 4) -> Figure:
    """Draw where each query's boxes are, over many scenes: Carion et al. 2020, figure 7.

    A panel is a query, a marker the middle of a box; its shape is the box's. Boxes that the query isn't sure of, with
    a score of 0.5 or less, are pale dots. Titles say in how many of the scenes it is sure.

    Args:
        found: of each scene, one detection for each query.
        columns: panels in a row.
    """
    boxes = xyxy_to_cxcywh(torch.stack([scene.boxes for scene in found])).transpose(0, 1)  # (Q, B, 4)
    scores = torch.stack([scene.scores for scene in found]).T  # (Q, B)
    rows = -(-len(boxes) // columns)
    figure = Figure(figsize=(7.5, 0.4 + 7.5 / columns * rows))
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for number, axes in enumerate(panels):
        _square(axes)
        axes.set_visible(number < len(boxes))
    for number, (axes, places, sure) in enumerate(zip(panels, boxes, scores > SURE, strict=False)):
        axes.plot(*places[~sure, :2].T, ".", color="#b8b8b8", markersize=2, label=f"score {SURE} or less")
        _by_shape(axes, places[sure])
        axes.set_title(f"query {number}: {100 * sure.float().mean():.0f} %", fontsize=9)
    lines, labels = panels[0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside lower center", ncols=4, fontsize=9, markerscale=1.5)
    return figure


def shape_of(box: Tensor) -> str:
    """Return which of `SHAPES` a box (4,), cxcywh, has."""
    _, _, width, height = box.tolist()
    if height > LONGER * width:
        return "tall"
    return "wide" if width > LONGER * height else "about square"


def _by_shape(axes: Axes, boxes: Tensor) -> None:
    """Draw the middles of boxes (n, 4), those of each shape with a marker of their own."""
    shapes = [shape_of(box) for box in boxes]
    for shape, (colour, marker) in SHAPES.items():
        chosen = boxes[[number for number, found in enumerate(shapes) if found == shape]]
        style = {"color": colour, "markerfacecolor": "none", "markersize": 4, "markeredgewidth": 1}
        axes.plot(*chosen[:, :2].T, marker, linestyle="", alpha=0.8, label=shape, **style)


def _square(axes: Axes) -> None:
    """Make axes the unit square of a scene, y downwards, without ticks."""
    axes.set(xlim=(0, 1), ylim=(1, 0), aspect="equal", xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(True)


def found_by_run(
    images: Tensor,
    truths: Sequence[Tensor],
    runs: Mapping[str, Sequence[Detections]],
    classes: Sequence[str],
) -> Figure:
    """Draw what several runs, or one after several numbers of steps, are sure of in the same scenes.

    Args:
        images: (B, 1, H, W) in 0..1, a row for each.
        truths: of each scene (T, 4), cxcywh in 0..1, dashed.
        runs: what was found in each scene, by the title of the column; scores of 0.5 or less are left out.
        classes: the names.
    """
    side = min(1.9, 8.5 / len(runs))
    figure = Figure(figsize=(side * len(runs), (side + 0.25) * len(images)))
    rows = figure.subplots(len(images), len(runs), squeeze=False)
    for number, (image, there, row) in enumerate(zip(images, truths, rows, strict=True)):
        for axes, (name, found) in zip(row, runs.items(), strict=True):
            count = _sure_boxes(axes, image, found[number], classes)
            draw_boxes(axes, there, ["white"] * len(there), TRUE)
            said = f"{count} for {len(there)}"
            axes.set_title(f"{name}\n{said}" if number == 0 else said, fontsize=9)
    return figure


def _sure_boxes(axes: Axes, image: Tensor, found: Detections, classes: Sequence[str]) -> int:
    """Draw a scene with the detections whose score is above 0.5, and return how many there are."""
    plots.draw_image(axes, image)
    sure = found.scores > SURE
    labels = found.labels[sure].tolist()
    colours = [class_colour(label) for label in labels]
    corners = draw_boxes(axes, xyxy_to_cxcywh(found.boxes[sure]), colours)
    write_names(axes, corners, [classes[label] for label in labels], colours)
    return len(labels)


def suppression(image: Tensor, truth: Tensor, anchors: Tensor, hits: Detections, kept: Detections) -> Figure:
    """Draw what a detector with anchors has to do: anchors everywhere, many on one item, one of them kept.

    Args:
        image: (1, H, W) in 0..1.
        truth: (4,), cxcywh in 0..1, the item's box.
        anchors: (N, 4), cxcywh in 0..1; the nine in the middle are drawn, and the centres of all.
        hits: the detections on the item.
        kept: those that non-maximum suppression keeps.
    """
    figure, panels = plots.figure(3, width=8, height=3.1)
    size = image.shape[-1]
    for axes in panels:
        plots.draw_image(axes, image)
    cells = round((len(anchors) / 9) ** 0.5)
    middle = 9 * (cells // 2) * (cells + 1)
    panels[0].plot(*(anchors[:, :2] * size - 0.5).T, ".", color="white", markersize=1.5, alpha=0.6)
    draw_boxes(panels[0], anchors[middle : middle + 9], [plots.COLOURS[5]] * 9)
    panels[0].set_title(f"{len(anchors):,} anchors", fontsize=10)
    for axes, shown, said in ((panels[1], hits, "on the item: {}"), (panels[2], kept, "kept: {}")):
        draw_boxes(axes, xyxy_to_cxcywh(shown.boxes), [plots.COLOURS[4]] * len(shown.boxes))
        draw_boxes(axes, truth[None], ["white"], TRUE)
        axes.set_title(said.format(len(shown.boxes)), fontsize=10)
    return figure


def sliding_boxes(shifts: Tensor, ious: Tensor, gious: Tensor) -> Figure:
    """Draw IoU and GIoU of two equal squares as one slides past the other, and sketches of some of these places.

    Args:
        shifts: (n,), rising, how far apart the middles are, in sides of the squares.
        ious, gious: (n,), what was computed.
    """
    figure = Figure(figsize=(7.5, 3.6))
    above, axes = figure.subplots(2, 1, sharex=True, height_ratios=(1, 3))
    _sketch_squares(above, torch.linspace(shifts[0], shifts[-1], 5).tolist(), 0.1 * (shifts[-1] - shifts[0]).item() / 3)
    every = max(1, len(shifts) // 12)
    axes.plot(shifts, ious, marker="o", markevery=every, label="IoU")
    axes.plot(shifts, gious, marker="s", markevery=every, linestyle="--", label="GIoU")
    axes.axhline(0, color=plots.INK, linewidth=1, marker="")
    axes.set(xlabel="distance of the middles, in sides of the squares")
    axes.legend()
    return figure


def _sketch_squares(axes: Axes, distances: Sequence[float], side: float) -> None:
    """Draw small pairs of squares, each pair around the place on the x-axis that says how far apart they are."""
    for distance in distances:
        for turn, colour, line in ((-0.5, plots.INK, TRUE), (0.5, plots.COLOURS[1], "-")):
            corner = (distance + side * (turn * distance - 0.5), -side / 2)
            axes.add_patch(Rectangle(corner, side, side, fill=False, edgecolor=colour, linestyle=line, linewidth=1.5))
    axes.set(xlim=(distances[0] - 2 * side, distances[-1] + 2.2 * side), ylim=(-side, side), aspect="equal")
    axes.set_axis_off()


def precision_recall(right: Tensor, truths: int, title: str = "") -> Figure:
    """Draw the precision over the recall of one class, and the envelope whose mean is the average precision.

    Args:
        right: (D,) of bool, whether each detection is right, the surest first.
        truths: how many there are.
        title: such as the name of the class.
    """
    found = right.double().cumsum(dim=0)
    ranks = torch.arange(len(right), 0, -1)  # as scores
    envelope = precision_curve(ranks, right, truths)
    figure, (axes,) = plots.figure(width=6.5, height=3.4)
    place = torch.arange(1, len(right) + 1)
    axes.plot(found / truths, found / place, linewidth=1.2, marker="", label="each detection, the surest first")
    axes.plot(RECALLS, envelope, linestyle="--", marker="", color=plots.COLOURS[1], label="the best from here on")
    axes.fill_between(RECALLS, 0, envelope, alpha=0.12, color=plots.COLOURS[1])
    axes.set(xlabel="recall: found, of all that are there", ylabel="precision: right, of the found")
    axes.set(xlim=(0, 1), ylim=(0, 1.03))
    axes.set_title(f"{title}: average precision {envelope.mean():.2f}".removeprefix(": "))
    axes.legend(loc="lower left", fontsize=9)
    return figure
