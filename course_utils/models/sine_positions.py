"""Sines and cosines of places in an image: of the cells of a feature map, and of boxes.

Notation: `B` images, `H W` the feature map, `D` width. Coordinates are shares of the image's sides, in 0..1.
"""

import math

import torch
from torch import Tensor

TEMPERATURE = 10_000  # nearly so many times as long is the longest wave as the shortest, one for a whole side
EPS = 1e-6  # an image that is all padding has no last row to divide by


def waves(coordinates: Tensor, width: int, temperature: float = TEMPERATURE) -> Tensor:
    """Turn every coordinate into sines and cosines of waves from short to long.

    Args:
        coordinates: (..., n), in 0..1.
        width: D, how many numbers come out for all n of them together, a multiple of 2 n.
        temperature: T; the longest wave is T^(1 - 2 n / D) times as long as the shortest.

    Returns:
        (..., D): D / n numbers for the first coordinate, then as many for the next; sine
        and cosine of one wave stand side by side. Parmar et al. 2018, section 3.2.1, with
        the scale of Carion et al. 2020, appendix A.4.

    Raises:
        ValueError: the width can't be shared out so.
    """
    n = coordinates.shape[-1]
    if width % (2 * n):
        found = f"width {width} is not a multiple of {2 * n}"
        raise ValueError(f"{found}: {n} coordinates need pairs")
    each = torch.arange(0, width // n, 2).to(coordinates) * n / width  # (D / 2n,)
    angle = 2 * math.pi * coordinates[..., None] / temperature**each  # (..., n, D / 2n)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(start_dim=-3)


def sine_positions(valid: Tensor, width: int) -> Tensor:
    """Give every cell of a padded feature map its position within the part that is image.

    Args:
        valid: (B, H, W), 1 for image and 0 for padding, in the type of the features.
        width: D, a multiple of 4.

    Returns:
        (B, H * W, D), row by row: waves of y first, then of x. Carion et al. 2020,
        appendix A.4; rows and columns are counted from 1, as the authors' code does.

    Raises:
        ValueError: `width` is not a multiple of 4.
    """
    rows, columns = valid.cumsum(dim=1), valid.cumsum(dim=2)  # (B, H, W)
    y = rows / (rows[:, -1:] + EPS)
    x = columns / (columns[:, :, -1:] + EPS)
    return waves(torch.stack([y, x], dim=-1), width).flatten(1, 2)
