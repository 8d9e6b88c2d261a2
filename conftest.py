"""Settings for a bare `pytest --nbval notebooks/`, called from any folder, and for tests side by side (`-n 3`)."""

import os
import re
from pathlib import Path

import pytest

from course_utils.store import CELL_SECONDS, lesson_environment

HERE = Path(__file__).resolve().parent
NBVAL_DEFAULT_SECONDS = 2000
# side by side, the tests of a file stay together, but for files whose tests run or train for a minute each: of these
# only the tests with the same parameters do
LONG = ("test_browser", "test_notebooks", "test_experiments", "test_parity")
# files that take minutes, and whose tests stay together
SHARED = "widgets"  # a folder whose files share one browser and one JupyterLab
MINUTES = ("test_grading", "test_exercises", "test_site_browser", "test_classroom", "test_handout", "test_new_exercise")


def pytest_configure(config):
    config.addinivalue_line("markers", "alone: measures seconds, so it isn't run where others run beside")
    if os.environ.get("PYTEST_XDIST_WORKER"):
        os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported: a worker, a core
    if not getattr(config.option, "nbval", False):
        return
    os.environ.update(lesson_environment())  # every kernel inherits it
    if config.option.nbval_cell_timeout == NBVAL_DEFAULT_SECONDS:
        config.option.nbval_cell_timeout = CELL_SECONDS
    config.option.nbval_sanitize_with = config.option.nbval_sanitize_with or str(HERE / "tests" / "sanitize.cfg")
    if config.option.nbval_kernel_name is None:
        config.option.nbval_current_env = True  # pytest's own Python, whatever kernel is installed beside it


def pytest_collection_modifyitems(config, items):
    if os.environ.get("PYTEST_XDIST_WORKER"):
        items.sort(key=lambda item: _place(item.nodeid))  # long ones first, so that none is left for the end
        for item in items:
            if item.get_closest_marker("alone"):
                item.add_marker(pytest.mark.skip(reason="measures seconds: run `pytest -m alone tests/`"))
    unrun = [item.nodeid for item in items if _is_unexecuted(item)]
    if unrun:
        listed = "\n  ".join(unrun[:10])
        raise pytest.UsageError(
            f"{len(unrun)} cells were never executed, so nbval would compare them with nothing:\n  {listed}\n"
            "Store their outputs first: python -m course_utils store NOTEBOOK"
        )


@pytest.hookimpl(optionalhook=True)  # without xdist nobody knows this hook
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling  # here, since it may be missing

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return _unit(nodeid)

    config.option.loadscopereorder = False
    return Scheduling(config, log)


def _unit(nodeid):
    """Return a name for what one worker runs together, one after another."""
    path, _, test = nodeid.partition("::")
    if Path(path).parent.name == SHARED:
        return SHARED
    parameters = re.search(r"\[.*", test) if Path(path).stem in LONG else None
    return path + (parameters[0] if parameters else "")


def _place(nodeid):
    """Return a number for where in the queue a test stands: long ones, lessons, all others."""
    path = Path(nodeid.partition("::")[0])
    early = [*LONG, *MINUTES]
    if path.stem in early:
        return early.index(path.stem)
    if path.parent.name == SHARED:
        return len(early)
    return len(early) + 1 + (path.suffix != ".ipynb")


def _is_unexecuted(item):
    cell = getattr(item, "cell", None)
    return cell is not None and cell.source.strip() != "" and cell.execution_count is None
