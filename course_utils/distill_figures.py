"""The figures of lesson 07 that take more lines than a cell should have."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots

HATCHES = ("", "////", "....")


def opinions(
    pictures: Sequence[Tensor], labels: Sequence[int], shares: Mapping[str, Tensor], classes: Sequence[str]
) -> Figure:
    """Draw pictures (H, W) above bars of the probabilities that somebody gives the classes.

    Args:
        pictures: n of them.
        labels: of each picture its true class, marked by a dot.
        shares: for each name in the legend (n, C), rows that sum to 1.
        classes: C names.
    """
    figure = Figure(figsize=(7.5, 4.1))
    rows = figure.subplots(2, len(pictures), height_ratios=(1, 2.1), sharey="row", squeeze=False)
    height, places = 0.8 / len(shares), range(len(classes))
    for n, (above, below) in enumerate(rows.T):
        plots.draw_image(above, pictures[n])
        for k, (name, values) in enumerate(shares.items()):
            at = [place + (k - (len(shares) - 1) / 2) * height for place in places]
            style = {"color": plots.COLOURS[k], "hatch": HATCHES[k], "edgecolor": plots.PAPER}
            below.barh(at, values[n].tolist(), height, label=name, **style)
        below.plot(-0.04, labels[n], "o", color=plots.INK, clip_on=False)
        below.set(xlim=(0, 1), xticks=[0, 0.5, 1], yticks=places, yticklabels=classes, xlabel="probability")
        below.tick_params(axis="y", labelsize=9, pad=9)
    rows[1, 0].invert_yaxis()
    if len(shares) > 1:
        figure.legend(*rows[1, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=9)
    return figure


def by_teacher(rows: Sequence[Mapping[str, str]], kinds: Mapping[str, str]) -> Figure:
    """Draw accuracy on ImageNet, a row for each model; hollow where the number is not confirmed.

    Args:
        rows: of the table `deit_vs_vit`.
        kinds: how each row's model was trained, by the model's name; every kind has a colour and a marker.
    """
    figure, (axes,) = plots.figure(width=7.5, height=0.9 + 0.27 * len(rows))
    known = list(dict.fromkeys(kinds.values()))
    for place, kind in enumerate(known):
        axes.plot([], [], plots.MARKERS[place], color=plots.COLOURS[place], label=kind)
    for n, row in enumerate(rows):
        place = known.index(kinds[row["model"]])
        colour = plots.COLOURS[place]
        face = colour if row["confidence"] == "confirmed" else plots.PAPER
        axes.plot(
            float(row["imagenet_top1"]), n, plots.MARKERS[place], color=colour, markerfacecolor=face, markersize=8
        )
    axes.set_yticks(range(len(rows)), [f"{row['model']}, {row['params_m']} M" for row in rows], fontsize=9)
    axes.set(xlabel="% on ImageNet", ylim=(len(rows) - 0.5, -0.5))
    axes.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1, 1))
    return figure
