"""The losses of distillation: their definitions, gradients and limits, and what reaches the teacher."""

import pytest
import torch
from torch.nn import functional as F

from course_utils.models.distillation import (
    deit_loss,
    hard_distillation_loss,
    kl_divergence,
    soft_distillation_loss,
    soften,
    teacher_decision,
)
from course_utils.scores import agreement, shared_mistakes


def logits(seed, images=5, classes=7):
    """Logits of moderate size, so that no probability is nearly 0 or 1."""
    return 2 * torch.randn(images, classes, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


STUDENT, TEACHER, LABELS = logits(0), logits(1), torch.tensor([3, 0, 6, 6, 2])


def test_a_high_temperature_evens_out_and_a_low_one_decides():
    assert torch.allclose(soften(STUDENT, 1), STUDENT.softmax(1))
    assert torch.allclose(soften(STUDENT, 1e6), torch.full_like(STUDENT, 1 / 7), atol=1e-5)
    assert torch.allclose(soften(STUDENT, 1e-5), F.one_hot(STUDENT.argmax(1), 7).double())
    assert torch.equal(soften(STUDENT, 5).argsort(dim=1), STUDENT.argsort(dim=1)), "the order stays"


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_divergence_is_the_sum_over_classes_and_the_mean_over_images(temperature):
    p, q = soften(TEACHER, temperature), soften(STUDENT, temperature)
    by_hand = sum((p[b, c] * (p[b, c] / q[b, c]).log()).item() for b in range(5) for c in range(7)) / 5
    found = kl_divergence(STUDENT, TEACHER, temperature)
    assert found.item() == pytest.approx(temperature**2 * by_hand)
    assert torch.isclose(found, temperature**2 * F.kl_div(q.log(), p, reduction="batchmean"))
    assert not torch.isclose(found, kl_divergence(TEACHER, STUDENT, temperature), rtol=0.01), "it has a direction"


def test_a_mean_over_the_classes_as_well_would_be_smaller_by_their_number():
    """What the official DeiT code divides by; equation 2 says nothing of it."""
    log_student, log_teacher = STUDENT.log_softmax(1), TEACHER.log_softmax(1)
    total = F.kl_div(log_student, log_teacher, reduction="sum", log_target=True)
    assert torch.isclose(kl_divergence(STUDENT, TEACHER), 7 * total / STUDENT.numel())


def test_it_is_zero_for_the_same_probabilities_and_never_below():
    assert kl_divergence(TEACHER + 3.0, TEACHER, 2.0).abs() < 1e-12, "a constant changes no probability"
    assert min(kl_divergence(logits(n), TEACHER, 2.0) for n in range(2, 30)) > 0


def test_t_squared_keeps_the_gradients_size():
    """Hinton et al. 2015, equation 4: at a high T the gradient is the logits' difference, both centred, over C."""
    found = {}
    for temperature in (1.0, 100.0, 200.0):
        student = STUDENT.clone().requires_grad_()
        kl_divergence(student, TEACHER, temperature).backward()
        found[temperature] = student.grad
    centred = [one - one.mean(dim=1, keepdim=True) for one in (STUDENT, TEACHER)]
    torch.testing.assert_close(found[200.0], (centred[0] - centred[1]) / 7 / 5, atol=2e-3, rtol=0)
    assert 0.9 < found[200.0].norm() / found[100.0].norm() < 1.1
    torch.testing.assert_close(found[1.0], (STUDENT.softmax(1) - TEACHER.softmax(1)) / 5)


def test_soft_distillation_is_equation_2():
    for weight, temperature in ((0.0, 3.0), (0.1, 3.0), (1.0, 2.0)):
        labels, teacher = F.cross_entropy(STUDENT, LABELS), kl_divergence(STUDENT, TEACHER, temperature)
        found = soft_distillation_loss(STUDENT, TEACHER, LABELS, temperature, weight)
        assert torch.isclose(found, (1 - weight) * labels + weight * teacher)
    assert (teacher - labels).abs() > 0.1, "a swapped weight would be seen"


def test_hard_distillation_is_equation_3():
    decisions = TEACHER.argmax(1)
    assert not torch.equal(decisions, LABELS)
    expected = 0.5 * F.cross_entropy(STUDENT, LABELS) + 0.5 * F.cross_entropy(STUDENT, decisions)
    assert torch.isclose(hard_distillation_loss(STUDENT, TEACHER, LABELS), expected)
    assert torch.isclose(teacher_decision(STUDENT, TEACHER), F.cross_entropy(STUDENT, decisions))
    assert torch.equal(teacher_decision(STUDENT, TEACHER), teacher_decision(STUDENT, 50 * TEACHER)), "no temperature"


def test_deits_class_head_learns_the_labels_and_the_other_the_teacher():
    classes, distillation = STUDENT.clone().requires_grad_(), logits(2).requires_grad_()
    loss = deit_loss(classes, distillation, TEACHER, LABELS)
    loss.backward()
    assert torch.isclose(
        loss, 0.5 * F.cross_entropy(classes, LABELS) + 0.5 * F.cross_entropy(distillation, TEACHER.argmax(1))
    )
    for head, target in ((classes, LABELS), (distillation, TEACHER.argmax(1))):
        assert torch.allclose(head.grad, (head.detach().softmax(1) - F.one_hot(target, 7)) / 2 / 5)


LOSSES = {
    "kl": lambda student, teacher: kl_divergence(student, teacher, 2.0),
    "soft": lambda student, teacher: soft_distillation_loss(student, teacher, LABELS, 2.0, 0.5),
    "hard": lambda student, teacher: hard_distillation_loss(student, teacher, LABELS),
    "decision": teacher_decision,
    "deit": lambda student, teacher: deit_loss(student, student, teacher, LABELS),
}


@pytest.mark.parametrize("name", LOSSES)
def test_no_gradient_reaches_the_teacher(name):
    student, teacher = STUDENT.clone().requires_grad_(), TEACHER.clone().requires_grad_()
    LOSSES[name](student, teacher).backward()
    assert teacher.grad is None and student.grad.any()


@pytest.mark.parametrize("name", LOSSES)
def test_logits_that_would_be_stretched_are_refused(name):
    """PyTorch would stretch one row, or one class, over all without a word."""
    for teacher in (TEACHER[:1], TEACHER[:, :1]):
        with pytest.raises(ValueError, match=r"student \(5, 7\) and teacher \(.*\) differ: pass logits of the same"):
            LOSSES[name](STUDENT, teacher)


def test_impossible_temperatures_and_weights_are_told():
    for call in (lambda: soften(STUDENT, 0), lambda: kl_divergence(STUDENT, TEACHER, 0)):
        with pytest.raises(ValueError, match="the temperature is 0: use a positive one"):
            call()
    for weight in (-0.1, 1.5):
        with pytest.raises(ValueError, match=rf"the teacher's weight is {weight}: use 0 \(labels only\) to 1"):
            soft_distillation_loss(STUDENT, TEACHER, LABELS, 2.0, weight)


def test_agreement_and_shared_mistakes():
    labels = torch.tensor([0, 1, 2, 3, 4, 5])
    one, other = torch.tensor([0, 1, 2, 9, 8, 5]), torch.tensor([0, 1, 7, 9, 6, 5])
    assert agreement(one, other) == agreement(other, one) == 4 / 6
    assert shared_mistakes(one, other, labels) == 1 / 3, "of places 2, 3 and 4 one"
    assert agreement(one, one) == shared_mistakes(one, one, labels) == 1
    with pytest.raises(ValueError, match="both are right on all 6 images: use harder ones"):
        shared_mistakes(labels, labels, labels)
    for a, b in ((one, other[:1]), (one[:0], other[:0])):
        with pytest.raises(ValueError, match="no pair of predictions"):
            agreement(a, b)
