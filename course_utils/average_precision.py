"""Average precision of a detector as COCO counts it, from scratch: Lin et al. 2014, and their evaluation code.

A detection is right if it overlaps a truth of its class by a threshold or more, and no surer one has taken that truth.
From the surest on, detections draw a curve of precision over recall. The average precision (AP) of a class at a
threshold is the mean of that curve. Notation: `D` detections and `T` truths of a scene, `C` classes, `K` thresholds.
Boxes are in corners.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils.boxes import box_iou, check_corners

# numpy's, since COCO's are: torch rounds other steps
THRESHOLDS = np.linspace(0.5, 0.95, 10).tolist()  # of the IoU
RECALLS = torch.from_numpy(np.linspace(0, 1, 101))  # where the curve is read off
MOST_DETECTIONS = 100  # of a class in a scene that count: the surest


@dataclass(frozen=True, eq=False)
class Truths:
    """What is in a scene: `boxes` (T, 4) in corners, `labels` (T,).

    Raises:
        ValueError: the lengths differ, or a box ends before it begins.
    """

    boxes: Tensor
    labels: Tensor

    def __post_init__(self):
        _check(self.boxes, labels=self.labels)


@dataclass(frozen=True, eq=False)
class Detections:
    """What a detector finds in a scene: `boxes` (D, 4) in corners, `labels` (D,), `scores` (D,), higher if surer.

    Raises:
        ValueError: the lengths differ, a box ends before it begins, or a score is NaN.
    """

    boxes: Tensor
    labels: Tensor
    scores: Tensor

    def __post_init__(self):
        _check(self.boxes, labels=self.labels, scores=self.scores)
        if self.scores.isnan().any():
            raise ValueError("a score is NaN: look for NaN in the logits")


@dataclass(frozen=True, eq=False)
class AveragePrecision:
    """How good a detector is.

    Attributes:
        table: (C, K) in 0..1, for every class and threshold; NaN for a class without truths.
    """

    table: Tensor

    @property
    def mean(self) -> float:
        """COCO's main number, over all classes and thresholds: often called mAP, or AP."""
        return self.table.nanmean().item()

    @property
    def ap50(self) -> float:
        """The mean over classes at an IoU of 0.5."""
        return self.table[:, 0].nanmean().item()

    @property
    def ap75(self) -> float:
        """The mean over classes at an IoU of 0.75."""
        return self.table[:, 5].nanmean().item()


def coco_average_precision(
    detections: Sequence[Detections],
    truths: Sequence[Truths],
    classes: int,
) -> AveragePrecision:
    """Compare what was found in each scene with what is there.

    Args:
        detections: of each scene.
        truths: of each scene, in the same order.
        classes: C.

    Raises:
        ValueError: no scenes, not one of both for each, or a label that is no class.
    """
    if not truths or len(detections) != len(truths):
        found = f"detections of {len(detections)} scenes and truths of {len(truths)}"
        raise ValueError(f"{found} can't be compared: give both for each scene")
    labels = torch.cat([scene.labels for scene in (*detections, *truths)])
    wrong = labels[(labels < 0) | (labels >= classes)].tolist()
    if wrong:
        found = f"label {wrong[0]} is none of {classes} classes"
        raise ValueError(f"{found}: use 0 to {classes - 1}, and leave out 'no object'")
    rows = [class_precision(detections, truths, label) for label in range(classes)]
    return AveragePrecision(torch.stack(rows))


def class_precision(
    detections: Sequence[Detections],
    truths: Sequence[Truths],
    label: int,
) -> Tensor:
    """Return the AP of one class at each threshold, (K,); NaN if no scene has it."""
    pairs = zip(detections, truths, strict=True)
    scenes = [of_class(found, true, label) for found, true in pairs]
    count = sum(overlaps.shape[1] for _, overlaps in scenes)
    if count == 0:
        return torch.full((len(THRESHOLDS),), torch.nan, dtype=torch.float64)
    scores, precisions = torch.cat([scores for scores, _ in scenes]), []
    for threshold in THRESHOLDS:
        right = [right_detections(overlaps, threshold) for _, overlaps in scenes]
        curve = precision_curve(scores, torch.cat(right), count)
        precisions.append(curve.mean())
    return torch.stack(precisions)


def of_class(found: Detections, true: Truths, label: int) -> tuple[Tensor, Tensor]:
    """Return the scores (D,) of a class, the surest first, and their IoU (D, T)."""
    chosen = (found.labels == label).nonzero()[:, 0]
    chosen = chosen[surest_first(found.scores[chosen])][:MOST_DETECTIONS]
    boxes = true.boxes[true.labels == label]
    overlaps = box_iou(found.boxes[chosen].double(), boxes.double())
    return found.scores[chosen].double(), overlaps


def surest_first(scores: Tensor) -> Tensor:
    """Return the order of scores (D,), highest first; equals keep their order."""
    return scores.argsort(descending=True, stable=True)


def right_detections(overlaps: Tensor, threshold: float) -> Tensor:
    """Say which detections are right: each truth counts once, for the surest.

    Args:
        overlaps: (D, T), the IoU of a scene's detections of a class, the surest first,
            with its truths.
        threshold: of the IoU.

    Returns:
        (D,) of bool. Each detection takes, of the truths that are left, the one that it
        overlaps most; of equals the last, as in COCO's code.
    """
    right, left = [], list(range(overlaps.shape[1]))
    for row in overlaps.tolist():
        best = max(left, key=lambda truth: (row[truth], truth), default=None)
        right.append(best is not None and row[best] >= threshold)
        if right[-1]:
            left.remove(best)
    return torch.tensor(right, dtype=torch.bool)


def precision_curve(scores: Tensor, right: Tensor, truths: int) -> Tensor:
    """Return how precise a detector is when it finds 0, 1, 2 ... 100 % of the truths.

    Args:
        scores: (D,) of the detections of all scenes, higher if surer.
        right: (D,) of bool, which of them are right.
        truths: of all scenes, at least 1.

    Returns:
        (101,): the highest precision at this recall or a higher one, 0 where no recall
        is as high. Its mean is the average precision. Everingham et al. 2010, section
        4.2, there with 11 points.
    """
    found = right[surest_first(scores)].double().cumsum(dim=0)  # (D,)
    recall = found / truths
    precision = found / torch.arange(1, len(right) + 1)
    highest = precision.flip(0).cummax(dim=0).values.flip(0)  # from here on
    return F.pad(highest, (0, 1))[torch.searchsorted(recall, RECALLS)]


def _check(boxes: Tensor, **others: Tensor) -> None:
    """Raise ValueError unless there are as many of everything as boxes, in corners."""
    check_corners(boxes)
    for name, values in others.items():
        if values.shape != boxes.shape[:1]:
            found = f"{name} of shape {tuple(values.shape)}"
            found = f"{found} for boxes of shape {tuple(boxes.shape)}"
            raise ValueError(f"{found}: give (N,) for boxes (N, 4)")
