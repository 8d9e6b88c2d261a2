"""DeiT's distilled Vision Transformer: beside the class token a second one, which learns from a teacher.

Touvron et al. 2021, "Training data-efficient image transformers & distillation through attention", section 4 and
figure 2. Notation as in `course_utils.models.vit`.
"""

import torch
from torch import Tensor, nn

from course_utils.models.vit import POSITION_STD, VisionTransformer, vit_macs, vit_parameters, with_positions


class DistilledViT(VisionTransformer):
    """A ViT with a distillation token and a head for each of the two tokens.

    Args:
        args, keywords: as for `VisionTransformer`.
    """

    def __init__(self, *args, **keywords):
        super().__init__(*args, **keywords)
        classes, width = self.head.weight.shape
        tokens = self.pos_embed.shape[1] + 1
        self.dist_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.randn(1, tokens, width) * POSITION_STD)
        self.head_dist = nn.Linear(width, classes)

    def tokens(self, images: Tensor) -> Tensor:
        """Return what the first block reads: (B, 2 + N, D), the two tokens first."""
        patches = self.patch_embed(images)
        return with_two_tokens(patches, self.cls_token, self.dist_token, self.pos_embed)

    def both_logits(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of class head and distillation head, each (B, classes)."""
        tokens = self.norm(self.encode(images)[:, :2])  # (B, 2, D)
        return self.head(tokens[:, 0]), self.head_dist(tokens[:, 1])

    def forward(self, images: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Return the logits of images (B, C, H, W).

        In training these are both heads', in eval mode their mean: (B, classes) each.
        """
        class_logits, distillation_logits = self.both_logits(images)
        if self.training:
            return class_logits, distillation_logits
        return (class_logits + distillation_logits) / 2


def with_two_tokens(
    patches: Tensor,
    cls_token: Tensor,
    dist_token: Tensor,
    pos_embed: Tensor,
) -> Tensor:
    """Put class token and distillation token before the patches, and add positions.

    Args:
        patches: (B, N, D).
        cls_token, dist_token: (1, 1, D), the same for every image.
        pos_embed: (1, 2 + N, D), in the order of the tokens.

    Returns:
        (B, 2 + N, D): class token, distillation token, patches. Touvron et al. 2021,
        figure 2.

    Raises:
        ValueError: there are more or fewer tokens than positions.
    """
    B = len(patches)
    first = torch.cat([cls_token, dist_token], dim=1).expand(B, -1, -1)  # (B, 2, D)
    return with_positions(torch.cat([first, patches], dim=1), pos_embed)


def distilled_parameters(side: int, patch: int, width: int, layers: int, classes: int, channels: int = 3) -> int:
    """Return how many numbers a distilled ViT learns: those of a ViT, one token with its position, and one head.

    Args:
        side, patch, width, layers, classes, channels: as for `VisionTransformer`.
    """
    return vit_parameters(side, patch, width, layers, classes, channels) + 2 * width + (width + 1) * classes


def distilled_macs(side: int, patch: int, width: int, layers: int, classes: int, channels: int = 3) -> int:
    """Return the multiply-adds of a distilled ViT's matrix products for one image: those of a ViT, and one token's.

    Args:
        side, patch, width, layers, classes, channels: as for `VisionTransformer`.
    """
    N, D = (side // patch) ** 2 + 1, width  # tokens without the second
    token = 12 * D**2 + 2 * ((N + 1) ** 2 - N**2) * D  # in every layer: its own products, and its pairs
    return vit_macs(side, patch, width, layers, classes, channels) + layers * token + D * classes


def deit_small_distilled(classes: int = 1000) -> DistilledViT:
    """DeiT-S with a distillation token, for 224 x 224: Touvron et al. 2021, table 1."""
    return DistilledViT(224, 16, width=384, heads=6, layers=12, classes=classes)


def deit_base_distilled(classes: int = 1000) -> DistilledViT:
    """DeiT-B with a distillation token, for 224 x 224: Touvron et al. 2021, table 1."""
    return DistilledViT(224, 16, width=768, heads=12, layers=12, classes=classes)
