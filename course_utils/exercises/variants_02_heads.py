"""Variants of exercises 2.6 and 2.7: tokens cut into heads, and put together again."""

from torch import Tensor

from course_utils.exercises import cases_02 as cases
from course_utils.exercises.options import axes, on, out, permutation, shape
from course_utils.exercises.recipes import Option, Recipe
from course_utils.exercises.turns import Arguments


def _dealt_in(given: Arguments) -> Arguments:
    h = given["heads"]
    return {**given, "tokens": given["tokens"].unflatten(-1, (-1, h)).mT.flatten(-2)}


def _dealt_out(given: Arguments) -> Arguments:
    h = given["heads"]
    return {**given, "tokens": given["tokens"].unflatten(-1, (h, -1)).mT.flatten(-2)}


def _order(letters: str, *, inputs: bool) -> Option:
    turns = {"from_course": out(axes("BhNd", letters))}
    if inputs:
        turns = {
            "to_course": on(axes(letters, "BhNd"), "tokens"),
            "to_variant": on(axes("BhNd", letters), "tokens"),
        }
    what = "what comes in" if inputs else "the result"
    return Option(
        {"order": letters, "shape": shape(letters)},
        here=f"{what} is {shape(letters)}, not (B, h, N, d)",
        remedy=f"Write down the axes as they are, and find the order for {shape(letters)}.",
        **turns,
    )


def _exchanged(letters: str, pair: str) -> str:
    return shape(letters.translate(str.maketrans(pair, pair[::-1])))


def _split_words(words: dict[str, str]) -> dict[str, str]:
    order, dealt = words["order"], words["cut"] == "BNdh"
    exchanged = {name: _exchanged(order, pair) for name, pair in (("hN", "hN"), ("Nd", "Nd"), ("Bh", "Bh"))}
    own = {"(B, h, N, d)": {"hBNd": "heads-before-batch", "BhdN": "numbers-before-tokens"}.get(order, "")}
    without = "every-hth" if dealt and order == "BhNd" else "" if dealt else own["(B, h, N, d)"]
    return exchanged | {"permute": permutation(words["cut"], order), "without": without}


IN_ORDER = "Each axis is there, but two of them stand in each other's place."
SPLIT = Recipe(
    id="2.6",
    source='''
        def split_heads(tokens: Tensor, heads: int) -> Tensor:
            """Cut the width of every token into heads.

            $here

            Args:
                tokens: (B, N, D).
                heads: h, a divisor of D.

            Returns:
                $shape with d = D/h: $numbers.
            """
            B, N, D = tokens.shape
            return tokens.view(B, N, $sizes).permute($permute)  # $shape
        ''',
    axes=(
        (
            Option(
                {
                    "cut": "BNhd",
                    "sizes": "heads, D // heads",
                    "numbers": "head 0 has the first d numbers of every token, head 1 the next d, and so on",
                    "wrong": "every h-th number of a token, not d neighbouring ones",
                    "pair": "(h, d)",
                }
            ),
            Option(
                {
                    "cut": "BNdh",
                    "sizes": "D // heads, heads",
                    "numbers": "head k has the numbers k, k + h, k + 2h ... of every token",
                    "wrong": "d neighbouring numbers of a token, not every h-th one",
                    "pair": "(d, h)",
                },
                here="the numbers of a token are dealt out to the heads in turn, not cut into h blocks",
                remedy="Cut the width into (d, h), so that the heads run fastest.",
                to_course=_dealt_in,
                to_variant=_dealt_out,
            ),
        ),
        (
            Option({"order": "BhNd", "shape": "(B, h, N, d)"}),
            _order("hBNd", inputs=False),
            _order("BhdN", inputs=False),
        ),
    ),
    cases=cases.tokens_and_heads,
    told={
        "view-only": (
            "The heads hold pieces of the wrong tokens.",
            "The numbers were only counted off in their old order, with the heads in front of the tokens.",
            "Cut the last axis in two first, and move axes only then.",
        ),
        "every-hth": (
            "Each head has $wrong.",
            "The width is cut into its two parts in the wrong order.",
            "Cut the width into $pair: here $numbers.",
        ),
        "heads-after-tokens": ("The result is $hN: heads and tokens have changed places.", IN_ORDER, "Make it $shape."),
        "numbers-before-tokens": (
            "The result is $Nd: tokens and numbers have changed places.",
            IN_ORDER,
            "Make it $shape.",
        ),
        "heads-before-batch": ("The result is $Bh: batch and heads have changed places.", IN_ORDER, "Make it $shape."),
        "turned-before-cut": (
            "Each head mixes numbers of different tokens.",
            "Tokens and width were transposed before the width was cut, so the cut runs across the tokens.",
            "Cut the width into $pair first, and move axes after that.",
        ),
    },
    derive=_split_words,
)


def _interleaved(tokens: Tensor, given: Arguments) -> Tensor:
    """Let the heads run fastest in (B, N, h * d); what has another width stays."""
    _, h, _, d = given["tokens"].shape
    return tokens.unflatten(-1, (h, d)).mT.flatten(-2) if tokens.shape[-1] == h * d and tokens.ndim == 3 else tokens


MERGE = Recipe(
    id="2.7",
    source='''
        def merge_heads(tokens: Tensor) -> Tensor:
            """Put the heads of every token together again.

            $here

            Args:
                tokens: $shape.

            Returns:
                (B, N, h * d): $numbers.
            """
            return tokens.permute($permute).flatten(start_dim=2)  # (B, N, $joined)
        ''',
    axes=(
        (
            Option(
                {
                    "cut": "BNhd",
                    "joined": "h * d",
                    "numbers": "all d numbers of head 0, then all of head 1, and so on",
                    "wrong": "The heads are interleaved: first number 0 of every head, then number 1 of every head.",
                    "pair": "(h, d)",
                }
            ),
            Option(
                {
                    "cut": "BNdh",
                    "joined": "d * h",
                    "numbers": "number 0 of every head, then number 1 of every head, and so on",
                    "wrong": "The heads stand one after another, each with all its numbers.",
                    "pair": "(d, h)",
                },
                here="the heads are interleaved: number 0 of every head comes first, not all numbers of head 0",
                remedy="Join the axes in the order (d, h), so that the heads run fastest.",
                from_course=_interleaved,
            ),
        ),
        (
            Option({"order": "BhNd", "shape": "(B, h, N, d)"}),
            _order("hBNd", inputs=True),
            _order("BhdN", inputs=True),
        ),
    ),
    cases=cases.split_tokens,
    keep="not-joined",
    told={
        "reshape-only": (
            "The shape is right, but a token's row holds numbers of other tokens.",
            "A reshape only counts the numbers off in their old order, head by head.",
            "Bring the axes into the order B, N, $pair before you join the last two.",
        ),
        "heads-fastest": ("$wrong", "The last two axes were joined in the wrong order.", "Join them as $pair."),
        "last-two-turned": (
            "The shape is right, but the numbers of different tokens are mixed.",
            "Tokens and numbers changed places before the axes were joined.",
            "Bring the axes into the order B, N, $pair before you join the last two.",
        ),
        "sum-of-heads": (
            "The result is (B, N, d): the heads are added up.",
            "A sum makes one head of all, and what each of them found can't be told apart any more.",
            "Keep all numbers, h * d of them.",
        ),
        "mean-of-heads": (
            "The result is (B, N, d): the heads are averaged.",
            "A mean melts what each head has found into one.",
            "Keep all numbers, h * d of them.",
        ),
        "one-below-another": (
            "The result is (B, h·N, d): the heads come one below the other, as if they were more tokens.",
            "Heads were joined with tokens instead of with numbers.",
            "Bring the heads next to the numbers first, and join these two axes.",
        ),
    },
    derive=lambda words: {
        "permute": permutation(words["order"], words["cut"]),
        "without": "heads-fastest" if (words["cut"], words["order"]) == ("BNdh", "BhNd") else "",
    },
)

HEADS = (SPLIT, MERGE)
