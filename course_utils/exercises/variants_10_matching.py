"""Variants of exercise 10.4: the cost of matching queries with targets."""

import torch
from torch import Tensor

from course_utils.boxes import cxcywh_to_xyxy, generalized_box_iou
from course_utils.exercises import cases_10 as cases
from course_utils.exercises.options import on, out
from course_utils.exercises.recipes import Option, Recipe

TAKEN = "It counts with the wrong sign, and it is large where a query fits."


def nothing_last(logits: Tensor) -> Tensor:
    """Return logits (..., C + 1) with their first class behind the others."""
    return torch.cat([logits[..., 1:], logits[..., :1]], dim=-1)


def nothing_first(logits: Tensor) -> Tensor:
    """Return logits (..., C + 1) with their last class in front of the others."""
    return torch.cat([logits[..., -1:], logits[..., :-1]], dim=-1)


COST = Recipe(
    id="10.4",
    source='''
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
            """Say how $badly each query would answer for each target; no gradient flows through it.

            $here

            Args:
                logits: (Q, C + 1), "no object" $place.
                boxes: (Q, 4) predicted, cxcywh in 0..1.
                labels: (T,) of int64, from 0 to C - 1, objects only.
                targets: (T, 4), cxcywh in 0..1.
                class_weight, l1_weight, giou_weight: of the probability of the target's class, of the sum of the four
                    differences, of the GIoU.

            Returns:
                $table: $formula.
                After Carion et al. 2020, section 3.1.
            """
            logits, boxes = logits.detach(), boxes.detach()
            probability = logits.softmax(dim=-1)[:, $columns]  # (Q, T)
            distance = (boxes[:, None] - targets).abs().sum(dim=-1)  # (Q, T)
            giou = generalized_box_iou(cxcywh_to_xyxy(boxes), cxcywh_to_xyxy(targets))
            return $result
        ''',
    axes=(
        (
            Option({"place": "last", "columns": "labels"}),
            Option(
                {"place": "first", "columns": "labels + 1"},
                here='"no object" is the first column of the logits, not the last, and class c is column c + 1',
                remedy="Take the column one behind each target's label.",
                to_course=on(nothing_last, "logits"),
                to_variant=on(nothing_first, "logits"),
            ),
        ),
        (
            Option({"table": "(Q, T)", "turn": ""}),
            Option(
                {"table": "(T, Q)", "turn": ".mT"},
                here="the targets are the rows of the table, (T, Q), not the queries",
                remedy="Let rows and columns of the table change places.",
                from_course=out(lambda cost: cost.mT),
                without="transposed",
            ),
        ),
        (
            Option(
                {
                    "badly": "badly",
                    "formula": "l1_weight * L1 - class_weight * probability - giou_weight * GIoU",
                    "sum": "l1_weight * distance - class_weight * probability - giou_weight * giou",
                    "sign": "taken off",
                }
            ),
            Option(
                {
                    "badly": "well",
                    "formula": "class_weight * probability + giou_weight * GIoU - l1_weight * L1",
                    "sum": "class_weight * probability + giou_weight * giou - l1_weight * distance",
                    "sign": "added",
                },
                here="it is a score, the higher the better, not a cost",
                remedy="Turn the sign of everything.",
                from_course=out(torch.neg),
            ),
        ),
    ),
    cases=cases.queries_and_targets,
    keep="log-probability logits sigmoid softmax-over-queries softmax-over-targets without-no-object no-weights "
    "fixed-weights weights-swapped not-detached transposed class-weight-missing mean-distance squares euclidean no-abs "
    "distance-of-corners cxcywh-as-corners iou corners-of-boxes-only corners-of-targets-only",
    told={
        "plus-probability": ("The surer a query is of the right class, the worse it fits.", TAKEN, "It is $sign."),
        "plus-giou": ("The better a query's box overlaps, the worse it fits.", TAKEN, "It is $sign."),
        "no-object-column": (
            'The class counts with the probability of "no object".',
            "One and the same column was taken for every target.",
            "Take the column of each target's class: here its number is `$columns`.",
        ),
        "first-columns": (
            "The n-th target gets the probability of class n.",
            "The labels aren't used.",
            "Take the column of each target's class: here its number is `$columns`.",
        ),
    },
    names={"cxcywh_to_xyxy": cxcywh_to_xyxy, "generalized_box_iou": generalized_box_iou},
    derive=lambda words: {"result": f"({words['sum']}).mT" if words["turn"] else words["sum"]},
)
