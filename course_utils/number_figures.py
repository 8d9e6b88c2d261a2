"""Figures of number formats: how their bits are split, and what range and precision that buys."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course_utils import plots
from course_utils.floats import FloatFormat

FIELDS = ("sign", "exponent", "mantissa")
FILLS = (plots.COLOURS[6], plots.COLOURS[1], plots.COLOURS[4])
HATCHES = ("", "///", "")
EDGE = 50  # the largest power of 10 that is drawn; FP64 would dwarf the others


def bit_layouts(formats: Sequence[FloatFormat]) -> Figure:
    """Draw a row of boxes for each format, to scale: sign, exponent, mantissa, with their numbers of bits."""
    fig, (axes,) = plots.figure(width=8, height=0.6 + 0.42 * len(formats))
    for row, format in enumerate(formats):
        left = 0
        for name, bits, fill, hatch in zip(FIELDS, _split(format), FILLS, HATCHES, strict=True):
            label = name if row == 0 else None
            box = Rectangle((left, row - 0.36), bits, 0.72, facecolor=fill, edgecolor="white", hatch=hatch, label=label)
            axes.add_patch(box)
            if bits > 1:
                style = {"boxstyle": "round,pad=0.15", "facecolor": plots.PAPER, "edgecolor": "none"}
                axes.text(left + bits / 2, row, str(bits), ha="center", va="center", fontsize=10, bbox=style)
            left += bits
        axes.text(left + 0.6, row, f"{format.bits} bits", va="center", fontsize=10)
    widest = max(format.bits for format in formats)
    axes.set(xlim=(0, widest * 1.12 + 2), ylim=(len(formats) - 0.4, -0.6), xticks=[])
    axes.set_yticks(range(len(formats)), [format.name for format in formats])
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(left=False)
    axes.grid(visible=False)
    axes.legend(loc="lower right", ncols=1)
    return fig


def _split(format: FloatFormat) -> tuple[int, int, int]:
    return 1, format.exponent_bits, format.mantissa_bits


def range_against_precision(formats: Sequence[FloatFormat]) -> Figure:
    """Draw a row for each format: from where to where it reaches (subnormal part striped), and its decimal digits."""
    fig, (reach, precision) = plots.figure(2, width=8, height=0.9 + 0.34 * len(formats))
    for row, format in enumerate(formats):
        low, normal, high = (np.log10(end) for end in (format.min_subnormal, format.min_normal, format.max))
        reach.barh(row, high - normal, left=normal, color=plots.COLOURS[0], height=0.6)
        reach.barh(row, normal - low, left=low, color=plots.PAPER, edgecolor=plots.COLOURS[1], hatch="////", height=0.6)
        if high > EDGE:  # the bar is cut off at both edges of the picture: say how far it goes
            reach.text(0, row, f"{low:.0f} to {high:.0f}", ha="center", va="center", fontsize=10, color="white")
        digits = np.log10(2 / format.epsilon)
        precision.barh(row, digits, color=plots.COLOURS[4], height=0.6)
        precision.text(digits + 0.2, row, f"{digits:.1f}", va="center", fontsize=10)
    names = [format.name for format in formats]
    reach.set(xlim=(-EDGE, EDGE), title="range", xlabel="power of 10 (striped: subnormal)")
    reach.set_yticks(range(len(formats)), names)
    precision.set(xlim=(0, 18), title="precision", xlabel="decimal digits", yticks=[])
    for axes in (reach, precision):
        axes.set_ylim(len(formats) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
    return fig
