"""The runs behind lesson 07: a small ViT taught by small CNNs, on images with labels and without."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils import data
from course_utils.augment import chain, random_shift, translate
from course_utils.data import FASHION_MEAN, FASHION_STD
from course_utils.image_sets import ImageSet
from course_utils.models.conv import count_macs, count_parameters
from course_utils.models.distillation import kl_divergence, soft_distillation_loss, teacher_decision
from course_utils.scores import agreement, shared_mistakes
from course_utils.swin_runs import small_cnn
from course_utils.threads import one_thread
from course_utils.training import Augment, Loss, Recipe, classification, fit, grey, mirror, predictions
from course_utils.vit_runs import small_vit

Objective = Callable[[Tensor, Tensor, Tensor], Tensor]  # the student's output, the teacher's logits, labels: a loss

LABELLED, IMAGES = 2_000, 22_000  # the first have labels; a fixed split, with each class equally often in both
UNKNOWN = -100  # the label of the others
BATCH = 64  # of test images: larger ones leave the cache, and take longer
BLACK = -FASHION_MEAN / FASHION_STD  # of a standardised image
TEACHER = Recipe(1000, lr=4e-3)
STUDENT = Recipe(800)
SHIFTED = chain(mirror, random_shift(1, BLACK))


def both_ways(images: ImageSet) -> Tensor:
    """Return standardised images as they are, and mirrored: (2, N, 1, H, W)."""
    pixels = grey(images)
    return torch.stack([pixels, pixels.flip(3)])


@one_thread()
@torch.no_grad()
def logits_of(model: nn.Module, views: Tensor, batch: int = BATCH) -> Tensor:
    """Return the logits (2, N, classes) of a model, put into eval mode, for images both ways (2, N, C, H, W)."""
    model.eval()
    logits = [model(part) for part in views.flatten(0, 1).split(batch)]
    return torch.cat(logits).unflatten(0, views.shape[:2])


def taught(
    model: nn.Module, views: Tensor, teacher_logits: Tensor, labels: Tensor, batch: int, objective: Objective
) -> Loss:
    """Return the loss of a batch drawn at random, each image as it is or mirrored, as `classification` draws it.

    Args:
        model: the student, (B, C, H, W) to whatever `objective` takes.
        views: (2, N, C, H, W), from `both_ways`.
        teacher_logits: (2, N, classes): the teacher has seen the very picture that the student sees.
        labels: (N,).
        batch: B.
        objective: compares the student's output with the teacher's logits and the labels.
    """

    def loss(generator: torch.Generator) -> Tensor:
        chosen = torch.randint(len(labels), (batch,), generator=generator)
        way = (torch.rand(batch, 1, 1, 1, generator=generator) < 0.5).flatten().long()
        return objective(model(views[way, chosen]), teacher_logits[way, chosen], labels[chosen])

    return loss


def tried(model: nn.Module, test_set: ImageSet, teacher_found: Tensor | None = None) -> dict[str, float]:
    """Return what a model gets right, and how it behaves.

    Args:
        model: (B, 1, H, W) to logits.
        test_set: all are classified; the first 2,000 are shifted as well.
        teacher_found: its teacher's predictions (N,), if it is a student.

    Returns:
        "accuracy"; "kept", the share of images whose class, as the model sees it, stays when they are shifted by 2
        pixels; for a student also the "agreement" with its teacher on all images, and their "shared_mistakes".
    """
    found = predictions(model, test_set, BATCH)
    right = {"accuracy": agreement(found, test_set.labels), "kept": kept(model, part(test_set, 2_000), found[:2_000])}
    if teacher_found is None:
        return right
    shared = shared_mistakes(found, teacher_found, test_set.labels)
    return {**right, "agreement": agreement(found, teacher_found), "shared_mistakes": shared}


def kept(model: nn.Module, images: ImageSet, found: Tensor) -> float:
    """Return the share (0 to 1) of predictions `found` (N,) that stay when images (N, H, W) move by 2 pixels.

    They move up, down, left and right.
    """
    moved = (translate(images.images, *way) for way in ((2, 0), (-2, 0), (0, 2), (0, -2)))
    seen = [predictions(model, ImageSet(one, images.labels, images.classes), BATCH) for one in moved]
    return sum(agreement(found, one) for one in seen) / len(seen)


def part(images: ImageSet, size: int) -> ImageSet:
    """Return the first images of a set."""
    return ImageSet(images.images[:size], images.labels[:size], images.classes)


# teachers: the small ResNet, and the same network half and twice as wide

WIDTHS = {"teacher": 16, "smaller teacher": 8, "larger teacher": 32}


def train_teacher(width: int, images: ImageSet, seed: int, augment: Augment = SHIFTED) -> nn.Module:
    """Train a CNN of that width on labelled images."""
    torch.manual_seed(seed)
    model = small_cnn(width)
    fit(model, classification(model, images, TEACHER.batch, augment=augment), TEACHER, seed=seed, label="teacher")
    return model


@dataclass(frozen=True, eq=False)
class Teacher:
    """A trained network, and what it says.

    Attributes:
        model: in eval mode.
        logits: (2, N, classes) for the images that it teaches with, `both_ways`.
        found: (10000,), the classes that it finds for the test images.
    """

    model: nn.Module
    logits: Tensor
    found: Tensor


@functools.cache
def teacher(name: str, seed: int) -> Teacher:
    """Train one of `WIDTHS` on the 2,000 labels, and let it look at all 22,000 images."""
    images, test_set = data.fashion_mnist(IMAGES, 10_000)
    model = train_teacher(WIDTHS[name], part(images, LABELLED), seed)
    return Teacher(model, logits_of(model, both_ways(images)), predictions(model, test_set, BATCH))


# students: all with the same recipe, the same first weights, and the same number of steps


def from_labels(student: Tensor, _teacher: Tensor, labels: Tensor) -> Tensor:
    """Compare with the labels alone."""
    return F.cross_entropy(student, labels)


def soft(temperature: float) -> Objective:
    """Compare with the teacher's softened probabilities alone."""
    return lambda student, teacher_logits, _labels: kl_divergence(student, teacher_logits, temperature)


def hard(student: Tensor, teacher_logits: Tensor, _labels: Tensor) -> Tensor:
    """Compare with the teacher's decisions alone."""
    return teacher_decision(student, teacher_logits)


def soft_and_known_labels(student: Tensor, teacher_logits: Tensor, labels: Tensor) -> Tensor:
    """Compare with the teacher, T = 2, on all images, and with the labels on those that have one, half each."""
    known = labels != UNKNOWN
    from_teacher = kl_divergence(student, teacher_logits, 2.0)
    missed = F.cross_entropy(student, labels, ignore_index=UNKNOWN, reduction="sum") / known.sum().clamp(min=1)
    return (missed + from_teacher) / 2


@dataclass(frozen=True)
class Teaching:
    """How a student learns.

    Attributes:
        objective: what it is compared with.
        images: how many of the 22,000 it sees.
        teacher: one of `WIDTHS`.
        all_labels: whether the labels of all of them are known, or of the first 2,000 only.
    """

    objective: Objective
    images: int = IMAGES
    teacher: str = "teacher"
    all_labels: bool = False


SOFT = soft(2.0)
STUDENTS = {
    "labels, 2k": Teaching(from_labels, LABELLED),
    "soft, 2k": Teaching(SOFT, LABELLED),
    "soft, 22k": Teaching(SOFT),
    "hard, 22k": Teaching(hard),
    "soft and labels, 2k": Teaching(functools.partial(soft_distillation_loss, temperature=2.0, weight=0.5), LABELLED),
    "soft and labels, 22k": Teaching(soft_and_known_labels),
    "labels, 22k": Teaching(from_labels, all_labels=True),
    "soft, 22k, T = 1": Teaching(soft(1.0)),
    "soft, 22k, T = 4": Teaching(soft(4.0)),
    "soft, 22k, smaller teacher": Teaching(SOFT, teacher="smaller teacher"),
    "soft, 22k, larger teacher": Teaching(SOFT, teacher="larger teacher"),
}
SHIFTED_LABELS = "labels, 2k, shifted"  # augmented as the teacher was
DISTILLATION_ARMS = (*WIDTHS, *STUDENTS, SHIFTED_LABELS)


def train_student(model: nn.Module, teaching: Teaching, seed: int) -> None:
    """Train a student in place, in one of the ways of `STUDENTS`."""
    images, _ = data.fashion_mnist(teaching.images, 10)
    labels = images.labels.clone()
    if not teaching.all_labels:
        labels[LABELLED:] = UNKNOWN
    logits = teacher(teaching.teacher, seed).logits[:, : teaching.images]
    fit(model, taught(model, both_ways(images), logits, labels, STUDENT.batch, teaching.objective), STUDENT, seed=seed)


def student(arm: str, seed: int) -> nn.Module:
    """Train a student in one of the ways of `STUDENTS`, or with labels and the teacher's own augmentation."""
    torch.manual_seed(seed)
    model = small_vit()
    if arm == SHIFTED_LABELS:
        images, _ = data.fashion_mnist(LABELLED, 10)
        fit(model, classification(model, images, STUDENT.batch, augment=SHIFTED), STUDENT, seed=seed)
    else:
        train_student(model, STUDENTS[arm], seed)
    return model


def distillation_arm(arm: str, seed: int) -> dict[str, float]:
    """Train a teacher on 2,000 labels, or a student, and try it on all test images: one of `DISTILLATION_ARMS`."""
    if arm in WIDTHS:
        model, others, steps = teacher(arm, seed).model, None, TEACHER.steps
    else:
        own = STUDENTS[arm].teacher if arm in STUDENTS else "teacher"
        model, others, steps = student(arm, seed), teacher(own, seed).found, STUDENT.steps
    _, test_set = data.fashion_mnist(10, 10_000)
    size = {"parameters": count_parameters(model), "macs": count_macs(model, (28, 28), channels=1)}
    return {**tried(model, test_set, others), "steps": steps, **size}
