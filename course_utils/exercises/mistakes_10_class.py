"""The usual mistakes of exercise 10.5: what each query is expected to say."""

import torch
from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.set_loss import Pairs, class_loss


def wanted(logits, labels, pairs, nothing=-1):
    """Return the class (B, Q) that each query should say; "no object" is the class `nothing`, counted from the end."""
    expected = torch.full(logits.shape[:2], logits.shape[-1] + nothing)
    expected[pairs.images, pairs.queries] = labels[pairs.targets]
    return expected


def class_weights(logits, no_object, at=-1):
    """Return the weights (C + 1,) of the classes: 1, and `no_object` for the one with this index."""
    weights = torch.ones(logits.shape[-1])
    weights[at] = no_object
    return weights


def entropies(logits, expected, **named):
    """Return the cross-entropy of logits (B, Q, C + 1) and expected classes (B, Q)."""
    return F.cross_entropy(logits.flatten(0, 1), expected.flatten(), **named)


def _with_pairs(change):
    """Return an answer that reads `change(pairs)`."""

    def wrong(logits, labels, pairs, no_object=0.1):
        return class_loss(logits, labels, change(pairs), no_object)

    return wrong


def _matched_only(logits, labels, pairs, no_object=0.1):
    return F.cross_entropy(logits[pairs.images, pairs.queries], labels[pairs.targets])


def _images_ignored(logits, labels, pairs, no_object=0.1):
    expected = torch.full(logits.shape[:2], logits.shape[-1] - 1).flatten()
    expected[pairs.queries] = labels[pairs.targets]
    return entropies(logits, expected, weight=class_weights(logits, no_object))


def _in_every_image(logits, labels, pairs, no_object=0.1):
    expected = torch.full(logits.shape[:2], logits.shape[-1] - 1)
    for query, target in zip(pairs.queries, pairs.targets, strict=True):
        expected[:, query] = labels[target]
    return entropies(logits, expected, weight=class_weights(logits, no_object))


def _no_object_first(logits, labels, pairs, no_object=0.1):
    return class_loss(logits.roll(-1, dims=-1), labels, pairs, no_object)


def _zeros(logits, labels, pairs, no_object=0.1):
    expected = wanted(logits, labels, pairs, -logits.shape[-1])
    return entropies(logits, expected, weight=class_weights(logits, no_object))


def _last_class(logits, labels, pairs, no_object=0.1):
    return entropies(logits, wanted(logits, labels, pairs, -2), weight=class_weights(logits, no_object, -2))


def _not_flattened(logits, labels, pairs, no_object=0.1):
    return F.cross_entropy(logits, wanted(logits, labels, pairs), class_weights(logits, no_object))


def _reshaped(logits, labels, pairs, no_object=0.1):
    B, Q, K = logits.shape
    return F.cross_entropy(logits.reshape(B, K, Q), wanted(logits, labels, pairs), class_weights(logits, no_object))


def _nothing_there(logits, labels, pairs, no_object=0.1):
    expected = torch.full(logits.shape[:2], logits.shape[-1] - 1)
    return entropies(logits, expected, weight=class_weights(logits, no_object))


EXPECTED = (
    Mistake(
        "matched-only",
        _matched_only,
        "Only the matched queries count.",
        'Then nothing tells the others to say "no object", and everything is found many times.',
        'Expect "no object" of all queries first, and overwrite the matched ones.',
    ),
    Mistake(
        "target-order",
        _with_pairs(lambda pairs: pairs._replace(targets=torch.arange(len(pairs.targets)))),
        "The labels are given out in the order of the targets.",
        "Pair n isn't about target n: the matching decides.",
        "Take `labels[pairs.targets]`.",
    ),
    Mistake(
        "queries-and-targets-swapped",
        _with_pairs(lambda pairs: Pairs(pairs.images, pairs.targets, pairs.queries)),
        "Queries and targets have changed places.",
        "`pairs.targets` stands where a query is looked up.",
        "Queries index the logits, targets the labels.",
    ),
    Mistake(
        "images-ignored",
        _images_ignored,
        "All labels went to queries of the first images.",
        "`pairs.queries` counts within an image, and the images weren't used.",
        "Index with both: `[pairs.images, pairs.queries]`.",
    ),
    Mistake(
        "in-every-image",
        _in_every_image,
        "Every image expects the labels of all images.",
        "`expected[:, pairs.queries]` writes into all rows.",
        "Index with both: `[pairs.images, pairs.queries]`.",
    ),
    Mistake(
        "no-object-first",
        _no_object_first,
        'The class at index 0 is taken for "no object", and all others are one later.',
        "Other detectors count the background first. Here it is the last class.",
        'Take the labels as they are, and C for "no object".',
    ),
    Mistake(
        "zeros",
        _zeros,
        "Queries without a target are expected to name class 0.",
        "`torch.zeros` says class 0, and that is a class of objects.",
        'Fill with the number of "no object": C, the last index.',
    ),
    Mistake(
        "last-class",
        _last_class,
        "Queries without a target are expected to name the last class of objects.",
        "It is number C - 1; the logits have one more.",
        'Use `logits.shape[-1] - 1` for "no object".',
    ),
    Mistake(
        "not-flattened",
        _not_flattened,
        "`F.cross_entropy` takes the queries for classes.",
        "It looks for the classes on axis 1, and here axis 1 is Q.",
        "Make one axis of images and queries, of the logits and of the expected classes.",
    ),
    Mistake(
        "reshaped",
        _reshaped,
        "The logits of different queries are mixed.",
        "`F.cross_entropy` wants the classes on axis 1, and `reshape` refills the table instead of turning it.",
        "Make one axis of images and queries, `logits.flatten(0, 1)`, or use `transpose(1, 2)`.",
    ),
    Mistake(
        "nothing-there",
        _nothing_there,
        'All queries are expected to say "no object", also those with a target.',
        "The labels never got in: `expected[pairs.images][:, pairs.queries] = ...` writes into a copy.",
        "Use both indices at once: `expected[pairs.images, pairs.queries] = ...`.",
    ),
)
