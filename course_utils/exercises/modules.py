"""Give every module of an exercise, the course's and the student's, the same random parameters and buffers."""

import torch
from torch import Tensor, nn

Weights = dict[str, Tensor]
ALIKE = 1e-4  # numbers that start closer to each other count as one


class MisfitError(Exception):
    """A student's module whose parameters and buffers aren't named and shaped as the course's."""


def drawn(module: nn.Module) -> Weights:
    """Return random values for all floating-point parameters and buffers of a module, by name.

    Normal with a standard deviation of 1/sqrt(fan-in) for more than one axis (a softmax behind them stays
    unsaturated) and 1 for one axis, where zeros and ones usually stand; running variances are made positive.
    """
    generator = torch.Generator().manual_seed(3)
    values = {}
    for name, entry in module.state_dict().items():
        if not entry.is_floating_point():
            values[name] = entry  # an index or a mask: each module keeps its own
            continue
        value = torch.randn(entry.shape, generator=generator, dtype=entry.dtype)
        value = value / entry[0].numel() ** 0.5 if entry.ndim > 1 else value
        values[name] = value.abs() + 0.1 if name.endswith("running_var") else value
    return values


def start(module: nn.Module, names: tuple[str, ...]) -> dict[str, str]:
    """Return in words how parameters and buffers of a new module start: one number everywhere, or several."""
    entries = nn.Module.state_dict(module)
    words = {}
    for name in names:
        values = entries[name].double()
        alike = bool((values - values.mean()).abs().max() < ALIKE)
        words[name] = f"about {round(float(values.mean()), 3) + 0.0:g} everywhere" if alike else "numbers that differ"
    return words


def fill(module: nn.Module, weights: Weights) -> None:
    """Copy the drawn values into a module.

    Raises:
        MisfitError: it doesn't have exactly these names, shapes and dtypes; lists what is different.
    """
    entries = nn.Module.state_dict(module)
    problems = [f"`{name}` is missing" for name in weights if name not in entries]
    problems += [f"`{name}` is too many" for name in entries if name not in weights]
    for name, value in weights.items():
        if name not in entries:
            continue
        if entries[name].shape != value.shape:
            problems.append(f"`{name}` is {tuple(entries[name].shape)}, expected {tuple(value.shape)}")
        elif entries[name].dtype != value.dtype:
            problems.append(f"`{name}` is {entries[name].dtype}, expected {value.dtype}")
    if problems:
        raise MisfitError("; ".join(problems))
    with torch.no_grad():
        for name, value in weights.items():
            if value.is_floating_point():
                entries[name].copy_(value)
