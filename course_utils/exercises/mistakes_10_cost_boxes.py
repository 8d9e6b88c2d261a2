"""The usual mistakes of exercise 10.4: how far a query's box is from a target's, and how well they overlap."""

from course_utils.boxes import box_iou, cxcywh_to_xyxy, generalized_box_iou
from course_utils.exercises.mistakes_10_cost import apart, made_of
from course_utils.exercises.registry import Mistake


def _on_corners(boxes, targets):
    return apart(cxcywh_to_xyxy(boxes), cxcywh_to_xyxy(targets))


def _iou(boxes, targets):
    return box_iou(cxcywh_to_xyxy(boxes), cxcywh_to_xyxy(targets))


BOXES = (
    Mistake(
        "mean-distance",
        made_of(apart=lambda boxes, targets: (boxes[:, None] - targets).abs().mean(dim=-1)),
        "The distance is a quarter of what it should be.",
        "It is the mean of the four differences.",
        "Add them up.",
    ),
    Mistake(
        "squares",
        made_of(apart=lambda boxes, targets: (boxes[:, None] - targets).square().sum(dim=-1)),
        "The distance is made of squares.",
        "L1 is the sum of the absolute differences.",
        "Use `abs()`.",
    ),
    Mistake(
        "euclidean",
        made_of(apart=lambda boxes, targets: (boxes[:, None] - targets).norm(dim=-1)),
        "The distance is the Euclidean one, L2.",
        "`norm` and `torch.cdist` take p = 2 if nothing is said.",
        "Add up the absolute differences: p = 1.",
    ),
    Mistake(
        "no-abs",
        made_of(apart=lambda boxes, targets: (boxes[:, None] - targets).sum(dim=-1)),
        "Differences of opposite signs cancel.",
        "They are added up with their signs.",
        "Take the absolute value first.",
    ),
    Mistake(
        "distance-of-corners",
        made_of(apart=_on_corners),
        "The distance is measured between corners.",
        "The boxes were converted for GIoU, and then used for both.",
        "For L1, take centre, width and height, as DETR predicts them.",
    ),
    Mistake(
        "in-pixels",
        made_of(apart=lambda boxes, targets: 64 * apart(boxes, targets)),
        "The distance is 64 times as large.",
        "It is measured in pixels of a scene, so class and GIoU hardly count beside it.",
        "Leave the boxes as they are: shares of the sides, 0 to 1.",
    ),
    Mistake(
        "cxcywh-as-corners",
        made_of(alike=generalized_box_iou),
        "GIoU gets centre, width and height.",
        "It reads four numbers as corners.",
        "Give it `cxcywh_to_xyxy` of both.",
    ),
    Mistake(
        "iou",
        made_of(alike=_iou),
        "The overlap is IoU, not GIoU.",
        "For boxes that don't touch it is 0, however far they are.",
        "Use `generalized_box_iou`.",
    ),
    Mistake(
        "corners-of-boxes-only",
        made_of(alike=lambda boxes, targets: generalized_box_iou(cxcywh_to_xyxy(boxes), targets)),
        "GIoU compares corners of the boxes with centres and sizes of the targets.",
        "Only the predicted boxes were converted.",
        "Give it `cxcywh_to_xyxy` of both.",
    ),
    Mistake(
        "corners-of-targets-only",
        made_of(alike=lambda boxes, targets: generalized_box_iou(boxes, cxcywh_to_xyxy(targets))),
        "GIoU compares centres and sizes of the boxes with corners of the targets.",
        "Only the targets were converted.",
        "Give it `cxcywh_to_xyxy` of both.",
    ),
)
