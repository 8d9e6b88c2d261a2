"""The doctor: each fault is made for real, and must be told with its remedy."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from ordinary_user import as_ordinary_user, folder_of_ordinary_user
from packaging.specifiers import SpecifierSet

from course_utils import setup_checks
from course_utils.files import ROOT
from course_utils.setup_checks import NOTE, OK, PROBLEM

NAMES = ["Python", "packages", "course_utils", "memory", "disk", "work folder", "torch", "data", "widgets"]
SOUND = "".join(f"✓ {name}\n" for name in NAMES) + "The set-up is fine.\n"
INSTALL = f'activate the environment of the course, or run `"{sys.executable}" -m pip install -e .` in the folder'


def python(code: str, folder: Path, **variables: str) -> str:
    """Run `code` in a fresh Python in `folder`, and return what it prints."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", **variables}
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def check(name: str, folder: Path, **variables: str) -> setup_checks.Check:
    """Do one check, such as `doctor.widgets()`, in a fresh Python."""
    code = f"import json; from course_utils import doctor, setup_checks; print(json.dumps({name}))"
    return setup_checks.Check(*json.loads(python(code, folder, **variables)))


def clone(folder: Path) -> Path:
    """Make a second clone of the course, without its data and lessons, and return its folder."""
    shutil.copytree(ROOT / "course_utils", folder / "course_utils", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.alone
def test_check_up_prints_the_fixed_text_in_time(tmp_path):
    code = "import torch, time; s = time.time(); from course_utils import doctor; doctor.check_up()"
    printed = python(f"{code}; print(time.time() - s < 1.5 or time.time() - s)", tmp_path)
    assert printed == f"{SOUND}True\n"


def test_check_up_tells_a_problem_and_its_remedy(tmp_path):
    away = clone(tmp_path)
    (away / "work").mkdir()
    printed = python("from course_utils import doctor; doctor.check_up()", away / "work")
    here, there = away.resolve(), ROOT.resolve()
    fault = f"✗ course_utils: you are in {here}, but notebooks would import course_utils from {there}\n"
    assert printed == SOUND.replace("✓ course_utils\n", f"{fault}  {INSTALL} {here}\n").replace(
        "The set-up is fine.\n", ""
    )


def test_a_python_out_of_bounds():
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    found = setup_checks.python_version((3, 10, 9))
    assert found.state == PROBLEM
    assert found.detail == f"3.10.9 at {sys.executable}: the course needs {needed}"
    assert "conda env create -f environment.yml" in found.remedy
    for version in [(3, 11, 0), (3, 11, 9), (3, 12, 0), (3, 14, 9), (3, 15, 0), (4, 0, 0)]:
        right = ".".join(map(str, version)) in SpecifierSet(needed)
        assert (setup_checks.python_version(version).state == OK) == right, version


def test_a_package_in_a_wrong_version_comes_first(tmp_path):
    for name, version in [("numpy", "1.26.4"), ("anywidget", "0.99.0")]:
        info = tmp_path / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    found = check("setup_checks.packages()", tmp_path, PYTHONPATH=str(tmp_path))
    assert found.state == PROBLEM
    assert found.detail == "numpy is 1.26.4, needed is <3,>=2.4"
    assert found.remedy == f"{INSTALL} {ROOT}"


def test_a_python_in_which_nothing_is_installed(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    bare = next(path for path in (tmp_path / "bare").glob("*/python*") if path.stem == "python")
    code = "from course_utils import doctor, setup_checks; print(*doctor.quick()[1:3], sep='\\n')"
    run = subprocess.run([bare, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    packages, package = run.stdout.splitlines()
    assert f"detail='not installed in {bare}'" in packages
    assert f"detail='not installed in {bare}'" in package
    assert f'run `"{bare}" -m pip install -e .` in the folder {ROOT}' in packages.replace("\\", "")


def test_another_clone_than_the_installed_one(tmp_path):
    away = clone(tmp_path).resolve()
    for folder in (away, away / "course_utils"):  # Python finds the clone's package in the first, not in the second
        found = check(f"setup_checks.clone(__import__('pathlib').Path({str(folder)!r}))", folder)
        assert found.detail == f"you are in {away}, but notebooks would import course_utils from {ROOT}"
        assert found.remedy == f"{INSTALL} {away}"


def test_a_course_installed_as_a_copy(tmp_path):
    site = clone(tmp_path / "site-packages").resolve()
    (site / "pyproject.toml").unlink()
    found = check("setup_checks.clone(__import__('pathlib').Path.cwd())", tmp_path, PYTHONPATH=str(site))
    assert found.state == PROBLEM
    assert found.detail == f"installed as a copy in {site}, without the lessons and the data"
    assert found.remedy == f"{INSTALL} of the course"


@pytest.mark.parametrize(("gib", "state"), [(1.9, PROBLEM), (3, NOTE), (8, OK)])
def test_memory(gib, state):
    found = setup_checks.memory(int(gib * 2**30))
    assert found.state == state
    assert found.detail.startswith(f"{gib:.1f} GiB in all")
    assert (found.remedy != "") == (state == PROBLEM)


def test_a_full_disk(tmp_path):
    found = setup_checks.disk(tmp_path / "not" / "yet", free=5 * 2**20)
    assert found.state == PROBLEM
    assert found.remedy == "make room, or use --work FOLDER"
    assert setup_checks.disk(tmp_path / "not" / "yet").state == OK


def test_a_single_core_is_noted():
    assert setup_checks.cores(1).state == NOTE
    assert setup_checks.cores(2).state == OK


@pytest.mark.skipif(os.name == "nt", reason="permissions of folders work otherwise on Windows")
def test_a_work_folder_without_write_permission():
    with folder_of_ordinary_user() as home, as_ordinary_user():
        home.chmod(0o500)
        found = setup_checks.work_folder(home / "work")
        home.chmod(0o700)
        assert setup_checks.work_folder(home / "work").state == OK
    assert found.state == PROBLEM
    assert found.detail == f"can't write in the work folder {home} (Permission denied)"
    assert found.remedy.startswith("give yourself permission to write")


def test_damaged_data_files(tmp_path):
    away = clone(tmp_path)
    shutil.copytree(ROOT / "data", away / "data")
    with (away / "data" / "fashion_mnist.npz").open("r+b") as file:
        file.truncate(1000)
    next((away / "data" / "tables").iterdir()).unlink()
    for name in ("data_sizes", "data_files"):
        found = check(f"setup_checks.{name}()", away)
        assert found.state == PROBLEM
        assert "fashion_mnist.npz" in found.detail
        assert "data/tables/" in found.detail
        assert found.remedy == f"run `git checkout data` in the folder {away.resolve()}"
    assert setup_checks.data_sizes().state == setup_checks.data_files().state == OK


def test_a_torch_that_does_not_load(tmp_path):
    (tmp_path / "torch.py").write_text("raise OSError('[WinError 126] a library is missing')", encoding="utf-8")
    found = check("setup_checks.torch_works()", tmp_path)
    assert found.state == PROBLEM
    assert found.detail == "does not load: [WinError 126] a library is missing"
    assert "pip install --force-reinstall torch torchvision" in found.remedy


def test_a_missing_and_a_damaged_manifest(tmp_path):
    away = clone(tmp_path).resolve()
    found = check("setup_checks.data_sizes()", away)
    remedy = f"run `git checkout data` in the folder {away}"
    assert found == setup_checks.Check("data", PROBLEM, "data/manifest.csv is missing", remedy)
    (away / "data").mkdir()
    (away / "data" / "manifest.csv").write_text("file,bytes\nimage.png,many\n", encoding="utf-8")
    found = check("doctor.quick()[-1]", away)  # a check that fails itself is a problem too
    assert found.state == PROBLEM
    assert found.detail.startswith("could not be looked at: ValueError: ")
    assert found.remedy.startswith("put the other problems right first")
