"""The usual mistakes of exercises 2.8 and 2.9: multi-head attention and the Transformer block."""

import math

from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.attention import MultiHeadAttention, TransformerBlock, attention, merge_heads, split_heads


def _module(reference, forward, init=None):
    """Return a module with the reference's layers that computes something else."""
    return type(reference.__name__, (reference,), {"__init__": init or reference.__init__, "forward": forward})


def _projected(module, tokens, split=split_heads):
    """Return query, key and value (B, h, N, d)."""
    return [split(project(tokens), module.heads) for project in (module.query, module.key, module.value)]


def _scale_by_width(self, tokens, mask=None):
    q, k, v = _projected(self, tokens)
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=1 / math.sqrt(tokens.shape[-1]))
    return self.out(merge_heads(mixed))


def _one_head(self, tokens, mask=None):
    return self.out(attention(self.query(tokens), self.key(tokens), self.value(tokens), mask))


def _no_output_projection(self, tokens, mask=None):
    return merge_heads(attention(*_projected(self, tokens), mask))


def _split_by_view(self, tokens, mask=None):
    B, N, D = tokens.shape
    q, k, v = _projected(self, tokens, split=lambda x, h: x.reshape(B, h, N, D // h))
    return self.out(merge_heads(attention(q, k, v, mask)))


def _merged_by_reshape(self, tokens, mask=None):
    return self.out(attention(*_projected(self, tokens), mask).reshape(tokens.shape))


def _swapped(self, tokens, mask=None):
    q, k, v = _projected(self, tokens)
    return self.out(merge_heads(attention(k, q, v, mask)))


def _key_as_value(self, tokens, mask=None):
    q, k, _ = _projected(self, tokens)
    return self.out(merge_heads(attention(q, k, k, mask)))


def _mask_ignored(self, tokens, mask=None):
    return self.out(merge_heads(attention(*_projected(self, tokens))))


def _over_the_batch(self, tokens, mask=None):
    q, k, v = _projected(self, tokens.transpose(0, 1))  # (N, h, B, d)
    return self.out(merge_heads(attention(q, k, v, mask))).transpose(0, 1)


MULTI_HEAD = (
    Mistake(
        "scale-by-width",
        _module(MultiHeadAttention, _scale_by_width),
        "The scores are divided by √D, the width of a token, instead of √d, the width of a head.",
        "Each head's dot product sums d numbers only, so √D is too much and the weights become nearly equal.",
        "Divide by the square root of the last axis of the queries after they are split.",
    ),
    Mistake(
        "one-head",
        _module(MultiHeadAttention, _one_head),
        "There is only one head, as wide as the token.",
        "Queries, keys and values go into attention without being split.",
        "Split all three into heads before attention, and merge the heads after it.",
    ),
    Mistake(
        "no-output-projection",
        _module(MultiHeadAttention, _no_output_projection),
        "The last layer, `out`, is not applied.",
        "The merged heads are returned as they are, so what the heads found is never mixed.",
        "Put the merged heads through `out` before you return them.",
    ),
    Mistake(
        "split-by-view",
        _module(MultiHeadAttention, _split_by_view),
        "The heads hold pieces of the wrong tokens.",
        "A view straight to (B, h, N, d) counts the numbers off in their old order, token by token.",
        "Use `split_heads` for queries, keys and values.",
    ),
    Mistake(
        "over-the-batch",
        _module(MultiHeadAttention, _over_the_batch),
        "Images look at each other: token n of one image attends to token n of the others.",
        "The first axis was taken for the tokens, as in PyTorch's layers without batch_first=True.",
        "Keep (B, N, D): after the split the last two axes must be N and d, so that each image keeps to itself.",
    ),
    Mistake(
        "merged-by-reshape",
        _module(MultiHeadAttention, _merged_by_reshape),
        "The heads are put together so that a token gets numbers of other tokens.",
        "A reshape straight to (B, N, D) counts the numbers off in their old order, head by head.",
        "Use `merge_heads` on the result of attention.",
    ),
    Mistake(
        "swapped",
        _module(MultiHeadAttention, _swapped),
        "Query and key have changed places.",
        "Attention gets the keys first, so each token asks with its key and answers with its query.",
        "Give attention the queries first, then the keys, then the values.",
    ),
    Mistake(
        "key-as-value",
        _module(MultiHeadAttention, _key_as_value),
        "The keys are averaged instead of the values.",
        "What attention gets as its values was not made by the layer `value`.",
        "Put the tokens through `value`, split them, and give them to attention as its third argument.",
    ),
    Mistake(
        "mask-ignored",
        _module(MultiHeadAttention, _mask_ignored),
        "The result is right without a mask, and a given mask changes nothing.",
        "`forward` takes the mask but does not pass it on to attention.",
        "Give the mask to attention as its last argument.",
    ),
)


def _post_norm(self, tokens, mask=None):
    tokens = self.norm1(tokens + self.attention(tokens, mask))
    return self.norm2(tokens + self.mlp(tokens))


def _attention_not_added(self, tokens, mask=None):
    tokens = self.attention(self.norm1(tokens), mask)
    return tokens + self.mlp(self.norm2(tokens))


def _mlp_not_added(self, tokens, mask=None):
    tokens = tokens + self.attention(self.norm1(tokens), mask)
    return self.mlp(self.norm2(tokens))


def _nothing_added(self, tokens, mask=None):
    return self.mlp(self.norm2(self.attention(self.norm1(tokens), mask)))


def _norm1_twice(self, tokens, mask=None):
    tokens = tokens + self.attention(self.norm1(tokens), mask)
    return tokens + self.mlp(self.norm1(tokens))


def _in_parallel(self, tokens, mask=None):
    return tokens + self.attention(self.norm1(tokens), mask) + self.mlp(self.norm2(tokens))


def _normed_added(self, tokens, mask=None):
    tokens = self.norm1(tokens)
    tokens = self.norm2(tokens + self.attention(tokens, mask))
    return tokens + self.mlp(tokens)


def _mask_not_passed(self, tokens, mask=None):
    return TransformerBlock.forward(self, tokens)


def _without_eps(self, width, heads, mlp_ratio=4, eps=1e-6):
    TransformerBlock.__init__(self, width, heads, mlp_ratio)
    self.norm1.eps = self.norm2.eps = 1e-5  # what nn.LayerNorm has by default


BLOCK = (
    Mistake(
        "post-norm",
        _module(TransformerBlock, _post_norm),
        "Each norm is applied after the sum instead of before attention or the MLP.",
        "This is the block of the original Transformer; here the norms come first, and the sum stays untouched.",
        "Norm only what goes into attention and into the MLP, and add the result to the tokens as they were.",
    ),
    Mistake(
        "attention-not-added",
        _module(TransformerBlock, _attention_not_added),
        "The result of attention replaces the tokens instead of being added to them.",
        "The first sum is missing, so a token keeps nothing of itself but what attention brings back.",
        "Add the tokens from before the norm to the result of attention.",
    ),
    Mistake(
        "mlp-not-added",
        _module(TransformerBlock, _mlp_not_added),
        "The result of the MLP is returned without the tokens that went in.",
        "The second sum is missing, so what attention has added so far is lost.",
        "Add the tokens from before the second norm to the result of the MLP.",
    ),
    Mistake(
        "nothing-added",
        _module(TransformerBlock, _nothing_added),
        "Neither attention nor the MLP is a residual: their results replace the tokens.",
        "Both sums are missing, so after a few blocks all tokens are alike.",
        "Add the tokens that went in to the result of attention, and again to the result of the MLP.",
    ),
    Mistake(
        "norm1-twice",
        _module(TransformerBlock, _norm1_twice),
        "`norm1` is used twice, and `norm2` not at all.",
        "The two norms have weights of their own; the line for the MLP uses those of the line for attention.",
        "Use `norm2` before the MLP.",
    ),
    Mistake(
        "in-parallel",
        _module(TransformerBlock, _in_parallel),
        "The MLP reads the tokens from before attention.",
        "Both parts start from the same tokens, so the MLP does not see what attention has found.",
        "Compute the first sum, and give that sum to the second norm and the MLP.",
    ),
    Mistake(
        "normed-added",
        _module(TransformerBlock, _normed_added),
        "The sums start from the normed tokens.",
        "The norm has overwritten the tokens, so the values that should be passed on unchanged are lost.",
        "Keep the tokens as they were, and norm only the copy that goes into attention or the MLP.",
    ),
    Mistake(
        "mask-not-passed",
        _module(TransformerBlock, _mask_not_passed),
        "The result is right without a mask, and a given mask changes nothing.",
        "`forward` takes the mask but does not pass it on to attention.",
        "Give the mask to `self.attention` together with the normed tokens.",
    ),
    Mistake(
        "without-eps",
        _module(TransformerBlock, TransformerBlock.forward, _without_eps),
        "The norms don't use the given eps.",
        "`nn.LayerNorm` adds 1e-5 to the variance unless it is told otherwise; this block's default is 1e-6.",
        "Pass `eps` on to both norms in `__init__`.",
    ),
)
