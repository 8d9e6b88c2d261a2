"""What lesson 07's figures show: read from what was drawn."""

import torch

from course_utils import data, distill_figures

CLASSES = ("boot", "shirt", "bag")


def test_opinions_are_bars_as_long_as_the_probabilities():
    shares = {"cold": torch.tensor([[0.7, 0.2, 0.1], [0.0, 0.5, 0.5]]), "hot": torch.full((2, 3), 1 / 3)}
    figure = distill_figures.opinions([torch.zeros(4, 4), torch.ones(4, 4)], [2, 0], shares, CLASSES)
    below = figure.axes[2:]
    for n, axes in enumerate(below):
        bars = [bar.get_width() for bar in axes.patches]
        assert torch.allclose(torch.tensor(bars), torch.cat([values[n] for values in shares.values()]).double())
    assert [int(axes.lines[0].get_ydata()[0]) for axes in below] == [2, 0]  # the dots at the true classes
    assert [text.get_text() for text in below[0].get_yticklabels()] == list(CLASSES)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(shares)
    hatches = {bar.get_hatch() for bar in below[0].patches}
    assert len(hatches) == 2  # told apart without colour


def test_one_opinion_needs_no_legend_and_one_picture_is_enough():
    figure = distill_figures.opinions([torch.zeros(4, 4)], [1], {"teacher": torch.eye(3)[:1]}, CLASSES)
    assert not figure.legends and len(figure.axes) == 2


def test_models_taught_in_one_way_have_one_marker_and_unconfirmed_numbers_are_hollow():
    rows = data.table("deit_vs_vit")
    kinds = {row["model"]: "taught" if row["teacher"] else "labels" for row in rows}
    (axes,) = distill_figures.by_teacher(rows, kinds).axes
    drawn = axes.lines[2:]  # behind the two of the legend
    assert [line.get_xdata()[0] for line in drawn] == [float(row["imagenet_top1"]) for row in rows]
    markers = {(kinds[row["model"]], line.get_marker()) for line, row in zip(drawn, rows, strict=True)}
    assert len(markers) == 2 and len({marker for _, marker in markers}) == 2
    hollow = [line.get_markerfacecolor() != line.get_color() for line in drawn]
    assert hollow == [row["confidence"] != "confirmed" for row in rows]
