"""The usual mistakes of exercise 9.4: gMLP's spatial gate."""

import torch
from torch.nn import functional as F

from course_utils.exercises.registry import Mistake
from course_utils.models.gmlp import SpatialGate


def _gate(forward):
    """Return a gate with the reference's layers that computes something else."""
    return type("SpatialGate", (SpatialGate,), {"__init__": SpatialGate.__init__, "forward": forward})


def _across(self, gate):
    """Return the layer across the tokens, without the norm."""
    return self.token_layer(gate.transpose(1, 2)).transpose(1, 2)


def _through(activation):
    """Return a gate that goes through an activation."""

    def forward(self, features):
        passed, gate = features.chunk(2, dim=-1)
        return passed * activation(_across(self, self.norm(gate)))

    return _gate(forward)


def _halves_swapped(self, features):
    gate, passed = features.chunk(2, dim=-1)
    return passed * _across(self, self.norm(gate))


def _gated_by_itself(self, features):
    passed, _ = features.chunk(2, dim=-1)
    return passed * _across(self, self.norm(passed))


def _gate_gated(self, features):
    _, gate = features.chunk(2, dim=-1)
    return gate * _across(self, self.norm(gate))


def _every_second(self, features):
    passed, gate = features[..., ::2], features[..., 1::2]
    return passed * _across(self, self.norm(gate))


def _no_norm(self, features):
    passed, gate = features.chunk(2, dim=-1)
    return passed * _across(self, gate)


def _both_normed(self, features):
    passed, gate = features.chunk(2, dim=-1)
    return self.norm(passed) * _across(self, self.norm(gate))


def _passed_normed(self, features):
    passed, gate = features.chunk(2, dim=-1)
    return self.norm(passed) * _across(self, gate)


def _norm_behind(self, features):
    passed, gate = features.chunk(2, dim=-1)
    return passed * self.norm(_across(self, gate))


def _no_bias(self, features):
    passed, gate = features.chunk(2, dim=-1)
    mixed = F.linear(self.norm(gate).transpose(1, 2), self.token_layer.weight)
    return passed * mixed.transpose(1, 2)


def _one_more(self, features):
    return features.chunk(2, dim=-1)[0] + SpatialGate.forward(self, features)


def _added(self, features):
    passed, gate = features.chunk(2, dim=-1)
    return passed + _across(self, self.norm(gate))


def _reshaped(self, features):
    passed, gate = features.chunk(2, dim=-1)
    B, N, half = gate.shape
    return passed * self.token_layer(self.norm(gate).reshape(B, half, N)).reshape(B, N, half)


def _not_turned_back(self, features):
    passed, gate = features.chunk(2, dim=-1)
    return passed * self.token_layer(self.norm(gate).transpose(1, 2))


def _along_channels(self, features):
    passed, gate = features.chunk(2, dim=-1)
    return passed * self.token_layer(self.norm(gate))


def _gate_only(self, features):
    return _across(self, self.norm(features.chunk(2, dim=-1)[1]))


def _both_halves(self, features):
    return torch.cat([SpatialGate.forward(self, features), features.chunk(2, dim=-1)[1]], dim=-1)


GATE = (
    Mistake(
        "halves-swapped",
        _gate(_halves_swapped),
        "The two halves have changed places.",
        "The first half passes, the second one makes the gate.",
        "Write `passed, gate = features.chunk(2, dim=-1)`, in this order.",
    ),
    Mistake(
        "gated-by-itself",
        _gate(_gated_by_itself),
        "The first half makes its own gate, and the second half isn't used.",
        "The norm and the layer across the tokens read `passed`.",
        "Make the gate from the second half.",
    ),
    Mistake(
        "gate-gated",
        _gate(_gate_gated),
        "The second half is multiplied with its own gate, and the first half isn't used.",
        "The gate is meant for the other half.",
        "Multiply the first half with the gate.",
    ),
    Mistake(
        "every-second",
        _gate(_every_second),
        "The channels are dealt out alternately, not cut into halves.",
        "`::2` takes every second channel.",
        "Use `chunk(2, dim=-1)`: the first E / 2 channels, then the others.",
    ),
    Mistake(
        "no-norm",
        _gate(_no_norm),
        "The gate isn't normalised.",
        "Without the norm the gate's size depends on that of the features, and training becomes unstable.",
        "Apply `self.norm` to the second half first.",
    ),
    Mistake(
        "both-normed",
        _gate(_both_normed),
        "Both halves are normalised.",
        "The first half should pass unchanged while the gate is 1.",
        "Apply `self.norm` to the second half only.",
    ),
    Mistake(
        "passed-normed",
        _gate(_passed_normed),
        "The norm is applied to the wrong half.",
        "The first half should pass unchanged while the gate is 1.",
        "Apply `self.norm` to the second half.",
    ),
    Mistake(
        "norm-behind",
        _gate(_norm_behind),
        "The norm stands behind the layer across the tokens.",
        "There it takes the gate's mean away, and with it the bias of 1 that opens it.",
        "First the norm, then the layer across the tokens.",
    ),
    Mistake(
        "no-bias",
        _gate(_no_bias),
        "The bias of the layer across the tokens is missing.",
        "It is the + 1: with weights near 0 and without a bias of 1 nothing gets through the gate at first.",
        "Call `self.token_layer`, which adds its bias.",
    ),
    Mistake(
        "one-more",
        _gate(_one_more),
        "The gate has 1 added to it, or the result the first half.",
        "The bias starts at 1 already, so the gate would start at 2.",
        "Multiply with what the layer across the tokens returns.",
    ),
    Mistake(
        "added",
        _gate(_added),
        "The gate is added to the first half.",
        "A gate multiplies: that is what lets two tokens' numbers meet in a product, as in attention.",
        "Use `*`, element by element.",
    ),
    Mistake(
        "sigmoid",
        _through(torch.sigmoid),
        "The gate goes through a sigmoid.",
        "The gates of an LSTM do; this one may be any number, and starts at 1.",
        "Multiply with what the layer across the tokens returns.",
    ),
    Mistake(
        "softmax",
        _through(lambda gate: gate.softmax(dim=1)),
        "The gate goes through a softmax over the tokens.",
        "Nothing has to sum to 1 here: the gate isn't attention.",
        "Multiply with what the layer across the tokens returns.",
    ),
    Mistake(
        "tanh",
        _through(torch.tanh),
        "The gate goes through a tanh.",
        "The states of an LSTM do; this gate may be any number, and starts at 1.",
        "Multiply with what the layer across the tokens returns.",
    ),
    Mistake(
        "reshaped",
        _gate(_reshaped),
        "The gate's table was refilled in another form, not turned.",
        "`reshape(B, E / 2, N)` keeps the numbers in their order in memory, so a row holds parts of several tokens.",
        "Use `transpose(1, 2)`, there and back.",
    ),
    Mistake(
        "not-turned-back",
        _gate(_not_turned_back),
        "The gate is still turned, (B, E / 2, N), when it is multiplied.",
        "The tokens were made the last axis for the layer across them, and stayed there.",
        "Turn it back with `transpose(1, 2)` before the product.",
    ),
    Mistake(
        "gelu",
        _through(F.gelu),
        "The gate goes through a GELU.",
        "The block has its GELU in front of the gate; behind it the gate is linear.",
        "Multiply with what the layer across the tokens returns.",
    ),
    Mistake(
        "along-channels",
        _gate(_along_channels),
        "The layer across the tokens gets the channels.",
        "A linear layer works along the last axis, and the last axis of the gate is E / 2.",
        "Turn it with `transpose(1, 2)`, and turn the result back.",
    ),
    Mistake(
        "gate-only",
        _gate(_gate_only),
        "The gate is returned, and the first half isn't used.",
        "The product is missing.",
        "Multiply the first half with it.",
    ),
    Mistake(
        "both-halves",
        _gate(_both_halves),
        "The second half is put behind the result.",
        "It has done its work as a gate: E channels come in, E / 2 go out.",
        "Return the product alone.",
    ),
)
