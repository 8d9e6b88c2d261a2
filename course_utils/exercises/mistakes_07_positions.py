"""More mistakes of exercise 7.5: which token has which position."""

import torch

from course_utils.exercises.registry import Mistake


def _placed(place):
    """Return an answer that uses the positions in another way: `place(tokens, pos_embed)`."""

    def wrong(patches, cls_token, dist_token, pos_embed):
        first = [token.expand(len(patches), -1, -1) for token in (cls_token, dist_token)]
        return place(torch.cat([*first, patches], dim=1), pos_embed)

    return wrong


def _after(count):
    """Add positions to all but the first tokens."""
    return lambda tokens, places: torch.cat([tokens[:, :count], tokens[:, count:] + places[:, count:]], dim=1)


def _patches_from_the_front(tokens, places):
    """Add the first N positions to the patches, none to the two tokens."""
    return torch.cat([tokens[:, :2], tokens[:, 2:] + places[:, :-2]], dim=1)


def _tokens_last(tokens, places):
    return tokens + torch.cat([places[:, -2:], places[:, :-2]], dim=1)


def _one_place_for_both(tokens, places):
    return tokens + torch.cat([places[:, :1], places[:, :1], places[:, 2:]], dim=1)


def _places_swapped(tokens, places):
    return tokens + torch.cat([places[:, 1:2], places[:, :1], places[:, 2:]], dim=1)


def _two_only(tokens, places):
    return torch.cat([tokens[:, :2] + places[:, :2], tokens[:, 2:]], dim=1)


POSITIONS = (
    Mistake(
        "no-positions",
        _placed(lambda tokens, places: tokens),
        "The positions aren't added.",
        "Without them attention doesn't know where a patch is.",
        "Add `pos_embed`, or use `with_positions`.",
    ),
    Mistake(
        "positions-for-patches",
        _placed(_after(2)),
        "The two tokens have no position.",
        "There are 2 + N positions: the first two belong to them.",
        "Add all of `pos_embed`, after the tokens are joined.",
    ),
    Mistake(
        "no-position-for-the-class-token",
        _placed(_after(1)),
        "The class token has no position.",
        "There are 2 + N positions, one for each token.",
        "Add all of `pos_embed`, after the tokens are joined.",
    ),
    Mistake(
        "no-position-for-the-distillation-token",
        _placed(lambda tokens, places: tokens + torch.cat([places[:, :1], 0 * places[:, 1:2], places[:, 2:]], dim=1)),
        "The distillation token has no position.",
        "There are 2 + N positions, one for each token.",
        "Add all of `pos_embed`, after the tokens are joined.",
    ),
    Mistake(
        "positions-before-the-tokens",
        _placed(_patches_from_the_front),
        "The patches have the first N positions, the two tokens none.",
        "The positions were added before the tokens were put in front.",
        "Join first, then add all of `pos_embed`.",
    ),
    Mistake(
        "last-positions-for-the-tokens",
        _placed(_tokens_last),
        "The two tokens have the last positions, the patches the first ones.",
        "Positions stand in the order of the tokens: class token, distillation token, patches.",
        "Join the tokens in this order, then add `pos_embed` as it is.",
    ),
    Mistake(
        "one-position-for-both",
        _placed(_one_place_for_both),
        "Both tokens have position 0.",
        "There are 2 + N positions, one for each token.",
        "Add `pos_embed` as it is.",
    ),
    Mistake(
        "positions-swapped",
        _placed(_places_swapped),
        "The two tokens have each other's position.",
        "Positions stand in the order of the tokens: class token first.",
        "Add `pos_embed` as it is.",
    ),
    Mistake(
        "positions-for-the-tokens-only",
        _placed(_two_only),
        "The patches have no positions.",
        "Without them attention doesn't know where a patch is.",
        "Add all of `pos_embed`, after the tokens are joined.",
    ),
    Mistake(
        "positions-twice",
        _placed(lambda tokens, places: tokens + 2 * places),
        "The positions are added twice.",
        "`with_positions` adds them already.",
        "Add them once.",
    ),
    Mistake(
        "patches-placed-twice",
        _placed(lambda tokens, places: tokens + torch.cat([places[:, :2], 2 * places[:, 2:]], dim=1)),
        "The positions are added to the patches twice.",
        "Once before the tokens were put in front, and once after.",
        "Add all of `pos_embed` once, after the tokens are joined.",
    ),
    Mistake(
        "first-position-for-all",
        _placed(lambda tokens, places: tokens + places[:, :1]),
        "All tokens have position 0.",
        "One position is stretched over all tokens.",
        "Add `pos_embed` as it is.",
    ),
    Mistake(
        "positions-multiplied",
        _placed(lambda tokens, places: tokens * places),
        "The positions are multiplied with the tokens.",
        "They are near 0, so nothing would be left of the image.",
        "Add them.",
    ),
)
