"""The usual mistakes of exercise 7.2: which two distributions are compared."""

from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.distillation import check_shapes, check_temperature


def checked(compute):
    """Return an answer that refuses what has to be refused, and then computes something else."""

    def kl_divergence(student_logits, teacher_logits, temperature=1.0):
        check_temperature(temperature)
        check_shapes(student_logits, teacher_logits)
        return compute(student_logits, teacher_logits.detach(), temperature)

    return kl_divergence


def between(log_student, log_teacher):
    """Return KL(teacher || student) of each image, from log-probabilities (B, C)."""
    return (log_teacher.exp() * (log_teacher - log_student)).sum(dim=1)


def logs(student, teacher, temperature):
    """Return both log-probabilities at this temperature."""
    return (student / temperature).log_softmax(dim=1), (teacher / temperature).log_softmax(dim=1)


def _swapped(student, teacher, T):
    log_student, log_teacher = logs(student, teacher, T)
    return T**2 * between(log_teacher, log_student).mean()


def _swapped_unscaled(student, teacher, T):
    return _swapped(student, teacher, T) / T**2


def _sign(student, teacher, T):
    return -(T**2) * between(*logs(student, teacher, T)).mean()


def _weighted_by_the_student(student, teacher, T):
    log_student, log_teacher = logs(student, teacher, T)
    return T**2 * (log_student.exp() * (log_teacher - log_student)).sum(dim=1).mean()


def _both_ways(student, teacher, T):
    log_student, log_teacher = logs(student, teacher, T)
    return T**2 * (between(log_student, log_teacher) + between(log_teacher, log_student)).mean() / 2


def _student_only(student, teacher, T):
    return T**2 * between((student / T).log_softmax(dim=1), teacher.log_softmax(dim=1)).mean()


def _teacher_only(student, teacher, T):
    return T**2 * between(student.log_softmax(dim=1), (teacher / T).log_softmax(dim=1)).mean()


def _neither(student, teacher, T):
    return T**2 * between(*logs(student, teacher, 1)).mean()


def _multiplied(student, teacher, T):
    return T**2 * between(*logs(student, teacher, 1 / T)).mean()


def _divided_behind(student, teacher, T):
    p, q = teacher.softmax(dim=1) / T, student.softmax(dim=1) / T
    return T**2 * (p * (p.log() - q.log())).sum(dim=1).mean()


def _softmax_twice(student, teacher, T):
    return T**2 * between(*logs(student.softmax(dim=1), teacher.softmax(dim=1), T)).mean()


def _student_twice(student, teacher, T):
    return T**2 * between((student / T).softmax(dim=1).log_softmax(dim=1), (teacher / T).log_softmax(dim=1)).mean()


def _teacher_twice(student, teacher, T):
    return T**2 * between((student / T).log_softmax(dim=1), (teacher / T).softmax(dim=1).log_softmax(dim=1)).mean()


def _over_the_images(student, teacher, T):
    log_student, log_teacher = (logits / T for logits in (student, teacher))
    return T**2 * between(log_student.log_softmax(dim=0), log_teacher.log_softmax(dim=0)).mean()


def _no_log(student, teacher, T):
    q, p = (student / T).softmax(dim=1), (teacher / T).softmax(dim=1)
    return T**2 * F.kl_div(q, p, reduction="batchmean")


def _logits_given(student, teacher, T):
    return T**2 * F.kl_div(student / T, (teacher / T).softmax(dim=1), reduction="batchmean")


def _log_target(student, teacher, T):
    return T**2 * F.kl_div(*logs(student, teacher, T), reduction="batchmean")


WHICH = (
    Mistake(
        "swapped",
        checked(_swapped),
        "This is KL(student || teacher): the two have changed places.",
        "The divergence isn't symmetric. The teacher's probabilities are the weights of the sum, and stand first.",
        "Weight with the teacher's probabilities, and subtract the student's logarithms. For `F.kl_div` the student "
        "comes first.",
    ),
    Mistake(
        "swapped-and-no-t-squared",
        checked(_swapped_unscaled),
        "This is KL(student || teacher), and T² is missing.",
        "The divergence isn't symmetric: the teacher's probabilities are the weights of the sum. And it falls with "
        "1/T², as does its gradient.",
        "Weight with the teacher's probabilities, and multiply the result with `temperature**2`.",
    ),
    Mistake(
        "sign",
        checked(_sign),
        "The sign is wrong: the divergence comes out negative.",
        "The difference of the logarithms is taken the other way round.",
        "Subtract the student's logarithms from the teacher's.",
    ),
    Mistake(
        "weighted-by-the-student",
        checked(_weighted_by_the_student),
        "The student's probabilities are the weights: this is -KL(student || teacher).",
        "Under the sum stands p log(p / q), and p is the teacher's.",
        "Multiply with the teacher's probabilities.",
    ),
    Mistake(
        "both-ways",
        checked(_both_ways),
        "This is the mean of both directions.",
        "It is symmetric, but it isn't what distillation uses.",
        "Keep KL(teacher || student) alone.",
    ),
    Mistake(
        "student-only",
        checked(_student_only),
        "Only the student is softened.",
        "Two distributions at different temperatures are compared: even a perfect copy of the teacher would be "
        "punished.",
        "Divide the teacher's logits by T too.",
    ),
    Mistake(
        "teacher-only",
        checked(_teacher_only),
        "Only the teacher is softened.",
        "Two distributions at different temperatures are compared: even a perfect copy of the teacher would be "
        "punished.",
        "Divide the student's logits by T too.",
    ),
    Mistake(
        "neither",
        checked(_neither),
        "Nothing is softened: the temperature only scales the result.",
        "The teacher's small probabilities, the dark knowledge, stay too small to count.",
        "Divide both logits by T before the softmax.",
    ),
    Mistake(
        "multiplied",
        checked(_multiplied),
        "The logits are multiplied with the temperature.",
        "Then a high temperature sharpens the probabilities.",
        "Divide both logits by T.",
    ),
    Mistake(
        "divided-behind",
        checked(_divided_behind),
        "The probabilities are divided by T, not the logits.",
        "The factor cancels out in the logarithm, so nothing is softened, and the rows don't sum to 1.",
        "Divide the logits before the softmax.",
    ),
    Mistake(
        "softmax-twice",
        checked(_softmax_twice),
        "The softmax is taken twice: probabilities are softened, not logits.",
        "Probabilities lie between 0 and 1, so a second softmax makes them nearly equal.",
        "Divide the logits themselves by T, and take one softmax of each.",
    ),
    Mistake(
        "student-twice",
        checked(_student_twice),
        "The student goes through a softmax twice.",
        "`log_softmax` begins with a softmax of its own: it expects logits.",
        "Give `log_softmax` the logits divided by T.",
    ),
    Mistake(
        "teacher-twice",
        checked(_teacher_twice),
        "The teacher goes through a softmax twice.",
        "A softmax expects logits; of probabilities it makes nearly equal ones.",
        "Take one softmax of the teacher's logits divided by T.",
    ),
    Mistake(
        "over-the-images",
        checked(_over_the_images),
        "The softmax runs over the images.",
        "`dim=0` is the batch: the images would share out each class among them.",
        "The classes are axis 1.",
    ),
    Mistake(
        "no-log",
        checked(_no_log),
        "`F.kl_div` is given the student's probabilities.",
        "It expects their logarithms as its first argument, and can't tell that these are none.",
        "Use `log_softmax` for the student.",
    ),
    Mistake(
        "logits-given",
        checked(_logits_given),
        "`F.kl_div`, or the sum, is given the student's logits.",
        "Without a softmax they aren't the logarithms of probabilities: their exponentials don't sum to 1.",
        "Use `log_softmax` for the student.",
    ),
    Mistake(
        "log-target",
        checked(_log_target),
        "`F.kl_div` is given the teacher's logarithms.",
        "It expects probabilities as its second argument, takes their logarithm itself, and negative numbers have "
        "none.",
        "Give it `softmax` of the teacher, or say `log_target=True`.",
    ),
)
