"""The repository keeps its promises: one list of dependencies, a true README, a small tree, light imports."""

import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement

from course_utils import lessons
from course_utils.exercises.registry import find
from course_utils.exercises.variants import has_variant
from course_utils.files import ROOT
from scripts.make_readme_picture import first_picture

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA_NAMES = {"pytorch-cpu": "torch", "torchvision": "torchvision", "python": "python"}
TREE_BYTES = 60e6


def project_bounds():
    needs = {Requirement(text).name: Requirement(text).specifier for text in PROJECT["dependencies"]}
    return {**needs, "python": Requirement(f"python{PROJECT['requires-python']}").specifier}


def test_conda_repeats_no_dependency_but_pytorch_and_within_the_same_bounds():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    listed = [Requirement(text) for text in environment["dependencies"] if isinstance(text, str) and text != "pip"]
    assert {CONDA_NAMES[need.name]: need.specifier for need in listed} == {
        name: project_bounds()[name] for name in CONDA_NAMES.values()
    }
    assert environment["dependencies"][-1] == {"pip": ["-e .[test]"]}


def test_every_dependency_is_bounded_on_both_sides():
    extras = [text for group in PROJECT["optional-dependencies"].values() for text in group]
    for text in PROJECT["dependencies"] + extras:
        operators = {specifier.operator for specifier in Requirement(text).specifier}
        assert operators == {">=", "<"}, text


def test_the_constraints_pin_every_dependency_within_its_bounds():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    extras = [text for group in PROJECT["optional-dependencies"].values() for text in group]
    for need in map(Requirement, PROJECT["dependencies"] + extras):
        assert need.specifier.contains(pins[need.name.lower()]), need


def test_this_environment_is_the_one_that_the_constraints_describe():
    """Otherwise a green run says nothing about README's commands."""
    installed = subprocess.run(
        [sys.executable, "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True, check=True
    ).stdout
    found = dict(line.split("==") for line in installed.splitlines() if "==" in line)
    found = {name.lower().replace("_", "-"): version.split("+")[0] for name, version in found.items()}
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in pins if line and not line.startswith("#"))
    differing = {n: (found[n], v) for n, v in pinned.items() if n in found and found[n] != v and n != "setuptools"}
    assert not differing


def test_the_readme_lists_the_lessons_as_they_are():
    table = lessons.table("notebooks/")
    assert table in README, f"run python scripts/update_readme.py; this is the table:\n{table}"


def test_the_readme_shows_the_first_picture_of_lesson_00():
    assert (ROOT / "docs" / "first_map.webp").read_bytes() == first_picture(), (
        "run python scripts/make_readme_picture.py"
    )
    assert re.search(r"!\[[^\]]{40,}\]\(docs/first_map\.webp\)", README)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "data/README.md", "docs/instructors.md"])
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)\)", text):
        assert "://" in target or ((ROOT / page).parent / target).exists(), target


def test_the_readme_opens_with_a_picture_and_two_commands():
    commands = re.findall(r"```sh\n(.+?)\n```", README, flags=re.DOTALL)
    assert commands[0].endswith("python -m course_utils start")
    assert "pytest --nbval notebooks/" in commands[1]
    assert all(command.startswith("python3 -m venv .venv") for command in commands[:2])


def test_the_instructors_plan_hands_out_exercises_that_there_are():
    page = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d+ \|.*\| (.*) \|$", page, flags=re.MULTILINE)
    ids = [id for row in rows for id in re.findall(r"\d+\.\d+", row)]
    assert len(rows) == 13 and len(ids) >= 20
    for id in ids:
        find(id)
        assert has_variant(id)


def test_the_working_tree_is_small():
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [ROOT / name for name in tracked.stdout.split("\0") if name]
    assert sum(path.stat().st_size for path in paths if path.exists()) <= TREE_BYTES


@pytest.mark.alone
def test_importing_the_package_costs_little_beside_torch():
    code = (
        "import time, torch\nstarted = time.perf_counter()\nimport course_utils\nfrom course_utils import data\n"
        "print(time.perf_counter() - started)"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(3)]
    assert min(float(run.stdout) for run in runs) < 0.3


def test_what_the_lessons_import_leaves_torchvision_for_later():
    """It takes longer than torch itself, and lessons need it for a few operations only."""
    modules = "augment, capstone_runs, checkpoints, detr_runs, experiments, exercises, throughput"
    code = f"import sys; from course_utils import {modules}; print('torchvision' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_models_import_neither_plots_nor_exercises():
    code = (
        "import pkgutil, importlib, sys, course_utils.models as models\n"
        "for found in pkgutil.iter_modules(models.__path__):\n"
        "    importlib.import_module(f'course_utils.models.{found.name}')\n"
        "forbidden = {'course_utils.plots', 'course_utils.exercises', 'course_utils.widgets', 'matplotlib'}\n"
        "print(sorted(forbidden & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
