"""The usual mistakes of exercise 5.7: how well a map finds an object."""

from course_utils.exercises.registry import Mistake
from course_utils.scores import auroc


def _plain(value):
    return value.item()


def _inverted(scores, mask):
    return 1 - auroc(scores, mask)


def _ties_lose(scores, mask):
    return _plain((scores[mask][:, None] > scores[~mask]).double().mean())


def _ties_win(scores, mask):
    return _plain((scores[mask][:, None] >= scores[~mask]).double().mean())


def _ties_left_out(scores, mask):
    difference = scores[mask][:, None] - scores[~mask]
    return _plain((difference > 0).double().sum() / (difference != 0).double().sum())


def _means_compared(scores, mask):
    return float(scores[mask].mean() > scores[~mask].mean())


def _difference_of_means(scores, mask):
    return _plain(scores[mask].mean() - scores[~mask].mean())


def _share_inside(scores, mask):
    return _plain(scores[mask].sum() / scores.sum())


def _accuracy(scores, mask):
    return _plain(((scores > scores.mean()) == mask).double().mean())


def _hits(scores, mask):
    return _plain((scores[mask] > scores.mean()).double().mean())


def _against_the_mean(scores, mask):
    return _plain((scores[mask] > scores[~mask].mean()).double().mean())


def _against_all(scores, mask):
    difference = scores[mask][:, None] - scores.flatten()
    return _plain(((difference > 0).double() + 0.5 * (difference == 0).double()).mean())


def _overlap(scores, mask):
    chosen = scores > scores.median()
    return _plain((chosen & mask).sum() / (chosen | mask).sum())


def _not_divided(scores, mask):
    return auroc(scores, mask) * mask.sum().item() * (~mask).sum().item()


def _best_only(scores, mask):
    return float(mask.flatten()[scores.flatten().argmax()])


AUROC = (
    Mistake(
        "inverted",
        _inverted,
        "Low scores count as hits.",
        "The comparison is the wrong way round: 1 minus the right answer.",
        "Ask how often a cell inside has the higher score.",
    ),
    Mistake(
        "ties-lose",
        _ties_lose,
        "Pairs with equal scores count 0.",
        "`>` is False for them.",
        "Let a tie count one half: a map that is the same everywhere must get 0.5.",
    ),
    Mistake(
        "ties-win",
        _ties_win,
        "Pairs with equal scores count 1.",
        "`>=` is True for them.",
        "Let a tie count one half: a map that is the same everywhere must get 0.5.",
    ),
    Mistake(
        "ties-left-out",
        _ties_left_out,
        "Pairs with equal scores are left out.",
        "The wins were divided by the pairs that one of the two wins.",
        "Divide by all pairs, and let a tie count one half.",
    ),
    Mistake(
        "means-compared",
        _means_compared,
        "Only the two means are compared.",
        "The result is 0 or 1: a map that is a little better inside is as good as a perfect one.",
        "Compare every cell inside with every cell outside.",
    ),
    Mistake(
        "difference-of-means",
        _difference_of_means,
        "It is the difference of the two means.",
        "That depends on the size of the scores; a map times 10 would be 10 times as good.",
        "Compare cells in pairs: only the order of the scores counts.",
    ),
    Mistake(
        "share-inside",
        _share_inside,
        "It is the share of the scores that lies inside the mask.",
        "That grows with the size of the object, whatever the map shows.",
        "Compare every cell inside with every cell outside.",
    ),
    Mistake(
        "accuracy",
        _accuracy,
        "It is the share of cells on the right side of a threshold.",
        "The mean was made a threshold; another one gives another result.",
        "Compare cells in pairs: no threshold is needed.",
    ),
    Mistake(
        "hits-at-a-threshold",
        _hits,
        "It is the share of the object's cells above the mean score.",
        "One point of the curve, not the area under it.",
        "Compare every cell inside with every cell outside.",
    ),
    Mistake(
        "against-the-mean-outside",
        _against_the_mean,
        "Cells inside are compared with the mean of those outside.",
        "The mean stands for all of them, and hides the high ones.",
        "Compare every cell inside with every cell outside.",
    ),
    Mistake(
        "against-all",
        _against_all,
        "Cells inside are compared with all cells, those inside too.",
        "Two cells of the object say nothing about the map.",
        "Compare with `scores[~mask]`.",
    ),
    Mistake(
        "overlap",
        _overlap,
        "It is the overlap of the mask with the upper half of the scores.",
        "That is another measure (intersection over union), and it needs a threshold.",
        "Compare every cell inside with every cell outside.",
    ),
    Mistake(
        "not-divided",
        _not_divided,
        "It is a number of pairs, not a share.",
        "The wins were counted and not divided.",
        "Divide by the number of pairs: cells inside times cells outside.",
    ),
    Mistake(
        "best-cell-only",
        _best_only,
        "Only the highest score counts.",
        "One cell in the object says little about the others.",
        "Compare every cell inside with every cell outside.",
    ),
)
