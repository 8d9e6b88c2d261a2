"""The detectors of lesson 10 that trained for longer, and what they found in three test scenes on the way.

A checkpoint's record has the stages: AP50 on all 500 test scenes, and the detections, after some of the steps.
"""

from collections.abc import Callable, Iterable

import torch
from torch import nn

from course_utils.average_precision import Detections, coco_average_precision
from course_utils.detr_runs import detect, trained, truths_of, variant
from course_utils.image_sets import ImageSet
from course_utils.more_items import evened, with_mirrored
from course_utils.scenes import Scenes
from course_utils.training import Recipe, Watch

LONG = Recipe(12_000, batch=16, lr=2e-3, weight_decay=1e-4, clip=1.0, schedule="cosine", warmup=0.05)
STAGES = (100, 300, 1000, 3000, 6000, 12_000)  # after so many steps it is looked at
SHOWN = 3  # the first test scenes
CLASSES = {"five classes": 5, "ten classes": 10}


def stages_of(model: nn.Module, steps: Iterable[int] = STAGES) -> tuple[list[dict], Callable[[Scenes], Watch]]:
    """Return a list that fills up during a training, and what `trained` takes as `watch`.

    Args:
        model: that is trained.
        steps: after which it is looked at.

    Returns:
        for each stage "step", "ap50" (0 to 1), and what was found in the first scenes, in lists: "boxes" (3, Q, 4) in
        corners, shares of the side, "labels" and "scores" (3, Q).
    """
    stages: list[dict] = []

    def look_at(test: Scenes) -> Watch:
        def watch(done: int) -> None:
            if done in steps:
                found = detect(model, test.images)
                precision = coco_average_precision(found, truths_of(test), len(test.classes))
                stages.append({"step": done, "ap50": round(precision.ap50, 4), **listed(found[:SHOWN])})

        return watch

    return stages, look_at


def listed(found: Iterable[Detections]) -> dict[str, list]:
    """Return detections as lists of numbers, rounded to a hundredth of a pixel or finer."""
    boxes = [[[round(number, 4) for number in box] for box in each.boxes.tolist()] for each in found]
    scores = [[round(score, 4) for score in each.scores.tolist()] for each in found]
    return {"boxes": boxes, "labels": [each.labels.tolist() for each in found], "scores": scores}


def prepared(items: ImageSet) -> ImageSet:
    """Return training items for many steps: their mirror images too, and of every class about as many."""
    return evened(with_mirrored(items))


def train_detector(classes: int) -> Callable[[nn.Module], dict]:
    """Return what trains a detector for five or ten classes in place, and measures it."""

    def train(model: nn.Module) -> dict:
        stages, watch = stages_of(model)
        return {**trained(model, LONG, classes=classes, prepare=prepared, watch=watch), "stages": stages}

    return train


def long_arm(arm: str, seed: int) -> dict[str, float]:
    """Train the detector of one of `CLASSES` as its checkpoint was trained, from another seed."""
    torch.manual_seed(seed)
    model = variant("chosen cells", CLASSES[arm])
    return trained(model, LONG, seed, classes=CLASSES[arm], prepare=prepared)


def read_stages(record: dict) -> dict[int, list[Detections]]:
    """Return what was found in the first three test scenes, by the number of steps done.

    Args:
        record: of a checkpoint of this module, as `checkpoints.record` returns it.
    """
    found = {}
    for stage in record["measured"]["stages"]:
        each = zip(stage["boxes"], stage["labels"], stage["scores"], strict=True)
        found[stage["step"]] = [Detections(*map(torch.tensor, lists)) for lists in each]
    return found
