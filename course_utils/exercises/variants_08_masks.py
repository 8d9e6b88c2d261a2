"""Variants of exercise 8.2: the mask of shifted windows."""

import random

import torch
from torch import Tensor

from course_utils.exercises.options import out
from course_utils.exercises.recipes import Option, Recipe
from course_utils.exercises.registry import Case
from course_utils.models.windows import both_shifts, to_windows


def shifted_grids(seed: int) -> list[Case]:
    """Return grids, windows and shifts; no shift is half a window along both sides, and none is 0 but in the last."""
    draw, found = random.Random(seed), []
    for window, shifts in ((3, (1, 2)), (4, (3, 1)), (5, (4, 2))):
        rows, columns = draw.sample((1, 2, 3), 2)
        shift = shifts if draw.random() < 0.5 else shifts[::-1]
        found.append(Case(((rows * window, columns * window), window, shift), note=f"with windows of {window}"))
    wide = draw.randint(2, 4)
    return [
        *found,
        Case(((6, 2 * wide), 2, 1), note="with one shift for both sides"),
        Case(((5, 5 * draw.randint(2, 3)), 5, (0, draw.randint(1, 4))), note="with a side that one window covers"),
    ]


def _added(looks: Tensor) -> Tensor:
    return torch.zeros(looks.shape).masked_fill(~looks, -100.0)


def _other_corner(mask: Tensor) -> Tensor:
    """Turn a mask (nW, M * M, M * M) into that of the grid turned upside down and left to right."""
    return mask.flip(0, 1, 2)


# mistakes that come to the lesson's own version, by what differs from the lesson
SAME_AS_OWN = {("~looks", "up"): "inverted", ("looks", "down"): "first-windows"}
MASK = Recipe(
    id="8.2",
    source='''
        def shift_window_mask(grid: tuple[int, int], window: int, shift: int | tuple[int, int]) -> Tensor:
            """Let the tokens in the windows of a rolled grid look at their own region only.

            $here

            Args:
                grid: H and W, multiples of M.
                window: M.
                shift: 0 to M - 1, by which the grid was rolled $way, or one number for rows and one for
                    columns.

            Returns:
                (nW, M * M, M * M) of $kind: $marks where row (query) may look at column (key), $otherwise elsewhere.
                After Liu et al. 2021, section 3.2. `both_shifts` and `to_windows` are the lesson's.
            """
            (H, W), (rows, columns) = grid, both_shifts(shift, window)
            carried_rows = torch.arange(H) $edge_rows  # from the other end of the grid
            carried_columns = torch.arange(W) $edge_columns
            regions = 2 * carried_rows.long()[:, None] + carried_columns.long()  # (H, W)
            regions = to_windows(regions[None, :, :, None], window)[0, :, :, 0]  # (nW, M * M)
            looks = regions[:, :, None] == regions[:, None, :]
            return $mask
        ''',
    axes=(
        (
            Option({"kind": "bool", "marks": "True", "otherwise": "False", "mask": "looks"}),
            Option(
                {"kind": "bool", "marks": "False", "otherwise": "True", "mask": "~looks"},
                here="True hides: the mask is False where a query may look, not True",
                remedy="Mark what a query must not see.",
                from_course=out(torch.logical_not),
            ),
            Option(
                {
                    "kind": "numbers",
                    "marks": "0",
                    "otherwise": "-100",
                    "mask": "torch.zeros(looks.shape).masked_fill(~looks, -100.0)",
                },
                here="the mask holds numbers to be added to the scores, 0 and -100, not True and False",
                remedy="Begin with zeros, and put -100 where a query must not look.",
                from_course=out(_added),
            ),
        ),
        (
            Option(
                {
                    "turn": "up",
                    "way": "up and to the left",
                    "edge_rows": ">= H - rows",
                    "edge_columns": ">= W - columns",
                    "edges": "lower and the right edge",
                    "lowest": "lowest",
                    "side": "right",
                    "wrong": "first",
                    "right": "last",
                }
            ),
            Option(
                {
                    "turn": "down",
                    "way": "down and to the right",
                    "edge_rows": "< rows",
                    "edge_columns": "< columns",
                    "edges": "upper and the left edge",
                    "lowest": "uppermost",
                    "side": "left",
                    "wrong": "last",
                    "right": "first",
                },
                here="the grid was rolled down and to the right, not up and to the left",
                remedy="What left the grid below came back at the top: cut the first windows.",
                from_course=out(_other_corner),
            ),
        ),
    ),
    cases=shifted_grids,
    keep="carried-or-not carried-one-way rows-or-columns",
    told={
        "no-mask": (
            "Nothing is masked: every token may look at all of its window.",
            "No window has two different numbers.",
            "Which rows of the rolled grid came from its other end? Give them a number of their own.",
        ),
        "inverted": (
            "The mask is the wrong way round.",
            "It forbids what belongs to the same region, so that a token can't even see itself.",
            "$marks is for where a query may look: where the regions are the same.",
        ),
        "rows-only": (
            "Only the $lowest windows are masked.",
            "The regions differ along the rows, and not along the columns.",
            "Columns were carried around too: number both.",
        ),
        "columns-only": (
            "Only the windows at the $side edge are masked.",
            "The regions differ along the columns, and not along the rows.",
            "Rows were carried around too: number both.",
        ),
        "one-shift-for-both": (
            "The columns are cut with the rows' shift.",
            "A shift may be a pair, one number for each side of the grid, and its first was used for both.",
            "`both_shifts(shift, window)` returns the two.",
        ),
        "cut-at-the-rest": (
            "The $right windows are cut in the wrong place, M - shift tokens from their end instead of shift.",
            "Shift and rest have changed places, which only shows where the shift isn't half a window.",
            "How many rows are carried around?",
        ),
        "half-a-window": (
            "The $right windows are always cut in the middle.",
            "Half a window is what Swin's model hands to its blocks, but other shifts are allowed.",
            "Cut where `shift` says.",
        ),
        "first-windows": (
            "The $wrong windows are masked, not the $right.",
            "That would be right for a grid rolled the other way.",
            "This one was rolled $way: where did what left it come back?",
        ),
        "every-window": (
            "Every window is cut, as if it were one at the edge.",
            "The cut was made by the place within a window, not by the place in the grid.",
            "Only the windows at the $edges hold tokens from both ends of the grid.",
        ),
        "numbers-added": (
            "In the corner, tokens carried along the rows and tokens carried along the columns see each other.",
            "The numbers of rows and columns were added, so that 0 + 1 and 1 + 0 are the same region.",
            "Give every pair of bands a number of its own.",
        ),
        "carried-both-ways": (
            "Only tokens that were carried both ways are set apart.",
            "`&` is True where both happened, and that's one piece of one window.",
            "Tokens carried one way are strangers too: number rows and columns, and compare both.",
        ),
    },
    names={"both_shifts": both_shifts, "to_windows": to_windows},
    derive=lambda words: {"without": SAME_AS_OWN.get((words["mask"], words["turn"]), "")},
)
