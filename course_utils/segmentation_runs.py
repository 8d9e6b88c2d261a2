"""A mask head on a trained DETR: what it costs to go from boxes to masks, and what the masks are worth.

`P` found items of all scenes, as `detr_views.found_items` lists them.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_utils import data, scenes
from course_utils.detr_runs import detect, targets_of, truths_of
from course_utils.detr_views import FoundItems, filled_boxes, found_items, item_masks
from course_utils.image_sets import ImageSet
from course_utils.models.conv import count_parameters
from course_utils.models.segmentation import MaskHead, Seen, dice_loss, focal_loss, see
from course_utils.models.set_loss import match_batch
from course_utils.scenes import Scenes
from course_utils.threads import one_thread
from course_utils.training import Loss, Recipe, fit

MASKS = Recipe(500, batch=8, lr=8e-3, weight_decay=1e-4, schedule="cosine", warmup=0.05)
BRIGHTNESS = [step / 20 for step in range(1, 13)]  # from which a threshold is chosen
CHOSEN_ON = 200  # training scenes


def everything(seen: Seen) -> Seen:
    """Take nothing away."""
    return seen


def without_features(seen: Seen) -> Seen:
    """Take away what would sharpen the masks: the backbone's features and the images."""
    return seen._replace(features=[torch.zeros_like(features) for features in seen.features])


def without_queries(seen: Seen) -> Seen:
    """Take away what the queries know: then all masks of a scene are the same."""
    return seen._replace(known=torch.zeros_like(seen.known))


# what a mask head gets
SEEN: dict[str, Callable[[Seen], Seen]] = {
    "attention and features": everything,
    "attention only": without_features,
    "features only": without_queries,
}


def mask_loss(
    detr: nn.Module,
    head: nn.Module,
    items: ImageSet,
    batch: int,
    get: Callable[[Seen], Seen] = everything,
) -> Loss:
    """Return the loss of the masks in a batch of new scenes.

    Args:
        detr: trained, and in eval mode; nothing in it changes.
        head: draws the masks of the queries that are matched with an item.
        items: from which the scenes are made.
        batch: B.
        get: what the head gets of all that the DETR has seen.
    """

    def loss(generator: torch.Generator) -> Tensor:
        drawn = scenes.make_scenes(items, batch, generator)
        outputs, seen = see(detr, drawn.images)
        pairs = match_batch(outputs, targets_of(drawn))
        masks = torch.cat([drawn.masks(scene) for scene in range(len(drawn))])[pairs.targets]
        logits = head(get(seen), pairs.images, pairs.queries)  # (P, 64, 64)
        return dice_loss(logits, masks) + focal_loss(logits, masks)

    return loss


@one_thread()
@torch.no_grad()
def draw_masks(
    detr: nn.Module,
    head: nn.Module,
    images: Tensor,
    items: FoundItems,
    get: Callable[[Seen], Seen] = everything,
    batch: int = 50,
) -> Tensor:
    """Return the masks (P, 64, 64) of bool that a head draws for the queries of found items.

    Args:
        detr, head: are put into eval mode.
        images: (B, 1, 64, 64).
        items: P of them.
        get: as for `mask_loss`.
        batch: how many images the DETR looks at together.
    """
    detr.eval(), head.eval()
    found = [torch.zeros(0, *images.shape[2:], dtype=torch.bool)]
    for start in range(0, len(images), batch):
        here = (items.scenes >= start) & (items.scenes < start + batch)
        _, seen = see(detr, images[start : start + batch])
        found.append(head(get(seen), items.scenes[here] - start, items.queries[here]) > 0)
    return torch.cat(found)


def mask_iou(first: Tensor, second: Tensor) -> Tensor:
    """Return the IoU (P,) of masks (P, H, W) of bool, each with the one at its own place; 0 where both are empty."""
    shared = (first & second).sum(dim=(1, 2))
    return shared / (first | second).sum(dim=(1, 2)).clamp(min=1)


def found_boxes(detr: nn.Module, drawn: Scenes) -> tuple[FoundItems, Tensor]:
    """Return the items that a DETR finds in scenes, and its boxes around them, filled: (P, 64, 64) of bool."""
    found = detect(detr, drawn.images)
    items = found_items(found, truths_of(drawn))
    boxes = torch.stack([detections.boxes for detections in found])
    return items, filled_boxes(boxes[items.scenes, items.queries])


def bright_pixels(filled: Tensor, drawn: Scenes, items: FoundItems, threshold: float) -> Tensor:
    """Return the pixels in filled boxes (P, 64, 64) that are brighter than a threshold in 0..1."""
    return filled & (drawn.images[items.scenes, 0] > threshold)


def choose_brightness(detr: nn.Module, train_items: ImageSet) -> float:
    """Return the threshold whose bright pixels are most like the masks of 200 training scenes."""
    drawn = scenes.make_scenes(train_items, CHOSEN_ON, torch.Generator().manual_seed(0))
    items, filled = found_boxes(detr, drawn)
    truth = item_masks(drawn, items)
    return max(BRIGHTNESS, key=lambda least: mask_iou(bright_pixels(filled, drawn, items, least), truth).mean().item())


def train_head(
    detr: nn.Module, head: nn.Module, seed: int = 0, arm: str = "attention and features"
) -> dict[str, float]:
    """Train a mask head in place on scenes of five classes, and measure its masks on the 500 test scenes.

    Args:
        detr: trained; it doesn't change.
        head: a `MaskHead`.
        seed: of the scenes.
        arm: one of `SEEN`.

    Returns:
        the mean IoU with the true masks of all found items, of the head's masks ("mask iou"), of the filled boxes of
        the same queries ("box iou"), and of the bright pixels in them ("bright iou"); "found", the share of the items.
    """
    train_items, test_items = map(scenes.five_classes, data.fashion_mnist(60_000, 10_000))
    detr.eval()
    history = fit(head, mask_loss(detr, head, train_items, MASKS.batch, SEEN[arm]), MASKS, seed=seed)
    drawn = scenes.held_out_scenes(test_items)
    items, filled = found_boxes(detr, drawn)
    bright = bright_pixels(filled, drawn, items, choose_brightness(detr, train_items))
    drawn_masks, truth = draw_masks(detr, head, drawn.images, items, SEEN[arm]), item_masks(drawn, items)
    compared = {"mask iou": drawn_masks, "box iou": filled, "bright iou": bright}
    return {
        **{name: round(mask_iou(masks, truth).mean().item(), 4) for name, masks in compared.items()},
        "found": round(len(truth) / sum(map(len, drawn.labels)), 4),
        "loss": round(history.recent(), 4),
        "steps": MASKS.steps,
        "parameters": count_parameters(head),
    }


def segmentation_arm(arm: str, seed: int) -> dict[str, float]:
    """Train a mask head on the checkpoint `detr_five`, with one of `SEEN`."""
    from course_utils.checkpoints import load  # which imports the experiments

    torch.manual_seed(seed)
    return train_head(load("detr_five"), MaskHead(), seed, arm)
