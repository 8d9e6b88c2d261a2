"""The usual mistakes of exercise 3.1: the non-local block."""

from torch import nn

from course_utils.exercises.registry import Mistake
from course_utils.models.attention import attention, attention_weights
from course_utils.models.non_local import NonLocalBlock, as_feature_map, as_tokens


def _changed(init=NonLocalBlock.__init__, **methods):
    """Return a non-local block of which some methods compute something else."""
    return type("NonLocalBlock", (_InSteps,), {"__init__": init, **methods})


class _InSteps(NonLocalBlock):
    """The block in steps, so that a mistake can replace one of them."""

    def projected(self, features):
        return [self.tokens(project(features)) for project in (self.query, self.key, self.value)]

    def tokens(self, features):
        return as_tokens(features)

    def mixed(self, features):
        q, k, v = self.projected(features)
        return attention(q * self.scale * q.shape[-1] ** 0.5, k, v)

    def image(self, tokens, height, width):
        return as_feature_map(tokens, height, width)

    def finish(self, features, change):
        return features + self.norm(self.out(change))

    def forward(self, features):
        return self.finish(features, self.image(self.mixed(features), *features.shape[2:]))


def _scale_by_channels(self, channels, inner=None, scale=None):
    NonLocalBlock.__init__(self, channels, inner, channels**-0.5 if scale is None else scale)


def _no_scale(self, channels, inner=None, scale=None):
    NonLocalBlock.__init__(self, channels, inner, 1.0 if scale is None else scale)


def _scale_ignored(self, channels, inner=None, scale=None):
    NonLocalBlock.__init__(self, channels, inner)


def _half_inner(self, channels, inner=None, scale=None):
    NonLocalBlock.__init__(self, channels, inner or channels // 2, scale)


def _inner_norm(self, channels, inner=None, scale=None):
    NonLocalBlock.__init__(self, channels, inner, scale)
    self.norm = nn.BatchNorm2d(self.out.in_channels)


def _scaled_twice(self, features):
    q, k, v = self.projected(features)
    return attention(q * self.scale, k, v)


def _over_queries(self, features):
    q, k, v = self.projected(features)
    return (q @ k.mT * self.scale).softmax(dim=-2) @ v


def _swapped(self, features):
    q, k, v = self.projected(features)
    return attention(k * self.scale * k.shape[-1] ** 0.5, q, v)


def _key_as_value(self, features):
    q, k, _ = self.projected(features)
    return attention_weights(q * self.scale * q.shape[-1] ** 0.5, k) @ k


def _channels_attend(self, features):
    q, k, v = (x.mT for x in self.projected(features))  # (B, inner, H * W)
    return attention(q * self.scale * q.shape[-1] ** 0.5, k, v).mT


def _tokens_by_reshape(self, features):
    return features.reshape(features.shape[0], -1, features.shape[1])


def _image_by_reshape(self, tokens, height, width):
    return tokens.reshape(tokens.shape[0], -1, height, width)


def _column_by_column(self, tokens, height, width):
    return as_feature_map(tokens, width, height).mT


def _turned(self, tokens, height, width):
    return as_feature_map(tokens, width, height)


def _norm_first(self, features):
    return features + self.out(self.image(self.mixed(self.norm(features)), *features.shape[2:]))


_TOKENS = (
    Mistake(
        "tokens-by-reshape",
        _changed(tokens=_tokens_by_reshape),
        "The tokens mix channels and positions: a token holds neighbouring pixels of one channel.",
        "A view of (B, C, H, W) as (B, H·W, C) only counts the numbers off in their old order, channel by channel.",
        "Use `as_tokens`, or join height and width first and let channels and positions change places after that.",
    ),
    Mistake(
        "image-by-reshape",
        _changed(image=_image_by_reshape),
        "On the way back to a feature map, channels and positions get mixed.",
        "A view of (B, H·W, C) as (B, C, H, W) only counts the numbers off in their old order, token by token.",
        "Use `as_feature_map` on the result of attention.",
    ),
    Mistake(
        "column-by-column",
        _changed(image=_column_by_column),
        "What a position has found is added at another position.",
        "Tokens are read row by row, but put back column by column.",
        "Put them back in the order in which they were read: the width runs fastest.",
    ),
    Mistake(
        "height-and-width-swapped",
        _changed(image=_turned),
        "The map that comes back is W high and H wide, and can't be added to the features.",
        "Height and width have changed places where the tokens become a map again.",
        "A feature map is (B, C, H, W): take the height from axis 2 and the width from axis 3.",
    ),
    Mistake(
        "channels-attend",
        _changed(mixed=_channels_attend),
        "Channels attend to channels instead of positions to positions.",
        "Attention got (B, inner, H·W), and takes the axis before the last for its tokens.",
        "Give attention tokens of the shape (B, H·W, inner).",
    ),
)

_ATTENTION = (
    Mistake(
        "scaled-twice",
        _changed(mixed=_scaled_twice),
        "The scores are scaled twice.",
        "Your scale is applied, and `attention` divides by the root of the queries' width once more.",
        "Either compute the softmax yourself, or undo the scale that `attention` brings along.",
    ),
    Mistake(
        "scale-by-channels",
        _changed(_scale_by_channels),
        "Where no scale is given, the scores are divided by the root of C.",
        "C counts the channels of the input, but a dot product here sums over the inner channels only.",
        "Ask how many numbers a query has, and use that.",
    ),
    Mistake(
        "no-scale",
        _changed(_no_scale),
        "Where no scale is given, the scores are not scaled at all.",
        "That is the paper's block; here the dot products are scaled as in lesson 02 unless a scale is given.",
        "If `scale` is None, make it one over the root of the inner channels.",
    ),
    Mistake(
        "scale-ignored",
        _changed(_scale_ignored),
        "The result is right without a scale, and a given scale changes nothing.",
        "The scores are always divided by the root of the inner channels.",
        "Keep the given scale in `__init__`, and multiply the dot products by it.",
    ),
    Mistake(
        "over-queries",
        _changed(mixed=_over_queries),
        "The softmax runs over the queries: the columns sum to 1, and the rows do not.",
        "The softmax is given the axis of the positions that look, so these compete for each key.",
        "Run it over the positions that are looked at, so that each query shares out its own attention.",
    ),
    Mistake(
        "swapped",
        _changed(mixed=_swapped),
        "Query and key have changed places.",
        "Attention gets the keys first, so each position asks with its key and is found by its query.",
        "Give attention the queries first, then the keys, then the values.",
    ),
    Mistake(
        "key-as-value",
        _changed(mixed=_key_as_value),
        "The keys are averaged instead of the values.",
        "What attention gets as its values was not made by the layer `value`.",
        "Make the third set of tokens with `value`.",
    ),
    Mistake(
        "inner-half",
        _changed(_half_inner),
        "Where no inner width is given, queries, keys and values have half of the channels.",
        "That is the paper's width; this block takes an eighth.",
        "If `inner` is None, use an eighth of the channels.",
    ),
)

_FINISH = (
    Mistake(
        "no-residual",
        _changed(finish=lambda self, features, change: self.norm(self.out(change))),
        "The features that came in are lost.",
        "The block returns what attention found instead of adding it to its input.",
        "Add the features to the result: the block is a residual.",
    ),
    Mistake(
        "residual-multiplied",
        _changed(finish=lambda self, features, change: features * self.norm(self.out(change))),
        "The features are multiplied by what attention found.",
        "A product is 0 as long as the norm's weight is 0, so the block would erase its input at the start.",
        "Add instead of multiplying: then it starts as the identity.",
    ),
    Mistake(
        "norm-forgotten",
        _changed(finish=lambda self, features, change: features + self.out(change)),
        "The layer `norm` is not applied.",
        "It is made in `__init__` and never called, so nothing lets the block start as the identity.",
        "Put the result of `out` through `norm` before you add it.",
    ),
    Mistake(
        "norm-after-the-sum",
        _changed(finish=lambda self, features, change: self.norm(features + self.out(change))),
        "The norm is applied to the sum.",
        "Its weight is 0 at the start, so it would erase the features together with what is added to them.",
        "Norm what comes from attention only, and leave the features as they are.",
    ),
    Mistake(
        "norm-first",
        _changed(forward=_norm_first),
        "The norm is applied to the features, before queries, keys and values are made.",
        "A Transformer block norms first; this one norms what comes out of attention.",
        "Move `norm` to the end, behind `out`.",
    ),
    Mistake(
        "norm-before-out",
        _changed(_inner_norm, finish=lambda self, features, change: features + self.out(self.norm(change))),
        "The norm has as many channels as queries and keys, not as many as the features.",
        "So it can only stand before `out`, where its weight of 0 would still leave the bias of `out`.",
        "Let `out` bring the result back to all channels first, and norm that.",
    ),
)

NON_LOCAL = (*_TOKENS, *_ATTENTION, *_FINISH)
