"""What the options of many recipes have in common: changes of single arguments, orders of axes, kinds of masks."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.exercises.recipes import Option
from course_utils.exercises.turns import Arguments


def on(change: Callable, *names: str) -> Callable[[Arguments], Arguments]:
    """Return a turn that changes the arguments with these names, where they are given."""
    return lambda given: {
        name: change(value) if name in names and value is not None else value for name, value in given.items()
    }


def out(change: Callable) -> Callable[[object, Arguments], object]:
    """Return a turn that changes the output, whatever the arguments were."""
    return lambda output, _: change(output)


def axes(before: str, after: str) -> Callable[[Tensor], Tensor]:
    """Return what brings axes, a letter for each, from one order into another one."""
    order = [before.index(letter) for letter in after]
    return lambda tensor: tensor.permute(order)


def shape(letters: str) -> str:
    """Return the shape that letters stand for, as a text: (B, N, D) for "BND"."""
    return f"({', '.join(letters)})"


def permutation(before: str, after: str) -> str:
    """Return the numbers that `permute` takes from one order of axes to another one, as a text."""
    return ", ".join(str(before.index(letter)) for letter in after)


def backwards(pair: tuple) -> tuple:
    """Return what a function returns in the opposite order."""
    return pair[::-1]


def rest(share: float) -> float:
    """Return what a share, 0 to 1, leaves."""
    return 1 - share


def _to_added(mask: Tensor) -> Tensor:
    return torch.zeros(mask.shape, dtype=torch.float64).masked_fill(~mask, -math.inf)


# what `mask` means: the words are for who hides with it, "looks" for who hands it on to the course's attention
MASKS = (
    Option(
        {
            "mask": "of bool, True where the query may look",
            "hidden": "scores.masked_fill(~mask, -math.inf)",
            "looks": "mask",
            "inverted": "Here True means that the query may look; your code hides the places where the mask is True.",
            "unhide": "Hide the places where the mask is False.",
        }
    ),
    Option(
        {
            "mask": "of bool, True where the query must not look",
            "hidden": "scores.masked_fill(mask, -math.inf)",
            "looks": "None if mask is None else ~mask",
            "inverted": "Here True means that the query must not look; your code hides the places where it is False.",
            "unhide": "Hide the places where the mask is True.",
        },
        here="the mask is True where a query must not look, not where it may",
        remedy="Hide the places where the mask is True.",
        to_course=on(torch.logical_not, "mask"),
        to_variant=on(torch.logical_not, "mask"),
    ),
    Option(
        {
            "mask": "of numbers, 0 where the query may look and -inf where it must not",
            "hidden": "scores + mask",
            "looks": "None if mask is None else mask == 0",
            "inverted": "Here 0 means that the query may look; your code hides the places where the mask is 0.",
            "unhide": "Hide the places where the mask is -inf.",
        },
        here="the mask holds numbers to be added to the scores, 0 or -inf, not True and False",
        remedy="Add the mask to the scores, before the softmax.",
        to_course=on(lambda mask: mask == 0, "mask"),
        to_variant=on(_to_added, "mask"),
        without="mask-times-scores",
    ),
)
MASK_TOLD = {
    "mask-ignored": (
        "The result is right without a mask, and a given mask changes nothing.",
        "The mask is not used, so every query still sees the keys that it must not see.",
        "If there is a mask, let it hide scores before the softmax.",
    ),
    "mask-inverted": (
        "Queries look exactly where the mask forbids it, and nowhere else.",
        "$inverted",
        "$unhide",
    ),
}
