"""The usual mistakes of exercise 10.8: the precision-recall curve."""

import torch
from torch.nn import functional as F

from course_utils.average_precision import RECALLS, precision_curve, surest_first
from course_utils.exercises.registry import Mistake


def _best_from_here(precision):
    return precision.flip(0).cummax(dim=0).values.flip(0)


def _ranked(scores, right):
    """Return how many of the surest are right, and how many they are: (D,) both."""
    return right[surest_first(scores)].double().cumsum(dim=0), torch.arange(1, len(right) + 1)


def _read(recall, highest, **named):
    """Return the curve (101,), 0 where no recall is as high."""
    return F.pad(highest, (0, 1))[torch.searchsorted(recall, RECALLS, **named)]


def _with_order(order):
    """Return an answer that goes through the detections in `order(scores)`."""

    def wrong(scores, right, truths):
        return precision_curve(-torch.arange(len(scores)), right[order(scores)], truths)

    return wrong


def _with_precision(highest):
    """Return an answer that reads `highest(precision)`."""

    def wrong(scores, right, truths):
        found, rank = _ranked(scores, right)
        return _read(found / truths, highest(found / rank))

    return wrong


def _with_ratios(ratios):
    """Return an answer whose recall and precision are `ratios(found, rank, truths)`."""

    def wrong(scores, right, truths):
        recall, precision = ratios(*_ranked(scores, right), truths)
        return _read(recall, _best_from_here(precision))

    return wrong


def _strictly_higher(scores, right, truths):
    found, rank = _ranked(scores, right)
    return _read(found / truths, _best_from_here(found / rank), right=True)


def _never_reached(scores, right, truths):
    found, rank = _ranked(scores, right)
    return _best_from_here(found / rank)[torch.searchsorted(found / truths, RECALLS)]


def _last_again(scores, right, truths):
    found, rank = _ranked(scores, right)
    place = torch.searchsorted(found / truths, RECALLS)
    return _best_from_here(found / rank)[place.clamp(max=len(right) - 1)]


def _swapped(scores, right, truths):
    found, rank = _ranked(scores, right)
    recall, precision = found / rank, found / truths
    return torch.stack([torch.where(recall >= level, precision, 0).max() for level in RECALLS])


def _up_to_here(scores, right, truths):
    found, rank = _ranked(scores, right)
    recall, precision = found / truths, found / rank
    reached = [torch.where(recall <= level, precision, 0).max() for level in RECALLS]
    return torch.where(recall.max() >= RECALLS, torch.stack(reached), 0)


PRECISION = (
    Mistake(
        "no-envelope",
        _with_precision(lambda precision: precision),
        "The precision is read off as it is at the first rank that reaches a recall.",
        "A later rank may be more precise and find more: then nobody would stop at the earlier one.",
        "Take the highest precision from that rank on: `cummax` from the end.",
    ),
    Mistake(
        "from-the-front",
        _with_precision(lambda precision: precision.cummax(dim=0).values),
        "It is the highest precision up to a rank, not from it on.",
        "`cummax` runs from the front.",
        "Flip the precisions, take `cummax`, and flip them back.",
    ),
    Mistake(
        "not-flipped-back",
        _with_precision(lambda precision: precision.flip(0).cummax(dim=0).values),
        "The highest precisions stand in the opposite order.",
        "They were flipped for `cummax`, and not back again.",
        "Flip them once more.",
    ),
    Mistake(
        "flipped-late",
        _with_precision(lambda precision: precision.cummax(dim=0).values.flip(0)),
        "The highest precisions are those up to a rank, and in the opposite order.",
        "Flipping comes before `cummax` as well, not only after it.",
        "Flip, take `cummax`, and flip back.",
    ),
    Mistake(
        "lowest",
        _with_precision(lambda precision: precision.flip(0).cummin(dim=0).values.flip(0)),
        "It is the lowest precision from a rank on.",
        "`cummin` stands where `cummax` should.",
        "Take the highest: `cummax`.",
    ),
    Mistake(
        "up-to-here",
        _up_to_here,
        "It is the highest precision at this recall or a lower one.",
        "Higher recalls count: a detector that finds more, as precisely, is better.",
        "Take the ranks whose recall is as high or higher.",
    ),
    Mistake(
        "ascending",
        _with_order(lambda scores: scores.argsort()),
        "The least sure detections come first.",
        "`argsort` begins with the lowest score.",
        "Use `surest_first(scores)`.",
    ),
    Mistake(
        "unsorted",
        _with_order(lambda scores: torch.arange(len(scores))),
        "The detections are taken in the order in which they come.",
        "The scores aren't used.",
        "Bring `right` into the order of the scores first, the surest in front.",
    ),
    Mistake(
        "ranks-as-order",
        _with_order(lambda scores: surest_first(scores).argsort()),
        "The detections are in a wrong order.",
        "`argsort` was applied twice: that gives each detection's rank, not who has each rank.",
        "Index with `surest_first(scores)` itself.",
    ),
    Mistake(
        "recall-of-detections",
        _with_ratios(lambda found, rank, _: (found / len(rank), found / rank)),
        "Recall is divided by the number of detections.",
        "It is the share of the truths that are found; some may never be.",
        "Divide by `truths`.",
    ),
    Mistake(
        "recall-of-ranks",
        _with_ratios(lambda found, rank, truths: (rank / truths, found / rank)),
        "Recall counts all detections, right or wrong.",
        "Only the right ones have found a truth.",
        "Divide the number of right ones so far by `truths`.",
    ),
    Mistake(
        "recall-of-found",
        _with_ratios(lambda found, rank, _: (found / found[-1].clamp(min=1), found / rank)),
        "Recall always ends at 1.",
        "It is divided by the number of truths that are found in the end, and forgets those that are missed.",
        "Divide by `truths`.",
    ),
    Mistake(
        "precision-of-all",
        _with_ratios(lambda found, rank, truths: (found / truths, found / len(rank))),
        "Precision is divided by the number of all detections.",
        "After n detections it is the share of these n that are right.",
        "Divide by 1, 2, 3 ... up to D.",
    ),
    Mistake(
        "rank-one-too-many",
        _with_ratios(lambda found, rank, truths: (found / truths, found / (rank + 1))),
        "Precision is divided by one detection too many.",
        "The first one has rank 1.",
        "Divide by 1, 2, 3 ... up to D.",
    ),
    Mistake(
        "right-over-wrong",
        _with_ratios(lambda found, rank, truths: (found / truths, found / (rank - found).clamp(min=1))),
        "Precision is the number of right detections by the number of wrong ones.",
        "It is a share of all detections so far.",
        "Divide by right and wrong ones together: 1, 2, 3 ... up to D.",
    ),
    Mistake(
        "swapped",
        _swapped,
        "Precision and recall have changed places.",
        "Both count the right ones: precision by the detections so far, recall by the truths.",
        "Recall is divided by `truths`.",
    ),
    Mistake(
        "strictly-higher",
        _strictly_higher,
        "Where a recall is reached exactly, it isn't counted.",
        "At this recall or a higher one: equal is enough, also at 1.",
        "Leave `right=True` out, or compare with `>=`.",
    ),
    Mistake(
        "never-reached",
        _never_reached,
        "It fails where a recall is never reached.",
        "`searchsorted` says D there, and the highest precisions end at D - 1.",
        "Put a 0 behind them: `F.pad(highest, (0, 1))`.",
    ),
    Mistake(
        "last-again",
        _last_again,
        "Recalls that are never reached have the last precision.",
        "A detector that finds a third of the truths would get points for the other two.",
        "Make it 0 there.",
    ),
    Mistake(
        "mean",
        lambda scores, right, truths: precision_curve(scores, right, truths).mean(),
        "It is the mean of the curve.",
        "That is the average precision; here the curve itself is asked for.",
        "Return all 101 numbers.",
    ),
    Mistake(
        "eleven-points",
        lambda scores, right, truths: precision_curve(scores, right, truths)[::10],
        "The curve is read off at 11 recalls.",
        "Pascal VOC did that until 2009; COCO has 101.",
        "Use `RECALLS`.",
    ),
)
