"""From the rows of a table to the map of an `AugRegExplorer`."""

from collections.abc import Mapping, Sequence
from itertools import product
from math import isfinite

from course_utils.widgets.grids import NONE, AccuracyGrid, Cell
from course_utils.words import listed

COLUMNS = ("model", "regularization", "augmentation", "accuracy")
Found = Mapping[Cell, tuple[float, float | None]]  # accuracy and spread


def read_grid(rows: Sequence[Mapping[str, object]]) -> AccuracyGrid:
    """Put a table in order: accuracies in %, for every model and augmentation without and with regularisation.

    Args:
        rows: with `model`, `regularization` ("none" or another name), `augmentation` and `accuracy`, as texts or
            numbers. All or none have `spread`: how many points the highest seed is above the lowest. Models and
            levels stay in the order in which they come first.

    Raises:
        ValueError: a column, a cell or a state is missing or there twice, or a number is none.
    """
    found = _cells(rows)
    states, models, levels = axes = _axes(found)
    values = [accuracy for accuracy, _ in found.values()]
    if max(values) <= 1:
        raise ValueError(f"the largest accuracy is {max(values):g}: pass per cent, as 80 for 80 %")
    decimals = 0 if all(value.is_integer() for value in values) else 1
    codes, spreads = (_codes({cell: pair[part] for cell, pair in found.items()}, axes, decimals) for part in (0, 1))
    return AccuracyGrid(models, levels, states[1], decimals, codes, spreads if _has_spread(found) else None)


def rows_of_arms(accuracies: Mapping[str, Sequence[float]]) -> list[dict[str, object]]:
    """Return the rows of a map from the seeds of the experiment "augreg".

    Args:
        accuracies: shares of 1, of each seed, by "SIZE, LABELS, REGULARISATION, LEVEL".

    Returns:
        for each arm its mean, and how far its seeds are apart, in points.
    """
    rows = []
    for arm, seeds in accuracies.items():
        size, labels, regularisation, level = arm.split(", ")
        names = (f"{size} ({int(labels):,} labels)", regularisation, level)
        accuracy, spread = 100 * sum(seeds) / len(seeds), 100 * (max(seeds) - min(seeds))
        rows.append(dict(zip((*COLUMNS, "spread"), (*names, accuracy, spread), strict=True)))
    return rows


def _cells(rows: Sequence[Mapping[str, object]]) -> Found:
    if not rows:
        raise ValueError("there are no rows: pass one for each cell of the map")
    found: dict[Cell, tuple[float, float | None]] = {}
    for number, row in enumerate(rows, start=1):
        lacking = [column for column in COLUMNS if column not in row]
        if lacking:
            raise ValueError(f"row {number} has no {listed(lacking)}: a row has {listed(COLUMNS)}")
        cell = Cell(*(str(row[column]) for column in COLUMNS[:3]))
        if cell in found:
            raise ValueError(f"row {number} is a second one for {tuple(cell)}: leave one out, or take their mean")
        spread = _number(row, "spread", number) if "spread" in row else None
        found[cell] = (_number(row, "accuracy", number), spread)
    return found


def _number(row: Mapping[str, object], column: str, number: int) -> float:
    try:
        value = float(row[column])
    except (TypeError, ValueError):
        value = float("nan")
    if not isfinite(value) or not 0 <= value <= 100:
        raise ValueError(f"row {number} has the {column} {row[column]!r}: use a number from 0 to 100")
    return value


def _axes(found: Found) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the names of states, models and levels; every combination of them is there."""
    models, states, levels = (tuple(dict.fromkeys(names)) for names in zip(*found, strict=True))
    if len(states) != 2 or NONE not in states:
        told = listed([repr(state) for state in states])
        raise ValueError(f"the column regularization has {told}: a map needs 'none' and one other name")
    states = (NONE, *(state for state in states if state != NONE))
    for cell in map(Cell._make, product(models, states, levels)):
        if cell not in found:
            raise ValueError(f"there is no row for {tuple(cell)}: a map needs every cell")
    return states, models, levels


def _has_spread(found: Found) -> bool:
    lacking = [cell for cell, (_, spread) in found.items() if spread is None]
    if lacking and len(lacking) < len(found):
        raise ValueError(f"{tuple(lacking[0])} has no spread, others have one: give it to all cells, or to none")
    return not lacking


def _codes(values: Mapping[Cell, float | None], axes: tuple[tuple[str, ...], ...], decimals: int) -> tuple:
    """Return whole numbers (states, models, levels)."""
    states, models, levels = axes
    code = {cell: round((value or 0) * 10**decimals) for cell, value in values.items()}
    return tuple(
        tuple(tuple(code[Cell(model, state, level)] for level in levels) for model in models) for state in states
    )
