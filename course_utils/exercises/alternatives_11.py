"""Right answers to lesson 11's exercises, written differently from the course's: `check` must accept them all."""

import bisect
from itertools import groupby

import numpy as np
import torch
from scipy.stats import rankdata, spearmanr


def _width_by_trying_all(macs, budget, highest=1024):
    costs = [macs(width) for width in range(1, highest + 1)]
    if budget < costs[0] or budget > costs[-1]:
        raise ValueError(f"no width from 1 to {highest} costs about {budget}")
    return min(range(1, highest + 1), key=lambda width: abs(costs[width - 1] - budget))


def _width_by_bisect(macs, budget, highest=1024):
    if not macs(1) <= budget <= macs(highest):
        raise ValueError(f"{budget} is out of reach: it must lie between {macs(1)} and {macs(highest)}")
    above = 1 + bisect.bisect_left(range(1, highest + 1), budget, key=macs)  # the first at the budget or above
    below = max(above - 1, 1)
    return above if macs(above) - budget < budget - macs(below) else below


def _width_step_by_step(macs, budget, highest=1024):
    if macs(1) > budget:
        raise ValueError("too small a budget")
    for width in range(1, highest + 1):
        if macs(width) >= budget:
            wider = width == 1 or 2 * budget > macs(width) + macs(width - 1)
            return width if wider else width - 1
    raise ValueError("too large a budget")


WIDTH = (_width_by_trying_all, _width_by_bisect, _width_step_by_step)


def _front_by_loops(rows, x, y):
    front = []
    for row in rows:
        for other in rows:
            losses = x.gain(other) < x.gain(row), y.gain(other) < y.gain(row)
            gains = x.gain(other) > x.gain(row), y.gain(other) > y.gain(row)
            if any(gains) and not any(losses):
                break
        else:
            front.append(row)
    return front


def _front_by_a_sweep(rows, x, y):
    """From the best of one axis on; of those that are equal there, the best of the other counts."""
    order = sorted(range(len(rows)), key=lambda n: (-x.gain(rows[n]), -y.gain(rows[n])))
    best, kept = -float("inf"), []
    for _, places in groupby(order, key=lambda n: x.gain(rows[n])):
        places = list(places)
        top = y.gain(rows[places[0]])
        kept += [n for n in places if y.gain(rows[n]) == top > best]
        best = max(best, top)
    return [rows[n] for n in sorted(kept)]


def _front_as_a_table(rows, x, y):
    gains = torch.tensor([[axis.gain(row) for axis in (x, y)] for row in rows], dtype=torch.float64)
    difference = gains - gains[:, None]  # (n, n, 2), of another one and this one
    beaten = (difference >= 0).all(dim=2) & (difference > 0).any(dim=2)
    return [row for row, out in zip(rows, beaten.any(dim=1).tolist(), strict=True) if not out]


FRONT = (_front_by_loops, _front_by_a_sweep, _front_as_a_table)


def _spearman_by_loops(a, b):
    def ranks(values):
        return [sum((other < value) + (other == value) / 2 for other in values) for value in values]

    def sums(first, second):
        middle = sum(first) / len(first), sum(second) / len(second)
        return sum((one - middle[0]) * (other - middle[1]) for one, other in zip(first, second, strict=True))

    x, y = ranks(a), ranks(b)
    return sums(x, y) / (sums(x, x) * sums(y, y)) ** 0.5


def _spearman_with_places(a, b):
    """The mean of the first and the last place of each value in the sorted list."""
    ranks = []
    for values in (a, b):
        ordered = np.sort(values)
        ranks.append(np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right"))
    return float(np.corrcoef(*ranks)[0, 1])


def _spearman_by_formula(a, b):
    """Spearman's formula with the correction for ties."""
    n, (x, y) = len(a), (rankdata(a), rankdata(b))
    free = [(n**3 - n - sum(t**3 - t for t in np.unique(r, return_counts=True)[1])) / 12 for r in (x, y)]
    squares = ((x - y) ** 2).sum()
    return float((free[0] + free[1] - squares) / (2 * (free[0] * free[1]) ** 0.5))


def _spearman_by_scipy(a, b):
    return float(spearmanr(a, b).statistic)


SPEARMAN = (_spearman_by_loops, _spearman_with_places, _spearman_by_formula, _spearman_by_scipy)
