"""More mistakes of exercise 7.2: another size, another sum, another gradient, or another distance."""

import math

from torch.nn import functional as F

from course_utils.exercises.mistakes_07_divergence import between, checked, logs
from course_utils.exercises.registry import Mistake
from course_utils.models.distillation import check_temperature, kl_divergence


def _scaled(factor):
    """Return an answer with another factor than T²."""
    return checked(lambda student, teacher, T: factor(T) * between(*logs(student, teacher, T)).mean())


def _elements(student, teacher, T):
    """Return the terms of the sum, (B, C)."""
    log_student, log_teacher = logs(student, teacher, T)
    return T**2 * log_teacher.exp() * (log_teacher - log_student)


def _unweighted(student, teacher, T):
    log_student, log_teacher = logs(student, teacher, T)
    return T**2 * (log_teacher - log_student).sum(dim=1).mean()


def _cross_entropy(student, teacher, T):
    log_student, log_teacher = logs(student, teacher, T)
    return -(T**2) * (log_teacher.exp() * log_student).sum(dim=1).mean()


def _squares(student, teacher, T):
    return T**2 * ((student / T).softmax(dim=1) - (teacher / T).softmax(dim=1)).square().sum(dim=1).mean()


def _logits_squared(student, teacher, T):
    return F.mse_loss(student, teacher)


def _teacher_learns(student_logits, teacher_logits, temperature=1.0):
    right = kl_divergence(student_logits, teacher_logits, temperature)
    mirrored = between(*logs(student_logits.detach(), teacher_logits, temperature)).mean()
    return right + temperature**2 * (mirrored - mirrored.detach())


def _student_detached(student_logits, teacher_logits, temperature=1.0):
    return kl_divergence(student_logits, teacher_logits, temperature).detach()


def _wrong_one_detached(student_logits, teacher_logits, temperature=1.0):
    right = kl_divergence(student_logits, teacher_logits, temperature).detach()
    mirrored = between(*logs(student_logits.detach(), teacher_logits, temperature)).mean()
    return right + temperature**2 * (mirrored - mirrored.detach())


def _shapes_unchecked(student_logits, teacher_logits, temperature=1.0):
    check_temperature(temperature)
    return temperature**2 * between(*logs(student_logits, teacher_logits.detach(), temperature)).mean()


SCALE = (
    Mistake(
        "no-t-squared",
        _scaled(lambda T: 1),
        "T² is missing.",
        "The divergence, and with it the gradient, falls with 1/T²: at T = 3 the teacher would hardly be heard.",
        "Multiply the result with `temperature**2`.",
    ),
    Mistake(
        "t-not-squared",
        _scaled(lambda T: T),
        "The result is multiplied with T, not with T².",
        "One 1/T comes from the logits' division, and a second one since softened probabilities lie closer together.",
        "Multiply with `temperature**2`.",
    ),
    Mistake(
        "divided-by-t-squared",
        _scaled(lambda T: 1 / T**2),
        "The result is divided by T².",
        "The gradient falls with 1/T² already; T² is there to make up for that.",
        "Multiply.",
    ),
    Mistake(
        "half",
        _scaled(lambda T: T**2 / 2),
        "The result is half as large as it should be.",
        "The two parts of a loss are weighted later, not in here.",
        "Return T² times the divergence.",
    ),
    Mistake(
        "base-2",
        _scaled(lambda T: T**2 / math.log(2)),
        "The logarithm has base 2: the result is in bits.",
        "Losses are in nats, as cross-entropy is; the two are added later.",
        "Use the natural logarithm: `log` or `log_softmax`.",
    ),
    Mistake(
        "mean-of-all",
        checked(lambda *given: _elements(*given).mean()),
        "The mean is taken over the classes too: C times too small.",
        'A divergence is a sum over the classes. `F.kl_div` with reduction "mean", its default, divides by B · C.',
        'Sum over the classes, then the mean over the images; for `F.kl_div` that is reduction "batchmean".',
    ),
    Mistake(
        "mean-of-all-and-no-t-squared",
        checked(lambda student, teacher, T: _elements(student, teacher, T).mean() / T**2),
        "T² is missing, and the mean is taken over the classes too.",
        'A divergence is a sum over the classes. `F.kl_div` with reduction "mean", its default, divides by B · C.',
        'Sum over the classes, or use reduction "batchmean"; then multiply with `temperature**2`.',
    ),
    Mistake(
        "sum-of-all",
        checked(lambda *given: _elements(*given).sum()),
        "The images are added up: B times too large.",
        "The loss would grow with the batch, and the learning rate with it.",
        "Sum over the classes, then take the mean over the images.",
    ),
    Mistake(
        "axes-swapped",
        checked(lambda *given: _elements(*given).sum(dim=0).mean()),
        "The sum runs over the images, the mean over the classes.",
        "`dim=0` is the batch.",
        "Sum over axis 1, the classes; then the mean.",
    ),
    Mistake(
        "one-for-each-image",
        checked(lambda *given: _elements(*given).sum(dim=1)),
        "There is a number for each image.",
        "A loss is one number: `backward()` needs that.",
        "Take the mean over the images.",
    ),
    Mistake(
        "one-for-each-class",
        checked(lambda *given: _elements(*given)),
        "The terms of the sum are returned, (B, C).",
        "A divergence is their sum over the classes, and a loss is one number.",
        "Sum over axis 1, then take the mean.",
    ),
    Mistake(
        "unweighted",
        checked(_unweighted),
        "The differences of the logarithms aren't weighted.",
        "A class that the teacher finds all but impossible would count as much as any other.",
        "Multiply each with the teacher's probability.",
    ),
    Mistake(
        "cross-entropy",
        checked(_cross_entropy),
        "This is the cross-entropy: the teacher's own entropy isn't taken away.",
        "The gradient is the same, but the value isn't 0 for a perfect copy of the teacher.",
        "Subtract inside the sum: log p - log q.",
    ),
    Mistake(
        "squares",
        checked(_squares),
        "These are squared differences of probabilities.",
        "They hardly count small probabilities, which hold what the teacher knows beyond the label.",
        "Sum p (log p - log q), with the teacher's p.",
    ),
    Mistake(
        "logits-squared",
        checked(_logits_squared),
        "These are squared differences of logits.",
        "That is what a very high temperature comes to, up to a factor; this exercise wants any temperature.",
        "Turn both into probabilities at T, and compare those.",
    ),
    Mistake(
        "teacher-learns",
        _teacher_learns,
        "The value is right, but a gradient reaches the teacher.",
        "In training the teacher would move towards the student, too.",
        "Write `teacher_logits.detach()`.",
    ),
    Mistake(
        "wrong-one-detached",
        _wrong_one_detached,
        "The student is detached, not the teacher.",
        "Then the teacher learns from the student, and the student from nobody.",
        "Write `teacher_logits.detach()`, and leave the student attached.",
    ),
    Mistake(
        "all-detached",
        _student_detached,
        "The value is right, but no gradient reaches the student.",
        "`detach`, `item` or `torch.no_grad()` around the whole computation cuts the student off too.",
        "Detach the teacher's logits alone.",
    ),
    Mistake(
        "shapes-unchecked",
        _shapes_unchecked,
        "Logits of one image are taken for all images.",
        "PyTorch stretches an axis of length 1 without a word.",
        "Begin with `check_temperature(temperature)` and `check_shapes(student_logits, teacher_logits)`.",
    ),
)
