"""The figures of lesson 11: the map of ideas."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_utils import plots
from course_utils.ideas import CODE, INHERITED, MODELS, NEW, PAPER, heritage, kind

# marker, its edge and its face: shapes tell them apart without colour
MARKS = {
    INHERITED: ("o", plots.COLOURS[0], plots.COLOURS[0], "inherited: from another paper"),
    NEW: ("D", plots.INK, plots.COLOURS[1], "new: from the model's own paper"),
    PAPER: ("o", plots.COLOURS[0], plots.PAPER, "inherited, in the paper only"),
    CODE: ("x", plots.COLOURS[6], plots.COLOURS[6], "in our code only"),
}
WIDTH, ROW = 9.2, 0.172  # inches


def idea_map(rows: Sequence[Mapping[str, str]]) -> Figure:
    """Draw which idea sits in which model: ideas down by year, models across by year, and above how many are inherited.

    Args:
        rows: of `ideas.ideas`.
    """
    figure = Figure(figsize=(WIDTH, 2.9 + ROW * len(rows)))
    counts, marks = figure.subplots(2, 1, sharex=True, height_ratios=(1.1, ROW * len(rows)))
    _draw_counts(counts, rows)
    _draw_grid(marks, rows)
    for name, (marker, edge, face, label) in MARKS.items():
        places = [(x, y) for y, row in enumerate(rows) for x, model in enumerate(MODELS) if kind(row, model) == name]
        style = {"markeredgecolor": edge, "markerfacecolor": face, "markersize": 7, "markeredgewidth": 1.3}
        marks.plot(*zip(*places, strict=True), marker, linestyle="", label=label, **style) if places else None
    figure.legend(*marks.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=9)
    return figure


def _draw_counts(axes: Axes, rows: Sequence[Mapping[str, str]]) -> None:
    """Draw one bar a model: inherited ideas, and on top of them, hatched, new ones."""
    below, above = zip(*(heritage(rows, model) for model in MODELS), strict=True)
    places = range(len(MODELS))
    axes.bar(places, below, 0.62, color=plots.COLOURS[0])
    axes.bar(places, above, 0.62, bottom=below, color=plots.COLOURS[1], edgecolor=plots.INK, hatch="////", linewidth=1)
    for place, inherited, new in zip(places, below, above, strict=True):
        axes.text(place, inherited / 2, inherited, ha="center", va="center", color="white", fontsize=9)
        axes.text(place, inherited + new + 0.4, f"+{new}", ha="center", va="bottom", fontsize=9, fontweight="bold")
    axes.set(ylim=(0, 1.25 * max(map(sum, zip(below, above, strict=True)))), yticks=[])
    axes.set_title("ideas in each model: inherited, and +new from its own paper", fontsize=10)
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    axes.tick_params(bottom=False, labelbottom=False)


def _draw_grid(axes: Axes, rows: Sequence[Mapping[str, str]]) -> None:
    """Write the ideas on the left, their papers on the right, the models on top; a line between two years."""
    axes.set(xlim=(-0.6, len(MODELS) - 0.4), ylim=(len(rows) - 0.4, -0.6))
    axes.set_yticks(range(len(rows)), [row["idea"] for row in rows], fontsize=8.5)
    axes.set_xticks(range(len(MODELS)), [f"{model.title}\n{model.year}" for model in MODELS], rotation=55, fontsize=8.5)
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    for label in axes.get_xticklabels():
        label.set(ha="left", rotation_mode="anchor", linespacing=0.95)
    for place, row in enumerate(rows):
        axes.text(len(MODELS) - 0.25, place, row["paper"], fontsize=7.5, va="center")
    for place, (one, two) in enumerate(pairwise(rows)):
        if one["year"] != two["year"]:
            axes.axhline(place + 0.5, color="#9a9a9a", linewidth=0.8, zorder=0)
    for side in axes.spines.values():
        side.set_visible(False)
