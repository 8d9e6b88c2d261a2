"""What `store` writes is what `pytest --nbval` sees, twice the same, and never half a file."""

import os
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils import store
from course_utils.files import ROOT, CourseError

HARD = {
    "streams": "import sys\nfor i in range(3):\n    print(i, flush=True)",
    "progress": "from course_utils.progress import progress\nfor i in progress(range(3), 'counting'):\n    pass",
    "cleared": "from IPython.display import clear_output\nprint('kept')\nclear_output()\nprint('after')",
    "updated": "from IPython.display import display\nshown = display('before', display_id=True)\nshown.update('after')",
    "captured": "import ipywidgets\nout = ipywidgets.Output()\nwith out:\n    print('inside')\nout",
    "interact": "_ = ipywidgets.interact(lambda x: print('x is', x), x=(0, 3))",
    "address": "object()",
    "figure": (
        "from course_utils import plots\nfig, (axes,) = plots.figure()\n_ = axes.plot([1, 2])\n"
        "plots.show(fig, alt='A line that rises from one to two.')"
    ),
    "panel": (
        "from course_utils.widgets import SliderPanel\n"
        "def draw(x):\n    fig, (axes,) = plots.figure()\n    return fig, f'An empty figure for x = {x}.'\n"
        "SliderPanel(draw, x=ipywidgets.IntSlider(2))"
    ),
}


def write(path, *sources):
    cells = [new_markdown_cell("# A lesson"), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def nbval(path, folder=ROOT):
    """Run strict nbval on one notebook with the course's own settings."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "conftest",
        "-p",
        "no:cacheprovider",
        "--nbval",
        "-q",
        str(path),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8")


@pytest.fixture(scope="module")
def hard_lesson(tmp_path_factory):
    path = write(tmp_path_factory.mktemp("lessons") / "hard.ipynb", *HARD.values())
    assert store.main([path], check=False) == 0
    return path


def test_storing_twice_gives_the_same_bytes(hard_lesson):
    before = hard_lesson.read_bytes()
    assert store.main([hard_lesson], check=True) == 0
    assert store.main([hard_lesson], check=False) == 0
    assert hard_lesson.read_bytes() == before


def test_strict_nbval_accepts_what_was_stored_from_any_folder(hard_lesson, tmp_path):
    done = nbval(hard_lesson, folder=tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"{len(HARD)} passed" in done.stdout


def test_widgets_are_stored_with_their_state_and_without_random_ids(hard_lesson):
    notebook = nbformat.read(hard_lesson, as_version=4)
    state = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    assert sorted(state) == [f"{number:032x}" for number in range(1, len(state) + 1)]
    panel = notebook.cells[-1].outputs[0].data
    assert panel["application/vnd.jupyter.widget-view+json"]["model_id"] in state
    assert panel["text/plain"] == "An empty figure for x = 2."
    assert 'alt="An empty figure for x = 2."' in panel["text/html"]


def test_live_progress_is_not_stored(hard_lesson):
    progress = nbformat.read(hard_lesson, as_version=4).cells[2]
    assert "counting" in progress.source
    assert progress.outputs == []


def test_check_finds_a_changed_output_and_writes_nothing(tmp_path, capsys):
    path = write(tmp_path / "a.ipynb", "print('one')")
    store.main([path], check=False)
    changed = path.read_text(encoding="utf-8").replace('"one\\n"', '"two\\n"')
    path.write_text(changed, encoding="utf-8", newline="\n")
    assert store.main([path], check=True) == 1
    assert path.read_text(encoding="utf-8") == changed
    assert "a.ipynb: DIFFERS" in capsys.readouterr().out
    assert nbval(path).returncode == 1


def test_what_was_changed_while_it_ran_is_not_overwritten(tmp_path):
    path = write(tmp_path / "a.ipynb", "with open('a.ipynb', 'a') as file:\n    file.write(' ')")
    before = path.read_bytes()
    with pytest.raises(CourseError, match=r"a\.ipynb was changed while it ran, so nothing is stored"):
        store.main([path], check=False)
    assert path.read_bytes() == before + b" "


def test_outputs_that_nobody_compares_are_kept_until_their_cell_changes(tmp_path):
    path = write(tmp_path / "seconds.ipynb", "import time\nprint(time.perf_counter())")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].metadata.tags = ["nbval-ignore-output"]
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="1.5 seconds")]
    nbformat.write(notebook, path)
    store.main([path], check=False)
    assert nbformat.read(path, as_version=4).cells[1].outputs[0].text == "1.5 seconds"
    assert store.main([path], check=True) == 0
    notebook.cells[1].outputs = []
    nbformat.write(notebook, path)
    store.main([path], check=False)
    assert float(nbformat.read(path, as_version=4).cells[1].outputs[0].text) > 0


FAILING = {
    "raise ValueError('too small')": "ValueError: too small",
    "import os\nos._exit(1)": "the kernel died",
    "import urllib.request\nurllib.request.urlopen('http://192.0.2.1')": "lessons run offline",
    "import socket\nsocket.getaddrinfo('example.org', 80)": "lessons run offline",
}


@pytest.mark.parametrize("source", FAILING)
def test_a_failing_cell_is_named_and_nothing_is_written(tmp_path, source):
    path = write(tmp_path / "bad.ipynb", "1 + 1", source)
    before = path.read_bytes()
    with pytest.raises(CourseError, match=FAILING[source]) as caught:
        store.main([path], check=False)
    assert source.splitlines()[0] in str(caught.value)
    assert "cell 2" in str(caught.value)
    assert path.read_bytes() == before


def test_a_cell_that_hangs_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "CELL_SECONDS", 2)
    with pytest.raises(CourseError, match="not done after 2 seconds"):
        store.execute(write(tmp_path / "slow.ipynb", "import time\ntime.sleep(60)"))


def test_this_machine_can_be_reached_offline(tmp_path):
    server = "import socket\nserver = socket.create_server(('127.0.0.1', 0))"
    client = "socket.create_connection(server.getsockname()).close()"
    store.execute(write(tmp_path / "local.ipynb", server, client))


def test_what_is_not_a_notebook_is_named(tmp_path):
    with pytest.raises(CourseError, match=r"gone\.ipynb does not exist"):
        store.main([tmp_path / "gone.ipynb"], check=False)
    (tmp_path / "torn.ipynb").write_text('{"cells": [', encoding="utf-8")
    with pytest.raises(CourseError, match=r"torn\.ipynb is not a readable notebook"):
        store.main([tmp_path / "torn.ipynb"], check=False)


def test_nbval_refuses_cells_that_were_never_executed(tmp_path):
    done = nbval(write(tmp_path / "cleared.ipynb", "1 + 1"))
    assert done.returncode == 4
    assert "1 cells were never executed" in done.stderr
    assert "python -m course_utils store" in done.stderr


@pytest.mark.parametrize(
    ("said", "code"), [("✓ 2.3 correct on 5 cases", 0), ("✗ 2.3", 1), ("✓ 2.4 correct on 5 cases", 1)]
)
def test_nbval_takes_a_solved_exercise_for_an_unattempted_one(tmp_path, said, code):
    path = write(tmp_path / "e.ipynb", "print('○ 2.3 not attempted: the lesson goes on')")
    store.main([path], check=False)
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("print('○ 2.3 not attempted: the lesson goes on')", f"print('{said}')"), encoding="utf-8"
    )
    assert nbval(path).returncode == code


def test_an_uncompared_explorer_keeps_the_state_that_is_stored():
    def shown(level, tags=("nbval-ignore-output",)):
        view = {"application/vnd.jupyter.widget-view+json": {"model_id": "01"}, "text/plain": f"it shows {level}"}
        cell = nbformat.v4.new_code_cell("explorer", id="a", outputs=[nbformat.v4.new_output("display_data", view)])
        cell.metadata["tags"] = list(tags)
        states = {"01": {"state": {"data": level}}, "02": {"state": {"data": level}}}
        state = {"application/vnd.jupyter.widget-state+json": {"state": states}}
        return nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": state})

    def levels(notebook):
        return [widget["state"]["data"] for widget in notebook.metadata.widgets[store.STATE]["state"].values()]

    kept = store.with_old_uncompared(shown(2), shown(1))
    assert kept.cells[0].outputs == shown(1).cells[0].outputs
    assert levels(kept) == [1, 2], "only the widget that the cell shows"
    assert levels(store.with_old_uncompared(shown(2, tags=()), shown(1, tags=()))) == [2, 2]
