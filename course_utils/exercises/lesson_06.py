"""Lesson 6's exercises: the parts of a recipe that trains a ViT."""

from course_utils import augment, optimizers
from course_utils.exercises import alternatives_06 as alternatives
from course_utils.exercises import cases_06 as cases
from course_utils.exercises import mistakes_06_decays as decaying
from course_utils.exercises import mistakes_06_erase as erasing
from course_utils.exercises import mistakes_06_mixup as mixing
from course_utils.exercises import mistakes_06_paths as paths
from course_utils.exercises import mistakes_06_smooth as smoothing
from course_utils.exercises import mistakes_06_warmup as warming
from course_utils.exercises.registry import Exercise
from course_utils.models import regularise

EXERCISES = (
    Exercise(
        id="6.1",
        reference=optimizers.warmup_cosine,
        cases=cases.moments,
        mistakes=warming.WARMUP,
        hints=(
            "Two cases: in the warm-up a straight line, behind it a cosine. Which factor has the warm-up's last step?",
            "The line is `(step + 1) / warmup`. For the cosine, count from the end of the warm-up, and divide by the "
            "steps that are left: that runs from 0 to 1.",
            "`0.5 * (1 + math.cos(math.pi * share))` falls from 1 to 0 while `share` goes from 0 to 1.",
        ),
        minutes=6,
        difficulty=2,
        alternatives=alternatives.WARMUP,
        differentiable=False,
    ),
    Exercise(
        id="6.2",
        reference=optimizers.decays,
        cases=cases.parameters,
        mistakes=decaying.DECAYS,
        hints=(
            "How many dimensions has a bias, a norm's scale, a matrix, a filter?",
            "`parameter.ndim >= 2` is nearly right. Positions and the class token are stored with more dimensions than "
            "they need.",
            '`name.endswith(("pos_embed", "cls_token", "position"))` finds those.',
        ),
        minutes=4,
        difficulty=2,
        alternatives=alternatives.DECAYS,
        differentiable=False,
    ),
    Exercise(
        id="6.3",
        reference=regularise.drop_path,
        cases=cases.branches,
        mistakes=paths.PATHS,
        hints=(
            "`keep` is (B,), the branch (B, N, D). What must it look like to be multiplied with it?",
            "`keep[:, None, None]` is (B, 1, 1), and a bool counts as 0 or 1.",
            "What is kept must make up for what is lost: divide by `1 - rate`.",
        ),
        minutes=6,
        difficulty=2,
        alternatives=alternatives.PATHS,
    ),
    Exercise(
        id="6.4",
        reference=augment.smooth_labels,
        cases=cases.targets,
        mistakes=smoothing.SMOOTH,
        hints=(
            "Each row sums to 1, before and after. What is taken away, and who gets it?",
            "Every entry keeps `1 - share` of itself.",
            "Every entry gets `share / targets.shape[1]`.",
        ),
        minutes=4,
        difficulty=1,
        alternatives=alternatives.SMOOTH,
        differentiable=False,
    ),
    Exercise(
        id="6.5",
        reference=augment.mixup,
        cases=cases.batches_to_mix,
        mistakes=mixing.MIXUP,
        hints=(
            "`images[order]` are the partners, in one line. What are the partners' targets?",
            "The picture itself has the part `share`, its partner the rest.",
            "`share * images + (1 - share) * images[order]`, the same for the targets, and return both.",
        ),
        minutes=6,
        difficulty=2,
        alternatives=alternatives.MIXUP,
    ),
    Exercise(
        id="6.6",
        reference=augment.erase,
        cases=cases.rectangles,
        mistakes=erasing.ERASE,
        hints=(
            "For one picture: which rows lie in the rectangle? `row = torch.arange(H)`, compared with `top` and with "
            "`top + height`.",
            "For all pictures at once: `row >= top[:, None]` is (B, H). The same for the columns: (B, W).",
            "`rows[:, :, None] & columns[:, None, :]` is (B, H, W); with one more axis for the channels, "
            "`images.masked_fill(mask[:, None], fill)`.",
        ),
        minutes=8,
        difficulty=3,
        alternatives=alternatives.ERASE,
    ),
)
