"""The single checks of the set-up that concern Python, its packages and the machine; `doctor` runs them.

Each returns a `Check`, and reads the machine afresh. What can't be had on every machine is a parameter.
"""

from __future__ import annotations  # an older Python must get as far as being told that it is too old

import csv
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import NamedTuple

from course_utils.files import DATA, ROOT, CourseError
from course_utils.work import require_writable

DISTRIBUTION = "vision-transformers-from-scratch"
OK, NOTE, PROBLEM = "ok", "note", "problem"
GIB = 2**30
LESSON_MEMORY = 2 * GIB
# to be followed by the name of a folder
INSTALL = f'activate the environment of the course, or run `"{sys.executable}" -m pip install -e .` in the folder'


class Check(NamedTuple):
    """One look at the set-up: what was looked at, `ok`, `note` or `problem`, what was found, what to do."""

    name: str
    state: str
    detail: str
    remedy: str = ""


def python_version(version: tuple[int, ...] = sys.version_info[:3]) -> Check:
    """Check that this Python is one that the course supports (pyproject.toml says which)."""
    needed = _supported_pythons()
    low, high = (tuple(map(int, number.split("."))) for number in re.findall(r"\d+(?:\.\d+)+", needed))
    found = f"{'.'.join(map(str, version))} at {sys.executable}"
    if low <= version < high:
        return Check("Python", OK, found)
    remedy = "make a new environment with such a Python: `conda env create -f environment.yml`"
    return Check("Python", PROBLEM, f"{found}: the course needs {needed}", remedy)


def packages() -> Check:
    """Check that every package that the course needs is installed, in a version that it supports."""
    try:
        from packaging.requirements import Requirement

        needed = [Requirement(line) for line in _dependencies()]
    except ModuleNotFoundError:  # no packaging, which comes with the others, or a Python too old for tomllib
        return Check("packages", PROBLEM, f"not installed in {sys.executable}", f"{INSTALL} {ROOT}")
    faults = []
    for package in needed:
        try:
            version = importlib.metadata.version(package.name)
        except importlib.metadata.PackageNotFoundError:
            faults.append(f"{package.name} is not installed")
            continue
        if not package.specifier.contains(version, prereleases=True):
            faults.append(f"{package.name} is {version}, needed is {package.specifier}")
    if faults:
        return Check("packages", PROBLEM, "; ".join(faults), f"{INSTALL} {ROOT}")
    versions = (f"{package.name} {importlib.metadata.version(package.name)}" for package in needed)
    return Check("packages", OK, ", ".join(versions))


def clone(folder: Path) -> Check:
    """Check that notebooks import the `course_utils` of the clone that `folder` lies in, data and all."""
    code = "import course_utils; print(course_utils.__file__)"
    command = [sys.executable, "-X", "utf8", "-c", code]
    # elsewhere, because Python finds whatever lies in the current folder first
    run = subprocess.run(command, cwd=tempfile.gettempdir(), capture_output=True, encoding="utf-8", check=False)
    here = next((p for p in (folder, *folder.parents) if (p / "course_utils" / "files.py").exists()), ROOT).resolve()
    if run.returncode:
        return Check("course_utils", PROBLEM, f"not installed in {sys.executable}", f"{INSTALL} {here}")
    imported = Path(run.stdout.strip()).resolve().parents[1]
    if not imported.samefile(here):
        detail = f"you are in {here}, but notebooks would import course_utils from {imported}"
        return Check("course_utils", PROBLEM, detail, f"{INSTALL} {here}")
    if not (imported / "pyproject.toml").exists():
        detail = f"installed as a copy in {imported}, without the lessons and the data"
        return Check("course_utils", PROBLEM, detail, f"{INSTALL} of the course")
    return Check("course_utils", OK, str(imported))


def cores(count: int | None = os.cpu_count()) -> Check:
    """Tell how many processor cores there are; the lessons' times are meant for two."""
    if count == 1:
        return Check("cores", NOTE, "1: a lesson takes about twice the time that it names")
    return Check("cores", OK, str(count or "unknown"))


def memory(total: int | None = None) -> Check:
    """Check that the machine's memory, `total` bytes, holds what a lesson needs and a browser beside it."""
    import psutil

    total = total or psutil.virtual_memory().total
    found = f"{total / GIB:.1f} GiB in all"
    if total < LESSON_MEMORY:
        remedy = "use a machine with 4 GiB or more, or give the container or virtual machine as much"
        return Check("memory", PROBLEM, f"{found}: a lesson needs 2 GiB", remedy)
    if total < 4e9:
        return Check("memory", NOTE, f"{found}: close other programs, and shut down a lesson before the next")
    return Check("memory", OK, found)


def disk(folder: Path, free: int | None = None) -> Check:
    """Check that the disk of the work folder has `free` bytes enough for the student's copies."""
    free = shutil.disk_usage(nearest_existing(folder)).free if free is None else free
    found = f"{free / GIB:.1f} GiB free for {folder}"
    if free < 0.1 * GIB:
        return Check("disk", PROBLEM, f"{found}: the work needs 0.1 GiB", "make room, or use --work FOLDER")
    return Check("disk", OK, found)


def work_folder(folder: Path) -> Check:
    """Check that the work folder can be written to, or made where it is to be."""
    try:
        require_writable(nearest_existing(folder))
    except CourseError as error:
        detail, _, remedy = str(error).partition(": ")
        return Check("work folder", PROBLEM, detail, remedy)
    return Check("work folder", OK, str(folder))


def torch_works() -> Check:
    """Check that torch loads and computes; tell whether it sees a GPU, which the course doesn't need."""
    try:
        import torch

        torch.ones(2, 2) @ torch.ones(2, 2)
        with warnings.catch_warnings(action="ignore"):  # of a driver too old for a GPU that nobody asked for
            gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    except (ImportError, OSError, RuntimeError) as error:
        remedy = f'run `"{sys.executable}" -m pip install --force-reinstall torch torchvision`'
        return Check("torch", PROBLEM, f"does not load: {error}", remedy)
    gpu = "Apple's (mps)" if torch.backends.mps.is_available() else gpu
    return Check("torch", OK, f"{torch.__version__}; GPU: {gpu} (the course needs none)")


def data_files() -> Check:
    """Check every data file of the course against its checksum."""
    from course_utils import data

    return _data_check(data.problems(), "all files are whole")


def data_sizes() -> Check:
    """Check that every data file of the course is there in its full size, without reading it."""
    if not (DATA / "manifest.csv").exists():
        return _data_check(["data/manifest.csv is missing"], "")
    with (DATA / "manifest.csv").open(encoding="utf-8", newline="") as file:
        sizes = {row["file"]: int(row["bytes"]) for row in csv.DictReader(file)}
    sound = (name for name, size in sizes.items() if (DATA / name).is_file() and (DATA / name).stat().st_size == size)
    faults = [f"data/{name} is missing or has a wrong size" for name in sorted(sizes.keys() - set(sound))]
    return _data_check(faults, f"{len(sizes)} files are there")


def _data_check(faults: list[str], sound: str) -> Check:
    if not faults:
        return Check("data", OK, sound)
    more = f"; and {len(faults) - 3} files more" if len(faults) > 3 else ""
    remedy = f"run `git checkout data` in the folder {ROOT}"
    return Check("data", PROBLEM, "; ".join(faults[:3]) + more, remedy)


def _supported_pythons() -> str:
    """Return the bounds on Python, from the clone: a `git pull` may have changed what pip noted."""
    project = ROOT / "pyproject.toml"
    if not project.exists():
        return importlib.metadata.metadata(DISTRIBUTION)["Requires-Python"]
    return re.search(r'requires-python = "(.+?)"', project.read_text(encoding="utf-8"))[1]


def _dependencies() -> list[str]:
    """Return the packages that the course needs, with their bounds, without the optional ones."""
    project = ROOT / "pyproject.toml"
    if not project.exists():
        return [line for line in importlib.metadata.requires(DISTRIBUTION) if "extra ==" not in line]
    import tomllib

    return tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]


def nearest_existing(folder: Path) -> Path:
    """Return `folder`, or the nearest folder above it that exists."""
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())
