"""More mistakes of exercise 7.4: another measure, or targets that `F.cross_entropy` refuses."""

import torch
from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.distillation import check_shapes


def _both(measure):
    """Return an answer with another measure than the cross-entropy: `measure(student, target)`."""

    def wrong(student_logits, teacher_logits, labels):
        check_shapes(student_logits, teacher_logits)
        decisions = teacher_logits.argmax(dim=1)
        return (measure(student_logits, labels) + measure(student_logits, decisions)) / 2

    return wrong


def _taught(target):
    """Return an answer with another target for the teacher's part: `target(teacher, decisions)`."""

    def wrong(student_logits, teacher_logits, labels):
        check_shapes(student_logits, teacher_logits)
        made = target(teacher_logits, teacher_logits.argmax(dim=1))
        return (F.cross_entropy(student_logits, labels) + F.cross_entropy(student_logits, made)) / 2

    return wrong


def _squares(student, target):
    return (student.softmax(dim=1) - F.one_hot(target, student.shape[1])).square().sum(dim=1).mean()


def _own_sigmoids(student, target):
    return F.binary_cross_entropy_with_logits(student, F.one_hot(target, student.shape[1]).to(student))


def _no_logarithm(student, target):
    return F.nll_loss(student.softmax(dim=1), target)


MEASURES = (
    Mistake(
        "probabilities-given",
        _both(lambda student, target: F.cross_entropy(student.softmax(dim=1), target)),
        "`F.cross_entropy` is given probabilities.",
        "It takes a softmax itself, and of probabilities that makes nearly equal ones.",
        "Give it the student's logits.",
    ),
    Mistake(
        "labels-first",
        _both(lambda student, target: F.cross_entropy(target, student)),
        "`F.cross_entropy` is given the target first.",
        "Its first argument are logits, and whole numbers have no softmax.",
        "First the student's logits, then the target.",
    ),
    Mistake(
        "one-hot",
        _taught(lambda teacher, decisions: F.one_hot(decisions)),
        "The teacher's decisions are one-hot, and whole numbers.",
        "`F.cross_entropy` takes a target (B, C) for probabilities, and wants floating-point numbers then.",
        "Give it the decisions as they are, (B,).",
    ),
    Mistake(
        "a-pair",
        _taught(lambda teacher, decisions: torch.max(teacher, dim=1)),
        "The target is a pair: the largest logits, and where they are.",
        "`torch.max` with `dim` returns both.",
        "Use `argmax`, which returns only where they are.",
    ),
    Mistake(
        "largest-logits",
        _taught(lambda teacher, decisions: teacher.amax(dim=1)),
        "The target is the teacher's largest logits.",
        "How large they are doesn't matter; the class is wanted.",
        "Use `argmax`, which says where the largest one is.",
    ),
    Mistake(
        "axis-kept",
        _taught(lambda teacher, decisions: decisions[:, None]),
        "The teacher's decisions are (B, 1).",
        "`keepdim=True`, or `topk`, keeps the axis of the classes.",
        "The target of `F.cross_entropy` is (B,).",
    ),
    Mistake(
        "no-logarithm",
        _both(_no_logarithm),
        "The probabilities are used without a logarithm.",
        "`F.nll_loss` expects logarithms: it only picks one of them and turns its sign.",
        "Use `F.cross_entropy` with logits, or give `F.nll_loss` the `log_softmax`.",
    ),
    Mistake(
        "logits-picked",
        _both(F.nll_loss),
        "The logits are used without a softmax.",
        "`F.nll_loss` expects logarithms of probabilities: it only picks one number and turns its sign.",
        "Use `F.cross_entropy`, which takes the softmax and the logarithm too.",
    ),
    Mistake(
        "added-up",
        _both(lambda student, target: F.cross_entropy(student, target, reduction="sum")),
        "The images are added up: B times too large.",
        "The loss would grow with the batch, and the learning rate with it.",
        "Use the mean over the images, which is what `F.cross_entropy` does by itself.",
    ),
    Mistake(
        "squares",
        _both(_squares),
        "These are squared differences from one-hot targets.",
        "Equation 3 is made of cross-entropies.",
        "Use `F.cross_entropy`.",
    ),
    Mistake(
        "sigmoids",
        _both(_own_sigmoids),
        "Each class has a sigmoid of its own, and classes don't compete.",
        "Binary cross-entropy is for images that may show several things at once.",
        "Use `F.cross_entropy`, which has a softmax.",
    ),
)
