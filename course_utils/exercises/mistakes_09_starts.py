"""More mistakes of exercise 9.4: the gate computes what it should, and starts with other numbers."""

from torch import nn

from course_utils.exercises.registry import Mistake
from course_utils.models.gmlp import SpatialGate


def _starting(start):
    """Return a gate that computes the same, but starts as `start` leaves its layer across the tokens."""

    class Starting(SpatialGate):
        def __init__(self, hidden: int, tokens: int):
            super().__init__(hidden, tokens)
            start(self.token_layer)

    return Starting


def _shut(layer):
    nn.init.zeros_(layer.bias)


def _as_pytorch_has_it(layer):
    layer.reset_parameters()


def _changed_places(layer):
    nn.init.ones_(layer.weight)
    nn.init.normal_(layer.bias, std=1e-6)


def _bias_as_pytorch_has_it(layer):
    layer.reset_parameters()
    nn.init.normal_(layer.weight, std=1e-6)


def _weight_as_pytorch_has_it(layer):
    layer.reset_parameters()
    nn.init.ones_(layer.bias)


STARTS = (
    Mistake(
        "gate-starts-shut",
        _starting(_shut),
        "The gate starts at 0: its bias does.",
        "With weights near 0 nothing gets through, and nothing that comes before the gate learns.",
        "Begin with `nn.init.ones_(self.token_layer.bias)`: all passes.",
    ),
    Mistake(
        "default-init",
        _starting(_as_pytorch_has_it),
        "The layer across the tokens starts as PyTorch leaves it: random weights, random biases.",
        "The gate then begins as a random mixture of all tokens; at 1 the block begins as an MLP without a gate.",
        "`nn.init.normal_(self.token_layer.weight, std=1e-6)`, and `nn.init.ones_(self.token_layer.bias)`.",
    ),
    Mistake(
        "starts-changed-places",
        _starting(_changed_places),
        "The weights start at 1 and the biases at 0: it should be the other way round.",
        "Weights of 1 add up all tokens, and after the norm that isn't 1.",
        "Noise of 1e-6 for `token_layer.weight`, ones for `token_layer.bias`.",
    ),
    Mistake(
        "bias-left-random",
        _starting(_bias_as_pytorch_has_it),
        "The bias of the layer across the tokens starts as PyTorch leaves it: random numbers.",
        "With weights near 0 the gate is its bias, and lets a random share of each token through.",
        "Add `nn.init.ones_(self.token_layer.bias)` to `__init__`.",
    ),
    Mistake(
        "weights-left-random",
        _starting(_weight_as_pytorch_has_it),
        "The weights of the layer across the tokens start as PyTorch leaves them.",
        "The gate then isn't 1 at first, but 1 plus a random mixture of all tokens.",
        "Add `nn.init.normal_(self.token_layer.weight, std=1e-6)` to `__init__`.",
    ),
)
