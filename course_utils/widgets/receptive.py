"""Move a receptive field over an image: a convolution's fixed weights beside local attention's changing ones."""

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from course_utils import plots
from course_utils.widgets.arrays import decode, encode
from course_utils.widgets.kit import Explorer, script, style, webp


class ReceptiveFieldExplorer(Explorer):
    """A small image, a K x K receptive field to move over it, and what two kinds of layer do with its pixels.

    Args:
        image: (3, H, W), RGB in 0..1, so small that single pixels can be seen.
        kernel: (K, K), K odd: the weights of a convolution, the same everywhere.
        attention: (H, W, K, K), or (h, H, W, K, K) for several heads: how much each position gives to its neighbours,
            row by row; 0 where a neighbour lies outside the image.
        start: row and column of the position that is shown first; the middle if none.

    Raises:
        ValueError: the shapes don't fit together, K is even, `start` lies outside, or weights don't sum to 1.
    """

    _esm = script("receptive.js")
    sheets = ("receptive.css",)
    _css = style(*sheets)

    def __init__(self, image: Tensor, kernel: Tensor, attention: Tensor, *, start: tuple[int, int] | None = None):
        webp(image)  # refuses what is no image
        heads = attention[None] if attention.ndim == 4 else attention
        height, width = image.shape[1:]
        start = start or (height // 2, width // 2)
        _check(image, kernel, heads, start)
        shown = heads if len(heads) == 1 else torch.cat([heads.mean(dim=0, keepdim=True), heads])
        names = [f"mean of {len(heads)} heads", *[f"head {n + 1}" for n in range(len(heads))]][: len(shown)]
        pixels = (image.detach().cpu() * 255).round().to(torch.int64).numpy()
        codes, fine = encode(shown.flatten(start_dim=3))
        facts = {
            "size": [height, width],
            "side": kernel.shape[0],
            "kernel": [round(value, 6) for value in kernel.flatten().tolist()],
            "pictures": names if len(heads) > 1 else [""],
            "fine": fine,
            "largest": round(shown.max().item(), 6),
            "start": start[0] * width + start[1],
        }
        weights = decode(codes[0, start[0], start[1]], fine)
        picture = _still(image, kernel, weights, start)
        sentence = _sentence(pixels, facts, weights, start)
        super().__init__(facts, {"pixels": pixels, "attention": codes}, [(picture, sentence)])


def _check(image: Tensor, kernel: Tensor, heads: Tensor, start: tuple[int, int]) -> None:
    """Raise ValueError unless all fits together."""
    height, width = image.shape[1:]
    side = kernel.shape[0]
    if kernel.ndim != 2 or kernel.shape != (side, side) or side % 2 == 0:
        raise ValueError(f"a kernel has the shape (K, K) with odd K, not {tuple(kernel.shape)}: use 3 x 3 or 7 x 7")
    expected = (height, width, side, side)
    if heads.ndim != 5 or heads.shape[1:] != expected:
        raise ValueError(f"the attention has the shape {tuple(heads.shape)}: pass (h, H, W, K, K) with {expected}")
    sums = heads.sum(dim=(3, 4))
    if not torch.allclose(sums, torch.ones_like(sums), atol=1e-3):
        low, high = sums.min().item(), sums.max().item()
        raise ValueError(f"weights of a position sum to {low:.3g} .. {high:.3g}: put them through a softmax")
    if not (0 <= start[0] < height and 0 <= start[1] < width):
        raise ValueError(f"there is no pixel {start} in an image of {height} x {width}: start inside")


def _field(values: np.ndarray, side: int, start: tuple[int, int]) -> np.ndarray:
    """Cut the field around `start` out of values (..., H, W); zeros outside."""
    reach = side // 2
    padding = [(0, 0)] * (values.ndim - 2) + [(reach, reach)] * 2
    row, column = start
    return np.pad(values, padding)[..., row : row + side, column : column + side]


def _where(offset: int, side: int) -> str:
    """Say where a neighbour stands, as `receptive.js` does."""
    down, right = offset // side - side // 2, offset % side - side // 2
    said = []
    for number, ways in [(down, ("up", "down")), (right, ("to the left", "to the right"))]:
        what = ("row" if ways[0] == "up" else "column") + ("" if abs(number) == 1 else "s")
        said += [f"{abs(number)} {what} {ways[number > 0]}"] if number else []
    return f"the neighbour {' and '.join(said)}" if said else "itself"


def _sentence(pixels: np.ndarray, facts: dict, weights: np.ndarray, start: tuple[int, int]) -> str:
    """Say what both layers do at `start`; `js/receptive.js` says the same."""
    grey = _field(pixels.sum(axis=0) / 765, facts["side"], start).flatten()
    convolved, mixed = (float((np.array(w) * grey).sum()) + 0.0 for w in (facts["kernel"], weights))
    best = int(weights.argmax())
    name = facts["pictures"][0]
    return (
        f"At row {start[0]}, column {start[1]} the convolution uses its {len(weights)} weights unchanged, and gives "
        f"{convolved:.2f}. Attention{f' ({name})' if name else ''} gives the most, {weights[best]:.1%}, to "
        f"{_where(best, facts['side'])}; its weighted mean is {mixed:.2f}."
    )


def _still(image: Tensor, kernel: Tensor, weights: np.ndarray, start: tuple[int, int]) -> Figure:
    """Draw the image with the field, and its pixels, fixed weights and changing weights, for the first position."""
    side, (row, column) = kernel.shape[0], start
    figure = Figure(figsize=(9, 2.9))
    axes = figure.subplots(1, 4, width_ratios=(2, 1, 1, 1))
    plots.draw_image(axes[0], image, "the image")
    corner = (column - side / 2, row - side / 2)
    for colour, line in (("black", 4), ("white", 2)):
        axes[0].add_patch(Rectangle(corner, side, side, fill=False, edgecolor=colour, linewidth=line))
    field = torch.from_numpy(_field(image.detach().cpu().numpy(), side, start).copy())
    plots.draw_image(axes[1], field, "the field")
    most = kernel.abs().max().item() or 1.0
    axes[2].imshow(kernel.detach().cpu().numpy(), cmap=plots.VALUES, vmin=-most, vmax=most)
    axes[2].set_title("fixed weights")
    axes[3].imshow(weights.reshape(side, side), cmap=plots.ATTENTION, vmin=0)
    axes[3].set_title("changing weights")
    for one in axes[2:]:
        one.set_axis_off()
    return figure
