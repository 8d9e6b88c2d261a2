"""The still picture of a `MatchingExplorer`: the lowest costs first, and the cheapest assignment."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from course_utils import plots
from course_utils.models.matching import hungarian, match_lowest_first


def still(cost: Tensor, rows: Sequence[str], columns: Sequence[str]) -> Figure:
    """Draw a cost matrix twice, each time with the pairs of one way framed and what they cost above.

    Args:
        cost: (N, M).
        rows: N names.
        columns: M names.
    """
    height = 1.2 + 0.4 * len(rows)
    figure, panels = plots.figure(2, width=2.6 + 1.3 * len(columns), height=height)
    ways = (("the lowest first", match_lowest_first), ("the cheapest", hungarian))
    for axes, (title, way) in zip(panels, ways, strict=True):
        pairs = way(cost)
        _draw_costs(axes, cost, list(zip(*map(Tensor.tolist, pairs), strict=True)))
        axes.set_title(f"{title}: {cost[pairs].sum().item():g}", fontsize=11)
        axes.set_xticks(range(len(columns)), columns, fontsize=9, rotation=30 if len(columns) > 2 else 0)
        axes.set_yticks(range(len(rows)), rows if axes is panels[0] else [""] * len(rows), fontsize=9)
    return figure


def _draw_costs(axes: Axes, cost: Tensor, pairs: Sequence[tuple[int, int]]) -> None:
    """Write costs into a grid of pale cells, and frame some."""
    axes.set(xlim=(-0.5, cost.shape[1] - 0.5), ylim=(len(cost) - 0.5, -0.5))
    axes.grid(visible=False)
    axes.tick_params(length=0)
    for row, costs in enumerate(cost.tolist()):
        for column, number in enumerate(costs):
            is_pair = (row, column) in pairs
            look = {"facecolor": plots.COLOURS[0] if is_pair else "#ececea", "edgecolor": plots.PAPER}
            axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, linewidth=3, **look))
            ink, weight = ("white", "bold") if is_pair else (plots.INK, "normal")
            axes.text(column, row, f"{number:g}", ha="center", va="center", color=ink, fontweight=weight)
