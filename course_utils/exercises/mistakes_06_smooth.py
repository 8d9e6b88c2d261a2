"""The usual mistakes of exercise 6.4: smooth labels."""

from course_utils.augment import smooth_labels
from course_utils.exercises.registry import Mistake


def _kept_whole(targets, share):
    return targets + share / targets.shape[1]


def _others_only(targets, share):
    return (1 - share) * targets + share * (1 - targets) / (targets.shape[1] - 1)


def _others_get_all(targets, share):
    return (1 - share) * targets + share * (1 - targets)


def _not_divided(targets, share):
    return (1 - share) * targets + share


def _by_the_batch(targets, share):
    return (1 - share) * targets + share / len(targets)


def _only_lowered(targets, share):
    return (1 - share) * targets


def _shares_swapped(targets, share):
    return smooth_labels(targets, 1 - share)


def _clamped(targets, share):
    return targets.clamp(share / targets.shape[1], 1 - share)


def _by_one_fewer(targets, share):
    return (1 - share) * targets + share / (targets.shape[1] - 1)


SMOOTH = (
    Mistake(
        "true-class-kept-whole",
        _kept_whole,
        "The targets sum to more than 1.",
        "A share is handed out that nobody has given.",
        "Multiply the targets by `1 - share` first.",
    ),
    Mistake(
        "others-only",
        _others_only,
        "Only the other classes get something.",
        "In Szegedy et al. the share is spread over all classes, the true one included.",
        "Add `share / classes` to every entry.",
    ),
    Mistake(
        "others-get-all",
        _others_get_all,
        "Every other class gets the whole share.",
        "It must be divided among the classes.",
        "Add `share / classes` to every entry.",
    ),
    Mistake(
        "not-divided",
        _not_divided,
        "Every class gets the whole share.",
        "It must be divided among the classes.",
        "Add `share / targets.shape[1]`.",
    ),
    Mistake(
        "divided-by-the-batch",
        _by_the_batch,
        "The share is divided by the number of pictures.",
        "`len(targets)` is B; the classes are the second axis.",
        "Divide by `targets.shape[1]`.",
    ),
    Mistake(
        "only-lowered",
        _only_lowered,
        "The targets sum to less than 1.",
        "The share is taken and given to nobody.",
        "Add `share / classes` to every entry.",
    ),
    Mistake(
        "shares-swapped",
        _shares_swapped,
        "The true class keeps `share`, and the rest is spread.",
        "`share` is what is handed out.",
        "Keep `1 - share`.",
    ),
    Mistake(
        "clamped",
        _clamped,
        "The targets are cut off at two values.",
        "That fits only for hard targets, and even then the true class is missing its part.",
        "Mix: `(1 - share) * targets + share / classes`.",
    ),
    Mistake(
        "one-class-fewer",
        _by_one_fewer,
        "The share is divided by one class fewer.",
        "All classes get a part, the true one too.",
        "Divide by `targets.shape[1]`.",
    ),
)
