"""Images as tokens: cut into patches, flattened, projected.

Notation: `B` batch, `C` channels, `H W` the image, `P` side of a patch, `N = H/P * W/P` patches, `D` width.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.models.non_local import as_tokens


def patchify(images: Tensor, patch: int) -> Tensor:
    """Cut images into square patches, row by row, and flatten each.

    Args:
        images: (B, C, H, W).
        patch: P.

    Returns:
        (B, N, C * P * P): within a patch the channels are the slowest, then its rows, then its columns.
        Dosovitskiy et al. 2021, section 3.1.

    Raises:
        ValueError: a side is not a multiple of `patch`.
    """
    B, C, H, W = images.shape
    if H % patch or W % patch:
        raise ValueError(f"an image of {H} x {W} can't be cut into patches of {patch}: crop it, or change the patch")
    cut = images.reshape(B, C, H // patch, patch, W // patch, patch)  # (B, C, rows, P, columns, P)
    return cut.permute(0, 2, 4, 1, 3, 5).reshape(B, H // patch * (W // patch), C * patch * patch)


def unpatchify(patches: Tensor, patch: int, height: int, width: int) -> Tensor:
    """Put the patches of `patchify` together again.

    Args:
        patches: (B, N, C * P * P).
        patch: P.
        height, width: H and W of the image.

    Returns:
        (B, C, H, W).
    """
    B = len(patches)
    rows, columns = height // patch, width // patch
    cut = patches.reshape(B, rows, columns, -1, patch, patch)  # (B, rows, columns, C, P, P)
    return cut.permute(0, 3, 1, 4, 2, 5).reshape(B, -1, height, width)


def embed_patches(images: Tensor, weight: Tensor, bias: Tensor, patch: int) -> Tensor:
    """Cut into patches and project each, as one convolution with stride P.

    Args:
        images: (B, C, H, W).
        weight: (D, C * P * P), of the linear layer that would project the patches of `patchify`.
        bias: (D,).
        patch: P.

    Returns:
        (B, N, D).
    """
    kernel = weight.reshape(-1, images.shape[1], patch, patch)  # (D, C, P, P)
    return as_tokens(F.conv2d(images, kernel, bias, stride=patch))


class PatchEmbed(nn.Module):
    """Patches, flattened and projected to the width of a Transformer: Dosovitskiy et al. 2021, equation 1.

    Args:
        patch: P.
        channels: C.
        width: D.
    """

    def __init__(self, patch: int, channels: int, width: int):
        super().__init__()
        self.project = nn.Conv2d(channels, width, patch, stride=patch)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, N, D).

        Raises:
            ValueError: a side is not a multiple of P; a convolution would leave the rest out without a word.
        """
        (height, width), (patch, _) = images.shape[2:], self.project.stride
        if height % patch or width % patch:
            raise ValueError(f"an image of {height} x {width} has no whole patches of {patch}: crop or resize it")
        return as_tokens(self.project(images))


class OverlappingPatches(nn.Module):
    """Patches that overlap, projected: a convolution of side 2 P - 1 with stride P, as MViT and its successor have it.

    Args:
        patch: P.
        channels: of the images.
        width: D.
    """

    def __init__(self, patch: int, channels: int, width: int):
        super().__init__()
        side, padding = 2 * patch - 1, patch - 1
        self.project = nn.Conv2d(channels, width, side, patch, padding)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, channels, rows, columns) to (B, rows / P, columns / P, D), rounded up."""
        return self.project(images).movedim(1, -1)


def shuffled_patches(images: Tensor, patch: int, order: Tensor) -> Tensor:
    """Return images (B, C, H, W) whose patches stand in another order: place n shows patch `order[n]`."""
    return unpatchify(patchify(images, patch)[:, order], patch, *images.shape[2:])


def random_order(patches: int, seed: int) -> Tensor:
    """Return the numbers 0 to N - 1 for N = `patches` in an order drawn from `seed`: (N,)."""
    return torch.randperm(patches, generator=torch.Generator().manual_seed(seed))
