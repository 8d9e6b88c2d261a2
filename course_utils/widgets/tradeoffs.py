"""Which models are better than which on two axes: the Pareto front of a `TradeoffExplorer`, and its sentences.

`js/tradeoffs.js` finds and says the same once the reader picks something.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from course_utils.widgets.tradeoff_rows import ChartAxis, Measured, Model
from course_utils.words import listed


@dataclass(frozen=True)
class Chart:
    """Models on two axes.

    Attributes:
        models: all of them.
        axes: of x and y.
        places: x's and y's place in the models' numbers.
    """

    models: tuple[Model, ...]
    axes: tuple[ChartAxis, ChartAxis]
    places: tuple[int, int]

    def at(self, model: Model) -> tuple[Measured | None, Measured | None]:
        """Return x and y of a model."""
        return model.measured[self.places[0]], model.measured[self.places[1]]

    def shown(self) -> list[Model]:
        """Return the models that were measured on both axes."""
        return [model for model in self.models if all(self.at(model))]

    def front(self) -> list[Model]:
        """Return the models that no other beats: nobody is better on one axis and at least as good on the other."""
        return [model for model in self.shown() if not self.beaters(model)]

    def beaters(self, model: Model) -> list[Model]:
        """Return the models that are better than `model` on one axis and at least as good on the other, by means."""
        return [other for other in self.shown() if min(self._leads(other, model)) >= 0 < max(self._leads(other, model))]

    def _leads(self, first: Model, second: Model) -> list[float]:
        """Return by how much a model's mean is better than another's, axis by axis."""
        signs = [1 if axis.better == "more" else -1 for axis in self.axes]
        pairs = zip(signs, self.at(first), self.at(second), strict=True)
        return [sign * (one.mean - other.mean) for sign, one, other in pairs]

    def _overlap(self, first: Model, second: Model) -> bool:
        """Whether the seeds of two models overlap on an axis."""
        pairs = zip(self.at(first), self.at(second), strict=True)
        return any(one.low <= other.high and other.low <= one.high for one, other in pairs)

    def sentence(self, model: Model) -> str:
        """Say what a model has, who is better, and who is on the front."""
        x, y = self.at(model)
        if not (x and y):
            axes = [axis.title for axis, there in zip(self.axes, (x, y), strict=True) if not there]
            return f"{model.shown} was not measured on {listed(axes)}. {self._told_front()}"
        said = f"{model.shown}: {self.axes[1].written(y.mean)} at {self.axes[0].written(x.mean)}"
        return f"{said}; {'; '.join(self._told_beaters(model))}. {self._told_front()}"

    def _told_beaters(self, model: Model) -> list[str]:
        """Say who is better than a model: on both axes, so but for the seeds, or on one only."""
        beaters = self.beaters(model)
        both = [other for other in beaters if min(self._leads(other, model)) > 0]
        close = [other for other in both if self._overlap(other, model)]
        said = [
            _said([other for other in both if other not in close], "better on both"),
            _said(close, "better on both by their means, but seeds overlap"),
            _said([other for other in beaters if other not in both], "better on one and equal on the other"),
        ]
        return list(filter(None, ["" if both else "nobody is better on both", *said]))

    def _told_front(self) -> str:
        front, shown = self.front(), self.shown()
        if not shown:
            return "No model was measured on both."
        return f"On the front: {listed([model.shown for model in front])} ({len(front)} of {len(shown)})."


def _said(models: Sequence[Model], what: str) -> str:
    """Say what models are; nothing if there are none."""
    verb = "is" if len(models) == 1 else "are"
    return f"{listed([model.shown for model in models])} {verb} {what}" if models else ""
