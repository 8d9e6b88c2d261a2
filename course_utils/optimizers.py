"""The optimizer and the schedule of the learning rate that a recipe names, and what weight decay may pull at."""

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from course_utils.training import Recipe  # which imports this


def decays(name: str, parameter: Tensor) -> bool:
    """Say whether weight decay may pull at a parameter: matrices and filters, but no bias, norm, position or token."""
    return parameter.ndim >= 2 and not name.endswith(("pos_embed", "cls_token", "position"))


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict]:
    """Return a model's parameters for an optimizer: those with weight decay, then those without."""
    groups: dict[bool, list[Tensor]] = {True: [], False: []}
    for name, parameter in model.named_parameters():
        groups[decays(name, parameter)].append(parameter)
    return [{"params": groups[True], "weight_decay": weight_decay}, {"params": groups[False], "weight_decay": 0.0}]


def warmup_cosine(step: int, steps: int, warmup: int) -> float:
    """Return the factor of the learning rate: a straight line up, then half a wave of the cosine down to 0.

    Args:
        step: counted from 0.
        steps: of the whole training.
        warmup: of them, in which it rises; step 0 already has 1 / `warmup`.

    Returns:
        0 to 1. Goyal et al. 2017, section 2.2, and Loshchilov & Hutter 2017, equation 5, without restarts.
    """
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def make_optimizer(model: nn.Module, recipe: "Recipe") -> torch.optim.Optimizer:
    """Make the optimizer that a recipe names.

    Raises:
        ValueError: there is no such optimizer.
    """
    parameters = model.parameters() if recipe.decay_all else parameter_groups(model, recipe.weight_decay)
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(parameters, lr=recipe.lr, weight_decay=recipe.weight_decay, fused=True)
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(parameters, lr=recipe.lr, momentum=0.9, weight_decay=recipe.weight_decay)
    raise ValueError(f"there is no optimizer {recipe.optimizer!r}: use 'adamw' or 'sgd'")


def make_schedule(optimizer: torch.optim.Optimizer, recipe: "Recipe") -> torch.optim.lr_scheduler.LRScheduler:
    """Make the schedule of the learning rate that a recipe names; its `step` is called after every step.

    Raises:
        ValueError: there is no such schedule.
    """
    if recipe.schedule == "one cycle":
        return torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.lr, total_steps=max(2, recipe.steps))
    warmup = round(recipe.warmup * recipe.steps)
    factors = {
        "cosine": lambda step: warmup_cosine(step, recipe.steps, warmup),
        "constant": lambda step: min(1.0, warmup_cosine(min(step, warmup), recipe.steps, warmup)),
    }
    if recipe.schedule not in factors:
        raise ValueError(f"there is no schedule {recipe.schedule!r}: use 'one cycle', 'cosine' or 'constant'")
    return torch.optim.lr_scheduler.LambdaLR(optimizer, factors[recipe.schedule])
