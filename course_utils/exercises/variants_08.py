"""Lesson 8's variants: windows, the mask of shifted windows, the index of relative positions."""

import random

from torch import Tensor

from course_utils.exercises import cases_08 as cases
from course_utils.exercises.options import axes, on, out, permutation
from course_utils.exercises.recipes import Option, Recipe
from course_utils.exercises.registry import Case
from course_utils.exercises.turns import Arguments
from course_utils.exercises.variants_08_masks import MASK
from course_utils.exercises.variants_08_orders import ORDER


def _windows_by_columns(windows: Tensor, given: Arguments) -> Tensor:
    """Count the windows (B, nW, M * M, C) column by column; what has other axes stays."""
    _, H, W, _ = given["tokens"].shape
    grid = (H // given["window"], W // given["window"])
    if windows.ndim != 4 or windows.shape[1] != grid[0] * grid[1]:
        return windows
    return windows.unflatten(1, grid).transpose(1, 2).flatten(1, 2)


def _tokens_by_columns(windows: Tensor, given: Arguments) -> Tensor:
    """Count the tokens of windows (B, nW, M * M, C) column by column; what has other axes stays."""
    M = given["window"]
    if windows.ndim != 4 or windows.shape[2] != M * M:
        return windows
    return windows.unflatten(2, (M, M)).transpose(2, 3).flatten(2, 3)


WINDOWS = Recipe(
    id="8.1",
    source='''
        def to_windows(tokens: Tensor, window: int) -> Tensor:
            """Cut a grid of tokens into windows: a pure reshape.

            $here

            Args:
                tokens: $layout.
                window: M, a divisor of H and W.

            Returns:
                (B, nW, M * M, C): the windows $windows, the tokens within each $within.
            """
            $names = tokens.shape
            cut = tokens.reshape($sizes)
            return cut.permute($permute).reshape(B, -1, window * window, C)
        ''',
    axes=(
        (
            Option({"windows": "row by row", "grid": "rc"}),
            Option(
                {"windows": "column by column", "grid": "cr"},
                here="the windows are counted column by column, not row by row",
                remedy="Let the axis W / M stand in front of H / M when they are made one.",
                from_course=_windows_by_columns,
                without="windows-by-columns",
            ),
        ),
        (
            Option({"within": "row by row", "inner": "MN"}),
            Option(
                {"within": "column by column", "inner": "NM"},
                here="the tokens within a window are counted column by column, not row by row",
                remedy="Of the two axes of size M, let the one from the columns stand in front.",
                from_course=_tokens_by_columns,
                without="tokens-by-columns",
            ),
        ),
        (
            Option(
                {
                    "layout": "(B, H, W, C)",
                    "names": "B, H, W, C",
                    "sizes": "B, H // window, window, W // window, window, C",
                    "cut": "BrMcNC",
                }
            ),
            Option(
                {
                    "layout": "(B, C, H, W)",
                    "names": "B, C, H, W",
                    "sizes": "B, C, H // window, window, W // window, window",
                    "cut": "BCrMcN",
                },
                here="the grid is (B, C, H, W), not (B, H, W, C)",
                remedy="Cut the last two axes, and bring the channels behind all of them.",
                to_course=on(axes("BCHW", "BHWC"), "tokens"),
                to_variant=on(axes("BHWC", "BCHW"), "tokens"),
                without="sides-swapped",
            ),
        ),
    ),
    cases=cases.grids_to_cut,
    keep="no-transpose windows-by-columns sides-swapped cut-like-the-result dilated channels-first "
    "images-mixed one-batch squares",
    told={
        "tokens-by-columns": (
            "The tokens of each window are counted column by column.",
            "Of the two axes of size M, the one from the columns stands in front.",
            "Inside a window rows come first: token 1 is to the right of token 0.",
        ),
    },
    derive=lambda words: {"permute": permutation(words["cut"], f"B{words['grid']}{words['inner']}C")},
)


def _turned(index: Tensor) -> Tensor:
    return index.mT


def _columns_multiplied(index: Tensor, given: Arguments) -> Tensor:
    length = 2 * given["window"] - 1
    return index % length * length + index // length


def _one_more(index: Tensor) -> Tensor:
    return index + 1


# mistakes that come to the lesson's own version, by what differs from the lesson
SAME_AS_OWN = {("key", "0", ""): "key-minus-query", ("query", "1", ""): "columns-first"}
INDEX = Recipe(
    id="8.4",
    source='''
        def relative_position_index(window: int) -> Tensor:
            """Say which relative position each pair of a window's tokens has, as a number.

            $here

            A $first r rows below its $second and c columns to the right of it, both from -(M - 1) to M - 1, has
            the number $formula. A window's tokens are counted row by row.

            Args:
                window: M.

            Returns:
                (M * M, M * M), queries by keys, of whole numbers. After Liu et al. 2021, equation 4.
            """
            side = torch.arange(window)
            places = torch.cartesian_prod(side, side)  # (M * M, 2), row by row
            offsets = $offsets + window - 1  # (M * M, M * M, 2)
            return offsets[..., $slow] * (2 * window - 1) + offsets[..., $fast]$more
        ''',
    axes=(
        (
            Option({"first": "query", "second": "key", "offsets": "places[:, None] - places[None, :]"}),
            Option(
                {"first": "key", "second": "query", "offsets": "places[None, :] - places[:, None]"},
                here="offsets are the key's place minus the query's, not the query's minus the key's",
                remedy="Subtract the query's place from the key's.",
                from_course=out(_turned),
                without="one-axis",
            ),
        ),
        (
            Option({"slow": "0", "fast": "1", "down": "(r + M - 1) * (2M - 1) + (c + M - 1)", "step": "down"}),
            Option(
                {"slow": "1", "fast": "0", "down": "(c + M - 1) * (2M - 1) + (r + M - 1)", "step": "to the right"},
                here="the columns' offset is multiplied by 2M - 1, not the rows'",
                remedy="A step to the right skips 2M - 1 entries, a step down one.",
                from_course=_columns_multiplied,
                without="negative raised-once raised-by-the-window rows-too-long rows-too-short without-brackets "
                "both-multiplied rows-alone columns-alone added one-axis",
            ),
        ),
        (
            Option({"more": ""}),
            Option(
                {"more": " + 1"},
                here="the numbers begin at 1, not at 0: 0 is left for a class token",
                remedy="Add 1 to every number.",
                from_course=out(_one_more),
            ),
        ),
    ),
    cases=lambda seed: [Case((window,), note=f"M = {window}") for window in random.Random(seed).sample(range(2, 7), 3)],
    keep="columns-reversed rows-reversed negative raised-once raised-by-the-window rows-too-long rows-too-short "
    "without-brackets both-multiplied distances added one-axis",
    told={
        "key-minus-query": (
            "Queries and keys have changed places: the table is transposed.",
            "The offset was taken in the opposite direction, which turns its sign around.",
            "Here it is the place of the $first minus that of the $second; the query is the row, axis 0.",
        ),
        "columns-first": (
            "Rows and columns have changed places.",
            "The wrong one of the two offsets is multiplied, or the tokens are counted column by column.",
            "A step $step skips 2M - 1 entries; tokens count row by row.",
        ),
    },
    derive=lambda words: {
        "formula": words["down"] + words["more"],
        "without": SAME_AS_OWN.get((words["first"], words["slow"], words["more"]), ""),
    },
)

RECIPES = (WINDOWS, MASK, ORDER, INDEX)
