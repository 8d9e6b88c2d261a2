"""The usual mistakes of exercise 10.5: how each query counts, and the mean."""

import torch
from torch.nn import functional as F

from course_utils.exercises.mistakes_10_class import class_weights, entropies, wanted
from course_utils.exercises.registry import Mistake
from course_utils.models.set_loss import class_loss


def _weighed(weigh, **named):
    """Return an answer in which the classes' weights are `weigh(logits, no_object)`."""

    def wrong(logits, labels, pairs, no_object=0.1):
        return entropies(logits, wanted(logits, labels, pairs), weight=weigh(logits, no_object), **named)

    return wrong


def _on_the_objects(logits, no_object):
    weights = torch.full(logits.shape[-1:], no_object)
    weights[-1] = 1
    return weights


def _by_count(logits, labels, pairs, no_object=0.1):
    named = {"weight": class_weights(logits, no_object), "reduction": "none"}
    return entropies(logits, wanted(logits, labels, pairs), **named).mean()


def _by_targets(logits, labels, pairs, no_object=0.1):
    named = {"weight": class_weights(logits, no_object), "reduction": "sum"}
    return entropies(logits, wanted(logits, labels, pairs), **named) / len(labels)


def _softmax_twice(logits, labels, pairs, no_object=0.1):
    return class_loss(logits.softmax(dim=-1), labels, pairs, no_object)


def _probability(logits, labels, pairs, no_object=0.1):
    expected = wanted(logits, labels, pairs)
    weights = class_weights(logits, no_object)[expected]
    likely = logits.softmax(dim=-1).gather(2, expected[..., None])[..., 0]
    return -(weights * likely).sum() / weights.sum()


def _image_by_image(logits, labels, pairs, no_object=0.1):
    expected, weights = wanted(logits, labels, pairs), class_weights(logits, no_object)
    return torch.stack([F.cross_entropy(*image, weights) for image in zip(logits, expected, strict=True)]).mean()


def _each_for_itself(logits, labels, pairs, no_object=0.1):
    expected = wanted(logits, labels, pairs)
    each, matched = entropies(logits, expected, reduction="none"), expected.flatten() < logits.shape[-1] - 1
    return each[matched].mean() + no_object * each[~matched].mean()


def _no_log_softmax(logits, labels, pairs, no_object=0.1):
    expected = wanted(logits, labels, pairs)
    return F.nll_loss(logits.flatten(0, 1), expected.flatten(), class_weights(logits, no_object))


MEAN = (
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
        _weighed(lambda logits, no_object: class_weights(logits, no_object, 0)),
        'Class 0 has the weight of "no object".',
        'Number 0 is an object; "no object" is the last class.',
        "Set the weight at -1, or at C.",
    ),
    Mistake(
        "fixed-weight",
        _weighed(lambda logits, _: class_weights(logits, 0.1)),
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
        _weighed(class_weights, reduction="sum"),
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
        "each-for-itself",
        _each_for_itself,
        "Queries with and without a target have a mean each, and the two are added.",
        "Then the weight of a query depends on how many others there are.",
        "Put all queries into one weighted mean.",
    ),
    Mistake(
        "no-log-softmax",
        _no_log_softmax,
        "It is minus the logit, without a softmax.",
        "`F.nll_loss` wants logarithms of probabilities.",
        "Use `F.cross_entropy`, which takes the log-softmax itself.",
    ),
)
