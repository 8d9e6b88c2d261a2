"""What a Swin Transformer learns and computes, by formula.

Notation as in `course_utils.models.swin`; `c = C / 2` is the width of the stage before.
"""

import math
from collections.abc import Sequence

from course_utils.models.swin_v2 import HIDDEN


def swin_parameters(
    patch: int,
    width: int,
    depths: Sequence[int],
    heads: Sequence[int],
    window: int,
    classes: int,
    channels: int = 3,
) -> int:
    """Return how many numbers a Swin learns.

    Args:
        patch, width, depths, heads, window, classes, channels: of `SwinTransformer`.
    """
    C = width
    total = (channels * patch**2 + 1) * C + 2 * C  # projection and norm
    for stage, (depth, h) in enumerate(zip(depths, heads, strict=True)):
        C = width * 2**stage
        merging = 2 * C**2 + 4 * C if stage else 0  # 4 c to C = 2 c, norm of 4 c
        block = 12 * C**2 + 13 * C  # as in a ViT
        total += merging + depth * (block + (2 * window - 1) ** 2 * h)
    return total + 2 * C + (C + 1) * classes


def swin_macs(
    side: int,
    patch: int,
    width: int,
    depths: Sequence[int],
    window: int,
    classes: int,
    channels: int = 3,
) -> int:
    """Return the multiply-adds of a Swin's matrix products for one square image.

    Norms, biases and softmax aren't counted, and heads don't matter. Where the grid is
    no multiple of the window, attention computes with padding too, the MLP doesn't.

    Args:
        side: of the image, in pixels.
        patch, width, depths, window, classes, channels: of `SwinTransformer`.
    """
    C, side, M = width, side // patch, window
    total = side**2 * channels * patch**2 * C
    for stage, depth in enumerate(depths):
        C = width * 2**stage
        if stage:
            side = math.ceil(side / 2)
            total += side**2 * 2 * C**2  # merging, from 4 c to C = 2 c
        N, padded = side**2, (math.ceil(side / M) * M) ** 2
        projections, attention = 4 * padded * C**2, 2 * padded * M**2 * C
        total += depth * (projections + attention + 8 * N * C**2)
    return total + C * classes


def swin_v2_parameters(
    patch: int,
    width: int,
    depths: Sequence[int],
    heads: Sequence[int],
    window: int,
    classes: int,
    channels: int = 3,
) -> int:
    """Return how many numbers a Swin V2 learns, the unused bias of the keys counted.

    Args:
        patch, width, depths, heads, window, classes, channels: of `SwinTransformerV2`.
    """
    total = swin_parameters(patch, width, depths, heads, window, classes, channels)
    for stage, (depth, h) in enumerate(zip(depths, heads, strict=True)):
        C = width * 2**stage
        total -= 2 * C if stage else 0  # merging has a norm of C = 2 c, not of 4 c
        network, scales = 3 * HIDDEN + HIDDEN * h, h
        total += depth * (network + scales - (2 * window - 1) ** 2 * h)
    return total


def swin_v2_macs(
    side: int,
    patch: int,
    width: int,
    depths: Sequence[int],
    heads: Sequence[int],
    window: int,
    classes: int,
    channels: int = 3,
) -> int:
    """Return the multiply-adds of a Swin V2's matrix products for one square image.

    To those of a Swin, each block adds the network behind its position bias.

    Args:
        side: of the image, in pixels.
        patch, width, depths, heads, window, classes, channels: of `SwinTransformerV2`.
    """
    offsets = (2 * window - 1) ** 2
    total = swin_macs(side, patch, width, depths, window, classes, channels)
    for depth, h in zip(depths, heads, strict=True):
        total += depth * offsets * HIDDEN * (2 + h)
    return total
