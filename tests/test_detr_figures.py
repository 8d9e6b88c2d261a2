"""The figures of lesson 10: what they are given is what they draw."""

import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from course_utils import data, detr_figures, detr_look_figures, detr_views, plots, scenes
from course_utils.average_precision import Detections, precision_curve
from course_utils.boxes import box_iou, cxcywh_to_xyxy, generalized_box_iou

ITEMS = scenes.five_classes(data.fashion_mnist(10, 100)[1])
SCENES = scenes.make_scenes(ITEMS, 3, torch.Generator().manual_seed(0))


def detections(boxes, scores, labels=None):
    """Return detections of boxes (n, 4), cxcywh."""
    labels = torch.zeros(len(boxes), dtype=torch.int64) if labels is None else torch.tensor(labels)
    return Detections(cxcywh_to_xyxy(torch.as_tensor(boxes)), labels, torch.as_tensor(scores))


def edges(patch, size=64):
    """Return left, top, right, bottom of a rectangle on a picture, in shares of its side."""
    x, y = patch.get_xy()
    return [(value + 0.5) / size for value in (x, y, x + patch.get_width(), y + patch.get_height())]


TALL, SQUARE, WIDE = [0.2, 0.3, 0.1, 0.2], [0.5, 0.6, 0.2, 0.2], [0.7, 0.8, 0.3, 0.2]


def test_each_query_has_its_panel_and_each_box_a_marker_of_its_shape():
    scene = detections([TALL, SQUARE, WIDE], [0.9, 0.9, 0.2])
    other = detections([WIDE, SQUARE, TALL], [0.8, 0.1, 0.3])
    figure = detr_figures.query_plot([scene, other, scene], columns=2)
    assert isinstance(figure, Figure) and [axes.get_visible() for axes in figure.axes] == [True] * 3 + [False]
    drawn = [{line.get_label(): line for line in axes.lines} for axes in figure.axes[:3]]

    def points(query, label):
        return [pytest.approx(pair) for pair in zip(*drawn[query][label].get_data(), strict=True)]

    pale = "score 0.5 or less"
    assert points(0, "tall") == [(0.2, 0.3)] * 2 and points(0, "wide") == [(0.7, 0.8)] and points(0, pale) == []
    assert points(1, "about square") == [(0.5, 0.6)] * 2 and points(1, pale) == [(0.5, 0.6)]
    assert points(2, pale) == [(0.7, 0.8), (0.2, 0.3), (0.7, 0.8)] and points(2, "tall") == []
    titles = [f"query {query}: {percent} %" for query, percent in enumerate((100, 67, 0))]
    assert [axes.get_title(loc="left") for axes in figure.axes[:3]] == titles
    markers = {drawn[0][name].get_marker() for name in (pale, *detr_figures.SHAPES)}
    assert len(markers) == 4, "colour isn't the only carrier"
    axes = figure.axes[0]
    assert axes.get_xlim() == (0, 1) and axes.get_ylim() == (1, 0), "y grows downwards, as in a picture"


def test_runs_stand_side_by_side_with_what_they_are_sure_of():
    found = [
        detections(boxes, torch.full((len(boxes),), 0.9), labels.tolist())
        for boxes, labels in zip(SCENES.boxes, SCENES.labels, strict=True)
    ]
    unsure = [Detections(each.boxes, each.labels, torch.full_like(each.scores, 0.5)) for each in found]
    figure = detr_figures.found_by_run(
        SCENES.images[:2], SCENES.boxes[:2], {"step 1": unsure, "step 9": found}, SCENES.classes
    )
    assert len(figure.axes) == 4
    for scene in range(2):
        count = len(SCENES.boxes[scene])
        nothing, everything = figure.axes[2 * scene : 2 * scene + 2]
        assert len(nothing.patches) == count and len(everything.patches) == 2 * count
        assert nothing.get_title(loc="left").endswith(f"0 for {count}") and everything.get_title(loc="left").endswith(
            f"{count} for {count}"
        )
        for patch, box in zip(everything.patches, SCENES.boxes[scene], strict=False):
            assert edges(patch) == pytest.approx(cxcywh_to_xyxy(box).tolist(), abs=1e-4)
        assert [text.get_text() for text in everything.texts] == [SCENES.classes[n] for n in SCENES.labels[scene]]
        lines = [patch.get_linestyle() for patch in everything.patches]
        assert lines[0] != lines[-1], "what is there is dashed"
    assert [axes.get_title(loc="left").split("\n")[0] for axes in figure.axes[:2]] == ["step 1", "step 9"]


def test_anchors_hits_and_what_suppression_leaves():
    truth = torch.tensor([0.5, 0.5, 0.3, 0.3])
    anchors, hits = detr_views.anchor_boxes(), detr_views.anchors_on(truth)
    kept = detr_views.suppressed(hits)
    figure = detr_figures.suppression(SCENES.images[0], truth, anchors, hits, kept)
    left, middle, right = figure.axes
    assert len(left.patches) == 9 and len(left.lines[0].get_xdata()) == len(anchors) == 2304
    centres = {
        tuple(round((a + b) / 2, 3) for a, b in zip(edges(p)[:2], edges(p)[2:], strict=True)) for p in left.patches
    }
    assert centres == {(0.531, 0.531)}, "the nine in the middle"
    assert len(middle.patches) == len(hits.boxes) + 1 and len(right.patches) == len(kept.boxes) + 1
    assert 1 <= len(kept.boxes) < len(hits.boxes)
    assert edges(right.patches[0]) == pytest.approx(kept.boxes[0].tolist(), abs=1e-4)
    assert to_hex(right.patches[-1].get_edgecolor()) == "#ffffff"


def test_iou_stays_flat_where_giou_goes_on_falling():
    shifts = torch.linspace(0, 3, 31)
    first = torch.tensor([[0.0, 0, 1, 1]])
    second = first + shifts[:, None] * torch.tensor([1.0, 0, 1, 0])
    figure = detr_figures.sliding_boxes(
        shifts, *(compare(first, second)[0] for compare in (box_iou, generalized_box_iou))
    )
    above, axes = figure.axes
    lines = {line.get_label(): torch.as_tensor(line.get_ydata()) for line in axes.lines}
    assert (
        (lines["IoU"][11:] == 0).all() and (lines["GIoU"].diff() < 0).all() and lines["GIoU"][-1] == pytest.approx(-0.5)
    )
    pairs = list(zip(above.patches[::2], above.patches[1::2], strict=True))
    side = above.patches[0].get_width()
    apart = [(second.get_x() - first.get_x()) / side for first, second in pairs]
    assert apart == pytest.approx([0, 0.75, 1.5, 2.25, 3]), "the sketches have the distances that they stand at"
    middles = [(first.get_x() + second.get_x() + side) / 2 for first, second in pairs]
    assert middles == pytest.approx(apart, abs=1e-6)


def test_the_area_under_the_envelope_is_the_average_precision():
    right = torch.tensor([True, False, True, True, False])
    ranks = torch.arange(5, 0, -1)
    (axes,) = detr_figures.precision_recall(right, 4, "bag").axes
    raw, envelope = axes.lines
    assert list(raw.get_xdata()) == [0.25, 0.25, 0.5, 0.75, 0.75]
    assert list(raw.get_ydata()) == pytest.approx([1, 1 / 2, 2 / 3, 3 / 4, 3 / 5])
    assert torch.equal(torch.as_tensor(envelope.get_ydata()), precision_curve(ranks, right, 4))
    assert axes.get_title(loc="left") == f"bag: average precision {precision_curve(ranks, right, 4).mean():.2f}"
    assert raw.get_linestyle() != envelope.get_linestyle()


def test_shares_of_regions_are_stacked():
    looks = {"layer 1": torch.tensor([0.5, 0.3, 0.2]), "even": torch.tensor([0.08, 0.02, 0.9])}
    (axes,) = detr_look_figures.attention_regions(looks).axes
    bars = [(bar.get_x(), bar.get_width()) for bar in axes.patches]
    expected = [(0, 50), (50, 30), (80, 20), (0, 8), (8, 2), (10, 90)]
    assert bars == [pytest.approx(pair, abs=1e-4) for pair in expected]
    assert [text.get_text() for text in axes.texts] == ["50", "30", "20", "8", "90"]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(looks)


def test_heads_have_one_scale_and_the_box_is_drawn():
    layers = [torch.rand(4, 6, 6), 3 * torch.rand(4, 6, 6)]
    figure = detr_look_figures.heads_around_box(layers, reach=2.0)
    assert len(figure.axes) == 9  # and the colour bar
    for number, axes in enumerate(figure.axes[:8]):
        (heat,) = axes.images
        assert torch.equal(torch.as_tensor(heat.get_array().data), layers[number // 4][number % 4])
        assert heat.get_clim() == pytest.approx((0, max(layer.max().item() for layer in layers)))
        assert heat.get_extent() == [-2, 2, 2, -2] and axes.patches[0].get_bbox().bounds == (-1, -1, 2, 2)


def test_all_figures_become_pictures():
    scene = detections([TALL, SQUARE], [0.9, 0.9], [0, 1])
    made = (
        detr_figures.query_plot([scene]),
        detr_figures.found_by_run(SCENES.images[:1], SCENES.boxes[:1], {"run": [scene]}, SCENES.classes),
        detr_look_figures.heads_around_box([torch.rand(2, 6, 6)]),
    )
    for figure in made:
        assert plots.to_html(figure, "A picture of boxes on scenes.").startswith("<img")
