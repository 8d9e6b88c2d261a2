"""The figures of lesson 08 that take more lines than a cell should have."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from course_utils import plots

Seeds = Sequence[float]
FAMILIES = ("ViT, patch 8", "ViT, patch 4", "Swin", "CNN")  # each has its colour in every figure


def by_size(accuracies: Mapping[str, Mapping[int, Seeds]], chance: float) -> Figure:
    """Draw each network's accuracy by the size of the item: the mean of its seeds as a line, their range as a band.

    A name that ends in ", one resolution" has the colour of the network without these words, a dashed line and
    hollow points.

    Args:
        accuracies: in %, of each seed, by network and size in pixels.
        chance: in %, drawn as a dotted line.

    Raises:
        ValueError: a network is of none of `FAMILIES`.
    """
    figure, (axes,) = plots.figure(width=7.5, height=4)
    for name, sizes in accuracies.items():
        family = FAMILIES.index(name.removesuffix(", one resolution"))
        look = {"color": plots.COLOURS[family], "marker": plots.MARKERS[family]}
        if name.endswith(", one resolution"):
            look |= {"linestyle": "--", "markerfacecolor": plots.PAPER}
        axes.plot(list(sizes), [sum(s) / len(s) for s in sizes.values()], label=name, **look)
        lowest, highest = ([end(seeds) for seeds in sizes.values()] for end in (min, max))
        axes.fill_between(list(sizes), lowest, highest, alpha=0.15, color=look["color"])
    axes.axhline(chance, linestyle=":", color=plots.INK, marker="", label="chance")
    axes.set(xscale="log", xlabel="size of the item, pixels", ylabel="% of the test items", ylim=(0, None))
    axes.set_xticks(list(sizes), list(sizes), minor=False)
    axes.minorticks_off()
    figure.legend(loc="outside right center", fontsize=9, handlelength=3.5)
    return figure


def speed_accuracy(rows: Sequence[Mapping[str, str]]) -> Figure:
    """Draw the lecture's chart, a line for each family: milliseconds for an image, and the accuracy.

    Args:
        rows: of the table `swin_speed_accuracy`; those that are recalled, not confirmed, are hollow.
    """
    figure, (axes,) = plots.figure(width=7.5, height=4.4)
    rows = sorted(rows, key=lambda row: float(row["ms_per_img"]))
    for number, family in enumerate(("RegNetY", "EffNet", "ViT", "DeiT", "Swin")):
        members = [row for row in rows if row["model"].startswith(f"{family}-")]
        points = [(float(row["ms_per_img"]), float(row["top1"])) for row in members]
        look = {"color": plots.COLOURS[number], "marker": plots.MARKERS[number]}
        face = look["color"] if members[0]["confidence"] == "confirmed" else plots.PAPER
        axes.plot(*zip(*points, strict=True), label=family, markerfacecolor=face, **look)
        _name_points(axes, points, members, family, look["color"])
    axes.set(xscale="log", xlabel="milliseconds for an image (V100)", ylabel="% of ImageNet's validation images")
    axes.set_xticks([1, 2, 5, 10, 20, 40], ["1", "2", "5", "10", "20", "40"])
    axes.set(xlim=(0.8, 60), ylim=(75.5, 85.2))
    axes.minorticks_off()
    lines = axes.get_legend_handles_labels()[0]
    for label, face in {"confirmed": plots.INK, "recalled": plots.PAPER}.items():
        lines.append(Line2D([], [], color=plots.INK, linestyle="", marker="o", markerfacecolor=face, label=label))
    figure.legend(handles=lines, loc="outside right center", fontsize=9)
    return figure


def _name_points(
    axes: Axes, points: Sequence[tuple[float, float]], rows: Sequence[Mapping], family: str, colour: str
) -> None:
    """Write the network's name beside each point, with a rim where it meets a line, in its family's colour."""
    above, below = {"xytext": (-3, 5), "ha": "right"}, {"xytext": (4, -11), "ha": "left"}
    rim = [withStroke(linewidth=2, foreground=plots.PAPER)]
    for point, row in zip(points, rows, strict=True):
        side = above if family == "Swin" or row["model"] in ("EffNet-B3", "EffNet-B4") else below
        side = {"xytext": (-4, -12), "ha": "right"} if family == "ViT" else side
        name = row["model"].removeprefix(f"{family}-") + (", 384" if row["res"] == "384" else "")
        axes.annotate(name, point, textcoords="offset points", fontsize=8, color=colour, path_effects=rim, **side)


def rate_ratios(ratios: Mapping[str, Mapping[str, float]]) -> Figure:
    """Draw, for each pair of networks, how much faster the first gets through its multiply-adds on each device.

    Args:
        ratios: by pair and device; a pair may lack devices. 1 is drawn as a line: equally fast.
    """
    figure, (axes,) = plots.figure(width=8.5, height=1 + 0.36 * len(ratios))
    devices = list(dict.fromkeys(device for found in ratios.values() for device in found))
    for number, device in enumerate(devices):
        points = [(found[device], row) for row, found in enumerate(ratios.values()) if device in found]
        look = {"color": plots.COLOURS[number], "marker": plots.MARKERS[number]}
        axes.plot(*zip(*points, strict=True), linestyle="", label=device, **look)
    axes.axvline(1, color=plots.INK, linewidth=1, marker="")
    axes.set_yticks(range(len(ratios)), list(ratios))
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="multiply-adds a second, first : second")
    axes.set_xticks([0.5, 1, 2, 4, 8], ["0.5", "1", "2", "4", "8"])
    axes.minorticks_off()
    figure.legend(loc="outside lower center", ncols=3, fontsize=9)
    return figure
