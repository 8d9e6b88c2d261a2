"""The usual mistakes of exercise 9.3: token mixing as a convolution."""

import torch
from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.token_convolution import token_mixing_as_convolution


def _filters(features, first, second):
    """Return weights and biases of both convolutions, the same for every channel: two pairs."""
    C, H, W = features.shape[1:]
    weight1 = first[0].view(-1, 1, H, W).repeat(C, 1, 1, 1)
    weight2 = second[0][:, :, None, None].repeat(C, 1, 1, 1)
    return (weight1, first[1].repeat(C)), (weight2, second[1].repeat(C))


def _convolved(features, first, second, activation=F.gelu):
    """Return (B, C * N, 1, 1), from two pairs of weights and biases."""
    C = features.shape[1]
    hidden = activation(F.conv2d(features, *first, groups=C))
    return F.conv2d(hidden, *second, groups=C)


def _interleaved(*which):
    """Return an answer that interleaves these: first weight 0 and bias 1, second weight 2 and bias 3."""

    def wrong(features, first, second):
        C, H, W = features.shape[1:]
        own = (first[0].view(-1, 1, H, W), first[1], second[0][:, :, None, None], second[1])
        wide = [
            one.repeat_interleave(C, dim=0) if n in which else one.repeat(C, *[1] * (one.ndim - 1))
            for n, one in enumerate(own)
        ]
        return _convolved(features, wide[:2], wide[2:]).view(features.shape)

    return wrong


def _kernels_turned(features, first, second):
    H, W = features.shape[2:]
    weight = first[0].view(-1, W, H).transpose(1, 2).flatten(1)
    return token_mixing_as_convolution(features, (weight, first[1]), second)


def _kernels_mirrored(features, first, second):
    return token_mixing_as_convolution(features, (first[0].flip(1), first[1]), second)


def _linear(features, first, second):
    return _convolved(features, *_filters(features, first, second), activation=lambda x: x).view(features.shape)


def _relu(features, first, second):
    return _convolved(features, *_filters(features, first, second), activation=torch.relu).view(features.shape)


def _gelu_behind(features, first, second):
    return F.gelu(_linear(features, first, second))


def _channels_summed(features, first, second):
    together = features.sum(dim=1, keepdim=True).expand_as(features)
    return token_mixing_as_convolution(together, first, second)


def _first_channel(features, first, second):
    return token_mixing_as_convolution(features[:, :1].expand_as(features), first, second)


def _channels_last(features, first, second):
    B, C, H, W = features.shape
    mixed = _convolved(features, *_filters(features, first, second))
    return mixed.view(B, H, W, C).permute(0, 3, 1, 2)


def _rows_and_columns(features, first, second):
    B, C, H, W = features.shape
    return _convolved(features, *_filters(features, first, second)).view(B, C, W, H).transpose(2, 3)


def _left_as_a_column(features, first, second):
    return _convolved(features, *_filters(features, first, second))


def _left_as_tokens(features, first, second):
    return token_mixing_as_convolution(features, first, second).flatten(2)


def _no_first_bias(features, first, second):
    return token_mixing_as_convolution(features, (first[0], 0 * first[1]), second)


def _no_biases(features, first, second):
    return token_mixing_as_convolution(features, (first[0], 0 * first[1]), (second[0], 0 * second[1]))


def _no_second_bias(features, first, second):
    return token_mixing_as_convolution(features, first, (second[0], 0 * second[1]))


CONVOLUTION = (
    Mistake(
        "all-interleaved",
        _interleaved(0, 1, 2, 3),
        "The filters of both convolutions are handed out in the wrong order.",
        "`repeat_interleave` gives the first channel the first filter again and again, instead of all of them.",
        "Use `repeat(C, 1, 1, 1)` for both weights and `repeat(C)` for both biases.",
    ),
    Mistake(
        "weights-interleaved",
        _interleaved(0, 2),
        "The weights of both convolutions are in another order than their biases.",
        "`repeat_interleave` repeats every filter, `repeat` the whole list.",
        "Use `repeat(C, 1, 1, 1)` for both weights.",
    ),
    Mistake(
        "first-interleaved",
        _interleaved(0, 1),
        "The first convolution's filters are handed out in the wrong order.",
        "`repeat_interleave` gives the first channel the first filter again and again, instead of all of them.",
        "Use `repeat(C, 1, 1, 1)`: all D_S filters for channel 0, then all of them for channel 1.",
    ),
    Mistake(
        "second-interleaved",
        _interleaved(2, 3),
        "The second convolution's filters are handed out in the wrong order.",
        "`repeat_interleave` gives the first channel the first filter again and again, instead of all of them.",
        "Use `repeat(C, 1, 1, 1)`: all N filters for channel 0, then all of them for channel 1.",
    ),
    Mistake(
        "biases-interleaved",
        _interleaved(1, 3),
        "The biases are in another order than the filters.",
        "`repeat_interleave` repeats every number, `repeat` the whole list.",
        "Use `repeat(C)` for both biases.",
    ),
    Mistake(
        "kernels-turned",
        _kernels_turned,
        "Rows and columns of the kernels have changed places.",
        "Token n stands in row n // W and column n % W.",
        "Read each row of the weight as `view(-1, 1, H, W)`.",
    ),
    Mistake(
        "kernels-mirrored",
        _kernels_mirrored,
        "The kernels are turned by half a circle.",
        "A convolution of mathematics does that; `F.conv2d` doesn't: number (i, j) meets pixel (i, j).",
        "Use the weights in their order.",
    ),
    Mistake(
        "no-gelu",
        _linear,
        "There is no GELU between the convolutions.",
        "Two linear layers, one behind the other, are one linear layer.",
        "Apply `F.gelu` to what the first convolution returns.",
    ),
    Mistake(
        "relu",
        _relu,
        "There is a ReLU between the convolutions.",
        "CNNs often have one, MLP-Mixer has a GELU.",
        "Use `F.gelu`.",
    ),
    Mistake(
        "gelu-behind",
        _gelu_behind,
        "The GELU stands behind the second convolution.",
        "It belongs between the two layers, or they are one linear layer.",
        "Apply it to what the first convolution returns.",
    ),
    Mistake(
        "channels-summed",
        _channels_summed,
        "All channels are added up, so that every channel gets the same result.",
        "Without `groups` a convolution sums over its input channels.",
        "Pass `groups=C` to both convolutions: each channel by itself.",
    ),
    Mistake(
        "first-channel",
        _first_channel,
        "Only the first channel is read.",
        "The filters work on one channel each, and every group got channel 0.",
        "Pass all of `features` and `groups=C`.",
    ),
    Mistake(
        "channels-last",
        _channels_last,
        "The result is read as if the channels came last.",
        "The second convolution's outputs are grouped by channel: N numbers of channel 0, then N of channel 1.",
        "Read them as `view(B, C, H, W)`.",
    ),
    Mistake(
        "rows-and-columns",
        _rows_and_columns,
        "Rows and columns of the result have changed places.",
        "Output n belongs to row n // W and column n % W.",
        "Read them as `view(B, C, H, W)`.",
    ),
    Mistake(
        "left-as-a-column",
        _left_as_a_column,
        "The result is (B, C · N, 1, 1), not a feature map.",
        "The second convolution gives every channel N outputs at one position.",
        "Put them on the grid: `view(B, C, H, W)`.",
    ),
    Mistake(
        "left-as-tokens",
        _left_as_tokens,
        "The result is (B, C, N), not a feature map.",
        "A feature map comes in, and one has to come out.",
        "Put the N numbers on the grid: `view(B, C, H, W)`.",
    ),
    Mistake(
        "no-biases",
        _no_biases,
        "Both biases are missing.",
        "Each layer is a pair of a weight and a bias, and only the weights are used.",
        "Pass `first[1].repeat(C)` and `second[1].repeat(C)` as biases.",
    ),
    Mistake(
        "no-first-bias",
        _no_first_bias,
        "The first bias is missing.",
        "Each of the D_S filters has one, the same for every channel.",
        "Pass `first[1].repeat(C)` as the bias.",
    ),
    Mistake(
        "no-second-bias",
        _no_second_bias,
        "The second bias is missing.",
        "Each of the N outputs has one, the same for every channel.",
        "Pass `second[1].repeat(C)` as the bias.",
    ),
)
