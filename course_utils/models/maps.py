"""Where a model looks: the attention weights of every layer, which the fused kernel never stores.

Notation as in `course_utils.models.attention`: `B` batch, `h` heads, `N` tokens.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.models.attention import MultiHeadAttention
from course_utils.models.mvit import PoolingAttention
from course_utils.models.shifted_windows import ShiftedWindows

# Layers whose `weights` takes what `forward` takes, and returns a map of all their tokens.
LAYERS = (MultiHeadAttention, ShiftedWindows, PoolingAttention)


@torch.no_grad()
def attention_maps(model: nn.Module, *inputs: Tensor) -> list[dict[str, Tensor]]:
    """Run `model` and return the attention weights that each of its layers used.

    Args:
        model: contains modules of a class in `LAYERS`; runs in the mode (train or eval) it is in.
        inputs: what the model is called with, such as images (B, 3, H, W).

    Returns:
        one dict for each call of such a module, in the order of the calls: the module's name in its parent,
        and its weights (B, h, N, N); Swin's are put back on the whole token grid, row by row, MViT's have the
        pooled queries and keys, (B, h, N_q, N_k); DETR's are "encoder_self", "decoder_self" (B, h, Q, Q) and
        "cross" (B, h, Q, N).

    Raises:
        ValueError: the forward pass used no module of a class in `LAYERS`.
    """
    layers: list[dict[str, Tensor]] = []
    found = [(name, module) for name, module in model.named_modules() if isinstance(module, LAYERS)]
    hooks = [module.register_forward_pre_hook(_recorder(name, layers), with_kwargs=True) for name, module in found]
    try:
        model(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    if not layers:
        usable = " or ".join(layer.__name__ for layer in LAYERS)
        raise ValueError(f"{type(model).__name__} used no {usable}: there are no maps to show")
    return layers


def _recorder(name: str, layers: list[dict[str, Tensor]]):
    """Return a hook that appends the weights of the module called `name` to `layers`."""

    def record(module: nn.Module, arguments: tuple, named: dict) -> None:
        layers.append({name.rpartition(".")[2] or "attention": module.weights(*arguments, **named)})

    return record


def one_image(layers: Sequence[dict[str, Tensor]], index: int = 0) -> list[dict[str, Tensor]]:
    """Keep one image of the batch: every tensor (B, h, queries, keys) becomes (h, queries, keys)."""
    return [{name: maps[index] for name, maps in layer.items()} for layer in layers]


def rollout(layers: Sequence[Tensor]) -> list[Tensor]:
    """Follow the attention through the layers: Abnar & Zuidema 2020, section 3.

    Half of what a token becomes is taken from its residual connection: A' = A/2 + I/2, with A the mean of the
    heads. Each row is normalised, and the layers are multiplied.

    Args:
        layers: (..., h, N, N) each, from the first layer to the last.

    Returns:
        (..., N, N) for each layer: row i is what token i has gathered from the inputs up to there, and sums to 1.

    Raises:
        ValueError: a map is not square: rollout needs queries that are the keys.
    """
    gathered, steps = None, []
    for maps in layers:
        if maps.shape[-2] != maps.shape[-1]:
            shape = f"{maps.shape[-2]} queries and {maps.shape[-1]} keys"
            raise ValueError(f"a map of {shape} has no rollout: use self-attention")
        mixed = maps.mean(dim=-3) / 2 + torch.eye(maps.shape[-1], dtype=maps.dtype, device=maps.device) / 2
        mixed = mixed / mixed.sum(dim=-1, keepdim=True)  # (N, N)
        gathered = mixed if gathered is None else mixed @ gathered
        steps.append(gathered)
    return steps


def coarsen(maps: Tensor, grid: tuple[int, int], factor: int) -> Tensor:
    """Join `factor` x `factor` patches to one, so that a large map fits into an explorer.

    A joined query is the mean of its patches, a joined key gets the sum of theirs: rows still sum to 1.

    Args:
        maps: (h, N, N), the last tokens being the patches of `grid`; tokens before them stay as they are.
        grid: rows and columns of patches.
        factor: a divisor of both.

    Returns:
        (h, M, M) with M = N - rows * columns * (1 - 1 / factor^2).

    Raises:
        ValueError: the grid can't be joined so, or the map is not square or too small for it.
    """
    rows, columns = grid
    extra = maps.shape[-1] - rows * columns
    if rows % factor or columns % factor or extra < 0 or maps.shape[-2] != maps.shape[-1]:
        raise ValueError(
            f"maps of the shape {tuple(maps.shape)} with {rows} x {columns} patches can't be joined by {factor}: "
            "use a divisor of rows and columns, and the grid that the maps were made with"
        )
    block = torch.arange(rows)[:, None] // factor * (columns // factor) + torch.arange(columns) // factor
    place = torch.cat([torch.arange(extra), extra + block.flatten()])  # new index of every token
    joins = F.one_hot(place).to(maps)  # (N, M)
    return (joins / joins.sum(dim=0)).T @ maps @ joins


def attention_distance(weights: Tensor, grid: tuple[int, int], patch: int) -> Tensor:
    """Measure how far away each head looks: Dosovitskiy et al. 2021, figure 7, right, and appendix D.7.

    Args:
        weights: (B, h, N, N) between the patches of a grid, row by row, without a class token; rows needn't sum to 1.
        grid: rows and columns, N = rows * columns.
        patch: P, in pixels.

    Returns:
        (h,): the distance in pixels between the centres of query and key, averaged over the keys with the attention
        weights, then over all queries and images.

    Raises:
        ValueError: the grid hasn't N cells.
    """
    rows, columns = grid
    if weights.shape[-1] != rows * columns:
        raise ValueError(f"{weights.shape[-1]} keys aren't a grid of {rows} x {columns}: leave the class token out")
    place = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).to(weights)  # (N, 2)
    distance = patch * torch.cdist(place, place)  # (N, N)
    shares = weights / weights.sum(dim=-1, keepdim=True)
    return (shares * distance).sum(dim=-1).mean(dim=(0, 2))
