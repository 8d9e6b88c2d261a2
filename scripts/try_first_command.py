"""Run README's first command as a newcomer does: a fresh clone, a fresh virtual environment, nothing else.

`python scripts/try_first_command.py` ends with status 0 when JupyterLab serves the first lesson. Linux and macOS.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 1800
LESSON = "work/00_start_here.ipynb"


def first_command() -> str:
    """Return README's command that opens the first lesson."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.search(r"^python3 .*course_utils start$", readme, flags=re.MULTILINE)[0]


def newcomers_environment(folder: Path) -> dict[str, str]:
    """Return the variables of a shell in which no virtual environment is active, with Jupyter's files in `folder`."""
    here = os.environ.get("VIRTUAL_ENV", "-") + os.sep
    path = os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if not part.startswith(here))
    jupyter = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    kept = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    return {**kept, **jupyter, "PATH": path, "BROWSER": "true"}


def served(runtime: Path) -> bool:
    """Tell whether a JupyterLab that keeps its files in `runtime` hands out the first lesson."""
    for path in runtime.glob("jpserver-*.json"):
        with contextlib.suppress(OSError, ValueError):
            told = json.loads(path.read_text(encoding="utf-8"))
            address = f"{told['url']}api/contents/{LESSON}?content=0&token={told['token']}"
            with urllib.request.urlopen(address) as answer:
                return json.load(answer)["path"] == LESSON
    return False


def main() -> int:
    """Clone, run the command, wait for JupyterLab, stop it; return the exit status."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(["git", "clone", "-q", str(ROOT), str(folder / "clone")], check=True)
        print(f"in a fresh clone: {first_command()}", flush=True)
        with (folder / "log").open("w") as log:
            shell = subprocess.Popen(
                ["bash", "-c", first_command()],
                cwd=folder / "clone",
                env=newcomers_environment(folder),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started, fine = time.monotonic(), False
        while not fine and shell.poll() is None and time.monotonic() - started < SECONDS:
            time.sleep(1)
            fine = served(folder / "runtime")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGTERM)
        shell.wait()
        print("JupyterLab serves the first lesson" if fine else (folder / "log").read_text(encoding="utf-8")[-4000:])
        print(f"after {time.monotonic() - started:.0f} s")
    return int(not fine)


if __name__ == "__main__":
    sys.exit(main())
