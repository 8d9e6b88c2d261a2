"""The Hungarian algorithm, step by step: the cheapest way to give every row a column of its own, without trying all.

Notation: `N M` rows and columns of a cost matrix; `u` and `v`, a potential for each of them. The algorithm is Kuhn's
(1955; Munkres 1957), searching as Jonker & Volgenant 1987 do: one row after the other is placed, along the shortest
path to a free column. That takes about N * N * M operations, with N the shorter side.

Why it is right: no u + v exceeds its cost, and no v exceeds 0. So whoever gets whom, the costs add up to all
potentials or more. Those of the last step add up to exactly that.
"""

import math
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from course_utils.words import listed

Pairs = tuple[tuple[int, int], ...]  # of a row and a column


@dataclass(frozen=True)
class Step:
    """The Hungarian algorithm at one moment.

    Attributes:
        sentence: what just happened.
        row_potentials: (N,), u.
        column_potentials: (M,), v. It is 0 for a column that no row has. (Where N is
            larger than M, rows and columns change places, here too.)
        matching: the pairs so far, by row.
        path: which row reached which column in this search; at its end, the new pairs.
    """

    sentence: str
    row_potentials: tuple[float, ...]
    column_potentials: tuple[float, ...]
    matching: Pairs
    path: Pairs = ()


@dataclass
class State:
    """What the algorithm knows between two searches.

    Attributes:
        cost: N rows of M numbers, N no larger than M.
        u: potentials of the rows.
        v: potentials of the columns.
        column_of: the column of each row placed so far.
    """

    cost: list[list[float]]
    u: list[float]
    v: list[float]
    column_of: dict[int, int] = field(default_factory=dict)

    def left(self, row: int, column: int) -> float:
        """Return what is left of a cost, the reduced cost: 0 or more."""
        return self.cost[row][column] - self.u[row] - self.v[column]

    def shift(self, amount: float, rows: Iterable[int], columns: Iterable[int]) -> None:
        """Raise the potentials of rows, and lower those of columns by as much."""
        for row in rows:
            self.u[row] += amount
        for column in columns:
            self.v[column] -= amount

    def step(self, sentence: str, reached: Mapping[int, int]) -> Step:
        """Return a copy; `reached` has columns, and the row that reached each."""
        pairs = tuple(sorted(self.column_of.items()))
        path = tuple((row, column) for column, row in reached.items())
        return Step(sentence, tuple(self.u), tuple(self.v), pairs, path)


def hungarian(cost: Tensor) -> tuple[Tensor, Tensor]:
    """Find the cheapest assignment: the last of `hungarian_steps`.

    Args:
        cost: (N, M), of any sign.

    Returns:
        the rows, in order, and their columns, both (min(N, M),) of int64, in the form
        of `scipy.optimize.linear_sum_assignment`. Kuhn 1955; Jonker & Volgenant 1987.

    Raises:
        ValueError: no matrix, or a cost that isn't finite.
    """
    (last,) = deque(hungarian_steps(cost), maxlen=1)
    pairs = torch.tensor(last.matching, dtype=torch.int64).view(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def hungarian_steps(cost: Tensor) -> Iterator[Step]:
    """Yield every step of the algorithm; the last has the cheapest assignment.

    Args:
        cost: (N, M), of any sign.

    Raises:
        ValueError: no matrix, or a cost that isn't finite.
    """
    check_cost(cost)
    N, M = cost.shape
    if N > M:
        yield from map(turned, hungarian_steps(cost.T))
        return
    costs = cost.double().tolist()
    state = State(costs, u=[min(row) for row in costs], v=[0.0] * M)
    yield state.step("Each row's potential is its lowest cost, each column's 0.", {})
    for row in range(N):
        yield from place(state, row)
    paid = sum(costs[row][column] for row, column in state.column_of.items())
    proof = f"The potentials add up to {sum(state.u + state.v):.6g}: no assignment"
    yield state.step(f"{proof} costs less, and this one costs {paid:.6g}.", {})


def place(state: State, start: int) -> Iterator[Step]:
    """Find a column for one more row, and yield the steps. Other rows may have to move.

    The column reached next is always the one with the least left. The row that has it
    looks too, for it could move. If no row has it, the search is over.

    Args:
        state: which changes.
        start: the row.
    """
    owner = {column: row for row, column in state.column_of.items()}
    reached: dict[int, int] = {}  # columns, each with the row that reached it
    others = dict.fromkeys(range(len(state.v)), (math.inf, start))
    looking, row = [], start
    while row is not None:
        looking.append(row)
        for column, least in others.items():  # what is left, and for which row
            others[column] = min(least, (state.left(row, column), row))
        column = min(others, key=others.get)
        amount, reached_by = others.pop(column)
        if amount > 0:
            state.shift(amount, looking, reached)
            others = {to: (left - amount, by) for to, (left, by) in others.items()}
            yield state.step(raised(amount, looking, reached), reached)
        reached[column], row = reached_by, owner.get(column)
        yield state.step(arrived(reached_by, column, row), reached)
    path = path_to(column, reached, state.column_of)
    state.column_of.update((row, column) for column, row in path.items())
    yield state.step(moved(path), path)


def path_to(
    column: int,
    reached: Mapping[int, int],
    column_of: Mapping[int, int],
) -> dict[int, int]:
    """Follow a search back: to the row that reached a column, to its column, and on.

    Args:
        column: that is free.
        reached: columns, each with the row that reached it.
        column_of: rows, each with the column that it has.

    Returns:
        columns, each with the row that takes it now, which leaves the column after it.
    """
    path = {}
    while column is not None:
        path[column] = reached[column]
        column = column_of.get(path[column])
    return path


def raised(amount: float, rows: Iterable[int], columns: Iterable[int]) -> str:
    """Say how the potentials changed."""
    more = listed([f"row {row}" for row in rows])
    less = listed([f"column {column}" for column in columns])
    sentence = f"Nothing else is left at 0: {amount:.6g} more for {more}"
    return f"{sentence}, {amount:.6g} less for {less}." if less else f"{sentence}."


def arrived(row: int, column: int, owner: int | None) -> str:
    """Say which column was reached, and whether it is free."""
    then = "is free" if owner is None else f"row {owner} has: row {owner} looks too"
    return f"Row {row} reaches column {column}, which {then}."


def moved(path: Mapping[int, int]) -> str:
    """Say which rows take which columns."""
    takes = [f"row {row} takes column {column}" for column, row in path.items()]
    return f"{', '.join(takes)}.".capitalize()


def turned(step: Step) -> Step:
    """Turn a step for a transposed cost matrix into one for the matrix."""
    other = {"row": "column", "Row": "Column", "column": "row", "Column": "Row"}
    return Step(
        re.sub("[Rr]ow|[Cc]olumn", lambda word: other[word[0]], step.sentence),
        step.column_potentials,
        step.row_potentials,
        tuple(sorted((row, column) for column, row in step.matching)),
        tuple((row, column) for column, row in step.path),
    )


def check_cost(cost: Tensor) -> None:
    """Refuse what no assignment can be found for.

    Raises:
        ValueError: no matrix, or a cost that isn't finite.
    """
    if cost.ndim != 2:
        shape = tuple(cost.shape)
        raise ValueError(f"costs have the shape (N, M), not {shape}: give a matrix")
    if not cost.isfinite().all():
        row, column = (~cost.isfinite()).nonzero()[0].tolist()
        found = f"the cost in row {row}, column {column} is {cost[row, column].item()}"
        raise ValueError(f"{found}: a matching needs numbers that can be added up")
