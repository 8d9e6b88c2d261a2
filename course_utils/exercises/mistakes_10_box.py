"""The usual mistakes of exercise 10.6: the box loss."""

import torch
from torch.nn import functional as F

from course_utils.boxes import box_iou, cxcywh_to_xyxy, generalized_box_iou, paired_giou
from course_utils.exercises.registry import Mistake
from course_utils.models.set_loss import Pairs, box_loss


def _matched(boxes, targets, pairs):
    return boxes[pairs.images, pairs.queries], targets[pairs.targets]


def _distance(found, wanted):
    return (found - wanted).abs().sum()


def _apart(found, wanted):
    return (1 - paired_giou(cxcywh_to_xyxy(found), cxcywh_to_xyxy(wanted))).sum()


def _made_of(distance=_distance, apart=_apart):
    """Return an answer with other sums: of how far the pairs (P, 4) are, and of how little they overlap."""

    def wrong(boxes, targets, pairs):
        found, wanted = _matched(boxes, targets, pairs)
        return distance(found, wanted) / len(targets), apart(found, wanted) / len(targets)

    return wrong


def _divided(count):
    """Return an answer that divides both sums by `count(boxes, targets, pairs)`."""

    def wrong(boxes, targets, pairs):
        found, wanted = _matched(boxes, targets, pairs)
        number = count(boxes, targets, pairs)
        return _distance(found, wanted) / number, _apart(found, wanted) / number

    return wrong


def _with_pairs(change):
    """Return an answer that reads `change(pairs)`."""

    def wrong(boxes, targets, pairs):
        return box_loss(boxes, targets, change(pairs))

    return wrong


def _images_ignored(boxes, targets, pairs):
    return box_loss(boxes.flatten(0, 1)[None], targets, pairs._replace(images=0 * pairs.images))


def _swapped(boxes, targets, pairs):
    return box_loss(boxes, targets, pairs)[::-1]


def _one_minus_mean(boxes, targets, pairs):
    found, wanted = _matched(boxes, targets, pairs)
    return _distance(found, wanted) / len(targets), 1 - _overlap(found, wanted) / len(targets)


def _mean_of_all(boxes, targets, pairs):
    found, wanted = _matched(boxes, targets, pairs)
    return F.l1_loss(found, wanted), _apart(found, wanted) / len(targets)


def _corners(found, wanted):
    return _distance(cxcywh_to_xyxy(found), cxcywh_to_xyxy(wanted))


def _overlap(found, wanted):
    return paired_giou(cxcywh_to_xyxy(found), cxcywh_to_xyxy(wanted)).sum()


def _iou(found, wanted):
    return (1 - box_iou(cxcywh_to_xyxy(found), cxcywh_to_xyxy(wanted)).diagonal()).sum()


def _all_with_all(found, wanted):
    return (1 - generalized_box_iou(cxcywh_to_xyxy(found), cxcywh_to_xyxy(wanted))).sum()


BOX = (
    Mistake(
        "mean-of-four",
        _made_of(distance=lambda found, wanted: (found - wanted).abs().mean(dim=-1).sum()),
        "The L1 distance is a quarter of what it should be.",
        "The four differences of a box are averaged.",
        "Add them up.",
    ),
    Mistake(
        "mean-of-all",
        _mean_of_all,
        "The L1 distance is the mean over all numbers of all pairs.",
        "`F.l1_loss` and `mean()` divide by everything they see: by P pairs, and by 4.",
        "Add up everything, and divide by T once.",
    ),
    Mistake(
        "mean-divided-again",
        _made_of(distance=lambda found, wanted: (found - wanted).abs().mean()),
        "The L1 distance is divided twice.",
        "`F.l1_loss` and `mean()` divide by everything they see, and T comes on top.",
        "Add up everything, and divide by T once.",
    ),
    Mistake(
        "squares",
        _made_of(distance=lambda found, wanted: (found - wanted).square().sum()),
        "The distance is made of squares.",
        "L1 is the sum of the absolute differences.",
        'Use `abs()`, or `F.l1_loss` with `reduction="sum"`.',
    ),
    Mistake(
        "euclidean",
        _made_of(distance=lambda found, wanted: (found - wanted).norm(dim=-1).sum()),
        "The distance is the Euclidean one, L2.",
        "`norm` takes p = 2 if nothing is said.",
        "Add up the absolute differences.",
    ),
    Mistake(
        "distance-of-corners",
        _made_of(distance=_corners),
        "The L1 distance is measured between corners.",
        "The boxes were converted for GIoU, and then used for both.",
        "For L1, take centre, width and height, as DETR predicts them.",
    ),
    Mistake(
        "in-pixels",
        _made_of(distance=lambda found, wanted: 64 * _distance(found, wanted)),
        "The L1 distance is 64 times as large.",
        "It is measured in pixels of a scene, so GIoU hardly counts beside it.",
        "Leave the boxes as they are: shares of the sides, 0 to 1.",
    ),
    Mistake(
        "cxcywh-as-corners",
        _made_of(apart=lambda found, wanted: (1 - paired_giou(found, wanted)).sum()),
        "GIoU gets centre, width and height.",
        "It reads four numbers as corners.",
        "Give it `cxcywh_to_xyxy` of both.",
    ),
    Mistake(
        "giou",
        _made_of(apart=_overlap),
        "The second loss is GIoU itself.",
        "A loss is lowest where boxes agree, and GIoU is highest there.",
        "Use 1 - GIoU.",
    ),
    Mistake(
        "minus-giou",
        _made_of(apart=lambda found, wanted: -_overlap(found, wanted)),
        "The second loss is -GIoU.",
        "It pulls the same way, but is -1 where all is right; the loss should be 0 there.",
        "Use 1 - GIoU, for each pair.",
    ),
    Mistake(
        "one-minus-sum",
        lambda boxes, targets, pairs: (
            box_loss(boxes, targets, pairs)[0],
            1 - _overlap(*_matched(boxes, targets, pairs)),
        ),
        "The sum of all GIoU is taken from 1.",
        "Each pair has a 1 of its own.",
        "First 1 - GIoU, then the sum, then the division by T.",
    ),
    Mistake(
        "one-minus-mean",
        _one_minus_mean,
        "The second loss is 1 minus the GIoU by T, so a target without a query counts 1.",
        "That is the same only if every target has a query; with more targets than queries some have none.",
        "First 1 - GIoU, then the sum over the pairs, then the division by T.",
    ),
    Mistake(
        "iou",
        _made_of(apart=_iou),
        "The second loss is 1 - IoU.",
        "For boxes that don't touch it has no gradient.",
        "Use `paired_giou`.",
    ),
    Mistake(
        "all-with-all",
        _made_of(apart=_all_with_all),
        "Every found box is compared with every target.",
        "`generalized_box_iou` makes a table (P, P), and only its diagonal are pairs.",
        "Use `paired_giou`.",
    ),
    Mistake(
        "not-divided",
        _divided(lambda *_: 1),
        "The sums aren't divided.",
        "They would grow with the batch.",
        "Divide both by the number of targets.",
    ),
    Mistake(
        "by-pairs",
        _divided(lambda boxes, targets, pairs: len(pairs.queries)),
        "The sums are divided by the number of pairs.",
        "With more targets than queries, some targets have no pair, and they count too.",
        "Divide by `len(targets)`.",
    ),
    Mistake(
        "by-images",
        _divided(lambda boxes, *_: len(boxes)),
        "The sums are divided by the number of images.",
        "Then an object in a crowded batch would count more than one in an empty one.",
        "Divide by the number of targets.",
    ),
    Mistake(
        "by-three",
        _divided(lambda boxes, targets, pairs: len(pairs)),
        "The sums are divided by 3.",
        "`len(pairs)` counts its three parts: images, queries and targets.",
        "Divide by the number of targets.",
    ),
    Mistake(
        "target-order",
        _with_pairs(lambda pairs: pairs._replace(targets=torch.arange(len(pairs.targets)))),
        "The boxes are compared with the targets in their order.",
        "Pair n isn't about target n: the matching decides.",
        "Take `targets[pairs.targets]`.",
    ),
    Mistake(
        "queries-and-targets-swapped",
        _with_pairs(lambda pairs: Pairs(pairs.images, pairs.targets, pairs.queries)),
        "Queries and targets have changed places.",
        "`pairs.targets` stands where a query is looked up.",
        "Queries index the predicted boxes, targets the targets.",
    ),
    Mistake(
        "images-ignored",
        _images_ignored,
        "All boxes are taken from the first images.",
        "`pairs.queries` counts within an image, and the images weren't used.",
        "Index with both: `boxes[pairs.images, pairs.queries]`.",
    ),
    Mistake(
        "weighted",
        lambda boxes, targets, pairs: tuple(
            w * loss for w, loss in zip((5, 2), box_loss(boxes, targets, pairs), strict=True)
        ),
        "Both losses are multiplied by their weights, 5 and 2.",
        "They come in later, where the losses are added up.",
        "Return them as they are.",
    ),
    Mistake(
        "order",
        _swapped,
        "The two losses have changed places.",
        "The L1 distance comes first.",
        "Return `distance, apart`, in this order.",
    ),
)
