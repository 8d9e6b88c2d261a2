"""Does an attention map say what a classifier needs? Take patches away, and see what happens to its accuracy."""

import math

import torch
from torch import Tensor

from course_utils.models.maps import attention_maps, rollout
from course_utils.models.vit import VisionTransformer
from course_utils.threads import one_thread

AT_ONCE = 50  # images: more don't fit into a processor's cache, fewer cost more calls


@one_thread()
@torch.no_grad()
def logits_without(model: VisionTransformer, images: Tensor, removed: Tensor) -> Tensor:
    """Classify images of which some patches don't exist: their tokens are taken out in front of the first block.

    Args:
        model: with a class token.
        images: (B, C, H, W).
        removed: (B, k), the numbers of the patches to take away, from 0 to N - 1.

    Returns:
        the logits (B, classes).
    """
    parts = zip(images.split(AT_ONCE), removed.split(AT_ONCE), strict=True)
    return torch.cat([_logits_without(model, part, gone) for part, gone in parts])


def _logits_without(model: VisionTransformer, images: Tensor, removed: Tensor) -> Tensor:
    tokens = model.tokens(images)  # (B, 1 + N, D)
    stays = torch.ones(tokens.shape[:2], dtype=torch.bool)
    stays.scatter_(1, removed + 1, False)  # 0 is the class token
    tokens = tokens[stays].view(len(images), -1, tokens.shape[2])  # (B, 1 + N - k, D)
    for block in model.blocks:
        tokens = block(tokens)
    return model.head(model.norm(tokens[:, 0]))


@one_thread()
@torch.no_grad()
def class_rollout(model: VisionTransformer, images: Tensor) -> Tensor:
    """Return how much of each patch (B, N) reaches the class token, by attention rollout (Abnar & Zuidema 2020)."""
    found = []
    for part in images.split(AT_ONCE):
        layers = [next(iter(layer.values())) for layer in attention_maps(model, part)]
        found.append(rollout(layers)[-1][:, 0, 1:])
    return torch.cat(found)


@one_thread()
@torch.no_grad()
def class_attention(model: VisionTransformer, images: Tensor) -> Tensor:
    """Return the class token's attention to each patch (B, N) in the last layer, the mean of its heads."""
    parts = [next(iter(attention_maps(model, part)[-1].values())) for part in images.split(AT_ONCE)]
    return torch.cat([part.mean(dim=1)[:, 0, 1:] for part in parts])


def difference_with_interval(first: Tensor, second: Tensor) -> tuple[float, float]:
    """Return by how much two accuracies on the same images differ, and half the width of the 95 % interval.

    Args:
        first, second: (B,) of bool, whether each image was classified rightly.

    Returns:
        mean of `first` - `second`, and 1.96 standard errors of the paired differences.
    """
    paired = first.double() - second.double()
    return paired.mean().item(), 1.96 * paired.std().item() / math.sqrt(len(paired))
