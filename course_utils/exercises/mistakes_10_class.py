"""The usual mistakes of exercise 10.5: the class loss."""

import torch
from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.set_loss import Pairs, class_loss


def _wanted(logits, labels, pairs, nothing=-1):
    """Return the class (B, Q) that each query should say; "no object" is the class `nothing`, counted from the end."""
    expected = torch.full(logits.shape[:2], logits.shape[-1] + nothing)
    expected[pairs.images, pairs.queries] = labels[pairs.targets]
    return expected


def _weights(logits, no_object, at=-1):
    weights = torch.ones(logits.shape[-1])
    weights[at] = no_object
    return weights


def _entropies(logits, expected, **named):
    return F.cross_entropy(logits.flatten(0, 1), expected.flatten(), **named)


def _weighed(weigh, **named):
    """Return an answer in which the classes' weights are `weigh(logits, no_object)`."""

    def wrong(logits, labels, pairs, no_object=0.1):
        return _entropies(logits, _wanted(logits, labels, pairs), weight=weigh(logits, no_object), **named)

    return wrong


def _with_pairs(change):
    """Return an answer that reads `change(pairs)`."""

    def wrong(logits, labels, pairs, no_object=0.1):
        return class_loss(logits, labels, change(pairs), no_object)

    return wrong


def _on_the_objects(logits, no_object):
    weights = torch.full(logits.shape[-1:], no_object)
    weights[-1] = 1
    return weights


def _by_count(logits, labels, pairs, no_object=0.1):
    named = {"weight": _weights(logits, no_object), "reduction": "none"}
    return _entropies(logits, _wanted(logits, labels, pairs), **named).mean()


def _by_targets(logits, labels, pairs, no_object=0.1):
    named = {"weight": _weights(logits, no_object), "reduction": "sum"}
    return _entropies(logits, _wanted(logits, labels, pairs), **named) / len(labels)


def _matched_only(logits, labels, pairs, no_object=0.1):
    return F.cross_entropy(logits[pairs.images, pairs.queries], labels[pairs.targets])


def _images_ignored(logits, labels, pairs, no_object=0.1):
    expected = torch.full(logits.shape[:2], logits.shape[-1] - 1).flatten()
    expected[pairs.queries] = labels[pairs.targets]
    return _entropies(logits, expected, weight=_weights(logits, no_object))


def _in_every_image(logits, labels, pairs, no_object=0.1):
    expected = torch.full(logits.shape[:2], logits.shape[-1] - 1)
    for query, target in zip(pairs.queries, pairs.targets, strict=True):
        expected[:, query] = labels[target]
    return _entropies(logits, expected, weight=_weights(logits, no_object))


def _softmax_twice(logits, labels, pairs, no_object=0.1):
    return class_loss(logits.softmax(dim=-1), labels, pairs, no_object)


def _probability(logits, labels, pairs, no_object=0.1):
    expected = _wanted(logits, labels, pairs)
    weights = _weights(logits, no_object)[expected]
    likely = logits.softmax(dim=-1).gather(2, expected[..., None])[..., 0]
    return -(weights * likely).sum() / weights.sum()


def _no_object_first(logits, labels, pairs, no_object=0.1):
    return class_loss(logits.roll(-1, dims=-1), labels, pairs, no_object)


def _zeros(logits, labels, pairs, no_object=0.1):
    expected = _wanted(logits, labels, pairs, -logits.shape[-1])
    return _entropies(logits, expected, weight=_weights(logits, no_object))


def _last_class(logits, labels, pairs, no_object=0.1):
    return _entropies(logits, _wanted(logits, labels, pairs, -2), weight=_weights(logits, no_object, -2))


def _image_by_image(logits, labels, pairs, no_object=0.1):
    expected, weights = _wanted(logits, labels, pairs), _weights(logits, no_object)
    return torch.stack([F.cross_entropy(*image, weights) for image in zip(logits, expected, strict=True)]).mean()


def _not_flattened(logits, labels, pairs, no_object=0.1):
    return F.cross_entropy(logits, _wanted(logits, labels, pairs), _weights(logits, no_object))


CLASS = (
    Mistake(
        "no-weight",
        _weighed(lambda logits, _: torch.ones(logits.shape[-1])),
        "Queries without a target count as much as the others.",
        "`no_object` isn't used. Most queries have no target, so a network would learn to say nothing at all.",
        "Give `F.cross_entropy` a weight for each class: 1, and `no_object` for the last.",
    ),
    Mistake(
        "weight-on-the-objects",
        _weighed(_on_the_objects),
        'The objects\' classes have the small weight, and "no object" has 1.',
        "The two have changed places.",
        "All classes have 1, the last one `no_object`.",
    ),
    Mistake(
        "weight-on-class-0",
        _weighed(lambda logits, no_object: _weights(logits, no_object, 0)),
        'Class 0 has the weight of "no object".',
        'Number 0 is an object; "no object" is the last class.',
        "Set the weight at -1, or at C.",
    ),
    Mistake(
        "fixed-weight",
        _weighed(lambda logits, _: _weights(logits, 0.1)),
        'The weight of "no object" is always 0.1.',
        "It may be given as an argument.",
        "Use `no_object`.",
    ),
    Mistake(
        "by-count",
        _by_count,
        "The sum is divided by the number of queries.",
        "In a weighted mean every query counts by its weight, above and below the line.",
        "Divide by the sum of the weights; `F.cross_entropy` with its own mean does.",
    ),
    Mistake(
        "by-targets",
        _by_targets,
        "The sum is divided by the number of targets.",
        "That is how the box loss is divided; here all queries count.",
        "Divide by the sum of the weights; `F.cross_entropy` with its own mean does.",
    ),
    Mistake(
        "sum",
        _weighed(_weights, reduction="sum"),
        "The sum over the queries isn't divided by anything.",
        "It would grow with the batch and with the number of queries.",
        "Let `F.cross_entropy` take its mean, which divides by the sum of the weights.",
    ),
    Mistake(
        "image-by-image",
        _image_by_image,
        "The mean is taken of each image, and then of the images.",
        "The sums of the weights differ from image to image, so their means may not count alike.",
        "Put all B * Q queries into one mean.",
    ),
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
        "softmax-twice",
        _softmax_twice,
        "The softmax is taken twice.",
        "`F.cross_entropy` wants logits, and takes it itself.",
        "Give it the logits.",
    ),
    Mistake(
        "probability",
        _probability,
        "It is minus the probability, without the logarithm.",
        "That is what the matching cost uses; as a loss it hardly pulls where a query is quite wrong.",
        "Use `F.cross_entropy`.",
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
)
