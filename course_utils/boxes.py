"""Boxes, and how well two of them agree: the one place that knows which numbers of a box are which.

Notation: `N M` boxes. A box is four numbers, in one of two forms. In corners, xyxy: left, top, right, bottom. By its
centre, cxcywh: x and y of the middle, width, height; so DETR predicts it, as shares of the image's sides. The
unit is the caller's. A box without area is allowed; every result and every gradient stays finite.
"""

import torch
from torch import Tensor

TINY = torch.finfo(torch.float32).tiny  # an area below it is taken for none


def cxcywh_to_xyxy(boxes: Tensor) -> Tensor:
    """Turn centre, width and height into corners.

    Args:
        boxes: (..., 4) of x and y of the centre, width, height.

    Returns:
        (..., 4) of left, top, right, bottom.

    Raises:
        ValueError: the last side isn't 4.
    """
    check_four(boxes)
    centre, size = boxes[..., :2], boxes[..., 2:]
    return torch.cat([centre - size / 2, centre + size / 2], dim=-1)


def xyxy_to_cxcywh(boxes: Tensor) -> Tensor:
    """Turn corners into centre, width and height: the inverse of `cxcywh_to_xyxy`.

    Args:
        boxes: (..., 4) of left, top, right, bottom.

    Returns:
        (..., 4) of x and y of the centre, width, height.

    Raises:
        ValueError: the last side isn't 4.
    """
    check_four(boxes)
    first, last = boxes[..., :2], boxes[..., 2:]
    return torch.cat([(first + last) / 2, last - first], dim=-1)


def box_area(boxes: Tensor) -> Tensor:
    """Return the area of each box.

    Args:
        boxes: (..., 4) in corners.

    Returns:
        (...).

    Raises:
        ValueError: the last side isn't 4, or a box ends before it begins.
    """
    check_corners(boxes)
    width, height = (boxes[..., 2:] - boxes[..., :2]).unbind(dim=-1)
    return width * height


def box_iou(first: Tensor, second: Tensor) -> Tensor:
    """Compare all boxes with all: the area that two share, by the area that they cover.

    Args:
        first: (N, 4) in corners, or several lists of as many, (..., N, 4).
        second: (M, 4) in corners, or (..., M, 4).

    Returns:
        (N, M), or (..., N, M), in 0..1; 0 where both have no area. Everingham et al.
        2010, section 4.2.

    Raises:
        ValueError: another shape, or a box ends before it begins.
    """
    check_lists(first, second)
    upper_left = torch.maximum(first[..., None, :2], second[..., None, :, :2])
    lower_right = torch.minimum(first[..., None, 2:], second[..., None, :, 2:])
    width, height = (lower_right - upper_left).clamp(min=0).unbind(dim=-1)
    intersection = width * height  # (N, M)
    union = box_area(first)[..., None] + box_area(second)[..., None, :] - intersection
    return ratio(intersection, union)


def generalized_box_iou(first: Tensor, second: Tensor) -> Tensor:
    """Compare all boxes with all by GIoU, which tells near from far where IoU is 0.

    From the IoU goes what the smallest box around both has left over, as a share.

    Args:
        first: (N, 4) in corners, or several lists of as many, (..., N, 4).
        second: (M, 4) in corners, or (..., M, 4).

    Returns:
        (N, M), or (..., N, M), in -1..1, the IoU at the most. Rezatofighi et al. 2019,
        algorithm 1.

    Raises:
        ValueError: another shape, or a box ends before it begins.
    """
    first, second = all_pairs(first, second)  # (N, 1, 4) and (1, M, 4)
    intersection, union = intersection_and_union(first, second)  # (N, M) both
    upper_left = torch.minimum(first[..., :2], second[..., :2])
    lower_right = torch.maximum(first[..., 2:], second[..., 2:])
    around = box_area(torch.cat([upper_left, lower_right], dim=-1))
    return ratio(intersection, union) - ratio(around - union, around)


def non_maximum_suppression(
    boxes: Tensor,
    scores: Tensor,
    threshold: float = 0.5,
) -> Tensor:
    """Keep the surest box, drop all that overlap it, and go on with what is left.

    Args:
        boxes: (N, 4) in corners.
        scores: (N,), higher if surer.
        threshold: of the IoU; a box that overlaps a kept one by more is dropped.

    Returns:
        (K,) of int64, which boxes are kept, the surest first. Girshick et al. 2014,
        section 2.2.

    Raises:
        ValueError: another shape, or a box ends before it begins.
    """
    overlaps = box_iou(boxes, boxes)
    left, kept = scores.argsort(descending=True, stable=True), []
    while len(left):
        surest, left = left[0], left[1:]
        kept.append(surest)
        left = left[overlaps[surest, left] <= threshold]
    return torch.stack(kept) if kept else left


def paired_giou(first: Tensor, second: Tensor) -> Tensor:
    """Compare each box with the one at its own place, by GIoU.

    Args:
        first, second: (..., 4) in corners, of one shape.

    Returns:
        (...) in -1..1. Rezatofighi et al. 2019, algorithm 1.

    Raises:
        ValueError: the shapes differ, or a box ends before it begins.
    """
    check_pairs(first, second)
    return generalized_box_iou(first[..., None, :], second[..., None, :])[..., 0, 0]


def intersection_and_union(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Return the area that each two boxes share, and the area that they cover together.

    Args:
        first, second: (..., 4) in corners, of shapes that broadcast.

    Returns:
        twice (...).

    Raises:
        ValueError: the shapes don't fit, or a box ends before it begins.
    """
    check_broadcast(first, second)
    upper_left = torch.maximum(first[..., :2], second[..., :2])
    lower_right = torch.minimum(first[..., 2:], second[..., 2:])
    width, height = (lower_right - upper_left).clamp(min=0).unbind(dim=-1)
    intersection = width * height
    return intersection, box_area(first) + box_area(second) - intersection


def all_pairs(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Put every box of the one beside every box of the other, without copying any.

    Args:
        first: (..., N, 4).
        second: (..., M, 4).

    Returns:
        (..., N, 1, 4) and (..., 1, M, 4), which broadcast to all pairs.

    Raises:
        ValueError: another shape.
    """
    check_lists(first, second)
    return first[..., :, None, :], second[..., None, :, :]


def ratio(part: Tensor, whole: Tensor) -> Tensor:
    """Divide areas: 0 where there is no whole, with a gradient of 0 towards it."""
    return part / torch.where(whole > TINY, whole, 1)


def check_four(boxes: Tensor) -> None:
    """Refuse what can't be boxes.

    Raises:
        ValueError: the last side isn't 4.
    """
    if boxes.ndim == 0 or boxes.shape[-1] != 4:
        shape = tuple(boxes.shape)
        raise ValueError(f"boxes have the shape (..., 4), not {shape}: 4 numbers each")


def check_lists(first: Tensor, second: Tensor) -> None:
    """Refuse what are no lists of boxes.

    Raises:
        ValueError: one has fewer than two sides, or its last isn't 4.
    """
    for boxes in (first, second):
        if boxes.ndim < 2 or boxes.shape[-1] != 4:
            found = f"boxes of shape {tuple(boxes.shape)}"
            raise ValueError(f"{found} are not (N, 4): compare two lists")


def check_pairs(first: Tensor, second: Tensor) -> None:
    """Refuse boxes that are no pairs.

    Raises:
        ValueError: the shapes differ.
    """
    if first.shape != second.shape:
        shapes = f"{tuple(first.shape)} and {tuple(second.shape)}"
        raise ValueError(f"boxes {shapes} are no pairs: use box_iou for all with all")


def check_broadcast(first: Tensor, second: Tensor) -> None:
    """Refuse boxes of which one list doesn't lie along the other.

    Raises:
        ValueError: the shapes don't broadcast.
    """
    try:
        torch.broadcast_shapes(first.shape, second.shape)
    except RuntimeError:
        shapes = f"{tuple(first.shape)} and {tuple(second.shape)}"
        raise ValueError(f"boxes {shapes} don't fit: use all_pairs for all with all") from None


def check_corners(boxes: Tensor) -> None:
    """Refuse what can't be boxes in corners.

    Raises:
        ValueError: the last side isn't 4, or a box ends before it begins, or is NaN.
    """
    check_four(boxes)
    right_way = boxes[..., 2:] >= boxes[..., :2]  # NaN isn't
    if not right_way.all():
        wrong = boxes[~right_way.all(dim=-1)]
        first = [round(value, 4) for value in wrong[0].tolist()]
        problem = f"box {first} has no corners in the order left, top, right, bottom"
        raise ValueError(f"{problem}: if it is cxcywh, use cxcywh_to_xyxy")
