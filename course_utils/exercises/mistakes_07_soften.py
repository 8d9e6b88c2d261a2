"""The usual mistakes of exercise 7.1: softened probabilities."""

from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.distillation import check_temperature


def _checked(compute):
    """Return an answer that refuses what has to be refused, and then computes something else."""

    def soften(logits, temperature):
        check_temperature(temperature)
        return compute(logits, temperature)

    return soften


def _unchecked(logits, temperature):
    return (logits / temperature).softmax(dim=-1)


SOFTEN = (
    Mistake(
        "multiplied",
        _checked(lambda logits, T: (logits * T).softmax(dim=-1)),
        "The logits are multiplied with the temperature.",
        "Then a high temperature makes the largest probability larger, not smaller.",
        "Divide: the smaller the logits' differences, the more even the probabilities.",
    ),
    Mistake(
        "no-temperature",
        _checked(lambda logits, T: logits.softmax(dim=-1)),
        "The temperature changes nothing: this is the usual softmax.",
        "It isn't used, or it is used where softmax takes it away again: adding a number to all logits, or scaling all "
        "probabilities of a row, changes nothing.",
        "Divide the logits by it, before the softmax.",
    ),
    Mistake(
        "divided-behind",
        _checked(lambda logits, T: logits.softmax(dim=-1) / T),
        "The probabilities are divided by the temperature, not the logits.",
        "All get smaller by the same factor, and a row doesn't sum to 1 any more.",
        "First divide the logits, then the softmax.",
    ),
    Mistake(
        "probabilities-softened",
        _checked(lambda logits, T: (logits.softmax(dim=-1) / T).softmax(dim=-1)),
        "The softmax is taken twice: of probabilities that were divided by the temperature.",
        "Probabilities lie between 0 and 1, so a second softmax makes them nearly equal.",
        "Divide the logits by the temperature, and take one softmax.",
    ),
    Mistake(
        "softmax-twice",
        _checked(lambda logits, T: (logits / T).softmax(dim=-1).softmax(dim=-1)),
        "The softmax is taken twice.",
        "Its result lies between 0 and 1, so a second one makes all probabilities nearly equal.",
        "Take it once, of the logits divided by the temperature.",
    ),
    Mistake(
        "over-the-images",
        _checked(lambda logits, T: (logits / T).softmax(dim=0)),
        "The softmax runs over the first axis.",
        "Then the images share out each class among them.",
        "The classes are the last axis: `dim=-1`.",
    ),
    Mistake(
        "axis-1",
        _checked(lambda logits, T: (logits / T).softmax(dim=1)),
        "The softmax runs over axis 1, which is the classes' only where there are two axes.",
        "Logits may have more axes in front, or none at all.",
        "Count from the end: `dim=-1`.",
    ),
    Mistake(
        "no-axis",
        _checked(lambda logits, T: (logits / T).softmax(dim=0 if logits.ndim in (0, 1, 3) else 1)),
        "The softmax isn't told its axis.",
        "`F.softmax` then guesses, with a warning: axis 0 for one or three axes, else axis 1.",
        "Say `dim=-1`.",
    ),
    Mistake(
        "not-kept",
        _checked(lambda logits, T: (logits / T).exp() / (logits / T).exp().sum(dim=-1)),
        "A row's sum has lost its axis, and meets the wrong numbers in the division.",
        "Dividing (B, C) by (B,) counts from the end: the B sums stand beside the C classes.",
        "`sum(dim=-1, keepdim=True)` is (B, 1), or use `softmax(dim=-1)`.",
    ),
    Mistake(
        "over-everything",
        _checked(lambda logits, T: (logits / T).exp() / (logits / T).exp().sum()),
        "All numbers together sum to 1, not each row.",
        "A sum without `dim` runs over the images too.",
        "Sum over the classes alone, or use `softmax(dim=-1)`.",
    ),
    Mistake(
        "log",
        _checked(lambda logits, T: (logits / T).log_softmax(dim=-1)),
        "These are the logarithms of the probabilities.",
        "`log_softmax` is what losses use; here the probabilities themselves are wanted.",
        "Use `softmax`.",
    ),
    Mistake(
        "not-normalised",
        _checked(lambda logits, T: (logits / T).exp()),
        "The rows don't sum to 1: nothing divides by the sum.",
        "`exp` alone makes positive numbers, not probabilities.",
        "Divide by the sum over the classes, or use `softmax`.",
    ),
    Mistake(
        "largest-is-1",
        _checked(lambda logits, T: (logits / T).exp() / (logits / T).exp().amax(dim=-1, keepdim=True)),
        "The largest number of each row is 1: the rows don't sum to 1.",
        "Each is divided by the largest one, not by the sum.",
        "Divide by the sum over the classes, or use `softmax`.",
    ),
    Mistake(
        "no-exp",
        _checked(lambda logits, T: (logits / T) / (logits / T).sum(dim=-1, keepdim=True)),
        "The logits are divided by their sum, without `exp`.",
        "Logits may be negative, and the temperature cancels out.",
        "Take the softmax of `logits / temperature`.",
    ),
    Mistake(
        "sigmoid",
        _checked(lambda logits, T: (logits / T).sigmoid()),
        "Each class has a sigmoid of its own.",
        "Then the classes don't compete, and a row needn't sum to 1.",
        "Use `softmax` over the classes.",
    ),
    Mistake(
        "sign",
        _checked(lambda logits, T: (-logits / T).softmax(dim=-1)),
        "The least likely class gets the highest probability.",
        "The sign of the logits was turned: physicists write exp(-E / T), but logits are -E already.",
        "Leave the minus out.",
    ),
    Mistake(
        "temperature-squared",
        _checked(lambda logits, T: (logits / T**2).softmax(dim=-1)),
        "The logits are divided by T².",
        "T² belongs to the loss, where it keeps the gradient's size.",
        "Divide by T.",
    ),
    Mistake(
        "root",
        _checked(lambda logits, T: (logits / T**0.5).softmax(dim=-1)),
        "The logits are divided by the root of T.",
        "Attention divides by a root, of the width; the temperature has none.",
        "Divide by T.",
    ),
    Mistake(
        "scaled-by-t-squared",
        _checked(lambda logits, T: T**2 * (logits / T).softmax(dim=-1)),
        "The probabilities are multiplied with T².",
        "T² belongs to the loss; a row of probabilities sums to 1.",
        "Return the softmax as it is.",
    ),
    Mistake(
        "power",
        _checked(lambda logits, T: logits.softmax(dim=-1) ** (1 / T)),
        "The probabilities are taken to the power 1/T, and don't sum to 1.",
        "Up to a factor that is right: exp(z)^(1/T) is exp(z / T). But that factor is another one in each row.",
        "Divide the logits by T before the softmax, or divide each row by its sum at the end.",
    ),
    Mistake(
        "mixed-with-even",
        _checked(lambda logits, T: logits.softmax(dim=-1) / T + (1 - 1 / T) / logits.shape[-1]),
        "The probabilities are mixed with even ones, as in label smoothing.",
        "That lifts all small probabilities to nearly the same, and loses what the teacher knows about them.",
        "Divide the logits by T before the softmax.",
    ),
    Mistake(
        "one-hot",
        _checked(lambda logits, T: F.one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(logits) + 0 * logits),
        "All the probability is on one class.",
        "`argmax` gives a decision; softened probabilities are the opposite of that.",
        "Use `softmax`.",
    ),
    Mistake(
        "largest-first",
        _checked(lambda logits, T: (logits / T).softmax(dim=-1).sort(dim=-1, descending=True).values),
        "The probabilities are sorted.",
        "Then nobody knows which class they belong to.",
        "Leave them in the order of the classes.",
    ),
    Mistake(
        "unchecked",
        _unchecked,
        "A temperature of 0 isn't refused.",
        "The logits divided by 0 are infinite, and their softmax isn't a number; a tiny number instead of 0 leaves no "
        "gradient.",
        "Begin with `check_temperature(temperature)`.",
    ),
)
