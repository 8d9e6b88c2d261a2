"""Lesson 7's exercises: mistakes that can be seen and told apart, and right answers that are right."""

import pytest
import torch
from exercise_checks import (
    fresh_place,  # noqa: F401
    made,
    undiagnosed,
    verdict,
    wrong,
)
from exercise_outcomes import float64  # noqa: F401
from torch.nn import functional as F

from course_utils.exercises.lesson_07 import EXERCISES
from course_utils.models.deit import DistilledViT
from course_utils.models.distillation import (
    hard_distillation_loss,
    kl_divergence,
    soft_distillation_loss,
    soften,
    teacher_decision,
)
from course_utils.scores import shared_mistakes

TABLE = {exercise.id: exercise for exercise in EXERCISES}


def right_cases(id):
    """Return the cases that aren't there to be refused."""
    found = []
    for case in TABLE[id].cases():
        try:
            TABLE[id].reference(*case.arguments)
        except ValueError:
            continue
        found.append(case)
    return found


def test_no_softmax_is_saturated():
    for id, number in (("7.1", 1), ("7.2", 2), ("7.3", 2), ("7.4", 2)):
        for case in right_cases(id):
            for logits in case.arguments[:number]:
                assert soften(logits, 1.0).max() < 0.999 and soften(logits, 1.0).min() > 1e-6


def test_temperatures_lie_on_both_sides_of_1_and_every_check_has_something_to_refuse():
    for id, place in (("7.1", 1), ("7.2", 2), ("7.3", 3)):
        found = [case.arguments[place] for case in right_cases(id) if len(case.arguments) > place]
        assert min(found) < 1 < max(found)
    refused = {id: len(TABLE[id].cases()) - len(right_cases(id)) for id in TABLE if id != "7.6"}
    assert refused == {"7.1": 1, "7.2": 2, "7.3": 1, "7.4": 1, "7.5": 0, "7.7": 1}


def test_labels_teachers_decisions_and_students_differ_and_agree_somewhere():
    for case in right_cases("7.4"):
        student, teacher, labels = case.arguments
        decisions, own = teacher.argmax(dim=1), student.argmax(dim=1)
        assert (decisions == labels).any() and not (decisions == labels).all()
        assert not (decisions == own).all() and len(labels) != student.shape[1]


def test_patches_tokens_and_widths_differ():
    for case in TABLE["7.5"].cases():
        B, N, D = case.arguments[0].shape
        assert len({B, N, N + 2, D}) == 4


def test_each_model_is_called_in_training_and_in_eval_mode():
    seen = {(case.init["side"], case.training) for case in TABLE["7.6"].cases()}
    assert seen == {(side, training) for side in (12, 8) for training in (True, False)}


def test_predictions_show_all_that_two_models_can_say_of_an_image():
    """Both right; one or the other wrong; both wrong, in the same way or not. Neither makes as many as the other."""
    for case in right_cases("7.7"):
        a, b, labels = case.arguments
        first, second = a != labels, b != labels
        kinds = [~first & ~second, first & ~second, ~first & second, first & second & (a == b), second & (a != b)]
        assert all(kind.any() for kind in kinds)
        assert first.sum() != second.sum() and 0.1 < shared_mistakes(a, b, labels) < 0.9


def test_the_hard_loss_has_the_teachers_decision_as_its_second_part():
    student, teacher, labels = right_cases("7.4")[0].arguments
    expected = (F.cross_entropy(student, labels) + teacher_decision(student, teacher)) / 2
    assert torch.isclose(hard_distillation_loss(student, teacher, labels), expected)


# whoever writes it another way is told the same


def diagnosed(capsys, id, name, source):
    """Check an answer from its source, and look for the diagnosis of a mistake."""
    (mistake,) = (mistake for mistake in TABLE[id].mistakes if mistake.name == name)
    assert mistake.what in wrong(capsys, made(source, TABLE[id].reference.__name__), id)


KL = """
def kl_divergence(student_logits, teacher_logits, temperature=1.0):
    from torch.nn import functional as F
    if temperature <= 0 or student_logits.shape != teacher_logits.shape:
        raise ValueError("my own words")
    q = F.log_softmax(student_logits / temperature, dim=1)
    p = F.softmax(teacher_logits / temperature, dim=1)
    return {}
"""
WRITTEN = {
    "teacher-learns": "temperature**2 * F.kl_div(q, p, reduction='batchmean')",
    "no-t-squared": "F.kl_div(q, p, reduction='batchmean')",
    "mean-of-all": "temperature**2 * F.kl_div(q, p)",
    "mean-of-all-and-no-t-squared": "F.kl_div(q, p)",
    "sum-of-all": "temperature**2 * F.kl_div(q, p.detach(), reduction='sum')",
    "swapped": "temperature**2 * F.kl_div(p.log(), q.exp(), reduction='batchmean')",
    "no-log": "temperature**2 * F.kl_div(q.exp(), p, reduction='batchmean')",
    "log-target": "temperature**2 * F.kl_div(q, p.log(), reduction='batchmean')",
    "all-detached": "temperature**2 * F.kl_div(q.detach(), p.detach(), reduction='batchmean')",
    "cross-entropy": "-(temperature**2) * (p.detach() * q).sum(dim=1).mean()",
    "one-for-each-image": "temperature**2 * F.kl_div(q, p.detach(), reduction='none').sum(dim=1)",
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_divergence_by_kl_div_gets_its_diagnosis(name, capsys):
    diagnosed(capsys, "7.2", name, KL.format(WRITTEN[name]))


def test_a_mistake_is_told_before_a_check_that_is_missing(capsys):
    source = KL.replace("raise ValueError", "print").format(WRITTEN["no-t-squared"])
    diagnosed(capsys, "7.2", "no-t-squared", source)
    source = KL.replace("raise ValueError", "print").format("temperature**2 * F.kl_div(q, p.detach()) * q.shape[1]")
    lines = undiagnosed(capsys, made(source, "kl_divergence"), "7.2")
    assert "it returned something where a ValueError is expected" in lines


VIT = """
class DistilledViT(VisionTransformer):
    def __init__(self, {parameters}):
        super().__init__({arguments})
        classes, width = self.head.weight.shape
        self.dist_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.randn(1, self.pos_embed.shape[1] + 1, width))
        self.head_dist = nn.Linear(width, classes)

    def tokens(self, images):
        return with_two_tokens(self.patch_embed(images), self.cls_token, self.dist_token, self.pos_embed)

    def forward(self, images):
        first, second = self.norm(self.encode(images)).unbind(dim=1)[:2]
        one, other = self.head(first), self.head_dist(second)
        return (one, other) if {mode} else (one + other) / 2
"""
IMPORTS = """
from course_utils.models.deit import with_two_tokens
from course_utils.models.vit import VisionTransformer
"""
NAMED = "side, patch, width, heads, layers, classes, channels=3"


def vit(parameters="*args, **keywords", arguments="*args, **keywords", mode="self.training"):
    return made(IMPORTS + VIT.format(parameters=parameters, arguments=arguments, mode=mode), "DistilledViT")


def test_a_model_may_name_its_sizes_and_needs_no_both_logits(capsys):
    for model in (vit(), vit(NAMED, NAMED.replace("=3", ""))):
        assert verdict(capsys, "7.6", model)[1] == "✓ 7.6 correct on 4 cases\n"


@pytest.mark.parametrize(("mode", "what"), [("self.train", "In eval mode two outputs"), ("False", "In training one")])
def test_only_one_mode_is_told(mode, what, capsys):
    assert what in wrong(capsys, vit(mode=mode), "7.6")


# two mistakes at once


def _multiplied_over_the_images(logits, temperature):
    if temperature <= 0:
        raise ValueError("no")
    return (logits * temperature).softmax(dim=0)


def _swapped_and_added_up(student_logits, teacher_logits, temperature=1.0):
    return len(student_logits) * kl_divergence(teacher_logits, student_logits, temperature)


def _weights_swapped_and_labels_softened(student_logits, teacher_logits, labels, temperature, weight):
    if not 0 <= weight <= 1:
        raise ValueError("no")
    from_labels = F.cross_entropy(student_logits / temperature, labels)
    return weight * from_labels + (1 - weight) * kl_divergence(student_logits, teacher_logits, temperature)


def _added_and_soft(student_logits, teacher_logits, labels):
    if student_logits.shape != teacher_logits.shape:
        raise ValueError("no")
    return F.cross_entropy(student_logits, labels) + F.cross_entropy(student_logits, teacher_logits.softmax(dim=1))


def _swapped_without_positions(patches, cls_token, dist_token, pos_embed):
    return torch.cat([token.expand(len(patches), -1, -1) for token in (dist_token, cls_token)] + [patches], dim=1)


class _CrossedAndAdded(DistilledViT):
    def both_logits(self, images):
        tokens = self.norm(self.encode(images))
        return self.head(tokens[:, 1]), self.head_dist(tokens[:, 0])

    def forward(self, images):
        one, other = self.both_logits(images)
        return (one, other) if self.training else one + other


def _firsts_in_percent(a, b, labels):
    if not ((a != labels) | (b != labels)).any():
        raise ValueError("no")
    return 100 * (a == b)[a != labels].double().mean().item()


TWO = {
    "7.1": _multiplied_over_the_images,
    "7.2": _swapped_and_added_up,
    "7.3": _weights_swapped_and_labels_softened,
    "7.4": _added_and_soft,
    "7.5": _swapped_without_positions,
    "7.6": _CrossedAndAdded,
    "7.7": _firsts_in_percent,
}


@pytest.mark.parametrize("id", TWO)
def test_two_mistakes_at_once_never_get_the_diagnosis_of_one(id, capsys):
    undiagnosed(capsys, TWO[id], id)


def test_the_soft_loss_is_a_sum_of_two_parts_that_differ():
    """Else a swapped weight couldn't be seen."""
    for case in right_cases("7.3"):
        student, teacher, labels, temperature, weight = case.arguments
        parts = [soft_distillation_loss(student, teacher, labels, temperature, float(part)) for part in (0, 1)]
        assert (parts[0] - parts[1]).abs() > 0.1 and abs(weight - 0.5) > 0.05
