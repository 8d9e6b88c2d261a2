"""The house style of every figure, and the figures that lessons share.

Importing this module sets matplotlib's defaults. Figures have a light background of their own, so they read the
same in JupyterLab's dark theme; colours differ in lightness too, so they read in grey and for the colour-blind
(Okabe & Ito 2008); every figure is shown with a sentence for those who can't see it.
"""

import base64
import html
import io
from collections.abc import Sequence

import matplotlib
import torch
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle
from torch import Tensor

INK, PAPER = "#1f2430", "#fbfbf8"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#5f5f5f")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
ATTENTION = matplotlib.colormaps["inferno"]  # lightness rises with the weight
VALUES = matplotlib.colormaps["cividis"]
WRITE_UP_TO = 12  # heat maps with at most so many rows and columns write their values
PIXELS_PER_INCH = 96
QUALITIES, HEAVY = (90, 55), 20_000  # of WebP; the second one for pictures of more bytes

matplotlib.rcParams.update(
    {
        "figure.facecolor": PAPER,
        "axes.facecolor": PAPER,
        "savefig.facecolor": PAPER,
        "figure.constrained_layout.use": True,
        "figure.dpi": PIXELS_PER_INCH,
        "axes.prop_cycle": matplotlib.cycler(color=COLOURS) + matplotlib.cycler(marker=MARKERS),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#dddddd",
        "axes.edgecolor": INK,
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "font.size": 11,
        "axes.titlesize": 12,
        "axes.titlelocation": "left",
        "lines.linewidth": 2,
        "lines.markersize": 5,
        "legend.frameon": False,
    }
)


def figure(columns: int = 1, *, width: float = 7.5, height: float = 3.2) -> tuple[Figure, list[Axes]]:
    """Make a figure with `columns` axes side by side; `width` and `height` are in inches."""
    fig = Figure(figsize=(width, height))
    return fig, list(fig.subplots(1, columns, squeeze=False)[0])


def show(fig: Figure, alt: str) -> None:
    """Show a figure together with its text alternative.

    Args:
        fig: what to show.
        alt: one sentence that says what the figure shows, for those who can't see it.

    Raises:
        ValueError: `alt` is empty, or no sentence.
    """
    display({"text/html": to_html(fig, alt), "text/plain": alt}, raw=True)


def to_html(fig: Figure, alt: str) -> str:
    """Return the figure as an HTML image that contains its picture and its text alternative.

    JupyterLab and nbconvert give a bare PNG output no `alt`: only an HTML image carries one everywhere. WebP, since
    a photograph then takes a tenth of the bytes; noisy pictures, which still take many, are compressed more.
    """
    if len(alt.split()) < 4 or not alt.strip().endswith("."):
        raise ValueError(f"alt={alt!r} is no sentence: say what the figure shows, in one sentence with a full stop")
    for quality in QUALITIES:
        picture = io.BytesIO()
        fig.savefig(picture, format="webp", dpi=1.5 * PIXELS_PER_INCH, pil_kwargs={"quality": quality})
        if picture.tell() <= HEAVY:
            break
    encoded = base64.b64encode(picture.getvalue()).decode("ascii")
    width = round(fig.get_figwidth() * PIXELS_PER_INCH)
    source = f"data:image/webp;base64,{encoded}"
    return f'<img width="{width}" style="max-width: 100%" alt="{html.escape(alt)}" src="{source}">'


def draw_image(axes: Axes, image: Tensor, title: str = "") -> None:
    """Draw an image (3, H, W) or (H, W), floats in 0..1 or bytes, without axes.

    Raises:
        ValueError: another shape.
    """
    if image.ndim == 3 and image.shape[0] in (1, 3):
        image = image.permute(1, 2, 0).squeeze(2)  # (H, W, 3) or (H, W)
    elif image.ndim != 2:
        raise ValueError(f"an image has the shape (3, H, W) or (H, W), not {tuple(image.shape)}")
    axes.imshow(image.cpu().numpy(), cmap="gray", vmin=0, vmax=1 if image.is_floating_point() else 255)
    axes.set_title(title)
    axes.set_axis_off()


def mark_patch(axes: Axes, index: int, grid: tuple[int, int], size: tuple[int, int]) -> None:
    """Outline patch `index` of a `grid` (rows, columns) over an image of `size` (H, W) pixels."""
    row, column = divmod(index, grid[1])
    height, width = size[0] / grid[0], size[1] / grid[1]
    corner = (column * width - 0.5, row * height - 0.5)
    for colour, line in (("black", 4.5), ("white", 2)):  # seen on any ground
        axes.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=colour, linewidth=line))


def attention_over_image(image: Tensor, weights: Tensor, grid: tuple[int, int], query: int | None = None) -> Figure:
    """Draw an image with its query patch, and beside it where that patch looks.

    Args:
        image: (3, H, W), RGB in 0..1.
        weights: (N,), the attention that each patch gets; not negative.
        grid: rows and columns of patches; their product is N.
        query: which patch looks; none for a query from outside the image, such as a class token.

    Raises:
        ValueError: the sizes don't fit together, or a weight is negative or not finite.
    """
    _check_weights(weights, grid, query)
    size = image.shape[1:]
    fig, (left, right) = figure(2, width=8, height=3.55 * size[0] / size[1] + 0.4)
    draw_image(left, image, "the query patch" if query is not None else "the image")
    draw_image(right, image.mean(dim=0) / 3, "where it looks")  # a dark, grey copy to find one's way by
    percent = 100 * weights.detach().reshape(grid).cpu().numpy()
    heat = right.imshow(
        percent,
        alpha=0.3 + 0.7 * percent / percent.max(),
        cmap=ATTENTION,
        vmin=0,
        extent=(-0.5, size[1] - 0.5, size[0] - 0.5, -0.5),
    )
    bar = fig.colorbar(heat, ax=right, label="% of its attention", shrink=0.85)
    bar.solids.set_alpha(1)
    for axes in (left, right) if query is not None else ():
        mark_patch(axes, query, grid, size)
    return fig


def _check_weights(weights: Tensor, grid: tuple[int, int], query: int | None) -> None:
    """Raise ValueError unless `weights` are attention weights of one query over `grid`."""
    patches = grid[0] * grid[1]
    if weights.shape != (patches,):
        raise ValueError(
            f"weights have the shape {tuple(weights.shape)}, but a grid of {grid[0]} x {grid[1]} patches "
            f"needs ({patches},): pass one row of the attention matrix, and the grid it was made with"
        )
    if not torch.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("weights contain negative, infinite or NaN values: attention weights come out of a softmax")
    if query is not None and not 0 <= query < patches:
        raise ValueError(f"query {query} is not a patch: they run from 0 to {patches - 1}")


def heatmap(
    values: Tensor,
    *,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    label: str = "",
    cmap: Colormap = VALUES,
    title: str = "",
) -> Figure:
    """Draw a matrix in colours; a small one has its values written in.

    Args:
        values: (rows, columns).
        rows, columns: names along the sides; none for numbers.
        label: what the values are, with their unit.

    Raises:
        ValueError: not a matrix, or as many names as doesn't fit.
    """
    if values.ndim != 2 or (rows and len(rows) != len(values)) or (columns and len(columns) != values.shape[1]):
        raise ValueError(
            f"{len(rows)} row and {len(columns)} column names don't fit values of shape {tuple(values.shape)}"
        )
    values = values.detach().cpu()
    height, width = values.shape
    fig, (axes,) = figure(width=min(8.5, 2.4 + 0.8 * width), height=min(7, 1.3 + 0.5 * height))
    drawn = axes.imshow(values.numpy(), cmap=cmap, aspect="auto")
    axes.set_title(title)
    axes.grid(visible=False)
    axes.set_xticks(range(width) if columns or width <= WRITE_UP_TO else (), columns or None)
    axes.set_yticks(range(height) if rows or height <= WRITE_UP_TO else (), rows or None)
    fig.colorbar(drawn, ax=axes, label=label)
    if max(height, width) <= WRITE_UP_TO:
        _write_values(axes, values, drawn)
    return fig


def ink_on(colour: tuple[float, float, float, float]) -> str:
    """Return "black" or "white", whichever reads better on a colour (red, green, blue, opacity in 0..1)."""
    red, green, blue, _ = colour
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"


def _write_values(axes: Axes, values: Tensor, drawn: matplotlib.image.AxesImage) -> None:
    """Write each value into its cell, in black or white, whichever contrasts more."""
    for (row, column), value in zip(
        torch.cartesian_prod(*map(torch.arange, values.shape)), values.flatten(), strict=True
    ):
        colour = ink_on(drawn.cmap(drawn.norm(float(value))))
        axes.text(int(column), int(row), f"{float(value):.2f}", ha="center", va="center", color=colour, fontsize=10)


def shape_diagram(stages: Sequence[tuple[str, tuple[int, ...]]], steps: Sequence[str]) -> Figure:
    """Draw the shapes that a tensor goes through: boxes with names and shapes, arrows with what happens.

    Args:
        stages: name and shape of each tensor.
        steps: what leads from each to the next; one fewer than stages.

    Raises:
        ValueError: another number of steps.
    """
    if len(steps) != len(stages) - 1:
        raise ValueError(f"{len(stages)} stages need {len(stages) - 1} steps between them, not {len(steps)}")
    fig, (axes,) = figure(width=2.3 * len(stages), height=1.4)
    axes.set(xlim=(-0.5, len(stages) - 0.5), ylim=(-0.5, 0.62))
    axes.set_axis_off()
    for place, (name, shape) in enumerate(stages):
        box = FancyBboxPatch((place - 0.34, -0.3), 0.68, 0.6, boxstyle="round,pad=0.02", fc="white", ec=INK)
        axes.add_patch(box)
        axes.text(place, 0.1, name, ha="center", va="center", fontweight="bold")
        axes.text(place, -0.13, " × ".join(map(str, shape)), ha="center", va="center")
    for place, step in enumerate(steps):
        axes.annotate("", (place + 0.64, 0), (place + 0.36, 0), arrowprops={"arrowstyle": "->", "color": INK})
        axes.text(place + 0.5, 0.36, step, ha="center", va="bottom", fontsize=10)
    return fig
