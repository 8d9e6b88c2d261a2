"""The runs behind lesson 07: a small ViT taught by small CNNs, on images with labels and without."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils import data
from course_utils.augment import chain, random_shift
from course_utils.data import FASHION_BLACK
from course_utils.image_sets import ImageSet
from course_utils.models.conv import count_macs, count_parameters
from course_utils.models.distillation import kl_divergence, soft_distillation_loss, teacher_decision
from course_utils.swin_runs import small_cnn
from course_utils.teaching import BATCH, Objective, both_ways, compared, logits_of, part, taught, tried
from course_utils.training import Augment, Recipe, accuracy, classification, fit, mirror, predictions
from course_utils.vit_runs import small_vit

LABELLED, IMAGES = 2_000, 22_000  # the first have labels; a fixed split, with each class equally often in both
UNKNOWN = -100  # the label of the others
TEACHER = Recipe(1000, lr=4e-3)
STUDENT = Recipe(800)
SHIFTED = chain(mirror, random_shift(1, FASHION_BLACK))


# teachers: the small ResNet, and the same network half and twice as wide

WIDTHS = {"teacher": 16, "smaller teacher": 8, "larger teacher": 32}


def train_teacher(model: nn.Module, images: ImageSet, seed: int, augment: Augment = SHIFTED) -> None:
    """Train a CNN in place on the images that have labels, the first 2,000."""
    labelled = part(images, LABELLED)
    fit(model, classification(model, labelled, TEACHER.batch, augment=augment), TEACHER, seed=seed, label="teacher")


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


def asked(model: nn.Module, views: Tensor, test_set: ImageSet) -> Teacher:
    """Let a trained network look at what it teaches with, (2, N, 1, H, W), `both_ways`, and at the test images."""
    return Teacher(model, logits_of(model, views), predictions(model, test_set, BATCH))


@functools.cache
def teacher(name: str, seed: int) -> Teacher:
    """Train one of `WIDTHS` on the 2,000 labels, and let it look at all 22,000 images."""
    images, test_set = data.fashion_mnist(IMAGES, 10_000)
    torch.manual_seed(seed)
    model = small_cnn(WIDTHS[name])
    train_teacher(model, images, seed)
    return asked(model, both_ways(images), test_set)


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


def train_and_measure(arm: str) -> Callable[[nn.Module], dict[str, float]]:
    """Return what trains the teacher, or a student in one of the ways of `STUDENTS`, in place and as with seed 0."""

    def train(model: nn.Module) -> dict[str, float]:
        if arm == "teacher":
            train_teacher(model, data.fashion_mnist(LABELLED, 10)[0], seed=0)
        else:
            train_student(model, STUDENTS[arm], seed=0)
        steps = (TEACHER if arm == "teacher" else STUDENT).steps
        return {"accuracy": accuracy(model, data.fashion_mnist(10, 10_000)[1], BATCH), "steps": steps}

    return train


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
    _, test_set = data.fashion_mnist(10, 10_000)
    model = teacher(arm, seed).model if arm in WIDTHS else student(arm, seed)
    found, values = tried(model, test_set)
    if arm not in WIDTHS:
        own = STUDENTS[arm].teacher if arm in STUDENTS else "teacher"
        values |= compared(found, teacher(own, seed).found, test_set.labels)
    steps = (TEACHER if arm in WIDTHS else STUDENT).steps
    size = {"parameters": count_parameters(model), "macs": count_macs(model, (28, 28), channels=1)}
    return {**values, "steps": steps, **size}
