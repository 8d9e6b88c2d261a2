"""Variants of exercises 10.1 and 10.2: IoU and GIoU, of boxes in other forms."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils import boxes as course
from course_utils.exercises import cases_10 as cases
from course_utils.exercises.options import on, out
from course_utils.exercises.recipes import Option, Recipe


def _form(form: str, corners: str, to_course: Callable, to_variant: Callable) -> Option:
    return Option(
        {"form": form, "prepare": f"first, second = ({corners} for boxes in (first, second))"},
        here=f"a box is {form}, not left, top, right, bottom",
        remedy="Turn both lists of boxes into corners first: left, top, right, bottom.",
        to_course=on(to_course, "first", "second"),
        to_variant=on(to_variant, "first", "second"),
    )


def _end_to_size(boxes: Tensor) -> Tensor:
    return torch.cat([boxes[..., :2], boxes[..., 2:] - boxes[..., :2]], dim=-1)


def _size_to_end(boxes: Tensor) -> Tensor:
    return torch.cat([boxes[..., :2], boxes[..., :2] + boxes[..., 2:]], dim=-1)


def _sides_together(boxes: Tensor) -> Tensor:
    return boxes[..., [0, 2, 1, 3]]


CENTRE = "x and y of the centre, width, height"
SIZE = "left, top, width, height"
SIDES = "left, right, top, bottom"
FORMS = (
    Option({"form": "left, top, right, bottom", "prepare": ""}),
    _form(CENTRE, "cxcywh_to_xyxy(boxes)", course.cxcywh_to_xyxy, course.xyxy_to_cxcywh),
    _form(
        SIZE,
        "torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], dim=1)",
        _size_to_end,
        _end_to_size,
    ),
    _form(SIDES, "boxes[:, [0, 2, 1, 3]]", _sides_together, _sides_together),
)
IOU = Recipe(
    id="10.1",
    source='''
        def box_iou(first: Tensor, second: Tensor) -> Tensor:
            """Compare all boxes with all: the area that two share, by the area that they cover.

            $here

            Args:
                first: (N, 4), each $form.
                second: (M, 4), the same.

            Returns:
                (N, M): $returned. `box_area`, `cxcywh_to_xyxy` and `ratio` are the lesson's.
                Everingham et al. 2010, section 4.2.
            """
            $prepare
            upper_left = torch.maximum(first[:, None, :2], second[:, :2])  # (N, M, 2)
            lower_right = torch.minimum(first[:, None, 2:], second[:, 2:])
            width, height = (lower_right - upper_left).clamp(min=0).unbind(dim=-1)
            shared = width * height  # (N, M)
            union = box_area(first)[:, None] + box_area(second) - shared
            return $result
        ''',
    axes=(
        FORMS,
        (
            Option({"returned": "the IoU, 0 where both have no area", "result": "ratio(shared, union)"}),
            Option(
                {"returned": "1 - IoU, 1 where both have no area", "result": "1 - ratio(shared, union)"},
                here="it is a distance, 1 - IoU, not the IoU",
                remedy="Subtract the IoU from 1.",
                from_course=out(lambda iou: 1 - iou),
            ),
        ),
    ),
    cases=cases.boxes_in_corners,
    keep="no-clamp clamp-behind clamp-of-one-side abs area-of-nothing shared-counted-twice shared-taken-off-twice dice "
    "over-the-smaller over-the-first over-the-second over-the-box-around intersection-only transposed by-index "
    "no-ratio",
    names={"box_area": course.box_area, "cxcywh_to_xyxy": course.cxcywh_to_xyxy, "ratio": course.ratio},
    hints=(0,),
)

GIOU = Recipe(
    id="10.2",
    source='''
        def generalized_box_iou(first: Tensor, second: Tensor) -> Tensor:
            """Compare all boxes with all by GIoU, which tells near from far where IoU is 0.

            $here

            From the IoU goes what the smallest box around both has left over, as a share of that box.

            Args:
                first: (N, 4), each $form.
                second: (M, 4), the same.

            Returns:
                (N, M): $returned. `all_pairs`, `box_area`, `cxcywh_to_xyxy`, `intersection_and_union`
                and `ratio` are the lesson's. Rezatofighi et al. 2019, algorithm 1.
            """
            $prepare
            first, second = all_pairs(first, second)  # (N, 1, 4) and (1, M, 4)
            shared, union = intersection_and_union(first, second)  # (N, M) both
            upper_left = torch.minimum(first[..., :2], second[..., :2])
            lower_right = torch.maximum(first[..., 2:], second[..., 2:])
            around = box_area(torch.cat([upper_left, lower_right], dim=-1))
            giou = ratio(shared, union) - ratio(around - union, around)
            return $result
        ''',
    axes=(
        FORMS,
        (
            Option({"returned": "the GIoU, -1 to 1", "result": "giou"}),
            Option(
                {"returned": "1 - GIoU, 0 to 2", "result": "1 - giou"},
                here="it is a distance, 1 - GIoU, not the GIoU",
                remedy="Subtract the GIoU from 1.",
                from_course=out(lambda giou: 1 - giou),
            ),
            Option(
                {"returned": "(1 + GIoU) / 2, 0 to 1", "result": "(1 + giou) / 2"},
                here="GIoU is brought to 0..1, as (1 + GIoU) / 2",
                remedy="Add 1 to the GIoU, and halve the sum.",
                from_course=out(lambda giou: (1 + giou) / 2),
            ),
        ),
    ),
    cases=cases.boxes_in_corners,
    keep="plus around-swapped around-from-first-to-second shared-and-union-swapped over-the-union without-iou iou-only "
    "union-over-around shared-over-around iou-over-around shared-left-over no-share transposed no-ratio "
    "no-ratio-around",
    names={
        "all_pairs": course.all_pairs,
        "box_area": course.box_area,
        "cxcywh_to_xyxy": course.cxcywh_to_xyxy,
        "intersection_and_union": course.intersection_and_union,
        "ratio": course.ratio,
    },
    hints=(0,),
)

BOXES = (IOU, GIOU)
