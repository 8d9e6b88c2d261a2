"""What lesson 10 looks at: found items, anchors, suppression, and where a decoder looks, all by hand."""

import dataclasses

import pytest
import torch

from course_utils import data, detr_attention, detr_runs, detr_views, scenes
from course_utils.average_precision import Detections, Truths, coco_average_precision, precision_curve
from course_utils.boxes import box_iou, cxcywh_to_xyxy
from course_utils.detr_attention import REACH, SHIFT, border_looks, in_box_frame, in_cells, regions_of
from course_utils.detr_views import FoundItems, anchor_boxes, anchors_on, found_items, ranked, suppressed
from course_utils.models.maps import attention_maps
from course_utils.models.small_detr import small_backbone
from course_utils.training import fit

ITEMS = scenes.five_classes(data.fashion_mnist(10, 100)[1])
SCENES = scenes.make_scenes(ITEMS, 12, torch.Generator().manual_seed(0))
TRUTHS = detr_runs.truths_of(SCENES)


def perfect(score=0.9):
    """Return what a detector finds that is always right."""
    return [Detections(each.boxes, each.labels, torch.full((len(each.labels),), score)) for each in TRUTHS]


def model():
    torch.manual_seed(0)
    return detr_runs.variant("both").eval()


def test_an_item_is_found_by_the_surest_of_the_queries_on_it():
    boxes = torch.tensor([[0.1, 0.1, 0.3, 0.3], [0.6, 0.6, 0.9, 0.9], [0.0, 0.7, 0.1, 0.8]])
    near = boxes + 0.01
    truths = [Truths(boxes, torch.tensor([0, 1, 2]))] * 2
    found = torch.stack([near[1], boxes[0], near[0], boxes[2], boxes[1]])
    scores = torch.tensor([0.6, 0.7, 0.8, 0.5, 0.55])
    labels = torch.zeros(5).long()
    items = found_items([Detections(found[:0], labels[:0], scores[:0]), Detections(found, labels, scores)], truths)
    assert list(zip(*(part.tolist() for part in items), strict=True)) == [(1, 2, 0), (1, 0, 1)]
    count = detr_runs.count_sure([Detections(found, labels, scores)], truths[1:])
    assert len(items.items) == len(boxes) - count["missed"]


def test_all_items_are_found_where_all_is_right_and_have_their_masks():
    items = found_items(perfect(), TRUTHS)
    assert len(items.scenes) == sum(map(len, SCENES.labels)) and torch.equal(items.queries, items.items)
    masks = detr_views.item_masks(SCENES, items)
    for row, (scene, _, item) in enumerate(zip(*items, strict=True)):
        assert torch.equal(masks[row], SCENES.masks(int(scene))[item])
    boxes = detr_attention.true_boxes(SCENES, items)
    filled = detr_views.filled_boxes(cxcywh_to_xyxy(boxes))
    assert (filled | ~masks).all(), "a box is around its mask"
    assert torch.equal(scenes.tight_boxes(filled), scenes.tight_boxes(masks))
    assert torch.equal(filled.sum(dim=(1, 2)), (64 * boxes[:, 2:]).round().prod(dim=1).long())
    nothing = found_items(perfect(0.5), TRUTHS)
    assert [len(part) for part in nothing] == [0, 0, 0]
    assert detr_views.item_masks(SCENES, nothing).shape == (0, 64, 64)
    assert detr_attention.true_boxes(SCENES, nothing).shape == (0, 4)


def test_a_training_is_looked_at_after_the_steps_that_are_named():
    detr = model()
    recipe = dataclasses.replace(detr_runs.LIVE, steps=3)
    found, watch = detr_views.detections_at((1, 3), detr, SCENES.images[:2])
    fit(detr, detr_runs.detection(detr, ITEMS, 2), recipe, watch=watch)
    assert list(found) == [1, 3] and [len(each) for each in found.values()] == [2, 2]
    last = detr_runs.detect(detr, SCENES.images[:2])
    assert torch.equal(found[3][1].boxes, last[1].boxes) and not torch.equal(found[1][1].boxes, last[1].boxes)


def test_the_ranking_of_a_class_gives_its_average_precision():
    found = [Detections(e.boxes[:-1], e.labels[:-1], torch.rand(len(e.labels) - 1)) for e in TRUTHS]
    found[0] = Detections(TRUTHS[0].boxes * 0.5, TRUTHS[0].labels, torch.ones(len(TRUTHS[0].labels)))
    table = coco_average_precision(found, TRUTHS, 5).table
    for label in range(5):
        right, count = ranked(found, TRUTHS, label)
        assert precision_curve(torch.arange(len(right), 0, -1), right, count).mean() == pytest.approx(
            table[label, 0].item()
        )
    assert ranked(found, TRUTHS, 3, threshold=0.9)[1] == sum(int((e.labels == 3).sum()) for e in TRUTHS)


def test_suppression_leaves_other_classes_alone():
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0]]).expand(4, 4)
    found = Detections(boxes, torch.tensor([1, 0, 1, 0]), torch.tensor([0.3, 0.6, 0.9, 0.5]))
    left = suppressed(found)
    assert sorted(zip(left.labels.tolist(), left.scores.tolist(), strict=True)) == [
        (0, pytest.approx(0.6)),
        (1, pytest.approx(0.9)),
    ]
    empty = suppressed(Detections(boxes[:0], torch.zeros(0).long(), torch.zeros(0)))
    assert empty.boxes.shape == (0, 4) and empty.labels.dtype == torch.int64


def test_nine_anchors_stand_around_every_cell():
    anchors = anchor_boxes(4).view(4, 4, 9, 4)
    assert torch.allclose(anchors[1, 2, :, :2], torch.tensor([2.5 / 4, 1.5 / 4]).expand(9, 2))
    sizes = 64 * anchors[0, 0, :, 2:]
    assert sizes.prod(dim=1).sqrt().tolist() == pytest.approx([16] * 3 + [22] * 3 + [28] * 3)
    assert (sizes[:, 1] / sizes[:, 0]).tolist() == pytest.approx([0.5, 1, 2] * 3)
    box = torch.tensor([0.4, 0.5, 0.3, 0.3])
    hits = anchors_on(box, 0.6)
    overlap = box_iou(cxcywh_to_xyxy(anchor_boxes()), cxcywh_to_xyxy(box)[None])[:, 0]
    assert len(hits.scores) == (overlap >= 0.6).sum() and hits.scores.min() >= 0.6
    assert torch.equal(box_iou(hits.boxes, cxcywh_to_xyxy(box)[None])[:, 0], hits.scores)


# where it looks


def test_a_square_has_its_border_its_interior_and_an_outside():
    mask = torch.zeros(1, 20, 20, dtype=torch.bool)
    mask[0, 5:15, 0:12] = True
    border, interior, outside = regions_of(mask, reach=2)[0]
    assert torch.equal(border + interior + outside, torch.ones(20, 20))
    inner = torch.zeros(20, 20)
    inner[7:13, 2:10] = 1
    assert torch.equal(interior, inner), "the scene's edge is a border too"
    assert outside.sum() == 400 - 14 * 14 and REACH == 2


def test_holes_belong_to_an_item():
    mask = torch.zeros(2, 9, 9, dtype=torch.bool)
    mask[0, 2:7, 2:7] = True
    mask[0, 4, 4] = False
    mask[1, 3] = True
    filled = detr_attention.without_holes(mask)
    assert filled[0].sum() == 25 and torch.equal(filled[1], mask[1])
    assert detr_attention.without_holes(mask[:0]).shape == (0, 9, 9)


def test_a_cell_lies_where_the_backbone_looks():
    torch.manual_seed(0)
    backbone, images = small_backbone().eval(), torch.rand(1, 1, 64, 64, requires_grad=True)
    for row, column in ((3, 4), (5, 2)):
        (slope,) = torch.autograd.grad(backbone(images)[0, :, row, column].square().sum(), images)
        seen = slope[0, 0].abs()
        place = torch.arange(64)
        middle = [(seen.sum(dim=1 - axis) * place).sum() / seen.sum() for axis in (0, 1)]
        assert middle == pytest.approx([8 * row, 8 * column], abs=1)  # not 8 * row + 3.5
        mark = torch.zeros(1, 1, 64, 64)
        mark[0, 0, 8 * row - SHIFT : 8 * row + SHIFT, 8 * column - SHIFT : 8 * column + SHIFT] = 1
        cells = in_cells(mark, 8).view(8, 8)
        assert cells[row, column] == 1 and cells.sum() == 1


def test_the_looks_are_those_of_the_queries_that_found_the_items():
    detr = model()
    items = FoundItems(torch.tensor([0, 0, 1, 3]), torch.tensor([2, 0, 7, 5]), torch.tensor([0, 0, 0, 0]))
    looks = detr_attention.item_looks(detr, SCENES.images[:4], items, batch=2)
    assert looks.shape == (3, 4, 4, 64)
    layers = [layer["cross"] for layer in attention_maps(detr, SCENES.images[:4]) if "cross" in layer]
    for number, (scene, query) in enumerate(((0, 2), (0, 0), (1, 7), (3, 5))):
        for layer, maps in enumerate(layers):
            assert torch.allclose(looks[layer, number], maps[scene, :, query], atol=1e-5)
    kinds = {
        name: detr_attention.maps_named(name, detr, SCENES.images[:2]).shape
        for name in ("encoder_self", "decoder_self")
    }
    assert kinds == {"encoder_self": (2, 2, 4, 64, 64), "decoder_self": (3, 2, 4, 8, 8)}


def test_shares_in_the_regions_by_hand(monkeypatch):
    items = found_items(perfect(), TRUTHS)
    even = torch.full((2, len(items.scenes), 1, 64), 1 / 64)
    on_item = in_cells(detr_views.item_masks(SCENES, items)[:, None].float(), 8)[..., 0]  # (P, N)
    sharp = torch.nn.functional.one_hot(on_item.argmax(dim=1), 64).float()
    monkeypatch.setattr(detr_attention, "item_looks", lambda *_: torch.stack([even[0], sharp[:, None]]))
    looks = border_looks(None, SCENES, items)
    assert looks.layers.shape == (2, 1, 3)
    for shares in (*looks.layers[:, 0], looks.image, looks.box):
        assert shares.sum() == pytest.approx(1, abs=1e-5)
    assert torch.allclose(looks.layers[0, 0], looks.image, atol=1e-6), "even attention is chance"
    areas = regions_of(detr_attention.without_holes(detr_views.item_masks(SCENES, items))).mean(dim=(0, 2, 3))
    assert torch.allclose(looks.image, areas, atol=0.02)  # but for the last pixels, that no cell has
    assert looks.layers[1, 0, 2] < looks.box[2] < looks.image[2], "the fullest cell, the box, everything"


def test_a_cell_looks_at_its_own_item_by_hand(monkeypatch):
    """Even attention is chance; whoever looks at one cell gives an item all if the cell is on it, or else nothing."""
    items = found_items(perfect(), TRUTHS)
    on = in_cells(detr_views.item_masks(SCENES, items)[:, None].float(), 8)[..., 0] > 0.5  # (P, N)
    cell = int(on[0].nonzero()[0, 0])
    one = torch.zeros(64, 64)
    one[:, cell] = 1
    heads = torch.stack([torch.full((64, 64), 1 / 64), one, torch.eye(64)])
    monkeypatch.setattr(
        detr_attention, "maps_named", lambda _name, _model, images: heads.expand(2, len(images), 3, 64, 64)
    )
    own, even = detr_attention.own_looks(None, SCENES, items, batch=5)
    counted = on[on.any(dim=1)]
    assert own.shape == (2, 3) and even == pytest.approx(counted.float().mean().item())
    assert own[0].tolist() == pytest.approx([even.item(), counted[:, cell].float().mean().item(), 1.0], abs=1e-5)
    assert torch.equal(own[0], own[1])


def test_maps_are_laid_over_each_other_by_their_boxes():
    torch.manual_seed(0)
    boxes = torch.tensor([[0.5, 0.5, 0.5, 0.25], [0.25, 0.625, 0.25, 0.25]])
    looks = torch.zeros(2, 2, 64)
    looks[0, 0, 4 * 8 + 4] = looks[1, 0, 5 * 8 + 2] = 1  # the cells around the boxes' middles
    looks[:, 1] = 1 / 64
    frame = in_box_frame(looks, boxes, reach=1.0, side=9)
    assert frame.shape == (2, 9, 9) and torch.allclose(frame[1], torch.ones(9, 9), atol=1e-5)
    assert divmod(int(frame[0].argmax()), 9) == (4, 4) and frame[0, 4, 4] > 40
    assert torch.allclose(frame[0], frame[0].flip(0), atol=1e-3) and torch.allclose(
        frame[0], frame[0].flip(1), atol=1e-3
    )
    corner = torch.tensor([[0.0, 0.0, 0.5, 0.5]])
    outside = in_box_frame(torch.full((1, 1, 64), 1 / 64), corner, reach=1.0, side=4)[0]
    assert torch.equal(outside > 0, torch.arange(4)[:, None].ge(2) & torch.arange(4).ge(2)), (
        "beyond the picture is nothing"
    )
