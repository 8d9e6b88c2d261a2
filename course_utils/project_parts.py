"""What a project of lesson 11 is made of: its rules, the course's own numbers, its goal."""

from collections.abc import Callable
from dataclasses import dataclass

from course_utils.project_measures import Measure


@dataclass(frozen=True)
class Rules:
    """What models of a project may be.

    Attributes:
        parameters: the fewest and the most.
        macs: multiply-adds of an image at the most, in products and convolutions; 0 where they aren't counted.
        trust: what nobody can check.
    """

    parameters: tuple[int, int]
    macs: int
    trust: str

    def broken(self, parameters: int, macs: int) -> list[str]:
        """Return the rules that a model breaks, each with its remedy."""
        low, high = self.parameters
        faults = []
        if not low <= parameters <= high:
            allowed = f"exactly {low:,}" if low == high else f"{low:,} to {high:,}"
            faults.append(f"{parameters:,} parameters, allowed are {allowed}: change width or layers")
        if macs > self.macs > 0:
            faults.append(f"{macs:,} multiply-adds an image, allowed are {self.macs:,}: make it smaller")
        return faults


@dataclass(frozen=True)
class Baseline:
    """A number of the course's own in a project's table.

    Attributes:
        what: was measured.
        score: reads it; NaN if it isn't measured yet.
        source: where it stands.
    """

    what: str
    score: Callable[[], float]
    source: str


@dataclass(frozen=True)
class Project:
    """An open-ended project.

    Attributes:
        key: by which functions know it.
        title: a few words.
        scope: "small", "medium" or "large".
        hours: from and to.
        reading: papers, with the sections to read.
        task: what to do.
        shows: what there is to see when it is done.
        measure: by which entries are compared.
        goal: a run that met it; none where it depends on the entry's own images.
        rules: what the model may be.
        baselines: the course's own numbers, first the one to start from.
        cell: the starting cell.
    """

    key: str
    title: str
    scope: str
    hours: tuple[int, int]
    reading: tuple[str, ...]
    task: str
    shows: str
    measure: Measure
    goal: Baseline | None
    rules: Rules
    baselines: tuple[Baseline, ...]
    cell: str
