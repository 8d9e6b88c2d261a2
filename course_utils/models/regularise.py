"""Regularisation inside the Transformer block: dropout in the MLP, and stochastic depth on both branches.

Notation: `B` batch, `N` tokens, `D` width. In eval mode all of it does nothing.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from course_utils.models.attention import TransformerBlock


def drop_path(branch: Tensor, keep: Tensor, rate: float) -> Tensor:
    """Drop a residual block's branch for some of the samples, and make up for it in the others.

    Args:
        branch: (B, N, D), what would be added to the tokens.
        keep: (B,) of bool, True where a sample keeps it.
        rate: 0 to below 1, the chance with which samples lose it.

    Returns:
        (B, N, D): 0, or branch / (1 - rate), so that the mean over many draws is the branch.
        Huang et al. 2016, section 3; they scale at test time instead, here the samples that are kept are scaled.

    Raises:
        ValueError: `rate` isn't in 0..1, or is 1.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"rate {rate} must be at least 0 and below 1: use 0.1")
    return branch * keep[:, None, None] / (1 - rate)


class StochasticDepth(nn.Module):
    """Drop a branch at random in training, for each sample by itself: Huang et al. 2016, section 3.

    Args:
        rate: 0 to below 1, the chance with which a sample loses the branch.
    """

    def __init__(self, rate: float):
        super().__init__()
        self.rate = rate

    def forward(self, branch: Tensor) -> Tensor:
        """Map (B, N, D) to (B, N, D); in eval mode nothing changes."""
        if not self.training or self.rate == 0:
            return branch
        return drop_path(branch, torch.rand(len(branch), device=branch.device) >= self.rate, self.rate)

    def extra_repr(self) -> str:
        """Show the rate when the module is printed."""
        return f"rate={self.rate:.3g}"


class RegularisedBlock(TransformerBlock):
    """A `TransformerBlock` with dropout in its MLP and stochastic depth on both branches, and the same parameters.

    Args:
        width: D.
        heads: h, a divisor of D.
        dropout: rate behind the GELU and behind the second layer.
        drop_path: rate of the stochastic depth.
        mlp_ratio: width of the MLP's hidden layer, in units of D.
        eps: of the layer norms.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        dropout: float = 0.0,
        drop_path: float = 0.0,
        mlp_ratio: int = 4,
        eps: float = 1e-6,
    ):
        super().__init__(width, heads, mlp_ratio, eps)
        first, gelu, second = self.mlp
        layers = {"0": first, "1": gelu, "drop1": nn.Dropout(dropout), "2": second, "drop2": nn.Dropout(dropout)}
        self.mlp = nn.Sequential(OrderedDict(layers))  # names, not places: the parameters stay mlp.0 and mlp.2
        self.drop_path = StochasticDepth(drop_path)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Map tokens (B, N, D) to (B, N, D); `mask` (N, N) of bool is True where a query may look."""
        tokens = tokens + self.drop_path(self.attention(self.norm1(tokens), mask))
        return tokens + self.drop_path(self.mlp(self.norm2(tokens)))


def depth_rates(layers: int, highest: float) -> list[float]:
    """Return the drop rate of each layer: 0 at the first one, then evenly up to `highest` at the last.

    Huang et al. 2016, equation 4, whose first layer has highest / layers; starting from 0 is what timm does.

    Raises:
        ValueError: there is no layer.
    """
    if layers < 1:
        raise ValueError(f"{layers} layers have no rates: use at least 1")
    return [highest * layer / max(1, layers - 1) for layer in range(layers)]
