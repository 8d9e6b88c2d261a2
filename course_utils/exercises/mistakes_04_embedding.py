"""The usual mistakes of exercise 4.7: patches, cut and projected by one convolution."""

from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.non_local import as_tokens
from course_utils.models.patches import embed_patches


def _kernel(images, weight, patch):
    return weight.reshape(-1, images.shape[1], patch, patch)  # (D, C, P, P)


def _map(images, weight, bias, patch):
    return F.conv2d(images, _kernel(images, weight, patch), bias, stride=patch)  # (B, D, rows, columns)


def _stride_1(images, weight, bias, patch):
    return as_tokens(F.conv2d(images, _kernel(images, weight, patch), bias))


def _channels_last(images, weight, bias, patch):
    kernel = weight.reshape(-1, patch, patch, images.shape[1]).permute(0, 3, 1, 2)
    return as_tokens(F.conv2d(images, kernel, bias, stride=patch))


def _channels_between(images, weight, bias, patch):
    kernel = weight.reshape(-1, patch, images.shape[1], patch).transpose(1, 2)
    return as_tokens(F.conv2d(images, kernel, bias, stride=patch))


def _kernel_transposed(images, weight, bias, patch):
    return as_tokens(F.conv2d(images, _kernel(images, weight, patch).mT, bias, stride=patch))


def _kernel_flipped(images, weight, bias, patch):
    return as_tokens(F.conv2d(images, _kernel(images, weight, patch).flip(2, 3), bias, stride=patch))


def _weight_turned(images, weight, bias, patch):
    return embed_patches(images, weight.T.reshape(weight.shape), bias, patch)


def _outputs_last(images, weight, bias, patch):
    kernel = weight.reshape(images.shape[1], patch, patch, -1).permute(3, 0, 1, 2)
    return as_tokens(F.conv2d(images, kernel, bias, stride=patch))


def _no_bias(images, weight, bias, patch):
    return as_tokens(F.conv2d(images, _kernel(images, weight, patch), stride=patch))


def _bias_twice(images, weight, bias, patch):
    return embed_patches(images, weight, bias, patch) + bias


def _reshaped(images, weight, bias, patch):
    features = _map(images, weight, bias, patch)
    return features.reshape(len(features), -1, features.shape[1])


def _columns_first(images, weight, bias, patch):
    return as_tokens(_map(images, weight, bias, patch).mT)


def _map_kept(images, weight, bias, patch):
    return _map(images, weight, bias, patch)


def _tokens_in_columns(images, weight, bias, patch):
    return _map(images, weight, bias, patch).flatten(start_dim=2)


def _images_reshaped(images, weight, bias, patch):
    return F.linear(images.reshape(len(images), -1, weight.shape[1]), weight, bias)


EMBED = (
    Mistake(
        "stride-1",
        _stride_1,
        "There are too many tokens.",
        "The kernel moves on by one pixel, so the patches overlap.",
        "Ask how far it must move, so that a patch begins where the last one ends.",
    ),
    Mistake(
        "channels-last",
        _channels_last,
        "The weights meet the wrong pixels: the kernel was made as if the channels of a pixel stood side by side.",
        "A row of the weight was cut into (P, P, C), but in `patchify` the channels are the slowest axis of a patch.",
        "Cut a row of the weight in the order in which `patchify` flattens a patch.",
    ),
    Mistake(
        "channels-between",
        _channels_between,
        "The weights meet the wrong pixels: the kernel was made as if the channels stood between rows and columns.",
        "A row of the weight was cut into (P, C, P), but in `patchify` the channels are the slowest axis of a patch.",
        "Cut a row of the weight in the order in which `patchify` flattens a patch.",
    ),
    Mistake(
        "kernel-transposed",
        _kernel_transposed,
        "The rows of the kernel meet the columns of the patch.",
        "The two sides of the kernel have changed places.",
        "Within a patch of `patchify` the rows come before the columns, and so they do in a kernel.",
    ),
    Mistake(
        "kernel-flipped",
        _kernel_flipped,
        "The kernel is upside down, and left and right are exchanged.",
        "It was flipped, as a convolution in mathematics asks for; PyTorch's `conv2d` doesn't flip.",
        "Leave the kernel as it comes out of the weight.",
    ),
    Mistake(
        "weight-turned",
        _weight_turned,
        "The kernels hold numbers of different rows of the weight.",
        "The weight was transposed before it was cut, but a linear layer stores a row for each output already.",
        "Each row of the weight, as it is, makes one kernel.",
    ),
    Mistake(
        "outputs-last",
        _outputs_last,
        "The kernels hold numbers of different rows of the weight.",
        "The weight was cut as if it were (C·P·P, D), but a linear layer stores a row for each output.",
        "Keep the first axis D, and cut only the second one.",
    ),
    Mistake(
        "no-bias",
        _no_bias,
        "The bias is missing.",
        "The convolution is given the kernel only.",
        "Add one number to each of the D outputs; `conv2d` can do that too.",
    ),
    Mistake(
        "bias-twice",
        _bias_twice,
        "The bias is added twice.",
        "`conv2d` has added it already, and it is added once more after that.",
        "Leave one of the two out.",
    ),
    Mistake(
        "reshaped",
        _reshaped,
        "The shape is right, but a token holds numbers of many patches.",
        "The convolution returns (B, D, rows, columns). A reshape to (B, N, D) only counts its numbers off.",
        "Flatten the grid first, and then let D and N change places: `as_tokens` does both.",
    ),
    Mistake(
        "columns-first",
        _columns_first,
        "The tokens are right, but they come column by column.",
        "Rows and columns of the feature map have changed places before it was flattened.",
        "Flatten the feature map as it is.",
    ),
    Mistake(
        "map-kept",
        _map_kept,
        "The result is a feature map (B, D, rows, columns).",
        "That is what a convolution returns; a Transformer reads tokens.",
        "Make a list of tokens of it: lesson 03 had a function for that.",
    ),
    Mistake(
        "tokens-in-columns",
        _tokens_in_columns,
        "The result is (B, D, N): each token is a column.",
        "The grid is flattened, but the width still stands in front of the tokens.",
        "Let the last two axes change places.",
    ),
    Mistake(
        "images-reshaped",
        _images_reshaped,
        "The shape is right, but what is projected are no patches.",
        "A reshape to (B, N, C·P·P) counts the pixels off along the rows of the image.",
        "Use `patchify`, or better let a convolution do the cutting.",
    ),
)
