"""Lesson 5's variants: the class token, packed projections, and how far attention looks."""

import torch
from torch import Tensor

from course_utils.exercises import cases_05 as cases
from course_utils.exercises.options import axes, on, out, shape
from course_utils.exercises.recipes import Option, Recipe
from course_utils.exercises.turns import Arguments
from course_utils.exercises.variants_05_distance import DISTANCE


def _moved_behind(tokens: Tensor, given: Arguments) -> Tensor:
    """Move token 0 behind the others, where there are as many tokens as positions."""
    complete = tokens.shape[1] == given["pos_embed"].shape[1]
    return torch.cat([tokens[:, 1:], tokens[:, :1]], dim=1) if complete else tokens


def _layout(letters: str, images: str, turn: str) -> Option:
    return Option(
        {"layout": shape(letters), "images": images, "turn": turn},
        here=f"patches come and tokens go as {shape(letters)}, not as (B, N, D)",
        remedy="Bring the patches into the order (B, N, D) first, and the tokens back at the end.",
        to_course=on(axes(letters, "BND"), "patches"),
        to_variant=on(axes("BND", letters), "patches"),
        from_course=out(axes("BND", letters)),
    )


CLASS_TOKEN = Recipe(
    id="5.1",
    source='''
        def with_class_token(patches: Tensor, cls_token: Tensor, pos_embed: Tensor) -> Tensor:
            """Put the class token $place the patches, and add every token's position.

            $here

            Args:
                patches: $layout.
                cls_token: (1, 1, D), the same for every image.
                pos_embed: (1, 1 + N, D), in the order of the tokens: the class token's position $end.

            Returns:
                $layout, but with 1 + N tokens. After Dosovitskiy et al. 2021, equation 1.
            """
            token = cls_token.expand($images, -1, -1)  # (B, 1, D)
            tokens = torch.cat([$parts], dim=1) + pos_embed  # (B, 1 + N, D)
            return tokens$turn
        ''',
    axes=(
        (
            Option({"place": "in front of", "end": "first", "parts": "token, patches{}"}),
            Option(
                {"place": "behind", "end": "last", "parts": "patches{}, token"},
                here="the class token and its position come last, not first",
                remedy="Put the class token behind the patches.",
                to_course=on(lambda positions: positions.roll(1, dims=1), "pos_embed"),
                to_variant=on(lambda positions: positions.roll(-1, dims=1), "pos_embed"),
                from_course=_moved_behind,
            ),
        ),
        (
            Option({"layout": "(B, N, D)", "images": "len(patches)", "turn": ""}),
            _layout("NBD", "patches.shape[1]", ".transpose(0, 1)"),
            _layout("BDN", "len(patches)", ".mT"),
        ),
    ),
    cases=cases.patches_and_vectors,
    keep="no-positions positions-multiplied",
    told={
        "no-position-for-the-class": (
            "The class token gets no position.",
            "The positions are added to the patches only, before the class token is put $place them.",
            "Join first, then add all 1 + N positions.",
        ),
        "positions-twice": (
            "The patches get their positions twice.",
            "They are added once before the class token is put $place the patches, and once after it.",
            "Add `pos_embed` once, to all tokens.",
        ),
        "first-image-only": (
            "Only the first image has the class token.",
            "There is one vector for all images, and the other images of the batch got zeros.",
            "Repeat it for each image: `cls_token.expand(B, -1, -1)`.",
        ),
        "class-added": (
            "The class token is added to every patch instead of being a token of its own.",
            "`+` broadcasts it over the patches, so there are N tokens, not 1 + N.",
            "Join them with `torch.cat`, along the axis of the tokens.",
        ),
        "mean-instead": (
            "In the class token's place is the mean of the patches.",
            "Mean pooling is another way to read an image, and it happens behind the last block.",
            "Put `cls_token`, once for each image, $place the patches.",
        ),
    },
    derive=lambda words: {"parts": words["parts"].format(words["turn"])},
)


def _packed_as(names: tuple[str, ...]) -> Option:
    """Return an option in which the projections are packed in another order."""
    order = [("query", "key", "value").index(name) for name in names]
    back = [names.index(name) for name in ("query", "key", "value")]

    def turn(order: list[int]) -> object:
        return on(lambda packed: torch.cat([packed.chunk(3)[number] for number in order]), "packed")

    return Option(
        {"names": str(names).replace("'", '"'), "order": ", ".join(names)},
        here=f"the projections are packed in the order {', '.join(names)}, not query, key, value",
        remedy=f"Give the parts their names in the order {', '.join(names)}.",
        to_course=turn(back),
        to_variant=turn(order),
    )


def _same_swap(words: dict[str, str]) -> dict[str, str]:
    """Name the mistake that comes to the lesson's own version: it exchanges the same two."""
    swaps = {"key, query, value": "key-first", "value, key, query": "backwards"}
    return {"without": "" if words["rows"] == "in turn" else swaps.get(words["order"], "")}


IN_ORDER = "The parts were not taken in the order in which they are packed."
PACKED = Recipe(
    id="5.5",
    source='''
        def unpack_qkv(packed: Tensor) -> dict[str, Tensor]:
            """Cut the weights or biases of three projections apart that a layer keeps in one tensor.

            $here

            Args:
                packed: (3 D, ...), the rows of the three projections $rows, in the order
                    $order.

            Returns:
                "query", "key" and "value", each (D, ...).
            """
            parts = $parts
            return dict(zip($names, parts, strict=True))
        ''',
    axes=(
        (
            Option({"names": '("query", "key", "value")', "order": "query, key, value"}),
            _packed_as(("key", "query", "value")),
            _packed_as(("value", "key", "query")),
            _packed_as(("key", "value", "query")),
        ),
        (
            Option({"rows": "in three blocks", "parts": "packed.chunk(3)"}),
            Option(
                {"rows": "in turn", "parts": "[packed[first::3] for first in range(3)]"},
                here="the rows are packed in turn, one of each projection and then the next of each, not in blocks",
                remedy="Take every third row.",
                to_course=on(lambda rows: rows.unflatten(0, (-1, 3)).transpose(0, 1).flatten(0, 1), "packed"),
                to_variant=on(lambda rows: rows.unflatten(0, (3, -1)).transpose(0, 1).flatten(0, 1), "packed"),
                without="interleaved",
            ),
        ),
    ),
    cases=cases.packed_projections,
    keep="interleaved columns whole no-names",
    told={
        "key-first": ("Query and key have changed places.", IN_ORDER, "Here the order is $order."),
        "value-second": ("Key and value have changed places.", IN_ORDER, "Here the order is $order."),
        "backwards": ("Query and value have changed places.", IN_ORDER, "Here the order is $order."),
        "transposed": (
            "The parts are right, but turned around.",
            "A layer's weight keeps its shape (outputs, inputs) when it is cut.",
            "Return the parts as they are.",
        ),
        "flipped": (
            "The rows of each part come in the opposite order.",
            "Every row is one output of its layer, and the heads are cut from them in their order.",
            "Return the parts as they are.",
        ),
        "all-the-same": (
            "Query, key and value are the same part.",
            "One part of the rows was taken three times.",
            "Take another third of the rows for each.",
        ),
    },
    derive=_same_swap,
)

RECIPES = (CLASS_TOKEN, PACKED, DISTANCE)
