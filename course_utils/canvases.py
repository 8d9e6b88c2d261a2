"""One piece of clothing on a black canvas, small or large, anywhere: lesson 08's objects of various sizes.

Made on the fly from Fashion-MNIST, training canvases from its training images, test canvases from its test images.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils.data import FASHION_BLACK
from course_utils.image_sets import ImageSet
from course_utils.training import Augment

SIDE = 56  # of a canvas: 14 x 14 patches of 4
SIZES = (8, 14, 20, 28, 40, 56)  # of an item, each 1.4 to 1.75 times the one before; the largest fills the canvas


def resize(images: Tensor, size: int) -> Tensor:
    """Resize pictures (B, C, H, W) to (B, C, size, size): each pixel a mean of all that it covers."""
    return F.interpolate(images, (size, size), mode="bilinear", antialias=True, align_corners=False)


def random_corners(sizes: Tensor, generator: torch.Generator, side: int = SIDE) -> Tensor:
    """Draw where squares of `sizes` (B,) lie on a canvas, all places at which they are whole alike.

    Returns:
        (B, 2) of int64: the row and the column of the upper left pixel.
    """
    room = side - sizes[:, None] + 1  # (B, 1) rows, and as many columns, to begin in
    return (torch.rand(len(sizes), 2, generator=generator) * room).long()


def place(images: Tensor, sizes: Tensor, corners: Tensor, side: int = SIDE, background: float = 0.0) -> Tensor:
    """Put each picture on a canvas of its own.

    Args:
        images: (B, C, H, W).
        sizes: (B,) of int64, the sides in pixels to which they are resized.
        corners: (B, 2) of int64, the row and column of their upper left pixels.
        side: of the canvases.
        background: the value of all other pixels.

    Returns:
        (B, C, side, side).

    Raises:
        ValueError: a picture would reach over the edge.
    """
    ends = corners + sizes[:, None]  # (B, 2)
    if corners.min() < 0 or ends.max() > side:
        reach = f"{corners.min().item()} to {ends.max().item()}"
        raise ValueError(
            f"pictures reach from pixel {reach} of a canvas of {side}: use smaller ones, or a larger canvas"
        )
    canvases = images.new_full((len(images), images.shape[1], side, side), background)
    for size in sizes.unique().tolist():
        chosen = (sizes == size).nonzero()[:, 0]  # (n,)
        rows, columns = (corners[chosen, axis, None] + torch.arange(size) for axis in (0, 1))  # (n, size) each
        pixels = resize(images[chosen], size).permute(0, 2, 3, 1)  # (n, size, size, C)
        canvases[chosen[:, None, None], :, rows[:, :, None], columns[:, None, :]] = pixels
    return canvases


def on_canvas(sizes: Sequence[int] = SIZES, side: int = SIDE) -> Augment:
    """Return what puts standardised pictures (B, 1, 28, 28) on black canvases (B, 1, side, side).

    Args:
        sizes: in pixels, of which each picture draws one, all alike.
        side: of the canvases.
    """
    choices = torch.tensor(sizes)

    def augment(images: Tensor, generator: torch.Generator) -> Tensor:
        drawn = choices[torch.randint(len(choices), (len(images),), generator=generator)]
        return place(images, drawn, random_corners(drawn, generator, side), side, FASHION_BLACK)

    return augment


def canvas_set(images: ImageSet, size: int, seed: int, side: int = SIDE) -> ImageSet:
    """Put all images of a set, resized to `size` pixels, on canvases: (N, side, side) uint8.

    Args:
        images: (N, 28, 28) uint8.
        size: of the items.
        seed: of their places.
        side: of the canvases.
    """
    sizes = torch.full((len(images),), size)
    corners = random_corners(sizes, torch.Generator().manual_seed(seed), side)
    canvases = place(images.images[:, None].float(), sizes, corners, side)[:, 0]
    return ImageSet(canvases.round().byte(), images.labels, images.classes)
