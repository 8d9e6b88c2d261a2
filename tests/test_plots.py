"""Figures show the data that they were given, with a sentence, and refuse what they can't show."""

import io
import re

import pytest
import torch
from PIL import Image

from course_utils import plots


def weights(rows=4, columns=6):
    return torch.rand(rows * columns, generator=torch.Generator().manual_seed(0)).softmax(dim=0)


def image(rows=4, columns=6, patch=8):
    return torch.rand(3, rows * patch, columns * patch, generator=torch.Generator().manual_seed(1))


def test_the_heat_over_an_image_is_the_attention_in_percent():
    figure = plots.attention_over_image(image(), weights(), (4, 6), query=7)
    left, right, bar = figure.axes
    heat = right.images[-1]
    assert torch.allclose(torch.tensor(heat.get_array()), 100 * weights().reshape(4, 6))
    assert heat.get_extent() == [-0.5, 47.5, 31.5, -0.5]
    assert torch.equal(torch.tensor(left.images[0].get_array()), image().permute(1, 2, 0))
    assert "%" in bar.get_ylabel()


def test_the_query_is_outlined_where_it_is():
    figure = plots.attention_over_image(image(), weights(), (4, 6), query=7)  # row 1, column 1
    for axes in figure.axes[:2]:
        assert {(box.get_x(), box.get_y(), box.get_width(), box.get_height()) for box in axes.patches} == {
            (7.5, 7.5, 8, 8)
        }


def test_a_query_from_outside_is_not_outlined():
    figure = plots.attention_over_image(image(), weights(), (4, 6))
    assert not figure.axes[0].patches
    assert figure.axes[0].get_title(loc="left") == "the image"


@pytest.mark.parametrize(
    ("values", "grid", "query", "told"),
    [
        (weights(), (6, 6), 0, r"shape \(24,\), but a grid of 6 x 6 patches needs \(36,\)"),
        (weights().reshape(4, 6), (4, 6), 0, r"shape \(4, 6\)"),
        (-weights(), (4, 6), 0, "negative"),
        (weights() * torch.nan, (4, 6), 0, "NaN"),
        (weights(), (4, 6), 24, "query 24 is not a patch: they run from 0 to 23"),
    ],
)
def test_what_is_no_attention_over_this_grid_is_refused(values, grid, query, told):
    with pytest.raises(ValueError, match=told):
        plots.attention_over_image(image(), values, grid, query)


def test_a_small_heat_map_writes_its_values_legibly():
    values = torch.tensor([[0.0, 0.25], [0.5, 1.0]])
    figure = plots.heatmap(values, rows=["a", "b"], columns=["c", "d"], label="share")
    axes = figure.axes[0]
    assert {(text.get_position(), text.get_text()) for text in axes.texts} == {
        ((0, 0), "0.00"), ((1, 0), "0.25"), ((0, 1), "0.50"), ((1, 1), "1.00"),
    }  # fmt: skip
    colours = {text.get_text(): text.get_color() for text in axes.texts}
    assert colours["0.00"] == "white"  # on the dark end of the scale
    assert colours["1.00"] == "black"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]


def test_a_large_heat_map_writes_none():
    axes = plots.heatmap(torch.rand(13, 2)).axes[0]
    assert not axes.texts
    assert not axes.get_yticks().size


@pytest.mark.parametrize(("shape", "rows"), [((4,), []), ((2, 2), ["only one"])])
def test_a_heat_map_needs_a_matrix_and_fitting_names(shape, rows):
    with pytest.raises(ValueError, match=re.escape(str(shape))):
        plots.heatmap(torch.rand(shape), rows=rows)


def test_a_shape_diagram_names_every_shape_and_step():
    figure = plots.shape_diagram([("image", (3, 8, 8)), ("patches", (4, 48))], ["cut"])
    assert [text.get_text() for text in figure.axes[0].texts if text.get_text()] == [
        "image", "3 × 8 × 8", "patches", "4 × 48", "cut",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="2 stages need 1 steps between them, not 0"):
        plots.shape_diagram([("a", (1,)), ("b", (1,))], [])


@pytest.mark.parametrize("shape", [(3, 5, 7), (1, 5, 7), (5, 7)])
def test_colour_grey_and_flat_images_are_drawn(shape):
    _, (axes,) = plots.figure()
    plots.draw_image(axes, torch.rand(shape))
    assert axes.images[0].get_array().shape[:2] == (5, 7)


def test_bytes_are_drawn_on_their_own_scale():
    _, (axes,) = plots.figure()
    plots.draw_image(axes, torch.full((5, 7), 10, dtype=torch.uint8))
    assert axes.images[0].get_clim() == (0, 255)


@pytest.mark.parametrize("shape", [(2, 5, 7), (1, 3, 5, 7), (5,)])
def test_other_shapes_are_no_images(shape):
    _, (axes,) = plots.figure()
    with pytest.raises(ValueError, match=re.escape(f"not {shape}")):
        plots.draw_image(axes, torch.rand(shape))


@pytest.mark.parametrize("alt", ["", "   ", "a plot", "A line that rises"])
def test_a_figure_is_not_shown_without_a_sentence(alt):
    figure, _ = plots.figure()
    with pytest.raises(ValueError, match="is no sentence"):
        plots.show(figure, alt=alt)


def test_quotes_in_the_sentence_stay_inside_the_attribute():
    figure, _ = plots.figure()
    code = plots.to_html(figure, 'A "quoted" word & <b>another</b> one.')
    assert 'alt="A &quot;quoted&quot; word &amp; &lt;b&gt;another&lt;/b&gt; one."' in code


def test_the_same_figure_gives_the_same_picture():
    def draw():
        return plots.to_html(plots.attention_over_image(image(), weights(), (4, 6), 7), "A patch looks around.")

    assert draw() == draw()


def luminance(colour):
    """Relative luminance, WCAG 2.2."""
    red, green, blue = (((c + 0.055) / 1.055) ** 2.4 if c > 0.04045 else c / 12.92 for c in colour[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_style_is_legible_and_readable_in_grey():
    rgb = plots.matplotlib.colors.to_rgb
    assert contrast(rgb(plots.INK), rgb(plots.PAPER)) > 7
    for scale in (plots.ATTENTION, plots.VALUES):
        steps = [luminance(scale(level)) for level in range(0, 256, 8)]
        assert steps == sorted(steps)  # lightness alone tells the value
    assert len(set(plots.MARKERS)) == len(plots.COLOURS)  # colour never tells alone


def test_figures_have_a_light_ground_in_every_theme():
    figure, _ = plots.figure()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    assert Image.open(buffer).convert("RGB").getpixel((0, 0)) == (251, 251, 248)
