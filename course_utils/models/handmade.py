"""Attention without a single learned weight: a patch's own colours and edges are its query and its key.

Lesson 00 opens with it. The softmax over similarities is the one of every later lesson; what later lessons add
is that queries and keys are *learned* (Vaswani et al. 2017, equation 1).
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils.models.patches import patchify

ORIENTATIONS = 8
COLOUR, SPREAD, EDGES = (
    1.0,
    0.5,
    0.25,
)  # how much each counts: chosen by eye on the three photographs of the course


def to_patches(image: Tensor, patch: int) -> Tensor:
    """Cut an image into square patches, row by row.

    Args:
        image: (C, H, W).
        patch: side P of a patch, in pixels.

    Returns:
        (N, C, P, P) with N = H/P * W/P; patch `row * (W/P) + column` is the one at that row and column.

    Raises:
        ValueError: `image` hasn't three axes, or a side is not a multiple of `patch`.
    """
    if image.ndim != 3:
        raise ValueError(f"an image has the shape (C, H, W), not {tuple(image.shape)}: pass one image, not a batch")
    C, H, W = image.shape
    if patch < 1 or H % patch or W % patch:
        raise ValueError(
            f"an image of {H} x {W} pixels can't be cut into patches of {patch}: crop it or change the side"
        )
    return patchify(image[None], patch)[0].unflatten(1, (C, patch, patch))


def edge_histogram(patches: Tensor) -> Tensor:
    """Count how much edge each patch has in each direction, as in Dalal & Triggs 2005, section 6.3.

    Args:
        patches: (N, C, P, P).

    Returns:
        (N, 8): per patch, the gradient magnitude of its brightness, summed by direction (from 0 to 180 degrees).
    """
    brightness = patches.mean(dim=1)  # (N, P, P)
    down, across = torch.gradient(brightness, dim=(1, 2))
    magnitude = torch.hypot(down, across)
    angle = torch.atan2(down, across) % torch.pi  # an edge has no sign
    bins = (angle / torch.pi * ORIENTATIONS).long().clamp(max=ORIENTATIONS - 1)
    in_bin = F.one_hot(bins, ORIENTATIONS).to(magnitude.dtype)  # (N, P, P, 8)
    return (in_bin * magnitude[..., None]).sum(dim=(1, 2))


def opponent_colours(image: Tensor) -> Tensor:
    """Turn (3, H, W) RGB into brightness, red against green, and yellow against blue; the shape stays."""
    red, green, blue = image
    return torch.stack([image.mean(dim=0), red - green, (red + green) / 2 - blue])


def describe_patches(image: Tensor, patch: int) -> Tensor:
    """Describe each patch by its mean colour, its spread of colour and its edges.

    Args:
        image: (3, H, W), RGB in 0..1.
        patch: side P of a patch, in pixels.

    Returns:
        (N, 14): three means, three standard deviations, eight edge directions; each standardised over the
        patches, then weighted by `COLOUR`, `SPREAD` or `EDGES`.
    """
    pixels = to_patches(opponent_colours(image), patch).flatten(start_dim=2)  # (N, 3, P*P)
    edges = edge_histogram(to_patches(image, patch)).sqrt()  # (N, 8)
    groups = [(COLOUR, pixels.mean(dim=2)), (SPREAD, pixels.std(dim=2)), (EDGES, edges)]
    return torch.cat([weight * _standardised(values) for weight, values in groups], dim=1)


def _standardised(features: Tensor) -> Tensor:
    """Bring each column of (N, D) to mean 0 and standard deviation 1, so that no unit outweighs another."""
    return (features - features.mean(dim=0)) / features.std(dim=0).clamp(min=1e-6)


def share(scores: Tensor) -> Tensor:
    """Turn each row of scores into shares: the exponentials, divided by their sum over the row.

    Args:
        scores: (..., N), of any sign.

    Returns:
        (..., N), positive, each row summing to 1. It is the softmax; PyTorch's own also survives huge scores.
    """
    exponentials = scores.exp()
    return exponentials / exponentials.sum(dim=-1, keepdim=True)


def resemblance_attention(features: Tensor, temperature: float = 0.15) -> Tensor:
    """Let every patch look at the patches that resemble it.

    Args:
        features: (N, D), one row a patch: query and key at once.
        temperature: what the cosines are divided by; the smaller, the sharper.

    Returns:
        (N, N) attention weights; row i is where patch i looks, and sums to 1.

    Raises:
        ValueError: `temperature` is not positive.
    """
    if temperature <= 0:
        raise ValueError(f"temperature {temperature} is not positive: 0.15 is a good start")
    directions = F.normalize(features, dim=1)  # (N, D), length 1
    cosines = directions @ directions.T  # (N, N), from -1 to 1
    return (cosines / temperature).softmax(dim=1)
