"""The usual mistakes of exercise 7.5: which tokens stand where."""

import torch

from course_utils.exercises.registry import Mistake


def _joined(order):
    """Return an answer that lines the tokens up in another order, from (cls, dist, patches) for every image."""

    def wrong(patches, cls_token, dist_token, pos_embed):
        first = [token.expand(len(patches), -1, -1) for token in (cls_token, dist_token)]
        return torch.cat(order(*first, patches), dim=1) + pos_embed

    return wrong


def _not_expanded(patches, cls_token, dist_token, pos_embed):
    return torch.cat([cls_token, dist_token, patches], dim=1) + pos_embed


def _two_along_the_images(patches, cls_token, dist_token, pos_embed):
    first = torch.cat([token.expand(len(patches), -1, -1) for token in (cls_token, dist_token)])
    return torch.cat([first, patches], dim=1) + pos_embed


def _behind_one_another(patches, cls_token, dist_token, pos_embed):
    first = [token.expand(len(patches), -1, -1) for token in (cls_token, dist_token)]
    return torch.cat([*first, patches], dim=0) + pos_embed


def _added_to_the_patches(patches, cls_token, dist_token, pos_embed):
    first = torch.cat([cls_token, dist_token], dim=1).expand(len(patches), -1, -1)
    return torch.cat([first, patches + cls_token + dist_token], dim=1) + pos_embed


def _random(patches, cls_token, dist_token, pos_embed):
    B, _, D = patches.shape
    first = [cls_token.expand(B, -1, -1), torch.randn(B, 1, D)]
    return torch.cat([*first, patches], dim=1) + pos_embed


def _detached(patches, cls_token, dist_token, pos_embed):
    first = [token.detach().expand(len(patches), -1, -1) for token in (cls_token, dist_token)]
    return torch.cat([*first, patches], dim=1) + pos_embed


TOKENS = (
    Mistake(
        "swapped",
        _joined(lambda cls, dist, patches: [dist, cls, patches]),
        "The two tokens have changed places.",
        "The heads look for them by their numbers: 0 is the class token, 1 the distillation token.",
        "First `cls_token`, then `dist_token`.",
    ),
    Mistake(
        "behind",
        _joined(lambda cls, dist, patches: [patches, cls, dist]),
        "The two tokens stand behind the patches.",
        "They get the positions of the last two patches, and the heads look for them in front.",
        "Put them first into the list for `torch.cat`.",
    ),
    Mistake(
        "behind-and-swapped",
        _joined(lambda cls, dist, patches: [patches, dist, cls]),
        "The two tokens stand behind the patches, the distillation token first.",
        "The heads look for them in front, the class token first.",
        "The order is class token, distillation token, patches.",
    ),
    Mistake(
        "at-both-ends",
        _joined(lambda cls, dist, patches: [cls, patches, dist]),
        "The distillation token stands behind the patches.",
        "The head looks for it at number 1, where the first patch is now, and its position is the last patch's.",
        "The order is class token, distillation token, patches.",
    ),
    Mistake(
        "at-both-ends-swapped",
        _joined(lambda cls, dist, patches: [dist, patches, cls]),
        "The distillation token stands in front, the class token behind the patches.",
        "The heads look for both in front, the class token first.",
        "The order is class token, distillation token, patches.",
    ),
    Mistake(
        "class-token-twice",
        _joined(lambda cls, dist, patches: [cls, cls, patches]),
        "The class token stands there twice, the distillation token not at all.",
        "Two tokens that start alike can still learn different things, but `dist_token` would never learn.",
        "The second one is `dist_token`.",
    ),
    Mistake(
        "distillation-token-twice",
        _joined(lambda cls, dist, patches: [dist, dist, patches]),
        "The distillation token stands there twice, the class token not at all.",
        "`cls_token` would never learn.",
        "The first one is `cls_token`.",
    ),
    Mistake(
        "their-mean",
        _joined(lambda cls, dist, patches: [(cls + dist) / 2, (cls + dist) / 2, patches]),
        "Both tokens are the mean of the two.",
        "Each learns from something else, so each needs numbers of its own.",
        "First `cls_token`, then `dist_token`.",
    ),
    Mistake(
        "their-sum",
        _joined(lambda cls, dist, patches: [cls, cls + dist, patches]),
        "The second token is the sum of the two.",
        "The distillation token stands for itself.",
        "First `cls_token`, then `dist_token`.",
    ),
    Mistake(
        "zeros",
        _joined(lambda cls, dist, patches: [cls, torch.zeros_like(dist), patches]),
        "The second token is 0.",
        "The distillation token is a parameter; it starts at 0 in the model, and then learns.",
        "Use `dist_token`.",
    ),
    Mistake(
        "random",
        _random,
        "The second token is drawn anew for each image.",
        "The distillation token is a parameter, the same for every image.",
        "Use `dist_token.expand(B, -1, -1)`.",
    ),
    Mistake(
        "added-to-the-patches",
        _added_to_the_patches,
        "The two tokens are also added to every patch.",
        "They get what they need from the patches by attention, not by a sum.",
        "Leave the patches as they are.",
    ),
    Mistake(
        "detached",
        _detached,
        "The result is right, but no gradient reaches the two tokens.",
        "`detach`, `.data` or a new tensor made from their numbers cuts them off, and they would never learn.",
        "Use `expand`, which keeps the gradient.",
    ),
    Mistake(
        "two-along-the-images",
        _two_along_the_images,
        "The two tokens are joined along the images, (2 B, 1, D).",
        "`torch.cat` has `dim=0` as its default.",
        "The tokens are axis 1: `dim=1`, in both calls.",
    ),
    Mistake(
        "not-expanded",
        _not_expanded,
        "The two tokens are there for one image only.",
        "`torch.cat` doesn't stretch: (1, 1, D) and (B, N, D) fit only where B is 1.",
        "First `expand(B, -1, -1)`, B being `len(patches)`.",
    ),
    Mistake(
        "behind-one-another",
        _behind_one_another,
        "The tokens are joined along the images.",
        "`torch.cat` has `dim=0` as its default.",
        "The tokens are axis 1: `dim=1`.",
    ),
)
