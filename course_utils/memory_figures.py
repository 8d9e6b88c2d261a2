"""Figures of memory: bytes on a logarithmic scale, against what devices have."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_utils import plots

TICKS = {1e3: "1 kB", 1e6: "1 MB", 1e9: "1 GB", 1e12: "1 TB", 1e15: "1 PB"}


def memory_bars(bars: Mapping[str, tuple[int, str]], lighter: int, devices: Mapping[str, float]) -> Figure:
    """Draw a bar for each number of bytes, and a line for the memory of each device.

    Args:
        bars: bytes, and how they are written, by name.
        lighter: so many bars at the top are of another kind, and striped.
        devices: GB of memory by name, the least first.
    """
    fig, (axes,) = plots.figure(width=8, height=0.7 + 0.34 * len(bars) + 0.2 * len(devices))
    for row, (number, text) in enumerate(bars.values()):
        fill, hatch = (plots.COLOURS[4], "///") if row < lighter else (plots.COLOURS[0], "")
        axes.barh(row, max(number, min(TICKS)), color=fill, hatch=hatch, edgecolor=plots.PAPER, height=0.6)
        axes.text(1.01, row, text, va="center", fontsize=9.5, transform=axes.get_yaxis_transform())
    _draw_devices(axes, devices, len(bars))
    axes.set(xscale="log", xlim=(min(TICKS), max(TICKS)), ylim=(len(bars) - 0.5, -0.8 - 0.6 * len(devices)))
    axes.set_xticks(list(TICKS), list(TICKS.values()))
    axes.set_xticks([], minor=True)
    axes.set_yticks(range(len(bars)), list(bars))
    axes.grid(visible=False, axis="y")
    return fig


def _draw_devices(axes: Axes, devices: Mapping[str, float], rows: int) -> None:
    """Draw a line for each device, its label higher than the next one's, so that none is crossed."""
    for place, (name, gigabytes) in enumerate(devices.items()):
        top = 0.6 * (place - len(devices)) - 0.5
        axes.plot([gigabytes * 1e9] * 2, [top, rows - 0.5], color=plots.INK, linewidth=1, marker="", zorder=3)
        box = {"facecolor": plots.PAPER, "edgecolor": "none", "pad": 0.5}
        axes.text(gigabytes * 1.2e9, top, f"{name}: {gigabytes:g} GB", va="top", fontsize=9, bbox=box)
