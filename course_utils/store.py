"""Execute lessons and store their outputs exactly as `pytest --nbval` will see them.

JupyterLab, nbconvert and papermill store what a *reader* sees: cleared outputs are gone, widgets have captured
their output. nbval compares what the *kernel* sent. This executor stores the latter, and removes what differs
from one run to the next (times, counts, widget ids, memory addresses), so that storing twice gives the same bytes.
"""

import copy
import itertools
import os
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbformat import NotebookNode

from course_utils.files import NOTEBOOKS, CourseError, write_atomically
from course_utils.progress import NO_PROGRESS

CELL_SECONDS = 600  # for one cell; a busy laptop half as fast as ours stays below
UNCOMPARED = "nbval-ignore-output"
VIEW, STATE = (f"application/vnd.jupyter.widget-{part}+json" for part in ("view", "state"))
OFFLINE = Path(__file__).parent / "offline"
FAILURES = (CellExecutionError, CellTimeoutError, RuntimeError)  # the last of a kernel that dies, or doesn't start


@dataclass(frozen=True)
class Execution:
    """A lesson executed: the notebook with its outputs, and what it cost.

    Attributes:
        notebook: the executed copy, normalised.
        seconds: wall time, kernel start included.
        peak_bytes: the most memory the kernel held at once; 0 where the system doesn't tell.
    """

    notebook: NotebookNode
    seconds: float
    peak_bytes: int


class _Executor(NotebookClient):
    """Records outputs the way nbval does: nothing is cleared, updated or captured by a widget."""

    def __init__(self, notebook: NotebookNode, folder: Path):
        resources = {"metadata": {"path": str(folder)}}
        options = {"timeout": CELL_SECONDS, "record_timing": False, "coalesce_streams": True}
        options["extra_arguments"] = ["--IPKernelApp.log_level=40"]  # errors only
        super().__init__(notebook, resources=resources, kernel_name="python3", **options)
        self.widget_registry = {}

    def clear_output(self, outs: list, msg: dict, cell_index: int) -> None:
        """Keep what is there, as nbval does."""

    def _update_display_id(self, display_id: str, msg: dict) -> None:
        """Leave earlier displays as they were, as nbval does."""


def lesson_environment() -> dict[str, str]:
    """Return the variables that a kernel gets when a lesson is stored or tested: no network, no live progress."""
    python_path = os.pathsep.join(filter(None, [str(OFFLINE), os.environ.get("PYTHONPATH", "")]))
    return {"PYTHONPATH": python_path, NO_PROGRESS: "1", "MPLBACKEND": "agg"}


def execute(path: Path) -> Execution:
    """Execute the notebook at `path` in its own folder; the file itself is left alone.

    Raises:
        CourseError: a cell fails, takes longer than `CELL_SECONDS`, or kills the kernel; names the cell.
    """
    notebook = read(path)
    client = _Executor(notebook, path.parent)
    started, index, cell = time.perf_counter(), 0, NotebookNode(source="before the first one")
    try:
        with client.setup_kernel(env={**os.environ, **lesson_environment()}):
            for index, cell in enumerate(notebook.cells):
                client.execute_cell(cell, index, store_history=False)
            peak = _peak_bytes(client.km.provisioner.pid)
    except FAILURES as error:
        raise CourseError(f"{path.name}, cell {index} ({_first_line(cell)}): {_reason(error)}") from error
    client.set_widgets_metadata()
    return Execution(normalised(notebook), time.perf_counter() - started, peak)


def read(path: Path) -> NotebookNode:
    """Read a notebook, or raise a CourseError that says what is wrong with the file."""
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise CourseError(f"{path} does not exist: name a notebook, or none for all in {NOTEBOOKS.name}/") from None
    except Exception as error:
        raise CourseError(f"{path} is not a readable notebook ({error}): restore it with git") from error


def normalised(notebook: NotebookNode) -> NotebookNode:
    """Return a copy without what differs from run to run or from machine to machine."""
    text = nbformat.writes(notebook)
    for number, name in enumerate(_widget_ids(notebook), start=1):
        text = text.replace(name, f"{number:032x}")
    clean = nbformat.reads(re.sub(r"\bat 0x[0-9a-fA-F]+", "at 0x0", text), as_version=4)
    names = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    widgets = {"widgets": clean.metadata["widgets"]} if "widgets" in clean.metadata else {}
    clean.metadata = nbformat.from_dict({"kernelspec": names, "language_info": {"name": "python"}, **widgets})
    counter = itertools.count(1)
    for cell in clean.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.execution_count = next(counter)
            _count_outputs(cell)
    return clean


def as_bytes(notebook: NotebookNode) -> bytes:
    """Return the notebook as it is written to disk."""
    return (nbformat.writes(notebook).rstrip("\n") + "\n").encode("utf-8")


def with_old_uncompared(fresh: NotebookNode, old: NotebookNode) -> NotebookNode:
    """Return a copy of `fresh` in which unchanged cells whose outputs nobody compares keep those of `old`.

    Such a cell shows what differs every time (seconds, as a rule), or from machine to machine (an explorer of what was
    trained in the lesson); storing it anew would change the file each time.
    """
    kept = copy.deepcopy(fresh)
    before = {cell.get("id"): cell for cell in old.cells if UNCOMPARED in cell.metadata.get("tags", [])}
    for cell in kept.cells:
        known = before.get(cell.get("id"))
        if known is not None and known.source == cell.source and known.outputs:
            cell.outputs = known.outputs
            _keep_widgets(kept, old, known.outputs)
    return kept


def _keep_widgets(kept: NotebookNode, old: NotebookNode, outputs: list[NotebookNode]) -> None:
    """Give the widgets that `outputs` show the state that they have in `old`; their ids are numbers, hence the same."""
    shown = [output.get("data", {}).get(VIEW, {}).get("model_id") for output in outputs]
    for model in shown:
        if model in _states(kept) and model in _states(old):
            _states(kept)[model] = _states(old)[model]


def _states(notebook: NotebookNode) -> dict[str, dict]:
    """Return the states of a notebook's widgets, by their ids."""
    return notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})


def main(paths: list[Path], check: bool) -> int:
    """Store each lesson (all of them if none is named); with `check`, only compare and return 1 if any differs."""
    differing = 0
    for path in paths or sorted(NOTEBOOKS.glob("*.ipynb")):
        before = path.read_bytes() if path.is_file() else b""  # `execute` says what is wrong with the path
        done = execute(path)
        if path.read_bytes() != before:
            raise CourseError(f"{path} was changed while it ran, so nothing is stored: run the command again")
        content = as_bytes(with_old_uncompared(done.notebook, read(path)))
        differs = content != before
        differing += differs
        if differs and not check:
            write_atomically(path, content)
        what = ("DIFFERS" if check else "stored") if differs else "unchanged"
        print(f"{path.name}: {what} ({done.seconds:.1f} s, {done.peak_bytes / 2**20:.0f} MiB)", flush=True)
    return int(check and differing > 0)


def _widget_ids(notebook: NotebookNode) -> Iterator[str]:
    """Yield the random ids of the widgets, in the order in which the kernel made them."""
    yield from _states(notebook)


def _count_outputs(cell: NotebookNode) -> None:
    """Give the results of a cell the cell's own number."""
    for output in cell.outputs:
        if output.output_type == "execute_result":
            output.execution_count = cell.execution_count


def _peak_bytes(pid: int) -> int:
    """Return the most resident memory that process `pid` has had (Linux), 0 elsewhere."""
    if sys.platform != "linux":
        return 0
    fields = Path(f"/proc/{pid}/status").read_text().split()
    return int(fields[fields.index("VmHWM:") + 1]) * 1024


def _first_line(cell: NotebookNode) -> str:
    """Return the first line of a cell's source, to find it by."""
    return (cell.source.strip().splitlines() or ["empty"])[0]


def _reason(error: Exception) -> str:
    """Say in one line what went wrong in a cell."""
    if isinstance(error, CellExecutionError):
        return f"{error.ename}: {error.evalue}"
    if isinstance(error, CellTimeoutError):
        return f"not done after {CELL_SECONDS} seconds"
    return "the kernel died (out of memory?)"
