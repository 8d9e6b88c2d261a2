"""The usual mistakes of exercise 10.2: generalised IoU."""

import torch

from course_utils.boxes import all_pairs, box_area, generalized_box_iou, intersection_and_union, ratio
from course_utils.exercises.registry import Mistake


def _made_of(combine):
    """Return an answer `combine(shared, union, around)`, all (N, M)."""

    def wrong(first, second):
        first, second = all_pairs(first, second)
        upper_left = torch.minimum(first[..., :2], second[..., :2])
        lower_right = torch.maximum(first[..., 2:], second[..., 2:])
        around = box_area(torch.cat([upper_left, lower_right], dim=-1))
        return combine(*intersection_and_union(first, second), around)

    return wrong


def _around(area):
    """Return an answer in which the box around two boxes has `area(first, second)`."""

    def wrong(first, second):
        first, second = all_pairs(first, second)
        (shared, union), around = intersection_and_union(first, second), area(first, second)
        return ratio(shared, union) - ratio(around - union, around)

    return wrong


def _of_what_they_share(first, second):
    upper_left = torch.maximum(first[..., :2], second[..., :2])
    lower_right = torch.minimum(first[..., 2:], second[..., 2:])
    return box_area(torch.cat([upper_left, lower_right], dim=-1))


def _product_of_what_they_share(first, second):
    upper_left = torch.maximum(first[..., :2], second[..., :2])
    lower_right = torch.minimum(first[..., 2:], second[..., 2:])
    return (lower_right - upper_left).prod(dim=-1)


def _from_first_to_second(first, second):
    return (second[..., 2:] - first[..., :2]).prod(dim=-1)


SWAPPED = (
    "The box around two boxes is the one inside both.",
    "Minimum and maximum are those of the intersection; for boxes that lie apart it would end before it begins.",
    "What is around both begins where the first of them begins, and ends where the last one ends.",
)

GIOU = (
    Mistake(
        "plus",
        _made_of(lambda shared, union, around: ratio(shared, union) + ratio(around - union, around)),
        "The share that neither covers is added.",
        "Then boxes far apart would agree best. Left over is `around - union`; the other way round it is negative.",
        "Take the share off.",
    ),
    Mistake("around-swapped", _around(_of_what_they_share), *SWAPPED),
    Mistake("around-swapped-product", _around(_product_of_what_they_share), *SWAPPED),
    Mistake(
        "around-from-first-to-second",
        _around(_from_first_to_second),
        "The box around both reaches from the first one's upper left corner to the second one's lower right.",
        "The second may begin further left, and the first may end further right.",
        "Take the minimum of both upper left corners, and the maximum of both lower right ones.",
    ),
    Mistake(
        "shared-and-union-swapped",
        _made_of(lambda shared, union, around: ratio(union, shared) - ratio(around - shared, around)),
        "Intersection and union have changed places.",
        "`intersection_and_union` returns them in the order of its name.",
        "Write `intersection, union = ...`.",
    ),
    Mistake(
        "over-the-union",
        _made_of(lambda shared, union, around: ratio(shared, union) - ratio(around - union, union)),
        "What neither covers is divided by the union.",
        "That can be any number; GIoU is never below -1.",
        "Divide it by the area of the box around both.",
    ),
    Mistake(
        "without-iou",
        _made_of(lambda _, union, around: -ratio(around - union, around)),
        "The IoU itself is missing.",
        "Only the penalty is returned, which is 0 for every box inside another.",
        "Begin with the IoU, and take the share off.",
    ),
    Mistake(
        "iou-only",
        _made_of(lambda shared, union, _: ratio(shared, union)),
        "It is the IoU, nothing taken off.",
        "So it is 0 for all boxes that don't touch, near or far.",
        "Take off the share of the box around both that neither covers.",
    ),
    Mistake(
        "union-over-around",
        _made_of(lambda shared, union, around: ratio(shared, union) - ratio(union, around)),
        "The share that the two cover is taken off.",
        "It is large for boxes that agree.",
        "Take off the other share: the area around both, less the union, divided by the area around both.",
    ),
    Mistake(
        "shared-over-around",
        _made_of(lambda shared, _, around: ratio(shared, around)),
        "It comes to the intersection divided by the box around both.",
        "That is 0 for all boxes that don't touch, as the IoU is.",
        "Keep the IoU as it is, and take off what the box around both has left over.",
    ),
    Mistake(
        "iou-over-around",
        _made_of(lambda shared, union, around: ratio(shared, around) - ratio(around - union, around)),
        "In the IoU, the intersection is divided by the box around both.",
        "The IoU stays what it is; the larger box is only for what is taken off.",
        "Divide the intersection by the union.",
    ),
    Mistake(
        "shared-left-over",
        _made_of(lambda shared, union, around: ratio(shared, union) - ratio(around - shared, around)),
        "All but the intersection is taken off.",
        "What one of the two covers isn't left over.",
        "Left over is the area around both, less the union.",
    ),
    Mistake(
        "no-share",
        _made_of(lambda shared, union, around: ratio(shared, union) - (around - union)),
        "The area that neither covers is taken off as it is.",
        "An area depends on the unit: in pixels it is in the hundreds, and the IoU would hardly count.",
        "Divide it by the area of the box around both.",
    ),
    Mistake(
        "loss",
        lambda first, second: 1 - generalized_box_iou(first, second),
        "It is 1 - GIoU.",
        "That is the loss; here it is asked how well boxes agree.",
        "Return the GIoU itself.",
    ),
    Mistake(
        "clamped",
        lambda first, second: generalized_box_iou(first, second).clamp(min=0),
        "Nothing is below 0.",
        "The negative numbers are what tells near from far.",
        "Leave them as they are.",
    ),
    Mistake(
        "transposed",
        lambda first, second: generalized_box_iou(second, first),
        "The table is transposed: (M, N).",
        "The second list got the rows.",
        "Call `all_pairs(first, second)`, in this order.",
    ),
    Mistake(
        "no-ratio",
        _made_of(lambda shared, union, around: shared / union - (around - union) / around),
        "Two boxes without area give NaN.",
        "Their union is 0, and so is what they share: 0 / 0.",
        "Divide with `ratio(part, whole)`, both times.",
    ),
    Mistake(
        "no-ratio-around",
        _made_of(lambda shared, union, around: ratio(shared, union) - (around - union) / around),
        "Two points at the same place give NaN.",
        "The box around them has no area either: 0 / 0.",
        "Divide with `ratio(part, whole)` there too.",
    ),
)
