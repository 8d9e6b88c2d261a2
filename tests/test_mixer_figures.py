"""The figures of lesson 09: what they are given is what they draw."""

import pytest
import torch

from course_utils import mixer_figures, plots


def drawn(axes):
    return torch.tensor(axes.images[0].get_array())


def test_each_row_of_grids_has_its_name_and_one_scale():
    rows = {"one": torch.rand(3, 4, 5), "two": 9 * torch.rand(3, 4, 5) - 5}
    figure = mixer_figures.grids(rows, ["a", "b", "c"], signed=True)
    assert len(figure.axes) == 6
    for axes, grid in zip(figure.axes, torch.cat(list(rows.values())), strict=True):
        assert torch.equal(drawn(axes), grid)
        dots = [(int(row), int(column)) for column, row in zip(*axes.lines[0].get_data(), strict=True)]
        assert dots == [tuple(place) for place in (grid < 0).nonzero().tolist()]
    for line, values in zip((figure.axes[:3], figure.axes[3:]), rows.values(), strict=True):
        most = pytest.approx(values.abs().max().item())
        assert all(axes.images[0].get_clim() == (-most.expected, most) for axes in line)
    assert [axes.get_ylabel() for axes in figure.axes] == ["one", "", "", "two", "", ""]
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["a", "b", "c", "", "", ""]
    plain = mixer_figures.grids(rows).axes[0]
    assert plain.images[0].get_clim()[0] == 0 and not plain.lines


def test_readers_writes_how_many_channels_and_outlines_the_token():
    counts = torch.tensor([[0, 2, 0], [7, 0, 1]])
    figure = mixer_figures.readers({"one": counts, "two": 0 * counts}, token=(1, 2))
    written = [(*text.get_position(), text.get_text()) for text in figure.axes[0].texts]
    assert written == [(1, 0, "2"), (0, 1, "7"), (2, 1, "1")]
    assert not figure.axes[1].texts
    assert {axes.get_ylim() for axes in figure.axes} == {(1.5, -0.5)}
    assert [line.get_xdata()[0] for line in figure.axes[0].lines[1:]] == [0.5, 1.5]  # between three columns
    assert all(axes.patches[0].get_xy() == (1.5, 0.5) for axes in figure.axes)
    figure = mixer_figures.readers({"yes or no": (counts > 0).int()}, token=(0, 0))
    assert {text.get_text() for text in figure.axes[0].texts} == {""}


def test_matrices_have_zero_in_the_middle_of_their_scale():
    panels = {"one": torch.randn(4, 4), "two": torch.tensor([[0.0, -3.0], [1.0, 2.0]])}
    figure = mixer_figures.matrices(panels, "from", "to")
    for axes, values in zip(figure.axes, panels.values(), strict=True):
        assert torch.equal(drawn(axes), values)
        assert axes.images[0].norm(0.0) == pytest.approx(0.5)
        assert axes.get_xlabel() == "from"
        assert (
            list(axes.get_xticks())
            == list(axes.get_yticks())
            == [0] + [2] * (len(values) == 4) + [1] * (len(values) == 2)
        )
    assert [axes.get_ylabel() for axes in figure.axes] == ["to", ""]


@pytest.mark.parametrize("confidence", ["confirmed", "recalled"])
def test_recalled_sizes_are_hollow(confidence):
    rows = [
        {"model": model, "params_m": size, "imagenet_top1": top1, "confidence": confidence}
        for model, size, top1 in (("Mixer-B/16", "60", "76"), ("DeiT-S", "22", "80"), ("Other", "9", "9"))
    ]
    (axes,) = mixer_figures.by_size(rows, {"MLP-Mixer": "Mixer", "ViT": "DeiT"}).axes
    points = [line for line in axes.lines if len(line.get_xdata())]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in points] == [(60, 76), (22, 80)]
    assert all((line.get_markerfacecolor() == plots.PAPER) == (confidence == "recalled") for line in points)
    assert [text.get_text() for text in axes.texts] == ["Mixer-B/16", "DeiT-S"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["MLP-Mixer", "ViT"]


def test_by_images_marks_the_recalled_and_the_single_points():
    curves = {"line": {1e6: 70.0, 3e8: 80.0}, "ring": {3e8: 81.0}, "recalled": {1e6: 60.0, 3e8: 70.0}}
    (axes,) = mixer_figures.by_images(curves, {"small": 1e6, "large": 3e8}, hollow="recalled").axes
    line, ring, recalled = axes.lines
    assert [list(one.get_ydata()) for one in (line, ring, recalled)] == [[70, 80], [81], [60, 70]]
    assert ring.get_markerfacecolor() == "none"
    assert recalled.get_markerfacecolor() == plots.PAPER and recalled.get_linestyle() == "--"
    assert line.get_linestyle() == "-"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["small\n1 M", "large\n300 M"]


def test_looks_puts_each_map_under_its_picture():
    pictures, maps = torch.rand(2, 8, 8), torch.rand(2, 4, 4)
    figure = mixer_figures.looks(pictures, maps, ["boot", "bag"], (1, 2))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["boot", "bag", "", ""]
    for axes, values in zip(figure.axes, [*pictures, *maps], strict=True):
        assert torch.equal(drawn(axes), values)
    assert {axes.images[0].get_clim() for axes in figure.axes[2:]} == {(0, maps.max().item())}
    assert figure.axes[0].patches[0].get_xy() == (3.5, 1.5)
