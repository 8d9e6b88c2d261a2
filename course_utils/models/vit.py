"""The Vision Transformer: patches as words, an encoder of Transformer blocks, a linear classifier.

Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words", section 3.1. Notation: `B` batch, `C` channels, `H W` the
image, `P` side of a patch, `N = H/P * W/P` patches, `D` width, `h` heads, `L` layers.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_utils.models.attention import TransformerBlock
from course_utils.models.patches import PatchEmbed

POSITION_STD = 0.2  # the authors' code has 0.02; at width 64 lesson 06's mean is half a point better so


class VisionTransformer(nn.Module):
    """ViT: Dosovitskiy et al. 2021, equations 1 to 4, with the class token's output as the image's.

    Args:
        side: H = W of the images.
        patch: P, a divisor of `side`.
        width, heads, layers: D, h and L.
        classes: how many logits come out.
        channels: C.
        block: makes the block of each layer, from the layer's number; a `TransformerBlock` if none.
    """

    def __init__(
        self,
        side: int,
        patch: int,
        width: int,
        heads: int,
        layers: int,
        classes: int,
        channels: int = 3,
        block: Callable[[int], nn.Module] | None = None,
    ):
        super().__init__()
        block = block or (lambda _layer: TransformerBlock(width, heads))
        self.patch_embed = PatchEmbed(patch, channels, width)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.randn(1, 1 + (side // patch) ** 2, width) * POSITION_STD)
        self.blocks = nn.ModuleList([block(layer) for layer in range(layers)])
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, classes)

    def tokens(self, images: Tensor) -> Tensor:
        """Return what the first block reads: (B, 1 + N, D), the class token first, positions added to all."""
        return with_class_token(self.patch_embed(images), self.cls_token, self.pos_embed)

    def encode(self, images: Tensor) -> Tensor:
        """Return the tokens behind the last block, not yet normalised: (B, 1 + N, D)."""
        tokens = self.tokens(images)
        for block in self.blocks:
            tokens = block(tokens)
        return tokens

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (B, classes) of images (B, C, H, W)."""
        return self.head(self.norm(self.encode(images)[:, 0]))


class MeanPooledViT(VisionTransformer):
    """The same without a class token: the mean of all patches is classified (Dosovitskiy et al. 2021, appendix D.3)."""

    def __init__(self, *args, **keywords):
        super().__init__(*args, **keywords)
        del self.cls_token
        self.pos_embed = nn.Parameter(self.pos_embed[:, 1:].detach())

    def tokens(self, images: Tensor) -> Tensor:
        """Return what the first block reads: (B, N, D)."""
        return with_positions(self.patch_embed(images), self.pos_embed)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (B, classes) of images (B, C, H, W)."""
        return self.head(self.norm(self.encode(images)).mean(dim=1))


class HybridViT(MeanPooledViT):
    """Convolutions first, then Transformer blocks on the cells of their feature map.

    Dosovitskiy et al. 2021, section 3.1, "Hybrid Architecture": patches of 1 x 1 of a CNN's feature map.

    Args:
        stem: (B, 1 or 3, H, W) to a feature map (B, C, side, side).
        side: of the feature map.
        channels: C.
        width, heads, layers, classes: as for `VisionTransformer`.
    """

    def __init__(self, stem: nn.Module, side: int, channels: int, **keywords):
        super().__init__(side, 1, channels=channels, **keywords)
        self.stem = stem

    def tokens(self, images: Tensor) -> Tensor:
        """Return what the first block reads: (B, side * side, D)."""
        return super().tokens(self.stem(images))


def with_class_token(patches: Tensor, cls_token: Tensor, pos_embed: Tensor) -> Tensor:
    """Put the class token in front of the patches, and add every token's position.

    Args:
        patches: (B, N, D).
        cls_token: (1, 1, D), the same for every image.
        pos_embed: (1, 1 + N, D), the class token's position first.

    Returns:
        (B, 1 + N, D). Dosovitskiy et al. 2021, equation 1.

    Raises:
        ValueError: there are more or fewer tokens than positions.
    """
    tokens = torch.cat([cls_token.expand(len(patches), -1, -1), patches], dim=1)  # (B, 1 + N, D)
    return with_positions(tokens, pos_embed)


def with_positions(tokens: Tensor, pos_embed: Tensor) -> Tensor:
    """Add the position embedding (1, N, D) to tokens (B, N, D).

    Raises:
        ValueError: there are more or fewer tokens than positions: the image has another size than the model's.
    """
    if tokens.shape[1:] != pos_embed.shape[1:]:
        made, learned = tuple(tokens.shape[1:]), tuple(pos_embed.shape[1:])
        raise ValueError(f"the image makes {made} tokens x width, the model has learned {learned}: resize the image")
    return tokens + pos_embed


def vit_parameters(side: int, patch: int, width: int, layers: int, classes: int, channels: int = 3) -> int:
    """Return how many numbers a ViT learns; the number of heads doesn't matter.

    Args:
        side, patch, width, layers, classes, channels: as for `VisionTransformer`.
    """
    patches, D = (side // patch) ** 2, width
    embedding = (channels * patch**2 + 1) * D + D + (patches + 1) * D  # projection, class token, positions
    block = 12 * D**2 + 13 * D  # attention 4 D^2 + 4 D, MLP 8 D^2 + 5 D, two norms 4 D
    return embedding + layers * block + 2 * D + (D + 1) * classes


def vit_macs(side: int, patch: int, width: int, layers: int, classes: int, channels: int = 3) -> int:
    """Return the multiply-adds of a ViT's matrix products for one image; norms, biases and softmax aren't counted.

    Args:
        side, patch, width, layers, classes, channels: as for `VisionTransformer`.
    """
    patches, D = (side // patch) ** 2, width
    N = patches + 1  # with the class token
    return patches * channels * patch**2 * D + layers * (12 * N * D**2 + 2 * N**2 * D) + D * classes


def vit_b_16(classes: int = 1000) -> VisionTransformer:
    """ViT-B/16 for 224 x 224: Dosovitskiy et al. 2021, table 1."""
    return VisionTransformer(224, 16, width=768, heads=12, layers=12, classes=classes)


def vit_b_32(classes: int = 1000) -> VisionTransformer:
    """ViT-B/32 for 224 x 224: 7 x 7 patches."""
    return VisionTransformer(224, 32, width=768, heads=12, layers=12, classes=classes)


def vit_l_16(classes: int = 1000) -> VisionTransformer:
    """ViT-L/16 for 224 x 224: Dosovitskiy et al. 2021, table 1."""
    return VisionTransformer(224, 16, width=1024, heads=16, layers=24, classes=classes)


def deit_tiny(classes: int = 1000) -> VisionTransformer:
    """DeiT-Ti, without the distillation token, is a ViT-Ti/16: Touvron et al. 2021, table 1."""
    return VisionTransformer(224, 16, width=192, heads=3, layers=12, classes=classes)
