"""The longer runs behind the lessons: `python -m course_utils train NAME` does one, and lessons read what it stored.

An experiment is a list of arms, each run with several seeds. Its file `data/results/NAME.json` holds every seed's
values, the steps, the seconds, the versions and the command. The list of them stands in `experiments_early.py` and
`experiments_late.py`.
"""

import json
import platform
import time
from pathlib import Path

import torch

from course_utils.data import verified
from course_utils.experiment_parts import Experiment
from course_utils.experiments_early import EARLY
from course_utils.experiments_late import LATE
from course_utils.files import DATA, CourseError, write_atomically

RESULTS = DATA / "results"
EXPERIMENTS = EARLY | LATE


def _known(name: str) -> Experiment:
    if name not in EXPERIMENTS:
        raise CourseError(f"there is no experiment {name!r}: use one of {', '.join(EXPERIMENTS)}")
    return EXPERIMENTS[name]


def origin(name: str) -> dict:
    """Return by which command, with which versions and how many threads a result is made."""
    return {
        "command": f"python -m course_utils train {name}",
        "versions": {"torch": torch.__version__.split("+")[0], "python": platform.python_version()},
        "threads": 1,
    }


def run_experiment(name: str, folder: Path = RESULTS) -> Path:
    """Run all arms of an experiment with all seeds, and store what came out; takes minutes, not hours.

    Raises:
        CourseError: there is no such experiment.
    """
    experiment, rows = _known(name), []
    for arm in experiment.arms:
        for seed in experiment.seeds:
            started = time.perf_counter()
            values = experiment.run(arm, seed)
            seconds = round(time.perf_counter() - started, 2)
            rows.append({"arm": arm, "seed": seed, **values, "seconds": seconds})
            print(f"{arm}, seed {seed}: {values}, {seconds} s", flush=True)
    record = {
        "what": experiment.what,
        **origin(name),
        "rows": rows,
    }
    path = folder / f"{name}.json"
    write_atomically(path, (json.dumps(record, indent=1) + "\n").encode("utf-8"))
    return path


def results(name: str) -> list[dict]:
    """Return the stored rows of an experiment: a dictionary for each arm and seed.

    Raises:
        CourseError: there is no such experiment.
        DataFileError: its file is missing, truncated or altered.
    """
    _known(name)
    return json.loads(verified(f"results/{name}.json"))["rows"]


def by_arm(name: str, value: str) -> dict[str, list[float]]:
    """Return one value of every seed, for each arm of an experiment that has it.

    Raises:
        CourseError: there is no such experiment.
        DataFileError: its file is missing, truncated or altered.
        KeyError: no arm has such a value.
    """
    found: dict[str, list[float]] = {}
    for row in results(name):
        if value in row:
            found.setdefault(row["arm"], []).append(row[value])
    if not found:
        raise KeyError(value)
    return found
