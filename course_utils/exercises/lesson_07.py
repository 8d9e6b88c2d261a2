"""Lesson 7's exercises: softened probabilities, three losses, a second token and a second head, shared mistakes."""

from course_utils import scores
from course_utils.exercises import alternatives_07 as alternatives
from course_utils.exercises import cases_07 as cases
from course_utils.exercises import mistakes_07_blocks as blocks
from course_utils.exercises import mistakes_07_distilled as distilled
from course_utils.exercises import mistakes_07_divergence as divergence
from course_utils.exercises import mistakes_07_halves as halves
from course_utils.exercises import mistakes_07_hard as hard
from course_utils.exercises import mistakes_07_heads as heads
from course_utils.exercises import mistakes_07_measures as measures
from course_utils.exercises import mistakes_07_modes as modes
from course_utils.exercises import mistakes_07_positions as positions
from course_utils.exercises import mistakes_07_scale as scale
from course_utils.exercises import mistakes_07_shared as shared
from course_utils.exercises import mistakes_07_soft as soft
from course_utils.exercises import mistakes_07_soften as softened
from course_utils.exercises import mistakes_07_tokens as tokens
from course_utils.exercises.registry import Exercise
from course_utils.models import deit, distillation

EXERCISES = (
    Exercise(
        id="7.1",
        reference=distillation.soften,
        cases=cases.logits_to_soften,
        mistakes=softened.SOFTEN,
        hints=(
            "A softmax makes small differences of the logits into nearly equal probabilities. How do you make all "
            "differences smaller?",
            "Divide the logits by the temperature first; the classes are the last axis, however many there are before.",
            "`check_temperature(temperature)`, then `(logits / temperature).softmax(...)` with `dim=-1`.",
        ),
        minutes=4,
        difficulty=1,
        alternatives=alternatives.SOFTEN,
    ),
    Exercise(
        id="7.2",
        reference=distillation.kl_divergence,
        cases=cases.students_and_teachers,
        mistakes=divergence.WHICH + scale.SCALE,
        hints=(
            "p is the teacher's softened row, q the student's: the sum over the classes of p (log p - log q). Who "
            "learns, and who is only looked at?",
            "`log_softmax(dim=1)` of both logits divided by T, the teacher's with `detach()`; `exp()` of the teacher's "
            "logarithm is p again.",
            "`(log_teacher.exp() * (log_teacher - log_student)).sum(dim=1)` is (B,); then the mean, times "
            "`temperature**2`.",
        ),
        minutes=10,
        difficulty=3,
        alternatives=alternatives.DIVERGENCE,
    ),
    Exercise(
        id="7.3",
        reference=distillation.soft_distillation_loss,
        cases=cases.soft_lessons,
        mistakes=soft.SOFT + halves.HALVES,
        hints=(
            "Two numbers, one from the labels and one from the teacher, and two weights that sum to 1. Whose is "
            "`weight`?",
            "`F.cross_entropy(student_logits, labels)` is the first, without a temperature. The second one is exercise "
            "7.2, which knows about T².",
            "`(1 - weight) * from_labels + weight * kl_divergence(...)`.",
        ),
        minutes=5,
        difficulty=2,
        alternatives=alternatives.SOFT,
    ),
    Exercise(
        id="7.4",
        reference=distillation.hard_distillation_loss,
        cases=cases.hard_lessons,
        mistakes=hard.HARD + measures.MEASURES,
        hints=(
            "The teacher decides for one class for each image, and the student learns that as if it were a label.",
            "`teacher_logits.argmax(dim=1)` is (B,): what `F.cross_entropy` takes as its second argument.",
            "Two calls of `F.cross_entropy` with the student's logits, one with `labels`, one with the decisions; add "
            "them, and halve the sum.",
        ),
        minutes=5,
        difficulty=2,
        alternatives=alternatives.HARD,
    ),
    Exercise(
        id="7.5",
        reference=deit.with_two_tokens,
        cases=cases.patches_and_tokens,
        mistakes=tokens.TOKENS + positions.POSITIONS,
        hints=(
            "Lesson 05 put one token in front. What gets longer with a second one, and by how much?",
            "`torch.cat([cls_token, dist_token], dim=1)` is (1, 2, D); `expand(len(patches), -1, -1)` makes it "
            "(B, 2, D).",
            "Join that with the patches along axis 1, (B, 2 + N, D), and give it to `with_positions` with `pos_embed`.",
        ),
        minutes=4,
        difficulty=2,
        alternatives=alternatives.TOKENS,
    ),
    Exercise(
        id="7.6",
        reference=deit.DistilledViT,
        cases=cases.images_for_two_heads,
        mistakes=heads.HEADS + modes.MODES + distilled.PARTS + blocks.BLOCKS,
        hints=(
            "`VisionTransformer` has made everything for one token. Three parameters or layers are new or longer: the "
            "second token, the positions, the second head. Only two methods compute something else: which?",
            "`encode` calls `tokens` and all blocks; so `tokens` returns `with_two_tokens(...)`, and `both_logits` "
            "takes `self.norm(self.encode(images)[:, :2])`, (B, 2, D), apart.",
            "`classes, width = self.head.weight.shape` gives the sizes. `forward`: `if self.training`, return both "
            "logits, else `(class_logits + distillation_logits) / 2`.",
        ),
        minutes=12,
        difficulty=3,
        alternatives=alternatives.DISTILLED,
    ),
    Exercise(
        id="7.7",
        reference=scores.shared_mistakes,
        cases=cases.predictions,
        mistakes=shared.SHARED,
        hints=(
            "Two questions about each image: does it count at all, and do both say the same?",
            "It counts if the one or the other is wrong: `(a != labels) | (b != labels)`, (N,) bool.",
            "`(a == b)[wrong]` holds the answers for these images; `.double().mean().item()` is the share of True.",
        ),
        minutes=5,
        difficulty=2,
        alternatives=alternatives.SHARED,
        differentiable=False,
    ),
)
