"""The calls that lesson 4's exercises are compared on: images that aren't square, and no two sizes alike.

The numbers of 4.4 are far from those where one row of tokens more just fits: a rounding error can't matter there.
"""

import torch
from torch import Tensor

from course_utils.exercises.registry import Case

IMAGES = (
    (2, 3, 4, 6, 2, "a wide image"),
    (3, 2, 9, 6, 3, "a tall image"),
    (2, 5, 6, 10, 2, "with five channels"),
    (2, 3, 12, 12, 4, "a square image"),
)  # B, C, H, W, P, note


def models() -> list[Case]:
    """Return sizes of models: one matrix and many, and so few patches that a single number more shows."""
    return [
        Case((32,), note="one matrix"),
        Case((128,), {"layers": 48, "heads": 16}, note="pixels, with 48 layers and 16 heads"),
        Case((224, 16), {"layers": 12, "heads": 3}, note="patches of 16 x 16"),
        Case((24, 6), {"layers": 5, "heads": 2, "class_token": True, "bits": 16}, note="with a class token"),
    ]


def images(seed: int = 42) -> list[Case]:
    """Return images, and the side of a patch."""
    generator = torch.Generator().manual_seed(seed)
    return [Case((_normal(generator, B, C, H, W), P), note=note) for B, C, H, W, P, note in IMAGES]


def patches(seed: int = 43) -> list[Case]:
    """Return patches, their side, and height and width of the image."""
    generator = torch.Generator().manual_seed(seed)
    return [
        Case((_normal(generator, B, H // P * (W // P), C * P * P), P, H, W), note=note)
        for B, C, H, W, P, note in IMAGES
    ]


def images_and_weights() -> list[Case]:
    """Return images, the weight and bias of a linear layer for their patches, and the side of a patch."""
    generator = torch.Generator().manual_seed(44)
    return [
        Case((_normal(generator, B, C, H, W), _normal(generator, D, C * P * P), _normal(generator, D), P), note=note)
        for (B, C, H, W, P, note), D in zip(IMAGES, (5, 7, 4, 8), strict=True)
    ]


def numbers_of_layers() -> list[Case]:
    """Return numbers of layers, in training and in inference."""
    return [
        Case((12,), {"training": False}, note="12 layers in inference"),
        Case((12,), {"training": True}, note="12 layers in training"),
        Case((5,), {"training": False}, note="5 layers in inference"),
        Case((5,), {"training": True}, note="5 layers in training"),
        Case((1,), {"training": True}, note="one layer in training"),
    ]


def memories() -> list[Case]:
    """Return amounts of memory, for pixels and patches, one matrix and many."""
    return [
        Case((10,), note="one matrix of pixels"),
        Case((24, 16), {"matrices": 14, "heads": 12, "bits": 16}, note="patches of 16 x 16, in 16 bits"),
        Case((80.0,), {"matrices": 3, "heads": 5}, note="3 matrices for each of 5 heads"),
        Case((2.5, 14), {"matrices": 26, "heads": 16, "bits": 8}, note="patches of 14 x 14, in 8 bits"),
    ]


def grey_images(seed: int = 47) -> list[Case]:
    """Return images of whole numbers, and the number that stands for their beginning."""
    generator = torch.Generator().manual_seed(seed)
    sizes = [(2, 3, 8), (3, 4, 16), (4, 2, 8)]  # B, R, levels
    return [Case((torch.randint(levels, (B, R, R), generator=generator), levels)) for B, R, levels in sizes]


def _normal(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()
