"""S2-MLP and CycleMLP: no weights across the tokens at all; the channels of each token come from several tokens.

Yu et al. 2022 (S2-MLP) and Chen et al. 2022 (CycleMLP). Notation: `B` batch, `H W` the grid of tokens, `C` channels.
Tensors are (B, H, W, C), so that a linear layer mixes the channels of each token.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.models.attention import MLP


def spatial_shift(grid: Tensor) -> Tensor:
    """Let each quarter of the channels read a neighbour: left, right, above, below.

    Args:
        grid: (B, H, W, C), C a multiple of 4.

    Returns:
        (B, H, W, C); a token without that neighbour keeps its own quarter.
        Yu et al. 2022, section 3.

    Raises:
        ValueError: C is not a multiple of 4.
    """
    C = grid.shape[-1]
    if C % 4:
        raise ValueError(f"{C} channels have no quarters: use {C // 4 * 4 + 4}")
    left, right, above, below = grid.chunk(4, dim=-1)  # (B, H, W, C / 4) each
    left = torch.cat([left[:, :, :1], left[:, :, :-1]], dim=2)
    right = torch.cat([right[:, :, 1:], right[:, :, -1:]], dim=2)
    above = torch.cat([above[:, :1], above[:, :-1]], dim=1)
    below = torch.cat([below[:, 1:], below[:, -1:]], dim=1)
    return torch.cat([left, right, above, below], dim=-1)


class SpatialShiftBlock(nn.Module):
    """S2-MLP's block: two layers with a shift between them, then an MLP, as residuals.

    Yu et al. 2022, section 3.

    Args:
        width: C, a multiple of 4.
        hidden: of the MLP.
    """

    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.before = nn.Linear(width, width)
        self.after = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = MLP(width, hidden)

    def forward(self, grid: Tensor) -> Tensor:
        """Map (B, H, W, C) to (B, H, W, C)."""
        shifted = spatial_shift(F.gelu(self.before(self.norm1(grid))))
        grid = grid + self.after(shifted)
        return grid + self.mlp(self.norm2(grid))


def cycle_offsets(channels: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Return how far down and how far across each channel reads.

    The channels go step by step through a small field of tokens, again and again.

    Args:
        channels: C.
        height, width: of the field, both odd; as a rule one of them is 1.

    Returns:
        two of (C,) whole numbers, rows and columns. Channel 0 reads its own token, as
        in the authors' code (Chen et al. 2022).

    Raises:
        ValueError: `height` or `width` is even or not positive.
    """
    for steps in (height, width):
        if steps < 1 or steps % 2 == 0:
            raise ValueError(f"{height} x {width} has no middle: use odd numbers")
    channel = torch.arange(channels)
    down = (channel + height // 2) % height - height // 2
    across = (channel // height + width // 2) % width - width // 2
    return down, across


def cycle_shift(grid: Tensor, height: int, width: int) -> Tensor:
    """Let each channel read another token nearby, in a cycle over the channels.

    Args:
        grid: (B, H, W, C).
        height, width: of the field that is read, both odd; as a rule one of them is 1.

    Returns:
        (B, H, W, C), with zeros from outside the grid. Chen et al. 2022, section 3.

    Raises:
        ValueError: `height` or `width` is even or not positive.
    """
    _, H, W, C = grid.shape
    down, across = cycle_offsets(C, height, width)
    top, left = height // 2, width // 2
    padded = F.pad(grid, (0, 0, left, left, top, top))
    rows = torch.arange(H)[:, None, None] + top + down  # (H, 1, C)
    columns = torch.arange(W)[:, None] + left + across  # (W, C)
    return padded[:, rows, columns, torch.arange(C)]


class CycleFC(nn.Linear):
    """A linear layer across channels that come from several tokens.

    Chen et al. 2022, section 3.

    Args:
        inputs, outputs: C before and after.
        height, width: as for `cycle_shift`.
    """

    def __init__(self, inputs: int, outputs: int, height: int, width: int):
        super().__init__(inputs, outputs)
        self.height, self.width = height, width

    def forward(self, grid: Tensor) -> Tensor:
        """Map (B, H, W, inputs) to (B, H, W, outputs), for every H and W."""
        return super().forward(cycle_shift(grid, self.height, self.width))


def tokens_read(
    mix: Callable[[Tensor], Tensor],
    height: int,
    width: int,
    channels: int,
) -> Tensor:
    """Find out which tokens each token reads, and into how many of its channels.

    Args:
        mix: (1, H, W, C) to (1, H, W, C).
        height, width, channels: H, W and C.

    Returns:
        (H * W, H * W) whole numbers: in row n and column m, how many channels of
        token n depend on token m.
    """
    grid = torch.rand(1, height, width, channels, dtype=torch.float64)
    slopes = torch.autograd.functional.jacobian(mix, grid)  # (1, H, W, C, 1, H, W, C)
    N = height * width
    return slopes.reshape(N, channels, N, channels).any(dim=-1).sum(dim=1)
