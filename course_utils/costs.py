"""What a computation costs, measured: the memory that training has to keep."""

from collections.abc import Callable

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
