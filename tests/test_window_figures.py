"""The figures of lesson 08's windows: what they are given is what they draw."""

import pytest
import torch

from course_utils import plots, window_figures


def inside(axes, colour):
    """Return the places of the lines of one colour: rows and columns before which they run."""
    lines = [line.get_data() for line in axes.lines if line.get_color() == colour]
    rows = sorted(y[0] + 0.5 for _, y in lines if y[0] == y[1])
    columns = sorted(x[0] + 0.5 for x, _ in lines if x[0] == x[1])
    return rows, columns


def test_windows_begin_where_they_do():
    assert window_figures.borders(8, 4) == [4]
    assert window_figures.borders(8, 4, 3) == [3, 7]
    panels = [("plain", torch.rand(3, 16, 24), (8, 12), 4, 0), ("shifted", torch.rand(3, 16, 24), (8, 12), 4, 1)]
    plain, shifted = window_figures.windows_on_pictures(panels).axes
    assert inside(plain, "white") == inside(plain, "black") == ([8], [8, 16])
    assert inside(shifted, "white") == ([2, 10], [2, 10, 18])


def test_every_picture_has_its_own_width_of_lines():
    panels = [("thin", torch.rand(3, 16, 16), (8, 8), 4, 0), ("thick", torch.rand(3, 16, 16), (8, 8), 4, 0)]
    figure = window_figures.windows_on_pictures(panels, lines=[0.5, 3])
    assert [{line.get_linewidth() for line in axes.lines} for axes in figure.axes] == [{1, 0.5}, {6, 3}]
    usual = window_figures.windows_on_pictures(panels).axes[0]
    assert {line.get_linewidth() for line in usual.lines} == {4, 2}


def test_windows_of_a_drawing_are_numbered_row_by_row():
    assert window_figures.window_numbers((2, 4), 2, 0).tolist() == [[0, 0, 1, 1]] * 2
    assert window_figures.window_numbers((3, 3), 2, 1).tolist() == [[0, 1, 1], [2, 3, 3], [2, 3, 3]]


def test_what_moves_with_its_input_has_not_changed():
    tokens = torch.arange(24.0).view(1, 6, 4, 1)
    places = torch.arange(6.0).view(1, 6, 1, 1)
    assert window_figures.changes_when_moved(lambda x: 2 * x, tokens, (0, 1, 5)) == {0: 0, 1: 0, 5: 0}
    found = window_figures.changes_when_moved(lambda x: x + places, tokens, (0, 1))
    moved = tokens.roll(1, dims=1) + places - (tokens + places).roll(1, dims=1)
    assert found[0] == 0 and found[1] == pytest.approx(float(moved.norm() / (tokens + places).norm()))


def test_the_tokens_of_one_window_are_lines_within_it():
    _, (axes,) = plots.figure()
    window_figures.draw_tokens(axes, (1, 2), window=3, token=4)
    assert inside(axes, "white") == ([16, 20], [28, 32])
    ends = {tuple(line.get_xdata()) for line in axes.lines if line.get_ydata()[0] == line.get_ydata()[1]}
    assert ends == {(23.5, 35.5)}


def test_a_grid_of_numbers_has_its_number_in_every_cell():
    grid = torch.arange(6).view(2, 3)
    (axes,) = window_figures.numbered_grids({"six": grid}).axes
    assert {text.get_position(): text.get_text() for text in axes.texts}[2, 1] == "5"
    assert len(axes.texts) == 6 and torch.equal(torch.tensor(axes.images[0].get_array()), grid)


def test_truth_is_drawn_with_the_cross_on_the_marked_cell():
    grid = torch.eye(3, dtype=torch.bool)
    figure = window_figures.truth_grids(dict.fromkeys("abcd", grid), marked=(1, 2), columns=2)
    assert [axes.get_title(loc="left") for axes in figure.axes] == list("abcd")
    assert all(torch.tensor(axes.images[0].get_array()).equal(grid) for axes in figure.axes)
    assert figure.axes[0].lines[-1].get_xdata() == [2] and figure.axes[0].lines[-1].get_ydata() == [1]


def test_a_mask_is_white_where_it_forbids_and_coloured_by_region():
    mask = torch.tensor([[True, False], [False, True]])
    (axes,) = window_figures.kinds_of_masks({"edge": mask}, {"edge": torch.tensor([0, 1])}).axes
    drawn = axes.images[0].get_array()
    assert drawn.mask.tolist() == (~mask).tolist() and drawn[0, 0] != drawn[1, 1]


def test_stages_are_as_wide_as_their_maps():
    (axes,) = window_figures.stages({"Swin": [(56, 96), (28, 192)], "ViT": [(14, 384)]}).axes
    assert [round(box.get_width() / 0.8 * 56) for box in axes.patches] == [56, 28, 14]
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["Swin", "56 × 56\n96 channels", "28 × 28\n192 channels", "ViT", "14 × 14\n384 channels"]


def test_a_bias_is_drawn_by_rows_and_columns_between():
    table = torch.randn(25, 2)
    first, second, _bar = window_figures.bias_tables(table, 3, ["one", "two"]).axes
    assert torch.allclose(torch.tensor(second.images[0].get_array()), table[:, 1].view(5, 5))
    assert first.images[0].get_extent() == [-2.5, 2.5, 2.5, -2.5]
    assert first.images[0].get_clim() == second.images[0].get_clim()
