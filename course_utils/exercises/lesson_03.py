"""Lesson 3's exercises: attention inside a CNN, over the whole map and in a neighbourhood."""

from course_utils.exercises import alternatives_03 as alternatives
from course_utils.exercises import cases_03 as cases
from course_utils.exercises import mistakes_03_attend as attend
from course_utils.exercises import mistakes_03_convolution as convolution
from course_utils.exercises import mistakes_03_neighbourhoods as neighbourhoods
from course_utils.exercises import mistakes_03_non_local as non_local
from course_utils.exercises import mistakes_03_parameters as parameters
from course_utils.exercises import mistakes_03_shifts as shifts
from course_utils.exercises.registry import Exercise
from course_utils.models import local_attention as local
from course_utils.models.local_layers import relation_parameters
from course_utils.models.non_local import NonLocalBlock

EXERCISES = (
    Exercise(
        id="3.1",
        reference=NonLocalBlock,
        cases=cases.feature_maps,
        mistakes=non_local.NON_LOCAL,
        hints=(
            "`__init__` makes five layers and keeps the scale: `query`, `key` and `value` lead from C to `inner` "
            "channels, `out` leads back, and `norm` works on C channels. `forward` adds what they find to its input.",
            "In `forward`: three 1 x 1 convolutions, `as_tokens` on each result, attention with your own scale, "
            "`as_feature_map` with height and width, then `out`, then `norm`.",
            "`attention` divides by the root of `inner` by itself. Either write "
            "`(q @ k.transpose(1, 2) * self.scale).softmax(dim=-1) @ v`, or multiply the queries by "
            "`self.scale * math.sqrt(inner)` first. `nn.init.zeros_(self.norm.weight)` makes the block start as the "
            "identity.",
        ),
        minutes=10,
        difficulty=3,
        alternatives=alternatives.NON_LOCAL,
    ),
    Exercise(
        id="3.2",
        reference=local.convolve_at,
        cases=cases.images_and_kernels,
        mistakes=convolution.CONVOLVE,
        hints=(
            "Cut the receptive field out of the image, as large as a filter, and take its inner product with each one.",
            "At the border the field leaves the image. `F.pad(image, [reach] * 4)` puts a frame of zeros around it, "
            "`reach` wide on every side.",
            "With a frame of K // 2, the field around (row, column) begins at (row, column) of the padded image: "
            "`padded[:, row : row + K, column : column + K]`. Multiply the kernel by it and sum over the last three "
            "axes.",
        ),
        minutes=6,
        difficulty=2,
        alternatives=alternatives.CONVOLVE,
    ),
    Exercise(
        id="3.3",
        reference=local.attend_at,
        cases=cases.positions,
        mistakes=attend.ATTEND,
        hints=(
            "It is lesson 02's attention with a single query, that of the centre, and with only those keys and values "
            "that lie in the square around it.",
            "The square has the rows from `row - K // 2` to `row + K // 2`, both included. A slice may run over the "
            "end, but must not begin below 0: `max` helps.",
            "`key[..., rows, columns].flatten(start_dim=-2)` is (B, h, d, n). Multiply by the query (B, h, d, 1), sum "
            "over d, divide by √d, softmax over n: weights (B, h, n). With an axis for d they fit the values, "
            "(B, h, d, n).",
        ),
        minutes=8,
        difficulty=3,
        alternatives=alternatives.ATTEND,
    ),
    Exercise(
        id="3.4",
        reference=local.neighbourhoods,
        cases=cases.features_and_sides,
        mistakes=neighbourhoods.NEIGHBOURHOODS,
        hints=(
            "PyTorch's `F.unfold(images, side, padding=...)` copies neighbourhoods, but it wants images of the shape "
            "(B, C, H, W).",
            "Join heads and numbers into C = h · d channels first. `unfold` gives (B, C * K * K, H * W): all "
            "neighbours of channel 0 first, then those of channel 1, and so on.",
            "Pad by K // 2, and `view` the result as (B, h, d, K * K, H, W). Without `unfold`, you can also pad, cut "
            "out the K² shifted images, and stack them along axis 3.",
        ),
        minutes=6,
        difficulty=3,
        alternatives=alternatives.NEIGHBOURHOODS,
    ),
    Exercise(
        id="3.5",
        reference=local.local_attention,
        cases=cases.neighbourhoods_to_attend_to,
        mistakes=shifts.SHIFTS,
        hints=(
            "Scores, mask, softmax, average. The first and the last are functions that you have: `local_scores` and "
            "`weigh_shifts`.",
            "`local_scores` gives (K * K, B, h, H, W), scaled, with the relative positions: one image of scores for "
            "each neighbour. The softmax runs over the neighbours.",
            "`inside(H, W, side)` is (K * K, H, W); `[:, None, None]` makes it fit the scores. Unless padding counts, "
            "fill the scores with minus infinity where it is False, before the softmax over axis 0.",
        ),
        minutes=10,
        difficulty=4,
        alternatives=alternatives.LOCAL,
    ),
    Exercise(
        id="3.6",
        reference=relation_parameters,
        cases=cases.channels_and_shares,
        mistakes=parameters.RELATION,
        hints=(
            "Count layer by layer: query, key, the two layers of the prior, and the transform.",
            "Query and key lead from C channels to one number a group; the last group may be short, so round up. The "
            "transform leads from C to C. None of these has a bias.",
            "A linear layer from a to b has a · b weights and b biases. The prior's lead from 2 to hidden and from "
            "hidden to groups, where hidden is half of the groups, rounded down, but at least 1.",
        ),
        minutes=5,
        difficulty=2,
        alternatives=alternatives.RELATION,
        differentiable=False,
    ),
)
