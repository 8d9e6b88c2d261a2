"""Masks on a frozen DETR: its head, its losses by hand, and how masks are measured."""

import dataclasses
import math

import pytest
import torch
from detrs import randomise
from torch.nn import functional as F

from course_utils import data, detr_look_figures, detr_runs, scenes, segmentation_runs
from course_utils.average_precision import Detections
from course_utils.boxes import cxcywh_to_xyxy
from course_utils.detr_views import FoundItems
from course_utils.models.attention import attention_weights
from course_utils.models.conv import count_parameters
from course_utils.models.segmentation import MaskHead, QueryMaps, dice_loss, focal_loss, see
from course_utils.segmentation_runs import MASKS, SEEN, bright_pixels, draw_masks, mask_iou, mask_loss, train_head
from course_utils.training import fit

ITEMS = scenes.five_classes(data.fashion_mnist(10, 100)[1])
SCENES = scenes.make_scenes(ITEMS, 4, torch.Generator().manual_seed(0))


@pytest.fixture(params=["both", "chosen cells"])
def detr(request):
    """A small DETR whose queries know different things, though it isn't trained."""
    return randomise(detr_runs.variant(request.param)).float()


def test_what_a_head_gets_is_what_detr_computes(detr):
    outputs, seen = see(detr, SCENES.images)
    assert torch.equal(detr.class_head(seen.known), outputs["pred_logits"])
    again = detr(SCENES.images)
    assert torch.equal(outputs["pred_boxes"], again["pred_boxes"]) and not outputs["pred_boxes"].requires_grad
    assert [tuple(features.shape[1:]) for features in seen.features] == [(48, 16, 16), (24, 32, 32), (1, 64, 64)]
    assert torch.equal(seen.features[-1], SCENES.images)
    assert torch.equal(detr.encoder(detr.backbone(SCENES.images)).cells, seen.memory.cells)
    assert torch.equal(detr.backbone[:3](SCENES.images), seen.features[0])
    assert torch.equal(detr.backbone[:2](SCENES.images), seen.features[1])
    with pytest.raises(RuntimeError):
        see(detr, torch.zeros(1, 3, 64, 64))  # not grey
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in detr.modules())


@torch.no_grad()
def test_each_pair_has_a_mask_of_its_own(detr):
    _, seen = see(detr, SCENES.images)
    head = MaskHead().eval()
    pairs = torch.tensor([0, 0, 3, 2]), torch.tensor([1, 4, 4, 7])
    together = head(seen, *pairs)
    assert together.shape == (4, 64, 64)
    for number, (scene, query) in enumerate(zip(*pairs, strict=True)):
        alone = head(seen, scene[None], query[None])[0]
        assert torch.allclose(alone, together[number], atol=1e-4)
    assert not torch.allclose(together[0], together[1], atol=1e-3), "two queries of one scene"
    assert count_parameters(head) < 40_000


@torch.no_grad()
def test_query_maps_are_attention_without_values(detr):
    _, seen = see(detr, SCENES.images[:2])
    maps = QueryMaps(64, 4)
    found = maps(seen.known, seen.memory)
    assert found.shape == (2, 8, 4, 64) and torch.allclose(found.mean(dim=-1), torch.ones(2, 8, 4), atol=1e-5)
    head = slice(16, 32)  # the second
    query = maps.query(seen.known[1])[:, head]
    key = maps.key(seen.memory.cells[1] + seen.memory.positions[1])[:, head]
    assert torch.allclose(found[1, :, 1], 64 * attention_weights(query, key), atol=1e-5)


def test_dice_by_hand():
    masks = torch.tensor([[[True, True], [False, False]], [[False, False], [False, True]]])
    sure = torch.where(masks, 40.0, -40.0)
    assert dice_loss(sure, masks) == pytest.approx(0)
    shared = torch.tensor([[[40.0, -40], [40, -40]], [[-40, -40], [-40, -40]]])
    expected = ((1 - (2 * 1 + 1) / (2 + 2 + 1)) + (1 - 1 / (0 + 1 + 1))) / 2
    assert dice_loss(shared, masks) == pytest.approx(expected)
    halves = torch.zeros(1, 2, 2)
    assert dice_loss(halves, masks[:1]) == pytest.approx(1 - (2 * 1 + 1) / (2 + 2 + 1))


def test_focal_by_hand():
    logits, masks = torch.tensor([[[2.0, -1.0]]]), torch.tensor([[[1, 0]]])
    right, nothing = 1 / (1 + math.exp(-2)), 1 / (1 + math.exp(-1))  # the probabilities of what is true
    expected = 0.25 * (1 - right) ** 2 * -math.log(right) + 0.75 * (1 - nothing) ** 2 * -math.log(nothing)
    assert focal_loss(logits, masks) == pytest.approx(expected / 2)
    plain = F.binary_cross_entropy_with_logits(logits, masks.float())
    assert focal_loss(logits, masks, gamma=0, alpha=0.5) == pytest.approx(plain.item() / 2)


def test_only_the_head_learns_and_it_learns(detr, monkeypatch):
    before = {name: tensor.clone() for name, tensor in detr.state_dict().items()}
    one = scenes.make_scenes(ITEMS, 1, torch.Generator().manual_seed(5))
    assert len(one.labels[0]) > 1
    monkeypatch.setattr(segmentation_runs.scenes, "make_scenes", lambda *_: one)
    torch.manual_seed(0)
    head = MaskHead()
    loss = mask_loss(detr, head, ITEMS, 1)
    history = fit(head, loss, dataclasses.replace(MASKS, steps=60, lr=1e-2))
    assert history.recent(3) < 0.7 * history.losses[0]
    assert all(torch.equal(tensor, before[name]) for name, tensor in detr.state_dict().items())
    assert all(parameter.grad is None for parameter in detr.parameters())
    assert all(parameter.grad is not None for parameter in head.parameters())


def test_masks_are_drawn_for_each_item_in_batches(detr):
    items = FoundItems(torch.tensor([0, 0, 2, 3]), torch.tensor([2, 0, 7, 5]), torch.tensor([0, 0, 0, 0]))
    torch.manual_seed(0)  # masks that aren't all True
    head = MaskHead()
    some, all_ = (draw_masks(detr, head, SCENES.images, items, batch=batch) for batch in (2, 4))
    assert torch.equal(some, all_) and some.shape == (4, 64, 64) and some.dtype == torch.bool
    none = FoundItems(*torch.zeros(3, 0, dtype=torch.int64))
    assert draw_masks(detr, head, SCENES.images, none).shape == (0, 64, 64)
    blind = draw_masks(detr, head, SCENES.images, items, SEEN["attention only"])
    dark = draw_masks(detr, head, 0 * SCENES.images, items, SEEN["attention only"])
    assert blind.shape == dark.shape and not torch.equal(blind, some)
    same = draw_masks(detr, head, SCENES.images, items, SEEN["features only"])
    assert torch.equal(same[0], same[1]) and not torch.equal(some[0], some[1]), "two queries of one scene"


def test_masks_are_compared_by_hand():
    first = torch.zeros(3, 4, 4, dtype=torch.bool)
    second = first.clone()
    first[0, :2], second[0, 1:3] = True, True
    first[1], second[1] = True, True
    assert mask_iou(first, second).tolist() == pytest.approx([4 / 12, 1, 0])


def test_bright_pixels_are_those_in_the_box():
    items = FoundItems(*torch.tensor([[1], [0], [0]]))
    filled = torch.zeros(1, 64, 64, dtype=torch.bool)
    filled[0, 10:30, 10:30] = True
    found = bright_pixels(filled, SCENES, items, 0.4)
    expected = SCENES.images[1, 0] > 0.4
    assert torch.equal(found[0, 10:30, 10:30], expected[10:30, 10:30]) and not (found & ~filled).any()


def eight_queries(boxes, labels):
    """Return what a detector finds that is always right: the first queries have the items, the others nothing."""
    spare = 8 - len(boxes)
    scores = torch.cat([torch.full((len(boxes),), 0.9), torch.zeros(spare)])
    corners = F.pad(cxcywh_to_xyxy(boxes), (0, 0, 0, spare))
    return Detections(corners, F.pad(labels, (0, spare)), scores)


@pytest.mark.parametrize("arm", SEEN)
def test_an_arm_measures_all_that_it_promises(detr, monkeypatch, arm):
    monkeypatch.setattr(segmentation_runs, "MASKS", dataclasses.replace(MASKS, steps=2))
    monkeypatch.setattr(segmentation_runs, "CHOSEN_ON", 4)
    monkeypatch.setattr(segmentation_runs.scenes, "held_out_scenes", lambda _items: SCENES)
    found = [eight_queries(*pair) for pair in zip(SCENES.boxes, SCENES.labels, strict=True)]
    monkeypatch.setattr(segmentation_runs.scenes, "make_scenes", lambda *_: SCENES)
    monkeypatch.setattr(segmentation_runs, "detect", lambda *_: found)
    measured = train_head(detr, MaskHead(), arm=arm)
    assert set(measured) == {"mask iou", "box iou", "bright iou", "found", "loss", "steps", "parameters"}
    assert measured["found"] == 1 and measured["steps"] == 2
    truth = torch.cat([SCENES.masks(scene) for scene in range(len(SCENES))])
    areas = truth.sum(dim=(1, 2)) / torch.cat([64 * 64 * boxes[:, 2:].prod(dim=1) for boxes in SCENES.boxes])
    assert measured["box iou"] == pytest.approx(areas.mean().item(), abs=1e-3)
    assert 0 <= measured["mask iou"] <= 1 and measured["bright iou"] > measured["box iou"]


def test_masks_stand_in_rows():
    masks = [SCENES.masks(scene) for scene in range(2)]
    nothing = [torch.zeros_like(each) for each in masks]
    kinds = [{"true": true, "found": none} for true, none in zip(masks, nothing, strict=True)]
    figure = detr_look_figures.mask_rows(SCENES.images[:2], kinds)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["scene", "true", "found", "", "", ""]
    for scene in range(2):
        tints = [torch.as_tensor(image.get_array()[..., 3]) > 0 for image in figure.axes[3 * scene + 1].images[1:]]
        assert torch.equal(torch.stack(tints), masks[scene])
        assert not any(image.get_array()[..., 3].any() for image in figure.axes[3 * scene + 2].images[1:])
