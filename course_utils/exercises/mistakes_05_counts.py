"""The usual mistakes of exercises 5.3 and 5.4: a ViT's parameters and multiply-adds."""

from course_utils.exercises.registry import Mistake
from course_utils.models.vit import vit_macs, vit_parameters


def _parameters(change):
    """Return an answer that differs from the right one by `change`, a function of n, D, P, L, K and C."""

    def wrong(side, patch, width, layers, classes, channels=3):
        parts = {"n": (side // patch) ** 2, "D": width, "P": patch, "L": layers, "K": classes, "C": channels}
        return vit_parameters(side, patch, width, layers, classes, channels) + change(**parts)

    return wrong


def _macs(change):
    """Return an answer that differs from the right one by `change`, a function of n, N, D, P, L, K and C."""

    def wrong(side, patch, width, layers, classes, channels=3):
        n = (side // patch) ** 2
        parts = {"n": n, "N": n + 1, "D": width, "P": patch, "L": layers, "K": classes, "C": channels}
        return vit_macs(side, patch, width, layers, classes, channels) + change(**parts)

    return wrong


def _twice(side, patch, width, layers, classes, channels=3):
    return 2 * vit_macs(side, patch, width, layers, classes, channels)


def _without_class_token(side, patch, width, layers, classes, channels=3):
    n, D = (side // patch) ** 2, width
    return n * channels * patch**2 * D + layers * (12 * n * D**2 + 2 * n**2 * D) + D * classes


PARAMETERS = (
    Mistake(
        "no-class-token",
        _parameters(lambda D, **_: -D),
        "D numbers are missing: the class token's, its position's, or the projection's bias.",
        "The class token is a learned vector, there are N + 1 positions, and the patch projection has a bias.",
        "Count D for the class token, (N + 1) D for the positions and (C P² + 1) D for the projection.",
    ),
    Mistake(
        "no-positions",
        _parameters(lambda n, D, **_: -(n + 1) * D),
        "The positions aren't counted.",
        "They are learned, one vector of D numbers for each token.",
        "Add (N + 1) D.",
    ),
    Mistake(
        "no-biases",
        _parameters(lambda D, L, K, **_: -D - 9 * D * L - K),
        "The biases of the linear layers aren't counted.",
        "The patch projection, the four projections of attention, both layers of the MLP and the head have one each.",
        "Add D for the projection, 4 D + 4 D + D for each block, and one for each class.",
    ),
    Mistake(
        "no-norms",
        _parameters(lambda D, L, **_: -4 * D * L - 2 * D),
        "The layer norms aren't counted.",
        "Each has a weight and a bias: two in every block, and one behind the last.",
        "Add 4 D for each block, and 2 D.",
    ),
    Mistake(
        "no-last-norm",
        _parameters(lambda D, **_: -2 * D),
        "2 D numbers are missing.",
        "Most likely the last norm's; or two of D: the class token's, its position's, the projection's bias.",
        "Add 2 D for the last norm; count D, (N + 1) D and (C P² + 1) D for class token, positions and projection.",
    ),
    Mistake(
        "one-norm-per-block",
        _parameters(lambda D, L, **_: -2 * D * L),
        "2 D numbers are missing in each block.",
        "Most likely one of its two layer norms: one stands in front of the attention, one in front of the MLP.",
        "Count 4 D for the norms of each block: two weights and two biases.",
    ),
    Mistake(
        "no-head-bias",
        _parameters(lambda K, **_: -K),
        "The head's bias isn't counted.",
        "It is a linear layer like the others: one number more for each class.",
        "Count (D + 1) for each class.",
    ),
    Mistake(
        "mlp-once",
        _parameters(lambda D, L, **_: -(4 * D**2 + D) * L),
        "Only one of the MLP's two layers is counted.",
        "It goes from D to 4 D and back: two matrices of 4 D², with biases of 4 D and D.",
        "Count 8 D² + 5 D for the MLP of each block.",
    ),
    Mistake(
        "three-projections",
        _parameters(lambda D, L, **_: -(D**2 + D) * L),
        "One of attention's projections is missing.",
        "Query, key and value make three; the heads' outputs go through a fourth one.",
        "Count 4 D² + 4 D for the attention of each block.",
    ),
    Mistake(
        "patch-not-squared",
        _parameters(lambda D, P, C, **_: C * (P - P**2) * D),
        "A patch is counted as P numbers.",
        "It is a square of P × P pixels, with C numbers each.",
        "The projection has C · P² inputs.",
    ),
    Mistake(
        "no-channels",
        _parameters(lambda D, P, C, **_: (1 - C) * P**2 * D if C > 1 else 0),
        "The channels of a pixel aren't counted.",
        "A flattened patch has C · P² numbers, and the projection a weight for each.",
        "Multiply P² by the channels.",
    ),
    Mistake(
        "one-block",
        _parameters(lambda D, L, **_: -(L - 1) * (12 * D**2 + 13 * D)),
        "Only one block is counted.",
        "Every layer has weights of its own.",
        "Multiply a block's numbers by the layers.",
    ),
    Mistake(
        "no-head",
        _parameters(lambda D, K, **_: -(D + 1) * K),
        "The classifier isn't counted.",
        "A linear layer turns D numbers into one logit for each class.",
        "Add (D + 1) for each class.",
    ),
)

MACS = (
    Mistake(
        "flops",
        _twice,
        "The result is twice as large as it should be.",
        "A multiply-add is one multiplication and one addition: 2 FLOPs, but 1 MAC.",
        "Count every product of two numbers that is added up once.",
    ),
    Mistake(
        "no-class-token",
        _without_class_token,
        "The blocks compute with N tokens instead of N + 1.",
        "The class token goes through every block, too.",
        "Use N + 1 tokens in the blocks; only the patch projection has N.",
    ),
    Mistake(
        "scores-only",
        _macs(lambda N, D, L, **_: -(N**2) * D * L),
        "Only one of attention's two products with N² is counted.",
        "The scores take N² D multiply-adds, and the weighted sum of the values as many again.",
        "Count 2 N² D for each block.",
    ),
    Mistake(
        "no-attention",
        _macs(lambda N, D, L, **_: -2 * N**2 * D * L),
        "Scores and weighted sum aren't counted.",
        "Only layers with weights were counted; a counter that can't see into the fused kernel does that too.",
        "Add 2 N² D for each block.",
    ),
    Mistake(
        "mlp-once",
        _macs(lambda N, D, L, **_: -4 * N * D**2 * L),
        "Only one of the MLP's two layers is counted.",
        "From D to 4 D and back: 4 D² and 4 D² for every token.",
        "Count 8 N D² for the MLP of each block.",
    ),
    Mistake(
        "three-projections",
        _macs(lambda N, D, L, **_: -N * D**2 * L),
        "One of attention's four projections is missing.",
        "Query, key and value make three; the heads' outputs go through a fourth one.",
        "Count 4 N D² for the projections of each block.",
    ),
    Mistake(
        "no-head",
        _macs(lambda D, K, **_: -D * K),
        "The classifier isn't counted.",
        "It is a matrix product too: D numbers in, one logit for each class out, for one token.",
        "Add D for each class.",
    ),
    Mistake(
        "head-on-all-tokens",
        _macs(lambda n, D, K, **_: n * D * K),
        "The classifier is counted for all tokens.",
        "It reads token 0 only.",
        "Count D for each class, once.",
    ),
    Mistake(
        "projection-for-the-class-token",
        _macs(lambda D, P, C, **_: C * P**2 * D),
        "The patch projection is counted for N + 1 tokens.",
        "The class token is a learned vector: it isn't projected.",
        "Count N patches there.",
    ),
    Mistake(
        "no-projection",
        _macs(lambda n, D, P, C, **_: -n * C * P**2 * D),
        "The patch projection isn't counted.",
        "It is a matrix product too: C · P² numbers in, D out, for every patch.",
        "Add N · C · P² · D.",
    ),
    Mistake(
        "patch-not-squared",
        _macs(lambda n, D, P, C, **_: n * C * (P - P**2) * D),
        "A patch is counted as P numbers.",
        "It is a square of P × P pixels, with C numbers each.",
        "The projection has C · P² inputs.",
    ),
    Mistake(
        "one-block",
        _macs(lambda N, D, L, **_: -(L - 1) * (12 * N * D**2 + 2 * N**2 * D)),
        "Only one block is counted.",
        "The tokens go through all layers, one after the other.",
        "Multiply a block's multiply-adds by the layers.",
    ),
    Mistake(
        "tokens-forgotten",
        _macs(lambda N, D, L, **_: -(N - 1) * 12 * D**2 * L),
        "The layers of a block are counted for one token.",
        "Every token goes through the four projections and the MLP.",
        "Multiply 12 D² by N + 1.",
    ),
)
