"""DETR's loss: match queries with objects, then compare each pair, and expect nothing of the other queries.

Carion et al. 2020, section 3.1 and appendix A.2. Notation: `B` images, `Q` queries, `C` classes, `T` targets of one
image, `P` matched pairs in the whole batch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils.boxes import cxcywh_to_xyxy, paired_giou
from course_utils.models.detr import Outputs
from course_utils.models.matching import match, matching_cost


class Targets(NamedTuple):
    """What is in one image: `labels` (T,) of int64, and `boxes` (T, 4), cxcywh in 0..1."""

    labels: Tensor
    boxes: Tensor


class Pairs(NamedTuple):
    """Which query answers for which target: three times (P,) of int64.

    Attributes:
        images: number of the image in the batch.
        queries: number of the query in its image.
        targets: number of the target among all targets of the batch, one image after another.
    """

    images: Tensor
    queries: Tensor
    targets: Tensor


# costs (Q, T) to queries and targets
Assign = Callable[[Tensor], tuple[Tensor, Tensor]]


def in_order(cost: Tensor) -> tuple[Tensor, Tensor]:
    """Give the first query the first target, the second the second, whatever it costs."""
    taken = torch.arange(min(cost.shape))
    return taken, taken


@torch.no_grad()
def match_batch(
    layer: dict[str, Tensor],
    targets: Sequence[Targets],
    assign: Assign = match,
) -> Pairs:
    """Match the queries of every image with its targets.

    Args:
        layer: "pred_logits" (B, Q, C + 1) and "pred_boxes" (B, Q, 4).
        targets: B of them.
        assign: makes pairs of the costs of one image.

    Returns:
        the pairs of all images. The costs are computed for all at once, then cut apart.
    """
    logits, boxes = layer["pred_logits"], layer["pred_boxes"]
    labels, wanted = (torch.cat(parts) for parts in zip(*targets, strict=True))
    cost = matching_cost(logits.flatten(0, 1), boxes.flatten(0, 1), labels, wanted)
    cost = cost.view(*logits.shape[:2], -1)  # (B, Q, targets of all images)
    pairs, start = [], 0
    for image, target in enumerate(targets):
        end = start + len(target.labels)
        queries, chosen = assign(cost[image, :, start:end])
        pairs.append((torch.full_like(queries, image), queries, start + chosen))
        start = end
    return Pairs(*(torch.cat(parts) for parts in zip(*pairs, strict=True)))


def class_loss(
    logits: Tensor,
    labels: Tensor,
    pairs: Pairs,
    no_object: float = 0.1,
) -> Tensor:
    """Compare each query's classes with its target's, or with "no object".

    Args:
        logits: (B, Q, C + 1), "no object" last.
        labels: (T,) of all targets of the batch.
        pairs: who was matched.
        no_object: weight of the queries that weren't; there are many of them.

    Returns:
        (): the cross-entropy, as a mean in which every query counts by its weight.
    """
    nothing = logits.shape[-1] - 1
    expected = torch.full_like(logits[..., 0], nothing, dtype=torch.int64)  # (B, Q)
    expected[pairs.images, pairs.queries] = labels[pairs.targets]
    weight = logits.new_ones(nothing + 1)  # of each class
    weight[nothing] = no_object
    return F.cross_entropy(logits.flatten(0, 1), expected.flatten(), weight)


def box_loss(boxes: Tensor, targets: Tensor, pairs: Pairs) -> tuple[Tensor, Tensor]:
    """Compare the box of each matched query with its target's.

    Args:
        boxes: (B, Q, 4) predicted, cxcywh in 0..1.
        targets: (T, 4) of all targets of the batch.
        pairs: who was matched.

    Returns:
        () twice, the L1 distance and 1 - GIoU, both as sums over the pairs, divided by
        T: an image with many objects counts more than one with few.
    """
    found = boxes[pairs.images, pairs.queries]  # (P, 4)
    wanted = targets[pairs.targets]
    distance = (found - wanted).abs().sum()
    giou = paired_giou(cxcywh_to_xyxy(found), cxcywh_to_xyxy(wanted))
    count = max(len(targets), 1)
    return distance / count, (1 - giou).sum() / count


@dataclass(frozen=True)
class SetLoss:
    """The sum of the weighted losses over all layers of the decoder.

    Carion et al. 2020, appendix A.4. Each layer is matched for itself.

    Attributes:
        class_weight, l1_weight, giou_weight: of the three losses.
        no_object: weight of "no object" within the class loss.
        assign: makes pairs of the costs (Q, T) of an image.
        auxiliary: whether the earlier layers count.
    """

    class_weight: float = 1.0
    l1_weight: float = 5.0
    giou_weight: float = 2.0
    no_object: float = 0.1
    assign: Assign = match
    auxiliary: bool = True

    def __call__(self, outputs: Outputs, targets: Sequence[Targets]) -> Tensor:
        """Return the loss () of what a DETR found in B images with these B targets."""
        layers = [*(outputs["aux_outputs"] if self.auxiliary else ()), outputs]
        return sum(self.of_layer(layer, targets) for layer in layers)

    def of_layer(self, layer: dict[str, Tensor], targets: Sequence[Targets]) -> Tensor:
        """Return the loss () of one layer."""
        pairs = match_batch(layer, targets, self.assign)
        labels, boxes = (torch.cat(parts) for parts in zip(*targets, strict=True))
        naming = class_loss(layer["pred_logits"], labels, pairs, self.no_object)
        distance, apart = box_loss(layer["pred_boxes"], boxes, pairs)
        about_boxes = self.l1_weight * distance + self.giou_weight * apart
        return self.class_weight * naming + about_boxes
