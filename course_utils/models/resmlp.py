"""ResMLP: one matrix across the tokens, and scales and shifts instead of norms.

Touvron et al. 2021, "ResMLP: Feedforward networks for image classification with data-efficient training", section 2.
Notation: `B` batch, `N` tokens, `D` width.
"""

import torch
from torch import Tensor, nn

from course_utils.models.attention import MLP
from course_utils.models.mixer import AllMLP


class Affine(nn.Module):
    """Scale and shift each channel; no mean and no variance is computed.

    Touvron et al. 2021, equation 1.

    Args:
        width: D.
    """

    def __init__(self, width: int):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))
        self.shift = nn.Parameter(torch.zeros(width))

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, N, D) to (B, N, D)."""
        return self.scale * tokens + self.shift


class ResMLPBlock(nn.Module):
    """A linear layer across the tokens, then an MLP, as residuals that start small.

    Touvron et al. 2021, equations 2 and 3. The scales of the branches are LayerScale
    (Touvron et al. 2021, "Going deeper with Image Transformers", section 2).

    Args:
        tokens: N.
        width: D.
        channel_hidden: hidden width of the MLP, 4 D as a rule.
        layer_scale: what the scales of both branches start with.
    """

    def __init__(
        self,
        tokens: int,
        width: int,
        channel_hidden: int,
        layer_scale: float = 1e-4,
    ):
        super().__init__()
        self.affine1 = Affine(width)
        self.token_layer = nn.Linear(tokens, tokens)
        self.scale1 = nn.Parameter(torch.full((width,), layer_scale))
        self.affine2 = Affine(width)
        self.channel_mlp = MLP(width, channel_hidden)
        self.scale2 = nn.Parameter(torch.full((width,), layer_scale))

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (B, N, D) to (B, N, D)."""
        channels = self.affine1(tokens).transpose(1, 2)  # (B, D, N)
        tokens = tokens + self.scale1 * self.token_layer(channels).transpose(1, 2)
        return tokens + self.scale2 * self.channel_mlp(self.affine2(tokens))


class ResMLP(AllMLP):
    """ResMLP: Touvron et al. 2021, section 2.

    Args:
        width, channel_hidden, layer_scale: as for `ResMLPBlock`.
        sizes: side, patch, layers, classes and channels, by name, as for `AllMLP`.
    """

    def __init__(
        self,
        width: int,
        channel_hidden: int,
        layer_scale: float = 1e-4,
        **sizes: int,
    ):
        def block(tokens: int) -> ResMLPBlock:
            return ResMLPBlock(tokens, width, channel_hidden, layer_scale)

        super().__init__(width=width, block=block, norm=Affine(width), **sizes)


def resmlp_12(classes: int = 1000) -> ResMLP:
    """ResMLP-S12 for 224 x 224, with patches of 16: Touvron et al. 2021, section 3."""
    return ResMLP(384, 1536, side=224, patch=16, layers=12, classes=classes)
