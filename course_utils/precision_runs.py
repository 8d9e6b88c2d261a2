"""The runs behind lesson 01: a small network in several number formats."""

from collections.abc import Callable

import torch

from course_utils import data
from course_utils.mixed_precision import LossScaler, Run, SmallNet, rounded, stochastic_round, train


def _to_bf16(weights: torch.Tensor) -> torch.Tensor:
    return rounded(weights, torch.bfloat16)


def _stochastic(seed: int) -> Callable[[torch.Tensor], torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return lambda weights: stochastic_round(weights, 7, torch.rand(weights.shape, generator=generator))


def mixed_precision_arm(arm: str, seed: int) -> dict[str, float]:
    """Train lesson 01's small network for 300 steps on 8,000 images, in one way of `MIXED_PRECISION`."""
    dtype, options = MIXED_PRECISION[arm]
    made = {key: value(seed) if callable(value) else value for key, value in options.items()}
    torch.manual_seed(seed)
    run: Run = train(SmallNet(dtype), *data.fashion_mnist(8000, 2000), seed=seed, **made)
    return {"loss": sum(run.losses[-20:]) / 20, "accuracy": run.accuracy, "skipped": run.skipped, "steps": 300}


TINY = {"loss_weight": 2.0**-16}
MIXED_PRECISION = {
    "FP32": (torch.float32, {}),
    "BF16": (torch.bfloat16, {}),
    "FP16": (torch.float16, {}),
    "FP32, tiny loss": (torch.float32, TINY),
    "BF16, tiny loss": (torch.bfloat16, TINY),
    "FP16, tiny loss": (torch.float16, TINY),
    "FP16, tiny loss, scaled": (torch.float16, {**TINY, "scaler": lambda _seed: LossScaler(2.0**40, 100)}),
    "BF16, master weights": (torch.bfloat16, {"lr": 0.003}),
    "BF16, nearest": (torch.bfloat16, {"lr": 0.003, "store": lambda _seed: _to_bf16}),
    "BF16, stochastic": (torch.bfloat16, {"lr": 0.003, "store": _stochastic}),
}
