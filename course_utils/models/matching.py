"""Bipartite matching: which query answers for which target, one to one, at the lowest total cost.

Notation: `N M` rows and columns of a cost matrix, `Q` queries, `T` targets, `C` classes. An assignment gives the rows
columns of their own; where there are more of the one than of the other, some are left over. `hungarian` is written
out next door; `match` uses scipy's, which is the same thing compiled.
"""

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from course_utils.boxes import cxcywh_to_xyxy, generalized_box_iou
from course_utils.models.hungarian import Step, check_cost, hungarian, hungarian_steps

__all__ = [
    "Step",
    "assignment_cost",
    "check_cost",
    "check_few",
    "check_targets",
    "hungarian",
    "hungarian_steps",
    "match",
    "match_by_brute_force",
    "match_lowest_first",
    "matching_cost",
]

MOST_ASSIGNMENTS = math.factorial(7)  # that brute force tries


def assignment_cost(cost: Tensor, columns: Sequence[int] | Tensor) -> float:
    """Add up what it costs when row i takes `columns[i]`.

    Args:
        cost: (N, M), N no larger than M.
        columns: N of them, all different.

    Raises:
        ValueError: another number of columns, or one is taken twice.
    """
    columns = torch.as_tensor(columns, dtype=torch.int64)
    if len(columns) != len(cost) or len(columns.unique()) < len(columns):
        found = f"columns {columns.tolist()} are no assignment of {len(cost)} rows"
        raise ValueError(f"{found}: give each row a column of its own")
    return cost[torch.arange(len(cost)), columns].sum().item()


def match_by_brute_force(cost: Tensor) -> tuple[Tensor, Tensor]:
    """Find the cheapest assignment by trying all, in the order of their columns.

    Args:
        cost: (N, M), with 7! assignments or fewer: 7 x 7, or 2 x 71.

    Returns:
        the rows, in order, and their columns, both (min(N, M),) of int64.

    Raises:
        ValueError: no matrix, a cost that isn't finite, or more assignments.
    """
    check_few(cost)
    N, M = cost.shape
    if N > M:  # then every column gets a row of its own
        columns, rows = match_by_brute_force(cost.T)
        return rows.sort().values, columns[rows.argsort()]
    everything = itertools.permutations(range(M), N)
    best = min(everything, key=lambda columns: assignment_cost(cost.double(), columns))
    return torch.arange(N), torch.tensor(best, dtype=torch.int64)


def check_few(cost: Tensor) -> None:
    """Refuse what brute force can't match, or not soon.

    Raises:
        ValueError: no matrix, a cost that isn't finite, or too many assignments.
    """
    check_cost(cost)
    few, many = sorted(cost.shape)
    if math.perm(many, few) > MOST_ASSIGNMENTS:
        found = f"{few} x {many} costs have {math.perm(many, few):,} assignments"
        raise ValueError(f"{found}, more than {MOST_ASSIGNMENTS:,}: use hungarian")


def match_lowest_first(cost: Tensor) -> tuple[Tensor, Tensor]:
    """Take the lowest cost, then the lowest of what is left, and so on.

    Greedy and quick, and often not the cheapest: a pair taken early is never undone.

    Args:
        cost: (N, M).

    Returns:
        the rows, in order, and their columns, both (min(N, M),) of int64.

    Raises:
        ValueError: no matrix, or a cost that isn't finite.
    """
    check_cost(cost)
    left, pairs = cost.double().clone(), []
    for _ in range(min(cost.shape)):
        row, column = divmod(left.argmin().item(), cost.shape[1])
        pairs.append((row, column))
        left[row, :] = left[:, column] = torch.inf
    found = torch.tensor(sorted(pairs), dtype=torch.int64).view(-1, 2)
    return found[:, 0], found[:, 1]


def matching_cost(
    logits: Tensor,
    boxes: Tensor,
    labels: Tensor,
    targets: Tensor,
    *,
    class_weight: float = 1.0,
    l1_weight: float = 5.0,
    giou_weight: float = 2.0,
) -> Tensor:
    """Say what it would cost to make each query answer for each target.

    Not for training: which pair is cheapest jumps, so nothing could learn from it, and
    no gradient is kept. The loss of the pairs that were chosen has one.

    Args:
        logits: (Q, C + 1), "no object" last; Q may count the queries of many images.
        boxes: (Q, 4) predicted, cxcywh in 0..1.
        labels: (T,) of int64, from 0 to C - 1.
        targets: (T, 4), cxcywh in 0..1.
        class_weight: of minus the probability of the target's class.
        l1_weight: of the sum of the four differences.
        giou_weight: of minus the GIoU.

    Returns:
        (Q, T). Carion et al. 2020, section 3.1; the weights from appendix A.4.

    Raises:
        ValueError: a label is no class, or another number of labels than of targets.
    """
    check_targets(logits.shape[-1] - 1, labels, targets)
    logits, boxes = logits.detach(), boxes.detach()
    probability = logits.softmax(dim=-1)[:, labels]  # (Q, T)
    distance = (boxes[:, None] - targets[None]).abs().sum(dim=-1)  # (Q, T)
    giou = generalized_box_iou(cxcywh_to_xyxy(boxes), cxcywh_to_xyxy(targets))
    return l1_weight * distance - class_weight * probability - giou_weight * giou


def match(cost: Tensor) -> tuple[Tensor, Tensor]:
    """Find the cheapest assignment with scipy.

    Args:
        cost: (Q, T).

    Returns:
        the queries, in order, and their targets, both (min(Q, T),) of int64, on the
        costs' device. Carion et al. 2020, equation 1.

    Raises:
        ValueError: no matrix, or a cost that isn't finite.
    """
    from scipy.optimize import linear_sum_assignment  # here, as it takes half a second

    check_cost(cost)
    queries, targets = linear_sum_assignment(cost.detach().double().cpu().numpy())
    queries, targets = torch.from_numpy(queries), torch.from_numpy(targets)
    return queries.to(cost.device), targets.to(cost.device)


def check_targets(classes: int, labels: Tensor, targets: Tensor) -> None:
    """Refuse targets that no query could answer for.

    Raises:
        ValueError: a label is no class, or another number of labels than of targets.
    """
    if len(labels) != len(targets):
        counts = f"{len(labels)} labels and {len(targets)} boxes"
        raise ValueError(f"{counts} are no targets: each needs one of both")
    wrong = labels[(labels < 0) | (labels >= classes)].tolist()
    if wrong:
        found = f"label {wrong[0]} is no class with {classes} classes and 'no object'"
        raise ValueError(f"{found}: use 0 to {classes - 1}")
