"""Variants of exercises 2.1 to 2.3: a query that looks at a grid, attention weights, attention."""

from course_utils.exercises import cases_02 as cases
from course_utils.exercises.options import MASK_TOLD, MASKS, axes, backwards, on, out
from course_utils.exercises.recipes import Option, Recipe
from course_utils.models.attention import attention_weights


def _grid(letters: str, cells: str) -> Option:
    shape = f"({', '.join(letters)})"
    return Option(
        {"features": shape, "cells": cells},
        here=f"the features are {shape}, not (H, W, D)",
        remedy="Bring the D numbers of each cell to the last axis, or sum over the axis where they are.",
        to_course=on(axes(letters, "HWD"), "features"),
        to_variant=on(axes("HWD", letters), "features"),
    )


GRID = Recipe(
    id="2.1",
    source='''
        def attend_to_grid(query: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
            """Let one query from outside look at a grid of feature vectors.

            $here

            Args:
                query: (D,).
                features: $features, D numbers for each cell of a grid of H rows and W columns.

            Returns:
                $returned.
                The map is (H, W), softmax(features · query / sqrt(D)) over the whole grid; the context is (D,), the
                features averaged with these weights.
            """
            cells = $cells  # (H, W, D)
            scores = cells @ query / math.sqrt(len(query))  # (H, W)
            weights = scores.flatten().softmax(dim=0).view_as(scores)
            context = (weights[..., None] * cells).sum(dim=(0, 1))  # (D,)
            return $pair
        ''',
    axes=(
        (
            Option({"features": "(H, W, D)", "cells": "features"}),
            _grid("DHW", "features.permute(1, 2, 0)"),
            _grid("HDW", "features.permute(0, 2, 1)"),
        ),
        (
            Option({"returned": "The attention map and the context", "pair": "weights, context"}),
            Option(
                {"returned": "The context and the attention map", "pair": "context, weights"},
                here="the context comes first and the map second, not the other way round",
                remedy="Return the context first.",
                from_course=out(backwards),
            ),
        ),
    ),
    cases=cases.grids,
    keep="over-rows over-columns no-softmax divided-by-sum no-scale plain-sum mean",
    hints=(0,),
)


def _same_as_own(words: dict[str, str]) -> str:
    """Name the mistake that comes to the lesson's own version where nothing but the mask differs."""
    return "mask-inverted" if "~mask" in words["looks"] else ""


KEYS = (
    Option({"keys": "(..., M, d)", "turned": "key.mT"}),
    Option(
        {"keys": "(..., d, M)", "turned": "key"},
        here="each key is a column, (..., d, M), not a row, (..., M, d)",
        remedy="Multiply the queries with the keys as they are.",
        to_course=on(lambda key: key.mT, "key"),
        to_variant=on(lambda key: key.mT, "key"),
    ),
)
SHARES = (
    Option({"shares": "(..., N, M), a row for each query", "back": ""}),
    Option(
        {"shares": "(..., M, N), a column for each query", "back": ".mT"},
        here="the result is (..., M, N), a column for each query, not (..., N, M)",
        remedy="Let the last two axes of the result change places.",
        from_course=out(lambda weights: weights.mT),
    ),
)
ATTENTION_WEIGHTS = Recipe(
    id="2.2",
    source='''
        def attention_weights(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
            """Compare every query with every key, and share each query's attention out.

            $here

            Args:
                query: (..., N, d).
                key: $keys.
                mask: (N, M) or (..., N, M) $mask;
                    none for everywhere.

            Returns:
                $shares: the softmax over the M keys of (query · key) / sqrt(d).
                Vaswani et al. 2017, equation 1.
            """
            scores = query @ $turned / math.sqrt(query.shape[-1])  # (..., N, M)
            if mask is not None:
                scores = $hidden
            return scores.softmax(dim=-1)$back
        ''',
    axes=(MASKS, KEYS, SHARES),
    cases=cases.queries_and_keys,
    keep="no-scale scale-by-width mask-after-softmax mask-times-scores",
    told=MASK_TOLD
    | {
        "over-queries": (
            "The softmax runs over the queries: the shares of a key sum to 1, and those of a query do not.",
            "The softmax is given the axis of the N queries, so the queries compete for each key.",
            "Run it over the axis of the keys, so that each query shares out its own attention.",
        )
    },
    hints=(0,),
    derive=lambda words: {"without": _same_as_own(words) if words["turned"] == "key.mT" and not words["back"] else ""},
)

TOKENS = (
    Option({"turn": ""}),
    Option(
        {"turn": ".mT"},
        here="queries, keys, values and the result hold a token in each column, (..., d, N), not in each row",
        remedy="Let the last two axes of all three change places, and those of the result.",
        to_course=on(lambda tokens: tokens.mT, "query", "key", "value"),
        to_variant=on(lambda tokens: tokens.mT, "query", "key", "value"),
        from_course=out(lambda tokens: tokens.mT),
    ),
)


def _shapes(words: dict[str, str]) -> dict[str, str]:
    pairs = {"queries": "N d", "keys": "M d", "values": "M d_v", "mixed": "N d_v"}
    turned = {name: pair.split()[:: -1 if words["turn"] else 1] for name, pair in pairs.items()}
    return {name: f"(..., {', '.join(pair)})" for name, pair in turned.items()}


ATTENTION = Recipe(
    id="2.3",
    source='''
        def attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
            """Average the values with the attention weights of each query.

            $here

            Args:
                query: $queries.
                key: $keys.
                value: $values.
                mask: (N, M) or (..., N, M) $mask;
                    none for everywhere.

            Returns:
                $mixed. Vaswani et al. 2017, equation 1. `attention_weights` is the lesson's.
            """
            weights = attention_weights(query$turn, key$turn, $looks)  # (..., N, M)
            return $average
        ''',
    axes=(MASKS, TOKENS),
    cases=cases.queries_keys_and_values,
    keep="key-as-value no-scale mask-after-softmax mask-times-scores",
    told=MASK_TOLD
    | {
        "over-queries": ATTENTION_WEIGHTS.told["over-queries"],
        "weights-transposed": (
            "The weights are transposed before they meet the values.",
            "Each output then collects what all queries gave to one key, instead of what one query takes from all.",
            "Sum over the keys: each value goes with the weight that the query gives to its key.",
        ),
    },
    names={"attention_weights": attention_weights},
    derive=lambda words: (
        _shapes(words)
        | {
            "average": "(weights @ value.mT).mT" if words["turn"] else "weights @ value",
            "without": "" if words["turn"] else _same_as_own(words),
        }
    ),
)


WEIGHTS = (GRID, ATTENTION_WEIGHTS, ATTENTION)
