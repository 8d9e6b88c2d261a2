"""Lesson 4's variants: pixels one after another, an image cut into patches, and put together again."""

from torch import Tensor

from course_utils.exercises import cases_04 as cases
from course_utils.exercises.options import backwards, on, out
from course_utils.exercises.recipes import Option, Recipe
from course_utils.exercises.variants_04_patches import PATCHES


def _turned(pixels: Tensor) -> Tensor:
    return pixels.mT


def _last_first(pixels: Tensor) -> Tensor:
    return pixels.flip(1, 2)


NEXT = Recipe(
    id="4.1",
    source='''
        def next_pixel(pixels: Tensor, start: int) -> tuple[Tensor, Tensor]:
            """Make what a model reads, and what it must predict.

            $here

            Args:
                pixels: (B, R, R) of whole numbers.
                start: the number that stands for "the image begins".

            Returns:
                $returned, both (B, R * R), in the order in which the image is read: $path,
                $first pixel first. The input at each place is the pixel read before the target there; at the
                beginning it is `start`.
            """
            targets = pixels$turn.flatten(start_dim=1)$flip
            first = torch.full_like(targets[:, :1], start)
            inputs = torch.cat([first, targets[:, :-1]], dim=1)
            return $pair
        ''',
    axes=(
        (
            Option({"path": "row by row", "turn": "", "wrong": "column by column", "line": "row"}),
            Option(
                {"path": "column by column", "turn": ".mT", "wrong": "row by row", "line": "column"},
                here="the image is read column by column, not row by row",
                remedy="Let rows and columns change places before you flatten.",
                to_course=on(_turned, "pixels"),
                to_variant=on(_turned, "pixels"),
            ),
        ),
        (
            Option({"first": "the first", "flip": ""}),
            Option(
                {"first": "the last", "flip": ".flip(1)"},
                here="the image is read backwards, from its last pixel to its first, not from the first",
                remedy="Turn the sequence of pixels round before you shift it.",
                to_course=on(_last_first, "pixels"),
                to_variant=on(_last_first, "pixels"),
            ),
        ),
        (
            Option({"returned": "inputs and targets", "pair": "inputs, targets"}),
            Option(
                {"returned": "targets and inputs", "pair": "targets, inputs"},
                here="the targets come first and the inputs second, not the other way round",
                remedy="Return the targets first.",
                from_course=out(backwards),
            ),
        ),
    ),
    cases=cases.grey_images,
    keep="not-shifted first-replaced wrapped-across-images across-images one-too-many first-dropped",
    told={
        "pixel-after": (
            "The inputs are shifted the wrong way, with `start` at the end.",
            "The input is the pixel read after the target, so the model has to predict what it has passed already.",
            "Compare place 1 of both: the input there must be the pixel that is read first.",
        ),
        "wrapped": (
            "The first input is the pixel of the same image that is read last.",
            "`roll` brings what it pushes out at the end back in at the front. The model would know the end.",
            "The pixel that is read last is never an input; something else stands at the front.",
        ),
        "by-columns": (
            "The pixels come $wrong.",
            "Rows and columns stand in the wrong order when the image is flattened.",
            "The axis that is flattened last runs fastest: read $path.",
        ),
        "start-in-every-row": (
            "`start` stands at the beginning of every $line of the image.",
            "The lines were shifted one by one, so the last pixel of a $line never is an input.",
            "Make one sequence of the whole image first, and then shift it once.",
        ),
        "start-in-the-targets": (
            "The targets begin with `start`.",
            "They were shifted together with the inputs, so both are the same again.",
            "Leave the targets as they are, all pixels in the order in which they are read; shift only the inputs.",
        ),
    },
    hints=(0,),
    derive=lambda words: {
        "without": "by-columns" if (words["turn"], words["flip"], words["pair"][0]) == (".mT", "", "i") else ""
    },
)

RECIPES = (NEXT, *PATCHES)
