"""How many threads PyTorch uses."""

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread inside, and with as many as before afterwards.

    On small tensors a second thread gains a fifth of the time, and where another program needs the core it costs
    thirty times as much: the two wait for each other at every operation.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
