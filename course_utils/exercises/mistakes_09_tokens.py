"""The usual mistakes of exercise 9.1: an MLP across the tokens."""

from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.mixer import mix_tokens


def _mlp(channels, first, second):
    return F.linear(F.gelu(F.linear(channels, *first)), *second)


def _wrong_axis(tokens, first, second):
    return _mlp(tokens, first, second)


def _not_turned_back(tokens, first, second):
    return _mlp(tokens.transpose(1, 2), first, second)


def _reshaped(tokens, first, second):
    B, N, D = tokens.shape
    return _mlp(tokens.reshape(B, D, N), first, second).reshape(B, N, D)


def _reshaped_back(tokens, first, second):
    return _mlp(tokens.transpose(1, 2), first, second).reshape(tokens.shape)


def _residual(tokens, first, second):
    return tokens + mix_tokens(tokens, first, second)


def _normed(tokens, first, second):
    return mix_tokens(F.layer_norm(tokens, tokens.shape[-1:]), first, second)


def _linear(tokens, first, second):
    return F.linear(F.linear(tokens.transpose(1, 2), *first), *second).transpose(1, 2)


def _relu(tokens, first, second):
    return F.linear(F.linear(tokens.transpose(1, 2), *first).relu(), *second).transpose(1, 2)


def _softmax(tokens, first, second):
    return F.linear(F.linear(tokens.transpose(1, 2), *first).softmax(dim=-1), *second).transpose(1, 2)


def _gelu_behind(tokens, first, second):
    return F.gelu(mix_tokens(tokens, first, second))


def _gelu_in_front(tokens, first, second):
    return F.linear(F.linear(F.gelu(tokens).transpose(1, 2), *first), *second).transpose(1, 2)


def _gelu_behind_only(tokens, first, second):
    return F.gelu(_linear(tokens, first, second))


def _no_biases(tokens, first, second):
    return mix_tokens(tokens, (first[0], 0 * first[1]), (second[0], 0 * second[1]))


def _no_second_bias(tokens, first, second):
    return mix_tokens(tokens, first, (second[0], 0 * second[1]))


def _no_first_bias(tokens, first, second):
    return mix_tokens(tokens, (first[0], 0 * first[1]), second)


TOKENS = (
    Mistake(
        "wrong-axis",
        _wrong_axis,
        "The MLP is applied to the channels of each token instead of to the tokens of each channel.",
        "A linear layer works along the last axis, and the last axis of (B, N, D) is D.",
        "Turn the table first: `tokens.transpose(1, 2)` has the tokens last.",
    ),
    Mistake(
        "not-turned-back",
        _not_turned_back,
        "The result is (B, D, N), still turned.",
        "The tokens were made the last axis for the MLP, and stayed there.",
        "Turn the result back with `transpose(1, 2)`.",
    ),
    Mistake(
        "reshaped",
        _reshaped,
        "The table of tokens was refilled in another form, not turned.",
        "`reshape(B, D, N)` keeps the numbers in their order in memory, so a row holds parts of several tokens.",
        "Use `transpose(1, 2)`, on the way there and on the way back.",
    ),
    Mistake(
        "reshaped-back",
        _reshaped_back,
        "The result was reshaped on its way back, not turned.",
        "`reshape` keeps the numbers in their order in memory, so tokens and channels are mixed up.",
        "Turn it back with `transpose(1, 2)`.",
    ),
    Mistake(
        "residual",
        _residual,
        "The tokens themselves are added to the result.",
        "The sum belongs to the block, exercise 9.2; here only the branch is asked for.",
        "Return what the second layer gives, and nothing more.",
    ),
    Mistake(
        "normed",
        _normed,
        "The tokens are normalised first.",
        "The norm belongs to the block, exercise 9.2.",
        "Give the tokens to the first layer as they are.",
    ),
    Mistake(
        "no-gelu",
        _linear,
        "There is no GELU between the two layers.",
        "Two linear layers, one behind the other, are one linear layer.",
        "Apply `F.gelu` to what the first layer returns.",
    ),
    Mistake(
        "relu",
        _relu,
        "There is a ReLU between the layers.",
        "All MLPs of this lesson have a GELU, which bends smoothly.",
        "Use `F.gelu`.",
    ),
    Mistake(
        "softmax",
        _softmax,
        "There is a softmax between the layers.",
        "Attention has one; here nothing has to sum to 1, the weights are learned numbers of either sign.",
        "Use `F.gelu`.",
    ),
    Mistake(
        "gelu-behind",
        _gelu_behind,
        "A second GELU stands behind the second layer.",
        "A branch must be able to take something away from its residual; behind a GELU almost nothing is negative.",
        "Apply it once, between the layers.",
    ),
    Mistake(
        "gelu-behind-only",
        _gelu_behind_only,
        "The GELU stands behind both layers, and none between them.",
        "Two linear layers, one behind the other, are one linear layer.",
        "Apply it to what the first layer returns.",
    ),
    Mistake(
        "gelu-in-front",
        _gelu_in_front,
        "The GELU stands in front of the first layer.",
        "It bends the tokens, and then two linear layers follow each other.",
        "Apply it between the layers.",
    ),
    Mistake(
        "no-biases",
        _no_biases,
        "Both biases are missing.",
        "Each layer is a pair of a weight and a bias, and only the weights are used.",
        "Use `F.linear(x, weight, bias)`, or add each bias after its product.",
    ),
    Mistake(
        "no-first-bias",
        _no_first_bias,
        "The first layer's bias is missing.",
        "It shifts where the GELU bends.",
        "Add it in front of the GELU.",
    ),
    Mistake(
        "no-second-bias",
        _no_second_bias,
        "The second layer's bias is missing.",
        "Each of the N places has a number of its own, the same for all channels.",
        "Add it to the result.",
    ),
)
