"""From the rows of an experiment to the models and axes of a `TradeoffExplorer`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isfinite
from statistics import fmean
from typing import NamedTuple

from course_utils.words import listed

FAMILIES = ("convolution", "attention", "both", "MLP")
PREFIXES = ((1e9, " G"), (1e6, " M"), (1e3, " k"))
PREFIX_FROM = 10_000  # smaller numbers are written out


@dataclass(frozen=True)
class ChartAxis:
    """What models are measured by.

    Attributes:
        key: of its values in a row.
        title: as the chart says it, with the unit.
        unit: as it stands behind a number: "88.1 %".
        better: "more" or "less".
        scale: "linear" or "log", at first.
        factor: what values are multiplied by to be shown; 100 shows shares in %.

    Raises:
        ValueError: `better` or `scale` is another word.
    """

    key: str
    title: str
    unit: str
    better: str = "more"
    scale: str = "linear"
    factor: float = 1

    def __post_init__(self):
        for name, value, allowed in (
            ("better", self.better, ("more", "less")),
            ("scale", self.scale, ("linear", "log")),
        ):
            if value not in allowed:
                raise ValueError(f"the axis {self.key!r} has {name}={value!r}: use {' or '.join(map(repr, allowed))}")

    def written(self, value: float) -> str:
        """Write a shown value with its unit, in three digits: "4.10 M MACs"."""
        return f"{written_number(value)} {self.unit}"


AXES = (
    ChartAxis("accuracy", "accuracy in %", "%", factor=100),
    ChartAxis("parameters", "parameters", "parameters", "less", "log"),
    ChartAxis("macs", "multiply-adds (MACs) of one image", "MACs", "less", "log"),
    ChartAxis("training images_per_s", "images a second in training", "images/s in training", "more", "log"),
    ChartAxis("inference images_per_s", "images a second at inference", "images/s at inference", "more", "log"),
    ChartAxis("cpu_seconds", "CPU seconds of training", "s of training", "less", "log"),
    ChartAxis("bytes", "peak memory of training in MB", "MB", "less", "log", factor=1e-6),
)
CAPSTONE = {  # what lets positions meet in each arm of the experiment `capstone`, patches left aside
    "CNN": "convolution",
    "non-local CNN": "both",
    "local attention": "both",  # behind a convolution as stem
    "hybrid": "both",
    "ViT": "attention",
    "Swin": "attention",
    "MViT": "both",  # convolutions pool queries, keys and values
    "Mixer": "MLP",
    "ResMLP": "MLP",
    "gMLP": "MLP",
}


class Measured(NamedTuple):
    """One model on one axis, as shown: the mean over seeds, the lowest and the highest seed."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Model:
    """One model of the chart; `measured` has none where it wasn't measured, axis by axis."""

    name: str
    family: str
    yours: bool
    measured: tuple[Measured | None, ...]

    @property
    def shown(self) -> str:
        """How it is called."""
        return f"{self.name} (yours)" if self.yours else self.name


def written_number(value: float) -> str:
    """Write a number in three digits: 0.0123, 88.1, 1,230, 57.8 k, 4.10 M."""
    rounded = float(f"{value:.3g}")
    for size, prefix in PREFIXES:
        if abs(rounded) >= max(size, PREFIX_FROM):
            return f"{_three(rounded / size)}{prefix}"
    return _three(rounded)


def written_tick(value: float) -> str:
    """Write a round number: 0.02, 5,000, 20 k, 4 M."""
    for size, prefix in PREFIXES:
        if abs(value) >= max(size, PREFIX_FROM):
            return f"{value / size:,g}{prefix}"
    return f"{value:,g}".replace("-", "−")


def _three(value: float) -> str:
    """Write a number that has three significant digits, without an exponent."""
    exponent = int(f"{value:e}".partition("e")[2])
    return f"{value:,.{max(0, 2 - exponent)}f}" if value else "0"


def rows_of(results: Iterable[Mapping[str, object]], families: Mapping[str, str] = CAPSTONE) -> list[dict[str, object]]:
    """Return one row a model, from an experiment's rows of one seed each.

    Args:
        results: as `experiments.results` gives them: `arm`, `seed` and numbers by name; those of two experiments with
            the same arms may stand one behind the other.
        families: the family of each arm that is shown, in the order of the chart.

    Returns:
        `name`, `family`, and for every number the list of its values over the seeds.

    Raises:
        ValueError: an arm of `families` has no rows.
    """
    ordered = sorted(results, key=lambda row: str(row["arm"]))
    by_arm = {arm: list(rows) for arm, rows in groupby(ordered, key=lambda row: str(row["arm"]))}
    lacking = [arm for arm in families if arm not in by_arm]
    if lacking:
        raise ValueError(f"no rows of {listed(lacking)}: use {listed(sorted(by_arm))}")
    return [{"name": arm, "family": family, **_lists(by_arm[arm])} for arm, family in families.items()]


def own_row(name: str, family: str, values: Mapping[str, float | Sequence[float]]) -> dict[str, object]:
    """Return the reader's own row, which the chart marks as "yours".

    Args:
        name: of the model.
        family: one of `FAMILIES`.
        values: by an axis's key, one number or the list over seeds; what wasn't measured is left out.
    """
    return {**values, "name": name, "family": family, "yours": True}


def _lists(rows: Sequence[Mapping[str, object]]) -> dict[str, list[float]]:
    """Collect every number of some seeds' rows."""
    found: dict[str, list[float]] = {}
    for row in rows:
        for key, value in row.items():
            if key != "seed" and isinstance(value, int | float):
                found.setdefault(key, []).append(value)
    return found


def read_models(rows: Sequence[Mapping[str, object]], axes: Sequence[ChartAxis]) -> tuple[Model, ...]:
    """Read the rows of a chart.

    Args:
        rows: each with `name`, `family` (one of `FAMILIES`) and, by the axes' keys, a number or the list of its
            values over seeds; a missing one means that it wasn't measured. `yours` marks the reader's own.
        axes: at least two.

    Raises:
        ValueError: too few rows or axes, one twice, another family, or a value that is no number or can't be drawn.
    """
    for what, there, needed in (("axes", axes, 2), ("rows", rows, 1)):
        if len(there) < needed:
            raise ValueError(f"{len(there)} {what} make no chart: pass {needed} or more")
    _check_twice("axis", [axis.key for axis in axes])
    _check_twice("row", [str(row.get("name")) for row in rows])
    models = tuple(_model(row, number, axes) for number, row in enumerate(rows, start=1))
    for place, axis in enumerate(axes):
        if not any(model.measured[place] for model in models):
            raise ValueError(f"no row has {axis.key!r}: leave that axis out, or measure it")
    return models


def _check_twice(what: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"there is a second {what} {name!r}: give each its own name")


def _model(row: Mapping[str, object], number: int, axes: Sequence[ChartAxis]) -> Model:
    lacking = [key for key in ("name", "family") if key not in row]
    if lacking:
        raise ValueError(f"row {number} has no {listed(lacking)}: a row has name, family and its numbers")
    if row["family"] not in FAMILIES:
        raise ValueError(f"{row['name']} has the family {row['family']!r}: use {listed(FAMILIES)}")
    measured = tuple(_measured(row, axis) for axis in axes)
    return Model(str(row["name"]), str(row["family"]), bool(row.get("yours", False)), measured)


def _measured(row: Mapping[str, object], axis: ChartAxis) -> Measured | None:
    found = row.get(axis.key)
    try:
        values = [] if found is None else list(found) if isinstance(found, Sequence) else [found]
        shown = [axis.factor * float(value) for value in values]
    except (TypeError, ValueError):
        shown = [float("nan")]
    if not all(map(isfinite, shown)):
        raise ValueError(f"{row['name']} has {axis.key} = {found!r}: use a number, or a list with one for each seed")
    if axis.scale == "log" and any(value <= 0 for value in shown):
        raise ValueError(f"{row['name']} has {axis.key} = {found!r}: a logarithmic scale needs numbers above 0")
    if not shown:
        return None
    low, high = min(shown), max(shown)
    return Measured(min(high, max(low, fmean(shown))), low, high)  # rounding may put a mean outside
