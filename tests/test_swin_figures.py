"""The figures of lesson 08: what they are given is what they draw."""

from course_utils import data, plots, swin_figures
from course_utils.canvases import SIZES


def named(axes):
    return {line.get_label(): line for line in axes.lines}


def test_accuracy_by_size_draws_means_and_ranges():
    values = {"CNN": {8: [10.0, 20.0], 14: [30.0, 50.0]}, "CNN, one resolution": {8: [5.0, 7.0], 14: [9.0, 9.0]}}
    figure = swin_figures.by_size(values, chance=10)
    (axes,) = figure.axes
    lines = named(axes)
    assert list(lines["CNN"].get_ydata()) == [15, 40] and list(lines["CNN, one resolution"].get_ydata()) == [6, 9]
    assert list(lines["chance"].get_ydata()) == [10, 10]
    band = axes.collections[0].get_paths()[0].get_extents()
    assert (band.x0, band.x1, band.y0, band.y1) == (8, 14, 10, 50)


def test_one_resolution_has_its_networks_colour_and_a_dashed_line():
    names = ["ViT, patch 8", "CNN, one resolution", "CNN"]
    (axes,) = swin_figures.by_size({name: {size: [1.0] for size in SIZES} for name in names}, 10).axes
    vit, even, pyramid = (named(axes)[name] for name in names)
    (other,) = swin_figures.by_size({"CNN": {8: [1.0]}}, 10).axes
    assert even.get_color() == pyramid.get_color() == named(other)["CNN"].get_color(), "the same in every figure"
    assert even.get_color() == pyramid.get_color() != vit.get_color()
    assert [line.get_linestyle() for line in (vit, even, pyramid)] == ["-", "--", "-"]
    assert [line.get_markerfacecolor() == plots.PAPER for line in (vit, even, pyramid)] == [False, True, False]
    assert [label.get_text() for label in axes.get_xticklabels()] == [str(size) for size in SIZES]


def test_the_lectures_chart_has_every_row_of_the_table():
    rows = data.table("swin_speed_accuracy")
    (axes,) = swin_figures.speed_accuracy(rows).axes
    drawn = [point for line in axes.lines for point in zip(line.get_xdata(), line.get_ydata(), strict=True)]
    assert sorted(drawn) == sorted((float(row["ms_per_img"]), float(row["top1"])) for row in rows)
    assert [line.get_markerfacecolor() == plots.PAPER for line in axes.lines] == [True, True, True, True, False]
    for text in axes.texts:
        (line,) = (line for line in axes.lines if text.xy in zip(*line.get_data(), strict=True))
        assert text.get_color() == line.get_color(), "a name has the colour of its family"
    names = {text.xy: text.get_text() for text in axes.texts}
    assert names[1.32, 81.3] == "T" and names[11.81, 84.5] == "B, 384" and names[11.64, 77.9] == "B/16, 384"


def test_ratios_are_drawn_where_there_are_both():
    figure = swin_figures.rate_ratios({"A : B": {"card": 2.0, "this machine": 0.5}, "A : C": {"this machine": 4.0}})
    (axes,) = figure.axes
    points = {name: list(zip(*line.get_data(), strict=True)) for name, line in named(axes).items()}
    assert points["card"] == [(2.0, 0)] and points["this machine"] == [(0.5, 0), (4.0, 1)]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["A : B", "A : C"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1], "the first pair is on top"
