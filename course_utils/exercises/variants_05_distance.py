"""Variants of exercise 5.6: how far attention looks."""

from torch import Tensor

from course_utils.exercises import cases_05 as cases
from course_utils.exercises.options import on
from course_utils.exercises.recipes import Option, Recipe
from course_utils.exercises.turns import Arguments


def _by_columns(given: Arguments, first: int) -> Arguments:
    """Count the patches of a grid along its other side; `first` is the side that is the slower one until now."""
    sides = (given["grid"][first], given["grid"][1 - first])
    weights = given["weights"].unflatten(-1, sides).transpose(-1, -2).flatten(-2)
    return {**given, "weights": weights.unflatten(-2, sides).transpose(-2, -3).flatten(-3, -2)}


def _of_the_diagonal(pixels: Tensor, given: Arguments) -> Tensor:
    rows, columns = given["grid"]
    return pixels / (given["patch"] * (rows**2 + columns**2) ** 0.5)


DISTANCE = Recipe(
    id="5.6",
    source='''
        def attention_distance(weights: Tensor, grid: tuple[int, int], patch: int) -> Tensor:
            """Measure how far away each head looks: after Dosovitskiy et al. 2021, figure 7, right.

            $here

            Args:
                weights: $layout between the patches of a grid, counted $path, without a class
                    token; rows needn't sum to 1.
                grid: rows and columns, N = rows * columns.
                patch: P, in pixels.

            Returns:
                (h,): the distance between the centres of query and key,
                $measured,
                averaged over the keys with the attention weights, then over all queries and images.
            """
            rows, columns = grid
            place = torch.cartesian_prod($sides).to(weights)  # (N, 2)
            distance = $length * torch.cdist(place, place)  # (N, N)
            shares = weights / weights.sum(dim=-1, keepdim=True)
            return (shares * distance).sum(dim=-1).mean(dim=$mean)
        ''',
    axes=(
        (
            Option({"measured": "in pixels", "length": "patch"}),
            Option(
                {
                    "measured": "as a share of the grid's diagonal, P * sqrt(rows² + columns²)",
                    "length": "1 / math.hypot(rows, columns)",
                },
                here="distances are shares of the grid's diagonal, not pixels",
                remedy="Divide by the length of the diagonal; then the size of a patch cancels out.",
                from_course=_of_the_diagonal,
                without="in-patches",
            ),
        ),
        (
            Option({"path": "row by row", "sides": "torch.arange(rows), torch.arange(columns)"}),
            Option(
                {"path": "column by column", "sides": "torch.arange(columns), torch.arange(rows)"},
                here="the patches are counted column by column, not row by row",
                remedy="Patch n stands in row n % rows and column n // rows.",
                to_course=lambda given: _by_columns(given, 1),
                to_variant=lambda given: _by_columns(given, 0),
                without="turned along-the-list",
            ),
        ),
        (
            Option({"layout": "(B, h, N, N)", "mean": "(0, 2)"}),
            Option(
                {"layout": "(h, B, N, N)", "mean": "(1, 2)"},
                here="the heads come before the images, (h, B, N, N), not behind them",
                remedy="Average over axis 1, the images, and keep axis 0.",
                to_course=on(lambda weights: weights.transpose(0, 1), "weights"),
                to_variant=on(lambda weights: weights.transpose(0, 1), "weights"),
            ),
        ),
    ),
    cases=cases.attention_on_grids,
    keep="in-patches manhattan squared chessboard turned along-the-list unweighted not-normalised ratio-of-sums "
    "mean-over-keys sum-over-queries strongest-only",
    told={
        "each-image": (
            "There is a number for each image and head.",
            "The mean over the images is missing.",
            "Average over the images as well: one number for each head.",
        ),
        "all-heads": (
            "There is one number for all heads.",
            "The heads were averaged too, and they are what the figure compares.",
            "Average over images and queries only.",
        ),
    },
    hints=(0,),
)
