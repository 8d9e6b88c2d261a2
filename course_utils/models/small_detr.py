"""A DETR small enough to learn on a laptop, with two later ideas that let it learn quickly.

Reference boxes, refined layer by layer: Zhu et al. 2021, "Deformable DETR", section 4.2, and Liu et al. 2022,
"DAB-DETR". Conditional cross-attention: Meng et al. 2021, "Conditional DETR". Notation: `B` images, `N` cells, `Q`
queries, `D` width, `h` heads, `C` classes. Layers are pre-norm, which needs no long warm-up.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_utils.models.attention import attention_weights, merge_heads, split_heads
from course_utils.models.conv import BasicBlock, normed
from course_utils.models.detr import (
    CrossAttention,
    DecoderLayer,
    EncoderLayer,
    Memory,
    Outputs,
    feed_forward,
    with_auxiliary,
)
from course_utils.models.sine_positions import waves

WIDTH, HEADS, HIDDEN, QUERIES = 64, 4, 256, 8


class PreNormEncoderLayer(EncoderLayer):
    """The parts of DETR's encoder layer, each normalised before it works rather than after."""

    def forward(self, memory: Memory) -> Memory:
        """Return the memory with new cells (B, N, D)."""
        cells = self.norm1(memory.cells)
        placed = cells + memory.positions
        mixed = memory.cells + self.encoder_self(placed, placed, cells, memory.mask)
        return memory._replace(cells=mixed + self.mlp(self.norm2(mixed)))


class NormCells(nn.Module):
    """Normalise the cells behind the last pre-norm layer.

    Args:
        width: D.
    """

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)

    def forward(self, memory: Memory) -> Memory:
        """Return the memory with normalised cells (B, N, D)."""
        return memory._replace(cells=self.norm(memory.cells))


class PlacedCross(CrossAttention):
    """DETR's cross-attention: positions are added, to what is asked and to the cells."""

    def forward(self, target: Tensor, queries: Tensor, _boxes: Tensor, memory: Memory) -> Tensor:
        """Map target and queries (B, Q, D) to what they see of the memory, (B, Q, D)."""
        return super().forward(*self.inputs(target, queries, memory))

    def weights(self, target: Tensor, queries: Tensor, _boxes: Tensor, memory: Memory) -> Tensor:
        """Return the attention weights (B, h, Q, N) that `forward` uses."""
        return super().weights(*self.inputs(target, queries, memory))

    @staticmethod
    def inputs(target: Tensor, queries: Tensor, memory: Memory) -> tuple[Tensor, ...]:
        """Return query, key and value, and the mask."""
        return target + queries, memory.cells + memory.positions, memory.cells, memory.mask


class ConditionalCross(CrossAttention):
    """Cross-attention that compares content with content and place with place.

    The scores are the sum of two products, q_c k_c + q_p k_p: Meng et al. 2021, equations
    2 to 5. The place is a sine position of the reference box's centre, stretched by what
    the target knows, so a query can look for the edges of its object.

    Args:
        width, heads: D and h.
    """

    def __init__(self, width: int, heads: int):
        super().__init__(width, heads)
        self.stretch = feed_forward(width, width, width)
        self.key_place = nn.Linear(width, width)

    def forward(self, target: Tensor, queries: Tensor, boxes: Tensor, memory: Memory) -> Tensor:
        """Map target (B, Q, D), with boxes (B, Q, 4), to what they see of the memory."""
        v = split_heads(self.value(memory.cells), self.heads)  # (B, h, N, d)
        return self.out(merge_heads(self.weights(target, queries, boxes, memory) @ v))

    def weights(self, target: Tensor, _queries: Tensor, boxes: Tensor, memory: Memory) -> Tensor:
        """Return the attention weights (B, h, Q, N) that `forward` uses."""
        place = waves(boxes[..., :2].flip(-1), target.shape[-1])  # (B, Q, D): y first
        asked = self.query(target), place * self.stretch(target)
        keys = self.key(memory.cells), self.key_place(memory.positions)
        q, k = (torch.cat([split_heads(part, self.heads) for part in pair], -1) for pair in (asked, keys))
        return attention_weights(q, k, memory.mask)  # from (B, h, Q, 2 d) and (B, h, N, 2 d)


class PreNormDecoderLayer(DecoderLayer):
    """The parts of DETR's decoder layer, normalised before they work.

    Args:
        cross: from the queries to the image, `PlacedCross` or `ConditionalCross`.
        width, heads, hidden: as for `EncoderLayer`.
    """

    def __init__(self, cross: CrossAttention, width: int, heads: int, hidden: int):
        super().__init__(width, heads, hidden)
        self.cross = cross

    def forward(self, target: Tensor, queries: Tensor, boxes: Tensor, memory: Memory) -> Tensor:
        """Map target (B, Q, D) to (B, Q, D); its queries (B, Q, D) say where, and its boxes."""
        content = self.norm1(target)
        asked = content + queries
        target = target + self.decoder_self(asked, asked, content)
        target = target + self.cross(self.norm2(target), queries, boxes, memory)
        return target + self.mlp(self.norm3(target))


class LearnedQueries(nn.Module):
    """DETR's queries: learned vectors, and no box to begin with.

    Args:
        queries, width: Q and D.
    """

    def __init__(self, queries: int = QUERIES, width: int = WIDTH):
        super().__init__()
        self.vectors = nn.Parameter(torch.randn(queries, width))
        self.register_buffer("reference", torch.zeros(queries, 4))  # the sigmoid of 0: the middle

    def forward(self, _reference: Tensor) -> Tensor:
        """Return the queries (Q, D), the same for every image and in every layer."""
        return self.vectors

    def refine(self, reference: Tensor, _change: Tensor) -> Tensor:
        """Return the reference (B, Q, 4) of the next layer, in logits: the same."""
        return reference


class ReferencePoints(LearnedQueries):
    """Learned vectors, and a learned point for each, from which its box is measured.

    Meng et al. 2021, section 3.3: it stays where it is in all layers.
    """

    def __init__(self, queries: int = QUERIES, width: int = WIDTH):
        super().__init__(queries, width)
        self.reference = nn.Parameter(torch.randn(queries, 4))


class ReferenceBoxes(nn.Module):
    """Learned boxes as queries, which every layer corrects: Liu et al. 2022, section 4.

    Args:
        queries, width: Q and D.
    """

    def __init__(self, queries: int = QUERIES, width: int = WIDTH):
        super().__init__()
        self.reference = nn.Parameter(torch.randn(queries, 4))
        self.embed = feed_forward(2 * width, width, width)

    def forward(self, reference: Tensor) -> Tensor:
        """Return queries (B, Q, D) made of the sine positions of boxes (B, Q, 4), in logits."""
        y_x_h_w = reference.sigmoid()[..., [1, 0, 3, 2]]
        return self.embed(waves(y_x_h_w, self.embed[0].in_features))

    def refine(self, reference: Tensor, change: Tensor) -> Tensor:
        """Return the reference (B, Q, 4) of the next layer, in logits: the corrected box.

        No gradient goes back through it: each layer learns its own correction.
        """
        return (reference + change).detach()


class SmallDETR(nn.Module):
    """DETR whose boxes are measured from references, which may move from layer to layer.

    Args:
        backbone: images (B, 1, H', W') to features.
        encoder: features to a `Memory`.
        queries: says where each query begins, what its vector is, and where it goes on.
        layers: of the decoder.
        classes: C.
    """

    def __init__(
        self,
        backbone: nn.Module,
        encoder: nn.Module,
        queries: nn.Module,
        layers: Sequence[nn.Module],
        classes: int,
    ):
        super().__init__()
        self.backbone, self.encoder, self.queries = backbone, encoder, queries
        self.decoder, self.norm = nn.ModuleList(layers), nn.LayerNorm(WIDTH)
        self.class_head = nn.Linear(WIDTH, classes + 1)
        self.box_head = feed_forward(WIDTH, WIDTH, WIDTH, 4)

    def forward(self, images: Tensor) -> Outputs:
        """Detect the objects in images (B, 1, H', W'): the dictionary that DETR returns."""
        memory = self.encoder(self.backbone(images))
        reference = self.queries.reference.expand(len(images), -1, -1)  # (B, Q, 4), logits
        target, found = images.new_zeros(*reference.shape[:2], WIDTH), []
        for layer in self.decoder:
            target = layer(target, self.queries(reference), reference.sigmoid(), memory)
            known = self.norm(target)
            change = self.box_head(known)
            boxes = (reference + change).sigmoid()
            found.append({"pred_logits": self.class_head(known), "pred_boxes": boxes})
            reference = self.queries.refine(reference, change)
        return with_auxiliary(found)


def small_backbone() -> nn.Sequential:
    """Make a CNN from grey images (B, 1, H, W) to features (B, 64, H / 8, W / 8)."""
    stem = normed(nn.Conv2d(1, 16, 3, stride=2, padding=1, bias=False), 16)
    return nn.Sequential(stem, nn.ReLU(), BasicBlock(16, 32, 2), BasicBlock(32, 64, 2))
