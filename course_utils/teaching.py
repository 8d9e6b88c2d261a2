"""How a student learns from a teacher's logits, made once, and what is measured of it: for lesson 07 and its runs."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_utils.augment import translate
from course_utils.image_sets import ImageSet
from course_utils.scores import agreement, shared_mistakes
from course_utils.threads import one_thread
from course_utils.training import Loss, grey, predictions

Objective = Callable[..., Tensor]  # the student's output, the teacher's logits, the labels: a loss
Look = Callable[[ImageSet], ImageSet]  # images to what a model sees of them
BATCH = 64  # of images that are only looked at: larger ones leave the cache, and take longer


def both_ways(images: ImageSet) -> Tensor:
    """Return standardised images as they are, and mirrored: (2, N, 1, H, W)."""
    pixels = grey(images)
    return torch.stack([pixels, pixels.flip(3)])


@one_thread()
@torch.no_grad()
def logits_of(model: nn.Module, views: Tensor, batch: int = BATCH) -> Tensor:
    """Return a model's logits (2, N, classes) for images both ways (2, N, C, H, W).

    The model is put into eval mode.
    """
    model.eval()
    logits = [model(part) for part in views.flatten(0, 1).split(batch)]
    return torch.cat(logits).unflatten(0, views.shape[:2])


def taught(
    model: nn.Module,
    views: Tensor,
    teacher_logits: Tensor,
    labels: Tensor,
    batch: int,
    objective: Objective,
) -> Loss:
    """Return the loss of a batch drawn at random, each image as it is or mirrored.

    It draws as `classification` does: a twin trained on labels sees the same batches.

    Args:
        model: the student, (B, C, H, W) to what `objective` takes.
        views: (2, N, C, H, W), from `both_ways`.
        teacher_logits: (2, N, classes), of the very pictures that the student sees.
        labels: (N,).
        batch: B.
        objective: of the student's output, the teacher's logits, and the labels.
    """

    def loss(generator: torch.Generator) -> Tensor:
        chosen = torch.randint(len(labels), (batch,), generator=generator)
        way = (torch.rand(batch, 1, 1, 1, generator=generator) < 0.5).flatten().long()
        found, expected = model(views[way, chosen]), teacher_logits[way, chosen]
        return objective(found, expected, labels[chosen])

    return loss


def as_it_is(images: ImageSet) -> ImageSet:
    """Return the images unchanged."""
    return images


def tried(model: nn.Module, test_set: ImageSet, look: Look = as_it_is) -> tuple[Tensor, dict[str, float]]:
    """Classify test images, and see which predictions change when the images are shifted.

    Args:
        model: (B, 1, H, W) to logits.
        test_set: all are classified; the first 2,000 are shifted as well.
        look: what the model sees of images, shifted ones too.

    Returns:
        the predictions (N,), and by name: "accuracy", and "kept" (see `kept`).
    """
    found = predictions(model, look(test_set), BATCH)
    stays = kept(model, part(test_set, 2_000), found[:2_000], look)
    return found, {"accuracy": agreement(found, test_set.labels), "kept": stays}


def kept(model: nn.Module, images: ImageSet, found: Tensor, look: Look = as_it_is) -> float:
    """Return the share (0 to 1) of predictions that stay when images move by 2 pixels: up, down, left, right.

    Args:
        model: (B, 1, H, W) to logits.
        images: (N, H, W).
        found: (N,), its predictions for them.
        look: what the model sees of images.
    """
    moved = (translate(images.images, *way) for way in ((2, 0), (-2, 0), (0, 2), (0, -2)))
    seen = [predictions(model, look(ImageSet(one, images.labels, images.classes)), BATCH) for one in moved]
    return sum(agreement(found, one) for one in seen) / len(seen)


def compared(found: Tensor, others: Tensor, labels: Tensor) -> dict[str, float]:
    """Return how like two models' predictions (N,) are: on all images, and on those that one of them gets wrong."""
    return {"agreement": agreement(found, others), "shared_mistakes": shared_mistakes(found, others, labels)}


def part(images: ImageSet, size: int) -> ImageSet:
    """Return the first images of a set."""
    return ImageSet(images.images[:size], images.labels[:size], images.classes)
