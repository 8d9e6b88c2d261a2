"""A number's bits to click: what they mean in each format, and what is lost on the way into it."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

import torch

from course_utils import number_figures
from course_utils.floats import FORMATS, FloatFormat
from course_utils.widgets.kit import Explorer, script, style


class FloatExplorer(Explorer):
    """The bits of one number in several formats: click a bit, or type a number, and see what is stored.

    Args:
        formats: what to choose from.
        value: the number that is shown first.
        start: the name of the format that is shown first.

    Raises:
        ValueError: no formats, two with one name, or `start` is none of them.
    """

    _esm = script("bits.js", "floats.js")
    sheets = ("floats.css",)
    _css = style(*sheets)

    def __init__(
        self, formats: Sequence[FloatFormat] = tuple(FORMATS.values()), *, value: float = 0.1, start: str = "FP16"
    ):
        formats = list(formats)
        names = [format.name for format in formats]
        if not names or len(set(names)) < len(names):
            raise ValueError(
                f"the formats are called {', '.join(names) or 'nothing'}: pass one or more, by unlike names"
            )
        if start not in names:
            raise ValueError(f"{start!r} is none of the formats: start with one of {', '.join(names)}")
        chosen = formats[names.index(start)]
        facts = {
            "formats": [
                {"name": f.name, "e": f.exponent_bits, "m": f.mantissa_bits, "infinity": f.has_infinity}
                for f in formats
            ],
            "start": names.index(start),
            "value": float(value),
        }
        super().__init__(facts, {}, [(number_figures.bit_layouts(formats), _sentence(float(value), chosen))])


def _sentence(value: float, format: FloatFormat) -> str:
    """Say what the format makes of a number; `js/floats.js` says the same."""
    typed = torch.tensor(value, dtype=torch.float64)
    stored = format.round(typed).item()
    what = f"{written(value)} in {format.name}"
    if stored != stored or stored in (float("inf"), float("-inf")):
        return _not_finite(value, stored, what, format)
    error = f"stored as {written(stored)}, {_off_by(value, stored)}" if stored != value else "exact"
    error = "flushed to 0" if stored == 0 != value else error
    return f"{what} is {error}; the next number is {written(format.spacing(typed).item())} away."


def _not_finite(value: float, stored: float, what: str, format: FloatFormat) -> str:
    if value != value:
        return f"{what}: NaN, not a number."
    if stored != stored:
        return f"{what} is too large, and {format.name} has no infinity: it becomes NaN."
    if value == stored:
        return f"{what}: {written(stored)}."
    return f"{what} is too large: it becomes {written(stored)}."


def _off_by(value: float, stored: float) -> str:
    percent = written(100 * abs(stored - value) / abs(value), 2)
    return f"{percent}% too {'large' if abs(stored) > abs(value) else 'small'}"


def written(value: float, digits: int = 6) -> str:
    """Write a number with at most `digits` digits, as `writeNumber` in `js/bits.js` does."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "infinity" if value > 0 else "-infinity"
    if value == 0:
        return "-0" if str(value).startswith("-") else "0"
    rounded = Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal(value)
    short = Decimal(repr(float(rounded))).normalize()
    if Decimal("1e-4") <= abs(short) < Decimal("1e21"):
        return f"{short:f}"
    number, exponent = f"{short:e}".split("e")
    return f"{number}e{int(exponent):+d}"
