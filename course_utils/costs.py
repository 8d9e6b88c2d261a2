"""What a computation costs: the memory of attention, by formula and measured."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn


def saved_bytes(function: Callable[..., Tensor], *inputs: Tensor) -> int:
    """Measure what autograd keeps from the forward pass of `function` for its backward pass.

    Args:
        function: a function or module, called once with copies of `inputs` that require gradients.
        inputs: floating-point tensors.

    Returns:
        bytes, inputs included where they are kept, a module's parameters left out: they are there anyway.
        Memory that several kept tensors share counts once.
    """
    kept: dict[int, int] = {}  # bytes by address

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    copies = [tensor.detach().clone().requires_grad_() for tensor in inputs]
    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        output = function(*copies)  # alive until all is counted
    for parameter in function.parameters() if isinstance(function, nn.Module) else ():
        kept.pop(parameter.untyped_storage().data_ptr(), None)
    del output
    return sum(kept.values())


def peak_bytes(function: Callable[[], object]) -> int:
    """Measure the most memory that `function` holds at one time, by PyTorch's profiler.

    Returns:
        bytes of tensors on the CPU, over what there was before; what the result holds is included.
    """
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # or it writes its own starting and stopping to stderr
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profiler:
        result = function()
    events = [event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    total = most = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        total += event.nbytes()
        most = max(most, total)
    del result
    return most


@dataclass(frozen=True)
class AttentionMemory:
    """What attention layers hold at the moment when they hold most.

    Attributes:
        terms: bytes by what they are for.
    """

    terms: dict[str, int]

    @property
    def total(self) -> int:
        """Bytes in all."""
        return sum(self.terms.values())


@dataclass(frozen=True)
class _Sizes:
    """Numbers (not bytes) in the tensors of one layer, and of the layers before it."""

    tokens: int  # one tensor of tokens, B * N * D
    inner: int  # queries, or keys, or values: B * h * N * d
    matrix: int  # one attention matrix for every head: B * h * N * N, or N * M * M within windows
    parameters: int  # the weight matrix and bias of the last projection
    statistics: int  # the fused kernel keeps one number a row: B * h * N
    tile: int  # scores of one tile of the fused kernel
    sums: int  # its running sums and averages
    is_copied: bool  # more than one matrix a head: products first copy their queries, keys and values
    is_windowed: bool
    layers: int


def attention_memory(
    tokens: int,
    width: int,
    heads: int,
    *,
    head_width: int | None = None,
    window: int | None = None,
    layers: int = 1,
    batch: int = 1,
    dtype: torch.dtype = torch.float32,
    kind: Literal["explicit", "fused"] = "explicit",
    training: bool = False,
) -> AttentionMemory:
    """Predict the peak memory of attention layers, one behind the other, with their four projections.

    It counts all tensors that are made on the way, at the moment of the peak: with `training` also what the backward
    pass keeps and makes. It doesn't count the first layer's input, the parameters, and what a library allocates
    beside PyTorch. The layers are those of `course_utils.models.attention_kinds`; the fused kernel's tiles are those
    of the CPU's, run by one thread.

    Args:
        tokens: N.
        width: D.
        heads: h.
        head_width: d; D / h if none.
        window: M: attention only within windows of M x M tokens; none for all tokens.
        layers: L; all N x N matrices are kept until the backward pass.
        batch: B.
        dtype: of all tensors.
        kind: "explicit" writes the N x N scores and weights out, "fused" computes them tile by tile.
        training: forward and backward; otherwise forward only, without keeping anything.

    Returns:
        bytes, term by term.

    Raises:
        ValueError: a number isn't positive, D isn't a multiple of h, the kind is unknown, or it is fused with windows.
    """
    named = {"tokens": tokens, "width": width, "heads": heads, "layers": layers, "batch": batch}
    for name, number in {**named, "head_width": head_width or 1, "window": window or 1}.items():
        if number < 1:
            raise ValueError(f"{name} is {number}: use 1 or more")
    if head_width is None and width % heads:
        raise ValueError(f"width {width} is not a multiple of {heads} heads: change one, or pass head_width")
    if kind not in _MOMENTS or (kind == "fused" and window):
        raise ValueError(f"kind {kind!r} with window {window} isn't known: use 'explicit', or 'fused' without window")
    if window and tokens % window**2:
        raise ValueError(f"{tokens} tokens can't be cut into windows of {window} x {window}: change one of them")
    sizes = _sizes(tokens, width, heads, head_width or width // heads, window, layers, batch)
    moments = _MOMENTS[kind](sizes, training)
    largest = max(moments, key=lambda moment: sum(moment.values()))
    return AttentionMemory({name: numbers * dtype.itemsize for name, numbers in largest.items() if numbers})


def _sizes(tokens: int, width: int, heads: int, d: int, window: int | None, layers: int, batch: int) -> _Sizes:
    """Count the numbers in every tensor."""
    rows = min(tokens, 256 if tokens >= 768 else 64 if tokens >= 192 else 32)  # queries in a tile of the CPU's kernel
    return _Sizes(
        tokens=batch * tokens * width,
        inner=batch * tokens * heads * d,
        matrix=batch * heads * tokens * (window**2 if window else tokens),
        parameters=heads * d * width + width,
        statistics=batch * heads * tokens,
        tile=rows * min(tokens, 512),
        sums=rows,
        is_copied=batch > 1 or bool(window and window**2 < tokens),
        is_windowed=bool(window and window**2 < tokens),  # one window is the grid: nothing is copied
        layers=layers,
    )


QKV, SCORES, WEIGHTS, COPIES = "queries, keys, values", "scores", "weights", "copies for the products"
EARLIER, INPUT, OUTPUT, MIXED = "kept by earlier layers", "tokens that come in", "tokens that go out", "mixed values"
GRADIENTS, TILES, STATISTICS = "gradients", "tiles of the fused kernel", "row statistics"
Moment = dict[str, int]  # numbers by what they are for


def _explicit_moments(s: _Sizes, training: bool) -> list[Moment]:
    """Return the moments at which attention that is written out may hold most."""
    copied = s.inner if s.is_copied else 0
    windows = s.tokens if s.is_windowed else 0
    is_kept = training and not s.is_windowed  # the layer before has kept its output, which is our input
    into = windows + (s.tokens if s.layers > 1 and not is_kept else 0)
    kept = s.tokens + 4 * s.inner + s.matrix  # input, q, k, v, mixed values and weights
    earlier = (s.layers - 1) * kept if training else 0
    now = {EARLIER: earlier, INPUT: into, QKV: 3 * s.inner}
    after = {WEIGHTS: s.matrix, COPIES: 3 * copied} if training else {}
    moments = [
        {**now, SCORES: s.matrix, WEIGHTS: s.matrix, COPIES: 2 * copied if training else 0},
        {**now, WEIGHTS: s.matrix, COPIES: (3 if training else 1) * copied, MIXED: s.inner},
        {**now, **after, MIXED: s.inner, OUTPUT: s.tokens},
        {**now, **after, COPIES: 0, MIXED: s.inner if training else 0, OUTPUT: 2 * s.tokens if s.is_windowed else 0},
        {**now, **after, MIXED: 2 * s.inner},  # the heads are merged: a copy
    ]
    if training:  # the softmax goes back: weights, their gradient and the scores' gradient
        kept_now = {EARLIER: earlier, INPUT: windows, QKV: 2 * s.inner, WEIGHTS: s.matrix}
        moments.append({**kept_now, GRADIENTS: 2 * s.matrix + s.inner + s.parameters})
    return moments


def _fused_moments(s: _Sizes, training: bool) -> list[Moment]:
    """Return the moments at which PyTorch's fused kernel for the CPU may hold most."""
    head_width = s.inner // s.statistics
    kept = s.tokens + 4 * s.inner + s.statistics
    earlier = (s.layers - 1) * kept if training else 0
    into = s.tokens if s.layers > 1 and not training else 0
    now = {EARLIER: earlier, INPUT: into, QKV: 3 * s.inner, MIXED: s.inner}
    forward = {**now, STATISTICS: s.statistics, TILES: s.tile + s.sums * (2 + head_width)}
    output = {**now, STATISTICS: s.statistics if training else 0, OUTPUT: s.tokens}
    if not training:
        return [forward, output]
    backward = {GRADIENTS: 4 * s.inner + s.parameters, TILES: 2 * s.tile + s.sums}
    return [forward, output, {**now, STATISTICS: s.statistics, **backward}]


_MOMENTS = {"explicit": _explicit_moments, "fused": _fused_moments}
