"""Lesson 5's exercises: the Vision Transformer, its cost, its official weights, and what its maps are worth."""

from course_utils import scores, weights
from course_utils.exercises import alternatives_05 as alternatives
from course_utils.exercises import cases_05 as cases
from course_utils.exercises import mistakes_05_auroc as map_scores
from course_utils.exercises import mistakes_05_counts as counts
from course_utils.exercises import mistakes_05_distance as distances
from course_utils.exercises import mistakes_05_packed as packed
from course_utils.exercises import mistakes_05_parts as parts
from course_utils.exercises import mistakes_05_tokens as tokens
from course_utils.exercises import mistakes_05_vit as model
from course_utils.exercises.registry import Exercise
from course_utils.models import maps, vit

EXERCISES = (
    Exercise(
        id="5.1",
        reference=vit.with_class_token,
        cases=cases.patches_and_vectors,
        mistakes=tokens.TOKENS,
        hints=(
            "Three shapes: patches (B, N, D), class token (1, 1, D), positions (1, 1 + N, D). Which axis gets longer?",
            "`cls_token.expand(len(patches), -1, -1)` is the class token for every image, (B, 1, D).",
            "`torch.cat([that, patches], dim=1)` is (B, 1 + N, D); `+ pos_embed` broadcasts over the images.",
        ),
        minutes=6,
        difficulty=2,
        alternatives=alternatives.TOKENS,
    ),
    Exercise(
        id="5.2",
        reference=vit.VisionTransformer,
        cases=cases.images_for_models,
        mistakes=model.MODEL + parts.PARTS,
        hints=(
            "`__init__` makes six things: `patch_embed`, `cls_token`, `pos_embed`, `blocks`, `norm`, `head`. What is "
            "learned and not a layer is an `nn.Parameter`; layers in a list go into an `nn.ModuleList`.",
            "`forward` in words: patches, class token and positions (exercise 5.1), every block in turn, the norm, "
            "token 0, the head.",
            "`block = block or (lambda layer: TransformerBlock(width, heads))`, then `nn.ModuleList([block(layer) for "
            "layer in range(layers)])`. The last line: `return self.head(self.norm(tokens[:, 0]))`.",
        ),
        minutes=15,
        difficulty=3,
        alternatives=alternatives.MODEL,
    ),
    Exercise(
        id="5.3",
        reference=vit.vit_parameters,
        cases=cases.sizes,
        mistakes=counts.PARAMETERS,
        hints=(
            "Make a list: projection, class token, positions; in each block two norms, four projections, an MLP; a "
            "norm; the head. A linear layer from a to b has (a + 1) b numbers, a norm 2 D.",
            "Attention has 4 (D² + D), the MLP (D + 1) 4 D + (4 D + 1) D, the two norms 4 D: together 12 D² + 13 D.",
            "The projection has (C P² + 1) D, the class token D, the positions (N + 1) D, the last norm 2 D, the head "
            "(D + 1) for each class.",
        ),
        minutes=6,
        difficulty=2,
        alternatives=alternatives.PARAMETERS,
        differentiable=False,
    ),
    Exercise(
        id="5.4",
        reference=vit.vit_macs,
        cases=cases.sizes,
        mistakes=counts.MACS,
        hints=(
            "A matrix (a, b) times a matrix (b, c) takes a · b · c multiply-adds. Which products are there?",
            "With T = N + 1 tokens, a block has 4 T D² for its projections, T² D for the scores, T² D for the weighted "
            "sum and 8 T D² for the MLP.",
            "In front: N · C · P² · D, for patches only. Behind: D for each class, for one token.",
        ),
        minutes=6,
        difficulty=3,
        alternatives=alternatives.MACS,
        differentiable=False,
    ),
    Exercise(
        id="5.5",
        reference=weights.unpack_qkv,
        cases=cases.packed_projections,
        mistakes=packed.PACKED,
        hints=(
            "`in_proj_weight` is (3 D, D): the first D rows make queries.",
            "`packed.chunk(3)` cuts along the first axis, whatever the number of axes.",
            '`query, key, value = packed.chunk(3)`, then a dictionary with "query", "key" and "value".',
        ),
        minutes=3,
        difficulty=1,
        alternatives=alternatives.PACKED,
    ),
    Exercise(
        id="5.6",
        reference=maps.attention_distance,
        cases=cases.attention_on_grids,
        mistakes=distances.DISTANCE,
        hints=(
            "First a table (N, N): how many pixels lie between the centres of patch q and patch k? It doesn't depend "
            "on the model.",
            "`torch.cartesian_prod(torch.arange(rows), torch.arange(columns))` lists row and column of every patch; "
            "`.to(weights)` gives them the weights' type; `torch.cdist` of that with itself, times P, is the table.",
            "Divide the weights by their sum over the keys, multiply with the table, sum over the keys, and average "
            "over images and queries: `.mean(dim=(0, 2))`.",
        ),
        minutes=8,
        difficulty=3,
        alternatives=alternatives.DISTANCE,
        differentiable=False,
    ),
    Exercise(
        id="5.7",
        reference=scores.auroc,
        cases=cases.scores_and_masks,
        mistakes=map_scores.AUROC,
        hints=(
            "Take one cell inside the mask and one outside. Who has the higher score? Do that for all pairs.",
            "`scores[mask][:, None] - scores[~mask]` has a row for each cell inside and a column for each outside.",
            "The share of differences above 0, plus half the share of those equal to 0, as a float: `.item()`.",
        ),
        minutes=6,
        difficulty=3,
        alternatives=alternatives.AUROC,
        differentiable=False,
    ),
)
