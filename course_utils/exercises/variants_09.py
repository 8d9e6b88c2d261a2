"""Lesson 9's variants: an MLP across the tokens, and channels that read a neighbour."""

import torch
from torch import Tensor

from course_utils.exercises import cases_09 as cases
from course_utils.exercises.options import axes, on, out, shape
from course_utils.exercises.recipes import Option, Recipe
from course_utils.exercises.variants_09_gate import GATE

Layer = tuple[Tensor, Tensor]  # weight and bias


def _tokens(letters: str, enter: str, leave: str) -> Option:
    return Option(
        {"layout": shape(letters), "enter": enter, "leave": leave},
        here=f"tokens come and go as {shape(letters)}, not as (B, N, D)",
        remedy=f"See where {shape(letters)} has its N tokens: a linear layer works along the last axis.",
        to_course=on(axes(letters, "BND"), "tokens"),
        to_variant=on(axes("BND", letters), "tokens"),
        from_course=out(axes("BND", letters)),
        without="not-turned-back reshaped reshaped-back" + (" wrong-axis" if letters == "BDN" else ""),
    )


def _weight_turned(layer: Layer) -> Layer:
    weight, bias = layer
    return weight.mT, bias


MIX = Recipe(
    id="9.1",
    source='''
        def mix_tokens(
            tokens: Tensor,
            first: tuple[Tensor, Tensor],
            second: tuple[Tensor, Tensor],
        ) -> Tensor:
            """Send every channel, as a vector of N numbers, through one and the same MLP.

            $here

            Args:
                tokens: $layout.
                first: weight $weight1 and bias (D_S,).
                second: weight $weight2 and bias (N,).

            Returns:
                $layout: W_2 gelu(W_1 x + b_1) + b_2 for the N numbers x of each channel.
                Tolstikhin et al. 2021, equation 1, without its norm and its sum.
            """
            (weight1, bias1), (weight2, bias2) = first, second
            hidden = F.gelu(tokens$enter @ weight1$turn + bias1)  # (B, D, D_S)
            return $result
        ''',
    axes=(
        (
            Option({"weight1": "(D_S, N)", "weight2": "(N, D_S)", "turn": ".mT"}),
            Option(
                {"weight1": "(N, D_S)", "weight2": "(D_S, N)", "turn": ""},
                here="a weight is (inputs, outputs), not (outputs, inputs) as in PyTorch's linear layers",
                remedy="Multiply by the weights as they are, or turn them for `F.linear`.",
                to_course=on(_weight_turned, "first", "second"),
                to_variant=on(_weight_turned, "first", "second"),
            ),
        ),
        (
            Option({"layout": "(B, N, D)", "enter": ".mT", "leave": ".mT"}),
            _tokens("NBD", ".permute(1, 2, 0)", ".permute(2, 0, 1)"),
            _tokens("BDN", "", ""),
        ),
    ),
    cases=cases.tokens_and_layers,
    keep="not-turned-back reshaped-back residual normed no-gelu relu softmax gelu-behind gelu-behind-only "
    "gelu-in-front no-biases no-first-bias no-second-bias",
    told={
        "wrong-axis": (
            "The MLP is applied to the channels of each token instead of to the tokens of each channel.",
            "A linear layer works along the last axis, and there stand the channels.",
            "Bring the tokens to the last axis first.",
        ),
    },
    derive=lambda words: {
        "result": (
            f"(hidden @ weight2{words['turn']} + bias2){words['leave']}"
            if words["leave"]
            else f"hidden @ weight2{words['turn']} + bias2"
        )
    },
)


COURSE_ORDER = ("left", "right", "above", "below")
SWAPPED = "The quarters that should read left and right read above and below, and the other way round."


def _quarters(order: tuple[str, ...]) -> Option:
    """Return an option in which the four quarters read their neighbours in another order."""
    back = [order.index(name) for name in COURSE_ORDER]
    there = [COURSE_ORDER.index(name) for name in order]

    def sorted_as(numbers: list[int]) -> object:
        return lambda grid: torch.cat([grid.chunk(4, dim=-1)[number] for number in numbers], dim=-1)

    return Option(
        {"names": ", ".join(order)},
        here=f"the quarters read {', '.join(order)}, in this order, not {', '.join(COURSE_ORDER)}",
        remedy=f"Give the four quarters the names {', '.join(order)}.",
        to_course=on(sorted_as(back), "grid"),
        to_variant=on(sorted_as(there), "grid"),
        from_course=out(sorted_as(there)),
    )


# mistakes that come to the lesson's own version, by what differs from the lesson
SAME_AS_OWN = {
    ("right, left, below, above", "(B, H, W, C)"): "other-way",
    ("above, below, left, right", "(B, H, W, C)"): "rows-first",
}
SHIFT = Recipe(
    id="9.5",
    source='''
        def spatial_shift(grid: Tensor) -> Tensor:
            """Let each quarter of the channels read a neighbour: $names.

            $here

            Args:
                grid: $layout, C a multiple of 4.

            Returns:
                $layout; a token without that neighbour keeps its own quarter. After Yu et al. 2022, section 3.

            Raises:
                ValueError: C is not a multiple of 4.
            """
            if grid.shape[$channels] % 4:
                raise ValueError(f"{grid.shape[$channels]} channels have no quarters: use a multiple of 4")
            $names = grid.chunk(4, dim=$channels)
            left = torch.cat([left[$first_column], left[$but_last_column]], dim=$columns)
            right = torch.cat([right[$but_first_column], right[$last_column]], dim=$columns)
            above = torch.cat([above[$first_row], above[$but_last_row]], dim=$rows)
            below = torch.cat([below[$but_first_row], below[$last_row]], dim=$rows)
            return torch.cat([$names], dim=$channels)
        ''',
    axes=(
        (
            Option({"names": "left, right, above, below"}),
            _quarters(("right", "left", "below", "above")),
            _quarters(("above", "below", "left", "right")),
            _quarters(("below", "left", "above", "right")),
        ),
        (
            Option({"layout": "(B, H, W, C)", "channels": "-1", "rows": "1", "columns": "2"}),
            Option(
                {"layout": "(B, C, H, W)", "channels": "1", "rows": "2", "columns": "3"},
                here="the grid is (B, C, H, W), not (B, H, W, C)",
                remedy="Cut axis 1 into quarters, and shift along the axes 2 and 3.",
                to_course=on(axes("BCHW", "BHWC"), "grid"),
                to_variant=on(axes("BHWC", "BCHW"), "grid"),
                from_course=out(axes("BHWC", "BCHW")),
            ),
        ),
    ),
    cases=cases.grids,
    keep="around zeros two-tokens mean residual no-check assertion",
    told={
        "other-way": (
            "All four shifts go the other way.",
            "To read the token on the left, everything has to move to the right.",
            "Think of one row: which column gets the numbers of column 0?",
        ),
        "columns-other-way": (
            "The quarters that read left and right go the other way.",
            "To read the token on the left, everything has to move to the right.",
            "Think of one row: which column gets the numbers of column 0?",
        ),
        "rows-other-way": (
            "The quarters that read above and below go the other way.",
            "To read the token above, everything has to move down.",
            "Think of one column: which row gets the numbers of row 0?",
        ),
        "rows-first": (
            SWAPPED,
            "The rows are axis $rows of the grid, the columns axis $columns.",
            "Exchange the axes.",
        ),
        "columns-only": (
            "The quarters that should read above and below aren't shifted.",
            "There are four directions, two along each axis.",
            "Shift these quarters along axis $rows.",
        ),
        "all-channels": (
            "All channels go through all four shifts.",
            "Left and right, above and below cancel each other, but for the borders.",
            "Cut the channels into quarters first, and shift each of them once.",
        ),
    },
    derive=lambda words: (
        {
            f"{part}_{line}": f"{':, ' * int(words[f'{line}s'])}{cut}"
            for line in ("row", "column")
            for part, cut in (("first", ":1"), ("but_last", ":-1"), ("but_first", "1:"), ("last", "-1:"))
        }
        | {"without": SAME_AS_OWN.get((words["names"], words["layout"]), "")}
    ),
)

RECIPES = (MIX, GATE, SHIFT)
