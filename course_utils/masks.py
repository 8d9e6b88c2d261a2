"""Where the objects are in the course's photographs: polygons drawn by hand, as masks of pixels or of patches."""

from itertools import groupby

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn import functional as F

from course_utils.data import photograph, table

TABLE = "object_masks"


def regions(kind: str) -> dict[str, str]:
    """Return what is outlined, by photograph: "object" for the main object, "material" for a part of one colour.

    Raises:
        ValueError: there is no such kind.
    """
    found = {row["photograph"]: row["object"] for row in table(TABLE) if row["kind"] == kind}
    if not found:
        raise ValueError(f"there is no kind {kind!r} of region: use 'object' or 'material'")
    return found


def object_mask(name: str, grid: tuple[int, int] | None = None) -> Tensor:
    """Return where the main object of the photograph `name` is; its outline is rough, drawn by hand.

    Args:
        name: of a photograph, such as "cat".
        grid: rows and columns of cells; none for single pixels.

    Returns:
        bool, (H, W) or (rows, columns): True where at least half of the cell is inside.

    Raises:
        ValueError: there is no such photograph, or its sides are no multiples of the grid's.
    """
    return _mask(name, "object", grid)


def material_mask(name: str, grid: tuple[int, int] | None = None) -> Tensor:
    """Return where the material outlined in the photograph `name` is, such as the astronaut's orange suit.

    Args, result and errors as for `object_mask`; not every photograph has one: see `regions("material")`.
    """
    return _mask(name, "material", grid)


def _mask(name: str, kind: str, grid: tuple[int, int] | None) -> Tensor:
    rows = [row for row in table(TABLE) if (row["photograph"], row["kind"]) == (name, kind)]
    if not rows:
        raise ValueError(f"no {kind} is outlined in {name!r}: use one of {', '.join(regions(kind))}")
    height, width = photograph(name).shape[1:]
    inside = Image.new("L", (width, height))
    for _, points in groupby(rows, key=lambda row: row["part"]):
        ImageDraw.Draw(inside).polygon([(float(point["x"]), float(point["y"])) for point in points], fill=1)
    pixels = torch.from_numpy(np.array(inside)).bool()  # (H, W)
    return pixels if grid is None else _most(pixels, grid)


def _most(pixels: Tensor, grid: tuple[int, int]) -> Tensor:
    """Say for each cell of a grid whether at least half of its pixels (H, W) are True."""
    (height, width), (rows, columns) = pixels.shape, grid
    if height % rows or width % columns:
        raise ValueError(f"{height} x {width} pixels have no grid of {rows} x {columns} equal cells: use divisors")
    return F.avg_pool2d(pixels.float()[None], (height // rows, width // columns))[0] >= 0.5
