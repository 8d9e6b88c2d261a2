"""Rebuild an entry's model from its stored files in a process of its own, and judge its answers here.

`python -m course_utils.leaderboard_run PROJECT FOLDER` is that process. It runs `model.py`, which is a program and can
do whatever its user can: it is a process of its own so that a crash or an endless loop harms nothing, not as a sandbox.
"""

import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from course_utils import projects
from course_utils.files import ROOT, CourseError, sha256
from course_utils.image_sets import ImageSet
from course_utils.leaderboard_files import ENTRY, MODEL, MOST_BYTES, TEST, WEIGHTS, Contents, read_regular
from course_utils.models.conv import count_macs, count_parameters
from course_utils.progress import NO_PROGRESS
from course_utils.project_measures import Test, answers_of

SECONDS = 600
MOST_CLASSES = 1_000  # of an entry's own images
ANSWERS, FACTS = "answers.safetensors", "facts.json"


@dataclass(frozen=True)
class Found:
    """What came out: the project's measure, and the size of the model."""

    score: float
    parameters: int
    macs: int


def rebuilt(project: projects.Project, contents: Contents, seconds: float = SECONDS) -> Found:
    """Build a model from its text, load its weights, and measure it.

    Args:
        project: whose measure counts.
        contents: of the entry's files. The very text that was looked at is run, whatever becomes of the file.
        seconds: after which it is stopped.

    Raises:
        CourseError: it can't be built, loaded or asked, or takes too long; the message says which.
    """
    test = fixed_test(project, contents.get(TEST))
    weights_of(contents[WEIGHTS])  # a damaged file is told before anything runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in contents.items():
            (folder / file).write_bytes(content)
        _run(project.key, folder, seconds)
        facts = _facts(folder)
        answers = weights_of(read_regular(folder / ANSWERS, MOST_BYTES[WEIGHTS]), "the model's answers")
    return Found(project.measure.judge(answers, test), facts["parameters"], facts["macs"])


def _run(project: str, folder: Path, seconds: float) -> None:
    """Run the process, and stop it with all that it started if it takes too long."""
    command = [sys.executable, "-P", "-m", "course_utils.leaderboard_run", project, str(folder)]
    places = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": places, "OMP_NUM_THREADS": "1", NO_PROGRESS: "1"}
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True, **quiet)
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise CourseError(f"the model didn't end within {seconds:g} s: look for an endless loop in {MODEL}") from None
    finally:
        _stop(process)
    if status:
        raise CourseError(f"{MODEL} ended its process with status {status}: it crashed, or needed too much memory")


def _stop(process: subprocess.Popen) -> None:
    """Stop a process and what it left running."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (AttributeError, ProcessLookupError, PermissionError):  # Windows has no groups
        process.kill()
    process.wait()


def _facts(folder: Path) -> dict:
    if not (folder / FACTS).exists():
        raise CourseError(f"{MODEL} ended without an answer: look for exit() in it")
    try:
        facts = json.loads(read_regular(folder / FACTS, MOST_BYTES[ENTRY]))
        if "error" in facts:
            raise CourseError(str(facts["error"])[:1000])
        return {name: int(facts[name]) for name in ("parameters", "macs")}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise CourseError(f"{MODEL} ended with an answer that can't be read: look at what it writes") from None


def weights_of(content: bytes, what: str = WEIGHTS) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file, which holds nothing that could run.

    Raises:
        CourseError: it is damaged.
    """
    try:
        return safetensors.torch.load(content)
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise CourseError(f"{what} is damaged ({error}): copy or submit it again") from None


def fixed_test(project: projects.Project, own: bytes | None) -> Test:
    """Return what a project's models are tested on: the course's images, or the entry's own.

    Raises:
        CourseError: the entry has no images, they are damaged, or of too many classes.
    """
    if project.measure.test is not None:
        return project.measure.test()
    if own is None:
        raise CourseError(f"{project.key} needs the images that the model is tested on: submit(..., test=test_set)")
    stored = weights_of(own, TEST)
    images, labels = stored.get("images"), stored.get("labels")
    proper = images is not None and labels is not None and images.dtype == torch.uint8 and labels.dtype == torch.int64
    if not proper or images.ndim != 3 or labels.shape != images.shape[:1] or not len(labels) or labels.min() < 0:
        raise CourseError(f"{TEST} doesn't hold images (N, H, W) of bytes with labels (N,): submit it again")
    if labels.max() >= MOST_CLASSES:
        most = f"{MOST_CLASSES:,} at the most"
        raise CourseError(f"{TEST} has the label {labels.max().item()}: number the classes from 0 on, {most}")
    return ImageSet(images, labels, tuple(map(str, range(int(labels.max()) + 1))))


def load_strictly(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Load weights that must fit exactly.

    Raises:
        CourseError: names or shapes differ.
    """
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:400]
        raise CourseError(f"the weights don't fit the model that build makes: {reason}") from None


def sizes_of(model: nn.Module, project: projects.Project) -> dict[str, int]:
    """Return a model's parameters, and its multiply-adds for an image where the project counts them."""
    macs = count_macs(model, (28, 28), channels=1) if project.rules.macs else 0
    return {"parameters": count_parameters(model), "macs": macs}


def _answer(project: projects.Project, folder: Path) -> dict[str, int]:
    """Run the text, load the weights, ask the model, and store its answers."""
    torch.manual_seed(0)
    model = runpy.run_path(str(folder / MODEL))["build"]()
    if not isinstance(model, nn.Module):
        raise CourseError(f"build returns a {type(model).__name__}: return the model")
    load_strictly(model, weights_of((folder / WEIGHTS).read_bytes()))
    own = (folder / TEST).read_bytes() if (folder / TEST).exists() else None
    answers = answers_of(model, project.measure, fixed_test(project, own))
    safetensors.torch.save_file({name: values.contiguous() for name, values in answers.items()}, folder / ANSWERS)
    return sizes_of(model, project)


def _told(error: BaseException) -> str:
    """Say what went wrong, and in which line of the text."""
    if isinstance(error, CourseError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).name == MODEL]
    place = f"line {lines[-1]} of {MODEL}" if lines else MODEL
    return f"{place} fails: {type(error).__name__}: {error}"


def main(key: str, folder: str) -> None:
    """Answer for the entry whose files lie in `folder`; write what came out, an error included, beside them."""
    try:
        facts = _answer(projects.find(key), Path(folder))
    except (Exception, SystemExit) as error:
        facts = {"error": _told(error)}
    (Path(folder) / FACTS).write_text(json.dumps(facts), encoding="utf-8")


def checksums(contents: Contents) -> dict[str, str]:
    """Return the SHA-256 of files by name."""
    return {name: sha256(content) for name, content in contents.items()}


if __name__ == "__main__":
    main(*sys.argv[1:])
