"""What official layers compute, stored: for lessons that compare ours with them without their library."""

import safetensors.torch
from torch import Tensor

from course_utils.data import verified


def reference(lesson: str, name: str) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """Return the weights (by their official names), the input and the output of an official layer, in float64.

    Args:
        lesson: two digits.
        name: of the layer, as `scripts/make_parity.py` calls it.

    Raises:
        DataFileError: the file is missing, truncated or altered.
        KeyError: it has no such layer.
    """
    stored = tensors(lesson)
    start = f"{name}.weights."
    weights = {key.removeprefix(start): tensor for key, tensor in stored.items() if key.startswith(start)}
    return weights, stored[f"{name}.input"], stored[f"{name}.output"]


def tensors(lesson: str) -> dict[str, Tensor]:
    """Return all that is stored for a lesson, by name; what goes in beside the input, such as a mask, is here too.

    Args:
        lesson: two digits.

    Raises:
        DataFileError: the file is missing, truncated or altered.
    """
    return safetensors.torch.load(verified(f"parity/lesson_{lesson}.safetensors"))
