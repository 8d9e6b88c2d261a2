"""Lesson 2's exercises: attention, from one query that looks at a grid to the Transformer block."""

from course_utils.exercises import alternatives_02 as alternatives
from course_utils.exercises import cases_02 as cases
from course_utils.exercises import mistakes_02_heads as heads
from course_utils.exercises import mistakes_02_modules as modules
from course_utils.exercises import mistakes_02_positions as positions
from course_utils.exercises import mistakes_02_weights as weights
from course_utils.exercises.registry import Exercise
from course_utils.models import attention as course

EXERCISES = (
    Exercise(
        id="2.1",
        reference=course.attend_to_grid,
        cases=cases.grids,
        mistakes=weights.GRID,
        hints=(
            "Three steps: a score for every cell, a softmax that makes weights of them, and a weighted sum.",
            "`features @ query` is a dot product for every cell, (H, W); divide it by the root of the query's length. "
            "`softmax` runs along one axis, so `flatten` the grid before it.",
            "After the softmax, `reshape` the weights to (H, W). `weights[..., None]` is (H, W, 1) and stretches over "
            "the features when you multiply; sum over the axes 0 and 1.",
        ),
        minutes=6,
        difficulty=2,
        alternatives=alternatives.GRID,
    ),
    Exercise(
        id="2.2",
        reference=course.attention_weights,
        cases=cases.queries_and_keys,
        mistakes=weights.WEIGHTS,
        hints=(
            "All dot products of N queries with M keys are one matrix product: (N, d) times (d, M).",
            "There may be axes in front, so count from the end: `key.transpose(-2, -1)`, a softmax over `dim=-1`. "
            "The width d is `query.shape[-1]`.",
            "If there is a mask, `scores.masked_fill(condition, -math.inf)` between scale and softmax hides scores; "
            "the condition is True where the mask is False.",
        ),
        minutes=6,
        difficulty=2,
        alternatives=alternatives.WEIGHTS,
    ),
    Exercise(
        id="2.3",
        reference=course.attention,
        cases=cases.queries_keys_and_values,
        mistakes=weights.ATTENTION,
        hints=(
            "You have the weights from the exercise before; what is left is an average.",
            "A row of weights (M,) and the values (M, d_v) give the average (d_v,) of one query.",
            "For all queries at once it is a matrix product: the weights (N, M) on the left, the values on the right. "
            "Don't forget to hand the mask on.",
        ),
        minutes=2,
        difficulty=1,
        alternatives=alternatives.ATTENTION,
    ),
    Exercise(
        id="2.4",
        reference=course.causal_mask,
        cases=cases.numbers_of_tokens,
        mistakes=positions.CAUSAL,
        hints=(
            "Draw it for 3 tokens: rows are the tokens that look, columns the tokens that are looked at.",
            "Column m may be seen from row n if m is not larger than n: a lower triangle with its diagonal.",
            "Begin with `torch.ones(tokens, tokens, dtype=torch.bool)`; a tensor's methods `tril` and `triu` keep one "
            "triangle.",
        ),
        minutes=3,
        difficulty=1,
        alternatives=alternatives.CAUSAL,
        differentiable=False,
    ),
    Exercise(
        id="2.5",
        reference=course.sinusoidal_positions,
        cases=cases.lengths_and_widths,
        mistakes=positions.POSITIONS,
        hints=(
            "Make a table of angles first: a row for each position, a column for each pair of sine and cosine.",
            "`torch.arange(0, width, 2) / width` holds the exponents 2i/D. A column of positions (N, 1) divided by a "
            "row of powers (D/2,) is a table (N, D/2).",
            "Make `torch.zeros(tokens, width)`; `table[:, 0::2]` are its even columns and `table[:, 1::2]` its odd "
            "ones: write the sines of the angles into the first, the cosines into the second.",
        ),
        minutes=7,
        difficulty=3,
        alternatives=alternatives.POSITIONS,
        differentiable=False,
    ),
    Exercise(
        id="2.6",
        reference=course.split_heads,
        cases=cases.tokens_and_heads,
        mistakes=heads.SPLIT,
        hints=(
            "Two steps: cut the last axis in two, then move an axis.",
            "The width D becomes (h, d) in this order, so that head 0 gets the first d numbers: (B, N, h, d).",
            "`view` cuts the width; then `transpose` lets the axes of tokens and heads, 1 and 2, change places.",
        ),
        minutes=4,
        difficulty=2,
        alternatives=alternatives.SPLIT,
    ),
    Exercise(
        id="2.7",
        reference=course.merge_heads,
        cases=cases.split_tokens,
        mistakes=heads.MERGE,
        hints=(
            "Undo `split_heads`, in the opposite order.",
            "First let heads and tokens change places again: (B, N, h, d).",
            "Then join the last two axes: `flatten(start_dim=2)`, or `reshape`. `view` refuses, because a transposed "
            "tensor is not in one piece.",
        ),
        minutes=3,
        difficulty=2,
        alternatives=alternatives.MERGE,
    ),
    Exercise(
        id="2.8",
        reference=course.MultiHeadAttention,
        cases=cases.attention_modules,
        mistakes=modules.MULTI_HEAD,
        hints=(
            "`__init__` makes four layers, `query`, `key`, `value` and `out`, each from width to width, and keeps the "
            "number of heads. `forward` uses what you have written so far.",
            "In `forward`: put the tokens through `query`, `key` and `value`, split each into heads, and call "
            "`attention` with the mask. It takes any number of axes in front, so all heads go at once.",
            "Then merge the heads, and put the result through `out`. The shapes are (B, N, D), (B, h, N, d), and "
            "(B, N, D) again.",
        ),
        minutes=9,
        difficulty=4,
        alternatives=alternatives.MULTI_HEAD,
    ),
    Exercise(
        id="2.9",
        reference=course.TransformerBlock,
        cases=cases.blocks,
        mistakes=modules.BLOCK,
        hints=(
            "`__init__` makes `norm1`, `attention`, `norm2` and `mlp`. `forward` is two lines of the same form: "
            "tokens plus something computed from the normed tokens.",
            "`nn.LayerNorm(width, eps=eps)`, `MultiHeadAttention(width, heads)`, `MLP(width, mlp_ratio * width)`. "
            "First line of `forward`: norm, attention with the mask, add.",
            "The second line starts from the result of the first: norm it with `norm2`, put that through the MLP, and "
            "add it to the result of the first line, not to its normed copy.",
        ),
        minutes=6,
        difficulty=3,
        alternatives=alternatives.BLOCK,
    ),
)
