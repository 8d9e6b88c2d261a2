"""Comparing models on several axes: models of equal cost, the undominated ones, and whether two axes agree."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch


@dataclass(frozen=True)
class Axis:
    """A number by which models are compared.

    Attributes:
        name: its key in a row.
        better: "more", as for accuracy, or "less", as for seconds.
    """

    name: str
    better: Literal["more", "less"]

    def __post_init__(self):
        if self.better not in ("more", "less"):
            wrong = f"{self.better!r} can't be better on the axis {self.name!r}"
            raise ValueError(f"{wrong}: use 'more' or 'less'")

    def gain(self, row: Mapping) -> float:
        """Return a row's number, with its sign changed where less is better."""
        return row[self.name] if self.better == "more" else -row[self.name]


def pareto(rows: Sequence[Mapping], x: Axis, y: Axis) -> list[Mapping]:
    """Return the rows that no other row beats: the Pareto front of two axes.

    One row beats another if it is at least as good on both axes and better on one. So
    two rows with equal numbers don't beat each other.

    Args:
        rows: each with a number for both axes.
        x, y: what is compared.

    Returns:
        the rows that are left, in the order in which they came.
    """
    points = [(x.gain(row), y.gain(row)) for row in rows]

    def is_beaten(own: tuple[float, float]) -> bool:
        as_good = [p for p in points if p[0] >= own[0] and p[1] >= own[1]]
        return any(point != own for point in as_good)

    return [row for row, own in zip(rows, points, strict=True) if not is_beaten(own)]


def check_pairs(a: Sequence[float], b: Sequence[float]) -> None:
    """Refuse what has no rank correlation.

    Raises:
        ValueError: unequal lengths, fewer than two models, or an axis on which all are
            equal: it has no order.
    """
    if len(a) != len(b) or len(a) < 2:
        given = f"{len(a)} and {len(b)} values"
        raise ValueError(f"{given} can't be compared: pass two or more pairs")
    if len(set(a)) == 1 or len(set(b)) == 1:
        raise ValueError("all values of an axis are equal: choose an axis that differs")


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """Return how well two axes agree on the order: the correlation of their ranks.

    A rank is a value's place in ascending order, counted from 1. Equal values share the
    mean of their places: of 5, 7, 7, 9 the ranks are 1, 2.5, 2.5, 4.

    Args:
        a, b: one number of each model, in the same order of models; at least two.

    Returns:
        -1 (the opposite order) to 1 (the same). Spearman 1904.

    Raises:
        ValueError: unequal lengths, fewer than two models, or an axis on which all are
            equal.
    """
    check_pairs(a, b)
    values = torch.tensor([list(a), list(b)], dtype=torch.float64)
    others = values[:, None]  # (2, 1, n), beside each of (2, n, 1)
    smaller = (others < values[..., None]).sum(dim=2, dtype=torch.float64)  # (2, n)
    equal = (others == values[..., None]).sum(dim=2)  # itself included
    ranks = smaller + (equal + 1).double() / 2
    return torch.corrcoef(ranks)[0, 1].item()


def matched_width(macs: Callable[[int], int], budget: int, highest: int = 1024) -> int:
    """Return the width at which a family's cost comes nearest to a budget.

    Args:
        macs: from the width to the multiply-adds of one image; more for wider models.
        budget: multiply-adds of one image.
        highest: no width above it is tried. `macs` is called about log2(highest) times.

    Returns:
        1 to `highest`; of two widths that are equally near the narrower one.

    Raises:
        ValueError: even width 1 costs more than the budget, or `highest` costs less.
    """
    low, high = 1, highest
    if not macs(low) <= budget <= macs(high):
        ends = f"widths 1 to {highest} cost {macs(low)} to {macs(high)} multiply-adds"
        raise ValueError(f"{ends}: change highest or the budget of {budget}")
    while high - low > 1:  # macs(low) <= budget <= macs(high)
        middle = (low + high) // 2
        if macs(middle) <= budget:
            low = middle
        else:
            high = middle
    return low if budget - macs(low) <= macs(high) - budget else high
