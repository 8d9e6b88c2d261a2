"""Open JupyterLab on the student's copies, so that it never asks the network for anything."""

from __future__ import annotations  # an older Python must get as far as being told that it is too old

import importlib.util
import os
import sys
from pathlib import Path
from urllib.parse import quote

from course_utils.files import ROOT, CourseError

FIRST = "00_start_here.ipynb"
OFFLINE = (
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)


def require_jupyterlab() -> None:
    """Make sure that JupyterLab is installed in this Python.

    Raises:
        CourseError: it isn't; names this Python and the remedy.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise CourseError(
            f"JupyterLab is not installed in this Python, {sys.executable}: activate the environment of the"
            f' course, or run `"{sys.executable}" -m pip install -e .` in the folder {ROOT}'
        )


def options(work: Path) -> list[str]:
    """Return JupyterLab's options: the folder that it shows, the page that it opens first, and no network.

    A work folder inside the clone is shown with the clone around it; any other is shown by itself.
    """
    work = work.resolve()
    top = ROOT if work.is_relative_to(ROOT) else work
    page = (work / FIRST).relative_to(top).as_posix()
    first = f"/lab/tree/{quote(page)}" if (work / FIRST).exists() else "/lab"
    shown = [f"--ServerApp.root_dir={top}", f"--LabApp.default_url={first}"]
    # so that .previous/ can be shown (View > Show Hidden Files), and Ctrl-C stops without a question
    calm = ["--ContentsManager.allow_hidden=True", "--ServerApp.answer_yes=True"]
    return [*shown, *OFFLINE, *calm, *(["--allow-root"] if is_root() else [])]


def is_root() -> bool:
    """Return whether this is the superuser, as in most containers; JupyterLab wants to be told so."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def serve(work: Path, extra: list[str]) -> int:
    """Run JupyterLab on the folder `work` until it is stopped; return the exit status.

    It runs in this very process, as `python -m jupyterlab` would: whatever stops this program stops the
    server and its kernels, and nothing is left behind.
    """
    require_jupyterlab()
    if is_root():
        print("You are root, so JupyterLab is started with --allow-root.", flush=True)
    from jupyterlab.labapp import LabApp

    LabApp.launch_instance([*options(work), *extra])
    return 0
