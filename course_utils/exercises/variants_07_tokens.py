"""Variants of exercise 7.5: a class token, a distillation token, patches, and their positions."""

import torch
from torch import Tensor

from course_utils.exercises import cases_07 as cases
from course_utils.exercises.options import axes, on, out, shape
from course_utils.exercises.recipes import Option, Recipe
from course_utils.exercises.turns import Arguments

NAMES = {"c": "class token", "d": "distillation token", "p": "patches"}
VARIABLES = {"c": "cls_token", "d": "dist_token", "p": "patches"}


def _listed(order: str) -> str:
    return ", ".join(NAMES[letter] for letter in order)


def _resorted(tokens: Tensor, before: str, after: str) -> Tensor:
    """Bring class token, distillation token and N patches along axis 1 into another order."""
    lengths = {"c": 1, "d": 1, "p": tokens.shape[1] - 2}
    parts = dict(zip(before, tokens.split([lengths[letter] for letter in before], dim=1), strict=True))
    return torch.cat([parts[letter] for letter in after], dim=1)


def _order(letters: str) -> Option:
    def turned(tokens: Tensor, given: Arguments) -> Tensor:
        complete = tokens.ndim == 3 and tokens.shape[1] == given["pos_embed"].shape[1]
        return _resorted(tokens, "cdp", letters) if complete else tokens

    return Option(
        {"order": letters, "listed": _listed(letters)},
        here=f"the order is {_listed(letters)}, not {_listed('cdp')}",
        remedy=f"Join {_listed(letters)}, in this order; the positions have it already.",
        to_course=on(lambda positions: _resorted(positions, letters, "cdp"), "pos_embed"),
        to_variant=on(lambda positions: _resorted(positions, "cdp", letters), "pos_embed"),
        from_course=turned,
    )


def _layout(letters: str, turn: str) -> Option:
    return Option(
        {"layout": shape(letters), "turn": turn, "prepare": f"patches = patches{turn}  # (B, N, D)"},
        here=f"patches come and tokens go as {shape(letters)}, not as (B, N, D)",
        remedy="Bring the patches into the order (B, N, D) first, and the tokens back at the end.",
        to_course=on(axes(letters, "BND"), "patches"),
        to_variant=on(axes("BND", letters), "patches"),
        from_course=out(axes("BND", letters)),
    )


TWO_TOKENS = Recipe(
    id="7.5",
    source='''
        def with_two_tokens(
            patches: Tensor,
            cls_token: Tensor,
            dist_token: Tensor,
            pos_embed: Tensor,
        ) -> Tensor:
            """Put class token and distillation token beside the patches, and add positions.

            $here

            Args:
                patches: $layout.
                cls_token, dist_token: (1, 1, D), the same for every image.
                pos_embed: (1, 2 + N, D), in the order of the tokens.

            Returns:
                $layout, but with 2 + N tokens: $listed.
                After Touvron et al. 2021, figure 2.
            """
            $prepare
            cls_token, dist_token = (token.expand(len(patches), -1, -1) for token in (cls_token, dist_token))
            return $result
        ''',
    axes=(
        (
            Option({"order": "cdp", "listed": _listed("cdp")}),
            _order("dcp"),
            _order("pcd"),
            _order("cpd"),
        ),
        (
            Option({"layout": "(B, N, D)", "turn": "", "prepare": ""}),
            _layout("NBD", ".transpose(0, 1)"),
            _layout("BDN", ".mT"),
        ),
    ),
    cases=cases.patches_and_tokens,
    keep="detached added-to-the-patches no-positions positions-multiplied positions-twice "
    "no-position-for-the-class-token no-position-for-the-distillation-token",
    told={
        "swapped": (
            "The two tokens have changed places.",
            "The heads look for them by their numbers, and each of them has a position.",
            "Here the order is $listed.",
        ),
        "class-token-twice": (
            "The class token stands there twice, the distillation token not at all.",
            "Two tokens that start alike can still learn different things, but `dist_token` would never learn.",
            "Each of the two stands there once.",
        ),
        "distillation-token-twice": (
            "The distillation token stands there twice, the class token not at all.",
            "`cls_token` would never learn.",
            "Each of the two stands there once.",
        ),
        "their-mean": (
            "Both tokens are the mean of the two.",
            "Each learns from something else, so each needs numbers of its own.",
            "Each of the two stands there once, as it is.",
        ),
        "zeros": (
            "The distillation token is 0.",
            "It is a parameter; it starts at 0 in the model, and then learns.",
            "Use `dist_token`.",
        ),
    },
    derive=lambda words: {
        "without": "swapped" if (words["order"], words["turn"]) == ("dcp", "") else "",
        "result": ("({}){}" if words["turn"] else "{}{}").format(
            f"torch.cat([{', '.join(VARIABLES[letter] for letter in words['order'])}], dim=1) + pos_embed",
            words["turn"],
        ),
    },
)
