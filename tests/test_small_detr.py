"""The small DETR: what its two changes compute, what they leave alone, and its runs by hand."""

import math

import pytest
import torch
from detrs import randomise

from course_utils import data, detr_runs, scenes
from course_utils.average_precision import Detections, Truths
from course_utils.boxes import cxcywh_to_xyxy
from course_utils.detr_runs import FEW_QUERIES, VARIANTS, count_sure, no_positions, variant
from course_utils.models.attention import merge_heads, split_heads
from course_utils.models.chosen_cells import cell_boxes
from course_utils.models.conv import count_parameters
from course_utils.models.detr import Memory
from course_utils.models.detr_variants import (
    ConditionalCross,
    LearnedQueries,
    PlacedCross,
    ReferenceBoxes,
    ReferencePoints,
    short_waves,
    waves_to_heads,
)
from course_utils.models.maps import attention_maps
from course_utils.models.small_detr import centre_positions, small_detr


def normal(*shape, seed=2):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", VARIANTS)
def test_each_variant_answers_as_detr_does(name):
    torch.manual_seed(0)
    model = variant(name, classes=10).eval()
    images = torch.rand(2, 1, 64, 64)
    found = model(images)
    proposals = found.pop("enc_outputs", None)
    assert (proposals is not None) == (name == "chosen cells")
    assert set(found) == {"pred_logits", "pred_boxes", "aux_outputs"} and len(found["aux_outputs"]) == 2
    for layer in (found, *found["aux_outputs"]):
        assert layer["pred_logits"].shape == (2, 8, 11) and layer["pred_boxes"].shape == (2, 8, 4)
        assert ((layer["pred_boxes"] > 0) & (layer["pred_boxes"] < 1)).all()
    layers = (found, *found["aux_outputs"])
    sum(layer["pred_logits"].square().sum() + layer["pred_boxes"].sum() for layer in layers).backward()
    assert not [key for key, parameter in model.named_parameters() if parameter.grad is None]
    maps = attention_maps(model, images)
    assert [name for layer in maps for name in layer] == ["encoder_self"] * 2 + ["decoder_self", "cross"] * 3
    assert maps[-1]["cross"].shape == (2, 4, 8, 64)
    assert torch.allclose(maps[-1]["cross"].sum(dim=-1), torch.ones(2, 4, 8))


def test_what_each_change_costs():
    counts = {name: count_parameters(variant(name)) for name in VARIANTS}
    width, queries = 64, 8
    vectors, references = queries * width, 4 * queries
    embed = (2 * width + 1) * width + (width + 1) * width
    conditional = 3 * 4 * (width + 1) * width  # three layers of four matrices
    plain = counts["plain"]
    assert counts["refined boxes"] - plain == embed + references - vectors
    assert counts["conditional attention"] - plain == conditional + references
    assert counts["both"] - plain == embed + references - vectors + conditional
    assert counts["both"] - counts["chosen cells"] == references


@torch.no_grad()
@pytest.mark.parametrize("kind", [PlacedCross, ConditionalCross])
def test_the_maps_are_what_the_cross_attention_uses(kind):
    layer = randomise(kind(8, 2))
    target, queries, boxes = normal(3, 5, 8), normal(3, 5, 8, seed=3), normal(3, 5, 4, seed=4).sigmoid()
    memory = Memory(normal(3, 6, 8, seed=5), normal(3, 6, 8, seed=6), None)
    inputs = target, queries, boxes, memory
    values = split_heads(layer.value(memory.cells), 2)
    again = layer.out(merge_heads(layer.weights(*inputs) @ values))
    assert torch.allclose(layer(*inputs), again, atol=1e-12)
    assert torch.allclose(layer.weights(*inputs).sum(dim=-1), torch.ones(3, 2, 5).double())


@torch.no_grad()
def test_content_meets_content_and_place_meets_place():
    layer = randomise(ConditionalCross(8, 2))
    target, boxes = normal(1, 5, 8), normal(1, 5, 4, seed=4).sigmoid()
    cells, positions = normal(1, 6, 8, seed=5), normal(1, 6, 8, seed=6)
    weights = layer.weights(target, None, boxes, Memory(cells, positions, None))
    centre = short_waves(boxes[0, :, [1, 0]], 8)
    place = layer.query_place((1 + layer.stretch(target[0])) * centre)
    contents = [layer.query(target[0]), layer.key(cells[0])]
    places = [place, layer.key_place(positions[0])]
    for head, part in enumerate((slice(0, 4), slice(4, 8))):
        scores = sum(q[:, part] @ k[:, part].T for q, k in (contents, places)) / math.sqrt(8)
        assert torch.allclose(weights[0, head], scores.softmax(dim=-1), atol=1e-12)
    wider = boxes.clone()
    wider[..., 2:] *= 0.5  # only the centre is asked for
    assert torch.equal(layer.weights(target, None, wider, Memory(cells, positions, None)), weights)


@torch.no_grad()
def test_references_move_only_where_they_are_refined():
    reference, change = normal(2, 8, 4), normal(2, 8, 4, seed=3)
    for kind in (LearnedQueries, ReferencePoints):
        assert torch.equal(kind().refine(reference, change), reference)
    moved = ReferenceBoxes().refine(reference, change.requires_grad_())
    assert torch.equal(moved, reference + change) and not moved.requires_grad
    queries = randomise(ReferenceBoxes())
    assert not torch.allclose(queries(reference), queries(reference + change), atol=1e-3)
    learned = randomise(LearnedQueries())
    assert torch.equal(learned(reference), learned(reference + change))


@torch.no_grad()
def test_a_box_is_its_reference_and_a_change():
    model = randomise(variant("both"))
    model.box_head[-1].weight.zero_(), model.box_head[-1].bias.copy_(torch.tensor([0.5, 0.0, 0.0, -0.25]))
    found = model(normal(2, 1, 64, 64))
    layers = [layer["pred_boxes"].logit() for layer in (*found["aux_outputs"], found)]
    for number, boxes in enumerate(layers, start=1):
        step = boxes - model.queries.reference
        assert torch.allclose(step, number * model.box_head[-1].bias.expand(2, 8, 4), atol=1e-9)
    points = randomise(variant("conditional attention"))
    points.box_head[-1].weight.zero_(), points.box_head[-1].bias.fill_(1.0)
    found = points(normal(2, 1, 64, 64))
    assert torch.allclose(found["pred_boxes"].logit(), (points.queries.reference + 1).expand(2, 8, 4), atol=1e-9)


@torch.no_grad()
def test_the_decoder_begins_with_the_surest_cells():
    torch.manual_seed(0)
    model = variant("chosen cells").eval()
    images = torch.rand(3, 1, 64, 64)
    memory = model.encoder(model.backbone(images))
    target, reference, proposals = model.queries.start(memory, model.detect)
    assert proposals["pred_logits"].shape == (3, 64, 6) and reference.shape == (3, 8, 4)
    scores = proposals["pred_logits"].softmax(dim=-1)[..., :5].amax(dim=-1)  # (3, 64)
    for image in range(3):
        best = sorted(range(64), key=lambda cell: -scores[image, cell])[:8]
        assert torch.equal(target[image], memory.cells[image, best])
        assert torch.allclose(reference[image].sigmoid(), proposals["pred_boxes"][image, best], atol=1e-6)
    boxes = cell_boxes(64).sigmoid()
    assert torch.allclose(boxes[8 * 2 + 5], torch.tensor([5.5 / 8, 2.5 / 8, 1 / 3, 1 / 3]))


def test_proposals_are_compared_as_a_layer_is():
    torch.manual_seed(0)
    model, items = variant("chosen cells"), scenes.five_classes(data.fashion_mnist()[0])
    loss = detr_runs.detection(model, items, 4)(torch.Generator().manual_seed(0))
    drawn = scenes.make_scenes(items, 4, torch.Generator().manual_seed(0))
    outputs, targets = model(drawn.images), detr_runs.targets_of(drawn)
    layers = [outputs, *outputs["aux_outputs"], outputs["enc_outputs"]]
    assert loss.item() == pytest.approx(sum(FEW_QUERIES.of_layer(layer, targets).item() for layer in layers), rel=1e-5)
    loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@torch.no_grad()
def test_untrained_conditional_attention_looks_near_its_box():
    torch.manual_seed(0)
    cells = torch.zeros(1, 64, 64)
    positions = centre_positions(torch.ones(1, 8, 8), 64)
    boxes = torch.tensor([[[0.3125, 0.6875, 0.3, 0.3], [0.8125, 0.1875, 0.3, 0.3]]])  # centres of cells
    inputs = torch.zeros(1, 2, 64), None, boxes, Memory(cells, positions, None)
    near = {}
    for kind in (ConditionalCross, PlacedCross):
        layer = kind(64, 4)
        if kind is ConditionalCross:
            layer.stretch[-1].weight.zero_(), layer.stretch[-1].bias.zero_()
            weights = layer.weights(*inputs)
        else:
            weights = layer.weights(inputs[0], torch.zeros(1, 2, 64), *inputs[2:])
        near[kind] = weights[0, :, [0, 1], [5 * 8 + 2, 1 * 8 + 6]].mean()
    assert near[ConditionalCross] > 5 * near[PlacedCross]
    dealt = waves_to_heads(16, 2)  # eight numbers of y, then of x; four of each to a head
    assert (dealt @ torch.arange(16.0)).tolist() == [0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15]


def test_positions_are_measured_as_boxes_are():
    valid = torch.ones(2, 4, 8, dtype=torch.float64)
    positions = centre_positions(valid, 16).view(2, 4, 8, 16)
    expected = short_waves(torch.tensor([2.5 / 4, 5.5 / 8], dtype=torch.float64), 16)
    assert torch.allclose(positions[1, 2, 5], expected, atol=1e-12)
    assert torch.equal(no_positions(valid, 16), torch.zeros(2, 32, 16).double())


@torch.no_grad()
def test_without_positions_the_transformer_cannot_tell_cells_apart():
    torch.manual_seed(0)
    for positions, same in ((centre_positions, False), (no_positions, True)):
        model = small_detr(positions=positions).eval()
        features = torch.randn(1, 96, 8, 8)
        shuffled = features.flatten(2)[..., torch.randperm(64)].view(1, 96, 8, 8)
        model.backbone = torch.nn.Identity()
        difference = (model(features)["pred_logits"] - model(shuffled)["pred_logits"]).abs().max()
        assert (difference < 1e-4) == same


def test_sure_detections_are_counted_by_hand():
    items = torch.tensor([[0.2, 0.2, 0.2, 0.2], [0.7, 0.7, 0.2, 0.2]])
    near = items[0] + torch.tensor([0.02, 0.0, 0.0, 0.0])
    found = torch.stack([items[0], near, near, items[1], torch.tensor([0.5, 0.2, 0.2, 0.2]), items[1]])
    scores = torch.tensor([0.9, 0.8, 0.7, 0.6, 0.95, 0.4])  # the last isn't sure
    labels = torch.tensor([0, 0, 1, 1, 1, 1])
    detections = Detections(cxcywh_to_xyxy(found), labels, scores)
    truths = Truths(cxcywh_to_xyxy(items), torch.tensor([0, 1]))
    empty = Detections(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), torch.zeros(0))
    assert count_sure([detections], [truths]) == {"sure": 5, "duplicates": 2, "empty": 1, "missed": 0}
    both = count_sure([detections, empty], [truths, truths])
    assert both == {"sure": 2.5, "duplicates": 1, "empty": 0.5, "missed": 1}


def test_a_detection_is_the_likeliest_class_that_is_something():
    class Fixed(torch.nn.Module):
        def forward(self, images):
            logits = torch.tensor([[[0.0, 1.0, 5.0], [2.0, 0.0, 0.0]]]).expand(len(images), -1, -1)
            boxes = torch.tensor([[[0.5, 0.5, 0.2, 0.4], [0.5, 0.5, 1.0, 1.0]]])
            return {"pred_logits": logits, "pred_boxes": boxes.expand(len(images), -1, -1)}

    found = detr_runs.detect(Fixed(), torch.zeros(3, 1, 64, 64), batch=2)
    assert len(found) == 3 and found[2].labels.tolist() == [1, 0]
    expected = [math.exp(1) / (1 + math.exp(1) + math.exp(5)), math.exp(2) / (math.exp(2) + 2)]
    assert found[2].scores.tolist() == pytest.approx(expected)
    assert torch.allclose(found[2].boxes[0], torch.tensor([0.4, 0.3, 0.6, 0.7]))
