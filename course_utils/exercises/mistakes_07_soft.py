"""The usual mistakes of exercise 7.3: how the two parts are put together."""

from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.distillation import check_weight, kl_divergence, soft_distillation_loss


def _parts(combine):
    """Return an answer that puts both parts together in another way: `combine(from_labels, from_teacher, weight)`."""

    def wrong(student_logits, teacher_logits, labels, temperature, weight):
        check_weight(weight)
        from_labels = F.cross_entropy(student_logits, labels)
        return combine(from_labels, kl_divergence(student_logits, teacher_logits, temperature), weight)

    return wrong


def _unchecked(student_logits, teacher_logits, labels, temperature, weight):
    from_labels = F.cross_entropy(student_logits, labels)
    return (1 - weight) * from_labels + weight * kl_divergence(student_logits, teacher_logits, temperature)


def _detached(student_logits, teacher_logits, labels, temperature, weight):
    check_weight(weight)
    from_labels = F.cross_entropy(student_logits, labels).item()
    return (1 - weight) * from_labels + weight * kl_divergence(student_logits, teacher_logits, temperature)


def _teacher_read_as_number(student_logits, teacher_logits, labels, temperature, weight):
    right = soft_distillation_loss(student_logits, teacher_logits, labels, temperature, weight)
    from_teacher = weight * kl_divergence(student_logits, teacher_logits, temperature)
    return right - from_teacher + from_teacher.detach()


SOFT = (
    Mistake(
        "weights-swapped",
        _parts(lambda labels, teacher, w: w * labels + (1 - w) * teacher),
        "The two weights have changed places.",
        "`weight` is the teacher's; the labels have what is left.",
        "Give the teacher's part `weight`, the labels' part `1 - weight`.",
    ),
    Mistake(
        "weight-on-both",
        _parts(lambda labels, teacher, w: w * (labels + teacher)),
        "Both parts have the same weight.",
        "The weights should sum to 1: what the teacher gains, the labels lose.",
        "Give the labels' part `1 - weight`.",
    ),
    Mistake(
        "rest-on-both",
        _parts(lambda labels, teacher, w: (1 - w) * (labels + teacher)),
        "Both parts have the weight of the labels.",
        "The weights should sum to 1: what the teacher gains, the labels lose.",
        "Give the teacher's part `weight`.",
    ),
    Mistake(
        "labels-not-weighted",
        _parts(lambda labels, teacher, w: labels + w * teacher),
        "The labels' part isn't weighted.",
        "Then the sum of the weights is more than 1, and even with `weight=1` the labels count.",
        "Give it `1 - weight`.",
    ),
    Mistake(
        "teacher-not-weighted",
        _parts(lambda labels, teacher, w: (1 - w) * labels + teacher),
        "The teacher's part isn't weighted.",
        "Then the sum of the weights is more than 1, and even with `weight=0` the teacher counts.",
        "Give it `weight`.",
    ),
    Mistake(
        "no-weights",
        _parts(lambda labels, teacher, w: labels + teacher),
        "The weight isn't used: both parts count fully.",
        "The two are only added.",
        "Multiply the labels' part with `1 - weight` and the teacher's with `weight`.",
    ),
    Mistake(
        "half-each",
        _parts(lambda labels, teacher, w: (labels + teacher) / 2),
        "The weight isn't used: both parts count half.",
        "That is how the hard loss is made, exercise 7.4; this one has a weight.",
        "Multiply the labels' part with `1 - weight` and the teacher's with `weight`.",
    ),
    Mistake(
        "averaged-as-well",
        _parts(lambda labels, teacher, w: ((1 - w) * labels + w * teacher) / 2),
        "The weighted sum is divided by 2.",
        "The weights sum to 1, so this is a mean already.",
        "Leave the division out.",
    ),
    Mistake(
        "teacher-only",
        _parts(lambda labels, teacher, w: w * teacher),
        "The labels aren't used.",
        "Only the teacher's part is returned.",
        "Add `(1 - weight)` times the cross-entropy with the labels.",
    ),
    Mistake(
        "labels-only",
        _parts(lambda labels, teacher, w: (1 - w) * labels),
        "The teacher isn't used.",
        "Only the labels' part is returned.",
        "Add `weight` times the divergence from the teacher.",
    ),
    Mistake(
        "subtracted",
        _parts(lambda labels, teacher, w: (1 - w) * labels - w * teacher),
        "The teacher's part is subtracted.",
        "Then the loss falls when the student moves away from the teacher.",
        "Add it: the divergence is at least 0 and should become small.",
    ),
    Mistake(
        "labels-as-a-number",
        _detached,
        "The value is right, but the labels' part gives no gradient.",
        "`item`, `detach` or `torch.no_grad()` turns it into a fixed number.",
        "Keep what `F.cross_entropy` returns.",
    ),
    Mistake(
        "teacher-as-a-number",
        _teacher_read_as_number,
        "The value is right, but the teacher's part gives no gradient.",
        "`item`, `detach` or `torch.no_grad()` turns it into a fixed number; only the teacher's logits are fixed.",
        "Keep what `kl_divergence` returns.",
    ),
    Mistake(
        "unchecked",
        _unchecked,
        "A weight above 1 isn't refused.",
        "Then the labels have a negative weight, and the student learns to be wrong.",
        "Begin with `check_weight(weight)`.",
    ),
)
