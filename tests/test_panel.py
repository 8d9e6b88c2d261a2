"""The panel of sliders redraws its picture, and stores as one fixed output."""

import ipywidgets
import pytest

from course_utils import plots
from course_utils.widgets import SliderPanel


def draw(x, y):
    figure, (axes,) = plots.figure()
    axes.plot([0, x], [0, y])
    return figure, f"A line from the origin to x = {x} and y = {y}."


def panel():
    return SliderPanel(draw, x=ipywidgets.IntSlider(1, 0, 9), y=ipywidgets.IntSlider(2, 0, 9))


def test_moving_a_slider_redraws_picture_and_sentence():
    shown = panel()
    before = shown.picture.value
    shown.children[0].value = 5
    assert shown.sentence == "A line from the origin to x = 5 and y = 2."
    assert shown.picture.value != before
    assert 'alt="A line from the origin to x = 5 and y = 2."' in shown.picture.value
    assert f'<p role="status" aria-live="polite">{shown.sentence}</p>' in shown.picture.value


def test_moving_back_gives_the_first_picture_again():
    shown = panel()
    before = shown.picture.value
    shown.children[1].value = 7
    shown.children[1].value = 2
    assert shown.picture.value == before


def test_what_is_stored_is_the_first_picture_whatever_was_moved():
    shown = panel()
    bundle = shown._repr_mimebundle_()
    shown.children[0].value = 5
    again = shown._repr_mimebundle_()
    assert bundle["text/plain"] == again["text/plain"] == "A line from the origin to x = 1 and y = 2."
    assert bundle["text/html"] == again["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_a_picture_without_a_sentence_is_refused():
    with pytest.raises(ValueError, match="is no sentence"):
        SliderPanel(lambda x: (plots.figure()[0], "no"), x=ipywidgets.IntSlider())
