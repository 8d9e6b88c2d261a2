"""Lesson 10's exercises: cases that make mistakes visible, and what is told about answers written in other ways."""

import itertools

import pytest
import torch
from exercise_checks import (
    fresh_place,  # noqa: F401
    made,
    undiagnosed,
    verdict,
    wrong,
)
from exercise_outcomes import float64  # noqa: F401
from torch.nn import functional as F

from course_utils.average_precision import RECALLS, precision_curve, surest_first
from course_utils.boxes import (
    all_pairs,
    box_area,
    check_corners,
    cxcywh_to_xyxy,
    generalized_box_iou,
    intersection_and_union,
)
from course_utils.exercises.lesson_10 import EXERCISES
from course_utils.models.detr import EncoderLayer
from course_utils.models.matching import assignment_cost, match_by_brute_force, match_lowest_first, matching_cost
from course_utils.models.set_loss import Pairs, box_loss, class_loss

TABLE = {exercise.id: exercise for exercise in EXERCISES}


def told(capsys, source, id):
    return wrong(capsys, made(f"from course_utils.boxes import *\n{source}", TABLE[id].reference.__name__), id)


def mistake(id, name):
    (found,) = (entry for entry in TABLE[id].mistakes if entry.name == name)
    return found.what


def test_boxes_are_apart_in_every_way_and_one_inside_another():
    kinds = set()
    for case in TABLE["10.1"].cases():
        first, second = all_pairs(*case.arguments)
        assert first.shape[0] != second.shape[1], "rows and columns can't be mixed up unseen"
        start = torch.maximum(first[..., :2], second[..., :2])
        apart = torch.minimum(first[..., 2:], second[..., 2:]) < start
        kinds |= {tuple(pair) for pair in apart.flatten(0, 1).tolist()}
        shared, union = intersection_and_union(first, second)
        kinds |= {"inside"} if ((shared > 0) & (shared == box_area(second))).any() else set()
        kinds |= {"nothing"} if (union == 0).any() else set()
    assert kinds == {(False, False), (True, False), (False, True), (True, True), "inside", "nothing"}


def test_boxes_with_a_gradient_have_no_corner_in_common():
    """There minimum and maximum have no slope: right answers could have different gradients."""
    for case in TABLE["10.1"].cases():
        first, second = case.arguments
        if first.requires_grad:
            assert all(len(set(torch.cat(case.arguments)[:, n].tolist())) == len(first) + len(second) for n in range(4))
    assert sum(case.arguments[0].requires_grad for case in TABLE["10.1"].cases()) == 2


def test_every_cost_matrix_has_one_cheapest_assignment():
    shapes = set()
    for case in TABLE["10.3"].cases():
        (cost,) = case.arguments
        wide = cost if len(cost) <= cost.shape[1] else cost.T
        choices = itertools.permutations(range(wide.shape[1]), len(wide))
        sums = sorted(assignment_cost(wide, columns) for columns in choices)
        assert sums[0] < sums[1] - 0.1
        shapes.add((len(cost) > cost.shape[1]) - (len(cost) < cost.shape[1]))
    assert shapes == {-1, 0, 1}


def test_taking_the_lowest_first_is_too_dear_for_most():
    costs = [case.arguments[0] for case in TABLE["10.3"].cases()]
    dearer = [cost[match_lowest_first(cost)].sum() > cost[match_by_brute_force(cost)].sum() for cost in costs]
    assert sum(dearer) >= 2


def test_queries_targets_and_classes_are_of_different_numbers():
    more = set()
    for case in TABLE["10.4"].cases():
        logits, boxes, labels, targets = case.arguments
        assert len({len(logits), logits.shape[1], len(labels)}) == 3
        assert labels.tolist() != list(range(len(labels))) and labels.max() < logits.shape[1] - 1
        check_corners(torch.cat([boxes, targets]))  # whoever takes them for corners isn't stopped
        more.add(len(labels) > len(logits))
    assert more == {True, False}


@pytest.mark.parametrize("id", ["10.5", "10.6"])
def test_pairs_mix_targets_and_queries(id):
    batches, left_over = set(), set()
    for case in TABLE[id].cases():
        found, targets, pairs = case.arguments[:3]
        taken = list(zip(pairs.images.tolist(), pairs.queries.tolist(), strict=True))
        assert len(set(taken)) == len(taken) and len(set(pairs.targets.tolist())) == len(taken)
        assert pairs.targets.tolist() != sorted(pairs.targets.tolist()) and pairs.targets.max() < len(targets)
        assert pairs.images.max() < found.shape[0] and pairs.queries.max() < found.shape[1]
        assert not pairs.queries.equal(pairs.targets)
        batches.add(found.shape[0])
        left_over.add(len(targets) - len(taken))
    assert batches == {1, 2, 3} and left_over == ({0} if id == "10.5" else {0, 1})


@pytest.mark.parametrize(("id", "where"), [("10.4", (1, 3)), ("10.6", (0, 1))])
def test_some_boxes_touch_and_some_do_not(id, where):
    signs = set()
    for case in TABLE[id].cases():
        boxes, targets = (cxcywh_to_xyxy(case.arguments[place].reshape(-1, 4)) for place in where)
        alike = generalized_box_iou(boxes, targets)
        if id == "10.6":
            pairs = case.arguments[2]
            alike = alike[pairs.images * case.arguments[0].shape[1] + pairs.queries, pairs.targets]
        signs |= set((alike > 0).flatten().tolist())
    assert signs == {True, False}


def test_masks_hide_some_cells_and_never_all():
    masks = []
    for case in TABLE["10.7"].cases():
        cells, positions, *mask = case.arguments
        assert cells.shape == positions.shape and len({*cells.shape, case.init["hidden"]}) == 4
        masks += mask
    (mask,) = masks
    assert mask.any(dim=-1).all() and not mask.all()


def test_ranks_have_no_equals_and_some_curves_rise_again():
    rises = []
    for case in TABLE["10.8"].cases():
        scores, right, truths = case.arguments
        assert len(scores.unique()) == len(scores) and not scores.equal(scores.sort().values)
        found = right[surest_first(scores)].double().cumsum(dim=0)
        precision = found / torch.arange(1, len(right) + 1)
        rises.append((precision[1:] > precision[:-1]).any().item())
        reached = found / truths
        exact = (reached[:, None] == RECALLS).any(dim=1) & (reached > 0)
        assert exact.equal((100 * found % truths == 0) & (found > 0))
    assert sum(rises) >= 4


# the same mistakes, written in another way


def test_areas_of_nothing_are_told(capsys):
    source = """
def box_iou(first, second):
    begin, end = first[:, None, :2].max(second[:, :2]), first[:, None, 2:].min(second[:, 2:])
    shared = box_area(torch.cat((begin, end), -1))
    return ratio(shared, box_area(first)[:, None] + box_area(second) - shared)
"""
    assert mistake("10.1", "area-of-nothing") in told(capsys, source, "10.1")


def test_boxes_by_index_are_told_at_the_first_line_that_fails(capsys):
    source = """
def box_iou(first, second):
    begin = torch.stack([torch.max(first[:, 0], second[:, 0]), torch.max(first[:, 1], second[:, 1])])
    return begin
"""
    assert mistake("10.1", "by-index") in told(capsys, source, "10.1")


def test_a_gradient_through_the_boxes_alone_is_told_too(capsys):
    def one_detached(logits, boxes, labels, targets, *, class_weight=1.0, l1_weight=5.0, giou_weight=2.0):
        fixed = matching_cost(logits, boxes, labels, targets, class_weight=class_weight, l1_weight=0, giou_weight=0)
        apart = (boxes[:, None] - targets).abs().sum(dim=-1)
        return fixed + l1_weight * apart - giou_weight * generalized_box_iou(*map(corners, (boxes, targets)))

    def corners(boxes):
        return torch.cat([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], dim=1)

    lines = undiagnosed(capsys, one_detached, "10.4")
    assert "a gradient reaches `boxes`" in lines and "detach()" in lines


def test_costs_may_be_cut_off_by_a_decorator(capsys):
    source = """
@torch.no_grad()
def matching_cost(
    logits, boxes, labels, targets, *, class_weight=1.0, l1_weight=5.0, giou_weight=2.0
):
    apart = torch.cdist(boxes, targets, p=1)
    alike = generalized_box_iou(cxcywh_to_xyxy(boxes), cxcywh_to_xyxy(targets))
    return l1_weight * apart - class_weight * logits.softmax(1)[:, labels] - giou_weight * alike
"""
    answer = made(f"from course_utils.boxes import *\n{source}", "matching_cost")
    returned, printed = verdict(capsys, "10.4", answer)
    assert printed == "✓ 10.4 correct on 3 cases\n" and returned is answer


def test_positions_that_are_added_in_place_are_told(capsys):
    class InPlace(EncoderLayer):
        def forward(self, cells, positions, mask=None):
            cells += positions
            return super().forward(cells, positions, mask)

    assert "`cells` was changed in place" in undiagnosed(capsys, InPlace, "10.7")


# two mistakes at once


def _no_clamp_and_sum_of_areas(first, second):
    upper_left = torch.maximum(first[:, None, :2], second[:, :2])
    lower_right = torch.minimum(first[:, None, 2:], second[:, 2:])
    return (lower_right - upper_left).prod(dim=-1) / (box_area(first)[:, None] + box_area(second)).clamp(min=1e-9)


def _clamped_and_transposed(first, second):
    return generalized_box_iou(second, first).clamp(min=0)


def _dearest_with_rows_and_columns_exchanged(cost):
    rows, columns = match_by_brute_force(-cost)
    return columns, rows


def _logits_and_squares(logits, boxes, labels, targets, *, class_weight=1.0, l1_weight=5.0, giou_weight=2.0):
    weights = {"class_weight": 0, "l1_weight": 0, "giou_weight": giou_weight}
    fixed = matching_cost(logits, boxes, labels, targets, **weights)
    squares = (boxes[:, None] - targets).detach().square().sum(dim=-1)
    return fixed + l1_weight * squares - class_weight * logits.detach()[:, labels]


def _no_weight_and_targets_in_order(logits, labels, pairs, no_object=0.1):
    in_order = Pairs(pairs.images, pairs.queries, torch.arange(len(labels)))
    return class_loss(logits, labels, in_order, 1.0)


def _not_divided_and_exchanged(boxes, targets, pairs):
    distance, apart = box_loss(boxes, targets, pairs)
    return apart * len(targets), distance * len(targets)


class _NoPositionsAndNoSums(EncoderLayer):
    def forward(self, cells, positions, mask=None):
        return self.norm2(self.mlp(self.norm1(self.encoder_self(cells, cells, cells, mask))))


def _ascending_without_an_envelope(scores, right, truths):
    found = right[scores.argsort()].double().cumsum(dim=0)
    precision = found / torch.arange(1, len(right) + 1)
    return F.pad(precision, (0, 1))[torch.searchsorted(found / truths, RECALLS)]


TWO = {
    "10.1": _no_clamp_and_sum_of_areas,
    "10.2": _clamped_and_transposed,
    "10.3": _dearest_with_rows_and_columns_exchanged,
    "10.4": _logits_and_squares,
    "10.5": _no_weight_and_targets_in_order,
    "10.6": _not_divided_and_exchanged,
    "10.7": _NoPositionsAndNoSums,
    "10.8": _ascending_without_an_envelope,
}


@pytest.mark.parametrize("id", TWO)
def test_two_mistakes_at_once_never_get_the_diagnosis_of_one(id, capsys):
    undiagnosed(capsys, TWO[id], id)


# by hand


def test_a_curve_that_rises_again_by_hand():
    scores = torch.tensor([0.9, 0.1, 0.7, 0.4])
    right = torch.tensor([True, True, False, True])  # ranked: right, wrong, right, right
    curve = precision_curve(scores, right, 4)
    assert curve[[0, 25, 26, 50, 75, 76]].tolist() == [1, 1, 0.75, 0.75, 0.75, 0]
