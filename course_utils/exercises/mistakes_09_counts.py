"""The usual mistakes of exercise 9.6: a Mixer's parameters."""

from course_utils.exercises.registry import Mistake
from course_utils.models.mixer import mixer_parameters


def _changed(change):
    """Return an answer that differs from the right one by `change`.

    It is a function of N, D, L, S and H (the hidden widths), K (classes), `patch` (the numbers in one), and the
    numbers in both MLPs, `token_mlp` and `channel_mlp`.
    """

    def wrong(side, patch, width, layers, token_hidden, channel_hidden, classes, channels=3):
        N, D, S, H = (side // patch) ** 2, width, token_hidden, channel_hidden
        right = mixer_parameters(side, patch, width, layers, token_hidden, channel_hidden, classes, channels)
        mlps = {"token_mlp": 2 * N * S + S + N, "channel_mlp": 2 * D * H + H + D}
        return right + change(N=N, D=D, L=layers, S=S, H=H, K=classes, patch=channels * patch**2, P=patch, **mlps)

    return wrong


def _widths_swapped(side, patch, width, layers, token_hidden, channel_hidden, classes, channels=3):
    return mixer_parameters(side, patch, width, layers, channel_hidden, token_hidden, classes, channels)


def _side_as_tokens(side, patch, width, layers, token_hidden, channel_hidden, classes, channels=3):
    number = side // patch
    right = mixer_parameters(side, patch, width, layers, token_hidden, channel_hidden, classes, channels)
    return right - layers * (number**2 - number) * (2 * token_hidden + 1)


PARAMETERS = (
    Mistake(
        "positions",
        _changed(lambda N, D, **_: N * D),
        "There are N · D numbers too many: positions.",
        "A ViT has them; a layer across the tokens knows each place by its weights.",
        "Leave them out.",
    ),
    Mistake(
        "class-token",
        _changed(lambda D, **_: D),
        "There are D numbers too many: a class token.",
        "A Mixer classifies the mean of all tokens.",
        "Leave it out.",
    ),
    Mistake(
        "own-token-mlp-for-each-channel",
        _changed(lambda D, L, token_mlp, **_: L * (D - 1) * token_mlp),
        "Every channel has an MLP across the tokens of its own.",
        "One MLP is applied to all channels: that is what keeps the Mixer small.",
        "Count 2 N · D_S weights and D_S + N biases for a block, once.",
    ),
    Mistake(
        "own-channel-mlp-for-each-token",
        _changed(lambda N, L, channel_mlp, **_: L * (N - 1) * channel_mlp),
        "Every token has an MLP across the channels of its own.",
        "One MLP is applied to all tokens, as in a Transformer.",
        "Count 2 D · D_C weights and D_C + D biases for a block, once.",
    ),
    Mistake(
        "one-matrix-across-tokens",
        _changed(lambda N, L, token_mlp, **_: L * (N * N + N - token_mlp)),
        "Token mixing is counted as one N x N layer.",
        "ResMLP has one; the Mixer goes from N to D_S and back.",
        "Count two layers: (N + 1) D_S and (D_S + 1) N.",
    ),
    Mistake(
        "widths-swapped",
        _widths_swapped,
        "The two hidden widths have changed places.",
        "`token_hidden` belongs to the MLP with N inputs, `channel_hidden` to the one with D.",
        "Pair N with D_S, and D with D_C.",
    ),
    Mistake(
        "side-as-tokens",
        _side_as_tokens,
        "The number of tokens isn't squared.",
        "Each row has side / P patches, and there are as many rows.",
        "Use N = (side / P)².",
    ),
    Mistake(
        "no-biases-across-tokens",
        _changed(lambda N, L, S, **_: -L * (S + N)),
        "The biases of the MLP across the tokens are missing.",
        "Its first layer has D_S of them, its second N.",
        "A layer from a to b has (a + 1) b numbers.",
    ),
    Mistake(
        "no-biases-across-channels",
        _changed(lambda D, L, H, **_: -L * (H + D)),
        "The biases of the MLP across the channels are missing.",
        "Its first layer has D_C of them, its second D.",
        "A layer from a to b has (a + 1) b numbers.",
    ),
    Mistake(
        "no-biases",
        _changed(lambda N, D, L, S, H, **_: -L * (S + N + H + D)),
        "The biases of both MLPs are missing.",
        "Each of their four layers has one number for each output.",
        "A layer from a to b has (a + 1) b numbers.",
    ),
    Mistake(
        "norms-half",
        _changed(lambda D, L, **_: -2 * L * D),
        "Each block lacks 2 D numbers of its norms.",
        "There are two norms in a block, and each has D scales and D shifts.",
        "Count 4 D for a block.",
    ),
    Mistake(
        "no-last-norm",
        _changed(lambda D, **_: -2 * D),
        "The norm behind the last block isn't counted.",
        "It normalises the tokens before their mean is taken.",
        "Add 2 D.",
    ),
    Mistake(
        "no-head",
        _changed(lambda D, K, **_: -(D + 1) * K),
        "The classifier isn't counted.",
        "It has D weights and a bias for each class.",
        "Add (D + 1) for each class.",
    ),
    Mistake(
        "no-patch-bias",
        _changed(lambda D, **_: -D),
        "The projection of the patches lacks its bias.",
        "It is a linear layer from C · P² to D, with a bias.",
        "Count (C P² + 1) D.",
    ),
    Mistake(
        "patches-without-channels",
        _changed(lambda D, P, patch, **_: (P * P - patch) * D),
        "A patch is counted as P² numbers.",
        "Each pixel of it has C channels.",
        "Count (C P² + 1) D for the projection.",
    ),
    Mistake(
        "one-block",
        _changed(lambda D, L, token_mlp, channel_mlp, **_: -(L - 1) * (token_mlp + channel_mlp + 4 * D)),
        "Only one block is counted.",
        "Every block has its own weights.",
        "Multiply a block's numbers by the number of layers.",
    ),
    Mistake(
        "no-head-bias",
        _changed(lambda K, **_: -K),
        "The head lacks its biases.",
        "It has one for each class.",
        "Count (D + 1) numbers for each class.",
    ),
    Mistake(
        "no-biases-at-all",
        _changed(lambda N, D, L, S, H, K, **_: -L * (S + N + H + D) - D - K),
        "No linear layer has biases.",
        "The stub says: biases everywhere.",
        "A layer from a to b has (a + 1) b numbers.",
    ),
    Mistake(
        "no-norms",
        _changed(lambda D, L, **_: -(4 * L + 2) * D),
        "No norm is counted.",
        "A norm has D scales and D shifts; there are two in each block and one behind the last.",
        "Count 4 D for a block, and 2 D at the end.",
    ),
    Mistake(
        "no-norms-in-blocks",
        _changed(lambda D, L, **_: -4 * L * D),
        "The blocks' norms aren't counted.",
        "There are two in a block, and each has D scales and D shifts.",
        "Count 4 D for a block.",
    ),
    Mistake(
        "norms-without-shifts",
        _changed(lambda D, L, **_: -(2 * L + 1) * D),
        "Every norm is counted with D numbers.",
        "A layer norm has D scales and D shifts.",
        "Count 2 D for a norm.",
    ),
    Mistake(
        "always-three-channels",
        _changed(lambda D, P, patch, **_: (3 * P * P - patch) * D),
        "Every image is counted with three channels.",
        "A grey image has one; `channels` says how many.",
        "Count (`channels` · P² + 1) D for the projection.",
    ),
    Mistake(
        "positions-and-class-token",
        _changed(lambda N, D, **_: (N + 2) * D),
        "There are (N + 2) D numbers too many: a class token, and positions for N + 1 tokens.",
        "A ViT has both; a Mixer has neither.",
        "Leave them out.",
    ),
    Mistake(
        "no-patches",
        _changed(lambda D, patch, **_: -(patch + 1) * D),
        "The projection of the patches isn't counted.",
        "It makes D numbers of the C P² in a patch.",
        "Add (C P² + 1) D.",
    ),
    Mistake(
        "head-on-all-tokens",
        _changed(lambda N, D, K, **_: (N - 1) * D * K),
        "The head reads the numbers of all tokens.",
        "The tokens are averaged first: D numbers are left.",
        "Count (D + 1) numbers for each class.",
    ),
)
