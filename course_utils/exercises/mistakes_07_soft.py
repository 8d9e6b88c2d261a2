"""The usual mistakes of exercise 7.3: a loss from labels and softened probabilities."""

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


def _other(from_labels=None, from_teacher=None):
    """Return an answer with another first or second part, made from (student, teacher, labels, temperature)."""
    from_labels = from_labels or (lambda student, teacher, labels, T: F.cross_entropy(student, labels))
    from_teacher = from_teacher or (lambda student, teacher, labels, T: kl_divergence(student, teacher, T))

    def wrong(student_logits, teacher_logits, labels, temperature, weight):
        check_weight(weight)
        given = student_logits, teacher_logits, labels, temperature
        return (1 - weight) * from_labels(*given) + weight * from_teacher(*given)

    return wrong


def _soft_cross_entropy(student, teacher, labels, T):
    return T**2 * F.cross_entropy(student / T, (teacher.detach() / T).softmax(dim=1))


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
        "labels-softened",
        _other(from_labels=lambda student, teacher, labels, T: F.cross_entropy(student / T, labels)),
        "The labels' part is softened too.",
        "The temperature is there to see the teacher's small probabilities; a label has none.",
        "Give `F.cross_entropy` the student's logits as they are.",
    ),
    Mistake(
        "labels-softened-and-scaled",
        _other(from_labels=lambda student, teacher, labels, T: T**2 * F.cross_entropy(student / T, labels)),
        "The labels' part is softened and multiplied with T².",
        "Both belong to the teacher's part alone.",
        "Give `F.cross_entropy` the student's logits as they are.",
    ),
    Mistake(
        "scaled-twice",
        _other(from_teacher=lambda student, teacher, labels, T: T**2 * kl_divergence(student, teacher, T)),
        "The teacher's part is multiplied with T² twice.",
        "`kl_divergence` from exercise 7.2 has done it already.",
        "Add its result as it is.",
    ),
    Mistake(
        "labels-scaled-too",
        _other(from_labels=lambda student, teacher, labels, T: T**2 * F.cross_entropy(student, labels)),
        "The labels' part is multiplied with T².",
        "T² makes up for what softening takes from the gradient, and the labels' part isn't softened.",
        "Leave T² to `kl_divergence`.",
    ),
    Mistake(
        "softened-twice",
        _other(from_teacher=lambda student, teacher, labels, T: kl_divergence(student / T, teacher / T, T)),
        "The logits are divided by the temperature twice.",
        "`kl_divergence` from exercise 7.2 divides them itself.",
        "Give it the logits as they are, and the temperature.",
    ),
    Mistake(
        "probabilities-given",
        _other(from_teacher=lambda s, t, labels, T: kl_divergence(s.softmax(dim=1), t.softmax(dim=1), T)),
        "`kl_divergence` is given probabilities.",
        "It takes a softmax itself, and of probabilities that makes nearly equal ones.",
        "Give it the logits as they are.",
    ),
    Mistake(
        "no-temperature",
        _other(from_teacher=lambda student, teacher, labels, T: kl_divergence(student, teacher)),
        "The temperature isn't used.",
        "`kl_divergence` has a default, 1, so nobody complains that it is missing.",
        "Pass `temperature` to it.",
    ),
    Mistake(
        "swapped",
        _other(from_teacher=lambda student, teacher, labels, T: kl_divergence(teacher, student, T)),
        "Student and teacher have changed places in `kl_divergence`.",
        "It isn't symmetric, and its second argument gets no gradient: the teacher would learn from the student.",
        "Call it with the student first.",
    ),
    Mistake(
        "teacher-learns-the-labels",
        _other(from_labels=lambda student, teacher, labels, T: F.cross_entropy(teacher, labels)),
        "The cross-entropy with the labels is the teacher's.",
        "It would train the teacher; the student wouldn't see a single label.",
        "Give `F.cross_entropy` the student's logits.",
    ),
    Mistake(
        "probabilities-in-cross-entropy",
        _other(from_labels=lambda student, teacher, labels, T: F.cross_entropy(student.softmax(dim=1), labels)),
        "`F.cross_entropy` is given probabilities.",
        "It takes a softmax itself, and of probabilities that makes nearly equal ones.",
        "Give it the student's logits.",
    ),
    Mistake(
        "labels-added-up",
        _other(from_labels=lambda student, teacher, labels, T: F.cross_entropy(student, labels, reduction="sum")),
        "The labels' part is a sum over the images, the teacher's part a mean.",
        "Then the labels count B times as much as they should.",
        "Use the mean, which is what `F.cross_entropy` does by itself.",
    ),
    Mistake(
        "teachers-cross-entropy",
        _other(from_teacher=_soft_cross_entropy),
        "The teacher's part is the cross-entropy with its softened probabilities, not the divergence.",
        "The gradient is the same, but the value isn't 0 for a perfect copy of the teacher.",
        "Use `kl_divergence` from exercise 7.2.",
    ),
    Mistake(
        "hard",
        _other(from_teacher=lambda student, teacher, labels, T: F.cross_entropy(student, teacher.argmax(dim=1))),
        "The teacher's part uses its decisions.",
        "That is hard distillation, the next exercise; here its softened probabilities are wanted.",
        "Use `kl_divergence` from exercise 7.2.",
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
