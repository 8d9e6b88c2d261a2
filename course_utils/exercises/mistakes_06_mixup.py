"""The usual mistakes of exercise 6.5: mixed pictures."""

from course_utils.augment import mixup
from course_utils.exercises.registry import Mistake


def _images_only(images, targets, order, share):
    return mixup(images, targets, order, share)[0], targets


def _targets_only(images, targets, order, share):
    return images, mixup(images, targets, order, share)[1]


def _other_share(images, targets, order, share):
    return mixup(images, targets, order, share)[0], mixup(images, targets, order, 1 - share)[1]


def _swapped(images, targets, order, share):
    return mixup(images, targets, order, 1 - share)


def _swapped_in_images(images, targets, order, share):
    return mixup(images, targets, order, 1 - share)[0], mixup(images, targets, order, share)[1]


def _half(images, targets, order, share):
    return mixup(images, targets, order, 0.5)


def _added(images, targets, order, share):
    return images + (1 - share) * images[order], targets + (1 - share) * targets[order]


def _no_rest(images, targets, order, share):
    return share * images + share * images[order], share * targets + share * targets[order]


def _unordered_targets(images, targets, order, share):
    return mixup(images, targets, order, share)[0], share * targets + (1 - share) * targets.flip(0)


def _neighbour(images, targets, order, share):
    return mixup(images, targets, order.sort().values.roll(-1), share)


def _inverse(images, targets, order, share):
    return mixup(images, targets, order.argsort(), share)


def _winner(images, targets, order, share):
    return mixup(images, targets, order, share)[0], targets if share >= 0.5 else targets[order]


def _one(images, targets, order, share):
    return mixup(images, targets, order, share)[0]


MIXUP = (
    Mistake(
        "images-only",
        _images_only,
        "The pictures are mixed, the targets aren't.",
        "The network is told that a picture with two things shows one.",
        "Mix the targets with the same share.",
    ),
    Mistake(
        "targets-only",
        _targets_only,
        "The targets are mixed, the pictures aren't.",
        "The network is told that a picture with one thing shows two.",
        "Mix the pictures with the same share.",
    ),
    Mistake(
        "another-share-for-targets",
        _other_share,
        "Pictures and targets are mixed with opposite shares.",
        "The picture that is hardly seen gets the larger target.",
        "Use `share` for the picture's own part in both.",
    ),
    Mistake(
        "share-of-the-partner",
        _swapped,
        "The partner gets `share`, the picture itself the rest.",
        "`share` is the part of picture b itself.",
        "Change the two factors over, in images and targets.",
    ),
    Mistake(
        "swapped-in-images",
        _swapped_in_images,
        "In the images the partner gets `share`, in the targets the picture itself.",
        "The two mixtures must be the same, or the label belongs to another picture.",
        "`share` is the part of picture b itself, in both.",
    ),
    Mistake(
        "half-and-half",
        _half,
        "Both always have the same part.",
        "`share` plays no part.",
        "Write `share * images + (1 - share) * images[order]`.",
    ),
    Mistake(
        "added",
        _added,
        "The partner is added, and the picture itself keeps its full strength.",
        "The sum of the shares is more than 1.",
        "Multiply the picture itself by `share`.",
    ),
    Mistake(
        "same-factor-for-both",
        _no_rest,
        "Both are multiplied by `share`.",
        "The partner's part is what is left: 1 - share.",
        "Write `share * images + (1 - share) * images[order]`.",
    ),
    Mistake(
        "targets-of-others",
        _unordered_targets,
        "The targets belong to other partners than the pictures.",
        "Here the targets were mixed with the batch backwards.",
        "Use the same `order` for pictures and targets.",
    ),
    Mistake(
        "order-ignored",
        _neighbour,
        "Every picture is mixed with its successor in the batch.",
        "`order` plays no part.",
        "The partner of picture b is picture `order[b]`: index with `order`.",
    ),
    Mistake(
        "order-inverted",
        _inverse,
        "The partners are found the wrong way round.",
        "Picture b got the partner whose entry in `order` is b.",
        "Index with `order` itself: `images[order]`.",
    ),
    Mistake(
        "winner-takes-all",
        _winner,
        "The target is that of the stronger picture alone.",
        "Mixed pictures get a target that says nothing of the other one.",
        "Mix the targets with the same share.",
    ),
    Mistake(
        "pictures-alone",
        _one,
        "Only the pictures come back.",
        "The function returns two things, pictures and targets.",
        "Return both, separated by a comma.",
    ),
)
