"""Three ways of processing a sequence, and how far each lets the tokens hear of each other, layer by layer."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.widgets.arrays import encode
from course_utils.widgets.kit import Explorer, script

MOST_TOKENS = 40  # more don't fit side by side


class SequenceExplorer(Explorer):
    """Rows of tokens, one for each layer, for each way of processing them: choose a token and see what reaches it.

    Shown is each input's share of its influence on an output; an input that has none at all is drawn empty.

    Args:
        influence: for each way, by its name, and each depth 1, 2, ...: (N, N), how strongly output i after so many
            layers depends on input j, such as the norm of the Jacobian; not negative, 0 where it doesn't depend.
        steps: for each way, how many steps one layer takes that can't be done at the same time.
        tokens: what the N tokens are called; their numbers if none.
        start: the token that is shown first; the one in the middle if none.

    Raises:
        ValueError: the matrices, names or steps don't fit together; the message says which.
    """

    _esm = script("sequence.js")

    def __init__(
        self,
        influence: Mapping[str, Sequence[Tensor]],
        steps: Mapping[str, int],
        tokens: Sequence[str] = (),
        *,
        start: int | None = None,
    ):
        depth, count = _check(influence, steps, tokens)
        start = count // 2 if start is None else start
        if not 0 <= start < count:
            raise ValueError(f"start {start} is no token: they run from 0 to {count - 1}")
        arrays, ways = {}, []
        for way, layers in influence.items():
            stack = torch.stack([layer.detach().double().cpu() for layer in layers])  # (layers, N, N)
            codes, fine = encode(stack / stack.sum(dim=-1, keepdim=True).clamp(min=torch.finfo(torch.double).tiny))
            reached = (stack > 0).numpy()
            arrays |= {f"{way} shares": codes, f"{way} reached": reached.astype(np.uint8)}
            ways.append({"name": way, "fine": fine, "steps": int(steps[way]), "heard": reached[-1, start].sum().item()})
        names = list(tokens) or [str(number) for number in range(count)]
        facts = {"tokens": names, "named": bool(tokens), "layers": depth, "start": start, "ways": ways}
        super().__init__(facts, arrays, [(_still(influence, start), _sentence(facts))])


def _check(
    influence: Mapping[str, Sequence[Tensor]], steps: Mapping[str, int], tokens: Sequence[str]
) -> tuple[int, int]:
    """Return the number of layers and of tokens, or raise ValueError where something doesn't fit."""
    if not influence or not all(influence.values()):
        raise ValueError("there is nothing to show: pass at least one way, with one matrix (N, N) for each depth")
    first = next(iter(influence.values()))
    depth, count = len(first), len(first[0])
    if not 2 <= count <= MOST_TOKENS:
        raise ValueError(f"{count} tokens don't fit side by side: pass 2 to {MOST_TOKENS}")
    for way, layers in influence.items():
        shapes = [tuple(layer.shape) for layer in layers]
        if shapes != [(count, count)] * depth:
            raise ValueError(f"{way} has matrices of the shapes {shapes}, but {depth} of ({count}, {count}) are due")
        if not all(torch.isfinite(layer).all() and (layer >= 0).all() for layer in layers):
            raise ValueError(f"{way} has negative, infinite or NaN values: an influence is a norm")
    if set(steps) != set(influence):
        raise ValueError(f"there are steps for {', '.join(steps)}, but influences of {', '.join(influence)}")
    if tokens and len(tokens) != count:
        raise ValueError(f"{len(tokens)} names don't fit {count} tokens: pass one for each")
    return depth, count


def _sentence(facts: dict) -> str:
    """Say how many inputs the first token has heard of at the greatest depth; `js/sequence.js` says the same."""
    layers, count, start = facts["layers"], len(facts["tokens"]), facts["start"]
    name = f"{start} ({facts['tokens'][start]})" if facts["named"] else str(start)
    parts = [f"{way['heard']} with {way['name']} ({way['steps'] * layers})" for way in facts["ways"]]
    way = facts["ways"][0]
    steps = f"{way['steps'] * layers} step{'s' if way['steps'] * layers > 1 else ''}, layer after layer"
    parts[0] = f"{way['heard']} of {count} inputs with {way['name']} ({steps})"
    return f"After {layers} layer{'s' if layers > 1 else ''}, output {name} has heard of {', '.join(parts)}."


def _still(influence: Mapping[str, Sequence[Tensor]], start: int) -> Figure:
    """Draw the inputs' shares of one output, way by way and layer by layer, for readers without a browser."""
    fig, panels = plots.figure(len(influence), width=8, height=2.6)
    for axes, (way, layers) in zip(panels, influence.items(), strict=True):
        shares = torch.stack([layer[start] / layer[start].sum().clamp(min=1e-30) for layer in layers]).detach().cpu()
        drawn = axes.imshow(shares.sqrt().numpy(), cmap=plots.VALUES, origin="lower", aspect="auto", vmin=0)
        drawn.set_extent((-0.5, shares.shape[1] - 0.5, 0.5, len(layers) + 0.5))
        axes.set(title=way, xlabel="input (brighter: larger share)", yticks=range(1, len(layers) + 1))
        axes.set_ylabel("after layer" if axes is panels[0] else "")
        axes.grid(visible=False)
    return fig
