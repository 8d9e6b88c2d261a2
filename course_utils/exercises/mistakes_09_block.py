"""The usual mistakes of exercise 9.2: the Mixer block."""

from course_utils.exercises.registry import Mistake
from course_utils.models.mixer import MixerBlock


def _block(forward):
    """Return a block with the reference's layers that computes something else."""
    return type("MixerBlock", (MixerBlock,), {"__init__": MixerBlock.__init__, "forward": forward})


def _across(self, tokens):
    """Return the MLP across the tokens, without norm and sum."""
    return self.token_mlp(tokens.transpose(1, 2)).transpose(1, 2)


def _channels_first(self, tokens):
    tokens = tokens + self.channel_mlp(self.norm2(tokens))
    return tokens + _across(self, self.norm1(tokens))


def _no_first_residual(self, tokens):
    tokens = _across(self, self.norm1(tokens))
    return tokens + self.channel_mlp(self.norm2(tokens))


def _no_second_residual(self, tokens):
    tokens = tokens + _across(self, self.norm1(tokens))
    return self.channel_mlp(self.norm2(tokens))


def _no_residuals(self, tokens):
    return self.channel_mlp(self.norm2(_across(self, self.norm1(tokens))))


def _residual_from_the_start(self, tokens):
    mixed = tokens + _across(self, self.norm1(tokens))
    return tokens + self.channel_mlp(self.norm2(mixed))


def _residual_of_the_normed(self, tokens):
    normed = self.norm1(tokens)
    normed = self.norm2(normed + _across(self, normed))
    return normed + self.channel_mlp(normed)


def _parallel(self, tokens):
    return tokens + _across(self, self.norm1(tokens)) + self.channel_mlp(self.norm2(tokens))


def _norm_behind(self, tokens):
    tokens = self.norm1(tokens + _across(self, tokens))
    return self.norm2(tokens + self.channel_mlp(tokens))


def _norm_on_the_branch(self, tokens):
    tokens = tokens + self.norm1(_across(self, tokens))
    return tokens + self.norm2(self.channel_mlp(tokens))


def _normed_by(first, second):
    """Return a block with these of its norms, if any, in front of its MLPs."""

    def forward(self, tokens):
        normed = getattr(self, first)(tokens) if first else tokens
        tokens = tokens + _across(self, normed)
        return tokens + self.channel_mlp(getattr(self, second)(tokens) if second else tokens)

    return _block(forward)


def _second_residual_normed(self, tokens):
    normed = self.norm2(tokens + _across(self, self.norm1(tokens)))
    return normed + self.channel_mlp(normed)


def _norm_of_the_turned(self, tokens):
    tokens = tokens + self.token_mlp(self.norm1(tokens.transpose(1, 2))).transpose(1, 2)
    return tokens + self.channel_mlp(self.norm2(tokens))


def _wrong_axis(self, tokens):
    tokens = tokens + self.token_mlp(self.norm1(tokens))
    return tokens + self.channel_mlp(self.norm2(tokens))


def _reshaped(self, tokens):
    B, N, D = tokens.shape
    tokens = tokens + self.token_mlp(self.norm1(tokens).reshape(B, D, N)).reshape(B, N, D)
    return tokens + self.channel_mlp(self.norm2(tokens))


def _tokens_only(self, tokens):
    return tokens + _across(self, self.norm1(tokens))


BLOCK = (
    Mistake(
        "channels-first",
        _block(_channels_first),
        "The channels are mixed first, then the tokens.",
        "The lecture's slide numbers the two MLPs that way; in the paper's equation 1 the tokens come first.",
        "First the sum with `token_mlp`, then the one with `channel_mlp`.",
    ),
    Mistake(
        "no-first-residual",
        _block(_no_first_residual),
        "The first residual is missing.",
        "What the MLP across the tokens returns replaces the tokens.",
        "Add it to the tokens: `tokens + ...`.",
    ),
    Mistake(
        "no-second-residual",
        _block(_no_second_residual),
        "The second residual is missing.",
        "What the MLP across the channels returns replaces the tokens.",
        "Add it to the tokens of the line before.",
    ),
    Mistake(
        "no-residuals",
        _block(_no_residuals),
        "Both residuals are missing.",
        "Each MLP replaces what it reads; a deep stack of such blocks hardly trains.",
        "Write `tokens + ...` in both lines.",
    ),
    Mistake(
        "residual-from-the-start",
        _block(_residual_from_the_start),
        "The second sum adds the block's input again, and what the tokens have mixed is lost from the residual.",
        "Each residual starts where the one before has ended.",
        "Give the first sum the name `tokens`, and add to that.",
    ),
    Mistake(
        "residual-of-the-normed",
        _block(_residual_of_the_normed),
        "The normalised tokens are added, not the tokens.",
        "The norm belongs to the branch: the residual carries the tokens on untouched.",
        "Keep `tokens` as they are, and norm only what goes into the MLP.",
    ),
    Mistake(
        "second-residual-normed",
        _block(_second_residual_normed),
        "In the second sum the normalised tokens are added, not the tokens.",
        "The norm belongs to the branch: the residual carries the tokens on untouched.",
        "Write `tokens + self.channel_mlp(self.norm2(tokens))`.",
    ),
    Mistake(
        "parallel",
        _block(_parallel),
        "Both MLPs read the block's input.",
        "The second one should see what the first has mixed.",
        "Make two sums, one behind the other.",
    ),
    Mistake(
        "norm-behind",
        _block(_norm_behind),
        "The norms stand behind the sums.",
        "The original Transformer has them there; the Mixer, as the ViT, has them in front of each MLP.",
        "Norm what goes into the MLP, not the sum.",
    ),
    Mistake(
        "norm-on-the-branch",
        _block(_norm_on_the_branch),
        "The norms stand behind the MLPs, before the sums.",
        "Swin V2 does that; the Mixer has its norms in front of each MLP.",
        "Norm what goes into the MLP.",
    ),
    Mistake(
        "shared-norm",
        _normed_by("norm1", "norm1"),
        "`norm1` is used twice.",
        "Each norm has its own scales and shifts, and `norm2` would never learn.",
        "Use `norm2` in front of the MLP across the channels.",
    ),
    Mistake(
        "norms-swapped",
        _normed_by("norm2", "norm1"),
        "`norm1` and `norm2` have changed places.",
        "The names say which comes first, and weights are copied by name.",
        "Use `norm1` in front of `token_mlp`, `norm2` in front of `channel_mlp`.",
    ),
    Mistake(
        "no-norms",
        _normed_by("", ""),
        "Neither norm is used.",
        "The sums grow from block to block, and nothing brings them back to one size.",
        "Apply `norm1` before the table is turned, and `norm2` in the second line.",
    ),
    Mistake(
        "no-first-norm",
        _normed_by("", "norm2"),
        "The norm in front of the MLP across the tokens is missing.",
        "The sums grow from block to block, and nothing brings them back to one size.",
        "Apply `norm1` before the table is turned.",
    ),
    Mistake(
        "no-second-norm",
        _normed_by("norm1", ""),
        "The norm in front of the MLP across the channels is missing.",
        "The sums grow from block to block, and nothing brings them back to one size.",
        "Apply `norm2` in the second line.",
    ),
    Mistake(
        "norm-of-the-turned",
        _block(_norm_of_the_turned),
        "The norm is applied to the turned table, (B, D, N).",
        "A layer norm looks at the D channels of one token, so they have to be the last axis.",
        "First `norm1`, then `transpose(1, 2)`.",
    ),
    Mistake(
        "wrong-axis",
        _block(_wrong_axis),
        "The MLP across the tokens gets the channels.",
        "A linear layer works along the last axis, and the last axis of (B, N, D) is D.",
        "Turn the table with `transpose(1, 2)`, and turn the result back.",
    ),
    Mistake(
        "reshaped",
        _block(_reshaped),
        "The table of tokens was refilled in another form, not turned.",
        "`reshape(B, D, N)` keeps the numbers in their order in memory, so a row holds parts of several tokens.",
        "Use `transpose(1, 2)`, there and back.",
    ),
    Mistake(
        "tokens-only",
        _block(_tokens_only),
        "The MLP across the channels isn't used.",
        "The block ends after its first half: numbers of different channels would never meet.",
        "Add a second line with `norm2` and `channel_mlp`.",
    ),
)
