"""Lesson 4's exercises: what the attention of an image takes, patches, and pixels one after another."""

from course_utils import image_memory
from course_utils.exercises import alternatives_04 as alternatives
from course_utils.exercises import cases_04 as cases
from course_utils.exercises import mistakes_04_embedding as embedding
from course_utils.exercises import mistakes_04_memory as memory
from course_utils.exercises import mistakes_04_patchify as cutting
from course_utils.exercises import mistakes_04_peak as peak
from course_utils.exercises import mistakes_04_pixels as sequence
from course_utils.exercises import mistakes_04_sides as sides
from course_utils.exercises import mistakes_04_unpatchify as joining
from course_utils.exercises.registry import Exercise
from course_utils.models import patches, pixels

EXERCISES = (
    Exercise(
        id="4.1",
        reference=pixels.next_pixel,
        cases=cases.grey_images,
        mistakes=sequence.NEXT,
        hints=(
            "Write down both rows for an image of 2 x 2 pixels a b c d: below each target, what is known before it.",
            "The targets are the pixels, `pixels.flatten(start_dim=1)`. The inputs are `start` and then all targets "
            "but the last one.",
            "`torch.full_like(targets[:, :1], start)` is a column (B, 1) of `start`; `torch.cat([...], dim=1)` puts it "
            "in front of `targets[:, :-1]`.",
        ),
        minutes=5,
        difficulty=2,
        alternatives=alternatives.NEXT,
        differentiable=False,
    ),
    Exercise(
        id="4.2",
        reference=image_memory.attention_matrix_bytes,
        cases=cases.models,
        mistakes=memory.BYTES,
        hints=(
            "How many patches stand side by side in one row of the image? And how many are there in all?",
            "With the class token, if there is one, that is N. A matrix has N rows and N columns, and every head of "
            "every layer has one.",
            "In code: `tokens = (side // patch) ** 2 + class_token` (True counts as 1). Square it, multiply by layers, "
            "heads and bits, and turn bits into bytes with `// 8`.",
        ),
        minutes=5,
        difficulty=2,
        alternatives=alternatives.BYTES,
        differentiable=False,
    ),
    Exercise(
        id="4.3",
        reference=image_memory.peak_matrices,
        cases=cases.numbers_of_layers,
        mistakes=peak.PEAK,
        hints=(
            "Inference first. A softmax reads one N x N matrix and writes another; after it, the first one is free.",
            "In training every layer keeps one N x N matrix for the backward pass: the weights. The scores are not "
            "needed any more.",
            "The most there is at once is when the backward pass reaches its first softmax: the weights of all layers, "
            "the gradient that comes in, and the gradient that goes out.",
        ),
        minutes=4,
        difficulty=3,
        alternatives=alternatives.PEAK,
        differentiable=False,
    ),
    Exercise(
        id="4.4",
        reference=image_memory.largest_side,
        cases=cases.memories,
        mistakes=sides.SIDE,
        hints=(
            "Go back the way of exercise 4.2: from bytes to numbers, to tokens, to patches in a row, to pixels.",
            "`gigabytes * 1e9 * 8` bits are shared by `matrices * heads` matrices whose numbers have `bits` each: so "
            "many entries may one matrix have, and that is N².",
            "`math.isqrt` is the whole part of a root: the first gives N, the second the patches in a row, and a patch "
            "has P pixels. It wants an int: `int(...)` cuts off the rest.",
        ),
        minutes=7,
        difficulty=3,
        alternatives=alternatives.SIDE,
        differentiable=False,
    ),
    Exercise(
        id="4.5",
        reference=patches.patchify,
        cases=cases.images,
        mistakes=cutting.PATCHIFY,
        hints=(
            "Three steps: cut height and width in two each, bring what belongs together side by side, and flatten.",
            "A `reshape` makes (B, C, rows, P, columns, P) of the image. What numbers a patch are rows and columns; "
            "what is within it are C and the two P.",
            "`permute` puts the axes in the order batch, rows, columns, channels, P of the rows, P of the columns; a "
            "second `reshape` makes (B, N, C * P * P).",
        ),
        minutes=8,
        difficulty=3,
        alternatives=alternatives.PATCHIFY,
    ),
    Exercise(
        id="4.6",
        reference=patches.unpatchify,
        cases=cases.patches,
        mistakes=joining.UNPATCHIFY,
        hints=(
            "Undo `patchify`, in the opposite order: give the axes back, move them, join them.",
            "The first `reshape` makes (B, rows, columns, C, P, P); with -1 it finds C by itself.",
            "Then the order must be batch, channels, rows, P, columns, P: find the place of each in the shape above, "
            "and give `permute` these six numbers. Join with `reshape(B, -1, height, width)`.",
        ),
        minutes=6,
        difficulty=3,
        alternatives=alternatives.UNPATCHIFY,
    ),
    Exercise(
        id="4.7",
        reference=patches.embed_patches,
        cases=cases.images_and_weights,
        mistakes=embedding.EMBED,
        hints=(
            "A convolution multiplies a piece of the image with a kernel, and sums up: that is one row of the weight "
            "times one patch.",
            "Each of the D rows of the weight becomes a kernel (C, P, P), in the order in which `patchify` flattens. "
            "The kernels must move on by a whole patch at a time.",
            "`F.conv2d(images, kernel, bias, stride=...)` returns (B, D, rows, columns), and `as_tokens` makes "
            "(B, N, D) of it.",
        ),
        minutes=5,
        difficulty=2,
        alternatives=alternatives.EMBED,
    ),
)
