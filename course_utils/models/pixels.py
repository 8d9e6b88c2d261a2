"""An image as a sequence of pixels, and a Transformer that predicts the next one, in the manner of iGPT.

Chen et al. 2020, "Generative Pretraining from Pixels". Notation: `B` batch, `R` side, `N = R * R` pixels, `V` levels
of grey, `D` width.
"""

import torch
from torch import Tensor, nn

from course_utils.models.attention import TransformerBlock, causal_mask


def quantise(images: Tensor, levels: int) -> Tensor:
    """Turn grey values 0..1 of any shape into whole numbers from 0 to `levels` - 1, of the same shape."""
    return (images * levels).long().clamp(0, levels - 1)


def next_pixel(pixels: Tensor, start: int) -> tuple[Tensor, Tensor]:
    """Make what a model reads, and what it must predict.

    Args:
        pixels: (B, R, R) of whole numbers.
        start: the number that stands for "the image begins".

    Returns:
        inputs and targets, both (B, R * R), row by row: the target at n is pixel n, the input there the pixel before
        it, and at the beginning `start`. Chen et al. 2020, section 2.1.
    """
    targets = pixels.flatten(start_dim=1)
    first = torch.full_like(targets[:, :1], start)
    return torch.cat([first, targets[:, :-1]], dim=1), targets


class PixelTransformer(nn.Module):
    """A causal Transformer over pixels: no patches, no convolution, no neighbours.

    Args:
        side: R.
        levels: V; the input may also be V, for the beginning.
        width: D.
        heads: h.
        layers: L.
    """

    def __init__(self, side: int, levels: int, width: int, heads: int, layers: int):
        super().__init__()
        self.side, self.levels = side, levels
        self.embed = nn.Embedding(levels + 1, width)
        self.position = nn.Parameter(torch.randn(side * side, width) * 0.1)
        blocks = [TransformerBlock(width, heads) for _ in range(layers)]
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, levels)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (B, N, V) of the next pixels for inputs (B, N), N <= R * R."""
        N = inputs.shape[1]
        tokens = self.embed(inputs) + self.position[:N]  # (B, N, D)
        mask = causal_mask(N)
        for block in self.blocks:
            tokens = block(tokens, mask)
        return self.head(self.norm(tokens))


@torch.no_grad()
def complete(model: PixelTransformer, given: Tensor, generator: torch.Generator) -> Tensor:
    """Draw the rest of images, pixel by pixel.

    Args:
        model: trained.
        given: (B, n) of whole numbers, the first n pixels, row by row; n may be 0.
        generator: of the random numbers.

    Returns:
        (B, R, R).
    """
    sequence = torch.cat([torch.full((len(given), 1), model.levels), given], dim=1)
    while sequence.shape[1] <= model.side**2:
        chances = model(sequence)[:, -1].softmax(dim=-1)  # (B, V)
        sequence = torch.cat([sequence, torch.multinomial(chances, 1, generator=generator)], dim=1)
    return sequence[:, 1:].view(-1, model.side, model.side)
