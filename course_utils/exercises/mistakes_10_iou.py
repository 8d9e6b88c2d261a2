"""The usual mistakes of exercise 10.1: intersection over union."""

import torch

from course_utils.boxes import box_area, box_iou, cxcywh_to_xyxy, ratio
from course_utils.exercises.registry import Mistake


def _sides(first, second):
    """Return width and height of what each two boxes share, (N, M) both; negative where they are apart."""
    upper_left = torch.maximum(first[:, None, :2], second[:, :2])
    lower_right = torch.minimum(first[:, None, 2:], second[:, 2:])
    return (lower_right - upper_left).unbind(dim=-1)


def _areas(first, second):
    """Return what each two boxes share, and the area of each of the two."""
    width, height = _sides(first, second)
    return width.clamp(min=0) * height.clamp(min=0), box_area(first)[:, None], box_area(second)[None]


def _over(whole):
    """Return an answer that divides what two boxes share by `whole(shared, area, area)`."""

    def wrong(first, second):
        shared, *areas = _areas(first, second)
        return ratio(shared, whole(shared, *areas))

    return wrong


def _shared(change):
    """Return an answer in which two boxes share `change(width, height)`."""

    def wrong(first, second):
        shared = change(*_sides(first, second))
        return ratio(shared, box_area(first)[:, None] + box_area(second) - shared)

    return wrong


def _dice(first, second):
    shared, one, other = _areas(first, second)
    return ratio(2 * shared, one + other)


def _min_max_swapped(first, second):
    upper_left = torch.minimum(first[:, None, :2], second[:, :2])
    lower_right = torch.maximum(first[:, None, 2:], second[:, 2:])
    width, height = (lower_right - upper_left).clamp(min=0).unbind(dim=-1)
    return ratio(width * height, box_area(first)[:, None] + box_area(second) - width * height)


def _as_cxcywh(first, second):
    return box_iou(cxcywh_to_xyxy(first), cxcywh_to_xyxy(second))


def _size_in_the_end(first, second):
    ones, others = (torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], dim=1) for boxes in (first, second))
    return box_iou(ones, others)


def _other_order(first, second):
    (left, right, top, bottom), (left2, right2, top2, bottom2) = first.T[..., None], second.T[:, None]
    width = (torch.minimum(right, right2) - torch.maximum(left, left2)).clamp(min=0)
    height = (torch.minimum(bottom, bottom2) - torch.maximum(top, top2)).clamp(min=0)
    areas = (right - left) * (bottom - top) + (right2 - left2) * (bottom2 - top2)
    return ratio(width * height, areas - width * height)


def _plus_one(first, second):
    width, height = ((side + 1).clamp(min=0) for side in _sides(first, second))
    ones, others = ((boxes[:, 2:] - boxes[:, :2] + 1).prod(dim=1) for boxes in (first, second))
    return ratio(width * height, ones[:, None] + others - width * height)


def _area_of_nothing(first, second):
    upper_left = torch.maximum(first[:, None, :2], second[:, :2])
    lower_right = torch.minimum(first[:, None, 2:], second[:, 2:])
    return box_area(torch.cat([upper_left, lower_right], dim=-1))


def _by_index(first, second):
    upper_left, lower_right = torch.maximum(first[:, :2], second[:, :2]), torch.minimum(first[:, 2:], second[:, 2:])
    width, height = (lower_right - upper_left).clamp(min=0).unbind(dim=-1)
    return ratio(width * height, box_area(first) + box_area(second) - width * height)


def _no_ratio(first, second):
    shared, one, other = _areas(first, second)
    return shared / (one + other - shared)


def _around(first, second):
    upper_left = torch.minimum(first[:, None, :2], second[:, :2])
    lower_right = torch.maximum(first[:, None, 2:], second[:, 2:])
    return ratio(_areas(first, second)[0], (lower_right - upper_left).prod(dim=-1))


IOU = (
    Mistake(
        "no-clamp",
        _shared(lambda width, height: width * height),
        "Boxes that lie apart share an area.",
        "Between them width or height comes out negative, and two negative numbers have a positive product.",
        "Let neither be less than 0, before they are multiplied.",
    ),
    Mistake(
        "clamp-behind",
        _shared(lambda width, height: (width * height).clamp(min=0)),
        "Boxes that lie apart both ways share an area.",
        "There width and height are negative, so their product is positive, and the clamp comes too late.",
        "Clamp width and height, each for itself, and multiply then.",
    ),
    Mistake(
        "clamp-of-one-side",
        _shared(lambda width, height: width.clamp(min=0) * height),
        "Boxes that lie above each other share a negative area.",
        "Only the width was clamped.",
        "Clamp the height as well.",
    ),
    Mistake(
        "abs",
        _shared(lambda width, height: (width * height).abs()),
        "Boxes that lie apart share an area.",
        "Between them width or height comes out negative, and its absolute value is how far they are apart.",
        "Let what is negative be 0.",
    ),
    Mistake(
        "area-of-nothing",
        _area_of_nothing,
        "It fails for boxes that lie apart.",
        "What they share would end before it begins, and `box_area` refuses such a box.",
        "Take `lower_right - upper_left` yourself, and let neither of the two numbers be less than 0.",
    ),
    Mistake(
        "shared-counted-twice",
        _over(lambda _, one, other: one + other),
        "The union is too large.",
        "The sum of both areas counts twice what they share.",
        "Take it off once.",
    ),
    Mistake(
        "shared-taken-off-twice",
        _over(lambda shared, one, other: one + other - 2 * shared),
        "The union is too small.",
        "What both share was taken off twice, so the union lacks it.",
        "Take it off once.",
    ),
    Mistake(
        "dice",
        _dice,
        "Twice the intersection is divided by the sum of both areas.",
        "That is the Dice score, IoU's relative: 0 and 1 at the same places, and larger between them.",
        "Divide the intersection by the union.",
    ),
    Mistake(
        "over-the-smaller",
        _over(lambda _, one, other: torch.minimum(one, other)),
        "The intersection is divided by the area of the smaller box.",
        "Then a tiny box inside a huge one would count as perfect.",
        "Divide by the area that the two cover together.",
    ),
    Mistake(
        "over-the-first",
        _over(lambda shared, one, _: one.expand_as(shared)),
        "The intersection is divided by the area of the first box.",
        "IoU asks the same of both: exchanged, two boxes must agree as well as before.",
        "Divide by the area that the two cover together.",
    ),
    Mistake(
        "over-the-second",
        _over(lambda shared, _, other: other.expand_as(shared)),
        "The intersection is divided by the area of the second box.",
        "IoU asks the same of both: exchanged, two boxes must agree as well as before.",
        "Divide by the area that the two cover together.",
    ),
    Mistake(
        "over-the-box-around",
        _around,
        "The intersection is divided by the area of the box around both.",
        "That box also holds corners that neither covers; GIoU, the next exercise, needs it.",
        "The union is both areas, less what they share.",
    ),
    Mistake(
        "intersection-only",
        lambda first, second: _areas(first, second)[0],
        "The area that two boxes share isn't divided by anything.",
        "It grows with the boxes, and with the unit.",
        "Divide it by the area that the two cover together.",
    ),
    Mistake(
        "min-max-swapped",
        _min_max_swapped,
        "The intersection is the box around both.",
        "Minimum and maximum have changed places.",
        "What both share begins where the later of them begins, and ends where the first of them ends.",
    ),
    Mistake(
        "as-cxcywh",
        _as_cxcywh,
        "The boxes are read as centre, width and height.",
        "Here they are corners: left, top, right, bottom.",
        "Leave the conversion out.",
    ),
    Mistake(
        "size-in-the-end",
        _size_in_the_end,
        "The last two numbers are read as width and height.",
        "COCO's files have them; here they are the lower right corner.",
        "A width is right minus left.",
    ),
    Mistake(
        "other-order",
        _other_order,
        "The four numbers are read as left, right, top, bottom.",
        "Their order is left, top, right, bottom: a point, then a point.",
        "The first two are the upper left corner, `boxes[:, :2]`, the last two the lower right one.",
    ),
    Mistake(
        "plus-one",
        _plus_one,
        "Every width and height is 1 too large.",
        "Where corners are numbers of pixels, a box from 3 to 3 has one pixel; here they are places, often in 0..1.",
        "Subtract, and add nothing.",
    ),
    Mistake(
        "transposed",
        lambda first, second: box_iou(second, first),
        "The table is transposed: (M, N).",
        "The second list got the rows.",
        "Put the new axis behind the first list's boxes: `first[:, None]`.",
    ),
    Mistake(
        "by-index",
        _by_index,
        "The n-th box is compared with the n-th only, which fails for lists of different lengths.",
        "Both have their boxes along the same axis.",
        "Give the first list a new axis: `first[:, None, :2]` is (N, 1, 2), and broadcasting makes (N, M, 2).",
    ),
    Mistake(
        "no-ratio",
        _no_ratio,
        "Two boxes without area give NaN.",
        "Their union is 0, and so is what they share: 0 / 0.",
        "Divide with `ratio(part, whole)`.",
    ),
)
