"""DETR's loss: transformers' values and gradients, layer by layer, and each part by hand."""

import math

import pytest
import torch

from course_utils.models.set_loss import (
    Pairs,
    SetLoss,
    Targets,
    box_loss,
    class_loss,
    in_order,
    match_batch,
)

COUNTS = (3, 0, 5, 1)  # targets of each image


def drawn(seed=0, layers=3, queries=7, classes=4):
    """Return outputs of a DETR with gradients, and targets."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    found = []
    for _ in range(layers):
        logits, boxes = 2 * normal(len(COUNTS), queries, classes + 1), normal(len(COUNTS), queries, 4).sigmoid()
        found.append({"pred_logits": logits.requires_grad_(), "pred_boxes": boxes.requires_grad_()})
    targets = [Targets(torch.randint(classes, (n,), generator=generator), (normal(n, 4) - 1).sigmoid()) for n in COUNTS]
    return {**found[-1], "aux_outputs": found[:-1]}, targets


def leaves(outputs):
    return [layer[name] for layer in (*outputs["aux_outputs"], outputs) for name in ("pred_logits", "pred_boxes")]


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_official_loss_with_its_gradients(seed):
    library = pytest.importorskip("transformers.loss.loss_for_object_detection")
    outputs, targets = drawn(seed)
    official = library.ImageLoss(library.HungarianMatcher(1, 5, 2), 4, 0.1, ["labels", "boxes"]).double()
    official.empty_weight[-1] = 0.1  # was rounded to float32
    last, *earlier = (
        {"logits": layer["pred_logits"], "pred_boxes": layer["pred_boxes"]}
        for layer in (outputs, *outputs["aux_outputs"])
    )
    wanted = [{"class_labels": labels, "boxes": boxes} for labels, boxes in targets]
    theirs = official({**last, "auxiliary_outputs": earlier}, wanted)
    weights = {"loss_ce": 1, "loss_bbox": 5, "loss_giou": 2}
    expected = sum(weight * value for name, value in theirs.items() for key, weight in weights.items() if key in name)
    assert len(theirs) == 9
    found = SetLoss()(outputs, targets)
    assert found.item() == pytest.approx(expected.item(), rel=1e-12)
    for ours, other in zip(
        torch.autograd.grad(found, leaves(outputs)), torch.autograd.grad(expected, leaves(outputs)), strict=True
    ):
        assert other.abs().max() > 0 and torch.allclose(ours, other, atol=1e-12)


def test_every_layer_counts_and_is_matched_for_itself():
    outputs, targets = drawn()
    each = [SetLoss(auxiliary=False)(layer, targets) for layer in (*outputs["aux_outputs"], outputs)]
    assert SetLoss()(outputs, targets).item() == pytest.approx(sum(each).item(), rel=1e-12)
    assert SetLoss(auxiliary=False)(outputs, targets).item() == pytest.approx(each[-1].item(), rel=1e-12)
    matched = [match_batch(layer, targets).queries.tolist() for layer in (*outputs["aux_outputs"], outputs)]
    assert matched[0] != matched[1] != matched[2]


def test_pairs_are_the_cheapest_of_their_image():
    outputs, targets = drawn(2)
    pairs = match_batch(outputs, targets)
    assert pairs.images.tolist() == [0] * 3 + [2] * 5 + [3]
    assert sorted(pairs.targets.tolist()) == list(range(9))  # every target once, counted over the batch
    exact = {"pred_logits": torch.zeros(1, 3, 5), "pred_boxes": targets[0].boxes[None, [2, 0, 1]].float()}
    own = [Targets(targets[0].labels, targets[0].boxes.float())]
    assert match_batch(exact, own).targets.tolist() == [2, 0, 1]
    assert match_batch(exact, own, in_order).targets.tolist() == [0, 1, 2]
    assert not pairs.queries.requires_grad


def test_the_class_loss_by_hand():
    logits = torch.tensor([[[2.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]], dtype=torch.float64)
    pairs = Pairs(torch.tensor([0]), torch.tensor([1]), torch.tensor([1]))
    labels = torch.tensor([1, 0])  # the second target, of class 0, belongs to the second query
    of_pair = math.log(2 + math.e)
    of_others = [math.log(math.exp(2) + 2), math.log(3)]
    for weight in (0.1, 1.0, 0.0):
        expected = (of_pair + weight * sum(of_others)) / (1 + 2 * weight)
        assert class_loss(logits, labels, pairs, weight).item() == pytest.approx(expected, rel=1e-12)


def test_the_box_loss_by_hand():
    boxes = torch.tensor([[[0.5, 0.5, 0.2, 0.2], [0.3, 0.3, 0.2, 0.2]]], dtype=torch.float64)
    targets = torch.tensor([[0.5, 0.5, 0.4, 0.2], [0.9, 0.9, 0.1, 0.1]], dtype=torch.float64)
    pairs = Pairs(torch.tensor([0]), torch.tensor([0]), torch.tensor([0]))
    distance, apart = box_loss(boxes, targets, pairs)  # one pair, two targets: the sums are halved
    assert distance.item() == pytest.approx(0.2 / 2) and apart.item() == pytest.approx((1 - 0.5) / 2)
    nobody = Pairs(*(torch.zeros(0, dtype=torch.int64) for _ in range(3)))
    assert [value.item() for value in box_loss(boxes, targets[:0], nobody)] == [0.0, 0.0]


def test_without_any_object_only_the_class_counts():
    outputs, _ = drawn()
    targets = [Targets(torch.zeros(0, dtype=torch.int64), torch.zeros(0, 4).double())] * len(COUNTS)
    expected = -sum(x.log_softmax(dim=-1)[..., -1].mean() for x in leaves(outputs)[::2])
    assert SetLoss()(outputs, targets).item() == pytest.approx(expected.item(), rel=1e-12)
