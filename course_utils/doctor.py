"""Look at the set-up of the course: what is wrong, and what puts it right.

`python -m course_utils doctor` tells everything. `check_up()`, in a notebook, prints the same lines on every
sound machine. `quick` is what `start` can do in a second.
"""

from __future__ import annotations  # an older Python must get as far as being told that it is too old

import importlib
import importlib.util
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from course_utils import setup_checks
from course_utils.setup_checks import INSTALL, NOTE, OK, PROBLEM, Check, nearest_existing

MARKS = {OK: "✓", NOTE: "○", PROBLEM: "✗"}
KERNEL_SECONDS = 60
EXTENSIONS = {"@jupyter-widgets/jupyterlab-manager": "jupyterlab-widgets", "anywidget": "anywidget"}
IN_KERNEL = """
import importlib.util, json, sys
print(json.dumps([sys.executable, sys.prefix, importlib.util.find_spec("course_utils") is not None]))
"""


def quick() -> list[Check]:
    """Run the checks that take no time: neither torch nor a kernel is started."""
    return [*_basics(), _safely("data", setup_checks.data_sizes)]


def inside(folder: Path) -> list[Check]:
    """Run the checks that make sense within a running kernel, whose notebook lies in `folder`."""
    return [
        *_basics(),
        _safely("memory", setup_checks.memory),
        _safely("disk", lambda: setup_checks.disk(folder)),
        _safely("work folder", lambda: setup_checks.work_folder(folder)),
        _safely("torch", setup_checks.torch_works),
        _safely("data", setup_checks.data_files),
        _safely("widgets", widgets),
    ]


def full(work: Path) -> list[Check]:
    """Run every check; about seven seconds, most of them for torch and for a kernel in the folder `work`."""
    if importlib.util.find_spec("jupyterlab") is None:  # without the packages there is nothing else to look at
        return _basics()
    return [*inside(work), _safely("cores", setup_checks.cores), _safely("kernel", lambda: kernel(work))]


def main(work: Path) -> int:
    """Print everything about the set-up; return 1 if there is a problem, else 0."""
    checks = full(work)
    for check in checks:
        print(f"{MARKS[check.state]} {check.name:<13}{check.detail}{_remedy(check)}")
    faults = sum(check.state == PROBLEM for check in checks)
    print("The set-up is fine." if not faults else f"Problems: {faults}. What to do stands below each.")
    return int(faults > 0)


def check_up() -> None:
    """Print, in a notebook, whether the set-up is fine: without problems, the same text on every machine."""
    checks = inside(Path.cwd())
    for check in checks:
        fault = check.state == PROBLEM
        print(f"{MARKS[PROBLEM]} {check.name}: {check.detail}{_remedy(check)}" if fault else f"✓ {check.name}")
    if not any(check.state == PROBLEM for check in checks):
        print("The set-up is fine.")


def kernel(folder: Path, seconds: float = KERNEL_SECONDS) -> Check:
    """Start a kernel as JupyterLab would, and check that it answers and is this very Python."""
    from jupyter_client.kernelspec import KernelSpecManager

    where = KernelSpecManager().find_kernel_specs().get("python3", sys.prefix)
    try:
        python, prefix, found = json.loads(_run_in_kernel(IN_KERNEL, nearest_existing(folder), seconds))
    except Exception as error:  # whatever a broken kernel brings about, the student is to read of it
        return Check("kernel", PROBLEM, f"that of {where} does not work: {error}", _mend(where))
    if not Path(prefix).samefile(sys.prefix):
        detail = f"notebooks would run in {python}, not in {sys.executable}: so says {where}"
        return Check("kernel", PROBLEM, detail, _mend(where))
    if not found:
        return Check("kernel", PROBLEM, f"{python} does not find course_utils", f"{INSTALL} of the course")
    return Check("kernel", OK, f"works, in {python}")


def widgets() -> Check:
    """Check that the explorers' packages load here, and that JupyterLab has their other half, switched on."""
    faults = [_extension_fault(*names) for names in EXTENSIONS.items()]
    faults += [_import_fault(module) for module in ("ipywidgets", "anywidget")]
    details, remedies = zip(*filter(None, faults), strict=True) if any(faults) else ((), ())
    if details:
        return Check("widgets", PROBLEM, "; ".join(details), "; ".join(remedies))
    return Check("widgets", OK, "ipywidgets and anywidget, in Python and in JupyterLab")


def _extension_fault(extension: str, package: str) -> tuple[str, str] | None:
    """Return what is wrong with an extension of JupyterLab, and the remedy; None if nothing is."""
    from jupyter_core.paths import jupyter_path

    if not any(Path(folder, extension, "package.json").exists() for folder in jupyter_path("labextensions")):
        remedy = f'run `"{sys.executable}" -m pip install --force-reinstall --no-deps {package}`'
        return f"JupyterLab's extension {extension} is missing", remedy
    if extension in _disabled():
        return f"JupyterLab's extension {extension} is disabled", f"run `jupyter labextension enable {extension}`"
    return None


def _import_fault(module: str) -> tuple[str, str] | None:
    """Return why a module can't be imported, and the remedy; None if it can."""
    try:
        importlib.import_module(module)
    except Exception as error:  # an import can fail in any way
        remedy = f'run `"{sys.executable}" -m pip install --force-reinstall {module}`'
        return f"{module} does not load: {error}", remedy
    return None


def _disabled() -> set[str]:
    """Return the names of the extensions that a `page_config.json` of JupyterLab switches off."""
    from jupyter_core.paths import jupyter_config_path

    switches: dict[str, bool] = {}
    for folder in reversed(jupyter_config_path()):  # the first folder has the last word
        path = Path(folder, "labconfig", "page_config.json")
        if path.exists():
            found = json.loads(path.read_text(encoding="utf-8")).get("disabledExtensions", {})
            switches.update(found if isinstance(found, dict) else dict.fromkeys(found, True))
    # a single plugin is called EXTENSION:plugin
    return {name.split(":")[0] for name, disabled in switches.items() if disabled}


def _run_in_kernel(code: str, folder: Path, seconds: float) -> str:
    """Start the kernel `python3` in `folder`, run `code`, and return what it prints; stop the kernel."""
    from jupyter_client.manager import start_new_kernel

    printed: list[str] = []
    with tempfile.TemporaryFile() as log:
        try:
            manager, client = start_new_kernel(seconds, "python3", cwd=str(folder), stdout=log, stderr=log)
        except RuntimeError as error:
            log.seek(0)
            said = log.read().decode(errors="replace").strip().splitlines()
            raise RuntimeError(f"{error} ({said[-1]})" if said else str(error)) from None
        try:
            client.execute_interactive(code, timeout=seconds, output_hook=_into(printed))
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    return "".join(printed)


def _into(printed: list[str]) -> Callable[[dict], None]:
    """Return a hook that adds what a kernel prints to the list."""

    def add(message: dict) -> None:
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            printed.append(message["content"]["text"])

    return add


def _mend(where: str) -> str:
    """Say how to get rid of a wrong kernel description, the folder `where`."""
    if Path(where).is_relative_to(sys.prefix):
        return f'run `"{sys.executable}" -m ipykernel install --sys-prefix`, which writes it anew'
    return (
        f"remove {where}, which stands before the environment's own:"
        f' `"{sys.executable}" -m jupyter kernelspec remove python3`'
    )


def _basics() -> list[Check]:
    return [
        _safely("Python", setup_checks.python_version),
        _safely("packages", setup_checks.packages),
        _safely("course_utils", lambda: setup_checks.clone(Path.cwd())),
    ]


def _safely(name: str, look: Callable[[], Check]) -> Check:
    """Run one check; if the check itself fails, that is a problem too, and the others still run."""
    try:
        return look()
    except Exception as error:  # a broken set-up can fail in any way
        detail = f"could not be looked at: {type(error).__name__}: {error}"
        return Check(name, PROBLEM, detail, "put the other problems right first; if there is none, report this")


def _remedy(check: Check) -> str:
    return f"\n  {check.remedy}" if check.remedy else ""
