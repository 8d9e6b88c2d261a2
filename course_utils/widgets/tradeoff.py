"""Models on any two of the axes that they were measured by, and which of them no other beats on both."""

from collections.abc import Mapping, Sequence

from course_utils.widgets.kit import Explorer, script, style
from course_utils.widgets.tradeoff_rows import AXES, FAMILIES, ChartAxis, Measured, Model, read_models, written_number
from course_utils.widgets.tradeoff_still import COLOUR, tradeoff_chart
from course_utils.widgets.tradeoffs import Chart
from course_utils.words import listed


class TradeoffExplorer(Explorer):
    """A scatter chart of models with the Pareto front of two axes, which the reader chooses.

    Args:
        rows: one a model, as `tradeoff_rows.read_models` takes them; `rows_of` makes them from an experiment.
        axes: what the models are measured by; if none, those of `AXES` that a row has.
        start: the keys of x and y at first; the second and the first axis if none.
        chosen: the model that the sentence is about at first; the reader's own, else the first, if none.

    Raises:
        ValueError: a row or an axis can't be drawn, or `start` or `chosen` isn't there.
    """

    _esm = script("tradeoffs.js", "tradeoff_labels.js", "tradeoff_chart.js", "tradeoff.js")
    sheets = ("tradeoff.css",)
    _css = style(*sheets)

    def __init__(
        self,
        rows: Sequence[Mapping[str, object]],
        axes: Sequence[ChartAxis] = (),
        *,
        start: tuple[str, str] | None = None,
        chosen: str | None = None,
    ):
        axes = tuple(axes or (axis for axis in AXES if any(axis.key in row for row in rows)))
        models = read_models(rows, axes)
        places = (1, 0) if start is None else tuple(_place("axis", key, [axis.key for axis in axes]) for key in start)
        if len(set(places)) != 2:
            raise ValueError(f"start={start} is no pair of axes: name two different ones")
        own = [model.name for model in models if model.yours] or [models[0].name]
        model = _place("model", chosen or own[0], [model.name for model in models])
        chart = Chart(models, tuple(axes[place] for place in places), places)
        if not chart.shown():
            raise ValueError(f"no model has both {axes[places[0]].key} and {axes[places[1]].key}: start with others")
        facts = {
            "axes": [_axis_facts(axis, place, models) for place, axis in enumerate(axes)],
            "models": [_model_facts(each, axes) for each in models],
            "families": [[family, COLOUR[family]] for family in FAMILIES],
            "start": [*places, model],
        }
        super().__init__(facts, {}, [(tradeoff_chart(chart), chart.sentence(models[model]))])


def _place(what: str, name: str, names: Sequence[str]) -> int:
    if name not in names:
        raise ValueError(f"there is no {what} {name!r}: use {listed(names)}")
    return names.index(name)


def _axis_facts(axis: ChartAxis, place: int, models: Sequence[Model]) -> dict[str, object]:
    lows = [model.measured[place].low for model in models if model.measured[place]]
    return {"title": axis.title, "better": axis.better, "scale": axis.scale, "allowsLog": min(lows) > 0}


def _model_facts(model: Model, axes: Sequence[ChartAxis]) -> dict[str, object]:
    pairs = zip(model.measured, axes, strict=True)
    measured = [None if each is None else _measured_facts(each, axis) for each, axis in pairs]
    return {"name": model.shown, "family": FAMILIES.index(model.family), "yours": model.yours, "measured": measured}


def _measured_facts(measured: Measured, axis: ChartAxis) -> dict[str, object]:
    """Return a model's numbers on one axis, and how they are written."""
    spread = f"{written_number(measured.low)} to {written_number(measured.high)}"
    return {
        "mean": measured.mean,
        "low": measured.low,
        "high": measured.high,
        "said": axis.written(measured.mean),
        "number": written_number(measured.mean),
        "spread": spread if measured.high > measured.low else "",
    }
