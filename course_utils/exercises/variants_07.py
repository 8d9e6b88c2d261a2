"""Lesson 7's variants: softened probabilities, the divergence from a teacher, the soft loss."""

import math

import torch
from torch import Tensor

from course_utils.exercises import cases_07 as cases
from course_utils.exercises.options import on, out
from course_utils.exercises.recipes import Option, Recipe
from course_utils.exercises.turns import Arguments
from course_utils.exercises.variants_07_soft import SOFT, for_all_images
from course_utils.exercises.variants_07_tokens import TWO_TOKENS
from course_utils.models.distillation import check_shapes, check_temperature


def _inverse(temperature: float) -> float:
    return 1 / temperature if temperature else 0.0


def _classes_last(logits: Tensor) -> Tensor:
    return logits.movedim(0, -1)


def _classes_first(logits: Tensor) -> Tensor:
    return logits.movedim(-1, 0)


SOFTEN = Recipe(
    id="7.1",
    source='''
        def soften(logits: Tensor, temperature: float) -> Tensor:
            """Turn logits into $kind, the more even the higher T is.

            $here

            Args:
                logits: $logits.
                temperature: $given; 1 is the usual softmax.

            Returns:
                $logits, of each image its C $kind. Hinton et al. 2015, equation 1.

            Raises:
                ValueError: the temperature is 0 or less.
            """
            if temperature <= 0:
                raise ValueError(f"the temperature is {temperature}: use a positive one, 1 for the usual softmax")
            return (logits $times temperature).$function(dim=$axis)
        ''',
    axes=(
        (
            Option({"kind": "probabilities", "function": "softmax"}),
            Option(
                {"kind": "logarithms of probabilities", "function": "log_softmax"},
                here="the logarithms of the probabilities are asked for, not the probabilities",
                remedy="Use `log_softmax`.",
                from_course=out(torch.log),
                without="not-normalised largest-is-1",
            ),
        ),
        (
            Option({"logits": "(..., C)", "axis": "-1", "classes": "last"}),
            Option(
                {"logits": "(C, ...)", "axis": "0", "classes": "first"},
                here="the classes are the first axis, (C, ...), not the last",
                remedy="Run the softmax over axis 0.",
                to_course=on(_classes_last, "logits"),
                to_variant=on(_classes_first, "logits"),
                from_course=out(_classes_first),
            ),
        ),
        (
            Option({"given": "T", "times": "/", "apply": "Divide the logits by it"}),
            Option(
                {"given": "1/T", "times": "*", "apply": "Multiply the logits with it"},
                here="`temperature` is 1/T, the inverse of the temperature, not T",
                remedy="Multiply the logits with it: the higher it is, the sharper the result.",
                to_course=on(_inverse, "temperature"),
                to_variant=on(_inverse, "temperature"),
            ),
        ),
    ),
    cases=cases.logits_to_soften,
    keep="softmax-twice not-normalised largest-is-1 sigmoid sign mixed-with-even",
    told={
        "multiplied": (
            "The temperature is applied the wrong way round.",
            "Then a high T makes the largest probability larger, not smaller.",
            "Here `temperature` is $given: the higher T, the smaller the logits' differences.",
        ),
        "no-temperature": (
            "The temperature changes nothing: this is the usual softmax.",
            "It isn't used, or it is used where the softmax takes it away again.",
            "$apply, before the softmax.",
        ),
        "over-the-images": (
            "The softmax doesn't run over the classes.",
            "Then the images share out each class among them.",
            "The classes are the $classes axis.",
        ),
        "temperature-squared": (
            "The temperature is applied twice.",
            "T² belongs to the loss, where it keeps the gradient's size.",
            "$apply, once.",
        ),
        "unchecked": (
            "A temperature of 0 isn't refused.",
            "No softmax has it, and nothing says so.",
            "Begin with a check, and raise a ValueError.",
        ),
    },
    derive=lambda words: {
        "without": "multiplied" if (words["function"], words["axis"], words["times"]) == ("softmax", "-1", "*") else ""
    },
)


def _without_factor(loss: Tensor, given: Arguments) -> Tensor:
    return loss / given["temperature"] ** 2


DIVERGENCE = Recipe(
    id="7.2",
    source='''
        def kl_divergence(
            student_logits: Tensor,
            teacher_logits: Tensor,
            temperature: float = 1.0,
        ) -> Tensor:
            """Say how far a student's softened probabilities are from its teacher's.

            $here

            $formula: the sum over the classes, the $over over the images, in $unit.

            Args:
                student_logits, teacher_logits: (B, C). The teacher gets no gradient.
                temperature: T, of both.

            Returns:
                a number in $unit, at least 0.

            Raises:
                ValueError: the shapes differ, or the temperature is 0 or less.
            """
            check_temperature(temperature)
            check_shapes(student_logits, teacher_logits)
            log_student = (student_logits / temperature).log_softmax(dim=1)  # (B, C)
            log_teacher = (teacher_logits.detach() / temperature).log_softmax(dim=1)
            divergence = (log_teacher.exp() * (log_teacher - log_student)).sum(dim=1)  # (B,)
            return $factor$total$nats
        ''',
    axes=(
        (
            Option({"formula": "T^2 KL(teacher || student)", "factor": "temperature**2 * "}),
            Option(
                {"formula": "KL(teacher || student)", "factor": ""},
                here="the result isn't multiplied with T^2",
                remedy="Leave the factor out.",
                from_course=_without_factor,
                without="neither no-t-squared t-not-squared divided-by-t-squared",
            ),
        ),
        (
            Option({"over": "mean", "total": "divergence.mean()"}),
            Option(
                {"over": "sum", "total": "divergence.sum()"},
                here="it is the sum over the images, not the mean",
                remedy="Add the images up.",
                from_course=for_all_images,
                without="sum-of-all",
            ),
        ),
        (
            Option({"unit": "nats", "nats": ""}),
            Option(
                {"unit": "bits", "nats": " / math.log(2)"},
                here="the unit is bits, not nats",
                remedy="Use logarithms to base 2: divide by log 2.",
                from_course=out(lambda loss: loss / math.log(2)),
                without="base-2",
            ),
        ),
    ),
    cases=cases.students_and_teachers,
    keep="swapped sign weighted-by-the-student both-ways student-only teacher-only neither multiplied divided-behind "
    "softmax-twice over-the-images unweighted cross-entropy squares logits-squared teacher-learns wrong-one-detached "
    "all-detached no-t-squared t-not-squared divided-by-t-squared base-2 sum-of-all",
    told={
        "mean-of-all": (
            "The mean is taken over the classes too: C times too small.",
            'A divergence is a sum over the classes. `F.kl_div` with reduction "mean", its default, divides by B · C.',
            "Sum over the classes, then take the $over over the images.",
        ),
        "shapes-unchecked": (
            "Logits of one image are taken for all images.",
            "PyTorch stretches an axis of length 1 without a word.",
            "Begin with a check of the temperature and one of the shapes.",
        ),
    },
    names={"check_shapes": check_shapes, "check_temperature": check_temperature},
)

RECIPES = (SOFTEN, DIVERGENCE, SOFT, TWO_TOKENS)
