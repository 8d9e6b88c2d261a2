"""The figures of lessons 05 and 06: what they are given is what they draw."""

import pytest
import torch

from course_utils import plots, vit_figures


def test_a_grid_draws_every_picture_under_its_title():
    pictures = torch.rand(5, 6, 4)
    figure = vit_figures.picture_grid(pictures, [f"number {n}" for n in range(5)], columns=3)
    assert len(figure.axes) == 6
    for axes, picture in zip(figure.axes, pictures, strict=False):
        assert torch.equal(torch.tensor(axes.images[0].get_array()), picture)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [f"number {n}" for n in range(5)] + [""]
    assert not figure.axes[5].images


def test_every_seed_is_a_dot_and_the_mean_a_bar():
    figure = vit_figures.seeds_by_arm({"one": [1.0, 3.0], "two": [5.0, 7.0]}, "points", reference="two")
    (axes,) = figure.axes
    drawn = [(line.get_marker(), list(line.get_xdata()), line.get_ydata()[0]) for line in axes.lines]
    assert drawn == [("o", [1, 3], 0), ("|", [2], 0), ("o", [5, 7], 1), ("|", [6], 1)]
    assert axes.get_ylim() == (1.5, -0.5)
    band = axes.patches[0].get_bbox()
    assert (band.x0, band.x1) == (5, 7)


def test_the_grid_has_a_panel_for_each_size_and_number_of_labels():
    levels = ["none", "heavy"]
    arms = [
        f"{size}, {n}, {rate}, {level}"
        for size in "ab"
        for n in (10, 20)
        for rate in ("none", "0.1")
        for level in levels
    ]
    figure = vit_figures.augmentation_grid({arm: [n, n + 2] for n, arm in enumerate(arms)}, levels)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [f"{s}, {n} labels" for s in "ab" for n in (10, 20)]
    means = [list(line.get_ydata()) for axes in figure.axes for line in axes.lines]
    assert means == [[n + 1, n + 2] for n in range(0, 16, 2)]
    assert len({axes.get_ylim() for axes in figure.axes}) == 1


@pytest.mark.parametrize("confidence", ["confirmed", "recalled"])
def test_recalled_numbers_are_hollow(confidence):
    vit = {"pretrain": "ImageNet", "model": "ViT-B/16", "top1": "77.9", "confidence": confidence}
    resnet = {"pretrain": "BiT-S (ImageNet)", "model": "R50x1", "imagenet_top1": "80", "confidence": "confirmed"}
    other = {"pretrain": "BiT-M (ImageNet-21k)", "model": "R50x1", "imagenet_top1": "85", "confidence": "confirmed"}
    figure = vit_figures.scale_charts([vit], [resnet, other], {"ImageNet": 1.28e6})
    first, second = figure.axes[0].lines
    assert [first.get_xdata()[0], second.get_xdata()[0]] == [77.9, 80]
    assert (first.get_markerfacecolor() == plots.PAPER) == (confidence == "recalled")
    assert second.get_markerfacecolor() != plots.PAPER
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["B/16", "ResNet 50x1"]


def test_titles_may_have_two_lines_and_get_the_room():
    pictures = [torch.rand(4, 4)] * 2
    low, high = (vit_figures.picture_row(pictures, titles) for titles in (["a", "b"], ["a\n(b)", "c"]))
    assert high.get_figheight() == pytest.approx(low.get_figheight() + 0.2)


def test_a_training_is_drawn_as_loss_and_accuracy():
    figure = vit_figures.training_curves([2.0] * 50 + [1.0] * 50, {40: 0.5, 80: 0.75})
    (loss,), (accuracy,) = (axes.lines for axes in figure.axes)
    assert (list(loss.get_xdata()), list(loss.get_ydata())) == ([25, 75], [2, 1])
    assert (list(accuracy.get_xdata()), list(accuracy.get_ydata())) == ([40, 80], [50, 75])


def test_maps_of_heads_have_one_scale():
    weights = torch.rand(2, 3, 6) / 10
    weights[1, 2, 4] = 0.8
    figure = vit_figures.maps_of_heads(torch.rand(4, 6), weights, (2, 3))
    maps = [axes.images[0] for axes in figure.axes if axes.images and axes.images[0].get_array().shape == (2, 3)]
    assert len(maps) == 6 and all(drawn.get_clim() == pytest.approx((0, 80)) for drawn in maps)
    assert torch.allclose(torch.tensor(maps[5].get_array()).flatten(), 100 * weights[1, 2])


def test_a_photograph_stands_beside_its_outline_and_its_map():
    picture, mask, attended = torch.rand(3, 8, 12), torch.zeros(2, 3, dtype=torch.bool), torch.rand(2, 3)
    mask[1, 1] = True
    figure = vit_figures.maps_over_photographs([(picture, mask, attended)], ["0.5"])
    shown, outlined, drawn = (torch.tensor(axes.images[0].get_array()) for axes in figure.axes)
    assert torch.equal(shown, picture.permute(1, 2, 0)) and torch.equal(drawn, attended)
    assert torch.equal(outlined[4:, 4:8], shown[4:, 4:8])
    assert torch.allclose(outlined[:4], 0.25 * shown[:4])
    assert figure.axes[2].get_title(loc="left") == "0.5"
