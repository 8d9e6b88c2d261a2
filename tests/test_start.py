"""The commands as a student types them, in a clone with two small lessons."""

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from test_work import notebook

from course_utils import lab
from course_utils.files import ROOT

FRONT_DOOR = ("__init__", "__main__", "doctor", "files", "lab", "setup_checks", "work")


@pytest.fixture
def clone(tmp_path):
    folder = (tmp_path / "the clone").resolve()
    shutil.copytree(ROOT / "course_utils", folder / "course_utils", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "notebooks").mkdir()
    (folder / "data").mkdir()
    (folder / "data" / "manifest.csv").write_text("file,bytes\n", encoding="utf-8")
    for name in ("00_start_here.ipynb", "01_next.ipynb"):
        (folder / "notebooks" / name).write_bytes(notebook("print('hello')", output="hello\n"))
    return folder


@pytest.fixture
def environment(tmp_path, clone):
    """Nobody's settings, and the clone installed as `pip install -e .` would have it."""
    folders = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    return {**os.environ, **folders, "PYTHONPATH": str(clone), "PYTHONIOENCODING": "utf-8"}


@pytest.fixture
def command(clone, environment):
    def run(*words: str, python: str | Path = sys.executable) -> subprocess.CompletedProcess:
        whole = [python, "-m", "course_utils", *words]
        return subprocess.run(whole, cwd=clone, env=environment, capture_output=True, encoding="utf-8", check=False)

    return run


def test_help_lists_the_commands_and_says_what_each_does(command):
    for words in ([], ["bogus"]):
        told = command(*words)
        assert told.returncode == 2
        assert told.stdout == ""
        assert all(f"\n  {name} " in told.stderr for name in ("start", "update", "doctor", "store"))
    assert told.stderr.startswith("there is no command 'bogus'\n")
    assert command("--help").returncode == 0
    for name, word in [("start", "Ctrl-C"), ("update", ".new.ipynb"), ("doctor", "wrong"), ("store", "--check")]:
        told = command(name, "--help")
        assert told.returncode == 0
        assert word in told.stdout
        assert command(name, "--bogus").returncode == 2


def test_copy_then_update(command, clone):
    told = command("start", "--copy-only")
    assert told.stdout == (
        "00_start_here.ipynb: copied\n01_next.ipynb: copied\n"
        f"0 lessons were there already; your work folder is {clone / 'work'}\n"
    )
    (clone / "notebooks" / "01_next.ipynb").write_bytes(notebook("print('anew')"))
    assert command("update").stdout == "00_start_here.ipynb: up to date\n01_next.ipynb: renewed\n"
    (clone / "notebooks" / "01_next.ipynb").write_bytes(b"damaged")
    told = command("update")
    assert told.returncode == 1
    assert "01_next.ipynb: the course's" in told.stdout


def test_an_error_of_the_course_is_a_sentence_not_a_traceback(command, clone):
    (clone / "file").write_bytes(b"")
    for name in ("start", "update"):
        told = command(name, "--work", "file")
        assert told.returncode == 1
        assert told.stderr.startswith(f"can't make the work folder {clone / 'file'} (")
        assert "Traceback" not in told.stderr


def test_store_is_passed_on(command, clone):
    told = command("store", "--check", "notebooks/01_next.ipynb")
    assert told.returncode == 1, told.stderr
    assert told.stdout.startswith("01_next.ipynb: DIFFERS")
    assert "00_start_here" not in told.stdout


@pytest.mark.alone
def test_nothing_heavy_is_imported(clone, environment):
    code = (
        "import sys; from course_utils.__main__ import main; from course_utils import doctor; doctor.quick();"
        "main(['start', '--copy-only']); main(['update']); print({'torch', 'numpy', 'IPython'} & set(sys.modules))"
    )
    run = [sys.executable, "-c", code]
    start = time.perf_counter()
    told = subprocess.run(run, cwd=clone, env=environment, capture_output=True, encoding="utf-8", check=True)
    assert time.perf_counter() - start < 3  # 0.3 on a quiet machine
    assert told.stdout.endswith("set()\n")


def test_without_jupyterlab_the_remedy_is_told_and_nothing_done(command, clone, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    bare = next(path for path in (tmp_path / "bare").glob("*/python*") if path.stem == "python")
    told = command("doctor", python=bare)
    assert told.returncode == 1
    assert told.stdout.endswith("\nProblems: 1. What to do stands below each.\n")
    assert "could not be looked at" not in told.stdout
    told = command("start", python=bare)
    assert told.returncode == 1
    assert told.stdout.startswith(f"✗ packages: not installed in {bare}\n  activate the environment of the course")
    assert told.stderr.startswith(f"JupyterLab is not installed in this Python, {bare}: activate")
    assert f'`"{bare}" -m pip install -e .` in the folder {clone}' in told.stderr
    assert not (clone / "work").exists()


def test_the_front_door_is_readable_for_an_old_python():
    for name in FRONT_DOOR:
        ast.parse((ROOT / "course_utils" / f"{name}.py").read_text(encoding="utf-8"), feature_version=(3, 9))


def serving(clone: Path, environment: dict, *words: str) -> tuple[subprocess.Popen, dict]:
    """Start JupyterLab for real, and return the process and what `jupyter server list` says of it."""
    whole = [sys.executable, "-m", "course_utils", "start", "--no-browser", *words]
    log = (clone.parent / "log").open("wb")
    process = subprocess.Popen(whole, cwd=clone, env=environment, stdout=log, stderr=subprocess.STDOUT)
    listed = [sys.executable, "-m", "jupyter", "server", "list", "--json"]
    for _ in range(60):
        found = subprocess.run(listed, env=environment, capture_output=True, text=True, check=True).stdout
        if found:
            return process, json.loads(found)
        assert process.poll() is None, (clone.parent / "log").read_text(encoding="utf-8")
    process.kill()
    raise AssertionError((clone.parent / "log").read_text(encoding="utf-8"))


@pytest.mark.skipif(os.name == "nt", reason="a program can't be asked to stop there")
@pytest.mark.parametrize("inside", [True, False])
def test_jupyterlab_opens_on_the_first_lesson_and_leaves_nothing_behind(clone, environment, inside, tmp_path):
    away = tmp_path / "my lessons, ä"
    process, server = serving(clone, environment, *([] if inside else ["--work", str(away)]))

    def ask(path: str, content: bytes | None = None) -> dict:
        headers = {"Authorization": f"token {server['token']}"}
        request = urllib.request.Request(server["url"] + path, content, headers)
        return json.loads(urllib.request.urlopen(request, timeout=20).read())

    try:
        assert ask("api/status")["kernels"] == 0
        lesson = ask(f"api/contents/{'work/' if inside else ''}00_start_here.ipynb")
        assert lesson["content"]["cells"][0]["source"] == "print('hello')"
        assert Path(server["root_dir"]) == (clone if inside else away)
        assert ask("lab/api/news") == {"news": []}
        assert ask("lab/api/update") == {"notification": None}
        before = (tmp_path / "log").read_text(encoding="utf-8")  # the kernel may complain of being stopped
        ask("api/kernels", b'{"name": "python3"}')
    finally:
        process.send_signal(signal.SIGTERM if inside else signal.SIGINT)
        process.wait(timeout=30)
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert process.returncode == 0, log
    assert "✗" not in before
    assert "Traceback" not in before
    assert f"/lab/tree/{'work/' if inside else ''}00_start_here.ipynb?token=" in log
    assert ("--allow-root" in log) == lab.is_root()
    deadline = time.monotonic() + 15
    while kernels_of(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert kernels_of(tmp_path) == []


def kernels_of(folder: Path) -> list[str]:
    """Return the command lines of the kernels whose connection files lie in `folder`."""
    import psutil

    lines = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if str(folder) in line and "ipykernel" in line]
