"""Settings for a bare `pytest --nbval notebooks/`, called from any folder."""

import os
from pathlib import Path

import pytest

from course_utils.store import CELL_SECONDS, lesson_environment

HERE = Path(__file__).resolve().parent
NBVAL_DEFAULT_SECONDS = 2000


def pytest_configure(config):
    if not getattr(config.option, "nbval", False):
        return
    os.environ.update(lesson_environment())  # every kernel inherits it
    if config.option.nbval_cell_timeout == NBVAL_DEFAULT_SECONDS:
        config.option.nbval_cell_timeout = CELL_SECONDS
    config.option.nbval_sanitize_with = config.option.nbval_sanitize_with or str(HERE / "tests" / "sanitize.cfg")
    if config.option.nbval_kernel_name is None:
        config.option.nbval_current_env = True  # pytest's own Python, whatever kernel is installed beside it


def pytest_collection_modifyitems(items):
    unrun = [item.nodeid for item in items if _is_unexecuted(item)]
    if unrun:
        listed = "\n  ".join(unrun[:10])
        raise pytest.UsageError(
            f"{len(unrun)} cells were never executed, so nbval would compare them with nothing:\n  {listed}\n"
            "Store their outputs first: python -m course_utils store NOTEBOOK"
        )


def _is_unexecuted(item):
    cell = getattr(item, "cell", None)
    return cell is not None and cell.source.strip() != "" and cell.execution_count is None
