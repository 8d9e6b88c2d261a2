"""What lesson 10 looks at beside the average precision: detections during a training, anchors, which items are found.

Notation: `Q` queries, `D` detections and `T` truths of a scene, `P` found items of all scenes.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_utils.average_precision import Detections, Truths, of_class, right_detections, surest_first
from course_utils.boxes import box_iou, cxcywh_to_xyxy, non_maximum_suppression
from course_utils.detr_runs import ON_ITEM, SURE, detect
from course_utils.scenes import SIDE, Scenes
from course_utils.training import Watch

ANCHOR_SIDES = (16, 22, 28)  # in pixels, the square roots of the areas
ANCHOR_SHAPES = (0.5, 1.0, 2.0)  # height by width


class FoundItems(NamedTuple):
    """Which query lies on which item: three times (P,) of int64.

    Attributes:
        scenes: the number of the scene.
        queries: of the query in its scene.
        items: of the item in its scene.
    """

    scenes: Tensor
    queries: Tensor
    items: Tensor


def found_items(found: Sequence[Detections], truths: Sequence[Truths]) -> FoundItems:
    """Say which items are found, whatever class is named, and by which query: the surest, if there are several.

    Args:
        found: of each scene, one detection for each query.
        truths: of each scene.

    Returns:
        the items on which a detection with a score above 0.5 lies, as `detr_runs.count_sure` counts them.
    """
    rows = []
    for scene, (detections, truth) in enumerate(zip(found, truths, strict=True)):
        overlap, item = box_iou(detections.boxes, truth.boxes).max(dim=1)  # (Q,)
        lies = (detections.scores > SURE) & (overlap >= ON_ITEM)
        taken: dict[int, int] = {}
        for query in surest_first(detections.scores).tolist():
            if lies[query]:
                taken.setdefault(int(item[query]), query)
        rows += [(scene, query, number) for number, query in sorted(taken.items())]
    return FoundItems(*torch.tensor(rows, dtype=torch.int64).view(-1, 3).unbind(dim=1))


def item_masks(drawn: Scenes, items: FoundItems) -> Tensor:
    """Return which pixels the items have: (P, 64, 64) of bool."""
    every = [drawn.masks(scene) for scene in range(len(drawn))]
    rows = zip(items.scenes.tolist(), items.items.tolist(), strict=True)
    return torch.stack([torch.zeros(SIDE, SIDE, dtype=torch.bool), *(every[scene][item] for scene, item in rows)])[1:]


def filled_boxes(boxes: Tensor, side: int = SIDE) -> Tensor:
    """Return the pixels whose middle lies in a box.

    Args:
        boxes: (P, 4) in corners, in 0..1.
        side: of the pictures.

    Returns:
        (P, side, side) of bool.
    """
    middle = (torch.arange(side) + 0.5) / side
    left, top, right, bottom = boxes[..., None].unbind(dim=1)  # (P, 1)
    across = (left <= middle) & (middle < right)  # (P, side)
    down = (top <= middle) & (middle < bottom)
    return down[:, :, None] & across[:, None, :]


def detections_at(steps: Sequence[int], model: nn.Module, images: Tensor) -> tuple[dict[int, list[Detections]], Watch]:
    """Return a dictionary that fills up during a training, and what fills it.

    Args:
        steps: after how many steps to look.
        model: that is trained.
        images: (N, 1, H, W), in which it looks for something.

    Returns:
        what it finds in each image, by the number of steps done, and what `fit` takes as `watch`.
    """
    found: dict[int, list[Detections]] = {}

    def watch(done: int) -> None:
        if done in steps:
            found[done] = detect(model, images)

    return found, watch


def ranked(
    found: Sequence[Detections], truths: Sequence[Truths], label: int, threshold: float = 0.5
) -> tuple[Tensor, int]:
    """Return what a curve of precision over recall is drawn from.

    Args:
        found, truths: of each scene.
        label: the class.
        threshold: of the IoU.

    Returns:
        (D,) of bool, whether each detection of this class is right, the surest of all scenes first; and how many
        truths there are.
    """
    scenes = [of_class(*pair, label) for pair in zip(found, truths, strict=True)]
    right = torch.cat([right_detections(overlaps, threshold) for _, overlaps in scenes])
    order = surest_first(torch.cat([scores for scores, _ in scenes]))
    return right[order], sum(overlaps.shape[1] for _, overlaps in scenes)


def suppressed(found: Detections, threshold: float = 0.5) -> Detections:
    """Return what non-maximum suppression leaves of a scene's detections; each class is treated for itself."""
    kept = []
    for label in found.labels.unique():
        chosen = (found.labels == label).nonzero()[:, 0]
        kept.append(chosen[non_maximum_suppression(found.boxes[chosen], found.scores[chosen], threshold)])
    places = torch.cat([torch.zeros(0, dtype=torch.int64), *kept])
    return Detections(found.boxes[places], found.labels[places], found.scores[places])


def anchor_boxes(cells: int = 16) -> Tensor:
    """Return the boxes that a detector with anchors would begin with: nine around the middle of every cell.

    Ren et al. 2015, section 3.1.1: three sizes, in three shapes each.

    Args:
        cells: rows and columns of the feature map.

    Returns:
        (9 * cells * cells, 4), cxcywh in 0..1, row by row; the first nine belong to the first cell.
    """
    sides = torch.tensor(ANCHOR_SIDES)[:, None] / SIDE
    shapes = torch.tensor(ANCHOR_SHAPES)
    sizes = torch.stack([sides / shapes.sqrt(), sides * shapes.sqrt()], dim=-1).view(9, 2)
    middle = (torch.arange(cells) + 0.5) / cells
    y, x = torch.meshgrid(middle, middle, indexing="ij")
    centres = torch.stack([x, y], dim=-1).view(-1, 1, 2).expand(-1, 9, -1)
    return torch.cat([centres, sizes.expand_as(centres)], dim=-1).flatten(0, 1)


def anchors_on(box: Tensor, threshold: float = 0.5, cells: int = 16) -> Detections:
    """Return the anchors that overlap an item by so much: what a detector with anchors learns to report.

    Args:
        box: (4,), cxcywh in 0..1.
        threshold: of the IoU.
        cells: as for `anchor_boxes`.

    Returns:
        them, with their IoU as scores: as if the detector were perfectly sure how well each fits.
    """
    anchors = cxcywh_to_xyxy(anchor_boxes(cells))
    overlap = box_iou(anchors, cxcywh_to_xyxy(box)[None])[:, 0]
    on = overlap >= threshold
    return Detections(anchors[on], torch.zeros(int(on.sum()), dtype=torch.int64), overlap[on])
