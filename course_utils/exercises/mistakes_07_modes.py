"""More mistakes of exercise 7.6: what comes out in training, and in eval mode."""

import torch

from course_utils.exercises.mistakes_07_heads import changed
from course_utils.exercises.registry import Mistake


def _mean(self, one, other):
    return (one + other) / 2


def _both(self, one, other):
    return one, other


def _mean_of_probabilities(self, one, other):
    return (one.softmax(dim=-1) + other.softmax(dim=-1)) / 2


MODES = (
    Mistake(
        "mean-in-training-too",
        changed(while_training=_mean),
        "In training one output comes out, not two.",
        "The loss needs each head by itself: they learn from different targets.",
        "If `self.training`, return both.",
    ),
    Mistake(
        "both-in-eval-mode",
        changed(afterwards=_both),
        "In eval mode two outputs come out, not one.",
        "Who uses the model wants one answer. The mode is `self.training`; `self.train` is a method, and always true.",
        "Return the mean of the two unless `self.training`.",
    ),
    Mistake(
        "modes-swapped",
        changed(while_training=_mean, afterwards=_both),
        "Training and eval mode have changed places.",
        "`self.training` is True in training, after `model.train()`.",
        "Return both if `self.training`, else their mean.",
    ),
    Mistake(
        "one-in-training",
        changed(while_training=lambda self, one, other: one),
        "In training only the class head's logits come out.",
        "The distillation head would never learn.",
        "If `self.training`, return both.",
    ),
    Mistake(
        "probabilities-in-training",
        changed(while_training=lambda self, one, other: (one.softmax(dim=-1), other.softmax(dim=-1))),
        "In training probabilities come out, not logits.",
        "`F.cross_entropy` takes a softmax itself.",
        "Leave the softmax out.",
    ),
    Mistake(
        "no-forward",
        changed(while_training=lambda self, one, other: one, afterwards=lambda self, one, other: one),
        "Only the class head's logits come out, in training too.",
        "That is what `forward` of `VisionTransformer` does, if it isn't replaced.",
        "Define `forward`: both logits in training, else their mean.",
    ),
    Mistake(
        "class-head-only",
        changed(afterwards=lambda self, one, other: one),
        "In eval mode only the class head answers.",
        "The two heads make different mistakes, and together fewer.",
        "Return the mean of both logits.",
    ),
    Mistake(
        "distillation-head-only",
        changed(afterwards=lambda self, one, other: other),
        "In eval mode only the distillation head answers.",
        "The two heads make different mistakes, and together fewer.",
        "Return the mean of both logits.",
    ),
    Mistake(
        "sum",
        changed(afterwards=lambda self, one, other: one + other),
        "In eval mode the logits are added, not averaged.",
        "The largest stays the largest, but every probability is sharpened as by T = 1/2.",
        "Divide by 2.",
    ),
    Mistake(
        "half-of-one",
        changed(afterwards=lambda self, one, other: one + other / 2),
        "In eval mode only the second head's logits are halved.",
        "A division binds more tightly than a sum: `a + b / 2`.",
        "Put the sum in brackets.",
    ),
    Mistake(
        "mean-of-probabilities",
        changed(afterwards=_mean_of_probabilities),
        "In eval mode the mean of the probabilities comes out.",
        "The paper does speak of adding up softmax outputs, but its code averages logits, and so does this model.",
        "Leave the softmax out.",
    ),
    Mistake(
        "sum-of-probabilities",
        changed(afterwards=lambda self, one, other: one.softmax(dim=-1) + other.softmax(dim=-1)),
        "In eval mode the sum of the probabilities comes out.",
        "The paper does speak of adding up softmax outputs, but its code averages logits, and so does this model.",
        "Leave the softmax out, and divide by 2.",
    ),
    Mistake(
        "probability-of-the-mean",
        changed(afterwards=lambda self, one, other: _mean(self, one, other).softmax(dim=-1)),
        "In eval mode probabilities come out, not logits.",
        "Losses and `argmax` take logits; a softmax is for whoever wants probabilities.",
        "Return the mean of the logits.",
    ),
    Mistake(
        "larger-of-the-two",
        changed(afterwards=lambda self, one, other: torch.maximum(one, other)),
        "In eval mode the larger of the two logits comes out, class by class.",
        "One head's noise is enough then to make a class win.",
        "Return their mean.",
    ),
    Mistake(
        "stacked",
        changed(while_training=lambda self, one, other: torch.stack([one, other])),
        "In training one tensor comes out, with both logits stacked.",
        "The lesson unpacks a pair, and asks for a tuple.",
        "`return class_logits, distillation_logits`.",
    ),
    Mistake(
        "joined",
        changed(while_training=lambda self, one, other: torch.cat([one, other], dim=-1)),
        "In training one tensor comes out, the two logits side by side.",
        "That looks like a model with twice as many classes.",
        "`return class_logits, distillation_logits`.",
    ),
)
