"""Labelled images in memory, and the rule by which every data set of the course is cut to size."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True, eq=False, repr=False)
class ImageSet:
    """Labelled images: `images` (N, H, W) or (N, C, H, W) uint8, `labels` (N,) int64, and the class names."""

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"ImageSet(images {tuple(self.images.shape)}, {len(self.classes)} classes)"


def check_size(argument: str, size: int, available: int) -> None:
    """Do nothing when `size` of the `available` images can be taken with all 10 classes equally often.

    Raises:
        ValueError: the size is negative, too large or not a multiple of 10; the message has the nearest.
    """
    if size < 0:
        raise ValueError(f"{argument}={size} is negative: use 0 or 10")
    if size > available:
        raise ValueError(f"{argument}={size} is more than there are: use {available}")
    if size % 10:
        lower = size // 10 * 10
        raise ValueError(f"{argument}={size} can't be balanced over 10 classes: use {lower} or {lower + 10}")


def balanced(images: np.ndarray, labels: np.ndarray, size: int, classes: tuple[str, ...]) -> ImageSet:
    """Return the first `size` images in the order class 0, 1, ... 9, 0, 1, ..., each class as it came.

    So a larger set begins with the smaller one. `images` is (N, ...) uint8, `labels` (N,) counts from 0.

    Raises:
        ValueError: the classes have unequal numbers of images.
    """
    counts = np.bincount(labels, minlength=len(classes))
    if counts.min() != counts.max():
        raise ValueError(f"the classes have {counts.min()} to {counts.max()} images: use the same number")
    by_class = np.argsort(labels, kind="stable").reshape(len(classes), -1)
    first = by_class.T.reshape(-1)[:size]
    chosen = torch.from_numpy(labels[first].astype(np.int64))
    return ImageSet(torch.from_numpy(images[first]), chosen, classes)
