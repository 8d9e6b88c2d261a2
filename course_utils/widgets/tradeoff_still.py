"""The still picture of a `TradeoffExplorer`: models on two axes, their seeds' spread, and the Pareto front."""

from collections.abc import Sequence
from itertools import pairwise, product, zip_longest

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis as Line
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from matplotlib.transforms import Bbox

from course_utils import plots
from course_utils.widgets.tradeoff_rows import FAMILIES, Model, written_tick
from course_utils.widgets.tradeoffs import Chart

COLOUR = dict(zip(FAMILIES, plots.COLOURS, strict=False))
MARKER = dict(zip(FAMILIES, plots.MARKERS, strict=False))
ARROWS = {"more": "→", "less": "←"}, {"more": "↑", "less": "↓"}
DISTANCES = (9, 12, 16, 21, 27, 36, 48)  # of a name from its mark, in points
TURNS = (0, 8, 4, 12, *range(2, 16, 4), *range(1, 16, 2))  # directions, in 16ths, in which a name may stand
COVERED, CROSSED = 1000, 15  # how bad it is to cover a mark or a name, to cross a line: as so many points farther away


def tradeoff_chart(chart: Chart) -> Figure:
    """Draw models on two axes: shape and colour by family, a bar from the lowest to the highest seed, the front dashed.

    A mark on the front is filled, another one is open; the reader's own has a ring.
    """
    figure, (axes,) = plots.figure(width=7.5, height=4.4)
    _name_axes(axes, chart)
    front = chart.front()
    for model in chart.shown():
        _draw_model(axes, chart, model, model in front)
    corners = _front_corners(chart, front)
    style = {"color": plots.INK, "linewidth": 1.2, "marker": "", "label": "Pareto front"}
    axes.plot(*zip(*corners, strict=True), "--", **style)
    for family in dict.fromkeys(model.family for model in chart.shown()):
        axes.plot([], [], MARKER[family], color=COLOUR[family], label=family)
    figure.legend(loc="outside lower center", ncols=5, fontsize=9)
    axes.margins(0.12)
    for axis, line in zip(chart.axes, (axes.xaxis, axes.yaxis), strict=True):
        _round_ticks(line, axis.scale == "log")
    _place_names(figure, axes, chart, corners)
    return figure


def _name_axes(axes: Axes, chart: Chart) -> None:
    """Write what the axes are, and which way is better."""
    titles = [
        f"{axis.title}: {axis.better} is better {arrows[axis.better]}"
        for axis, arrows in zip(chart.axes, ARROWS, strict=True)
    ]
    axes.set(xscale=chart.axes[0].scale, yscale=chart.axes[1].scale)
    axes.set_xlabel(titles[0], fontsize=10, loc="right")
    axes.set_title(titles[1], fontsize=10)


def _draw_model(axes: Axes, chart: Chart, model: Model, is_on_front: bool) -> None:
    x, y = chart.at(model)
    colour, marker = COLOUR[model.family], MARKER[model.family]
    spread = [[[one.mean - one.low], [one.high - one.mean]] for one in (x, y)]
    axes.errorbar(x.mean, y.mean, yerr=spread[1], xerr=spread[0], fmt="none", ecolor=colour, capsize=3, linewidth=1.2)
    face = colour if is_on_front else plots.PAPER
    axes.plot(x.mean, y.mean, marker, color=colour, markerfacecolor=face, markersize=8, markeredgewidth=1.8, zorder=3)
    if model.yours:
        axes.plot(x.mean, y.mean, "o", markerfacecolor="none", color=plots.INK, markersize=15, markeredgewidth=1.2)


def _front_corners(chart: Chart, front: Sequence[Model]) -> list[tuple[float, float]]:
    """Return the corners of the front's steps: what lies behind them, somebody beats."""
    places = sorted(tuple(one.mean for one in chart.at(model)) for model in front)
    is_more = chart.axes[0].better == "more"
    between = [(one[0], two[1]) if is_more else (two[0], one[1]) for one, two in pairwise(places)]
    return [corner for pair in zip_longest(places, between) for corner in pair if corner]


def _round_ticks(line: Line, is_log: bool) -> None:
    """Put ticks at round numbers, written as in the explorer, also where a logarithmic scale has less than a decade."""
    low, high = sorted(line.get_view_interval())
    wide = is_log and high > 10 * low
    line.set_major_locator(LogLocator(subs=(1, 2, 5)) if wide else MaxNLocator(6, steps=(1, 2, 5, 10)))
    line.set_minor_locator(NullLocator())
    line.set_major_formatter(FuncFormatter(lambda value, _place: written_tick(value)))


def _place_names(figure: Figure, axes: Axes, chart: Chart, corners: Sequence[tuple[float, float]]) -> None:
    """Write each name beside its mark, where it covers no mark and no other name, and crosses few lines if any."""
    FigureCanvasAgg(figure).draw()  # the layout is known only now
    models = chart.shown()
    points = np.array([axes.transData.transform([one.mean for one in chart.at(model)]) for model in models])
    size = 7 * figure.dpi / 72
    taken = [Bbox.from_bounds(x - size, y - size, 2 * size, 2 * size) for x, y in points]
    spreads = [pair for model in models for pair in _spread_ends(chart, model)]
    ends = [axes.transData.transform(pair) for pair in [*pairwise(corners), *spreads]]
    lines = [Bbox([np.minimum(*pair) - 2, np.maximum(*pair) + 2]) for pair in ends]
    crowds = [(np.linalg.norm(points - point, axis=1) < 6 * size).sum() for point in points]
    for place in np.argsort(crowds, kind="stable")[::-1]:  # the most crowded come first
        mark = [one.mean for one in chart.at(models[place])]
        style = {"textcoords": "offset points", "fontsize": 9}
        name = axes.annotate(models[place].shown, mark, xytext=(0, 0), **style)
        _move_name(name, axes, taken, lines)
        taken.append(name.get_window_extent().padded(9, 3))  # room between two names


def _spread_ends(chart: Chart, model: Model) -> list[list[tuple[float, float]]]:
    """Return the ends of a model's two bars."""
    x, y = chart.at(model)
    return [[(x.low, y.mean), (x.high, y.mean)], [(x.mean, y.low), (x.mean, y.high)]]


def _move_name(name: Annotation, axes: Axes, taken: Sequence[Bbox], lines: Sequence[Bbox]) -> None:
    """Move a name to where it is in the way of least, of equally good places to the nearest."""
    costs = {}
    for distance, turn in product(DISTANCES, TURNS):
        if distance >= min(costs.values(), default=np.inf):
            break  # all others are farther away
        angle = 2 * np.pi * turn / 16
        _put(name, place := (distance * np.cos(angle).round(9), distance * np.sin(angle).round(9)))
        box = name.get_window_extent()
        inside = axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 and axes.bbox.y0 <= box.y0 and box.y1 <= axes.bbox.y1
        if inside:
            crossed = CROSSED * box.count_overlaps(lines)
            costs.setdefault(place, distance + COVERED * box.count_overlaps(taken) + crossed)
    _put(name, min(costs, key=costs.get, default=(DISTANCES[0], 0)))


def _put(name: Annotation, place: tuple[float, float]) -> None:
    """Put a name so far from its mark, and align it such that it begins or ends there."""
    name.set(position=place, ha=_side(place[0], "left", "right"), va=_side(place[1], "bottom", "top"))


def _side(offset: float, after: str, before: str) -> str:
    """Return how a text is aligned that begins or ends so far from its mark."""
    return "center" if offset == 0 else after if offset > 0 else before
