"""A DETR small enough to learn on a laptop, from parts that can be exchanged.

Notation: `B` images, `N` cells, `Q` queries, `D` width, `h` heads, `C` classes. Layers are pre-norm, which needs no
long warm-up.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from course_utils.models.conv import BasicBlock, normed
from course_utils.models.detr import (
    DecoderLayer,
    Encoder,
    EncoderLayer,
    Memory,
    Outputs,
    with_auxiliary,
)
from course_utils.models.detr_parts import CrossAttention, feed_forward
from course_utils.models.detr_variants import (
    WIDTH,
    ConditionalCross,
    ReferenceBoxes,
    short_waves,
)

HEADS, HIDDEN = 4, 128
CHANNELS = 96  # of the feature map


class PreNormEncoderLayer(EncoderLayer):
    """The parts of DETR's encoder layer, each normalised before it works rather than after."""

    def forward(
        self,
        cells: Tensor,
        positions: Tensor,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Map cells (B, N, D) to (B, N, D), as `EncoderLayer` does."""
        normed = self.norm1(cells)
        placed = normed + positions
        cells = cells + self.encoder_self(placed, placed, normed, mask)
        return cells + self.mlp(self.norm2(cells))


class NormCells(nn.Module):
    """Normalise the cells behind the last pre-norm layer.

    Args:
        width: D.
    """

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)

    def forward(
        self,
        cells: Tensor,
        _positions: Tensor,
        _mask: Tensor | None = None,
    ) -> Tensor:
        """Map cells (B, N, D) to normalised ones, wherever they are."""
        return self.norm(cells)


class PreNormDecoderLayer(DecoderLayer):
    """The parts of DETR's decoder layer, normalised before they work.

    Args:
        cross: from the queries to the image, `PlacedCross` or `ConditionalCross`.
        width, heads, hidden: as for `EncoderLayer`.
    """

    def __init__(self, cross: CrossAttention, width: int, heads: int, hidden: int):
        super().__init__(width, heads, hidden)
        self.cross = cross

    def forward(
        self,
        target: Tensor,
        queries: Tensor,
        boxes: Tensor,
        memory: Memory,
    ) -> Tensor:
        """Map target (B, Q, D) to (B, Q, D); queries (B, Q, D) and boxes say where."""
        content = self.norm1(target)
        asked = content + queries
        target = target + self.decoder_self(asked, asked, content)
        target = target + self.cross(self.norm2(target), queries, boxes, memory)
        return target + self.mlp(self.norm3(target))


class SmallDETR(nn.Module):
    """DETR whose boxes are measured from references, which may move from layer to layer.

    Args:
        encoder: features to a `Memory`.
        queries: says how the decoder begins, what each query's vector is in every layer,
            and where its box goes on.
        layers: of the decoder.
        classes: C.
    """

    def __init__(
        self,
        encoder: nn.Module,
        queries: nn.Module,
        layers: Sequence[nn.Module],
        classes: int,
    ):
        super().__init__()
        self.backbone, self.encoder, self.queries = small_backbone(), encoder, queries
        self.decoder, self.norm = nn.ModuleList(layers), nn.LayerNorm(WIDTH)
        self.class_head = nn.Linear(WIDTH, classes + 1)
        self.box_head = feed_forward(WIDTH, WIDTH, WIDTH, 4)

    def forward(self, images: Tensor) -> Outputs:
        """Detect the objects in images (B, 1, H', W'): the dictionary that DETR returns.

        If the queries were chosen from the cells, "enc_outputs" is what all cells answered.
        """
        memory, layers = self.encoder(self.backbone(images)), []
        target, reference, proposals = self.queries.start(memory, self.detect)
        for layer in self.decoder:
            target = layer(target, self.queries(reference), reference.sigmoid(), memory)
            found, change = self.detect(self.norm(target), reference)
            layers.append(found)
            reference = self.queries.refine(reference, change)
        chosen = {"enc_outputs": proposals} if proposals else {}
        return {**with_auxiliary(layers), **chosen}

    def detect(
        self,
        known: Tensor,
        reference: Tensor,
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Read classes and boxes off what is known (B, Q, D).

        Returns:
            "pred_logits" and "pred_boxes", and the change (B, Q, 4) from the references,
            in logits.
        """
        change = self.box_head(known)
        boxes = (reference + change).sigmoid()
        return {"pred_logits": self.class_head(known), "pred_boxes": boxes}, change


def small_backbone() -> nn.Sequential:
    """Make a CNN from grey images (B, 1, H', W') to features (B, 96, H' / 8, W' / 8).

    A pixel's channels lie side by side in memory: forwards and backwards, one core took
    41 ms instead of 71.
    """
    stem = normed(nn.Conv2d(1, 24, 3, stride=2, padding=1, bias=False), 24)
    sizes = (24, 48, 2), (48, CHANNELS, 2), (CHANNELS, CHANNELS, 1)
    parts = stem, nn.ReLU(), *(BasicBlock(*each) for each in sizes)
    return nn.Sequential(*parts).to(memory_format=torch.channels_last)


def centre_positions(valid: Tensor, width: int) -> Tensor:
    """Give every cell the sine position of its centre, measured as boxes are.

    Args:
        valid: (B, H, W) of ones: nothing is padded.
        width: D, a multiple of 4.

    Returns:
        (B, H * W, D), row by row: waves of y first, then of x.
    """
    y = (valid.cumsum(dim=1) - 0.5) / valid.shape[1]
    x = (valid.cumsum(dim=2) - 0.5) / valid.shape[2]
    return short_waves(torch.stack([y, x], dim=-1), width).flatten(1, 2)


def small_detr(
    queries: Callable[[], nn.Module] = ReferenceBoxes,
    cross: Callable[[int, int], nn.Module] = ConditionalCross,
    classes: int = 5,
    positions: Callable[[Tensor, int], Tensor] = centre_positions,
) -> SmallDETR:
    """Make a DETR with 8 queries, 2 encoder and 3 decoder layers of width 64.

    Args:
        queries: `LearnedQueries`, `ReferencePoints`, `ReferenceBoxes` or `ChosenCells`.
        cross: `PlacedCross` or `ConditionalCross`, made from D and h.
        classes: C.
        positions: of the cells, as for `Encoder`.
    """
    sizes = WIDTH, HEADS, HIDDEN
    mixing = [PreNormEncoderLayer(*sizes) for _ in range(2)]
    encoder = Encoder(CHANNELS, WIDTH, [*mixing, NormCells(WIDTH)], positions)
    layers = [PreNormDecoderLayer(cross(WIDTH, HEADS), *sizes) for _ in range(3)]
    return SmallDETR(encoder, queries(), layers, classes)
