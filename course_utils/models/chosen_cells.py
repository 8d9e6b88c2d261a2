"""Queries that begin as cells of the image, not as numbers that are the same for every image.

Zhu et al. 2021, "Deformable DETR", section 4, and Yao et al. 2021, "Efficient DETR". Notation: `B` images, `N` cells,
`Q` queries, `D` width. Boxes are cxcywh in 0..1; a reference is a box before the sigmoid.
"""

import math

import torch
from torch import Tensor

from course_utils.models.detr import Memory
from course_utils.models.detr_variants import (
    QUERIES,
    WIDTH,
    Detect,
    ReferenceBoxes,
    Start,
)


def cell_boxes(cells: int) -> Tensor:
    """Return a box (N, 4) around each cell of a square map, row by row, in logits.

    Each is a third of the image's side large.
    """
    side = math.isqrt(cells)
    middle = (torch.arange(side) + 0.5) / side
    centres = torch.cartesian_prod(middle, middle).flip(-1)  # (N, 2), x first
    return torch.cat([centres, torch.full((cells, 2), 1 / 3)], dim=-1).logit()


class ChosenCells(ReferenceBoxes):
    """Queries that begin as the cells which are surest to lie on an object.

    Every cell answers as a query would; the best Q answers become the references, and the
    decoder begins with what these cells know. Zhu et al. 2021, section 4, "two-stage", and
    Yao et al. 2021, section 4.

    Args:
        queries, width: Q and D.
    """

    def __init__(self, queries: int = QUERIES, width: int = WIDTH):
        super().__init__(queries, width)
        self.count = queries
        del self.reference  # nothing to learn

    def start(self, memory: Memory, detect: Detect) -> Start:
        """Choose the likeliest cells of each image."""
        cells = memory.cells
        around = cell_boxes(cells.shape[1]).to(cells)
        found, change = detect(cells, around)
        likeliest = found["pred_logits"].softmax(dim=-1)[..., :-1].amax(dim=-1)  # (B, N)
        best = likeliest.topk(self.count, dim=1).indices[..., None]  # (B, Q, 1)
        known = cells.take_along_dim(best, dim=1)
        reference = self.refine(around, change).take_along_dim(best, dim=1)
        return Start(known, reference, found)
