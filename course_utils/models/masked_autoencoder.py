"""A masked autoencoder: hide most patches, encode the others, predict what was hidden (He et al. 2022).

Notation: `B` batch, `N` patches, `P` side of a patch, `D` width, `V` visible patches.
"""

import torch
from torch import Tensor, nn

from course_utils.models.attention import TransformerBlock
from course_utils.models.patches import patchify
from course_utils.models.vit import POSITION_STD


def random_masks(images: int, patches: int, hidden: int, generator: torch.Generator) -> Tensor:
    """Draw which patches are hidden, the same number in each image: (B, N) of bool, True where hidden."""
    order = torch.rand(images, patches, generator=generator).argsort(dim=1)
    return order < hidden


class MaskedAutoencoder(nn.Module):
    """An encoder that sees only the visible patches, and a small decoder that fills in the rest.

    He et al. 2022, section 3. All images of a batch have equally many hidden patches.

    Args:
        side: H = W of grey images.
        patch: P, a divisor of `side`.
        width, heads: D and h, of encoder and decoder.
        layers: of the encoder.
        decoder_layers: of the decoder.
    """

    def __init__(self, side: int, patch: int, width: int, heads: int, layers: int, decoder_layers: int):
        super().__init__()
        self.patch, patches = patch, (side // patch) ** 2
        self.embed = nn.Linear(patch * patch, width)
        self.position = nn.Parameter(torch.randn(1, patches, width) * POSITION_STD)
        self.encoder = nn.Sequential(*(TransformerBlock(width, heads) for _ in range(layers)))
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        self.decoder_position = nn.Parameter(torch.randn(1, patches, width) * POSITION_STD)
        self.decoder = nn.Sequential(*(TransformerBlock(width, heads) for _ in range(decoder_layers)))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, patch * patch)

    def forward(self, images: Tensor, hidden: Tensor) -> Tensor:
        """Predict all patches (B, N, P * P) of images (B, 1, H, W) from those that are not hidden, (B, N) of bool.

        Raises:
            ValueError: the images of the batch don't have equally many hidden patches.
        """
        visible = ~hidden
        counts = visible.sum(dim=1)
        if counts.min() != counts.max():
            found = f"{counts.min()} to {counts.max()} patches are visible"
            raise ValueError(f"{found}: hide equally many in every image of a batch")
        B = len(images)
        tokens = self.embed(patchify(images, self.patch)) + self.position  # (B, N, D)
        seen = self.encoder(tokens[visible].view(B, -1, tokens.shape[2]))  # (B, V, D)
        filled = self.mask_token.expand(tokens.shape).clone()
        filled[visible] = seen.flatten(0, 1)
        return self.head(self.norm(self.decoder(filled + self.decoder_position)))


def hidden_error(predicted: Tensor, images: Tensor, hidden: Tensor, patch: int) -> Tensor:
    """Return the mean squared error of the hidden patches, as He et al. 2022, section 3, compare.

    Args:
        predicted: (B, N, P * P).
        images: (B, 1, H, W).
        hidden: (B, N) of bool.
        patch: P.
    """
    return (predicted - patchify(images, patch))[hidden].square().mean()
