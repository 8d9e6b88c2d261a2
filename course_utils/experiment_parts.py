"""What an experiment is: arms by name, how one is run, and with which seeds."""

from collections.abc import Callable
from dataclasses import dataclass

SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Experiment:
    """Arms by name, and how one is run.

    Attributes:
        what: one sentence.
        arms: names.
        run: arm and seed to numbers by name.
        seeds: with which every arm is run; one is enough where nothing is random.
    """

    what: str
    arms: tuple[str, ...]
    run: Callable[[str, int], dict[str, float]]
    seeds: tuple[int, ...] = SEEDS
