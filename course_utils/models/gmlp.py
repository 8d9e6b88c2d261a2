"""gMLP: no MLP across the tokens; half of the channels, mixed across the tokens, gates the other half.

Liu et al. 2021, "Pay Attention to MLPs", section 2. Notation: `B` batch, `N` tokens, `D` width, `E` hidden width.
"""

from torch import Tensor, nn

from course_utils.models.mixer import AllMLP


class SpatialGate(nn.Module):
    """The spatial gating unit: Liu et al. 2021, section 2.1.

    Args:
        hidden: E, even: the first half is gated, the second half makes the gate.
        tokens: N.
    """

    def __init__(self, hidden: int, tokens: int):
        super().__init__()
        self.norm = nn.LayerNorm(hidden // 2)
        self.token_layer = nn.Linear(tokens, tokens)
        nn.init.normal_(self.token_layer.weight, std=1e-6)
        nn.init.ones_(self.token_layer.bias)  # the gate starts at 1: all passes

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, N, E) to (B, N, E / 2)."""
        passed, gate = features.chunk(2, dim=-1)  # (B, N, E / 2) each
        gate = self.token_layer(self.norm(gate).transpose(1, 2)).transpose(1, 2)
        return passed * gate


class GatedMLPBlock(nn.Module):
    """A norm and an MLP with a spatial gate in its middle, as one residual.

    Liu et al. 2021, section 2.

    Args:
        tokens: N.
        width: D.
        hidden: E, 6 D as a rule.
    """

    def __init__(self, tokens: int, width: int, hidden: int):
        super().__init__()
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.expand = nn.Linear(width, hidden)
        self.gelu = nn.GELU()
        self.gate = SpatialGate(hidden, tokens)
        self.project = nn.Linear(hidden // 2, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (B, N, D) to (B, N, D)."""
        features = self.gelu(self.expand(self.norm(tokens)))  # (B, N, E)
        return tokens + self.project(self.gate(features))


class GatedMLP(AllMLP):
    """gMLP for images: Liu et al. 2021, section 3.

    Args:
        width, hidden: as for `GatedMLPBlock`.
        sizes: side, patch, layers, classes and channels, by name, as for `AllMLP`.
    """

    def __init__(self, width: int, hidden: int, **sizes: int):
        def block(tokens: int) -> GatedMLPBlock:
            return GatedMLPBlock(tokens, width, hidden)

        super().__init__(width=width, block=block, **sizes)


def gmlp_s16(classes: int = 1000) -> GatedMLP:
    """gMLP-S/16 for 224 x 224: Liu et al. 2021, table 1."""
    return GatedMLP(256, 1536, side=224, patch=16, layers=30, classes=classes)
