"""The runs behind lesson 07's DeiT: all images labelled, and a CNN that teaches its decisions, in small."""

import functools
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils import data
from course_utils.distill_runs import STUDENT, TEACHER, Teacher, asked, from_labels
from course_utils.image_sets import ImageSet
from course_utils.models.conv import count_parameters
from course_utils.models.deit import DistilledViT
from course_utils.models.distillation import deit_loss, hard_distillation_loss, soft_distillation_loss
from course_utils.scores import agreement
from course_utils.swin_runs import small_cnn
from course_utils.teaching import BATCH, Objective, both_ways, compared, taught, tried
from course_utils.threads import one_thread
from course_utils.training import classification, fit, grey, predictions
from course_utils.vit_runs import small_vit

IMAGES = 10_000  # all with their labels, for the teacher as for the students


def small_deit() -> DistilledViT:
    """Make lesson 05's small ViT with a class token and a distillation token."""
    return DistilledViT(28, 7, width=64, heads=2, layers=4, classes=10, channels=1)


def small_class_token_vit() -> nn.Module:
    """Make the same without a distillation token."""
    return small_vit(pool="class token")


@functools.cache
def teacher(seed: int) -> Teacher:
    """Train the small ResNet on the images, mirrored at random, and let it look at them both ways."""
    images, test_set = data.fashion_mnist(IMAGES, 10_000)
    torch.manual_seed(seed)
    model = small_cnn(16)
    fit(model, classification(model, images, TEACHER.batch), TEACHER, seed=seed, label="teacher")
    return asked(model, both_ways(images), test_set)


def with_tokens(both: tuple[Tensor, Tensor], teacher_logits: Tensor, labels: Tensor) -> Tensor:
    """Compare the two heads' logits as DeiT does."""
    return deit_loss(*both, teacher_logits, labels)


STUDENTS: dict[str, tuple[Callable[[], nn.Module], Objective]] = {
    "labels": (small_class_token_vit, from_labels),
    # T and the teacher's weight are DeiT's
    "soft": (small_class_token_vit, functools.partial(soft_distillation_loss, temperature=3.0, weight=0.1)),
    "hard": (small_class_token_vit, hard_distillation_loss),
    "DeiT": (small_deit, with_tokens),
}
DEIT_ARMS = ("teacher", *STUDENTS)


@one_thread()
@torch.no_grad()
def by_head(model: DistilledViT, images: ImageSet) -> Tensor:
    """Return the class that each head finds for each image, that of the class token first: (2, N)."""
    parts = [torch.stack(model.both_logits(some)) for some in grey(images).split(BATCH)]  # (2, B, classes)
    return torch.cat(parts, dim=1).argmax(dim=2)


@one_thread()
@torch.no_grad()
def token_cosines(model: DistilledViT, images: Tensor) -> list[float]:
    """Measure how like the class token and the distillation token are, before the first block and behind each.

    Args:
        model: with L blocks.
        images: (B, C, H, W).

    Returns:
        1 + L cosines, each the mean over the images. Touvron et al. 2021, section 4, "Distillation token".
    """
    tokens, cosines = model.tokens(images), []
    for block in (nn.Identity(), *model.blocks):
        tokens = block(tokens)
        cosines.append(F.cosine_similarity(tokens[:, 0], tokens[:, 1], dim=1).mean().item())
    return cosines


def of_both_heads(model: DistilledViT, test_set: ImageSet, teacher_found: Tensor, seed: int) -> dict[str, float]:
    """Return each head's accuracy and agreement with the teacher, and the cosines of the tokens.

    "cosine 0" is what the first block reads, "cosine 4" what the last one returns; "untrained" is the same for the
    weights that the training began with.
    """
    values = {}
    for name, found in zip(("class", "distillation"), by_head(model, test_set), strict=True):
        values[f"{name} accuracy"] = agreement(found, test_set.labels)
        values[f"{name} agreement"] = agreement(found, teacher_found)
    torch.manual_seed(seed)
    for name, one in (("cosine", model), ("untrained cosine", small_deit())):
        cosines = token_cosines(one, grey(test_set)[:500])
        values |= {f"{name} {layer}": value for layer, value in enumerate(cosines)}
    return values


def deit_arm(arm: str, seed: int) -> dict[str, float]:
    """Train the teacher or one of `STUDENTS`, and try it on all test images."""
    images, test_set = data.fashion_mnist(IMAGES, 10_000)
    if arm == "teacher":
        model, recipe = teacher(seed).model, TEACHER
    else:
        model, recipe = student(arm, images, seed), STUDENT
    found, values = tried(model, test_set)
    if arm != "teacher":
        values |= compared(found, teacher(seed).found, test_set.labels)
    if isinstance(model, DistilledViT):
        values |= of_both_heads(model, test_set, teacher(seed).found, seed)
    learned = agreement(predictions(model, images, BATCH), images.labels)
    return {**values, "train_accuracy": learned, "steps": recipe.steps, "parameters": count_parameters(model)}


def student(arm: str, images: ImageSet, seed: int) -> nn.Module:
    """Train one of `STUDENTS` on the images."""
    make, objective = STUDENTS[arm]
    logits = teacher(seed).logits
    torch.manual_seed(seed)
    model = make()
    fit(model, taught(model, both_ways(images), logits, images.labels, STUDENT.batch, objective), STUDENT, seed=seed)
    return model
