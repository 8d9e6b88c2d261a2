"""Augmentation: images are changed before they are shown, so that a model never sees the same one twice.

Images are standardised floats (B, C, H, W). Every draw comes from the generator that is handed in. MixUp, erasing,
`solarize` and `translate` are written out; RandAugment's other operations are torchvision's.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils.training import Augment, Mix

Operation = Callable[[Tensor, float, int], Tensor]  # images in 0..1, magnitude 0..1 and sign -1 or 1 to images in 0..1
HIGHEST = 30  # of RandAugment's scale of magnitudes (Cubuk et al. 2020, section 3)


def smooth_labels(targets: Tensor, share: float) -> Tensor:
    """Take a share of every target, and hand it out to all classes alike.

    Args:
        targets: (B, classes), each row summing to 1.
        share: 0 to 1, what is handed out; the true class gets its part back too.

    Returns:
        (B, classes), each row still summing to 1. Szegedy et al. 2016, section 7.
    """
    return (1 - share) * targets + share / targets.shape[1]


def mixup(images: Tensor, targets: Tensor, order: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Mix every image with another one of its batch, and their targets alike.

    Args:
        images: (B, C, H, W).
        targets: (B, classes), each row summing to 1.
        order: (B,) of int64; image b is mixed with image order[b].
        share: lambda, 0 to 1, of image b in the mixture.

    Returns:
        Images (B, C, H, W) and targets (B, classes). Zhang et al. 2018, section 2.
    """
    mixed = share * images + (1 - share) * images[order]
    return mixed, share * targets + (1 - share) * targets[order]


def random_mixup(alpha: float) -> Mix:
    """Return a MixUp that draws a share from Beta(alpha, alpha) and an order for each batch.

    Args:
        alpha: above 0; below 1, most shares are close to 0 or to 1 (Zhang et al. 2018, section 2).

    Raises:
        ValueError: `alpha` is not positive.
    """
    if alpha <= 0:
        raise ValueError(f"alpha {alpha} is not positive: use 0.2, or leave MixUp out")

    def mix(images: Tensor, targets: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        seed = int(torch.randint(2**63 - 1, (), generator=generator))  # torch's Beta takes no generator, NumPy's does
        share = np.random.default_rng(seed).beta(alpha, alpha)
        return mixup(images, targets, torch.randperm(len(images), generator=generator), share)

    return mix


def erase(images: Tensor, top: Tensor, left: Tensor, height: Tensor, width: Tensor, fill: float = 0.0) -> Tensor:
    """Fill one rectangle in every image.

    Args:
        images: (B, C, H, W).
        top: (B,) of int64, the first row of each image's rectangle.
        left: (B,), its first column.
        height: (B,), its number of rows; an image with 0 stays as it is.
        width: (B,), its number of columns.
        fill: what its pixels become; 0 is the mean of standardised images.

    Returns:
        (B, C, H, W). What lies outside the image is left out. Zhong et al. 2020, section 3.2.
    """
    H, W = images.shape[-2:]
    row, column = torch.arange(H), torch.arange(W)
    rows = (row >= top[:, None]) & (row < (top + height)[:, None])  # (B, H)
    columns = (column >= left[:, None]) & (column < (left + width)[:, None])  # (B, W)
    return images.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], fill)


def random_erasing(
    chance: float, area: tuple[float, float] = (0.02, 0.33), ratio: tuple[float, float] = (0.3, 3.3)
) -> Augment:
    """Return an augmentation that erases a rectangle at random in some of the images.

    Args:
        chance: of an image to get one, 0 to 1.
        area: least and most share of the image; drawn evenly.
        ratio: least and most of height / width; its logarithm is drawn evenly, so tall is as likely as wide.

    Zhong et al. 2020, algorithm 1. There a rectangle that is too large is drawn again; here it is cut to the image.
    """

    def augment(images: Tensor, generator: torch.Generator) -> Tensor:
        B, _, H, W = images.shape
        chosen, size, shape, down, right = torch.rand(5, B, generator=generator)
        pixels = H * W * (area[0] + size * (area[1] - area[0]))
        slim = (math.log(ratio[0]) + shape * math.log(ratio[1] / ratio[0])).exp()  # (B,)
        height = (pixels * slim).sqrt().round().clamp(1, H).long()
        width = (pixels / slim).sqrt().round().clamp(1, W).long()
        top, left = (down * (H - height + 1)).long(), (right * (W - width + 1)).long()
        return erase(images, top, left, height * (chosen < chance), width)

    return augment


def solarize(images: Tensor, threshold: float) -> Tensor:
    """Turn bright pixels of images in 0..1 over: x is 1 - x from `threshold` on."""
    return torch.where(images >= threshold, 1 - images, images)


def translate(images: Tensor, rows: int, columns: int, fill: float = 0.0) -> Tensor:
    """Shift images (B, C, H, W) by whole pixels, down and right or, if negative, back.

    What leaves the image is lost, and `fill` takes its place on the other side.
    """
    H, W = images.shape[-2:]
    down, right = max(-H, min(H, rows)), max(-W, min(W, columns))
    return F.pad(images, (right, -right, down, -down), value=fill)  # negative: cut off


def random_shift(most: int, fill: float = 0.0) -> Augment:
    """Return an augmentation that shifts each image by whole pixels, drawn evenly from -most to most on both axes."""

    def augment(images: Tensor, generator: torch.Generator) -> Tensor:
        B, _, H, W = images.shape
        padded = F.pad(images, [most] * 4, value=fill)
        rows = torch.randint(2 * most + 1, (B, 1), generator=generator) + torch.arange(H)  # (B, H)
        columns = torch.randint(2 * most + 1, (B, 1), generator=generator) + torch.arange(W)  # (B, W)
        image = torch.arange(B)[:, None, None]
        return padded[image, :, rows[:, :, None], columns[:, None]].movedim(3, 1)  # (B, H, W, C) before

    return augment


def _torchvision(name: str) -> Any:
    """Return what torchvision calls so: a function of images, or a way to interpolate."""
    from torchvision.transforms.v2 import functional  # here, as it takes longer than to import torch

    return getattr(functional, name)


def _enhance(name: str) -> Operation:
    """Make an operation of one of torchvision's whose factor 1 changes nothing: from 0.1 to 1.9."""
    return lambda images, magnitude, sign: _torchvision(name)(images, 1 + sign * 0.9 * magnitude)


def _warp(angle: float = 0.0, shear: tuple[float, float] = (0.0, 0.0)) -> Operation:
    """Make an operation that turns or shears by at most so many degrees."""

    def operation(images: Tensor, magnitude: float, sign: int) -> Tensor:
        size = sign * magnitude
        return _torchvision("affine")(
            images,
            angle=size * angle,
            translate=[0, 0],
            scale=1.0,
            shear=[size * degrees for degrees in shear],
            interpolation=_torchvision("InterpolationMode").BILINEAR,
        )

    return operation


SLANT = math.degrees(math.atan(0.3))  # a shear of 0.3 pixels a pixel
FARTHEST = 0.45  # of a side: 150 of 331 pixels

# Cubuk et al. 2020, figure 2, without Color, which does nothing to a grey image; the largest changes are those of
# Cubuk et al. 2019 (AutoAugment), table 6, which RandAugment's scale is made of
OPERATIONS: dict[str, Operation] = {
    "identity": lambda images, _magnitude, _sign: images,
    "auto_contrast": lambda images, _magnitude, _sign: _torchvision("autocontrast")(images),
    "equalize": lambda images, _magnitude, _sign: _torchvision("equalize")(images),
    "rotate": _warp(angle=30),
    "solarize": lambda images, magnitude, _sign: solarize(images, 1 - magnitude),
    "posterize": lambda images, magnitude, _sign: _torchvision("posterize")(images, 8 - round(4 * magnitude)),
    "contrast": _enhance("adjust_contrast"),
    "brightness": _enhance("adjust_brightness"),
    "sharpness": _enhance("adjust_sharpness"),
    "shear_x": _warp(shear=(SLANT, 0.0)),
    "shear_y": _warp(shear=(0.0, SLANT)),
    "translate_x": lambda images, size, sign: translate(images, 0, round(sign * size * FARTHEST * images.shape[3])),
    "translate_y": lambda images, size, sign: translate(images, round(sign * size * FARTHEST * images.shape[2]), 0),
}


def rand_augment(count: int, magnitude: float, mean: float, std: float) -> Augment:
    """Return RandAugment: every image goes through operations that are drawn for it.

    Args:
        count: N, how many operations an image draws, each out of all.
        magnitude: M, 0 to 30, how strong they are.
        mean: of the pixels in 0..1, which the images were standardised with.
        std: likewise.

    Raises:
        ValueError: `count` is negative, or `magnitude` isn't in 0..30.

    Source: Cubuk et al. 2020, section 3 and figure 2.
    """
    if count < 0 or not 0 <= magnitude <= HIGHEST:
        raise ValueError(f"count {count} and magnitude {magnitude}: use a count from 0 and a magnitude in 0..{HIGHEST}")

    def augment(images: Tensor, generator: torch.Generator) -> Tensor:
        changed = (images * std + mean).clamp(0, 1)
        for _ in range(count):
            changed = _one_each(changed, magnitude / HIGHEST, generator)
        return (changed - mean) / std

    return augment


def _one_each(images: Tensor, magnitude: float, generator: torch.Generator) -> Tensor:
    """Apply one operation, drawn for each image together with its sign, to images (B, C, H, W) in 0..1."""
    operations = list(OPERATIONS.values())
    drawn = torch.randint(2 * len(operations), (len(images),), generator=generator)
    changed = torch.empty_like(images)
    for number in drawn.unique().tolist():
        index, positive = divmod(number, 2)
        members = (drawn == number).nonzero()[:, 0]  # those that drew it
        changed[members] = operations[index](images[members], magnitude, 1 if positive else -1)
    return changed


def chain(*augments: Augment) -> Augment:
    """Return the augmentation that applies several, the first one first."""

    def augment(images: Tensor, generator: torch.Generator) -> Tensor:
        for one in augments:
            images = one(images, generator)
        return images

    return augment
