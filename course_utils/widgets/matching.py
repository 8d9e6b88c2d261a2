"""The Hungarian algorithm to be stepped through: a small cost matrix, its potentials, and the pairs so far."""

from collections.abc import Sequence

import torch
from torch import Tensor

from course_utils.models.matching import check_cost, hungarian, hungarian_steps, match_lowest_first
from course_utils.widgets.kit import Explorer, script, style
from course_utils.widgets.matching_still import still

MOST = 7  # rows, and columns
LARGEST = 999  # cost, of either sign
LONGEST = 14  # letters of a name
# the lowest first costs 19 here, the cheapest assignment 13; to give the last column a row, two others have to move
COSTS = ((7, 2, 1, 1), (9, 8, 1, 9), (9, 8, 4, 7), (7, 3, 5, 4), (8, 7, 4, 7))


class MatchingExplorer(Explorer):
    """A cost matrix, matched step by step as cheaply as can be.

    Each step has one sentence, the potentials, what is left of every cost, the path of the search and the pairs so
    far. Every cost can be changed. Beside the result stands what taking the lowest cost first would pay. Kuhn 1955;
    Jonker & Volgenant 1987; `models.hungarian`.

    Args:
        cost: (N, M), 1 to 7 each, rounded to two decimals unless all are whole; if none, 5 x 4 made up for it.
        rows: N names of 14 letters at the most; if none, "row 0" and so on.
        columns: M names.

    Raises:
        ValueError: no such matrix, a cost that isn't finite or beyond 999, or names that don't fit.
    """

    _esm = script("hungarian.js", "matching_table.js", "matching.js")
    sheets = ("matching.css",)
    _css = style(*sheets)

    def __init__(
        self,
        cost: Tensor | Sequence[Sequence[float]] | None = None,
        rows: Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
    ):
        codes, decimals = read_costs(COSTS if cost is None else cost)
        sides = zip(("row", "column"), (rows, columns), codes.shape, strict=True)
        names = [_names(*side) for side in sides]
        scale = 10**decimals
        facts = {
            "cost": codes.tolist(),
            "decimals": decimals,
            "names": names,
            "range": [min(0, int(codes.min())), max(9 * scale, int(codes.max()))],
        }
        cost = codes.double() / scale
        super().__init__(facts, {}, [(still(cost, *names), describe(cost))])


def describe(cost: Tensor) -> str:
    """Say what the first step does and what both ways come to; `js/matching.js` says the same."""
    steps = list(hungarian_steps(cost))
    best, lowest = (f"{cost[way(cost)].sum().item():.6g}" for way in (hungarian, match_lowest_first))
    beside = ", and so does taking the lowest cost first"
    if lowest != best:
        beside = f"; taking the lowest cost first comes to {lowest}"
    return f"Step 1 of {len(steps)}: {steps[0].sentence} The cheapest assignment costs {best}{beside}."


def read_costs(cost: Tensor | Sequence[Sequence[float]]) -> tuple[Tensor, int]:
    """Return costs as whole numbers (N, M), and how many decimals were shifted out of them: none, or two.

    Raises:
        ValueError: no matrix of 1 to 7 rows and columns, a cost that isn't finite, or one beyond 999.
    """
    cost = torch.as_tensor(cost).detach().double().cpu()
    check_cost(cost)
    if not (1 <= len(cost) <= MOST and 1 <= cost.shape[1] <= MOST):
        size = f"{len(cost)} x {cost.shape[1]}"
        raise ValueError(f"{size} costs can't be stepped through: show 1 to {MOST} rows and columns of them")
    if cost.abs().max() > LARGEST:
        worst = cost.flatten()[cost.abs().argmax()].item()
        raise ValueError(f"a cost is {worst:g}: divide all, so that none is beyond {LARGEST}")
    decimals = 0 if torch.equal(cost, cost.round()) else 2
    return (cost * 10**decimals).round().long(), decimals


def _names(kind: str, given: Sequence[str] | None, count: int) -> list[str]:
    """Return the names of rows or columns, or refuse them."""
    names = [f"{kind} {number}" for number in range(count)] if given is None else list(given)
    if len(names) != count or len(set(names)) != count:
        raise ValueError(f"{names} don't name {count} {kind}s: give each a name of its own")
    for name in names:
        if not isinstance(name, str) or not 1 <= len(name) <= LONGEST:
            raise ValueError(f"{kind} name {name!r} has not 1 to {LONGEST} letters: use a shorter text")
    return names
