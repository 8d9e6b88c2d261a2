"""Sliders above a picture, drawn anew by the kernel whenever one of them moves."""

import html
from collections.abc import Callable

import ipywidgets
from matplotlib.figure import Figure

from course_utils import plots


class SliderPanel(ipywidgets.VBox):
    """A panel of controls, the picture that they set, and the sentence that says what it shows.

    Unlike `ipywidgets.interact`, whose captured output differs between JupyterLab and nbval, a panel stores as one
    output with a fixed text: the sentence of its first picture. Readers without a kernel see that picture.

    Args:
        draw: called with the controls' values by name; returns a figure and its one-sentence text alternative.
        controls: ipywidgets with a `value`, by the name of `draw`'s argument.
    """

    def __init__(self, draw: Callable[..., tuple[Figure, str]], **controls: ipywidgets.ValueWidget):
        self._draw = draw
        self._controls = controls
        self.picture = ipywidgets.HTML()
        self.refresh()
        self._stored = (self.picture.value, self.sentence)
        super().__init__([*controls.values(), self.picture])
        for control in controls.values():
            control.style.description_width = "7em"
            control.layout.width = "min(34em, 95%)"
            control.observe(self.refresh, names="value")

    def refresh(self, _change: object = None) -> None:
        """Draw the picture for the controls' present values."""
        figure, self.sentence = self._draw(**{name: control.value for name, control in self._controls.items()})
        caption = f'<p role="status" aria-live="polite">{html.escape(self.sentence)}</p>'
        self.picture.value = plots.to_html(figure, self.sentence) + caption

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        picture, sentence = self._stored
        bundle = super()._repr_mimebundle_() or {}
        return {**bundle, "text/plain": sentence, "text/html": picture}
