"""Accuracy by model, regularisation and augmentation: the numbers of an `AugRegExplorer`, and its sentences.

`js/grids.js` counts and says the same once the reader picks something.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import NamedTuple

from course_utils.words import listed

NONE = "none"  # how tables call no regularisation and no augmentation


class Cell(NamedTuple):
    """One cell of the map, by name."""

    model: str
    regularization: str
    augmentation: str


class Counts(NamedTuple):
    """In how many pairs (model, augmentation) regularisation helps, ties and hurts.

    `within` are those of them whose difference is no larger than the spread of either cell's seeds.
    """

    helps: int
    ties: int
    hurts: int
    within: int


@dataclass(frozen=True)
class AccuracyGrid:
    """A map of accuracies, as whole numbers of its last shown digit, so that what is shown adds up.

    Attributes:
        models, levels: of the rows and of the columns.
        regularisation: the name of the state that isn't "none".
        decimals: digits after the point: a code of 805 is 80.5 % with one of them.
        codes: accuracies without and with regularisation, each (models, levels).
        spreads: how far a cell's seeds are apart, like `codes`; none if unknown.
    """

    models: tuple[str, ...]
    levels: tuple[str, ...]
    regularisation: str
    decimals: int
    codes: tuple[tuple[tuple[int, ...], ...], ...]
    spreads: tuple[tuple[tuple[int, ...], ...], ...] | None

    def facts(self) -> dict:
        """Return everything, for JSON."""
        return asdict(self)

    def cell(self, names: Sequence[str]) -> Cell:
        """Return the cell of a model, a regularisation and an augmentation.

        Raises:
            ValueError: there is no such cell.
        """
        axes = (self.models, (NONE, self.regularisation), self.levels)
        if len(names) != 3 or any(name not in axis for name, axis in zip(names, axes, strict=True)):
            told = "; ".join(", ".join(axis) for axis in axes)
            raise ValueError(f"there is no cell {tuple(names)}: name a model, a regularisation, a level of {told}")
        return Cell(*names)

    def place(self, cell: Cell) -> tuple[int, int, int]:
        """Return the indices (regularisation, model, level) of a cell."""
        on = int(cell.regularization != NONE)
        return on, self.models.index(cell.model), self.levels.index(cell.augmentation)

    def code(self, cell: Cell) -> int:
        """Return a cell's accuracy."""
        on, model, level = self.place(cell)
        return self.codes[on][model][level]

    def twin(self, cell: Cell) -> Cell:
        """Return the cell with the other regularisation."""
        return cell._replace(regularization=NONE if cell.regularization != NONE else self.regularisation)

    def best_start(self) -> tuple[Cell, Cell]:
        """Return the best cell of all, behind its model's first one without regularisation; if it is that, its twin."""
        cells = map(Cell._make, product(self.models, (NONE, self.regularisation), self.levels))
        best = max(cells, key=self.code)
        first = Cell(best.model, NONE, self.levels[0])
        return first, self.twin(first) if best == first else best

    def changes(self, model: int) -> list[int]:
        """Return what regularisation adds in one model's row, level by level."""
        return [after - before for before, after in zip(self.codes[0][model], self.codes[1][model], strict=True)]

    def counts(self, models: Iterable[int]) -> Counts:
        """Count in which pairs of the given models' rows regularisation helps, ties and hurts."""
        pairs = [(change, model, level) for model in models for level, change in enumerate(self.changes(model))]
        helps, ties = (sum(change > 0 for change, *_ in pairs), sum(change == 0 for change, *_ in pairs))
        within = sum(abs(change) <= self._apart(model, level) for change, model, level in pairs)
        return Counts(helps, ties, len(pairs) - helps - ties, within if self.spreads else 0)

    def _apart(self, model: int, level: int) -> int:
        """Return how far seeds are apart in a pair of cells, without and with regularisation."""
        return max(state[model][level] for state in self.spreads) if self.spreads else -1

    def count_sentence(self, models: Sequence[int]) -> str:
        """Say `counts` of the given models' rows."""
        if not models:
            return "No model is ticked: tick one or more."
        helps, ties, hurts, within = self.counts(models)
        every = len(models) == len(self.models)
        names = f"all {len(models)} models" if every else listed([self.models[model] for model in models])
        said = f"Regularisation helps in {helps}, ties in {ties}, hurts in {hurts} of {helps + ties + hurts} pairs"
        seeds = f" In {within} of these pairs the difference is no larger than the seeds are apart."
        return f"{said} ({names}).{seeds if self.spreads else ''}"

    def sentence(self, first: Cell, second: Cell) -> str:
        """Say what two cells have, A and B, and by how much and in what they differ."""
        said = f"A, {self._named(first)}, has {self._told(first)}"
        if second == self.twin(first):
            return f"{said}. B, the same {self._how(second)}, has {self._told(second)}. {self._step(first, second)}"
        said += f"{self._other(first)}. B, {self._named(second)}, has {self._told(second)}{self._other(second)}. "
        return said + self._step(first, second)

    def _step(self, first: Cell, second: Cell) -> str:
        """Say what changes from A to B."""
        axes = {"model": 0, "regularisation": 1, "augmentation": 2}
        changed = [f"the {name}" for name, axis in axes.items() if first[axis] != second[axis]]
        if not changed:
            return "A and B are one cell."
        verb = f"only {changed[0]} changes" if len(changed) == 1 else f"{listed(changed)} change"
        return f"From A to B {verb}: {self._difference(first, second)}."

    def _other(self, cell: Cell) -> str:
        """Say what the twin has."""
        twin = self.twin(cell)
        return f"; {self._how(twin)} it has {self._told(twin)}, {self._difference(cell, twin)}"

    def _difference(self, first: Cell, second: Cell) -> str:
        change = self.code(second) - self.code(first)
        one = abs(change) == 1 and self.decimals == 0
        said = f"{written_change(change, self.decimals)} point{'' if one else 's'}"
        if self.spreads and abs(change) <= max(self._spread(first), self._spread(second)):
            return f"{said} (no more than the seeds are apart)"
        return said

    def _spread(self, cell: Cell) -> int:
        on, model, level = self.place(cell)
        return self.spreads[on][model][level]

    def _told(self, cell: Cell) -> str:
        said = f"{written_code(self.code(cell), self.decimals)} %"
        return f"{said} (seeds {written_code(self._spread(cell), self.decimals)} apart)" if self.spreads else said

    def _named(self, cell: Cell) -> str:
        level = "no augmentation" if cell.augmentation == NONE else f"augmentation {cell.augmentation}"
        return f"{cell.model} with {level} and {self._how(cell).removeprefix('with ')}"

    def _how(self, cell: Cell) -> str:
        return f"with {'no regularisation' if cell.regularization == NONE else f'regularisation {self.regularisation}'}"


def written_code(code: int, decimals: int) -> str:
    """Write a code as a number: 805 with one decimal is 80.5."""
    return f"{code / 10**decimals:.{decimals}f}"


def written_change(change: int, decimals: int) -> str:
    """Write a difference of codes with its sign; 0 has none."""
    sign = "+" if change > 0 else "−" if change < 0 else ""
    return sign + written_code(abs(change), decimals)
