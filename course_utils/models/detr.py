"""DETR: a CNN, a Transformer encoder over its feature map, and a decoder whose queries each become one object.

Carion et al. 2020, "End-to-End Object Detection with Transformers". Notation: `B` images, `H W` the feature map,
`N = H * W` its cells, `D` width, `h` heads, `Q` queries, `C` classes. What differs from the Transformer of 2017:
positions are added to queries and keys in every layer, never to values; all objects are decoded at once.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.models.detr_parts import CrossAttention, feed_forward
from course_utils.models.frozen_resnet import frozen_resnet50
from course_utils.models.sine_positions import sine_positions

Outputs = dict[str, Tensor | list[dict[str, Tensor]]]


class Memory(NamedTuple):
    """What the decoder looks at.

    Attributes:
        cells: (B, N, D), the feature map after the encoder.
        positions: (B, N, D), where each cell is.
        mask: (B, 1, 1, N) of bool, True where one may look; none for everywhere.
    """

    cells: Tensor
    positions: Tensor
    mask: Tensor | None


class EncoderLayer(nn.Module):
    """Attention between the cells of the feature map, then an MLP on each.

    Each is added, and the sum normalised: Carion et al. 2020, appendix A.3, figure 10.

    Args:
        width, heads: D and h.
        hidden: width of the MLP's hidden layer.
    """

    def __init__(self, width: int, heads: int, hidden: int):
        super().__init__()
        self.encoder_self = CrossAttention(width, heads)
        self.mlp = feed_forward(width, hidden, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(
        self,
        cells: Tensor,
        positions: Tensor,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Map cells (B, N, D) to (B, N, D).

        `positions` (B, N, D) says where each cell is; `mask` (B, 1, 1, N) of bool is
        True where the cells may look.
        """
        placed = cells + positions
        mixed = self.encoder_self(placed, placed, cells, mask)
        cells = self.norm1(cells + mixed)
        return self.norm2(cells + self.mlp(cells))


class Encoder(nn.Module):
    """A 1 x 1 convolution to the Transformer's width, positions, and layers that mix the cells.

    Args:
        channels: of the feature map.
        width: D.
        layers: each maps cells, positions and mask to the next cells.
        positions: makes (B, N, D) from (B, H, W), 1 for image and 0 for padding, and D.
    """

    def __init__(
        self,
        channels: int,
        width: int,
        layers: Sequence[nn.Module],
        positions: Callable[[Tensor, int], Tensor] = sine_positions,
    ):
        super().__init__()
        self.project = nn.Conv2d(channels, width, 1)
        self.layers = nn.ModuleList(layers)
        self.positions = positions

    def forward(self, features: Tensor, padding_mask: Tensor | None = None) -> Memory:
        """Encode features (B, channels, H, W); the mask (B, H', W') is the images'."""
        cells = self.project(features)  # (B, D, H, W)
        valid, mask = torch.ones_like(cells[:, 0]), None  # (B, H, W)
        if padding_mask is not None:
            image = (~padding_mask)[:, None].to(cells)  # (B, 1, H', W')
            valid = F.interpolate(image, valid.shape[1:])[:, 0]
            mask = valid.bool().flatten(1)[:, None, None]  # (B, 1, 1, N)
        positions = self.positions(valid, cells.shape[1])
        cells = cells.flatten(2).transpose(1, 2)
        for layer in self.layers:
            cells = layer(cells, positions, mask)
        return Memory(cells, positions, mask)


class DecoderLayer(nn.Module):
    """Attention between the queries, then from queries to the image, then an MLP.

    Each is added, and the sum normalised: Carion et al. 2020, appendix A.3, figure 10.

    Args:
        width, heads, hidden: as for `EncoderLayer`.
    """

    def __init__(self, width: int, heads: int, hidden: int):
        super().__init__()
        self.decoder_self = CrossAttention(width, heads)
        self.cross = CrossAttention(width, heads)
        self.mlp = feed_forward(width, hidden, width)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width) for _ in range(3))

    def forward(self, target: Tensor, queries: Tensor, memory: Memory) -> Tensor:
        """Map target (B, Q, D) to (B, Q, D): what each query knows of its object.

        The queries (Q, D) are to the target what positions are to the cells.
        """
        asked = target + queries
        target = self.norm1(target + self.decoder_self(asked, asked, target))
        asked, placed = target + queries, memory.cells + memory.positions
        seen = self.cross(asked, placed, memory.cells, memory.mask)
        target = self.norm2(target + seen)
        return self.norm3(target + self.mlp(target))


class Decoder(nn.Module):
    """Learned queries that look at each other and at the image, layer after layer.

    Args:
        queries: Q, more than an image has objects.
        width: D.
        layers: each maps target, queries and memory to the next target.
    """

    def __init__(self, queries: int, width: int, layers: Sequence[nn.Module]):
        super().__init__()
        self.queries = nn.Parameter(torch.randn(queries, width))
        self.layers = nn.ModuleList(layers)
        self.norm = nn.LayerNorm(width)

    def forward(self, memory: Memory) -> list[Tensor]:
        """Return what the queries know after each layer, (B, Q, D) each, normalised.

        One norm serves all layers, and no layer gets its result: Carion et al. 2020,
        section 3.2.
        """
        target = self.queries.new_zeros(len(memory.cells), *self.queries.shape)
        known = []
        for layer in self.layers:
            target = layer(target, self.queries, memory)
            known.append(self.norm(target))
        return known


class DETR(nn.Module):
    """Images in, a set of boxes with classes out: Carion et al. 2020, figure 2.

    Args:
        backbone: images (B, 3, H', W') to features (B, channels, H, W).
        encoder: features and padding mask to a `Memory`.
        decoder: a `Memory` to what the queries know after each layer, (B, Q, D) each.
        width: D.
        classes: C; "no object" is one more.
    """

    def __init__(
        self,
        backbone: nn.Module,
        encoder: nn.Module,
        decoder: nn.Module,
        width: int,
        classes: int,
    ):
        super().__init__()
        self.backbone, self.encoder, self.decoder = backbone, encoder, decoder
        self.class_head = nn.Linear(width, classes + 1)
        self.box_head = feed_forward(width, width, width, 4)

    def forward(self, images: Tensor, padding_mask: Tensor | None = None) -> Outputs:
        """Detect the objects in images (B, 3, H', W').

        Args:
            images: standardised, and padded to one size.
            padding_mask: (B, H', W') of bool, True where an image is padded.

        Returns:
            "pred_logits" (B, Q, C + 1), "no object" last; "pred_boxes" (B, Q, 4), cxcywh
            in 0..1; "aux_outputs", the same two of each earlier layer.
        """
        memory = self.encoder(self.backbone(images), padding_mask)
        return with_auxiliary([self.detect(known) for known in self.decoder(memory)])

    def detect(self, known: Tensor) -> dict[str, Tensor]:
        """Read classes and boxes off what the queries know, (B, Q, D)."""
        boxes = self.box_head(known).sigmoid()
        return {"pred_logits": self.class_head(known), "pred_boxes": boxes}


def with_auxiliary(layers: Sequence[dict[str, Tensor]]) -> Outputs:
    """Return the last layer's detections, with those of the earlier layers as "aux_outputs"."""
    return {**layers[-1], "aux_outputs": list(layers[:-1])}


def detr_resnet50(classes: int = 91) -> DETR:
    """DETR with a ResNet-50, in the size of Carion et al. 2020, section 4; dropout is left out."""
    sizes = {"width": 256, "heads": 8, "hidden": 2048}
    encoder = Encoder(2048, 256, [EncoderLayer(**sizes) for _ in range(6)])
    decoder = Decoder(100, 256, [DecoderLayer(**sizes) for _ in range(6)])
    return DETR(frozen_resnet50(), encoder, decoder, 256, classes)
