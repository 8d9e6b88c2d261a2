"""The usual mistakes of exercises 2.6 and 2.7: cutting tokens into heads, and putting them together again."""

from course_utils.exercises.registry import Mistake


def _cut(tokens, heads):
    B, N, D = tokens.shape
    return tokens.reshape(B, N, heads, D // heads)


def _view_only(tokens, heads):
    B, N, D = tokens.shape
    return tokens.reshape(B, heads, N, D // heads)


def _every_hth(tokens, heads):
    B, N, D = tokens.shape
    return tokens.reshape(B, N, D // heads, heads).permute(0, 3, 1, 2)


def _heads_after_tokens(tokens, heads):
    return _cut(tokens, heads)


def _numbers_before_tokens(tokens, heads):
    return _cut(tokens, heads).permute(0, 2, 3, 1)


def _heads_before_batch(tokens, heads):
    return _cut(tokens, heads).permute(2, 0, 1, 3)


def _heads_in_batch(tokens, heads):
    return _cut(tokens, heads).transpose(1, 2).flatten(end_dim=1)


def _turned_before_cut(tokens, heads):
    B, N, D = tokens.shape
    return tokens.transpose(1, 2).reshape(B, heads, N, D // heads)


SPLIT = (
    Mistake(
        "view-only",
        _view_only,
        "The shape is right, but each head has pieces of the wrong tokens.",
        "A view to (B, h, N, d) only counts the numbers off in their old order: head 0 takes whole first tokens.",
        "Cut the last axis into (h, d) first, and then let the axes of tokens and heads change places.",
    ),
    Mistake(
        "every-hth",
        _every_hth,
        "Each head has every h-th number of a token instead of d neighbouring ones.",
        "The width is cut into (d, h), so the heads vary fastest.",
        "Cut the width into (h, d): head 0 gets the first d numbers, head 1 the next d.",
    ),
    Mistake(
        "heads-after-tokens",
        _heads_after_tokens,
        "The result is (B, N, h, d): the heads come after the tokens.",
        "Attention works on the last two axes, and would now compare the heads of one token with each other.",
        "Let the axes of tokens and heads change places.",
    ),
    Mistake(
        "numbers-before-tokens",
        _numbers_before_tokens,
        "The result is (B, h, d, N): the d numbers of a token run down a column.",
        "One axis too many was moved: the tokens ended up last.",
        "Move the heads in front of the tokens, and leave the d numbers last.",
    ),
    Mistake(
        "heads-before-batch",
        _heads_before_batch,
        "The result is (h, B, N, d): the heads come before the batch.",
        "The heads were moved to the very front.",
        "Keep the batch first, and put the heads second.",
    ),
    Mistake(
        "heads-in-batch",
        _heads_in_batch,
        "The result is (B·h, N, d): batch and heads share one axis.",
        "They were merged, so no later line can tell images from heads.",
        "Keep four axes: batch, heads, tokens, numbers.",
    ),
    Mistake(
        "turned-before-cut",
        _turned_before_cut,
        "Each head mixes numbers of different tokens.",
        "Tokens and width were transposed before the width was cut, so the cut runs across the tokens.",
        "Cut the width into (h, d) first, and transpose after that.",
    ),
)


def _reshape_only(tokens):
    B, h, N, d = tokens.shape
    return tokens.reshape(B, N, h * d)


def _heads_fastest(tokens):
    return tokens.permute(0, 2, 3, 1).flatten(start_dim=2)


def _last_two_turned(tokens):
    B, h, N, d = tokens.shape
    return tokens.transpose(2, 3).reshape(B, N, h * d)


def _mean_of_heads(tokens):
    return tokens.mean(dim=1)


def _sum_of_heads(tokens):
    return tokens.sum(dim=1)


def _not_joined(tokens):
    return tokens.transpose(1, 2)


def _one_below_another(tokens):
    return tokens.flatten(start_dim=1, end_dim=2)


def _width_before_tokens(tokens):
    return tokens.transpose(2, 3).flatten(start_dim=1, end_dim=2)


MERGE = (
    Mistake(
        "reshape-only",
        _reshape_only,
        "The shape is right, but a token's row holds numbers of other tokens.",
        "A reshape to (B, N, D) only counts the numbers off in their old order, head by head.",
        "Let the axes of heads and tokens change places before you join the last two.",
    ),
    Mistake(
        "heads-fastest",
        _heads_fastest,
        "The heads are interleaved: first number 0 of every head, then number 1 of every head.",
        "The axes were joined in the order (d, h), so the heads vary fastest.",
        "Join them in the order (h, d): all d numbers of head 0, then all of head 1.",
    ),
    Mistake(
        "last-two-turned",
        _last_two_turned,
        "The shape is right, but the numbers of different tokens are mixed.",
        "Tokens and numbers changed places, where tokens and heads should have.",
        "Transpose the axes of heads and tokens, 1 and 2, instead of the last two.",
    ),
    Mistake(
        "sum-of-heads",
        _sum_of_heads,
        "The result is (B, N, d): the heads are added up.",
        "A sum makes one head of all, and what each of them found can't be told apart any more.",
        "Keep all numbers: put the heads of a token side by side, (B, N, h * d).",
    ),
    Mistake(
        "mean-of-heads",
        _mean_of_heads,
        "The result is (B, N, d): the heads are averaged.",
        "A mean melts what each head has found into one.",
        "Put the heads side by side instead, so that a token has h · d numbers again.",
    ),
    Mistake(
        "not-joined",
        _not_joined,
        "The result still has four axes: (B, N, h, d).",
        "The axes are in the right order, but heads and numbers are not joined yet.",
        "Join the last two axes into one of width h · d.",
    ),
    Mistake(
        "one-below-another",
        _one_below_another,
        "The result is (B, h·N, d): the heads come one below the other, as if they were more tokens.",
        "Heads were joined with tokens instead of with numbers.",
        "Bring the heads next to the numbers first, and join these two axes.",
    ),
    Mistake(
        "width-before-tokens",
        _width_before_tokens,
        "The result is (B, D, N): each token is a column.",
        "The tokens were moved to the end, behind the numbers.",
        "Bring the tokens to axis 1, so that heads and numbers stand together at the end.",
    ),
)
