"""The usual mistakes of exercise 10.4: how sure a query is of a target's class, and how the parts are added up."""

from course_utils.boxes import cxcywh_to_xyxy, generalized_box_iou
from course_utils.exercises.registry import Mistake
from course_utils.models.matching import matching_cost


def _likely(logits, labels):
    return logits.softmax(dim=-1)[:, labels]


def apart(boxes, targets):
    """Return the L1 distance of every box (Q, 4) to every target (T, 4)."""
    return (boxes[:, None] - targets).abs().sum(dim=-1)


def _alike(boxes, targets):
    return generalized_box_iou(cxcywh_to_xyxy(boxes), cxcywh_to_xyxy(targets))


def _plain_sum(likely, apart, alike, weights):
    class_weight, l1_weight, giou_weight = weights
    return l1_weight * apart - class_weight * likely - giou_weight * alike


def made_of(likely=_likely, apart=apart, alike=_alike, combine=_plain_sum):
    """Return an answer with other parts: (Q, T) of how likely, how far apart and how alike, and their sum."""

    def wrong(logits, boxes, labels, targets, *, class_weight=1.0, l1_weight=5.0, giou_weight=2.0):
        logits, boxes, weights = logits.detach(), boxes.detach(), (class_weight, l1_weight, giou_weight)
        return combine(likely(logits, labels), apart(boxes, targets), alike(boxes, targets), weights)

    return wrong


def _transposed(logits, boxes, labels, targets, *, class_weight=1.0, l1_weight=5.0, giou_weight=2.0):
    weights = {"class_weight": class_weight, "l1_weight": l1_weight, "giou_weight": giou_weight}
    return matching_cost(logits, boxes, labels, targets, **weights).T


def _without_no_object(logits, labels):
    return logits[:, :-1].softmax(dim=-1)[:, labels]


def _no_object(logits, labels):
    return logits.softmax(dim=-1)[:, -1:].expand(-1, len(labels))


def _not_detached(logits, boxes, labels, targets, *, class_weight=1.0, l1_weight=5.0, giou_weight=2.0):
    parts = _likely(logits, labels), apart(boxes, targets), _alike(boxes, targets)
    return _plain_sum(*parts, (class_weight, l1_weight, giou_weight))


COST = (
    Mistake(
        "plus-probability",
        made_of(combine=lambda p, d, g, w: w[1] * d + w[0] * p - w[2] * g),
        "A query costs more the surer it is of the right class.",
        "The probability is added.",
        "The surer, the cheaper: take it off.",
    ),
    Mistake(
        "plus-giou",
        made_of(combine=lambda p, d, g, w: w[1] * d - w[0] * p + w[2] * g),
        "A query costs more the better its box overlaps the target.",
        "The GIoU is added, and it is largest for boxes that agree.",
        "Take it off.",
    ),
    Mistake(
        "plus-both",
        made_of(combine=lambda p, d, g, w: w[1] * d + w[0] * p + w[2] * g),
        "A query costs more the surer it is of the class, and the better its box overlaps.",
        "Probability and GIoU are added; both are large where a query fits.",
        "Take both off.",
    ),
    Mistake(
        "log-probability",
        made_of(likely=lambda logits, labels: logits.log_softmax(dim=-1)[:, labels]),
        "The class counts with the logarithm of its probability.",
        "That is the loss. In the cost it would drown the boxes: a probability of 0.001 would count 7.",
        "Use the probability itself.",
    ),
    Mistake(
        "logits",
        made_of(likely=lambda logits, labels: logits[:, labels]),
        "The class counts with its logit.",
        "A logit alone says nothing: only compared with the others is it a probability.",
        "Take the softmax over the classes first.",
    ),
    Mistake(
        "sigmoid",
        made_of(likely=lambda logits, labels: logits.sigmoid()[:, labels]),
        "Each class has a probability of its own, by a sigmoid.",
        'DETR\'s classes, with "no object", share one softmax.',
        "Use `softmax` over the last axis.",
    ),
    Mistake(
        "softmax-over-queries",
        made_of(likely=lambda logits, labels: logits.softmax(dim=0)[:, labels]),
        "The probabilities of one class sum to 1 over the queries.",
        "The softmax runs along the first axis.",
        "A query chooses among classes: the last axis.",
    ),
    Mistake(
        "softmax-over-targets",
        made_of(likely=lambda logits, labels: logits[:, labels].softmax(dim=-1)),
        "The softmax sees only the targets' classes.",
        "The columns were picked before it.",
        "Take the softmax over all C + 1 classes first, and then the columns.",
    ),
    Mistake(
        "without-no-object",
        made_of(likely=_without_no_object),
        'The softmax leaves "no object" out.',
        'A query that says "no object" loudly would look as sure as any.',
        "Take the softmax over all C + 1 classes.",
    ),
    Mistake(
        "no-object-column",
        made_of(likely=_no_object),
        'The class counts with the probability of "no object".',
        "The last column was taken for every target.",
        "Take the column of each target's label: `probability[:, labels]`.",
    ),
    Mistake(
        "first-columns",
        made_of(likely=lambda logits, labels: logits.softmax(dim=-1)[:, : len(labels)]),
        "The n-th target gets the probability of class n.",
        "The labels aren't used.",
        "Take the column of each target's label: `probability[:, labels]`.",
    ),
    Mistake(
        "one-minus-probability",
        made_of(combine=lambda p, d, g, w: w[1] * d + w[0] * (1 - p) - w[2] * g),
        "All costs are higher by `class_weight`.",
        "For choosing 1 - p is as good, but the cost is defined with -p.",
        "Leave the 1 out.",
    ),
    Mistake(
        "one-minus-giou",
        made_of(combine=lambda p, d, g, w: w[1] * d - w[0] * p + w[2] * (1 - g)),
        "All costs are higher by `giou_weight`.",
        "The loss is 1 - GIoU. For choosing it is as good, but the cost is defined with -GIoU.",
        "Leave the 1 out.",
    ),
    Mistake(
        "one-minus-both",
        made_of(combine=lambda p, d, g, w: w[1] * d + w[0] * (1 - p) + w[2] * (1 - g)),
        "All costs are higher by `class_weight` + `giou_weight`.",
        "Constants don't change who is cheapest, but the cost is defined with -p and -GIoU.",
        "Leave both 1 out.",
    ),
    Mistake(
        "no-weights",
        made_of(combine=lambda p, d, g, _: d - p - g),
        "The three parts count alike.",
        "Their weights aren't used.",
        "Multiply each part by its weight.",
    ),
    Mistake(
        "fixed-weights",
        made_of(combine=lambda p, d, g, _: 5 * d - p - 2 * g),
        "The weights are always 1, 5 and 2.",
        "They may be given: three arguments by name.",
        "Multiply by `class_weight`, `l1_weight` and `giou_weight`.",
    ),
    Mistake(
        "weights-swapped",
        made_of(combine=lambda p, d, g, w: w[2] * d - w[0] * p - w[1] * g),
        "The weights of L1 and GIoU have changed places.",
        "The distance has 5, the GIoU 2.",
        "Use `l1_weight` for the distance.",
    ),
    Mistake(
        "not-detached",
        _not_detached,
        "The numbers are right, but a gradient flows back through them.",
        "The costs only choose the pairs, and a choice has no slope; what trains is the loss of the pairs chosen.",
        "Begin with `logits.detach()` and `boxes.detach()`.",
    ),
    Mistake(
        "transposed",
        _transposed,
        "The table is transposed: (T, Q).",
        "The targets got the rows.",
        "Queries come first: `boxes[:, None]` against `targets`.",
    ),
    Mistake(
        "class-weight-missing",
        made_of(combine=lambda p, d, g, w: w[1] * d - p - w[2] * g),
        "The probability isn't multiplied by its weight.",
        "It is 1 if nothing is said, so nobody would notice at first.",
        "Multiply by `class_weight`.",
    ),
)
