"""The usual mistakes of exercise 7.6: what the two heads read."""

from course_utils.exercises.registry import Mistake
from course_utils.models.deit import DistilledViT


class InSteps(DistilledViT):
    """The model in steps, so that a mistake can replace one of them."""

    def read(self, tokens):
        """Return what the two heads read, from normalised tokens (B, 2 + N, D)."""
        return tokens[:, 0], tokens[:, 1]

    def answer(self, from_class, from_distillation):
        """Return the logits of both heads."""
        return self.head(from_class), self.head_dist(from_distillation)

    def while_training(self, one, other):
        """Return what comes out in training."""
        return one, other

    def afterwards(self, one, other):
        """Return what comes out in eval mode."""
        return (one + other) / 2

    def both_logits(self, images):
        """Return the logits of both heads."""
        return self.answer(*self.read(self.norm(self.encode(images))))

    def forward(self, images):
        """Return the logits of images."""
        return (self.while_training if self.training else self.afterwards)(*self.both_logits(images))


def changed(**methods):
    """Return a model of which some methods compute something else."""
    init = {"__init__": DistilledViT.__init__}
    return type("DistilledViT", (InSteps,), init | methods)


def _mean_of_tokens(self, tokens):
    mean = tokens[:, :2].mean(dim=1)
    return mean, mean


def _not_normalised(self, images):
    tokens = self.encode(images)
    return self.head(tokens[:, 0]), self.head_dist(tokens[:, 1])


def _one_not_normalised(self, images):
    tokens = self.encode(images)
    return self.head(self.norm(tokens[:, 0])), self.head_dist(tokens[:, 1])


HEADS = (
    Mistake(
        "outputs-swapped",
        changed(both_logits=lambda self, images: InSteps.both_logits(self, images)[::-1]),
        "In training the two outputs have changed places.",
        "The loss teaches the first one the labels and the second one the teacher's decisions.",
        "Return the class head's logits first.",
    ),
    Mistake(
        "tokens-crossed",
        changed(read=lambda self, tokens: (tokens[:, 1], tokens[:, 0])),
        "Each head reads the other one's token.",
        "Token 0 is the class token, token 1 the distillation token.",
        "Give `head` token 0 and `head_dist` token 1.",
    ),
    Mistake(
        "heads-crossed",
        changed(answer=lambda self, one, other: (self.head_dist(one), self.head(other))),
        "The two heads have changed places: `head_dist` reads the class token.",
        "Official weights are loaded by name: `head` belongs to the class token.",
        "Give `head` token 0 and `head_dist` token 1.",
    ),
    Mistake(
        "class-token-for-both",
        changed(read=lambda self, tokens: (tokens[:, 0], tokens[:, 0])),
        "Both heads read the class token.",
        "Then what the teacher says reaches the distillation token only through attention, and nothing reads it.",
        "Give `head_dist` token 1.",
    ),
    Mistake(
        "distillation-token-for-both",
        changed(read=lambda self, tokens: (tokens[:, 1], tokens[:, 1])),
        "Both heads read the distillation token.",
        "Nothing reads the class token.",
        "Give `head` token 0.",
    ),
    Mistake(
        "last-token",
        changed(read=lambda self, tokens: (tokens[:, 0], tokens[:, -1])),
        "The distillation head reads the last token.",
        "The last token is a patch, the one in the lower right corner.",
        "Give `head_dist` token 1.",
    ),
    Mistake(
        "one-off",
        changed(read=lambda self, tokens: (tokens[:, 1], tokens[:, 2])),
        "The heads read tokens 1 and 2.",
        "Counting starts at 0: token 2 is the first patch.",
        "Take tokens 0 and 1.",
    ),
    Mistake(
        "mean-of-tokens",
        changed(read=_mean_of_tokens),
        "Both heads read the mean of the two tokens.",
        "The logits are averaged in eval mode, not the tokens: in training each head learns from its own.",
        "Give `head` token 0 and `head_dist` token 1.",
    ),
    Mistake(
        "mean-of-patches",
        changed(read=lambda self, tokens: (tokens[:, 0], tokens[:, 2:].mean(dim=1))),
        "The distillation head reads the mean of the patches.",
        "Mean pooling works too, but then nobody needs a distillation token.",
        "Give `head_dist` token 1.",
    ),
    Mistake(
        "shared-head",
        changed(answer=lambda self, one, other: (self.head(one), self.head(other))),
        "Both tokens go through the class head.",
        "Labels and teacher would pull at the same weights, and `head_dist` would never learn.",
        "Use `self.head_dist` for token 1.",
    ),
    Mistake(
        "shared-distillation-head",
        changed(answer=lambda self, one, other: (self.head_dist(one), self.head_dist(other))),
        "Both tokens go through the distillation head.",
        "Labels and teacher would pull at the same weights, and `head` would never learn.",
        "Use `self.head` for token 0.",
    ),
    Mistake(
        "same-logits-twice",
        changed(answer=lambda self, one, other: (self.head(one), self.head(one))),
        "The class head's logits come out twice.",
        "Neither `head_dist` nor the distillation token is used.",
        "Give `head_dist` token 1, as the second of the two.",
    ),
    Mistake(
        "images-not-tokens",
        changed(read=lambda self, tokens: (tokens[0], tokens[1])),
        "The heads read images 0 and 1, not tokens 0 and 1.",
        "The first axis is the batch.",
        "Take `tokens[:, 0]` and `tokens[:, 1]`.",
    ),
    Mistake(
        "no-norm",
        changed(both_logits=_not_normalised),
        "The norm behind the last block is missing.",
        "Pre-norm blocks add to their input and never normalise the sum.",
        "Apply `self.norm` before the heads.",
    ),
    Mistake(
        "distillation-token-not-normed",
        changed(both_logits=_one_not_normalised),
        "Only the class token goes through the last norm.",
        "Both tokens come from the same blocks, whose sums were never normalised.",
        "Apply `self.norm` to both.",
    ),
)
