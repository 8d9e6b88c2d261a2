"""Official weights in our models: the names of an official state dict, turned into ours.

`build(name).load_state_dict(convert(name, official.state_dict()))` computes what the official model computes.
"""

import re
from collections.abc import Mapping

from torch import Tensor

# For each model: what an official name looks like, and what ours is; the first pattern that fits counts.
NAMES = {
    "resnet50": (
        (r"conv1\.(.+)", r"stem.0.\1"),
        (r"bn1\.(.+)", r"stem.1.\1"),
        (r"layer(\d)\.(\d+)\.conv1\.(.+)", r"stages.\1.\2.reduce.0.\3"),
        (r"layer(\d)\.(\d+)\.bn1\.(.+)", r"stages.\1.\2.reduce.1.\3"),
        (r"layer(\d)\.(\d+)\.conv2\.(.+)", r"stages.\1.\2.mix.0.\3"),
        (r"layer(\d)\.(\d+)\.bn2\.(.+)", r"stages.\1.\2.mix.1.\3"),
        (r"layer(\d)\.(\d+)\.conv3\.(.+)", r"stages.\1.\2.expand.0.\3"),
        (r"layer(\d)\.(\d+)\.bn3\.(.+)", r"stages.\1.\2.expand.1.\3"),
        (r"layer(\d)\.(\d+)\.downsample\.(.+)", r"stages.\1.\2.shortcut.\3"),
        (r"fc\.(.+)", r"head.\1"),
    ),
}


def convert(name: str, state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the tensors of an official state dict to those of `build(name)`.

    Args:
        name: of a model that has an official counterpart.
        state_dict: of torchvision's model of that name.

    Returns:
        a state dict for ours; the tensors are the same, not copies.

    Raises:
        ValueError: the model has no official counterpart, or a name is none of its names.
    """
    if name not in NAMES:
        raise ValueError(f"no official weights are known for {name!r}: use one of {', '.join(NAMES)}")
    return {_ours(name, key): tensor for key, tensor in state_dict.items()}


def _ours(name: str, key: str) -> str:
    """Return our name of one official tensor."""
    for pattern, ours in NAMES[name]:
        if re.fullmatch(pattern, key):
            return re.sub(r"^stages\.(\d)", lambda m: f"stages.{int(m[1]) - 1}", re.sub(pattern, ours, key))
    raise ValueError(f"{name} has no tensor {key!r}: pass the state dict of torchvision's {name}")
