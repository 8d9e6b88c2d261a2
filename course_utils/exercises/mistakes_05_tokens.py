"""The usual mistakes of exercise 5.1: the class token and the positions."""

import torch

from course_utils.exercises.registry import Mistake


def _expanded(patches, cls_token):
    return cls_token.expand(len(patches), -1, -1)


def _class_last(patches, cls_token, pos_embed):
    return torch.cat([patches, _expanded(patches, cls_token)], dim=1) + pos_embed


def _class_last_with_its_position(patches, cls_token, pos_embed):
    positions = torch.cat([pos_embed[:, 1:], pos_embed[:, :1]], dim=1)
    return torch.cat([patches, _expanded(patches, cls_token)], dim=1) + positions


def _no_positions(patches, cls_token, pos_embed):
    return torch.cat([_expanded(patches, cls_token), patches], dim=1)


def _no_position_for_the_class(patches, cls_token, pos_embed):
    return torch.cat([_expanded(patches, cls_token), patches + pos_embed[:, 1:]], dim=1)


def _positions_shifted(patches, cls_token, pos_embed):
    return torch.cat([_expanded(patches, cls_token), patches + pos_embed[:, :-1]], dim=1)


def _positions_shifted_for_all(patches, cls_token, pos_embed):
    return torch.cat([_expanded(patches, cls_token), patches], dim=1) + pos_embed.roll(1, dims=1)


def _positions_twice(patches, cls_token, pos_embed):
    return _no_position_for_the_class(patches, cls_token, pos_embed) + pos_embed


def _positions_multiplied(patches, cls_token, pos_embed):
    return _no_positions(patches, cls_token, pos_embed) * pos_embed


def _first_image_only(patches, cls_token, pos_embed):
    first = torch.cat([cls_token, torch.zeros_like(patches[1:, :1])], dim=0)
    return torch.cat([first, patches], dim=1) + pos_embed


def _class_replaces_a_patch(patches, cls_token, pos_embed):
    kept = torch.cat([_expanded(patches, cls_token), patches[:, 1:]], dim=1)
    return kept + pos_embed[:, :-1]


def _class_added(patches, cls_token, pos_embed):
    return patches + cls_token + pos_embed[:, 1:]


def _mean_instead(patches, cls_token, pos_embed):
    return torch.cat([patches.mean(dim=1, keepdim=True), patches], dim=1) + pos_embed


TOKENS = (
    Mistake(
        "class-last",
        _class_last,
        "The class token stands behind the patches.",
        "In `torch.cat` the patches come first, so every patch also gets the position before its own.",
        "Put the class token in front: the classifier reads token 0.",
    ),
    Mistake(
        "class-last-with-its-position",
        _class_last_with_its_position,
        "The class token stands behind the patches, with its own position.",
        "A Transformer computes the same in any order, but the classifier reads token 0, and that is a patch here.",
        "Put the class token in front, and leave the positions in their order.",
    ),
    Mistake(
        "no-positions",
        _no_positions,
        "The positions are missing.",
        "The tokens are joined, and nothing tells them where they are.",
        "Add `pos_embed` to all tokens at the end.",
    ),
    Mistake(
        "no-position-for-the-class",
        _no_position_for_the_class,
        "The class token gets no position.",
        "The positions are added to the patches before the class token is put in front of them.",
        "Join first, then add all 1 + N positions.",
    ),
    Mistake(
        "positions-shifted",
        _positions_shifted,
        "Every patch gets the position before its own, the class token none.",
        "The first N positions are added to the patches; the first one belongs to the class token.",
        "Join first, then add all 1 + N positions in their order.",
    ),
    Mistake(
        "positions-rolled",
        _positions_shifted_for_all,
        "All positions are moved by one place.",
        "The order of the positions was changed on the way; the class token gets the last patch's.",
        "Add `pos_embed` as it is.",
    ),
    Mistake(
        "positions-twice",
        _positions_twice,
        "The patches get their positions twice.",
        "They are added once before the class token is put in front, and once after it.",
        "Add `pos_embed` once, to all tokens.",
    ),
    Mistake(
        "positions-multiplied",
        _positions_multiplied,
        "Tokens and positions are multiplied.",
        "A product makes a token vanish where its position is near 0.",
        "Add the positions: equation 1 of the paper ends with + E_pos.",
    ),
    Mistake(
        "first-image-only",
        _first_image_only,
        "Only the first image has the class token.",
        "There is one vector for all images, and the other images of the batch got zeros.",
        "Repeat it for each image: `cls_token.expand(len(patches), -1, -1)`.",
    ),
    Mistake(
        "class-replaces-a-patch",
        _class_replaces_a_patch,
        "The first patch is gone: the class token has taken its place.",
        "There are N tokens, not 1 + N.",
        "Put the class token in front of all the patches.",
    ),
    Mistake(
        "class-added",
        _class_added,
        "The class token is added to every patch instead of being a token of its own.",
        "`+` broadcasts it over the patches, so there are N tokens, not 1 + N.",
        "Use `torch.cat([...], dim=1)`.",
    ),
    Mistake(
        "mean-instead",
        _mean_instead,
        "Token 0 is the mean of the patches, not the learned class token.",
        "Mean pooling is another way to read an image, and it happens behind the last block.",
        "Put `cls_token`, once for each image, in front.",
    ),
)
