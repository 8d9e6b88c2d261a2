"""Variants of exercises 4.5 and 4.6: an image cut into patches, and put together again."""

from dataclasses import replace

import torch
from torch import Tensor

from course_utils.exercises import cases_04 as cases
from course_utils.exercises.options import permutation
from course_utils.exercises.recipes import Option, Recipe
from course_utils.exercises.turns import Arguments


def _columns_first(patches: Tensor, given: Arguments) -> Tensor:
    """Let the patches (B, N, ...) of an image run column by column; what has another number of patches stays."""
    H, W = given["images"].shape[2:]
    rows, columns = H // given["patch"], W // given["patch"]
    if patches.ndim < 2 or patches.shape[1] != rows * columns:
        return patches
    return patches.unflatten(1, (rows, columns)).transpose(1, 2).flatten(1, 2)


def _inside(order: str) -> Option:
    """Return an option in which the numbers of a patch stand in another order than C, P, Q, letters as in `NAMES`."""

    def turn(patches: Tensor, given: Arguments) -> Tensor:
        C, P = given["images"].shape[1], given["patch"]
        if patches.ndim != 3 or patches.shape[-1] != C * P * P:
            return patches
        return patches.unflatten(-1, (C, P, P)).permute(0, 1, *(2 + "CPQ".index(c) for c in order)).flatten(-3)

    names = ", then ".join(NAMES[letter] for letter in order)
    return Option(
        {"inside": order, "slowest": names},
        here=f"within a patch {NAMES[order[0]]} are the slowest, then {NAMES[order[1]]}, then {NAMES[order[2]]}, "
        "not the channels before its rows and columns",
        remedy=f"Within a patch, let the axes follow each other as {names}.",
        from_course=turn,
    )


NAMES = {"C": "the channels", "P": "its rows", "Q": "its columns"}
GRID = (
    Option({"grid": "rc", "path": "row by row"}),
    Option(
        {"grid": "cr", "path": "column by column"},
        here="the patches are counted column by column, not row by row",
        remedy="Let the columns of the grid be the slower axis.",
        from_course=_columns_first,
        without="columns-first",
    ),
)
PATCHIFY = Recipe(
    id="4.5",
    source='''
        def patchify(images: Tensor, patch: int) -> Tensor:
            """Cut images into square patches and flatten each.

            $here

            Args:
                images: (B, C, H, W).
                patch: P, a divisor of H and W.

            Returns:
                (B, N, C * P * P), patches $path. Within a patch the slowest axis comes first:
                $slowest.
            """
            B, C, H, W = images.shape
            cut = images.reshape(B, C, H // patch, patch, W // patch, patch)  # (B, C, rows, P, columns, P)
            return cut.permute($permute).reshape(B, -1, C * patch * patch)
        ''',
    axes=(
        GRID,
        (
            Option({"inside": "CPQ", "slowest": "the channels, then its rows, then its columns"}),
            _inside("PQC"),
            _inside("PCQ"),
        ),
    ),
    cases=cases.images,
    keep="bare-reshape columns-first channels-in-front columns-left-behind sides-exchanged dilated overlapping "
    "images-mixed one-long-list grid-kept strips",
    told={
        "transposed-inside": (
            "The patches stand in the right order, but each is transposed.",
            "The two sides of a patch have changed places.",
            "Within a patch the order is: $slowest.",
        ),
    },
    derive=lambda words: {
        "permute": permutation("BCrPcQ", f"B{words['grid']}{words['inside']}"),
    },
)


def _joined(option: Option) -> Option:
    """Return an option of `patchify` as one of `unpatchify`, which takes what the other returns."""

    def turned(given: Arguments, *, back: bool) -> Arguments:
        patches, P = given["patches"], given["patch"]
        image = torch.empty(1, patches.shape[-1] // P**2, given["height"], given["width"])
        places = torch.arange(patches[0].numel()).view(1, *patches.shape[1:])
        order = option.from_course(places, {"images": image, "patch": P}).flatten()
        order = order.argsort() if back else order
        return {**given, "patches": patches.flatten(1)[:, order].view_as(patches)}

    return replace(
        option,
        to_course=lambda given: turned(given, back=True),
        to_variant=lambda given: turned(given, back=False),
        from_course=lambda output, given: output,
    )


SIZES = {"r": "rows", "c": "columns", "C": "-1", "P": "patch", "Q": "patch"}
UNPATCHIFY = Recipe(
    id="4.6",
    source='''
        def unpatchify(patches: Tensor, patch: int, height: int, width: int) -> Tensor:
            """Put patches together to images again.

            $here

            Args:
                patches: (B, N, C * P * P), patches $path. Within a patch the slowest axis comes first:
                    $slowest.
                patch: P.
                height, width: H and W of the image, multiples of P.

            Returns:
                (B, C, H, W).
            """
            B, rows, columns = len(patches), height // patch, width // patch
            cut = patches.reshape(B, $sizes)
            return cut.permute($permute).reshape(B, -1, height, width)  # from (B, C, rows, P, columns, P)
        ''',
    axes=tuple(tuple(_joined(option) for option in options) for options in PATCHIFY.axes),
    cases=cases.patches,
    keep="bare-reshape grid-exchanged lying-down columns-first turned transposed-inside channels-behind "
    "channels-left-behind channels-only dilated images-mixed",
    derive=lambda words: {
        "sizes": ", ".join(SIZES[letter] for letter in words["grid"] + words["inside"]),
        "permute": permutation(f"B{words['grid']}{words['inside']}", "BCrPcQ"),
    },
)

PATCHES = (PATCHIFY, UNPATCHIFY)
