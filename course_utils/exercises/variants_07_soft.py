"""Variants of exercise 7.3: the soft loss."""

from torch import Tensor
from torch.nn import functional as F

from course_utils.exercises import cases_07 as cases
from course_utils.exercises.options import on, rest
from course_utils.exercises.recipes import Option, Recipe
from course_utils.exercises.turns import Arguments
from course_utils.models.distillation import check_weight, kl_divergence


def for_all_images(loss: Tensor, given: Arguments) -> Tensor:
    """Turn a mean over the images into their sum."""
    return loss * len(given["student_logits"])


def _one_hot(given: Arguments) -> Arguments:
    return {**given, "labels": F.one_hot(given["labels"], given["student_logits"].shape[1])}


ONLY_WEIGHT = ("weight", "labels", "")  # then the lesson's version has the weights swapped
SOFT = Recipe(
    id="7.3",
    source='''
        def soft_distillation_loss(
            student_logits: Tensor,
            teacher_logits: Tensor,
            labels: Tensor,
            temperature: float,
            weight: float,
        ) -> Tensor:
            """Learn from the labels and from the teacher's softened probabilities.

            $here

            Args:
                student_logits, teacher_logits: (B, C). The teacher gets no gradient.
                labels: $labels.
                temperature: T, of the teacher's part.
                weight: of $whose, 0 to 1; the other part has the rest.

            Returns:
                a number, the $over over the images of the weighted sum of both parts: the cross-entropy with the
                labels, and `kl_divergence`, the lesson's. After Touvron et al. 2021, equation 2.

            Raises:
                ValueError: the weight isn't in 0..1.
            """
            check_weight(weight)
            from_labels = F.cross_entropy(student_logits, $numbers)
            from_teacher = kl_divergence(student_logits, teacher_logits, temperature)
            return $images$sum
        ''',
    axes=(
        (
            Option({"whose": "the teacher", "of_labels": "(1 - weight)", "of_teacher": "weight"}),
            Option(
                {"whose": "the labels", "of_labels": "weight", "of_teacher": "(1 - weight)"},
                here="`weight` is the weight of the labels, not of the teacher",
                remedy="Give the labels' part `weight`, the teacher's the rest.",
                to_course=on(rest, "weight"),
                to_variant=on(rest, "weight"),
            ),
        ),
        (
            Option({"labels": "(B,), whole numbers", "numbers": "labels"}),
            Option(
                {
                    "labels": "(B, C), whole numbers: 1 for the image's class, 0 for the others",
                    "numbers": "labels.argmax(1)",
                },
                here="the labels are one-hot, (B, C) of 0 and 1, not the classes' numbers",
                remedy="Turn the labels into the classes' numbers first, or into floating-point numbers.",
                to_course=on(lambda labels: labels.argmax(1), "labels"),
                to_variant=_one_hot,
            ),
        ),
        (
            Option({"over": "mean", "images": ""}),
            Option(
                {"over": "sum", "images": "len(labels) * "},
                here="it is the sum over the images, not the mean",
                remedy="Add the images up, in both parts.",
                from_course=for_all_images,
            ),
        ),
    ),
    cases=cases.soft_lessons,
    keep="averaged-as-well subtracted labels-softened scaled-twice labels-scaled-too softened-twice no-temperature "
    "swapped teacher-learns-the-labels teachers-cross-entropy hard no-t-squared",
    told={
        "weights-swapped": (
            "The two weights have changed places.",
            "`weight` is that of $whose; the other part has what is left.",
            "Multiply the labels' part with `$bare_labels` and the teacher's with `$bare_teacher`.",
        ),
        "no-weights": (
            "The weight isn't used: both parts count fully.",
            "The two are only added.",
            "Multiply the labels' part with `$bare_labels` and the teacher's with `$bare_teacher`.",
        ),
        "half-each": (
            "The weight isn't used: both parts count half.",
            "That is how the hard loss is made; this one has a weight.",
            "Multiply the labels' part with `$bare_labels` and the teacher's with `$bare_teacher`.",
        ),
        "teacher-only": (
            "The labels aren't used.",
            "Only the teacher's part is returned.",
            "Add `$bare_labels` times the cross-entropy with the labels.",
        ),
        "labels-only": (
            "The teacher isn't used.",
            "Only the labels' part is returned.",
            "Add `$bare_teacher` times the divergence from the teacher.",
        ),
        "unchecked": (
            "A weight outside of 0..1 isn't refused.",
            "Then one of the two parts counts less than nothing, and the student learns to be wrong.",
            "Begin with `check_weight(weight)`.",
        ),
    },
    names={"check_weight": check_weight, "kl_divergence": kl_divergence},
    derive=lambda words: {
        "bare_labels": words["of_labels"].strip("()"),
        "bare_teacher": words["of_teacher"].strip("()"),
        "sum": ("({})" if words["images"] else "{}").format(
            f"{words['of_labels']} * from_labels + {words['of_teacher']} * from_teacher"
        ),
        "without": "weights-swapped" if (words["of_labels"], words["numbers"], words["images"]) == ONLY_WEIGHT else "",
    },
)
