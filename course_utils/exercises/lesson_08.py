"""Lesson 8's exercises: windows, their shift and its mask, relative positions, merging, and a whole block."""

from course_utils.exercises import alternatives_08 as alternatives
from course_utils.exercises import cases_08 as cases
from course_utils.exercises import mistakes_08_block as block
from course_utils.exercises import mistakes_08_decomposed as decomposed
from course_utils.exercises import mistakes_08_index as index
from course_utils.exercises import mistakes_08_masks as masks
from course_utils.exercises import mistakes_08_merging as merging
from course_utils.exercises import mistakes_08_orders as orders
from course_utils.exercises import mistakes_08_windows as windows
from course_utils.exercises.registry import Exercise
from course_utils.models import relative_positions, swin
from course_utils.models import windows as course

EXERCISES = (
    Exercise(
        id="8.1",
        reference=course.to_windows,
        cases=cases.grids_to_cut,
        mistakes=windows.WINDOWS,
        hints=(
            "Two steps, as for `split_heads`: cut axes in two, then let axes change places.",
            "H becomes (H / M, M), and W becomes (W / M, M): (B, H / M, M, W / M, M, C), six axes.",
            "A transpose brings H / M and W / M next to each other. A last reshape makes one axis of those two, and "
            "one of the two M.",
        ),
        minutes=5,
        difficulty=2,
        alternatives=alternatives.WINDOWS,
    ),
    Exercise(
        id="8.2",
        reference=course.shift_window_mask,
        cases=cases.shifted_grids,
        mistakes=masks.MASKS,
        hints=(
            "First a table (H, W) of the rolled grid in which tokens that may see each other have the same number. "
            "Which rows of it were carried around? `both_shifts(shift, window)` gives the shift of rows and columns.",
            "`torch.arange(H) >= H - rows` is True for the carried rows. The same for the columns; then give every "
            "combination of the two a number of its own.",
            "`to_windows` wants (B, H, W, C): add two axes, cut, and take them away again. That leaves (nW, M²), to be "
            "compared with itself: queries as (nW, M², 1), keys as (nW, 1, M²).",
        ),
        minutes=9,
        difficulty=4,
        alternatives=alternatives.MASKS,
        differentiable=False,
    ),
    Exercise(
        id="8.3",
        reference=course.window_permutation,
        cases=cases.shifted_grids,
        mistakes=orders.ORDERS,
        hints=(
            "Number the tokens 0 to N - 1, and do to the numbers what shall be done to the tokens.",
            "`torch.arange(N)` in the shape (1, H, W, 1) is a grid of tokens with one channel; `roll` takes a pair of "
            "shifts and the pair of axes that they move.",
            "A negative shift rolls up and to the left, and `both_shifts(shift, window)` gives the two. Then "
            "`to_windows`, and one axis for all.",
        ),
        minutes=5,
        difficulty=2,
        alternatives=alternatives.ORDERS,
        differentiable=False,
    ),
    Exercise(
        id="8.4",
        reference=course.relative_position_index,
        cases=cases.windows,
        mistakes=index.INDEX,
        hints=(
            "Do M = 2 by hand: four tokens, offsets -1, 0 and 1 both ways, so a table of 3 x 3 entries.",
            "`torch.cartesian_prod(side, side)` with `side = torch.arange(window)` lists row and column of all tokens, "
            "(M², 2); with a new axis, `[:, None]`, queries minus keys are (M², M², 2).",
            "Add M - 1, so that both offsets begin at 0. A step down skips a whole row of the table: 2M - 1 entries.",
        ),
        minutes=6,
        difficulty=3,
        alternatives=alternatives.INDEX,
        differentiable=False,
    ),
    Exercise(
        id="8.5",
        reference=swin.PatchMerging,
        cases=cases.grids_to_merge,
        mistakes=merging.MERGING,
        hints=(
            "`__init__` makes `norm`, for 4C numbers, and `reduce`, from 4C to 2C without a bias. "
            "`pad_to_windows(tokens, 2)` makes odd sides even.",
            "`tokens[:, 0::2, 0::2]` is the top left token of every 2 x 2; `1::2` begins at the second row or column.",
            "Join four such slices with `torch.cat(..., dim=-1)`: top left, bottom left, top right, bottom right. Then "
            "the norm, then the reduction.",
        ),
        minutes=6,
        difficulty=2,
        alternatives=alternatives.MERGING,
    ),
    Exercise(
        id="8.6",
        reference=swin.SwinBlock,
        cases=cases.grids_for_blocks,
        mistakes=block.BLOCK,
        hints=(
            "`__init__` makes `norm1`, `attention`, `norm2` and `mlp`, as in lesson 02's `TransformerBlock`. Only "
            "attention is new: `ShiftedWindows` cuts and shifts, `SwinAttention` works within the windows.",
            "`ShiftedWindows` gets the attention, the window and the shift; `SwinAttention(width, heads, window, "
            "relative_bias)` is what it gets. The MLP's hidden layer is 4 times as wide as a token.",
            "`forward` does the same thing twice: norm, layer, and the sum with the tokens from before the norm. The "
            "grid needs no thought: `ShiftedWindows` maps (B, H, W, C) to (B, H, W, C).",
        ),
        minutes=6,
        difficulty=2,
        alternatives=alternatives.BLOCK,
    ),
    Exercise(
        id="8.7",
        reference=relative_positions.decomposed_relative_positions,
        cases=cases.queries_and_tables,
        mistakes=decomposed.DECOMPOSED,
        hints=(
            "`relative_vectors(rel_pos_h, H_q, H_k)` is (H_q, H_k, d). For one row of queries, (W_q, d), and one row "
            "of vectors, (H_k, d): which product makes (W_q, H_k)?",
            "`query @ rows.transpose(1, 2)` is (B, h, H_q, W_q, H_k). For the columns, put W_q in the place of H_q "
            "first, and back afterwards.",
            "`by_rows[..., :, None] + by_columns[..., None, :]` is (B, h, H_q, W_q, H_k, W_k); flatten the last two "
            "axes, then the queries' two.",
        ),
        minutes=8,
        difficulty=4,
        alternatives=alternatives.POSITIONS,
    ),
)
