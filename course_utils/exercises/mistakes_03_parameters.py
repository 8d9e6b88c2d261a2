"""The usual mistakes of exercise 3.6: counting what a local relation layer learns."""

import math

from course_utils.exercises.registry import Mistake
from course_utils.models.local_layers import relation_parameters


def _sizes(channels, share):
    """Return the groups, and the hidden width of the prior."""
    groups = math.ceil(channels / share)
    return groups, max(1, groups // 2)


def _prior(hidden, groups):
    return (2 * hidden + hidden) + (hidden * groups + groups)


def _rounded_down(channels, share=8):
    groups = channels // share
    return 2 * channels * groups + _prior(max(1, groups // 2), groups) + channels**2


def _share_ignored(channels, share=8):
    return relation_parameters(channels)


def _hidden_of_0(channels, share=8):
    groups, _ = _sizes(channels, share)
    return 2 * channels * groups + _prior(groups // 2, groups) + channels**2


def _hidden_of_all(channels, share=8):
    groups, _ = _sizes(channels, share)
    return 2 * channels * groups + _prior(groups, groups) + channels**2


def _full_query_and_key(channels, share=8):
    groups, hidden = _sizes(channels, share)
    return 2 * channels**2 + _prior(hidden, groups) + channels**2


def _no_transform(channels, share=8):
    return relation_parameters(channels, share) - channels**2


def _value_projection(channels, share=8):
    return relation_parameters(channels, share) + channels**2


def _key_shared(channels, share=8):
    return relation_parameters(channels, share) - channels * _sizes(channels, share)[0]


def _conv_biases(channels, share=8):
    return relation_parameters(channels, share) + 2 * _sizes(channels, share)[0] + channels


def _no_prior_biases(channels, share=8):
    groups, hidden = _sizes(channels, share)
    return relation_parameters(channels, share) - hidden - groups


def _no_prior(channels, share=8):
    groups, hidden = _sizes(channels, share)
    return relation_parameters(channels, share) - _prior(hidden, groups)


def _prior_as_table(channels, share=8):
    return _no_prior(channels, share) + 7 * 7 * _sizes(channels, share)[0]


def _distance_only(channels, share=8):
    return relation_parameters(channels, share) - _sizes(channels, share)[1]


_GROUPS = (
    Mistake(
        "rounded-down",
        _rounded_down,
        "The count is right where C is a multiple of m, and too small elsewhere.",
        "A division with // drops the last group where it is short.",
        "Round the number of groups up: the last channels need weights too.",
    ),
    Mistake(
        "share-ignored",
        _share_ignored,
        "The count is right for m = 8 and doesn't change with m.",
        "The number of groups was computed with 8 instead of `share`.",
        "Use the argument.",
    ),
    Mistake(
        "hidden-of-0",
        _hidden_of_0,
        "With a single group, the hidden layer of the prior has no unit.",
        "Half of 1, rounded down, is 0.",
        "Let it have at least one.",
    ),
    Mistake(
        "hidden-of-all",
        _hidden_of_all,
        "The prior's network is too wide.",
        "Its hidden layer has as many units as there are groups; it should have half as many.",
        "Halve the groups for the hidden layer, and keep all of them for its output.",
    ),
)

_LAYERS = (
    Mistake(
        "full-query-and-key",
        _full_query_and_key,
        "Query and key are too large: C · C numbers each.",
        "They have one number for each group of m channels, not one for each channel.",
        "Let their outputs be the groups.",
    ),
    Mistake(
        "key-shared",
        _key_shared,
        "The layer of the keys is missing.",
        "Query and key have weights of their own; one of the two was counted.",
        "Count both.",
    ),
    Mistake(
        "no-transform",
        _no_transform,
        "The transform after the average is missing.",
        "Each channel is averaged for itself; a last 1 x 1 convolution mixes the channels.",
        "Add its weights, from all channels to all channels.",
    ),
    Mistake(
        "value-projection",
        _value_projection,
        "There is a layer too many, from C to C.",
        "This layer has no value projection: the features themselves are averaged, and transformed afterwards.",
        "Count one such layer only.",
    ),
    Mistake(
        "conv-biases",
        _conv_biases,
        "The count holds biases that don't exist.",
        "The 1 x 1 convolutions for query, key and transform have none; only the prior's layers do.",
        "Count their weights alone.",
    ),
)

_PRIOR = (
    Mistake(
        "no-prior",
        _no_prior,
        "The prior is missing.",
        "The small network that turns an offset into a number for each group is learned too.",
        "Add the weights and biases of its two layers.",
    ),
    Mistake(
        "no-prior-biases",
        _no_prior_biases,
        "The biases of the prior's two layers are missing.",
        "A linear layer has one for each of its outputs unless it is told otherwise.",
        "Add as many as each of the two layers has outputs.",
    ),
    Mistake(
        "prior-as-table",
        _prior_as_table,
        "The prior is counted as a table with one number for each offset of a 7 x 7 square.",
        "Here a small network computes it from the offset, so its size doesn't depend on the square.",
        "Count the network's weights and biases instead.",
    ),
    Mistake(
        "distance-only",
        _distance_only,
        "The prior's first layer has too few weights.",
        "An offset is two numbers, rows and columns.",
        "Give each hidden unit a weight for both.",
    ),
)

RELATION = (*_GROUPS, *_LAYERS, *_PRIOR)
