"""The runs behind lesson 07's question: does a student inherit its teacher's bias? On images of shuffled pixels.

All students here see the pixels of every image in one other order, so none of them can use that neighbours belong
together. One teacher could: it has seen the images as they are, and its convolutions suit them. The other has learned
from shuffled images, as the students do. Everything else is the same. What the first one's students have more, they
have from its bias, and through its logits alone.
"""

import functools
from collections.abc import Callable

import torch
from torch import Tensor

from course_utils import data, distill_runs
from course_utils.augment import chain
from course_utils.distill_runs import IMAGES, LABELLED, SHIFTED, SOFT, STUDENT, TEACHER, Teacher, asked, from_labels
from course_utils.image_sets import ImageSet
from course_utils.models.patches import random_order, shuffled_patches
from course_utils.swin_runs import small_cnn
from course_utils.teaching import Objective, both_ways, compared, taught, tried
from course_utils.training import fit
from course_utils.vit_runs import shuffled, small_vit

ORDER = random_order(28 * 28, seed=0)  # that of lesson 05


def reordered(images: Tensor, _generator: torch.Generator | None = None) -> Tensor:
    """Put the pixels of images (B, C, 28, 28) in the one other order."""
    return shuffled_patches(images, 1, ORDER)


def look_shuffled(images: ImageSet) -> ImageSet:
    """Return images (N, 28, 28) with their pixels in that order."""
    return shuffled(images, "pixels shuffled")


def plain_teacher(seed: int) -> Teacher:
    """Return the teacher of `distillation`, trained on 2,000 images as they are."""
    return distill_runs.teacher("teacher", seed)


@functools.cache
def shuffled_teacher(seed: int) -> Teacher:
    """Train the same network in the same way, with the pixels put in another order as the last thing."""
    images, test_set = data.fashion_mnist(IMAGES, 10_000)
    torch.manual_seed(seed)
    model = small_cnn(distill_runs.WIDTHS["teacher"])
    distill_runs.train_teacher(model, images, seed, chain(SHIFTED, reordered))
    return asked(model, shuffled_ways(images), look_shuffled(test_set))


def shuffled_ways(images: ImageSet) -> Tensor:
    """Return standardised images as they are and mirrored, then shuffled: (2, N, 1, H, W)."""
    return torch.stack([reordered(way) for way in both_ways(images)])


TEACHERS: dict[str, Callable[[int], Teacher]] = {"CNN, plain": plain_teacher, "CNN, shuffled": shuffled_teacher}
STUDENTS: dict[str, tuple[Objective, int, Callable[[int], Teacher]]] = {  # all see shuffled images: this many
    "ViT, labels, 2k": (from_labels, LABELLED, shuffled_teacher),
    "ViT, labels, 22k": (from_labels, IMAGES, shuffled_teacher),
    "ViT, plain teacher": (SOFT, IMAGES, plain_teacher),
    "ViT, shuffled teacher": (SOFT, IMAGES, shuffled_teacher),
}
INHERITANCE_ARMS = (*TEACHERS, *STUDENTS)


def inheritance_arm(arm: str, seed: int) -> dict[str, float]:
    """Train one of `INHERITANCE_ARMS`, and compare its predictions with those of both teachers."""
    _, test_set = data.fashion_mnist(10, 10_000)
    model = TEACHERS[arm](seed).model if arm in TEACHERS else student(arm, seed)
    look = {} if arm == "CNN, plain" else {"look": look_shuffled}
    found, values = tried(model, test_set, **look)
    for name, its in TEACHERS.items():
        if name != arm:
            likeness = compared(found, its(seed).found, test_set.labels)
            values |= {f"{key} with {name}": value for key, value in likeness.items()}
    return {**values, "steps": (TEACHER if arm in TEACHERS else STUDENT).steps}


def student(arm: str, seed: int) -> torch.nn.Module:
    """Train one of `STUDENTS`."""
    objective, size, own = STUDENTS[arm]
    images, _ = data.fashion_mnist(size, 10)
    logits = own(seed).logits[:, :size]
    torch.manual_seed(seed)
    model = small_vit()
    fit(
        model, taught(model, shuffled_ways(images), logits, images.labels, STUDENT.batch, objective), STUDENT, seed=seed
    )
    return model
