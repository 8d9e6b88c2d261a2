"""Right answers to lesson 7's exercises, written differently from the course's: `check` must accept them all."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.models.vit import POSITION_STD, VisionTransformer


def _softened_by_hand(logits, temperature):
    if not temperature > 0:
        raise ValueError(f"T = {temperature}")
    scaled = logits / temperature
    raised = (scaled - scaled.amax(dim=-1, keepdim=True).detach()).exp()
    return raised / raised.sum(dim=-1, keepdim=True)


def _softened_by_a_power(logits, temperature):
    """Probabilities to the power 1/T, made to sum to 1 again."""
    if temperature <= 0:
        raise ValueError("no")
    powers = F.softmax(logits, -1) ** (1 / temperature)
    return F.normalize(powers, p=1, dim=-1)


SOFTEN = (_softened_by_hand, _softened_by_a_power)


def _divergence_by_kl_div(student_logits, teacher_logits, temperature=1.0):
    if temperature <= 0 or student_logits.shape != teacher_logits.shape:
        raise ValueError("no")
    target = F.softmax(teacher_logits.detach() / temperature, dim=1)
    scaled = F.log_softmax(student_logits / temperature, dim=-1)
    return F.kl_div(scaled, target, reduction="batchmean") * temperature * temperature


def _divergence_image_by_image(student_logits, teacher_logits, temperature=1.0):
    if min(temperature, 0) == temperature or len(student_logits) != len(teacher_logits):
        raise ValueError
    total = 0.0
    for student, teacher in zip(student_logits, teacher_logits.detach(), strict=True):
        p, q = (teacher / temperature).softmax(0), (student / temperature).softmax(0)
        total = total + (p * (p / q).log()).sum()
    return temperature**2 * total / len(student_logits)


def _divergence_less_entropy(student_logits, teacher_logits, temperature=1.0):
    """The cross-entropy with the teacher, less the teacher's own entropy."""
    if temperature <= 0 or student_logits.size() != teacher_logits.size():
        raise ValueError("no")
    with torch.no_grad():
        target = torch.softmax(teacher_logits / temperature, 1)
        entropy = -(target * target.log()).sum(1).mean()
    return (F.cross_entropy(student_logits / temperature, target) - entropy) * temperature**2


DIVERGENCE = (_divergence_by_kl_div, _divergence_image_by_image, _divergence_less_entropy)


def _soft_by_lerp(student_logits, teacher_logits, labels, temperature, weight):
    if weight < 0 or weight > 1:
        raise ValueError("no")
    from_labels = nn.CrossEntropyLoss()(student_logits, labels)
    return torch.lerp(from_labels, _divergence_by_kl_div(student_logits, teacher_logits, temperature), weight)


def _soft_by_hand(student_logits, teacher_logits, labels, temperature, weight):
    if not 0 <= weight <= 1:
        raise ValueError("no")
    picked = student_logits.log_softmax(1).gather(1, labels[:, None])
    from_teacher = _divergence_image_by_image(student_logits, teacher_logits, temperature)
    return weight * from_teacher - (1 - weight) * picked.mean()


SOFT = (_soft_by_lerp, _soft_by_hand)


def _hard_by_one_target(student_logits, teacher_logits, labels):
    """One cross-entropy with a target that is half label, half decision."""
    if student_logits.shape != teacher_logits.shape:
        raise ValueError("no")
    classes = student_logits.shape[1]
    halves = F.one_hot(labels, classes) + F.one_hot(teacher_logits.max(dim=1).indices, classes)
    return F.cross_entropy(student_logits, halves / 2)


def _hard_by_picking(student_logits, teacher_logits, labels):
    if student_logits.shape[1] - teacher_logits.shape[1]:
        raise ValueError("no")
    logs, rows = student_logits.log_softmax(dim=-1), torch.arange(len(labels))
    decisions = teacher_logits.softmax(dim=-1).argmax(dim=-1)
    return -0.5 * logs[rows, labels].mean() - 0.5 * logs[rows, decisions].mean()


def _hard_without_a_gradient_for_the_teacher(student_logits, teacher_logits, labels):
    if student_logits.shape != teacher_logits.shape:
        raise ValueError
    with torch.no_grad():
        _, decisions = teacher_logits.topk(1)
    losses = [F.cross_entropy(student_logits, target) for target in (labels, decisions.squeeze(1))]
    return torch.stack(losses).mean()


HARD = (_hard_by_one_target, _hard_by_picking, _hard_without_a_gradient_for_the_teacher)


def _tokens_one_by_one(patches, cls_token, dist_token, pos_embed):
    rows = [torch.cat([cls_token[0], dist_token[0], image]) + pos_embed[0] for image in patches]
    return torch.stack(rows)


def _tokens_repeated(patches, cls_token, dist_token, pos_embed):
    both = torch.cat((cls_token, dist_token), dim=1).repeat(patches.shape[0], 1, 1)
    return torch.cat((both + pos_embed[:, :2], patches + pos_embed[:, 2:]), dim=-2)


def _tokens_padded(patches, cls_token, dist_token, pos_embed):
    """Places for both tokens as zeros, which broadcasting fills."""
    tokens = F.pad(patches, (0, 0, 2, 0)) + pos_embed
    first, second, rest = tokens.split([1, 1, patches.shape[1]], dim=1)
    return torch.cat([first + cls_token, second + dist_token, rest], dim=1)


TOKENS = (_tokens_one_by_one, _tokens_repeated, _tokens_padded)


class _Whole(VisionTransformer):
    """All in `forward`, with positions written by hand."""

    def __init__(self, *args, **keywords):
        super().__init__(*args, **keywords)
        width = self.cls_token.shape[-1]
        self.dist_token = nn.Parameter(torch.zeros_like(self.cls_token))
        extra = torch.randn(1, 1, width) * POSITION_STD
        self.pos_embed = nn.Parameter(torch.cat([self.pos_embed.detach(), extra], dim=1))
        self.head_dist = nn.Linear(width, self.head.out_features)

    def forward(self, images):
        patches = self.patch_embed(images)
        tokens = _tokens_repeated(patches, self.cls_token, self.dist_token, self.pos_embed)
        for block in self.blocks:
            tokens = block(tokens)
        one, other = self.norm(tokens[:, 0]), self.norm(tokens[:, 1])
        logits = self.head(one), self.head_dist(other)
        return logits if self.training else torch.stack(logits).mean(dim=0)


class _FromParts(nn.Module):
    """Not derived from the course's: only names and shapes count."""

    def __init__(self, *args, **keywords):
        super().__init__()
        plain = VisionTransformer(*args, **keywords)
        self.patch_embed, self.norm, self.head = plain.patch_embed, plain.norm, plain.head
        self.cls_token, self.blocks = plain.cls_token, nn.Sequential(*plain.blocks)
        classes, width = plain.head.weight.shape
        self.dist_token = nn.Parameter(torch.randn(1, 1, width) / math.sqrt(width))
        self.pos_embed = nn.Parameter(torch.zeros(1, plain.pos_embed.shape[1] + 1, width))
        self.head_dist = nn.Linear(width, classes)

    def forward(self, images):
        tokens = _tokens_one_by_one(self.patch_embed(images), self.cls_token, self.dist_token, self.pos_embed)
        first, second = self.norm(self.blocks(tokens))[:, :2].unbind(dim=1)
        if not self.training:
            return 0.5 * self.head(first) + 0.5 * self.head_dist(second)
        return self.head(first), self.head_dist(second)


DISTILLED = (_Whole, _FromParts)


def _shared_one_by_one(a, b, labels):
    same = [one == other for one, other, label in zip(a, b, labels, strict=True) if not one == other == label]
    if not same:
        raise ValueError("no mistakes")
    return sum(bool(each) for each in same) / len(same)


def _shared_by_counting(a, b, labels):
    both_right = (a == labels) & (b == labels)
    same_mistakes = ((a == b) & (a != labels)).sum().item()
    mistakes = len(labels) - both_right.sum().item()
    if mistakes == 0:
        raise ValueError
    return same_mistakes / mistakes


def _shared_by_inclusion(a, b, labels):
    """All mistakes of both, less those counted twice."""
    one, other = a.ne(labels), b.ne(labels)
    either = int(one.sum() + other.sum() - (one & other).sum())
    if either < 1:
        raise ValueError("neither is wrong")
    return int((one & a.eq(b)).sum()) / either


SHARED = (_shared_one_by_one, _shared_by_counting, _shared_by_inclusion)
