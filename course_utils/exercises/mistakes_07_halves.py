"""More mistakes of exercise 7.3: the labels' part, or the teacher's, is another one."""

from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.distillation import check_weight, kl_divergence, soften


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


HALVES = (
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
        "labels-first",
        _other(from_labels=lambda student, teacher, labels, T: F.cross_entropy(labels, student)),
        "`F.cross_entropy` is given the labels first.",
        "Its first argument are logits, and whole numbers have no softmax.",
        "First the student's logits, then the labels.",
    ),
    Mistake(
        "decisions-for-labels",
        _other(from_labels=lambda student, teacher, labels, T: F.cross_entropy(student, teacher.argmax(dim=1))),
        "The labels aren't used: the teacher's decisions stand in their place.",
        "The teacher has its own part already, and it isn't always right.",
        "Give `F.cross_entropy` the `labels`.",
    ),
    Mistake(
        "softened-in-cross-entropy",
        _other(from_labels=lambda student, teacher, labels, T: F.cross_entropy(soften(student, T), labels)),
        "`F.cross_entropy` is given softened probabilities.",
        "It takes a softmax itself; and a label has no temperature.",
        "Give it the student's logits.",
    ),
    Mistake(
        "softened-given",
        _other(from_teacher=lambda s, t, labels, T: kl_divergence(soften(s, T), soften(t, T), T)),
        "`kl_divergence` is given softened probabilities.",
        "It divides by T and takes a softmax itself: now both are done twice.",
        "Give it the logits as they are.",
    ),
    Mistake(
        "softened-given-and-no-temperature",
        _other(from_teacher=lambda s, t, labels, T: kl_divergence(soften(s, T), soften(t, T))),
        "`kl_divergence` is given softened probabilities, and no temperature.",
        "It takes a softmax itself, and without a temperature T² is missing, too.",
        "Give it the logits as they are, and the temperature.",
    ),
    Mistake(
        "no-t-squared",
        _other(from_teacher=lambda student, teacher, labels, T: kl_divergence(student, teacher, T) / T**2),
        "T² is missing in the teacher's part.",
        "Without it the teacher's gradient falls with 1/T², and `weight` would mean something else at each T.",
        "Use `kl_divergence` from exercise 7.2 as it is.",
    ),
    Mistake(
        "t-squared-without-temperature",
        _other(from_teacher=lambda student, teacher, labels, T: T**2 * kl_divergence(student, teacher)),
        "The teacher's part is multiplied with T², but nothing is softened.",
        "`kl_divergence` has a default, 1, so nobody complains that the temperature is missing.",
        "Pass `temperature` to it; it takes care of T², too.",
    ),
)
