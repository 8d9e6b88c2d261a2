"""How many threads PyTorch uses."""

import contextlib
import time
from collections.abc import Iterator
from statistics import median

import torch

AVAILABLE = torch.get_num_threads()  # what PyTorch took when the course was imported: the cores, or OMP_NUM_THREADS
TRIES = 3  # steps with each number of threads, before one is chosen
AGAIN = 100  # steps until both are tried again: another program may have come, or gone


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread inside, and with as many as before afterwards.

    Results are then the same on every run. On small tensors a second thread gains a third of the time at best, and
    where another program needs the core it costs thirty times as much: the two wait for each other at every operation.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Pace:
    """Does steps with one thread or with several, whichever turns out faster: `with pace:` around each step.

    A second thread gains a third of the time on an idle computer, and loses much more on a busy one. So both are tried
    by turns, in steps that count like any other, and the faster one is kept for a while: after `AGAIN` steps they are
    tried again, after a defeat of the threads twice as many as before. Sums are rounded in another order, so two runs
    differ a little.

    Args:
        threads: the most; 1 tries nothing. PyTorch's own number, the processor's cores as a rule, isn't exceeded.

    Raises:
        ValueError: fewer than one.
    """

    def __init__(self, threads: int):
        if threads < 1:
            raise ValueError(f"{threads} threads can't compute: use 1 or more")
        self.most = min(threads, AVAILABLE)
        self.chosen = 1
        self._left = 0  # steps until both are tried
        self._wait = AGAIN
        self._seconds: dict[int, list[float]] = {1: [], self.most: []}

    def __enter__(self) -> "Pace":
        """Set the number of threads for the next step."""
        trying = self.most > 1 and self._left == 0
        done = sum(len(seconds) for seconds in self._seconds.values())
        self._now = (1, self.most)[done % 2] if trying else self.chosen
        torch.set_num_threads(self._now)
        self._started = time.perf_counter()
        return self

    def __exit__(self, *_error: object) -> None:
        """Note how long the step took; choose as soon as it is clear."""
        seconds = time.perf_counter() - self._started
        if self.most == 1:
            return
        if self._left:
            self._left -= 1
            return
        self._seconds[self._now].append(seconds)
        hopeless = self._now > 1 and seconds > 2 * max(self._seconds[1])
        if hopeless or len(self._seconds[self.most]) == TRIES:
            self._choose(hopeless)

    def _choose(self, hopeless: bool) -> None:
        """Keep the faster number of threads, and say when to try again."""
        one, several = (median(self._seconds[threads]) for threads in (1, self.most))
        won = several < one and not hopeless
        self.chosen = self.most if won else 1
        self._wait = AGAIN if won else 2 * self._wait
        self._left = self._wait
        self._seconds = {1: [], self.most: []}
