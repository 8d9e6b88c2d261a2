"""The usual mistakes of exercise 7.7: how often two models make the same mistake."""

from course_utils.exercises.registry import Mistake


def _share(found, among=None, change=lambda value: value):
    """Return an answer that counts something else: `found` among `among`, from what each image shows.

    Both are functions of (a wrong, b wrong, the same said), each (N,) bool; without `among`, all images count.
    """

    def wrong(a, b, labels):
        seen = a != labels, b != labels, a == b
        if not (seen[0] | seen[1]).any():
            raise ValueError("neither is wrong")
        counted = found(*seen) if among is None else found(*seen)[among(*seen)]
        return change(counted.double().mean().item())

    return wrong


def _double_counted(a, b, labels):
    both = a != labels, b != labels
    if not (both[0] | both[1]).any():
        raise ValueError("neither is wrong")
    return ((a == b) & both[0]).sum().item() / (both[0].sum() + both[1].sum()).item()


def _dice(a, b, labels):
    return 2 * _double_counted(a, b, labels)


def _counted(a, b, labels):
    wrong = (a != labels) | (b != labels)
    if not wrong.any():
        raise ValueError("neither is wrong")
    return float((a == b)[wrong].sum())


def _against_the_smaller(a, b, labels):
    either = (a != labels) | (b != labels)
    if not either.any():
        raise ValueError("neither is wrong")
    return ((a == b) & either).sum().item() / min((a != labels).sum(), (b != labels).sum()).item()


def _mean_of_both(a, b, labels):
    same = (a == b) & (a != labels)
    if not ((a != labels) | (b != labels)).any():
        raise ValueError("neither is wrong")
    return (same.sum() / (a != labels).sum()).item() / 2 + (same.sum() / (b != labels).sum()).item() / 2


def _by_chance(a, b, labels):
    if not ((a != labels) | (b != labels)).any():
        raise ValueError("neither is wrong")
    return (a != labels).double().mean().item() * (b != labels).double().mean().item()


def _or(a, b, labels):
    return (a == b)[a != labels or b != labels].double().mean().item()


def _mean_of_bool(a, b, labels):
    wrong = (a != labels) | (b != labels)
    if not wrong.any():
        raise ValueError("neither is wrong")
    return (a == b)[wrong].mean().item()


def _unchecked(a, b, labels):
    return (a == b)[(a != labels) | (b != labels)].double().mean().item()


SHARED = (
    Mistake(
        "among-all-images",
        _share(lambda a, b, same: same & a),
        "What both get wrong in the same way is divided by all images.",
        "The more both know, the smaller that is, however alike their mistakes are.",
        "Divide by the images that at least one of them gets wrong.",
    ),
    Mistake(
        "agreement",
        _share(lambda a, b, same: same),
        "This is their agreement on all images.",
        "What both get right counts too, and on what is easy all agree.",
        "Look only at images that at least one of them gets wrong.",
    ),
    Mistake(
        "among-both-wrong",
        _share(lambda a, b, same: same, lambda a, b, same: a & b),
        "Only images that both get wrong are looked at.",
        "That leaves out the images that one gets right and the other wrong: there they don't agree.",
        "An image counts if the one or the other is wrong: `|`.",
    ),
    Mistake(
        "among-the-firsts",
        _share(lambda a, b, same: same, lambda a, b, same: a),
        "Only the first model's mistakes are looked at.",
        "The second one's own mistakes are missing, and the result depends on who comes first.",
        "An image counts if the one or the other is wrong.",
    ),
    Mistake(
        "among-the-seconds",
        _share(lambda a, b, same: same, lambda a, b, same: b),
        "Only the second model's mistakes are looked at.",
        "The first one's own mistakes are missing, and the result depends on who comes first.",
        "An image counts if the one or the other is wrong.",
    ),
    Mistake(
        "among-exactly-one-wrong",
        _share(lambda a, b, same: same, lambda a, b, same: a ^ b),
        "Only images that exactly one of them gets wrong are looked at.",
        "There they never agree: one is right, and the other isn't.",
        "Where both are wrong counts too: `|`, not `^` or `!=`.",
    ),
    Mistake(
        "among-the-right",
        _share(lambda a, b, same: same, lambda a, b, same: ~(a & b)),
        "Images that at least one of them gets right are looked at.",
        "`==` stands where `!=` should: these are the hits, not the mistakes.",
        "Begin with `a != labels` and `b != labels`.",
    ),
    Mistake(
        "both-wrong-suffices",
        _share(lambda a, b, same: a & b, lambda a, b, same: a | b),
        "Two different wrong classes count as the same mistake.",
        "That both are wrong doesn't say that they say the same.",
        "Ask `a == b`.",
    ),
    Mistake(
        "both-wrong-among-all",
        _share(lambda a, b, same: a & b),
        "This is how often both are wrong, among all images.",
        "It neither asks whether they say the same, nor leaves out what both get right.",
        "Ask `a == b`, on the images that at least one of them gets wrong.",
    ),
    Mistake(
        "either-wrong",
        _share(lambda a, b, same: a | b),
        "This is how often at least one of them is wrong.",
        "That is what to divide by, not the result.",
        "Among these images, take the share with `a == b`.",
    ),
    Mistake(
        "equally-right",
        _share(lambda a, b, same: a == b),
        "This is how often both are right or both are wrong.",
        "`(a == labels) == (b == labels)` compares hits; what they say doesn't matter.",
        "Compare what they say, `a == b`, on images that at least one of them gets wrong.",
    ),
    Mistake(
        "equally-wrong-among-mistakes",
        _share(lambda a, b, same: ~same & a & b, lambda a, b, same: a | b),
        "Images count on which both are wrong, each in its own way.",
        "`!=` stands where `==` should.",
        "Ask `a == b`.",
    ),
    Mistake(
        "disagreement",
        _share(lambda a, b, same: ~same, lambda a, b, same: a | b),
        "This is how often they disagree: 1 minus the right answer.",
        "`!=` stands where `==` should.",
        "Ask `a == b`.",
    ),
    Mistake(
        "percent",
        _share(lambda a, b, same: same, lambda a, b, same: a | b, lambda share: 100 * share),
        "The result is in percent.",
        "A share from 0 to 1 is asked for.",
        "Leave out the factor 100.",
    ),
    Mistake(
        "counted",
        _counted,
        "This is a number of images, not a share.",
        "The division is missing: a sum counts.",
        "Take the mean over the images that at least one of them gets wrong.",
    ),
    Mistake(
        "mistakes-counted-twice",
        _double_counted,
        "The same mistakes are divided by the sum of both models' mistakes.",
        "That counts an image that both get wrong twice: two equal models would come to 1/2.",
        "Divide by the images that at least one of them gets wrong: `|`, not `+`.",
    ),
    Mistake(
        "dice",
        _dice,
        "Twice the same mistakes are divided by the sum of both models' mistakes.",
        "That is another measure of overlap, Dice's.",
        "Divide the same mistakes by the images that at least one of them gets wrong.",
    ),
    Mistake(
        "mean-of-both",
        _mean_of_both,
        "This is the mean of two shares, one for each model's mistakes.",
        "An image that only one of them gets wrong is then missing from the other share.",
        "Take one share, among the images that at least one of them gets wrong.",
    ),
    Mistake(
        "against-the-smaller",
        _against_the_smaller,
        "The same mistakes are divided by the mistakes of the model that makes fewer.",
        "The other one's mistakes are then left out.",
        "Divide by the images that at least one of them gets wrong.",
    ),
    Mistake(
        "by-chance",
        _by_chance,
        "The two shares of mistakes are multiplied.",
        "That is how often both would be wrong if they had nothing in common; it looks at no image.",
        "Compare what they say, image by image.",
    ),
    Mistake(
        "or",
        _or,
        "`or` or `and` stands between two tensors.",
        "They ask a whole tensor whether it is true; for each image by itself there are `|` and `&`.",
        "`(a != labels) | (b != labels)`, with the brackets.",
    ),
    Mistake(
        "mean-of-bool",
        _mean_of_bool,
        "The mean of True and False is asked for.",
        "PyTorch has none for bool tensors.",
        "Turn them into numbers first: `.double()` or `.float()`.",
    ),
    Mistake(
        "unchecked",
        _unchecked,
        "If neither model is wrong, something comes out all the same.",
        "There is nothing to divide by: the mean of no images is NaN.",
        "Raise a ValueError if no image is left.",
    ),
)
