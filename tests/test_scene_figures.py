"""The figures of scenes: boxes where they are, names and scores as given, nothing by colour alone."""

import pytest
import torch
from matplotlib.colors import to_hex

from course_utils import plots, scene_figures
from course_utils.data import fashion_mnist
from course_utils.scenes import make_scenes

SCENES = make_scenes(fashion_mnist(0, 1_000)[1], 5, torch.Generator().manual_seed(0))


def edges(patch):
    """Return left, top, right, bottom of a drawn box, in pixels counted from the picture's edge."""
    (left, top), width, height = patch.get_xy(), patch.get_width(), patch.get_height()
    return [left + 0.5, top + 0.5, left + width + 0.5, top + height + 0.5]


def names(axes):
    return [text.get_text() for text in axes.texts]


def test_boxes_lie_around_the_pixels_of_the_masks():
    nothing = [torch.zeros(0).long()] * 5, [torch.zeros(0, 4)] * 5, [torch.zeros(0)] * 5
    figure = scene_figures.found_scenes(SCENES.images, SCENES.boxes, *nothing, SCENES.classes)
    assert len(figure.axes) == 8 and not figure.axes[5].images
    for scene, axes in enumerate(figure.axes[:5]):
        assert len(axes.patches) == len(SCENES.labels[scene])
        for patch, mask in zip(axes.patches, SCENES.masks(scene), strict=True):
            rows, columns = mask.nonzero().T
            expected = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert edges(patch) == pytest.approx([float(edge) for edge in expected], abs=1e-4)


def test_a_picture_that_is_not_square_has_its_boxes_in_place():
    _, (axes,) = plots.figure()
    plots.draw_image(axes, torch.rand(1, 20, 40))
    corners = scene_figures.draw_boxes(axes, torch.tensor([[0.5, 0.25, 0.2, 0.5]]), ["#0072b2"])
    assert edges(axes.patches[0]) == pytest.approx([16, 0, 24, 10])
    assert corners.tolist()[0] == pytest.approx([15.5, -0.5, 23.5, 9.5])


def test_what_was_found_has_scores_and_full_lines_and_what_is_there_is_dashed():
    labels, boxes = SCENES.labels[:2], SCENES.boxes[:2]
    scores = [torch.linspace(0.256, 0.9, len(numbers)) for numbers in labels]
    shifted = [there + 0.01 for there in boxes]
    figure = scene_figures.found_scenes(SCENES.images[:2], boxes, labels, shifted, scores, SCENES.classes, columns=2)
    for scene, axes in enumerate(figure.axes):
        count = len(labels[scene])
        assert names(axes)[0] == f"{SCENES.classes[labels[scene][0]]} 26"
        lines = [patch.get_linestyle() for patch in axes.patches]
        assert len(set(lines[:count])) == len(set(lines[count:])) == 1 and lines[0] != lines[-1]
        found, there = ([edges(patch) for patch in part] for part in (axes.patches[:count], axes.patches[count:]))
        moved = torch.tensor([0.32, 0.32, 0.96, 0.96])  # 0.01 of 64 pixels in place and in size
        assert torch.allclose(torch.tensor(found) - torch.tensor(there), moved, atol=1e-3)
        assert {to_hex(patch.get_edgecolor()) for patch in axes.patches[count:]} == {"#ffffff"}


def test_names_stay_inside_the_picture():
    corners = torch.tensor([[5.0, 1.0, 20.0, 20.0], [50.0, 30.0, 62.0, 60.0]])
    figure, (axes,) = plots.figure(width=2, height=2)
    plots.draw_image(axes, torch.rand(1, 64, 64))
    scene_figures.write_names(axes, corners, ["Ankle boot 93", "Ankle boot 93"], ["#0072b2", "#e69f00"])
    figure.draw_without_rendering()
    ground = axes.get_window_extent()
    for text in axes.texts:
        extent = text.get_window_extent()
        assert ground.x0 - 1 <= extent.x0 and extent.x1 <= ground.x1 + 1 and extent.y1 <= ground.y1 + 3
    assert [text.get_color() for text in axes.texts] == ["white", "black"], "whichever reads better"


def test_no_name_covers_another():
    corners = torch.tensor([[22.0, 20.0, 40.0, 40.0], [40.0, 20.0, 60.0, 40.0], [24.0, 22.0, 42.0, 42.0]])
    figure, (axes,) = plots.figure(width=2.4, height=2.4)
    plots.draw_image(axes, torch.rand(1, 64, 64))
    scene_figures.write_names(axes, corners, ["top 86", "trouser 100", "top 99"], ["#0072b2", "#e69f00", "#0072b2"])
    figure.draw_without_rendering()
    extents = [text.get_window_extent() for text in axes.texts]
    for number, extent in enumerate(extents):
        assert not any(extent.overlaps(other) for other in extents[number + 1 :])


def test_a_scene_without_anything():
    none = [torch.zeros(0, 4)]
    labels, scores = [torch.zeros(0).long()], [torch.zeros(0)]
    figure = scene_figures.found_scenes(SCENES.images[:1], none, labels, none, scores, SCENES.classes, columns=1)
    assert not figure.axes[0].patches
