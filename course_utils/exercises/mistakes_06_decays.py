"""The usual mistakes of exercise 6.2: what weight decay may touch."""

from course_utils.exercises.registry import Mistake
from course_utils.optimizers import decays


def _everything(name, parameter):
    return True


def _nothing(name, parameter):
    return False


def _all_but_biases(name, parameter):
    return not name.endswith("bias")


def _all_but_norms(name, parameter):
    return "norm" not in name


def _by_dimensions(name, parameter):
    return parameter.ndim >= 2


def _only_matrices(name, parameter):
    return parameter.ndim == 2 and name != "position"


def _class_token_too(name, parameter):
    return decays(name, parameter) or name.endswith("cls_token")


def _positions_too(name, parameter):
    return decays(name, parameter) or name.endswith(("pos_embed", "position"))


def _reversed(name, parameter):
    return not decays(name, parameter)


def _by_word(name, parameter):
    return name.endswith("weight")


DECAYS = (
    Mistake(
        "everything",
        _everything,
        "Everything decays.",
        "Then biases, norms and positions are pulled to 0 too, where 0 has no meaning.",
        "Return False for what has one dimension, for positions and for the class token.",
    ),
    Mistake(
        "nothing",
        _nothing,
        "Nothing decays.",
        "Matrices and filters may be pulled.",
        "Return True for parameters of two dimensions and more that are no positions and no class token.",
    ),
    Mistake(
        "all-but-biases",
        _all_but_biases,
        "Norms, positions and the class token decay.",
        "Only names with `bias` are spared.",
        "A norm's weight has one dimension too: ask for `parameter.ndim`. Positions and class token need their names.",
    ),
    Mistake(
        "all-but-norms",
        _all_but_norms,
        "Biases, positions and the class token decay.",
        "Only names with `norm` are spared.",
        "Biases have one dimension: ask for `parameter.ndim`. Positions and class token need their names.",
    ),
    Mistake(
        "by-dimensions",
        _by_dimensions,
        "Positions and the class token decay.",
        "They have more than one dimension, but only because they are stored as (1, N, D).",
        "Spare what ends with `pos_embed`, `cls_token` or `position`.",
    ),
    Mistake(
        "only-matrices",
        _only_matrices,
        "The patch projection doesn't decay.",
        "It is a convolution, and its filters have four dimensions.",
        "Ask for at least two dimensions, and spare positions and class token by their names.",
    ),
    Mistake(
        "class-token-too",
        _class_token_too,
        "The class token decays.",
        "It has three dimensions, (1, 1, D), and its name wasn't spared.",
        "Spare what ends with `cls_token`.",
    ),
    Mistake(
        "positions-too",
        _positions_too,
        "The positions decay.",
        "They have more than one dimension, and their names weren't spared.",
        "Spare what ends with `pos_embed` or `position`.",
    ),
    Mistake(
        "reversed",
        _reversed,
        "It is the wrong way round.",
        "The function says what decays, not what is spared.",
        "Return True for matrices and filters.",
    ),
    Mistake(
        "by-the-word-weight",
        _by_word,
        "The norms decay: their scale is called `weight` too.",
        "The name doesn't say what a parameter is.",
        "Ask for at least two dimensions.",
    ),
)
