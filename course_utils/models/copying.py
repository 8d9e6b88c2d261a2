"""Colourise by copying: attention that can't be overlooked, because its weights are the model's answer.

A grey picture is cut into patches, and each patch takes its colour from the other patches: the mean of their
colours, weighted by the model's only output, one attention map for each patch. Vondrick et al. 2018, "Tracking
Emerges by Colorizing Videos", section 3, copy from another frame of a video so; here it is the same picture.

Notation: `B` batch, `H W` the picture, `P` side of a patch, `N = H/P * W/P` patches, `D` width.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.models.attention import TransformerBlock, attention_weights
from course_utils.models.non_local import as_tokens
from course_utils.models.patches import PatchEmbed


def luma_chroma(images: Tensor) -> tuple[Tensor, Tensor]:
    """Split colour pictures into how bright they are and which colour they have.

    Args:
        images: (B, 3, H, W), red, green and blue in 0..1.

    Returns:
        grey (B, 1, H, W) in 0..1, the luma Y', and chroma (B, 2, H, W) in -0.5..0.5, Cb (blue or yellow) and Cr
        (red or green); grey pixels have the chroma 0. ITU-R BT.601, section 2.5.
    """
    red, green, blue = images.unbind(dim=1)
    grey = 0.299 * red + 0.587 * green + 0.114 * blue
    return grey[:, None], torch.stack([(blue - grey) / 1.772, (red - grey) / 1.402], dim=1)


def to_rgb(grey: Tensor, chroma: Tensor) -> Tensor:
    """Put grey (B, 1, H, W) and chroma (B, 2, H, W) together to colour pictures (B, 3, H, W), cut off at 0 and 1."""
    blue = grey[:, 0] + 1.772 * chroma[:, 0]
    red = grey[:, 0] + 1.402 * chroma[:, 1]
    green = (grey[:, 0] - 0.299 * red - 0.114 * blue) / 0.587
    return torch.stack([red, green, blue], dim=1).clamp(0, 1)


def patch_chroma(chroma: Tensor, patch: int) -> Tensor:
    """Return the mean chroma of each patch, (B, N, 2), from that of each pixel, (B, 2, H, W)."""
    return as_tokens(F.avg_pool2d(chroma, patch))


def standardised(chroma: Tensor, least: float = 0.02) -> Tensor:
    """Bring the chroma (B, N, 2) of every picture to mean 0 and standard deviation 1, so that pale ones count too.

    Args:
        chroma: of patches.
        least: a smaller standard deviation counts as this one, so that noise in a grey picture isn't blown up.
    """
    spread = chroma.std(dim=1, keepdim=True).clamp(min=least)
    return (chroma - chroma.mean(dim=1, keepdim=True)) / spread


def far_enough(grid: tuple[int, int], radius: int) -> Tensor:
    """Say which patches are far enough away from each other to copy from.

    Args:
        grid: rows and columns of patches, N = rows * columns, numbered row by row.
        radius: the square around a patch that is left out reaches this many patches to each side; 0 leaves out
            the patch itself only.

    Returns:
        (N, N) of bool: True where the patches of row (query) and column (key) are more than `radius` rows, or more
        than `radius` columns, apart. It is the Chebyshev distance.
    """
    rows, columns = grid
    places = torch.cartesian_prod(torch.arange(rows), torch.arange(columns))  # (N, 2)
    apart = (places[:, None] - places).abs()  # (N, N, 2)
    return apart.amax(dim=2) > radius


def copy_colours(weights: Tensor, chroma: Tensor) -> Tensor:
    """Give each patch the mean colour of the others, weighted by where it looks.

    Args:
        weights: (B, N, N), each row summing to 1.
        chroma: (B, N, 2), of the patches.

    Returns:
        (B, N, 2).
    """
    return weights @ chroma


def interpolated_positions(pos_embed: Tensor, grid: tuple[int, int]) -> Tensor:
    """Stretch learned positions to a picture of another size: Dosovitskiy et al. 2021, section 3.2.

    Args:
        pos_embed: (1, rows, columns, D).
        grid: rows and columns that the picture has.

    Returns:
        (1, N, D).
    """
    stretched = F.interpolate(pos_embed.permute(0, 3, 1, 2), grid, mode="bilinear", align_corners=False)
    return as_tokens(stretched)


class ColourCopier(nn.Module):
    """A ViT's encoder on a grey picture, and one attention head behind it, which says where to copy from.

    Args:
        patch: P.
        width, heads, layers: D, of each block, and their number.
        side: rows and columns of the learned positions; other grids get them interpolated.
    """

    def __init__(self, patch: int = 8, width: int = 128, heads: int = 4, layers: int = 4, side: int = 12):
        super().__init__()
        self.patch_embed = PatchEmbed(patch, 1, width)
        self.pos_embed = nn.Parameter(torch.randn(1, side, side, width) * 0.2)
        self.blocks = nn.ModuleList([TransformerBlock(width, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.patch = patch

    def grid(self, grey: Tensor) -> tuple[int, int]:
        """Return the rows and columns of patches that pictures (B, 1, H, W) have."""
        return grey.shape[2] // self.patch, grey.shape[3] // self.patch

    def encode(self, grey: Tensor) -> Tensor:
        """Return what the last head reads: (B, N, D) from pictures (B, 1, H, W)."""
        tokens = self.patch_embed(grey - 0.5) + interpolated_positions(self.pos_embed, self.grid(grey))
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens)

    def forward(self, grey: Tensor, radius: int = 0) -> Tensor:
        """Return where each patch copies from: (B, N, N), each row summing to 1.

        Args:
            grey: (B, 1, H, W) in 0..1, both sides multiples of P.
            radius: patches as near as this are left out, as in `far_enough`.
        """
        tokens, allowed = self.encode(grey), far_enough(self.grid(grey), radius)
        return attention_weights(self.query(tokens), self.key(tokens), allowed.to(tokens.device))
