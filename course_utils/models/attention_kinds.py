"""One attention layer in three ways, for measuring what each needs: written out, fused, and within windows.

Notation: `B` batch, `N` tokens, `D` width, `h` heads, `d` width of a head, `M` side of a window.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.models.attention import attention, merge_heads, split_heads


class ExplicitAttention(nn.Module):
    """Multi-head attention whose N x N scores and weights are written to memory.

    Args:
        width: D.
        heads: h.
        head_width: d; D / h if none.
    """

    def __init__(self, width: int, heads: int, head_width: int | None = None):
        super().__init__()
        self.heads = heads
        inner = heads * (head_width or width // heads)
        self.query, self.key, self.value = (nn.Linear(width, inner) for _ in range(3))
        self.out = nn.Linear(inner, width)

    mix = staticmethod(attention)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (B, N, D) to (B, N, D)."""
        q, k, v = (split_heads(project(tokens), self.heads) for project in (self.query, self.key, self.value))
        return self.out(merge_heads(self.mix(q, k, v)))


class FusedAttention(ExplicitAttention):
    """The same with PyTorch's kernel, which works tile by tile."""

    mix = staticmethod(F.scaled_dot_product_attention)


class WindowAttention(ExplicitAttention):
    """The same within windows of M x M tokens of a square grid, written out: Liu et al. 2021, section 3.2.

    Args:
        width, heads, head_width: as for `ExplicitAttention`.
        window: M, a divisor of the grid's side.
    """

    def __init__(self, width: int, heads: int, head_width: int | None = None, *, window: int):
        super().__init__(width, heads, head_width)
        self.window = window

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (B, N, D), a square grid row by row, to (B, N, D).

        Raises:
            ValueError: N is no square, or its side not a multiple of the window's.
        """
        side, M = round(tokens.shape[1] ** 0.5), self.window
        if side * side != tokens.shape[1] or side % M:
            raise ValueError(f"{tokens.shape[1]} tokens are no square grid of {M} x {M} windows: use side {M * 2}")
        cut = (side // M, M, side // M, M)
        windows = tokens.unflatten(1, cut).transpose(2, 3).flatten(3, 4).flatten(0, 2)  # (B * windows, M * M, D)
        mixed = super().forward(windows).unflatten(0, (-1, *cut[::2])).unflatten(3, (M, M))
        return mixed.transpose(2, 3).flatten(1, 4)  # (B, N, D)
