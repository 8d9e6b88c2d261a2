"""The usual mistakes of exercises 6.3 to 6.5: dropped paths, smooth labels, mixed pictures."""

import torch

from course_utils.augment import mixup, smooth_labels
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
