"""Accuracy by model, augmentation and regularisation, as a map to pick cells of, sort, and count in."""

from collections.abc import Mapping, Sequence

from course_utils.data import table
from course_utils.widgets.grid_figures import CHANGES, accuracy_maps
from course_utils.widgets.grid_rows import read_grid
from course_utils.widgets.grids import AccuracyGrid
from course_utils.widgets.kit import Explorer, hex_table, script, style
from course_utils.words import listed

TABLE = "steiner_heatmap"
WHAT = "ImageNet-1k, 300 epochs (Steiner et al. 2021, figure 4, as the lecture shows it): top-1 accuracy in %"
GROUPS = {
    "small": ("RTi", "Ti/16", "S/32", "S/16"),
    "large": ("B/32", "R26S", "B/16", "L/16", "R50L"),
}


class AugRegExplorer(Explorer):
    """What regularisation and augmentation do to models: three maps, without, with, and the difference.

    Args:
        rows: as `grid_rows.read_grid` takes them; if none, the lecture's map, `data/tables/steiner_heatmap.csv`.
        what: what the numbers are, with their unit.
        groups: models by the name of their group, each a button; if none, no such buttons for rows of your own.
        start: the cells picked at first, A and B, each a model, a regularisation and an augmentation; if none, the
            best cell and its model without either.

    Raises:
        ValueError: the rows are no map, or a cell of `start` or a model of `groups` isn't in it.
        DataFileError: there are no rows, and the table is missing, truncated or altered.
    """

    _esm = script("grids.js", "augreg_table.js", "augreg.js")
    sheets = ("augreg.css",)
    _css = style(*sheets)

    def __init__(
        self,
        rows: Sequence[Mapping[str, object]] | None = None,
        *,
        what: str | None = None,
        groups: Mapping[str, Sequence[str]] | None = None,
        start: tuple[Sequence[str], Sequence[str]] | None = None,
    ):
        grid = read_grid(table(TABLE) if rows is None else rows)
        what = what or (WHAT if rows is None else "accuracy in %")
        groups = GROUPS if rows is None and groups is None else groups or {}
        first, second = grid.best_start() if start is None else map(grid.cell, start)
        facts = {
            "grid": grid.facts(),
            "what": what,
            "groups": [[name, _places(grid, models)] for name, models in groups.items()],
            "start": [grid.place(first), grid.place(second)],
            "changes": hex_table(CHANGES),
        }
        every = range(len(grid.models))
        sentence = f"{grid.sentence(first, second)} {grid.count_sentence(every)}"
        super().__init__(facts, {}, [(accuracy_maps(grid, what), sentence)])


def _places(grid: AccuracyGrid, models: Sequence[str]) -> list[int]:
    """Return the rows of some models."""
    for model in models:
        if model not in grid.models:
            raise ValueError(f"a group has the model {model!r}: use {listed(grid.models)}")
    return [grid.models.index(model) for model in models]
