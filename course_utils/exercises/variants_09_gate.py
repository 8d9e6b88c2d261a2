"""Variants of exercise 9.4: the spatial gate."""

import torch
from torch import Tensor

from course_utils.exercises import cases_09 as cases
from course_utils.exercises.options import axes, on, out, shape
from course_utils.exercises.recipes import Option, Recipe


def _halves_exchanged(features: Tensor) -> Tensor:
    return torch.cat(features.chunk(2, dim=-1)[::-1], dim=-1)


def _layout(letters: str, turn: str) -> Option:
    return Option(
        {"layout": shape(letters), "result": shape(letters).replace("E", "E / 2"), "turn": turn},
        here=f"features come and go as {shape(letters)}, not as (B, N, E)",
        remedy="Bring the features into the order (B, N, E) first, and the result back at the end.",
        to_course=on(axes(letters, "BNE"), "features"),
        to_variant=on(axes("BNE", letters), "features"),
        from_course=out(axes("BNE", letters)),
    )


GATE = Recipe(
    id="9.4",
    source='''
        class SpatialGate(nn.Module):
            """The spatial gating unit: Liu et al. 2021, section 2.1.

            $here

            Its layers are `norm`, over E / 2 numbers, and `token_layer`, linear, from N to N; the weights of
            `token_layer` start with a standard deviation of 1e-6, its biases at 1.

            Args:
                hidden: E, even: the $passes half of the channels is gated, the $gates half makes the gate.
                tokens: N.
            """

            def __init__(self, hidden: int, tokens: int):
                super().__init__()
                self.norm = nn.LayerNorm(hidden // 2)
                self.token_layer = nn.Linear(tokens, tokens)
                nn.init.normal_(self.token_layer.weight, std=1e-6)
                nn.init.ones_(self.token_layer.bias)  # the gate starts at 1: all passes

            def forward(self, features: Tensor) -> Tensor:
                """Map $layout to $result: what passes, times norm and `token_layer` of the other half."""
                $halves = features$turn.chunk(2, dim=-1)  # (B, N, E / 2) each
                gate = self.token_layer(self.norm(gate).mT).mT
                return $product
        ''',
    axes=(
        (
            Option({"passes": "first", "gates": "second", "halves": "passed, gate"}),
            Option(
                {"passes": "second", "gates": "first", "halves": "gate, passed"},
                here="the first half of the channels makes the gate and the second passes, not the other way round",
                remedy="Make the gate from the first half, and multiply the second with it.",
                to_course=on(_halves_exchanged, "features"),
                to_variant=on(_halves_exchanged, "features"),
            ),
        ),
        (
            Option({"layout": "(B, N, E)", "result": "(B, N, E / 2)", "turn": ""}),
            _layout("NBE", ".transpose(0, 1)"),
            _layout("BEN", ".mT"),
        ),
    ),
    cases=cases.features_for_gates,
    keep="gate-starts-shut default-init starts-changed-places bias-left-random weights-left-random "
    "no-norm norm-behind no-bias sigmoid softmax tanh gelu",
    told={
        "gated-by-itself": (
            "The $passes half makes its own gate, and the $gates half isn't used.",
            "The norm and the layer across the tokens read the half that passes.",
            "Make the gate from the $gates half.",
        ),
        "gate-gated": (
            "The $gates half is multiplied with its own gate, and the $passes half isn't used.",
            "The gate is meant for the other half.",
            "Multiply the $passes half with the gate.",
        ),
        "both-normed": (
            "Both halves are normalised.",
            "What passes should pass unchanged while the gate is 1.",
            "Apply `self.norm` to the $gates half only.",
        ),
        "added": (
            "The gate is added to the $passes half.",
            "A gate multiplies: that is what lets two tokens' numbers meet in a product, as in attention.",
            "Multiply, element by element.",
        ),
        "gate-only": (
            "The gate is returned, and the $passes half isn't used.",
            "The product is missing.",
            "Multiply the $passes half with it.",
        ),
    },
    derive=lambda words: {"product": f"(passed * gate){words['turn']}" if words["turn"] else "passed * gate"},
)
