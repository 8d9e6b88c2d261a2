"""The runs behind lesson 10: small DETRs on scenes of 64 x 64, which parts they need, and what breaks them.

A run draws new scenes from the training items in every step, and is measured on the 500 test scenes.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from course_utils import data, scenes
from course_utils.average_precision import Detections, Truths, coco_average_precision
from course_utils.boxes import box_iou, cxcywh_to_xyxy
from course_utils.image_sets import ImageSet
from course_utils.models.chosen_cells import ChosenCells
from course_utils.models.conv import count_parameters
from course_utils.models.detr import Outputs
from course_utils.models.detr_variants import (
    ConditionalCross,
    LearnedQueries,
    PlacedCross,
    ReferenceBoxes,
    ReferencePoints,
)
from course_utils.models.set_loss import SetLoss, Targets, in_order
from course_utils.models.small_detr import SmallDETR, centre_positions, small_detr
from course_utils.scenes import Scenes
from course_utils.threads import one_thread
from course_utils.training import Loss, Recipe, Watch, fit

LIVE = Recipe(750, batch=16, lr=2e-3, weight_decay=1e-4, clip=1.0, schedule="cosine", warmup=0.05)
# DETR's loss for eight queries and three items a scene, where it has 100 and seven: "no object" is less frequent here,
# and names are what a new network lacks for longest
FEW_QUERIES = SetLoss(class_weight=2.0, no_object=0.4)
SURE = 0.5  # a score above it counts as a detection where there is no curve
ON_ITEM = 0.5  # an IoU from which a detection lies on an item


def targets_of(drawn: Scenes) -> list[Targets]:
    """Return what is in each scene, as the loss wants it."""
    return [Targets(*pair) for pair in zip(drawn.labels, drawn.boxes, strict=True)]


def truths_of(drawn: Scenes) -> list[Truths]:
    """Return what is in each scene, as the average precision wants it."""
    return [Truths(cxcywh_to_xyxy(boxes), labels) for labels, boxes in zip(drawn.labels, drawn.boxes, strict=True)]


def detection(model: nn.Module, items: ImageSet, batch: int, set_loss: SetLoss | None = None) -> Loss:
    """Return the loss of a batch of new scenes.

    Args:
        model: (B, 1, 64, 64) to what DETR returns.
        items: from which the scenes are made.
        batch: B.
        set_loss: `FEW_QUERIES` if none.
    """
    compare = set_loss or FEW_QUERIES

    def loss(generator: torch.Generator) -> Tensor:
        drawn = scenes.make_scenes(items, batch, generator)
        return with_proposals(compare, model(drawn.images), targets_of(drawn))

    return loss


def with_proposals(set_loss: SetLoss, outputs: Outputs, targets: Sequence[Targets]) -> Tensor:
    """Return the loss () of what a DETR returns, and of what its cells propose, if they do.

    Proposals, "enc_outputs", are matched and compared as a decoder's layer is. Zhu et al. 2021, section 4.
    """
    proposals = outputs.get("enc_outputs")
    chosen = set_loss({**proposals, "aux_outputs": []}, targets) if proposals else 0.0
    return set_loss(outputs, targets) + chosen


@one_thread()
@torch.no_grad()
def detect(model: nn.Module, images: Tensor, batch: int = 100) -> list[Detections]:
    """Return what a model, put into eval mode, finds in each image: one box for each query.

    Args:
        model: (B, 1, H, W) to what DETR returns.
        images: (N, 1, H, W).
        batch: how many it looks at together.

    Returns:
        N of them, boxes in corners, in shares of the side; the score is the probability of the likeliest class other
        than "no object". Carion et al. 2020, appendix A.4.
    """
    model.eval()
    found = []
    for part in images.split(batch):
        outputs = model(part)
        scores, labels = outputs["pred_logits"].softmax(dim=-1)[..., :-1].max(dim=-1)  # (B, Q)
        boxes = cxcywh_to_xyxy(outputs["pred_boxes"])
        found += [Detections(*each) for each in zip(boxes, labels, scores, strict=True)]
    return found


def count_sure(found: Sequence[Detections], truths: Sequence[Truths]) -> dict[str, float]:
    """Count the detections with a score above 0.5, whatever class they name.

    Args:
        found, truths: of each scene.

    Returns:
        in a scene, on average: "sure", how many there are; "duplicates", how many lie on an item beyond the first that
        does; "empty", how many lie on none; "missed", how many items none lies on. A detection lies on the item that it
        overlaps most, if their IoU is 0.5 or more.
    """
    counts = {"sure": 0, "duplicates": 0, "empty": 0, "missed": 0}
    for detections, truth in zip(found, truths, strict=True):
        boxes = detections.boxes[detections.scores > SURE]
        overlap, item = box_iou(boxes, truth.boxes).max(dim=1)  # (D,)
        on = item[overlap >= ON_ITEM]
        counts["sure"] += len(boxes)
        counts["duplicates"] += len(on) - len(on.unique())
        counts["empty"] += len(boxes) - len(on)
        counts["missed"] += len(truth.boxes) - len(on.unique())
    return {name: round(count / len(truths), 4) for name, count in counts.items()}


def measured(model: nn.Module, drawn: Scenes) -> dict[str, float]:
    """Return how good a model is on scenes: "ap50", "ap75" and "map" (0 to 1), and the counts of `count_sure`."""
    found, truths = detect(model, drawn.images), truths_of(drawn)
    precision = coco_average_precision(found, truths, len(drawn.classes))
    values = {"ap50": precision.ap50, "ap75": precision.ap75, "map": precision.mean}
    return {**{name: round(value, 4) for name, value in values.items()}, **count_sure(found, truths)}


def trained(
    model: nn.Module,
    recipe: Recipe,
    seed: int = 0,
    *,
    set_loss: SetLoss = FEW_QUERIES,
    classes: int = 5,
    prepare: Callable[[ImageSet], ImageSet] = lambda items: items,
    watch: Callable[[Scenes], Watch] | None = None,
) -> dict[str, float]:
    """Train a detector in place on scenes of five or ten classes, and measure it on the 500 test scenes.

    Args:
        model: (B, 1, 64, 64) to what DETR returns.
        recipe, seed: as for `fit`.
        set_loss: compares.
        classes: 5 or 10.
        prepare: makes what scenes are made of from the training items.
        watch: makes, of the test scenes, what looks at the model after every step.
    """
    items = data.fashion_mnist(60_000, 10_000)
    train_items, test_items = map(scenes.five_classes, items) if classes == 5 else items
    test = scenes.held_out_scenes(test_items)
    loss, look = detection(model, prepare(train_items), recipe.batch, set_loss), watch and watch(test)
    history = fit(model, loss, recipe, seed=seed, watch=look)
    return {
        **measured(model, test),
        "loss": round(history.recent(), 4),
        "steps": recipe.steps,
        "parameters": count_parameters(model),
    }


# which of the changes pays

VARIANTS = {
    "plain": (LearnedQueries, PlacedCross),
    "refined boxes": (ReferenceBoxes, PlacedCross),
    "conditional attention": (ReferencePoints, ConditionalCross),
    "both": (ReferenceBoxes, ConditionalCross),
    "chosen cells": (ChosenCells, ConditionalCross),
}


def variant(name: str, classes: int = 5) -> SmallDETR:
    """Make one of `VARIANTS`."""
    queries, cross = VARIANTS[name]
    return small_detr(queries, cross, classes)


def detr_arm(arm: str, seed: int) -> dict[str, float]:
    """Train one of `VARIANTS` as the lesson trains the last of them live."""
    torch.manual_seed(seed)
    return trained(variant(arm), LIVE, seed)


# what breaks it


def no_positions(valid: Tensor, width: int) -> Tensor:
    """Give no cell of (B, H, W) a position: (B, H * W, D) of zeros."""
    return valid.flatten(1)[..., None].expand(-1, -1, width) * 0


# each leaves one part out: of the loss, or the positions of the cells
BROKEN: dict[str, tuple[SetLoss, Callable[[Tensor, int], Tensor]]] = {
    "no matching": (replace(FEW_QUERIES, assign=in_order), centre_positions),
    "no 'no object'": (replace(FEW_QUERIES, no_object=0.0), centre_positions),
    "no auxiliary losses": (replace(FEW_QUERIES, auxiliary=False), centre_positions),
    "no positions": (FEW_QUERIES, no_positions),
}


def broken_arm(arm: str, seed: int) -> dict[str, float]:
    """Train the live model with one of `BROKEN`, as many steps."""
    torch.manual_seed(seed)
    set_loss, positions = BROKEN[arm]
    return trained(small_detr(positions=positions), LIVE, seed, set_loss=set_loss)


def train_broken(arm: str) -> Callable[[nn.Module], dict[str, float]]:
    """Return what trains a detector in place as one of `BROKEN` that has all positions, and measures it."""
    return lambda model: trained(model, LIVE, set_loss=BROKEN[arm][0])
