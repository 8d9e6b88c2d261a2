"""Variants of exercise 8.3: the order of the tokens in shifted windows."""

import torch
from torch import Tensor

from course_utils.exercises.options import out
from course_utils.exercises.recipes import Option, Recipe
from course_utils.exercises.turns import Arguments
from course_utils.exercises.variants_08_masks import shifted_grids
from course_utils.models.windows import both_shifts, to_windows


def _numbered_by_columns(order: Tensor, given: Arguments) -> Tensor:
    H, W = given["grid"]
    return order % W * H + order // W


def _other_corner(order: Tensor) -> Tensor:
    """Turn an order into that of the grid turned upside down and left to right."""
    return (len(order) - 1 - order).flip(0)


OTHER_WAY = "`roll` with a positive number moves what it rolls to higher places, with a negative one to lower ones."
# mistakes that come to the lesson's own version, by what differs from the lesson
SAME_AS_OWN = {"up back": "inverse", "down ": "wrong-way"}
ORDER = Recipe(
    id="8.3",
    source='''
        def window_permutation(grid: tuple[int, int], window: int, shift: int | tuple[int, int]) -> Tensor:
            """Return the order in which rolling by `shift` and cutting into windows put tokens.

            $here

            Args:
                grid: H and W, multiples of M; its tokens have the numbers 0 to N - 1, $path.
                window: M.
                shift: 0 to M - 1, by which the grid is rolled $way, or one number for rows and one for
                    columns.

            Returns:
                (N,): $returned.
                Windows, and the tokens in each, are counted row by row. `both_shifts` and `to_windows` are the
                lesson's.
            """
            (H, W), (rows, columns) = grid, both_shifts(shift, window)
            numbers = $numbers  # (H, W)
            rolled = numbers.roll($shifts, dims=(0, 1))
            order = to_windows(rolled[None, ..., None], window).flatten()  # (N,)
            return $result
        ''',
    axes=(
        (
            Option({"path": "row by row", "numbers": "torch.arange(H * W).view(H, W)", "other": "W numbers"}),
            Option(
                {"path": "column by column", "numbers": "torch.arange(H * W).view(W, H).mT", "other": "H numbers"},
                here="the tokens of the grid are numbered column by column, not row by row",
                remedy="Number the tokens along the columns: token 1 is below token 0.",
                from_course=_numbered_by_columns,
                without="as-a-list without-dims sides-swapped",
            ),
        ),
        (
            Option({"turn": "up", "way": "up and to the left", "shifts": "(-rows, -columns)", "sign": "a minus"}),
            Option(
                {"turn": "down", "way": "down and to the right", "shifts": "(rows, columns)", "sign": "no minus"},
                here="the grid is rolled down and to the right, not up and to the left",
                remedy="Roll by positive numbers.",
                from_course=out(_other_corner),
                without="as-a-list without-dims",
            ),
        ),
        (
            Option({"back": "", "returned": "at place n of the windows the number of a token", "result": "order"}),
            Option(
                {
                    "back": "back",
                    "returned": "at n the place of token n, counted window by window",
                    "result": "order.argsort()",
                },
                here="it is the way back: for each token of the grid its place in the windows, not the other way round",
                remedy="`argsort` turns one order into the other.",
                from_course=out(torch.argsort),
                without="inverse not-cut",
            ),
        ),
    ),
    cases=shifted_grids,
    keep="half-a-window not-rolled rows-only columns-only shifts-swapped as-a-list without-dims "
    "within-windows by-a-window not-cut",
    told={
        "wrong-way": ("The grid is rolled the wrong way.", OTHER_WAY, "Roll $way: give both shifts $sign."),
        "rows-the-wrong-way": ("The rows are rolled the wrong way.", OTHER_WAY, "Roll $way: give both shifts $sign."),
        "columns-the-wrong-way": (
            "The columns are rolled the wrong way.",
            OTHER_WAY,
            "Roll $way: give both shifts $sign.",
        ),
        "inverse": (
            "This is the way back: it tells for each token of the grid where it stands in the windows.",
            "Two orders undo each other, and `argsort` turns one into the other.",
            "Return the token of the grid that stands at place n of the windows.",
        ),
    },
    names={"both_shifts": both_shifts, "to_windows": to_windows},
    hints=(0,),
    derive=lambda words: {
        "without": (SAME_AS_OWN.get(f"{words['turn']} {words['back']}", "") if words["path"] == "row by row" else "")
    },
)
