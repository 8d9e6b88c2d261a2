"""Boxes: both forms, IoU and GIoU by hand and beside torchvision's, without area, and their gradients."""

import math

import pytest
import torch
from torchvision import ops

from course_utils.boxes import (
    box_area,
    box_iou,
    cxcywh_to_xyxy,
    generalized_box_iou,
    intersection_and_union,
    non_maximum_suppression,
    paired_giou,
    xyxy_to_cxcywh,
)

COMPARE = (box_iou, generalized_box_iou)


def paired_iou(first, second):
    return box_iou(first[:, None], second[:, None])[:, 0, 0]


UNIT = torch.tensor([[0.0, 0.0, 1.0, 1.0]])


def random_boxes(count, seed=0, dtype=torch.float64):
    """Return (count, 4) in corners; some are thin, and some far from all others."""
    generator = torch.Generator().manual_seed(seed)
    centre = torch.rand(count, 2, generator=generator, dtype=dtype) * 2
    size = torch.rand(count, 2, generator=generator, dtype=dtype) ** 3
    return torch.cat([centre - size / 2, centre + size / 2], dim=1)


def grids(first, second):
    """Compare two boxes with whole corners by counting unit squares: intersection, union, and the box around both."""

    def squares(box):
        left, top, right, bottom = box
        return {(x, y) for x in range(left, right) for y in range(top, bottom)}

    ours, theirs = squares(first), squares(second)
    corners = [min(first[0], second[0]), min(first[1], second[1]), max(first[2], second[2]), max(first[3], second[3])]
    return len(ours & theirs), len(ours | theirs), len(squares(corners))


def whole_boxes(count, seed):
    corners = torch.randint(0, 9, (count, 2, 2), generator=torch.Generator().manual_seed(seed)).sort(dim=1).values
    return corners.flatten(1)


def test_both_forms_by_hand():
    centred = torch.tensor([[5.0, 3.0, 4.0, 2.0]])
    corners = torch.tensor([[3.0, 2.0, 7.0, 4.0]])
    assert torch.equal(cxcywh_to_xyxy(centred), corners)
    assert torch.equal(xyxy_to_cxcywh(corners), centred)
    assert box_area(corners).tolist() == [8.0]


def test_both_forms_are_torchvisions_in_any_shape():
    corners = random_boxes(30).view(2, 5, 3, 4)
    centred = xyxy_to_cxcywh(corners)
    assert centred.shape == corners.shape
    assert torch.allclose(centred, ops.box_convert(corners, "xyxy", "cxcywh"))
    assert torch.allclose(cxcywh_to_xyxy(centred), corners, atol=1e-12)
    assert torch.equal(cxcywh_to_xyxy(centred), ops.box_convert(centred, "cxcywh", "xyxy"))
    assert box_area(corners).shape == (2, 5, 3)
    assert torch.equal(box_area(corners).flatten(), ops.box_area(corners.flatten(0, 2)))


def test_a_width_of_zero_or_more_always_gives_corners_in_order():
    """Otherwise rounding could make a network's own box one that is refused."""
    for dtype in (torch.float32, torch.float64):
        centred = torch.rand(100_000, 4, dtype=dtype, generator=torch.Generator().manual_seed(0))
        centred[:50_000, 2:] **= 30
        assert (box_area(cxcywh_to_xyxy(centred)) >= 0).all()


def test_iou_and_giou_by_counting_squares():
    first, second = whole_boxes(40, 0), whole_boxes(30, 1)
    iou, giou = box_iou(first.double(), second.double()), generalized_box_iou(first.double(), second.double())
    assert iou.shape == giou.shape == (40, 30)
    for n, box in enumerate(first.tolist()):
        for m, other in enumerate(second.tolist()):
            shared, covered, around = grids(box, other)
            expected = shared / covered if covered else 0
            assert iou[n, m].item() == pytest.approx(expected)
            left_over = (around - covered) / around if around else 0
            assert giou[n, m].item() == pytest.approx(expected - left_over)


def test_iou_and_giou_are_torchvisions():
    first, second = random_boxes(200), random_boxes(150, seed=1)
    assert torch.allclose(box_iou(first, second), ops.box_iou(first, second), atol=1e-14)
    assert torch.allclose(generalized_box_iou(first, second), ops.generalized_box_iou(first, second), atol=1e-12)
    assert (box_iou(first, second) > 0).float().mean() > 0.03, "some pairs do overlap"
    assert generalized_box_iou(first, second).min() < -0.9, "and some are far apart"


def test_pairs_are_the_diagonal():
    first, second = random_boxes(50), random_boxes(50, seed=1)
    shared, covered = intersection_and_union(first, second)
    assert torch.equal(shared / covered, box_iou(first, second).diagonal())
    assert torch.equal(paired_giou(first, second), generalized_box_iou(first, second).diagonal())
    assert paired_giou(first.view(5, 10, 4), second.view(5, 10, 4)).shape == (5, 10)


@pytest.mark.parametrize("compare", COMPARE)
def test_several_lists_at_once(compare):
    first, second = random_boxes(12).view(3, 4, 4), random_boxes(15, seed=1).view(3, 5, 4)
    one_by_one = [compare(*pair) for pair in zip(first, second, strict=True)]
    assert torch.equal(compare(first, second), torch.stack(one_by_one))


def test_giou_tells_near_from_far_where_iou_is_silent():
    apart = torch.tensor([[1.0, 0.0, 2.0, 1.0], [3.0, 0.0, 4.0, 1.0], [9.0, 0.0, 10.0, 1.0]])
    assert box_iou(UNIT, apart).tolist() == [[0.0, 0.0, 0.0]]
    assert generalized_box_iou(UNIT, apart)[0].tolist() == pytest.approx([0.0, -0.5, -0.8])


@pytest.mark.parametrize("compare", COMPARE)
def test_what_holds_for_every_two_boxes(compare):
    first, second = random_boxes(60), random_boxes(60, seed=1)
    found = compare(first, second)
    assert torch.equal(found, compare(second, first).T)
    assert torch.allclose(found, compare(3 * first + 7, 3 * second + 7), atol=1e-12), "no unit, no origin"
    assert torch.allclose(compare(first, first).diagonal(), torch.ones(60, dtype=torch.float64))
    assert found.min() >= (0 if compare is box_iou else -1) and found.max() <= 1
    assert (generalized_box_iou(first, second) <= box_iou(first, second)).all()


@pytest.mark.parametrize("compare", COMPARE)
def test_no_boxes_at_all(compare):
    none = torch.zeros(0, 4)
    assert compare(none, UNIT).shape == (0, 1)
    assert compare(UNIT, none).shape == (1, 0)
    assert compare(none, none).shape == (0, 0)


@pytest.mark.parametrize("compare", (paired_iou, paired_giou))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_boxes_without_area_have_finite_values_and_gradients(compare, dtype):
    point, line, box = [2.0, 2.0, 2.0, 2.0], [1.0, 2.0, 3.0, 2.0], [1.0, 1.0, 3.0, 3.0]
    thin = [[2.0, 2.0, 2.0 + 10.0**-k, 2.0 + 10.0**-k] for k in range(1, 45, 4)]
    kinds = torch.tensor([point, line, box, *thin], dtype=dtype)
    first, second = (kinds.repeat_interleave(len(kinds), 0), kinds.repeat(len(kinds), 1))
    first.requires_grad_(), second.requires_grad_()
    found = compare(first, second)
    found.sum().backward()
    assert found.isfinite().all()
    assert first.grad.isfinite().all() and second.grad.isfinite().all()
    assert found[0].item() == 0, "a point beside itself shares no area with it"
    assert found[len(kinds) * 2 + 2].item() == 1


@pytest.mark.parametrize("side", [10.0**-k for k in range(0, 31, 2)])
def test_a_tiny_box_in_float32_has_no_infinite_gradient(side):
    tiny = torch.tensor([[0.0, 0.0, side, side]], requires_grad=True)
    for compare in (paired_iou, paired_giou):
        (gradient,) = torch.autograd.grad(compare(tiny, tiny.detach() * 0.5).sum(), tiny)
        assert gradient.isfinite().all()


def test_gradients_are_right():
    first, second = random_boxes(12).requires_grad_(), random_boxes(9, seed=1).requires_grad_()
    for compare in COMPARE:
        assert torch.autograd.gradcheck(compare, (first, second))


def test_a_step_along_the_gradient_of_giou_brings_a_far_box_nearer():
    box, target = torch.tensor([[6.0, 6.0, 7.0, 8.0]], requires_grad=True), UNIT
    for compare, helps in ((paired_iou, False), (paired_giou, True)):
        (gradient,) = torch.autograd.grad(compare(box, target).sum(), box)
        moved = box + 0.1 * gradient
        assert (paired_giou(moved, target) > paired_giou(box, target)).item() is helps


@pytest.mark.parametrize("shape", [(), (3,), (2, 5), (4, 3)])
def test_what_has_no_four_numbers_is_refused(shape):
    for convert in (cxcywh_to_xyxy, xyxy_to_cxcywh, box_area):
        with pytest.raises(ValueError, match=r"boxes have the shape \(\.\.\., 4\), not \(.*\): 4 numbers each"):
            convert(torch.zeros(shape))


@pytest.mark.parametrize("compare", COMPARE)
def test_what_is_no_list_of_boxes_is_refused(compare):
    for wrong in (torch.zeros(4), torch.zeros(4, 5), torch.zeros(2, 4, 3)):
        for pair in ((wrong, UNIT), (UNIT, wrong)):
            with pytest.raises(ValueError, match=r"are not \(N, 4\): compare two lists"):
                compare(*pair)


def test_what_is_not_paired_is_refused():
    with pytest.raises(ValueError, match=r"boxes \(3, 4\) and \(1, 4\) are no pairs: use box_iou"):
        paired_giou(random_boxes(3), random_boxes(1))
    with pytest.raises(ValueError, match=r"boxes \(3, 4\) and \(2, 4\) don't fit: use all_pairs"):
        intersection_and_union(random_boxes(3), random_boxes(2))


@pytest.mark.parametrize("wrong", [[0.5, 0.2, 0.25, 0.6], [0.1, 0.8, 0.6, 0.4], [0.1, math.nan, 0.2, 0.3]])
def test_a_box_that_ends_before_it_begins_is_refused(wrong):
    boxes = torch.tensor([[0.1, 0.1, 0.2, 0.2], wrong])
    attempts = [
        lambda: box_area(boxes),
        lambda: box_iou(boxes, UNIT),
        lambda: generalized_box_iou(UNIT, boxes),
        lambda: paired_giou(boxes, boxes),
    ]
    named = rf"box \[{', '.join(map(str, wrong))}\] has no corners .*: if it is cxcywh, use cxcywh_to_xyxy"
    for attempt in attempts:
        with pytest.raises(ValueError, match=named):
            attempt()


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.8])
def test_suppression_keeps_what_torchvision_keeps(threshold):
    generator = torch.Generator().manual_seed(3)
    corners = torch.rand(300, 2, generator=generator)
    boxes = torch.cat([corners, corners + 0.4 * torch.rand(300, 2, generator=generator)], dim=1)
    scores = (20 * torch.rand(300, generator=generator)).round()  # many are as sure as others
    kept = non_maximum_suppression(boxes, scores, threshold)
    assert torch.equal(kept, ops.nms(boxes, scores, threshold)) and 1 < len(kept) < 300
    assert non_maximum_suppression(boxes[:0], scores[:0]).tolist() == []


def test_suppression_by_hand():
    boxes = torch.tensor([[0.0, 0, 2, 2], [0.0, 0, 2, 1], [1.0, 0, 3, 2], [5.0, 5, 6, 6]])
    scores = torch.tensor([0.5, 0.9, 0.4, 0.1])
    assert non_maximum_suppression(boxes, scores, 0.5).tolist() == [1, 0, 2, 3], (
        "one that overlaps by no more than that stays"
    )
    assert non_maximum_suppression(boxes, scores, 0.49).tolist() == [1, 2, 3], "a dropped box drops no other"
