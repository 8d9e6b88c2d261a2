"""More mistakes of exercise 7.4: another measure than the cross-entropy of logits."""

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
