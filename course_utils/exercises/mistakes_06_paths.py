"""The usual mistakes of exercise 6.3: dropped paths."""

import torch

from course_utils.exercises.registry import Mistake
from course_utils.models.regularise import drop_path


def _kept(branch, keep):
    return branch * keep[:, None, None]


def _not_scaled(branch, keep, rate):
    return _kept(branch, keep)


def _scaled_by_the_rate(branch, keep, rate):
    return _kept(branch, keep) / rate


def _scaled_down(branch, keep, rate):
    return _kept(branch, keep) * (1 - rate)


def _inverted(branch, keep, rate):
    return drop_path(branch, ~keep, rate)


def _whole_batch(branch, keep, rate):
    return drop_path(branch, keep[:1].expand(len(keep)), rate)


def _dropped_stay(branch, keep, rate):
    return branch * (keep[:, None, None] / (1 - rate) + ~keep[:, None, None])


def _scaled_everywhere(branch, keep, rate):
    return branch / (1 - rate)


def _as_in_testing(branch, keep, rate):
    return branch


def _by_the_share_kept(branch, keep, rate):
    return _kept(branch, keep) / keep.double().mean()


def _left_out(branch, keep, rate):
    return branch[keep] / (1 - rate)


def _own_draw(branch, keep, rate):
    drawn = torch.rand(len(branch), generator=torch.Generator().manual_seed(1))  # as the check seeds torch's own
    return drop_path(branch, drawn >= rate, rate)


PATHS = (
    Mistake(
        "own-draw",
        _own_draw,
        "Others are dropped than `keep` says.",
        "The function draws anew, with `torch.rand`; who keeps the branch has been drawn already.",
        "Use `keep`, and draw nothing.",
    ),
    Mistake(
        "not-scaled",
        _not_scaled,
        "What is kept isn't scaled up.",
        "With a rate of 0.3 the branch is 30 % weaker in training, on average, than later without dropping.",
        "Divide by `1 - rate`.",
    ),
    Mistake(
        "scaled-by-the-rate",
        _scaled_by_the_rate,
        "What is kept is divided by the rate.",
        "The rate says how many are lost; kept are 1 - rate.",
        "Divide by `1 - rate`.",
    ),
    Mistake(
        "scaled-down",
        _scaled_down,
        "What is kept is made weaker instead of stronger.",
        "Some are lost, so the others must make up for it.",
        "Divide by `1 - rate` instead of multiplying.",
    ),
    Mistake(
        "inverted",
        _inverted,
        "The wrong samples are dropped.",
        "`keep` is True where the branch stays.",
        "Multiply by `keep` itself.",
    ),
    Mistake(
        "whole-batch",
        _whole_batch,
        "All samples share the first one's fate.",
        "One draw was used for the whole batch.",
        "Each sample has its own: `keep[:, None, None]` is (B, 1, 1).",
    ),
    Mistake(
        "dropped-stay",
        _dropped_stay,
        "Dropped samples keep their branch, unscaled.",
        "They should lose it: the residual carries them on.",
        "Multiply by `keep`, so that they get 0.",
    ),
    Mistake(
        "nothing-dropped",
        _scaled_everywhere,
        "Nothing is dropped, and everything scaled up.",
        "`keep` plays no part.",
        "Multiply by `keep[:, None, None]`.",
    ),
    Mistake(
        "as-it-is",
        _as_in_testing,
        "The branch comes back as it is.",
        "That is what happens outside training.",
        "Multiply by `keep[:, None, None]`, and divide by `1 - rate`.",
    ),
    Mistake(
        "by-the-share-kept",
        _by_the_share_kept,
        "What is kept is scaled by how many happened to be kept.",
        "That changes from batch to batch; a batch that keeps everyone isn't scaled at all.",
        "Divide by `1 - rate`, which is always the same.",
    ),
    Mistake(
        "left-out",
        _left_out,
        "Dropped samples are missing from the batch.",
        "Indexing with `keep` takes them out, and the rest no longer fits to its tokens.",
        "Multiply, so that they become 0 and the shape stays.",
    ),
)
