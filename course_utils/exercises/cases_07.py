"""The calls that lesson 7's exercises are compared on: B, C, N and D that differ, logits that don't saturate."""

import torch
from torch import Tensor

from course_utils.exercises.registry import Case


def logits_to_soften(seed: int = 71) -> list[Case]:
    """Return logits with one, two and three axes, temperatures above and below 1, and one that has to be refused."""
    generator = torch.Generator().manual_seed(seed)
    sizes = (
        ((4, 6), 3.0, ""),
        ((2, 3, 5), 0.5, "with three axes"),
        ((7,), 2.0, "of one image"),
        ((2, 4), 1.0, "with T = 1"),
        ((3, 2), 0.0, "with T = 0"),
    )
    return [Case((_logits(generator, *shape), temperature), note=note) for shape, temperature, note in sizes]


def students_and_teachers(seed: int = 72) -> list[Case]:
    """Return logits of a student and a teacher, temperatures, and what has to be refused."""
    generator = torch.Generator().manual_seed(seed)
    return [
        Case((*_pair(generator, 4, 6), 3.0), note="with T = 3"),
        Case(_pair(generator, 3, 5), note="with the default, T = 1"),
        Case((*_pair(generator, 2, 7), 0.5), note="with T = 0.5"),
        Case((_logits(generator, 3, 4), _logits(generator, 1, 4), 2.0), note="with a teacher that saw one image"),
        Case((*_pair(generator, 2, 3), -1.0), note="with a temperature below 0"),
    ]


def soft_lessons(seed: int = 73) -> list[Case]:
    """Return logits of a student and a teacher, labels, a temperature and the teacher's weight."""
    generator = torch.Generator().manual_seed(seed)
    sizes = (
        (4, 6, 3.0, 0.1, "with T = 3, weight 0.1"),
        (3, 5, 2.0, 0.7, "with T = 2, weight 0.7"),
        (2, 7, 0.5, 0.4, "with T = 0.5, weight 0.4"),
        (3, 4, 2.0, 1.5, "with a weight above 1"),
    )
    found = []
    for B, C, temperature, weight, note in sizes:
        student, teacher = _pair(generator, B, C)
        found.append(Case((student, teacher, _labels(generator, teacher), temperature, weight), note=note))
    return found


def hard_lessons() -> list[Case]:
    """Return logits of a student and a teacher, and labels: the three say the same, or don't."""
    generator = torch.Generator().manual_seed(74)
    found = []
    for B, C in ((5, 6), (4, 5), (3, 7)):
        student, teacher = _pair(generator, B, C)
        found.append(Case((student, teacher, _labels(generator, teacher)), note=f"with {C} classes"))
    student, teacher = _logits(generator, 3, 5), _logits(generator, 3, 4)
    refused = Case((student, teacher, torch.tensor([0, 3, 1])), note="with a teacher of fewer classes")
    return [*found, refused]


def patches_and_tokens(seed: int = 75) -> list[Case]:
    """Return patches, both tokens and positions; the number of patches differs from the numbers in each."""
    generator = torch.Generator().manual_seed(seed)
    return [
        Case(
            tuple(_normal(generator, *shape) for shape in ((B, N, D), (1, 1, D), (1, 1, D), (1, N + 2, D))),
            note=note,
        )
        for B, N, D, note in ((2, 5, 8, ""), (3, 4, 9, "with three images"), (1, 7, 10, "with one image"))
    ]


def images_for_two_heads() -> list[Case]:
    """Return images and the sizes of the models that read them, each in training and in eval mode."""
    generator = torch.Generator().manual_seed(76)
    sizes = (
        ({"side": 12, "patch": 4, "width": 16, "heads": 4, "layers": 2, "classes": 5}, 3, ""),
        ({"side": 8, "patch": 4, "width": 12, "heads": 2, "layers": 3, "classes": 7, "channels": 1}, 1, ", grey"),
    )
    return [
        Case((_normal(generator, 2, channels, init["side"], init["side"]),), {}, init, mode + note, training)
        for init, channels, note in sizes
        for mode, training in (("in training", True), ("in eval mode", False))
    ]


def predictions() -> list[Case]:
    """Return what two models say of the same images, and the labels; in the last case neither is wrong."""
    generator = torch.Generator().manual_seed(77)
    found = []
    for N, classes, one, other, note in (
        (60, 3, 0.5, 0.3, ""),
        (41, 4, 0.4, 0.7, "when the first is right more often"),
        (29, 5, 0.8, 0.7, "when both are often wrong"),
    ):
        labels = torch.randint(classes, (N,), generator=generator)
        tempting = torch.randint(classes, (N,), generator=generator)  # what both are wrong with
        models = [torch.where(torch.rand(N, generator=generator) < share, tempting, labels) for share in (one, other)]
        slips = torch.rand(N, generator=generator) < 0.15
        second = torch.where(slips, torch.randint(classes, (N,), generator=generator), models[1])
        found.append(Case((models[0], second, labels), note=note))
    labels = torch.tensor([2, 0, 1, 1, 3])
    return [*found, Case((labels.clone(), labels.clone(), labels), note="when neither is wrong")]


def _pair(generator: torch.Generator, B: int, C: int) -> tuple[Tensor, Tensor]:
    """Return logits of a student and of a teacher that partly agree."""
    common = torch.randn(B, C, generator=generator, dtype=torch.float64)
    both = [1.5 * torch.randn(B, C, generator=generator, dtype=torch.float64) + common for _ in range(2)]
    return both[0].requires_grad_(), both[1].requires_grad_()


def _labels(generator: torch.Generator, teacher: Tensor) -> Tensor:
    """Return labels: the teacher is right on the first image, wrong on the others."""
    B, C = teacher.shape
    off = torch.randint(1, C, (B,), generator=generator)
    off[0] = 0
    return (teacher.detach().argmax(dim=1) + off) % C


def _logits(generator: torch.Generator, *shape: int) -> Tensor:
    return (2 * torch.randn(*shape, generator=generator, dtype=torch.float64)).requires_grad_()


def _normal(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()
