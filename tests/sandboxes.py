"""Where tests can start sandboxed workers."""

import os
import shutil
import sys

import pytest

from course_utils.files import CourseError
from course_utils.grading import sandbox


def _problem():
    """Say why they can't; "" if they can, or must: on Linux, continuous integration has bubblewrap."""
    if not sys.platform.startswith("linux"):
        return "submissions are graded on Linux only"
    if os.environ.get("CI") == "true":
        return ""
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    try:
        sandbox.require()
    except CourseError as error:
        return f"this system allows no sandbox: {error}"
    return ""


needs_sandbox = pytest.mark.skipif(bool(_problem()), reason=_problem())
