"""Right answers to lesson 10's exercises, written differently from the course's: `check` must accept them all."""

import itertools

import torch
from scipy.optimize import linear_sum_assignment
from torch import nn
from torch.nn import functional as F


def _iou_by_coordinates(first, second):
    """Every coordinate by its name, and the intersection of sides one by one."""
    left, top, right, bottom = first[:, None].unbind(dim=-1)  # (N, 1) each
    left2, top2, right2, bottom2 = second.unbind(dim=-1)  # (M,)
    width = (torch.minimum(right, right2) - torch.maximum(left, left2)).relu()
    height = (torch.minimum(bottom, bottom2) - torch.maximum(top, top2)).relu()
    both = (right - left) * (bottom - top) + (right2 - left2) * (bottom2 - top2)
    union = both - width * height
    return torch.where(union > 0, width * height / torch.where(union > 0, union, 1), 0)


def _iou_box_by_box(first, second):
    rows = []
    for box in first:
        upper_left, lower_right = torch.max(box[:2], second[:, :2]), torch.min(box[2:], second[:, 2:])
        shared = (lower_right - upper_left).clamp(min=0).prod(dim=1)
        areas = (second[:, 2:] - second[:, :2]).prod(dim=1) + (box[2:] - box[:2]).prod()
        rows.append(shared / (areas - shared).clamp(min=1e-300))
    return torch.stack(rows)


IOU = (_iou_by_coordinates, _iou_box_by_box)


def _giou_from_iou(first, second):
    """The union follows from the IoU: what both share is IoU times it."""
    iou = _iou_by_coordinates(first, second)
    areas = [(boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) for boxes in (first, second)]
    union = (areas[0][:, None] + areas[1]) / (1 + iou)
    ends = torch.max(first[:, None, 2:], second[None, :, 2:]) - torch.min(first[:, None, :2], second[None, :, :2])
    around = ends[..., 0] * ends[..., 1]
    return torch.where(around > 0, iou - 1 + union / torch.where(around > 0, around, 1), iou)


def _giou_pair_by_pair(first, second):
    def giou(one, other):
        shared = (torch.minimum(one[2:], other[2:]) - torch.maximum(one[:2], other[:2])).clamp(min=0).prod()
        union = (one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod() - shared
        around = (torch.maximum(one[2:], other[2:]) - torch.minimum(one[:2], other[:2])).prod()
        iou = shared / union if union > 0 else 0 * shared
        return iou - (around - union) / around if around > 0 else iou

    return torch.stack([torch.stack([giou(one, other) for other in second]) for one in first])


GIOU = (_giou_from_iou, _giou_pair_by_pair)


def _assignment_by_loops(cost):
    turned = cost.shape[0] > cost.shape[1]
    table = (cost.T if turned else cost).tolist()
    cheapest, best = float("inf"), None
    for columns in itertools.permutations(range(len(table[0])), len(table)):
        price = sum(row[column] for row, column in zip(table, columns, strict=True))
        if price < cheapest:
            cheapest, best = price, columns
    pairs = sorted((column, row) if turned else (row, column) for row, column in enumerate(best))
    rows, columns = zip(*pairs, strict=True)
    return torch.tensor(rows), torch.tensor(columns)


def _assignment_with_padding(cost):
    """A square matrix: who gets a column that isn't there, for nothing, is left over."""
    N, M = cost.shape
    square = torch.zeros(max(N, M), max(N, M))
    square[:N, :M] = cost
    every = torch.tensor(list(itertools.permutations(range(max(N, M)))))  # (permutations, side)
    columns = every[square[torch.arange(max(N, M)), every].sum(dim=1).argmin()][:N]
    rows = torch.arange(N)[columns < M]
    return rows, columns[columns < M]


def _assignment_by_scipy(cost):
    return tuple(torch.from_numpy(side) for side in linear_sum_assignment(cost.numpy()))


ASSIGNMENT = (_assignment_by_loops, _assignment_with_padding, _assignment_by_scipy)


def _corners(boxes):
    x, y, w, h = boxes.unbind(dim=-1)
    return torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], dim=-1)


def _cost_with_cdist(logits, boxes, labels, targets, *, class_weight=1.0, l1_weight=5.0, giou_weight=2.0):
    with torch.no_grad():
        by_class = -torch.index_select(F.softmax(logits, -1), 1, labels)
        by_distance = torch.cdist(boxes, targets, p=1)
        by_overlap = -_giou_from_iou(_corners(boxes), _corners(targets))
        return class_weight * by_class + l1_weight * by_distance + giou_weight * by_overlap


def _cost_target_by_target(logits, boxes, labels, targets, *, class_weight=1.0, l1_weight=5.0, giou_weight=2.0):
    probability, columns = logits.detach().log_softmax(dim=1).exp(), []
    for label, target in zip(labels.tolist(), targets, strict=True):
        giou = _giou_pair_by_pair(_corners(boxes.detach()), _corners(target[None]))[:, 0]
        distance = (boxes.detach() - target).abs() @ torch.ones(4)
        columns.append(l1_weight * distance - giou_weight * giou - class_weight * probability[:, label])
    return torch.stack(columns, dim=1)


COST = (_cost_with_cdist, _cost_target_by_target)


def _class_by_hand(logits, labels, pairs, no_object=0.1):
    B, Q, K = logits.shape
    expected = torch.full((B * Q,), K - 1)
    expected[pairs.images * Q + pairs.queries] = labels[pairs.targets]
    weights = torch.where(expected == K - 1, no_object, 1.0)
    likely = logits.reshape(B * Q, K).log_softmax(dim=1)[torch.arange(B * Q), expected]
    return -(weights * likely).sum() / weights.sum()


def _class_with_axes_turned(logits, labels, pairs, no_object=0.1):
    expected = (torch.ones(logits.shape[:2]) * (logits.shape[2] - 1)).long()
    for image, query, target in zip(*pairs, strict=True):
        expected[image, query] = labels[target]
    weight = torch.tensor([1.0] * (logits.shape[2] - 1) + [no_object])
    return F.cross_entropy(logits.transpose(1, 2), expected, weight=weight)


def _class_in_two_parts(logits, labels, pairs, no_object=0.1):
    """The sums over queries with a target and over those without one."""
    logs = F.log_softmax(logits, dim=-1)
    matched = logs[pairs.images, pairs.queries]
    free = torch.ones(logits.shape[:2], dtype=torch.bool)
    free[pairs.images, pairs.queries] = False
    named, silent = matched.gather(1, labels[pairs.targets][:, None]).sum(), logs[free][:, -1].sum()
    return -(named + no_object * silent) / (len(matched) + no_object * free.sum())


CLASS = (_class_by_hand, _class_with_axes_turned, _class_in_two_parts)


def _box_with_l1_loss(boxes, targets, pairs):
    found, wanted = boxes[pairs.images, pairs.queries], targets[pairs.targets]
    distance = F.l1_loss(found, wanted, reduction="none").sum() / targets.shape[0]
    giou = torch.diag(_giou_from_iou(_corners(found), _corners(wanted)))
    return distance, (1 - giou).sum() / targets.shape[0]


def _box_pair_by_pair(boxes, targets, pairs):
    distance = apart = 0
    for image, query, target in zip(*pairs, strict=True):
        found, wanted = boxes[image, query], targets[target]
        distance = distance + sum(abs(a - b) for a, b in zip(found, wanted, strict=True))
        apart = apart + 1 - _giou_pair_by_pair(_corners(found)[None], _corners(wanted)[None])[0, 0]
    return distance / len(targets), apart / len(targets)


BOX = (_box_with_l1_loss, _box_pair_by_pair)


class _Attention(nn.Module):
    """Multi-head attention, written out, with the names of the course's layers."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, query, key, value, mask=None):
        q, k, v = (
            layer(x).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for layer, x in ((self.query, query), (self.key, key), (self.value, value))
        )
        scores = q @ k.mT / q.shape[-1] ** 0.5
        scores = scores if mask is None else scores.masked_fill(mask.logical_not(), -torch.inf)
        return self.out((scores.softmax(dim=-1) @ v).transpose(1, 2).flatten(2))


class _Layer(nn.Module):
    """An encoder layer with attention of its own."""

    def __init__(self, width, heads, hidden):
        super().__init__()
        self.encoder_self = _Attention(width, heads)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width))
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)

    def forward(self, cells, positions, mask=None):
        found = self.encoder_self(cells + positions, positions + cells, cells, mask=mask)
        middle = self.norm1(found + cells)
        return self.norm2(self.mlp(middle) + middle)


class _LayerWithPlaces(_Layer):
    """The same with places and contents projected each for itself: a linear layer of a sum is a sum."""

    def forward(self, cells, positions, mask=None):
        layer = self.encoder_self
        q, k = (part(cells) + F.linear(positions, part.weight) for part in (layer.query, layer.key))
        q, k, v = (x.unflatten(-1, (layer.heads, -1)).movedim(2, 1) for x in (q, k, layer.value(cells)))
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask).movedim(1, 2).flatten(2)
        cells = self.norm1(cells + layer.out(mixed))
        return self.norm2(cells + self.mlp(cells))


ENCODER = (_Layer, _LayerWithPlaces)


def _curve_by_loops(scores, right, truths):
    order = sorted(range(len(scores)), key=lambda n: -scores[n].item())
    found, points = 0, []
    for rank, n in enumerate(order, start=1):
        found += int(right[n])
        points.append((found, found / rank))
    curve = [
        max([precision for found, precision in points if 100 * found >= r * truths], default=0) for r in range(101)
    ]
    return torch.tensor(curve, dtype=torch.float64)


def _curve_as_a_table(scores, right, truths):
    ranked = right[scores.argsort(descending=True, stable=True)].to(torch.float64)
    found = torch.cumsum(ranked, 0)
    precision = found / (torch.arange(len(right)) + 1)
    reached = found / truths >= torch.linspace(0, 1, 101, dtype=torch.float64)[:, None]  # (101, D)
    return (reached * precision).amax(dim=1)


CURVE = (_curve_by_loops, _curve_as_a_table)
