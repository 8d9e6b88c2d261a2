"""Losses by which a student learns from a teacher: functions of logits alone.

Hinton et al. 2015, "Distilling the Knowledge in a Neural Network", section 2; Touvron et al. 2021, "Training
data-efficient image transformers & distillation through attention" (DeiT), section 4. Notation: `B` images,
`C` classes. No gradient reaches the teacher: its logits are detached here.
"""

from torch import Tensor
from torch.nn import functional as F


def soften(logits: Tensor, temperature: float) -> Tensor:
    """Turn logits into probabilities, the more even the higher the temperature.

    Args:
        logits: (..., C).
        temperature: T; 1 is the usual softmax.

    Returns:
        (..., C), positive, each row sums to 1. Hinton et al. 2015, equation 1.

    Raises:
        ValueError: the temperature is 0 or less.
    """
    check_temperature(temperature)
    return (logits / temperature).softmax(dim=-1)


def kl_divergence(
    student_logits: Tensor,
    teacher_logits: Tensor,
    temperature: float = 1.0,
) -> Tensor:
    """Say how far a student's softened probabilities are from its teacher's.

    T^2 KL(teacher || student): the sum over the classes, the mean over the images, as
    PyTorch's reduction "batchmean". T^2 keeps the gradient's size, which would fall
    with 1 / T^2: Hinton et al. 2015, section 2.

    Args:
        student_logits, teacher_logits: (B, C). The teacher gets no gradient.
        temperature: T, of both.

    Returns:
        a number in nats, at least 0.

    Raises:
        ValueError: the shapes differ, or the temperature is 0 or less.
    """
    check_temperature(temperature)
    check_shapes(student_logits, teacher_logits)
    log_student = (student_logits / temperature).log_softmax(dim=1)  # (B, C)
    log_teacher = (teacher_logits.detach() / temperature).log_softmax(dim=1)
    difference = log_teacher - log_student
    divergence = (log_teacher.exp() * difference).sum(dim=1)  # (B,)
    return temperature**2 * divergence.mean()


def soft_distillation_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    labels: Tensor,
    temperature: float,
    weight: float,
) -> Tensor:
    """Learn from the labels and from the teacher's softened probabilities.

    Args:
        student_logits, teacher_logits: (B, C). The teacher gets no gradient.
        labels: (B,), whole numbers.
        temperature: T, of the second part.
        weight: of the teacher, 0 to 1; the labels have the rest.

    Returns:
        a number. Touvron et al. 2021, equation 2.

    Raises:
        ValueError: the shapes differ, the temperature is 0 or less, or the weight
            isn't in 0..1.
    """
    check_weight(weight)
    from_labels = F.cross_entropy(student_logits, labels)
    from_teacher = kl_divergence(student_logits, teacher_logits, temperature)
    return (1 - weight) * from_labels + weight * from_teacher


def teacher_decision(student_logits: Tensor, teacher_logits: Tensor) -> Tensor:
    """Take the class that the teacher finds most likely for the label.

    Args:
        student_logits, teacher_logits: (B, C).

    Returns:
        the student's cross-entropy: Touvron et al. 2021, equation 3, second part.

    Raises:
        ValueError: the shapes differ.
    """
    check_shapes(student_logits, teacher_logits)
    return F.cross_entropy(student_logits, teacher_logits.argmax(dim=1))


def hard_distillation_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    labels: Tensor,
) -> Tensor:
    """Learn from the labels and from the teacher's decisions, half each.

    Args:
        student_logits, teacher_logits: (B, C).
        labels: (B,), whole numbers.

    Returns:
        a number. Touvron et al. 2021, equation 3.

    Raises:
        ValueError: the shapes of the logits differ.
    """
    check_shapes(student_logits, teacher_logits)
    decisions = teacher_logits.argmax(dim=1)  # (B,)
    from_labels = F.cross_entropy(student_logits, labels)
    from_teacher = F.cross_entropy(student_logits, decisions)
    return (from_labels + from_teacher) / 2


def deit_loss(
    class_logits: Tensor,
    distillation_logits: Tensor,
    teacher_logits: Tensor,
    labels: Tensor,
) -> Tensor:
    """Teach the class token the labels, the distillation token the teacher's decisions.

    Args:
        class_logits, distillation_logits: (B, C), of the two heads.
        teacher_logits: (B, C).
        labels: (B,), whole numbers.

    Returns:
        a number, half of it from each head: Touvron et al. 2021, section 4,
        "Distillation token", with the hard labels of equation 3.

    Raises:
        ValueError: the shapes of the last two logits differ.
    """
    from_labels = F.cross_entropy(class_logits, labels)
    from_teacher = teacher_decision(distillation_logits, teacher_logits)
    return (from_labels + from_teacher) / 2


def check_temperature(temperature: float) -> None:
    """Refuse a temperature that no softmax has.

    Raises:
        ValueError: it is 0 or less.
    """
    if temperature <= 0:
        raise ValueError(f"the temperature is {temperature}: use a positive one, 1 for the usual softmax")


def check_weight(weight: float) -> None:
    """Refuse a weight of the teacher that leaves the labels less than nothing.

    Raises:
        ValueError: it isn't in 0..1.
    """
    if not 0 <= weight <= 1:
        raise ValueError(f"the teacher's weight is {weight}: use 0 (labels only) to 1 (teacher only)")


def check_shapes(student_logits: Tensor, teacher_logits: Tensor) -> None:
    """Refuse logits of other images or classes, which PyTorch might stretch without a word.

    Raises:
        ValueError: the shapes differ.
    """
    if student_logits.shape != teacher_logits.shape:
        student, teacher = tuple(student_logits.shape), tuple(teacher_logits.shape)
        raise ValueError(f"student {student} and teacher {teacher} differ: pass logits of the same images and classes")
