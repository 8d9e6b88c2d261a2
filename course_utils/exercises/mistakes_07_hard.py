"""The usual mistakes of exercise 7.4: a loss from labels and the teacher's decisions."""

from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.distillation import check_shapes, hard_distillation_loss, kl_divergence


def _parts(combine):
    """Return an answer that puts both parts together in another way: `combine(from_labels, from_teacher)`."""

    def wrong(student_logits, teacher_logits, labels):
        check_shapes(student_logits, teacher_logits)
        decisions = teacher_logits.argmax(dim=1)
        return combine(F.cross_entropy(student_logits, labels), F.cross_entropy(student_logits, decisions))

    return wrong


def _taught(from_teacher):
    """Return an answer with another second part, made from (student, teacher, labels)."""

    def wrong(student_logits, teacher_logits, labels):
        check_shapes(student_logits, teacher_logits)
        from_labels = F.cross_entropy(student_logits, labels)
        return (from_labels + from_teacher(student_logits, teacher_logits, labels)) / 2

    return wrong


def _of_student(student, target):
    """Return the cross-entropy of a student with a target that needs no gradient."""
    return F.cross_entropy(student, target.detach())


def _first_or_second(student, teacher, labels):
    """Decide for the teacher's second choice."""
    return F.cross_entropy(student, teacher.topk(2, dim=1).indices[:, 1])


def _where_right(student, teacher, labels):
    right = teacher.argmax(dim=1) == labels
    return F.cross_entropy(student[right], labels[right])


def _unchecked(student_logits, teacher_logits, labels):
    decisions = teacher_logits.argmax(dim=1)
    return (F.cross_entropy(student_logits, labels) + F.cross_entropy(student_logits, decisions)) / 2


def _as_a_number(student_logits, teacher_logits, labels):
    right = hard_distillation_loss(student_logits, teacher_logits, labels)
    from_teacher = F.cross_entropy(student_logits, teacher_logits.argmax(dim=1)) / 2
    return right - from_teacher + from_teacher.detach()


HARD = (
    Mistake(
        "sum-not-half",
        _parts(lambda labels, teacher: labels + teacher),
        "The two parts are added, not averaged.",
        "The loss, and with it the gradient, is twice as large as without a teacher.",
        "Give each part the weight 1/2.",
    ),
    Mistake(
        "half-of-one",
        _parts(lambda labels, teacher: labels + teacher / 2),
        "Only the teacher's part is halved.",
        "A division binds more tightly than a sum: `a + b / 2`.",
        "Put the sum in brackets.",
    ),
    Mistake(
        "half-of-the-labels",
        _parts(lambda labels, teacher: labels / 2 + teacher),
        "Only the labels' part is halved.",
        "The factor 1/2 stands before one part only.",
        "Put the sum in brackets, and halve all of it.",
    ),
    Mistake(
        "labels-only",
        _parts(lambda labels, teacher: labels),
        "The teacher isn't used: this is the cross-entropy with the labels.",
        "Its part is missing, or `labels` stands where the teacher's decisions should.",
        "Add the cross-entropy with `teacher_logits.argmax(...)`, and halve the sum.",
    ),
    Mistake(
        "half-of-the-labels-only",
        _parts(lambda labels, teacher: labels / 2),
        "The teacher's part is missing.",
        "Only half of the cross-entropy with the labels is returned.",
        "Add half of the cross-entropy with the teacher's decisions.",
    ),
    Mistake(
        "teacher-only",
        _parts(lambda labels, teacher: teacher),
        "The labels aren't used: this is the cross-entropy with the teacher's decisions.",
        "Their part is missing.",
        "Add the cross-entropy with the labels, and halve the sum.",
    ),
    Mistake(
        "product",
        _parts(lambda labels, teacher: labels * teacher),
        "The two parts are multiplied.",
        "Then one of them may stay large as long as the other is small.",
        "Take their mean.",
    ),
    Mistake(
        "over-the-images",
        _taught(lambda student, teacher, labels: F.cross_entropy(student, teacher.argmax(dim=0))),
        "The teacher's decisions are taken along the images.",
        "`argmax(dim=0)` says for each class which image has most of it: C numbers instead of B.",
        "The classes are axis 1: `argmax(dim=1)`.",
    ),
    Mistake(
        "over-everything",
        _taught(lambda student, teacher, labels: F.cross_entropy(student, teacher.argmax())),
        "The teacher makes one decision for all images.",
        "Without `dim`, `argmax` counts through the whole table.",
        "The classes are axis 1: `argmax(dim=1)`.",
    ),
    Mistake(
        "students-decision",
        _taught(lambda student, teacher, labels: F.cross_entropy(student, student.argmax(dim=1))),
        "The decisions are the student's own.",
        "It would become ever surer of whatever it says now, and the teacher isn't used.",
        "Take the `argmax` of the teacher's logits.",
    ),
    Mistake(
        "least-likely",
        _taught(lambda student, teacher, labels: F.cross_entropy(student, teacher.argmin(dim=1))),
        "The student learns the class that the teacher finds least likely.",
        "`argmin` finds the smallest logit, or a sign was turned.",
        "Use `argmax`.",
    ),
    Mistake(
        "second-choice",
        _taught(_first_or_second),
        "The student learns the teacher's second choice.",
        "After sorting upwards the best is the last, and index 1 is the second one.",
        "Use `argmax`.",
    ),
    Mistake(
        "where-the-teacher-is-right",
        _taught(_where_right),
        "The teacher counts only where it is right.",
        "Equation 3 takes its decision for every image; where it is wrong it still shows what the image looks like.",
        "Use its decisions for all images.",
    ),
    Mistake(
        "soft",
        _taught(lambda student, teacher, labels: _of_student(student, teacher.softmax(dim=1))),
        "The target is the teacher's probabilities, not its decisions.",
        "`F.cross_entropy` takes probabilities as a target too, so nobody complains: that is a soft loss.",
        "Take the `argmax` of the teacher's logits.",
    ),
    Mistake(
        "divergence",
        _taught(lambda student, teacher, labels: kl_divergence(student, teacher)),
        "The teacher's part is the divergence from its probabilities.",
        "That is soft distillation, exercise 7.3.",
        "Use the cross-entropy with the teacher's decisions.",
    ),
    Mistake(
        "logits-as-target",
        _taught(lambda student, teacher, labels: _of_student(student, teacher)),
        "The target is the teacher's logits.",
        "`F.cross_entropy` takes numbers of the shape (B, C) for probabilities, and doesn't look whether they are.",
        "Take their `argmax` over the classes.",
    ),
    Mistake(
        "teachers-loss",
        _taught(lambda student, teacher, labels: F.cross_entropy(teacher, labels)),
        "The second part is the teacher's own cross-entropy with the labels.",
        "It trains the teacher; the student learns nothing from it.",
        "Compare the student's logits with the teacher's decisions.",
    ),
    Mistake(
        "swapped",
        _taught(lambda student, teacher, labels: F.cross_entropy(teacher, student.argmax(dim=1))),
        "Student and teacher have changed places: the teacher learns the student's decisions.",
        "The first argument of `F.cross_entropy` is whoever learns.",
        "The student's logits come first, the teacher's decisions second.",
    ),
    Mistake(
        "probabilities-given-for-the-teacher",
        _taught(lambda student, teacher, labels: F.cross_entropy(student.softmax(dim=1), teacher.argmax(dim=1))),
        "In the teacher's part `F.cross_entropy` is given probabilities.",
        "It takes a softmax itself, and of probabilities that makes nearly equal ones.",
        "Give it the student's logits, as in the labels' part.",
    ),
    Mistake(
        "teacher-as-a-number",
        _as_a_number,
        "The value is right, but the teacher's part gives no gradient.",
        "`item`, `detach` or `torch.no_grad()` turns it into a fixed number.",
        "Keep what `F.cross_entropy` returns: `argmax` gives the teacher no gradient anyhow.",
    ),
    Mistake(
        "unchecked",
        _unchecked,
        "A teacher with other classes isn't refused.",
        "Its decisions are numbers that may mean other things to the student, and nobody would notice.",
        "Begin with `check_shapes(student_logits, teacher_logits)`.",
    ),
)
