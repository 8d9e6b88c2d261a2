"""Lesson 3's variants: a convolution at one position, attention to a neighbourhood, there and everywhere."""

from course_utils.exercises import cases_03 as cases
from course_utils.exercises.options import axes, on, out, shape
from course_utils.exercises.recipes import Option, Recipe
from course_utils.models.local_attention import inside, local_scores, weigh_shifts

CONVOLVE = Recipe(
    id="3.2",
    source='''
        def convolve_at(image: Tensor, kernel: Tensor, row: int, column: int) -> Tensor:
            """Compute a convolution at one position: every filter's inner product with the receptive field.

            $here

            Args:
                image: $image; pixels outside it count as 0.
                kernel: $kernel, D filters; K is odd.
                row, column: where, counted along H and W.

            Returns:
                (D,): sums over the channels and the K x K field whose centre is there;
                $meets.
            """
            side = kernel.shape[$side]
            padded = F.pad($first, [side // 2] * 4)  # (C, H + K - 1, W + K - 1)
            field = padded[:, row : row + side, column : column + side]  # (C, K, K)
            return ($filters * field).sum(dim=(1, 2, 3))
        ''',
    axes=(
        (
            Option(
                {
                    "turn": "",
                    "meets": "the first entry of a filter meets the first pixel of the field",
                    "wrong": "The kernel is turned upside down and left to right.",
                    "remedy": "Multiply the first entry of a filter with the first pixel of the field.",
                }
            ),
            Option(
                {
                    "turn": ".flip(2, 3)",
                    "meets": "the first entry of a filter meets the last pixel of the field",
                    "wrong": "The kernel isn't turned: this is a cross-correlation.",
                    "remedy": "Multiply the first entry of a filter with the last pixel of the field.",
                },
                here="it is the convolution of mathematics: the kernel is turned upside down and left to right, not "
                "used as it is",
                remedy="Flip both sides of the kernel.",
                to_course=on(lambda kernel: kernel.flip(2, 3), "kernel"),
                to_variant=on(lambda kernel: kernel.flip(2, 3), "kernel"),
            ),
        ),
        (
            Option({"image": "(C, H, W)", "first": "image"}),
            Option(
                {"image": "(H, W, C)", "first": "image.permute(2, 0, 1)"},
                here="the image is (H, W, C), not (C, H, W)",
                remedy="Bring the channels of the image to the front.",
                to_course=on(axes("HWC", "CHW"), "image"),
                to_variant=on(axes("CHW", "HWC"), "image"),
            ),
        ),
        (
            Option({"kernel": "(D, C, K, K)", "side": "-1", "order": ""}),
            Option(
                {"kernel": "(K, K, C, D)", "side": "0", "order": ".permute(3, 2, 0, 1)"},
                here="the filters are (K, K, C, D), not (D, C, K, K)",
                remedy="Bring the axes of the filters into the order of the lesson.",
                to_course=on(axes("KLCD", "DCKL"), "kernel"),
                to_variant=on(axes("DCKL", "KLCD"), "kernel"),
            ),
        ),
    ),
    cases=cases.images_and_kernels,
    keep="corner-instead-of-centre corner-not-padded padded-by-side not-padded kernel-transposed first-channel "
    "mean-of-channels mean channels-kept sums-multiplied",
    told={
        "row-and-column-swapped": (
            "Row and column have changed places.",
            "The rows of an image are counted along H, its columns along W.",
            "Slice the axis of size H with the row and that of size W with the column.",
        ),
        "flipped": (
            "$wrong",
            "Deep learning leaves the kernel as it is, the convolution of mathematics turns it.",
            "$remedy",
        ),
    },
    hints=(0,),
    derive=lambda words: {
        "filters": "kernel" + words["order"] + words["turn"],
        "without": "flipped" if (words["first"], words["order"]) == ("image", "") and words["turn"] else "",
    },
)


def _heads(letters: str, move: str, back: str, *, output: bool) -> Option:
    """Return an option in which queries, keys and values have their axes in another order, and so may the result."""
    every = "queries, keys, values and the result" if output else "queries, keys and values"
    turns = {"from_course": out(axes("BhdHW", letters))} if output else {}
    return Option(
        {
            "features": shape(letters),
            "move": move,
            "back": back,
            "prepare": f"query, key, value = (each{move} for each in (query, key, value))  # (B, h, d, H, W)",
        },
        here=f"{every} are {shape(letters)}, not (B, h, d, H, W)",
        remedy=f"Look where {shape(letters)} has its d numbers, its rows and its columns.",
        to_course=on(axes(letters, "BhdHW"), "query", "key", "value"),
        to_variant=on(axes("BhdHW", letters), "query", "key", "value"),
        **turns,
    )


PLAIN = Option({"features": "(B, h, d, H, W)", "move": "", "back": "", "prepare": ""})
CHANNELS_LAST = ("BHWhd", ".permute(0, 3, 4, 1, 2)", ".permute(0, 3, 4, 1, 2)")
NUMBERS_LAST = ("BhHWd", ".movedim(-1, 2)", ".movedim(2, -1)")

ATTEND = Recipe(
    id="3.3",
    source='''
        def attend_at(query: Tensor, key: Tensor, value: Tensor, side: int, row: int, column: int) -> Tensor:
            """Let one position attend to its neighbourhood: the query from the centre, keys and values from all of it.

            $here

            Args:
                query, key, value: $features.
                side: K, odd.
                row, column: where, counted along H and W.

            Returns:
                $result.
                Neighbours outside the image don't exist. Scores are divided by sqrt(d).
            """
            reach = side // 2
            rows = slice(max(0, row - reach), row + reach + 1)
            columns = slice(max(0, column - reach), column + reach + 1)
            keys = key$move[..., rows, columns].flatten(start_dim=-2)  # (B, h, d, neighbours)
            values = value$move[..., rows, columns].flatten(start_dim=-2)
            centre = query$move[..., row, column, None]  # (B, h, d, 1)
            weights = ((centre * keys).sum(dim=2) / math.sqrt(keys.shape[2])).softmax(dim=-1)
            return (weights[:, :, None] * values).sum(dim=-1)$join
        ''',
    axes=(
        (
            Option({"result": "(B, h, d)", "join": ""}),
            Option(
                {"result": "(B, h * d): all d numbers of head 0, then all of head 1, and so on", "join": ".flatten(1)"},
                here="the heads of the result are joined, (B, h * d), not (B, h, d)",
                remedy="Put the heads side by side at the end.",
                from_course=out(lambda mixed: mixed.flatten(1)),
            ),
        ),
        (PLAIN, _heads(*CHANNELS_LAST, output=False), _heads(*NUMBERS_LAST, output=False)),
    ),
    cases=cases.positions,
    keep="padding-attended negative-start last-left-out side-as-reach own-queries swapped centre-value key-as-value "
    "no-scale scale-by-d no-softmax row-by-row number-by-number heads-together",
    hints=(0, 1),
)

EVERYWHERE = Recipe(
    id="3.5",
    source='''
        def local_attention(
            query: Tensor,
            key: Tensor,
            value: Tensor,
            side: int,
            relative: Tensor | None = None,
            *,
            padding_counts: bool = False,
        ) -> Tensor:
            """Let every position attend to its neighbourhood: K^2 shifts of the image.

            $here

            Args:
                query, key, value: $features.
                side: K, odd.
                relative: $relative, or the same with 1 for h; added to the scaled keys. None for none.
                padding_counts: also attend to zeros outside the image.

            Returns:
                $features. `inside`, `local_scores` and `weigh_shifts` are the lesson's, and want its order of axes.
            """
            $prepare
            $moved
            scores = local_scores(query, key, side, relative)  # (K * K, B, h, H, W)
            if not padding_counts:
                exists = inside(*scores.shape[-2:], side)[:, None, None]  # (K * K, 1, 1, H, W)
                scores = scores.masked_fill(~exists, -math.inf)
            return weigh_shifts(scores.softmax(dim=0), value, side)$back
        ''',
    axes=(
        (
            Option({"relative": "(h, d, K, K)", "moved": ""}),
            Option(
                {
                    "relative": "(h, K, K, d)",
                    "moved": "relative = None if relative is None else relative.movedim(-1, 1)",
                },
                here="the relative positions are (h, K, K, d), not (h, d, K, K)",
                remedy="Move the d numbers of the relative positions behind the heads.",
                to_course=on(lambda relative: relative.movedim(-1, 1), "relative"),
                to_variant=on(lambda relative: relative.movedim(1, -1), "relative"),
            ),
        ),
        (PLAIN, _heads(*CHANNELS_LAST, output=True), _heads(*NUMBERS_LAST, output=True)),
    ),
    cases=cases.neighbourhoods_to_attend_to,
    keep="mask-forgotten mask-inverted masked-with-0 mask-without-axes padding-never-counts padding-counts-inverted "
    "over-heads over-the-batch over-columns scaled-twice swapped key-as-value relative-ignored relative-scaled",
    names={"inside": inside, "local_scores": local_scores, "weigh_shifts": weigh_shifts},
    hints=(0, 1, 2),
)

RECIPES = (CONVOLVE, ATTEND, EVERYWHERE)
