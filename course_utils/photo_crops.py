"""Crops of the course's photographs, for trainings on them."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils.data import photograph

PHOTOGRAPHS = ("astronaut", "cat", "china", "coffee", "flower", "hopper", "rocket")


def halved(name: str) -> Tensor:
    """Return a photograph at half its size, (3, H/2, W/2): each pixel is the mean of four."""
    return F.avg_pool2d(photograph(name)[None], 2)[0]


def random_crop(image: Tensor, sides: tuple[int, int], size: int, generator: torch.Generator) -> Tensor:
    """Cut a square out of an image, at random, and bring it to one size.

    Args:
        image: (C, H, W).
        sides: the smallest and the largest side, which is cut down to what the image has; a logarithm between theirs
            is drawn, so that halving is as likely as doubling.
        size: of what is returned.
        generator: draws side, place, and whether to mirror left to right.

    Returns:
        (C, size, size).
    """
    (height, width), (least, most) = image.shape[1:], sides
    share, down, across, mirrored = torch.rand(4, generator=generator).tolist()
    side = round(least * (min(most, height, width) / least) ** share)
    top, left = int(down * (height - side + 1)), int(across * (width - side + 1))
    cut = image[None, :, top : top + side, left : left + side]
    resized = F.interpolate(cut, (size, size), mode="bilinear", antialias=True, align_corners=False)[0]
    return resized.flip(2) if mirrored < 0.5 else resized


def random_crops(
    images: Sequence[Tensor], count: int, sides: tuple[int, int], size: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return `count` crops (B, C, size, size), each of an image drawn at random, and the images' numbers (B,)."""
    chosen = torch.randint(len(images), (count,), generator=generator)
    return torch.stack([random_crop(images[i], sides, size, generator) for i in chosen]), chosen
