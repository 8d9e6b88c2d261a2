"""What an `AttentionExplorer` shows of one model, put in order: its tokens, its maps, and its sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from course_utils.models.maps import rollout
from course_utils.widgets.arrays import encode

Maps = Sequence[Tensor | Mapping[str, Tensor]]


@dataclass(frozen=True)
class Tokens:
    """What the rows or the columns of an attention map stand for, in this order: first extra tokens, then patches.

    Attributes:
        grid: rows and columns of patches; none for tokens that are no patches, such as DETR's object queries.
        extra: names of the tokens before the patches, such as ("class token",).
    """

    grid: tuple[int, int] | None
    extra: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.extra) + (self.grid[0] * self.grid[1] if self.grid else 0)

    def index(self, token: tuple[int, int] | str) -> int:
        """Return the place of a patch (row, column) or of an extra token.

        Raises:
            ValueError: there is no such token.
        """
        if isinstance(token, str) and token in self.extra:
            return self.extra.index(token)
        if not isinstance(token, str) and self.grid and 0 <= token[0] < self.grid[0] and 0 <= token[1] < self.grid[1]:
            return len(self.extra) + token[0] * self.grid[1] + token[1]
        raise ValueError(f"there is no token {token!r} among {self}: name a patch (row, column) or an extra token")

    def name(self, index: int) -> str:
        """Return what a sentence calls token `index`."""
        if index < len(self.extra):
            name = self.extra[index]
            return name if name[-1].isdigit() else f"the {name}"
        row, column = divmod(index - len(self.extra), self.grid[1])
        return f"the patch at row {row}, column {column}"


@dataclass(frozen=True)
class Looks:
    """The maps of one model as the browser gets them.

    Attributes:
        name: of the model; empty if it is the only one.
        queries, keys: what the rows and columns of a map are.
        pictures: names of the maps of one layer: the mean of the heads, each head, the rollout.
        codes: (layers, pictures, queries, keys), see `arrays.encode`.
        fine: for each layer and picture, the second half of the code.
        first: the first layer's first picture, (queries, keys).
    """

    name: str
    queries: Tokens
    keys: Tokens
    pictures: tuple[str, ...]
    codes: np.ndarray
    fine: list[list[int]]
    first: Tensor

    def facts(self) -> dict:
        """Return all but the codes, for JSON."""
        axes = {"queries": asdict(self.queries), "keys": asdict(self.keys)}
        return {"name": self.name, "pictures": self.pictures, "fine": self.fine, "self": self.is_self, **axes}

    @property
    def is_self(self) -> bool:
        """Whether the queries are the keys."""
        return self.queries == self.keys

    def sentence(self, query: int) -> str:
        """Say where `query` looks in the first picture of the first layer; `js/words.js` says it in the same words."""
        codes, fine = self.codes[0, 0, query].astype(int), self.fine[0][0]
        shown = [f"{tenths / 10:.1f}%" for tenths in codes // fine]
        ranks = codes.astype(float)
        ranks[query] += 0.5 if self.is_self else 0  # of equals, the token itself counts as the largest
        ranking = np.argsort(-ranks, kind="stable")
        best, asked = int(ranking[0]), self.queries.name(query)
        named = [self.keys.name(int(key)) for key in ranking[:2]]
        if not self.is_self:
            said = f"{asked} gives the most of its attention ({shown[best]}) to {named[0]}."
        elif best == query:
            second = f", then {shown[ranking[1]]} to {named[1]}" if len(ranking) > 1 else ""
            said = f"{asked} gives the most of its attention ({shown[best]}) to itself{second}."
        else:
            said = (
                f"{asked} gives {shown[query]} of its attention to itself and the most ({shown[best]}) to {named[0]}."
            )
        said = self._where() + said
        return said[0].upper() + said[1:]

    def _where(self) -> str:
        """Say which model, layer and picture: nothing where there is only one of each."""
        layer = "layer 1" if len(self.codes) > 1 else ""
        heads = f"mean of {sum(name.startswith('head') for name in self.pictures)} heads"
        place = ", ".join(filter(None, [layer, heads if self.pictures[0] == "mean" else ""]))
        start = ", ".join(filter(None, [self.name, place]))
        return f"{start}: " if start else ""


def looks(maps: Maps, queries: Tokens, keys: Tokens, name: str = "") -> Looks:
    """Check one model's maps and encode them, with the mean of the heads and the rollout where there are such.

    Raises:
        ValueError: the maps fit neither each other nor the tokens; the message names the layer.
    """
    layers = [_only(layer, number) for number, layer in enumerate(maps, start=1)]
    if not layers:
        raise ValueError("there are no maps: pass one tensor (heads, queries, keys) for each layer")
    for number, layer in enumerate(layers, start=1):
        _check_shape(layer, number, (len(layers[0]), len(queries), len(keys)))
    pictures, stacks = _pictures([layer.detach().double().cpu() for layer in layers], queries == keys)
    encoded = [[encode(picture) for picture in stack] for stack in stacks]
    codes = np.stack([np.stack([codes for codes, _ in layer]) for layer in encoded])
    fine = [[fine for _, fine in layer] for layer in encoded]
    return Looks(name, queries, keys, tuple(pictures), codes, fine, stacks[0][0])


def _pictures(layers: list[Tensor], is_self: bool) -> tuple[list[str], list[Tensor]]:
    """Name what is shown of each layer, and stack it: (pictures, queries, keys) for each."""
    names, stacks = [f"head {number}" for number in range(1, len(layers[0]) + 1)], layers
    if len(names) > 1:
        names = ["mean", *names]
        stacks = [torch.cat([stack.mean(dim=0, keepdim=True), stack]) for stack in stacks]
    if is_self and len(layers) > 1:
        names = [*names, "rollout"]
        rolled = zip(stacks, rollout(layers), strict=True)
        stacks = [torch.cat([stack, gathered[None]]) for stack, gathered in rolled]
    return names, stacks


def _only(layer: Tensor | Mapping[str, Tensor], number: int) -> Tensor:
    """Return the one map of a layer."""
    if isinstance(layer, Tensor):
        return layer
    if len(layer) != 1:
        raise ValueError(
            f"layer {number} has the maps {', '.join(layer)}: pass one of them, as layer['{next(iter(layer))}']"
        )
    return next(iter(layer.values()))


def _check_shape(layer: Tensor, number: int, wanted: tuple[int, int, int]) -> None:
    """Raise ValueError unless a layer's map has the heads, queries and keys of `wanted`."""
    told = f"the map of layer {number} has the shape {tuple(layer.shape)}"
    if layer.ndim == 4:
        raise ValueError(f"{told}: pick one image of the batch, as map[0]")
    if layer.ndim == 2:
        raise ValueError(f"{told}: add the heads, as map[None]")
    if layer.shape != wanted:
        raise ValueError(
            f"{told}, but the tokens and the first layer make it "
            f"{wanted} (heads, queries, keys): check the grid and the extra tokens, show layers of another shape apart"
        )
