"""The doctor on kernels and widgets, and its command: each fault is made for real, and told with its remedy."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_doctor import check

from course_utils import setup_checks
from course_utils.files import ROOT
from course_utils.setup_checks import OK, PROBLEM


def describe_kernel(folder: Path, *command: str) -> dict[str, str]:
    """Write a kernel description that comes before the environment's; return the variables that make it so."""
    path = folder / "kernels" / "python3" / "kernel.json"
    path.parent.mkdir(parents=True)
    argv = [*command, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    path.write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}), encoding="utf-8")
    return {"JUPYTER_DATA_DIR": str(folder), "JUPYTER_PREFER_ENV_PATH": "0"}


def test_a_kernel_that_works(tmp_path):
    found = check("doctor.kernel(__import__('pathlib').Path.cwd())", tmp_path)
    assert found == setup_checks.Check("kernel", OK, f"works, in {sys.executable}")


@pytest.mark.parametrize("fault", ["not there", "another Python", "without ipykernel", "silent", "damaged"])
def test_a_kernel_description_that_shadows_the_environments(tmp_path, fault):
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    inside = next(path for path in bare.glob("*/python*") if path.stem == "python")
    site = next(path for path in bare.rglob("site-packages") if path.is_dir())
    if fault == "another Python":
        (site / "all.pth").write_text("\n".join(path for path in sys.path if "site-packages" in path))
    command = {"not there": ["/nowhere/python"], "silent": [sys.executable, "-c", "import time; time.sleep(60)"]}
    variables = describe_kernel(tmp_path / "jupyter", *command.get(fault, [str(inside)]))
    where = tmp_path / "jupyter" / "kernels" / "python3"
    if fault == "damaged":
        (where / "kernel.json").write_text("{", encoding="utf-8")
    seconds = 3 if fault == "silent" else 30
    found = check(f"doctor.kernel(__import__('pathlib').Path.cwd(), {seconds})", tmp_path, **variables)
    told = {"not there": "/nowhere/python", "another Python": f"notebooks would run in {inside}, not in"}
    told |= {"without ipykernel": "No module named", "silent": "in 3 seconds", "damaged": "Expecting property name"}
    assert found.state == PROBLEM
    assert told[fault] in found.detail
    assert str(where) in found.detail
    assert found.remedy.startswith(f"remove {where}, which stands before the environment's own: ")
    assert found.remedy.endswith("-m jupyter kernelspec remove python3`")


def test_a_switched_off_extension(tmp_path):
    path = tmp_path / "labconfig" / "page_config.json"
    path.parent.mkdir()
    path.write_text('{"disabledExtensions": {"@jupyter-widgets/jupyterlab-manager": true}}', encoding="utf-8")
    found = check("doctor.widgets()", tmp_path, JUPYTER_CONFIG_DIR=str(tmp_path))
    assert found.state == PROBLEM
    assert found.detail == "JupyterLab's extension @jupyter-widgets/jupyterlab-manager is disabled"
    assert found.remedy == "run `jupyter labextension enable @jupyter-widgets/jupyterlab-manager`"


def test_widgets_whose_other_half_is_missing(tmp_path):
    """Run an environment that has every package, but nothing under share/jupyter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    inside = next(path for path in (tmp_path / "bare").glob("*/python*") if path.stem == "python")
    site = next(path for path in (tmp_path / "bare").rglob("site-packages") if path.is_dir())
    (site / "all.pth").write_text("\n".join([*(p for p in sys.path if "site-packages" in p), str(ROOT)]))
    code = "from course_utils import doctor; print(doctor.widgets())"
    environment = {**os.environ, "JUPYTER_DATA_DIR": str(tmp_path), "JUPYTER_PATH": "", "PYTHONNOUSERSITE": "1"}
    run = subprocess.run([inside, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "extension @jupyter-widgets/jupyterlab-manager is missing; JupyterLab's extension anywidget is" in run.stdout
    assert "-m pip install --force-reinstall --no-deps jupyterlab-widgets`" in run.stdout.replace("\\", "")


def test_a_widget_package_that_does_not_load(tmp_path):
    (tmp_path / "anywidget.py").write_text("import no_such_thing", encoding="utf-8")
    found = check("doctor.widgets()", tmp_path)
    assert found.detail == "anywidget does not load: No module named 'no_such_thing'"
    assert "pip install --force-reinstall anywidget" in found.remedy


@pytest.mark.parametrize("fault", [False, True])
def test_the_command_prints_everything_and_its_status_tells(tmp_path, fault):
    variables = describe_kernel(tmp_path / "jupyter", "/nowhere/python") if fault else {}
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", **variables}  # a terminal that knows no ✓
    command = [sys.executable, "-m", "course_utils", "doctor", "--work", tmp_path / "work"]
    start = time.perf_counter()
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert time.perf_counter() - start < 60
    assert run.returncode == int(fault), run.stdout + run.stderr
    assert f"at {sys.executable}\n" in run.stdout
    assert f"? work folder  {tmp_path / 'work'}\n" in run.stdout
    assert not (tmp_path / "work").exists()
    last = "Problems: 1. What to do stands below each.\n" if fault else "The set-up is fine.\n"
    assert run.stdout.endswith(last)
