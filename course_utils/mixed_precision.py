"""Training in few bits: rounding both ways, loss scaling, and weights that are too coarse for their updates.

Tensor cores multiply short numbers and add in FP32. On a processor that is simulated exactly: inputs and results of
every matrix product are rounded to the format, the sums in between are not.
"""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.image_sets import ImageSet
from course_utils.progress import progress
from course_utils.threads import one_thread


def stable_softmax(scores: Tensor) -> Tensor:
    """Turn each row of scores into shares, whatever their size: softmax over the last axis.

    Args:
        scores: (..., N). Subtracting a number from a whole row changes nothing, so the row's largest is subtracted:
            no exponential is then larger than 1.
    """
    exponentials = (scores - scores.amax(dim=-1, keepdim=True)).exp()
    return exponentials / exponentials.sum(dim=-1, keepdim=True)


class _Rounded(torch.autograd.Function):
    """Round on the way forward, and round the gradient on its way back."""

    @staticmethod
    def forward(ctx, values: Tensor, dtype: torch.dtype) -> Tensor:
        ctx.dtype = dtype
        return values.to(dtype).to(values.dtype)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient.to(ctx.dtype).to(gradient.dtype), None


def rounded(values: Tensor, dtype: torch.dtype) -> Tensor:
    """Return `values` as they come back from `dtype`; their gradient is rounded to it too."""
    return values if values.dtype == dtype else _Rounded.apply(values, dtype)


class SmallNet(nn.Module):
    """Three layers and a ReLU between them, for images (B, 784); matrix products are rounded to `dtype`.

    The weights themselves stay in FP32, as *master weights* (Micikevicius et al. 2018, section 3.1).
    """

    def __init__(self, dtype: torch.dtype = torch.float32, width: int = 128, classes: int = 10):
        super().__init__()
        self.dtype = dtype
        self.layers = nn.ModuleList([nn.Linear(784, width), nn.Linear(width, width), nn.Linear(width, classes)])

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (B, classes) in FP32."""
        x = images
        for layer in self.layers:
            x = x if layer is self.layers[0] else x.relu()
            x, weight = rounded(x, self.dtype), rounded(layer.weight, self.dtype)
            x = rounded(F.linear(x, weight, layer.bias), self.dtype)
        return x


def flushed(gradients: Sequence[Tensor], dtype: torch.dtype) -> float:
    """Return the share (0 to 1) of the numbers that aren't 0, but become 0 in `dtype`."""
    numbers = torch.cat([gradient.flatten() for gradient in gradients])
    numbers = numbers[numbers != 0]
    return (numbers.to(dtype) == 0).float().mean().item() if len(numbers) else 0.0


def flushed_layers(net: SmallNet, images: Tensor, labels: Tensor, scale: float) -> list[float]:
    """Return for each layer the share (0 to 1) of its weights whose gradient is 0 only because of `net.dtype`.

    The loss is multiplied by `scale`. What was flushed on the way back counts too: the same net in FP32 is compared.
    """
    short, exact = copy.deepcopy(net), copy.deepcopy(net)  # copies have no gradients yet
    exact.dtype = torch.float32
    for twin in (short, exact):
        (F.cross_entropy(twin(images), labels) * scale).backward()
    pairs = [(a.weight.grad, b.weight.grad) for a, b in zip(short.layers, exact.layers, strict=True)]
    return [((a == 0) & (b != 0)).sum().item() / max(1, (b != 0).sum().item()) for a, b in pairs]


def unscale_and_clip(gradients: list[Tensor], scale: float, max_norm: float) -> list[Tensor] | None:
    """Undo the loss scaling, and shorten gradients that are too long.

    Args:
        gradients: of a loss that was multiplied by `scale`; left as they are.
        scale: the loss scale.
        max_norm: what the norm of all gradients together is shortened to, if it is larger.

    Returns:
        new tensors; None if any number is infinite or NaN: this step must be left out.

    Source: Micikevicius et al. 2018, section 3.2; the clipping Pascanu, Mikolov and Bengio 2013, algorithm 1.
    """
    if not all(gradient.isfinite().all() for gradient in gradients):
        return None
    unscaled = [gradient / scale for gradient in gradients]
    norm = torch.stack([gradient.norm() for gradient in unscaled]).norm()
    shrink = (max_norm / norm).clamp(max=1)
    return [gradient * shrink for gradient in unscaled]


class LossScaler:
    """A loss scale that finds its own size: halved when a gradient overflows, doubled when none did for a while.

    Args:
        scale: to begin with.
        interval: after so many good steps the scale is doubled.

    Source: Micikevicius et al. 2018, section 3.2; the numbers of `torch.amp.GradScaler`.
    """

    def __init__(self, scale: float = 2.0**16, interval: int = 2000):
        self.scale, self.interval, self.good_steps = scale, interval, 0

    def update(self, is_finite: bool) -> None:
        """Take note of a step whose gradients were all finite, or not."""
        self.good_steps = self.good_steps + 1 if is_finite else 0
        if not is_finite:
            self.scale /= 2
        elif self.good_steps == self.interval:
            self.scale *= 2
            self.good_steps = 0


def stochastic_round(values: Tensor, mantissa_bits: int, noise: Tensor) -> Tensor:
    """Round down or up at random, the nearer neighbour more often, so that the mean is right.

    Args:
        values: any shape, floating point.
        mantissa_bits: m: the neighbours of v are 2^(floor(log2 |v|) - m) apart.
        noise: of the same shape, uniform in [0, 1).

    Returns:
        the same shape; numbers that need no rounding stay as they are.

    Source: Gupta et al. 2015, "Deep learning with limited numerical precision", section 3.1.
    """
    _, exponent = torch.frexp(values)  # |value| is in [2^(exponent - 1), 2^exponent)
    step = torch.ldexp(torch.ones_like(values), exponent - 1 - mantissa_bits)
    step = step.clamp(min=torch.finfo(values.dtype).tiny)  # never 0, however small the value
    return torch.floor(values / step + noise) * step


def repeated_updates(weight: Tensor, update: float, steps: int, store: Callable[[Tensor], Tensor]) -> Tensor:
    """Add `update` to `weight` (...) `steps` times, each sum through `store`; return all values (steps + 1, ...)."""
    path = [store(weight)]
    for _ in range(steps):
        path.append(store(path[-1] + update))
    return torch.stack(path)


@dataclass
class Run:
    """What became of one training.

    Attributes:
        losses: of each step, without weight and scale.
        accuracy: on the test images, 0 to 1.
        skipped: steps left out because a gradient overflowed.
        scale: the loss scale at the end.
        scales: the loss scale in each step.
        flushed: in the first and in the last step, what `flushed_layers` returns.
    """

    losses: list[float] = field(default_factory=list)
    accuracy: float = math.nan
    skipped: int = 0
    scale: float = 1.0
    scales: list[float] = field(default_factory=list)
    flushed: list[list[float]] = field(default_factory=list)


def flat(images: ImageSet) -> Tensor:
    """Return Fashion-MNIST's images as (N, 784), about standardised: its mean is 0.286, its deviation 0.353."""
    return (images.images.float().flatten(start_dim=1) / 255 - 0.286) / 0.353


@one_thread()
def train(
    net: SmallNet,
    train_set: ImageSet,
    test_set: ImageSet,
    *,
    loss_weight: float = 1.0,
    scaler: LossScaler | None = None,
    store: Callable[[Tensor], Tensor] = torch.Tensor.float,
    steps: int = 300,
    lr: float = 0.1,
    seed: int = 0,
) -> Run:
    """Train with SGD, momentum 0.9, batches of 128, and gradients clipped at 1; `seed` chooses the images.

    Args:
        net: changed in place.
        loss_weight: what the loss is multiplied by before the backward pass, as if it were the mean over many pixels,
            or one loss of several. The gradients are divided by it again, so that in exact arithmetic nothing changes.
        scaler: None for no loss scaling.
        store: what all weights go through after each step; FP32 master weights as it is. The momentum stays in FP32.
    """
    images, labels, run = flat(train_set), train_set.labels, Run()
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9)
    for step in progress(range(steps), "training"):
        batch = torch.randint(len(images), (128,), generator=generator)
        run.scales.append(scaler.scale if scaler else 1.0)
        scale = loss_weight * run.scales[-1]
        if step in (0, steps - 1):
            run.flushed.append(flushed_layers(net, images[batch], labels[batch], scale))
        loss = F.cross_entropy(net(images[batch]), labels[batch])
        run.losses.append(loss.item())
        run.skipped += not _step(net, optimizer, loss, scale, scaler)
        for parameter in net.parameters():
            parameter.data.copy_(store(parameter.data))
    with torch.no_grad():
        predicted = net(flat(test_set)).argmax(dim=1)
    run.accuracy = (predicted == test_set.labels).float().mean().item()
    run.scale = scaler.scale if scaler else 1.0
    return run


def _step(
    net: SmallNet, optimizer: torch.optim.Optimizer, loss: Tensor, scale: float, scaler: LossScaler | None
) -> bool:
    """Go back through the net, and change its weights unless a gradient overflowed; return whether it did."""
    optimizer.zero_grad()
    (loss * scale).backward()
    parameters = list(net.parameters())
    gradients = unscale_and_clip([parameter.grad for parameter in parameters], scale, max_norm=1.0)
    if scaler:
        scaler.update(gradients is not None)
    if gradients is None:
        return False
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    optimizer.step()
    return True
