"""Variants of exercise 6.5: mixed images and targets."""

from torch import Tensor

from course_utils.exercises import cases_06 as cases
from course_utils.exercises.options import backwards, on, out, rest
from course_utils.exercises.recipes import Option, Recipe


def _inverse(order: Tensor) -> Tensor:
    return order.argsort()


# mistakes that come to the lesson's own version, by what differs from the lesson
SAME_AS_OWN = {
    ("1 - share", "order", "mixed, labels"): "share-of-the-partner",
    ("share", "order.argsort()", "mixed, labels"): "order-inverted",
}
MIXUP = Recipe(
    id="6.5",
    source='''
        def mixup(images: Tensor, targets: Tensor, order: Tensor, share: float) -> tuple[Tensor, Tensor]:
            """Mix every image with another one of its batch, and their targets alike.

            $here

            Args:
                images: (B, C, H, W).
                targets: (B, classes), each row summing to 1.
                order: (B,) of int64; $pairing.
                share: 0 to 1, the part of $whose in the mixture.

            Returns:
                $returned. At b stands the mixture of image b and its partner.
                After Zhang et al. 2018, equation 1.
            """
            own, partner = $own, $partner
            mixed = own * images + (1 - own) * images[partner]
            labels = own * targets + (1 - own) * targets[partner]
            return $pair
        ''',
    axes=(
        (
            Option({"whose": "image b itself", "own": "share"}),
            Option(
                {"whose": "the partner", "own": "1 - share"},
                here="`share` is the part of the partner, not of the image itself",
                remedy="Give `share` to the partner, in images and targets.",
                to_course=on(rest, "share"),
                to_variant=on(rest, "share"),
            ),
        ),
        (
            Option({"pairing": "the partner of image b is image order[b]", "partner": "order"}),
            Option(
                {"pairing": "image b is the partner of image order[b]", "partner": "order.argsort()"},
                here="image b is the partner of image order[b], not the other way round",
                remedy="Find for each image who has it in `order`: `argsort` turns an order round.",
                to_course=on(_inverse, "order"),
                to_variant=on(_inverse, "order"),
            ),
        ),
        (
            Option({"returned": "Images (B, C, H, W) and targets (B, classes)", "pair": "mixed, labels"}),
            Option(
                {"returned": "Targets (B, classes) and images (B, C, H, W)", "pair": "labels, mixed"},
                here="the targets come first and the images second, not the other way round",
                remedy="Return the targets first.",
                from_course=out(backwards),
            ),
        ),
    ),
    cases=cases.batches_to_mix,
    keep="images-only targets-only targets-of-others winner-takes-all",
    told={
        "another-share-for-targets": (
            "Pictures and targets are mixed with opposite shares.",
            "The picture that is hardly seen gets the larger target.",
            "Use the same parts in both.",
        ),
        "share-of-the-partner": (
            "Picture and partner have each other's part.",
            "`share` is the part of $whose.",
            "Change the two factors over, in images and targets.",
        ),
        "half-and-half": (
            "Both always have the same part.",
            "`share` plays no part.",
            "Give one of them `share` and the other one `1 - share`.",
        ),
        "added": (
            "The partner is added, and the picture itself keeps its full strength.",
            "The sum of the shares is more than 1.",
            "Let the picture itself have only its own part.",
        ),
        "same-factor-for-both": (
            "Both are multiplied by the same factor.",
            "The one's part is what the other leaves.",
            "Give one of them `share` and the other one `1 - share`.",
        ),
        "order-ignored": (
            "Every picture is mixed with its successor in the batch.",
            "`order` plays no part.",
            "It says who meets whom: $pairing.",
        ),
        "order-inverted": (
            "The partners are found the wrong way round.",
            "Two orders undo each other, and it was the other one.",
            "Here $pairing.",
        ),
    },
    derive=lambda words: {"without": SAME_AS_OWN.get((words["own"], words["partner"], words["pair"]), "")},
)
