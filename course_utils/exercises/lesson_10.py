"""Lesson 10's exercises: boxes, the matching and its cost, the two losses, DETR's encoder layer, and its score."""

from course_utils import average_precision, boxes
from course_utils.exercises import alternatives_10 as alternatives
from course_utils.exercises import cases_10 as cases
from course_utils.exercises import mistakes_10_assignment as assignment
from course_utils.exercises import mistakes_10_box as box
from course_utils.exercises import mistakes_10_class as naming
from course_utils.exercises import mistakes_10_class_mean as mean
from course_utils.exercises import mistakes_10_cost as cost
from course_utils.exercises import mistakes_10_cost_boxes as cost_boxes
from course_utils.exercises import mistakes_10_giou as giou
from course_utils.exercises import mistakes_10_iou as iou
from course_utils.exercises import mistakes_10_places as places
from course_utils.exercises import mistakes_10_precision as precision
from course_utils.exercises import mistakes_10_sums as sums
from course_utils.exercises.registry import Exercise
from course_utils.models import detr, matching, set_loss

EXERCISES = (
    Exercise(
        id="10.1",
        reference=boxes.box_iou,
        cases=cases.boxes_in_corners,
        mistakes=iou.IOU,
        hints=(
            "What two boxes share is a box too. Where does it begin, and where does it end?",
            "It begins at the later of both upper left corners: `torch.maximum(first[:, None, :2], second[:, :2])` is "
            "(N, M, 2). It ends at the earlier of both lower right ones. Where it ends before it begins, nothing is "
            "shared.",
            "`(lower_right - upper_left).clamp(min=0)`, and the product of its two numbers. The union is "
            "`box_area(first)[:, None] + box_area(second)`, less that.",
        ),
        minutes=7,
        difficulty=2,
        alternatives=alternatives.IOU,
    ),
    Exercise(
        id="10.2",
        reference=boxes.generalized_box_iou,
        cases=cases.boxes_in_corners,
        mistakes=giou.GIOU,
        hints=(
            "The box around two boxes begins at the first of their beginnings, and ends at the last of their ends.",
            "With both as `all_pairs` returns them: `torch.minimum` of the upper left corners, `torch.maximum` of "
            "the lower right ones, and `box_area` of the two put together.",
            "IoU is `ratio(intersection, union)`. What neither covers is `around - union`; its share is divided by "
            "`around`.",
        ),
        minutes=6,
        difficulty=2,
        alternatives=alternatives.GIOU,
    ),
    Exercise(
        id="10.3",
        reference=matching.match_by_brute_force,
        cases=cases.costs,
        mistakes=assignment.ASSIGNMENT,
        hints=(
            "For N <= M: list all ways of giving N rows different columns, and keep the one with the lowest sum.",
            "`min(itertools.permutations(range(M), N), key=...)`, with `assignment_cost(cost, columns)` as the key. "
            "The rows are `torch.arange(N)`.",
            "For N > M call the function with `cost.T`: what it returns are columns, in order, and the row of each. "
            "`rows.argsort()` brings both into the order of the rows.",
        ),
        minutes=8,
        difficulty=3,
        alternatives=alternatives.ASSIGNMENT,
        differentiable=False,
    ),
    Exercise(
        id="10.4",
        reference=matching.matching_cost,
        cases=cases.queries_and_targets,
        mistakes=cost.COST + cost_boxes.BOXES,
        hints=(
            "Three tables (Q, T), one for each part; then their weighted sum. Which of the parts are good when large?",
            "`probability[:, labels]` picks a column for each target. `boxes[:, None] - targets` is (Q, T, 4).",
            'The softmax runs over the last axis, with "no object". GIoU wants corners, so it gets '
            "`cxcywh_to_xyxy(boxes)` and the same of the targets. Probability and GIoU are taken off.",
        ),
        minutes=8,
        difficulty=3,
        alternatives=alternatives.COST,
    ),
    Exercise(
        id="10.5",
        reference=set_loss.class_loss,
        cases=cases.classes_and_pairs,
        mistakes=naming.EXPECTED + mean.MEAN,
        hints=(
            "First make the right answers, (B, Q): what should a query say that nobody was matched with?",
            '`torch.full((B, Q), C)` says "no object" everywhere. `expected[pairs.images, pairs.queries]` are the '
            "matched ones; the labels come from `labels[pairs.targets]`.",
            "The weights are C + 1 numbers: 1, and `no_object` at the end. `F.cross_entropy(logits.flatten(0, 1), "
            "expected.flatten(), weight)` does the rest.",
        ),
        minutes=8,
        difficulty=3,
        alternatives=alternatives.CLASS,
    ),
    Exercise(
        id="10.6",
        reference=set_loss.box_loss,
        cases=cases.boxes_and_pairs,
        mistakes=box.BOX,
        hints=(
            "First make two lists (P, 4): what the matched queries found, and what they should have found.",
            "`boxes[pairs.images, pairs.queries]` and `targets[pairs.targets]`. L1 uses them as they are.",
            "`paired_giou` wants `cxcywh_to_xyxy` of both, and gives (P,). Add up 1 - GIoU, add up the absolute "
            "differences, and divide both by `len(targets)`.",
        ),
        minutes=5,
        difficulty=2,
        alternatives=alternatives.BOX,
    ),
    Exercise(
        id="10.7",
        reference=detr.EncoderLayer,
        cases=cases.cells_and_positions,
        mistakes=places.PLACES + sums.SUMS,
        hints=(
            "`__init__` makes `encoder_self = CrossAttention(width, heads)`, `mlp = feed_forward(width, hidden, width)`"
            " and two norms over the width.",
            "Queries and keys are made of `cells + positions`, the values of `cells`: give the sum a name of its own, "
            "and leave `cells` as they are.",
            "`self.norm1(cells + mixed)` is what the MLP reads, and what its result is added to; `norm2` comes last. "
            "The mask is attention's fourth argument.",
        ),
        minutes=8,
        difficulty=3,
        alternatives=alternatives.ENCODER,
    ),
    Exercise(
        id="10.8",
        reference=average_precision.precision_curve,
        cases=cases.ranked_detections,
        mistakes=precision.PRECISION,
        hints=(
            "Write a small list of right and wrong ones, the surest first, and below each how many were right so far. "
            "What is recall there, and what is precision?",
            "With `found = right[surest_first(scores)].double().cumsum(dim=0)`: recall divides by `truths`, precision "
            "by 1, 2, 3 ... up to D. `cummax` of the flipped precisions, flipped back, is the highest from there on.",
            "`torch.searchsorted(recall, RECALLS)` is the first place that reaches each recall, or D if none does: put "
            "a 0 behind the highest precisions, `F.pad(highest, (0, 1))`, and index.",
        ),
        minutes=8,
        difficulty=4,
        alternatives=alternatives.CURVE,
        differentiable=False,
    ),
)
