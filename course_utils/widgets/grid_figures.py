"""The still picture of an `AugRegExplorer`: accuracies, and what regularisation changes."""

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure

from course_utils import plots
from course_utils.widgets.grids import AccuracyGrid, written_change, written_code

CHANGES = LinearSegmentedColormap.from_list("changes", (plots.COLOURS[1], "#f5f5f2", plots.COLOURS[0]))


def accuracy_maps(grid: AccuracyGrid, what: str) -> Figure:
    """Draw the accuracies without regularisation, and what it changes: rows models, columns levels of augmentation.

    Args:
        what: what the numbers are, with their unit.
    """
    figure = Figure(figsize=(1.4 + 0.8 * max(len(grid.levels), 5), 1.5 + 0.28 * len(grid.models)))
    before, change = figure.subplots(1, 2, sharey=True)
    codes = [code for state in grid.codes for row in state for code in row]
    changes = [grid.changes(model) for model in range(len(grid.models))]
    most = max(1, *(abs(code) for row in changes for code in row))
    _draw(before, grid.codes[0], plots.VALUES, (min(codes), max(codes)), lambda code: written_code(code, grid.decimals))
    _draw(change, changes, CHANGES, (-most, most), lambda code: written_change(code, grid.decimals))
    for axes, title in ((before, "no regularisation"), (change, f"regularisation {grid.regularisation} adds")):
        axes.set_title(title, fontsize=10)
        axes.set_xticks(range(len(grid.levels)), grid.levels, rotation=60, fontsize=9)
        axes.set_yticks(range(len(grid.models)), grid.models, fontsize=9)
    figure.supxlabel(what, fontsize=9)
    return figure


def _draw(
    axes: Axes,
    values: Sequence[Sequence[int]],
    colours: Colormap,
    limits: tuple[int, int],
    write: Callable[[int], str],
) -> None:
    """Draw one map, with its numbers in its cells."""
    image = axes.imshow(values, cmap=colours, vmin=limits[0], vmax=limits[1], aspect="auto")
    axes.grid(visible=False)
    for row, codes in enumerate(values):
        for column, code in enumerate(codes):
            ink = plots.ink_on(image.cmap(image.norm(code)))
            axes.text(column, row, write(code), ha="center", va="center", color=ink, fontsize=9)
