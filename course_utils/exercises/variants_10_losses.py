"""Variants of exercises 10.5 and 10.6: the loss of the classes, and that of the boxes."""

from torch import Tensor

from course_utils.boxes import cxcywh_to_xyxy, paired_giou
from course_utils.exercises import cases_10 as cases
from course_utils.exercises.options import axes, backwards, on, out, shape
from course_utils.exercises.recipes import Option, Recipe
from course_utils.exercises.turns import Arguments
from course_utils.exercises.variants_10_matching import nothing_first, nothing_last
from course_utils.models.set_loss import Pairs


def _logits(letters: str, turn: str) -> Option:
    layout = shape(letters).replace("K", "C + 1")
    return Option(
        {"layout": layout, "prepare": f"logits = logits{turn}  # (B, Q, C + 1)"},
        here=f"the logits are {layout}, not (B, Q, C + 1)",
        remedy="Bring the axes of the logits into the order (B, Q, C + 1) first.",
        to_course=on(axes(letters, "BQK"), "logits"),
        to_variant=on(axes("BQK", letters), "logits"),
        without="not-flattened",
    )


CLASS = Recipe(
    id="10.5",
    source='''
        def class_loss(logits: Tensor, labels: Tensor, pairs: Pairs, no_object: float = 0.1) -> Tensor:
            """Compare each query's classes with its target's, or with "no object".

            $here

            Args:
                logits: $layout, "no object" $place.
                labels: (T,) of all targets of the batch, from 0 to C - 1, objects only.
                pairs: who was matched.
                no_object: weight of the queries that weren't; there are many of them.

            Returns:
                (): the cross-entropy, as a mean in which every query counts by its weight.
            """
            $prepare
            expected = torch.full(logits.shape[:2], $nothing)  # (B, Q)
            expected[pairs.images, pairs.queries] = labels[pairs.targets]$more
            weight = logits.new_ones(logits.shape[-1])  # of each class
            weight[$index] = no_object
            return F.cross_entropy(logits.flatten(0, 1), expected.flatten(), weight)
        ''',
    axes=(
        (
            Option({"place": "last", "nothing": "logits.shape[-1] - 1", "index": "-1", "more": ""}),
            Option(
                {"place": "first", "nothing": "0", "index": "0", "more": " + 1"},
                here='"no object" is the first of the classes in the logits, not the last, and label c stands at c + 1',
                remedy="Expect 0 of all queries first, and 1 more than the label of the matched ones.",
                to_course=on(nothing_last, "logits"),
                to_variant=on(nothing_first, "logits"),
                without="no-object-first zeros last-class",
            ),
        ),
        (
            Option({"layout": "(B, Q, C + 1)", "prepare": ""}),
            _logits("BKQ", ".mT"),
            _logits("QBK", ".transpose(0, 1)"),
        ),
    ),
    cases=cases.classes_and_pairs,
    keep="matched-only target-order images-ignored in-every-image no-object-first zeros last-class not-flattened "
    "nothing-there fixed-weight by-count by-targets sum image-by-image softmax-twice probability each-for-itself "
    "no-log-softmax",
    told={
        "no-weight": (
            "Queries without a target count as much as the others.",
            "`no_object` isn't used. Most queries have no target, so a network would learn to say nothing at all.",
            'Give `F.cross_entropy` a weight for each class: 1, and `no_object` for "no object", the $place.',
        ),
        "weight-on-the-objects": (
            'The objects\' classes have the small weight, and "no object" has 1.',
            "The two have changed places.",
            'All classes have 1, only "no object", the $place, has `no_object`.',
        ),
    },
    names={"Pairs": Pairs},
)


def _added_up(losses: object, given: Arguments) -> object:
    if not isinstance(losses, tuple):
        return losses
    return tuple(loss * len(given["targets"]) for loss in losses)


def _two_back(losses: object) -> object:
    return backwards(losses) if isinstance(losses, tuple) else losses


def _queries_first(boxes: Tensor) -> Tensor:
    return boxes.transpose(0, 1)


BOX = Recipe(
    id="10.6",
    source='''
        def box_loss(boxes: Tensor, targets: Tensor, pairs: Pairs) -> tuple[Tensor, Tensor]:
            """Compare the box of each matched query with its target's.

            $here

            Args:
                boxes: $layout predicted, cxcywh in 0..1.
                targets: (T, 4) of all targets of the batch, cxcywh too.
                pairs: who was matched.

            Returns:
                $returned, both as sums over the pairs$divided. `cxcywh_to_xyxy` and
                `paired_giou` are the lesson's.
            """
            found = boxes[$index]  # (P, 4)
            wanted = targets[pairs.targets]
            distance = (found - wanted).abs().sum()$by
            giou = paired_giou(cxcywh_to_xyxy(found), cxcywh_to_xyxy(wanted))
            apart = (1 - giou).sum()$by
            return $pair
        ''',
    axes=(
        (
            Option({"divided": ", divided by T", "by": " / len(targets)"}),
            Option(
                {"divided": "", "by": ""},
                here="the sums over the pairs aren't divided by anything",
                remedy="Leave the division by T out.",
                from_course=_added_up,
                without="mean-of-all mean-divided-again not-divided by-pairs by-images by-three one-minus-sum",
            ),
        ),
        (
            Option({"layout": "(B, Q, 4)", "index": "pairs.images, pairs.queries"}),
            Option(
                {"layout": "(Q, B, 4)", "index": "pairs.queries, pairs.images"},
                here="the boxes are (Q, B, 4), the queries before the images, not (B, Q, 4)",
                remedy="Index the boxes with the queries first.",
                to_course=on(_queries_first, "boxes"),
                to_variant=on(_queries_first, "boxes"),
            ),
        ),
        (
            Option({"returned": "() twice, the L1 distance and 1 - GIoU", "pair": "distance, apart"}),
            Option(
                {"returned": "() twice, 1 - GIoU and the L1 distance", "pair": "apart, distance"},
                here="1 - GIoU comes first and the L1 distance second, not the other way round",
                remedy="Return the loss of the GIoU first.",
                from_course=out(_two_back),
                without="order giou minus-giou",
            ),
        ),
    ),
    cases=cases.boxes_and_pairs,
    keep="mean-of-four mean-of-all squares euclidean distance-of-corners cxcywh-as-corners giou minus-giou iou "
    "all-with-all not-divided by-pairs by-images target-order weighted order",
    told={
        "images-ignored": (
            "All boxes are taken from the first images.",
            "`pairs.queries` counts within an image, and the images weren't used.",
            "Index with both: `boxes[$index]`.",
        ),
    },
    names={"Pairs": Pairs, "cxcywh_to_xyxy": cxcywh_to_xyxy, "paired_giou": paired_giou},
)

LOSSES = (CLASS, BOX)
