"""What a small DETR needs to learn quickly: other queries and another cross-attention than DETR's.

Reference boxes, refined layer by layer: Zhu et al. 2021, "Deformable DETR", section 4, and Liu et al. 2022,
"DAB-DETR". Conditional cross-attention: Meng et al. 2021, "Conditional DETR". Notation: `B` images, `N` cells, `Q`
queries, `D` width, `h` heads, `d = D / h`. Boxes are cxcywh in 0..1; a reference is a box before the sigmoid.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_utils.models.attention import attention_weights, merge_heads, split_heads
from course_utils.models.detr import Memory
from course_utils.models.detr_parts import CrossAttention, feed_forward
from course_utils.models.sine_positions import waves

QUERIES, WIDTH = 8, 64
# the shortest wave is a quarter of the side, the longest nearly 20 times as long: over so few
# cells, most of DETR's waves would hardly change
CYCLES, TEMPERATURE = 4, 20


def short_waves(coordinates: Tensor, width: int) -> Tensor:
    """Turn places into waves that tell neighbouring cells of a small feature map apart.

    Args:
        coordinates: (..., n), in 0..1.
        width: D, a multiple of 2 n.

    Returns:
        (..., D), as `waves` does. Liu et al. 2022 found that DETR's waves are too long.
    """
    return waves(CYCLES * coordinates, width, TEMPERATURE)


class PlacedCross(CrossAttention):
    """DETR's cross-attention: positions are added to what asks, and to the cells."""

    def forward(
        self,
        target: Tensor,
        queries: Tensor,
        _boxes: Tensor,
        memory: Memory,
    ) -> Tensor:
        """Map target and queries (B, Q, D) to what they see of the memory, (B, Q, D)."""
        placed = memory.cells + memory.positions
        return super().forward(target + queries, placed, memory.cells, memory.mask)

    def weights(
        self,
        target: Tensor,
        queries: Tensor,
        _boxes: Tensor,
        memory: Memory,
    ) -> Tensor:
        """Return the attention weights (B, h, Q, N) that `forward` uses."""
        placed = memory.cells + memory.positions
        return super().weights(target + queries, placed, memory.cells, memory.mask)


class ConditionalCross(CrossAttention):
    """Cross-attention that compares content with content, and place with place.

    The scores are a sum of two products, q_c k_c + q_p k_p: Meng et al. 2021, section 3.
    A query's place is the sine position of its box's centre, each wave stretched by what
    the query knows: so it can look for the edges of its object. Both place matrices begin
    as the same one: then equal places fit best, and every query looks near its box at once.

    Args:
        width, heads: D, a multiple of 2 h, and h.
    """

    def __init__(self, width: int, heads: int):
        super().__init__(width, heads)
        self.stretch = feed_forward(width, width, width)
        self.query_place, self.key_place = (nn.Linear(width, width) for _ in range(2))
        for place in (self.query_place, self.key_place):
            nn.init.zeros_(place.bias)
            place.weight.data.copy_(2 * waves_to_heads(width, heads))

    def forward(
        self,
        target: Tensor,
        queries: Tensor,
        boxes: Tensor,
        memory: Memory,
    ) -> Tensor:
        """Map target (B, Q, D), with boxes (B, Q, 4), to what it sees of the memory."""
        v = split_heads(self.value(memory.cells), self.heads)  # (B, h, N, d)
        weights = self.weights(target, queries, boxes, memory)  # (B, h, Q, N)
        return self.out(merge_heads(weights @ v))

    def weights(
        self,
        target: Tensor,
        _queries: Tensor,
        boxes: Tensor,
        memory: Memory,
    ) -> Tensor:
        """Return the attention weights (B, h, Q, N) that `forward` uses."""
        place = short_waves(boxes[..., [1, 0]], target.shape[-1])  # (B, Q, D), y first
        place = self.query_place((1 + self.stretch(target)) * place)
        asked = self.query(target), place
        keys = self.key(memory.cells), self.key_place(memory.positions)
        q = torch.cat([split_heads(part, self.heads) for part in asked], dim=-1)
        k = torch.cat([split_heads(part, self.heads) for part in keys], dim=-1)
        return attention_weights(q, k, memory.mask)  # of (B, h, Q, 2 d), (B, h, N, 2 d)


def waves_to_heads(width: int, heads: int) -> Tensor:
    """Return the matrix (D, D) that gives every head some of the waves of y and of x.

    A wave's sine and cosine stay together: multiplied with those of another place, they
    add up to the cosine of the distance.
    """
    order = torch.arange(width).view(-1, heads, 2).transpose(0, 1).flatten()
    return torch.eye(width)[order]


def spread_boxes(queries: int) -> Tensor:
    """Draw boxes (Q, 4), a third of the image's side large, centres anywhere; before the sigmoid."""
    centres = 0.1 + 0.8 * torch.rand(queries, 2)
    return torch.cat([centres, torch.full((queries, 2), 1 / 3)], dim=-1).logit()


class Start(NamedTuple):
    """How the decoder begins.

    Attributes:
        target: (B, Q, D), what each query knows.
        reference: (B, Q, 4), where it begins, in logits.
        proposals: "pred_logits" and "pred_boxes" of all cells, if queries were chosen from them.
    """

    target: Tensor
    reference: Tensor
    proposals: dict[str, Tensor] | None = None


# reads classes and boxes off what is known (B, N, D) and references (N, 4): what was found,
# and how far the boxes lie from the references, in logits
Detect = Callable[[Tensor, Tensor], tuple[dict[str, Tensor], Tensor]]


class Queries(nn.Module):
    """What all queries share that know nothing of the image when the decoder begins."""

    def start(self, memory: Memory, _detect: Detect) -> Start:
        """Begin every image with the same references, `self.reference` (Q, 4)."""
        cells = memory.cells
        reference = self.reference.expand(len(cells), -1, -1)
        return Start(cells.new_zeros(*reference.shape[:2], cells.shape[-1]), reference)


class LearnedQueries(Queries):
    """DETR's queries: learned vectors, and no box to begin with.

    Args:
        queries, width: Q and D.
    """

    def __init__(self, queries: int = QUERIES, width: int = WIDTH):
        super().__init__()
        self.vectors = nn.Parameter(torch.randn(queries, width))
        middle = torch.zeros(queries, 4)  # whose sigmoid is 0.5
        self.register_buffer("reference", middle)

    def forward(self, _reference: Tensor) -> Tensor:
        """Return the queries (Q, D), the same for every image and in every layer."""
        return self.vectors

    def refine(self, reference: Tensor, _change: Tensor) -> Tensor:
        """Return the reference (B, Q, 4) of the next layer, in logits: the same."""
        return reference


class ReferencePoints(LearnedQueries):
    """Learned vectors, and a learned point for each, from which its box is measured.

    Meng et al. 2021, section 3: it stays where it is in all layers.
    """

    def __init__(self, queries: int = QUERIES, width: int = WIDTH):
        super().__init__(queries, width)
        self.reference = nn.Parameter(spread_boxes(queries))


class ReferenceBoxes(Queries):
    """Learned boxes as queries, which every layer corrects: Liu et al. 2022, section 4.

    Args:
        queries, width: Q and D.
    """

    def __init__(self, queries: int = QUERIES, width: int = WIDTH):
        super().__init__()
        self.reference = nn.Parameter(spread_boxes(queries))
        self.embed = feed_forward(2 * width, width, width)

    def forward(self, reference: Tensor) -> Tensor:
        """Return queries (B, Q, D) made of the sine positions of boxes (B, Q, 4), in logits."""
        y_x_h_w = reference.sigmoid()[..., [1, 0, 3, 2]]
        return self.embed(short_waves(y_x_h_w, self.embed[0].in_features))

    def refine(self, reference: Tensor, change: Tensor) -> Tensor:
        """Return the reference (B, Q, 4) of the next layer, in logits: the corrected box.

        No gradient goes back through it: each layer learns its own correction.
        """
        return (reference + change).detach()
