"""One submission after another in the sandbox: right and wrong ones, broken ones, and attacks that gain nothing."""

import ast
import contextlib
import inspect
import json
import os
import shutil
import signal
import socket
import subprocess
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from sandboxes import needs_sandbox

from course_utils.exercises import registry
from course_utils.exercises.help import source
from course_utils.exercises.values import Opaque
from course_utils.files import CourseError
from course_utils.grading import sandbox, submissions, worker
from course_utils.grading.assignment import Item
from course_utils.grading.judging import Key, stub
from course_utils.grading.package import answers_of, write_package
from course_utils.grading.sandbox import Sandbox

IDS = ("2.1", "2.2", "2.3")
IMPORTS = "import math\nimport torch\nfrom torch import Tensor, nn\nfrom torch.nn import functional as F"
RIGHT = [source(registry.find(id).reference) for id in IDS]

pytestmark = needs_sandbox


@pytest.fixture(scope="module")
def keys():
    return [Key(registry.find(id)) for id in IDS]


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The student's package, without the answers."""
    folder, items = tmp_path_factory.mktemp("student"), [Item(id, 1.0) for id in IDS]
    write_package(folder, items, answers_of(items))
    return folder


@pytest.fixture
def graded(keys, package):
    """Return a function that grades the sources of cells."""

    def grade(*cells, keys=keys, **options):
        part = submissions.Part([IMPORTS, *cells], keys)
        found = submissions.rulings([part], Sandbox(package, **options))
        return [found[key.exercise.id] for key in keys]

    return grade


def states(rulings):
    return [ruling.state for ruling in rulings]


def instead(number, text):
    """Return the right answers, with one of them replaced."""
    return [textwrap.dedent(text) if index == number else right for index, right in enumerate(RIGHT)]


def test_right_answers_are_right_on_all_cases(graded):
    found = graded(*RIGHT)
    assert states(found) == ["correct"] * 3
    assert [ruling.cases for ruling in found] == [len(registry.find(id).cases()) for id in IDS]


def test_registered_mistakes_are_told_by_name(keys):
    """Every mistake of three exercises, as the judge sees it; `test_class` sends them all through the sandbox."""
    for key in keys:
        for mistake in key.exercise.mistakes:
            ruling = key._ruled(key._verdict(key._of_mistake(mistake), 5.0))
            assert (ruling.state, ruling.mistake) == ("wrong", mistake.name)


def test_a_mistake_gets_its_own_diagnosis(graded):
    wrong = """
    def attention_weights(query, key, mask=None):
        scores = query @ key.transpose(-2, -1)
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        return scores.softmax(dim=-1)
    """
    found = graded(*instead(1, wrong))
    mistake = next(m for m in registry.find("2.2").mistakes if m.name == found[1].mistake)
    assert (found[1].fault.what, found[1].fault.remedy) == (mistake.what, mistake.remedy)
    assert "scale" in mistake.name and found[0].state == "correct"


def test_stubs_are_unattempted(graded):
    stubs = [stub(registry.find(id).reference) for id in IDS]
    assert states(graded(*stubs)) == ["unattempted"] * 3


def test_helpers_of_any_cell_count_and_nothing_else_is_run(graded):
    apart = """
    import no_such_module_anywhere
    ROOT = 0.5
    def scores_of(query, key):
        return query @ key.transpose(-2, -1) / query.shape[-1] ** ROOT
    """
    helped = """
    1 / 0
    %matplotlib inline
    def attention_weights(query, key, mask=None):
        scores = scores_of(query, key)
        return (scores if mask is None else scores.masked_fill(~mask, -math.inf)).softmax(dim=-1)
    while True: pass
    """
    assert states(graded(textwrap.dedent(apart), *instead(1, helped))) == ["correct"] * 3


def test_a_cell_that_cannot_be_read_is_named(graded):
    found = graded(*instead(1, "def attention_weights(query, key, mask=None)\n    return 1"))
    assert states(found) == ["correct", "wrong", "wrong"]  # 2.3 calls 2.2
    assert "cell 3, line 1" in found[1].fault.what and "SyntaxError" in found[1].fault.what


def test_a_name_that_is_missing_is_told(graded):
    found = graded(RIGHT[0], RIGHT[1])
    assert found[2].state == "wrong" and found[2].fault.what == "no cell defines `attention`"


def test_other_parameters_are_told(graded):
    found = graded(*instead(2, "def attention(query, key):\n    return query"))
    assert "`value` is missing" in found[2].fault.what


def test_print_and_errors_show_the_students_line(graded):
    found = graded(*instead(0, "def attend_to_grid(query, features):\n    return query.no_such_thing"))
    assert "AttributeError" in found[0].fault.what and "line 2 of the cell" in found[0].fault.why


# -- attacks: none gains a point, reads what it shouldn't, or disturbs the next exercise -------------------------------

ATTACKS = {
    "an object that always pleases": """
        class Pleasing:
            def __eq__(self, other): return True
            def __lt__(self, other): return True
            def __abs__(self): return self
            def __sub__(self, other): return self
            __class__ = torch.Tensor
        def attend_to_grid(query, features):
            return Pleasing(), Pleasing()
        """,
    "a tensor that lies": """
        class Lying(torch.Tensor):
            @classmethod
            def __torch_function__(cls, function, types, args=(), kwargs=None):
                return torch.tensor(True)
        def attend_to_grid(query, features):
            return torch.zeros(3, 5).as_subclass(Lying), torch.zeros(8).as_subclass(Lying)
        """,
    "builtins and torch are patched": """
        import builtins
        def attend_to_grid(query, features):
            builtins.abs = builtins.all = builtins.max = lambda *a, **k: 0
            torch.equal = torch.allclose = lambda *a, **k: True
            torch.Tensor.__eq__ = lambda *a: torch.tensor(True)
            torch.Tensor.abs = lambda self: self * 0
            return torch.zeros(3, 5), torch.zeros(8)
        """,
    "the check engine is patched": """
        from course_utils.exercises import compare, diagnose, observe, values
        from course_utils.grading import wire
        def attend_to_grid(query, features):
            compare.mismatches = lambda *a, **k: iter(())
            diagnose.rule = diagnose.judge = lambda *a, **k: diagnose.Verdict(2)
            values.plain = observe.plain = lambda value: None
            return torch.zeros(3, 5), torch.zeros(8)
        """,
    "it says what no page can hold": """
        def attend_to_grid(query, features):
            raise ValueError("\\ud800" * 9)
        """,
    "the reference is imported": """
        def attend_to_grid(query, features):
            from course_utils.models.attention import attend_to_grid as theirs
            return theirs(query, features)
        """,
    "the reference is taken from the registry": """
        def attend_to_grid(query, features):
            from course_utils.exercises import registry
            return registry.find("2.1").reference(query, features)
        """,
    "objects in memory are searched": """
        import gc, types
        def attend_to_grid(query, features):
            me = attend_to_grid.__code__
            for found in gc.get_objects():
                if isinstance(found, types.FunctionType) and found.__name__ == "attend_to_grid":
                    if found.__code__ is not me:
                        return found(query, features)
            return torch.zeros(3, 5), torch.zeros(8)
        """,
    "an input transformer drops what is compared": """
        try:
            from IPython import get_ipython
            get_ipython().input_transformers_cleanup.append(lambda lines: [l for l in lines if "assert" not in l])
        except Exception:
            pass
        def attend_to_grid(query, features):
            from IPython.core import inputtransformer2
            inputtransformer2.TransformerManager.transform_cell = lambda self, cell: "pass"
            return torch.zeros(3, 5), torch.zeros(8)
        """,
    "memory of other processes is read": """
        import os
        def attend_to_grid(query, features):
            for process in os.listdir("/proc"):
                if process.isdigit() and int(process) != os.getpid():
                    try:
                        with open(f"/proc/{process}/mem", "rb") as file:
                            file.seek(0x400000)
                            raise SystemExit(file.read(100))
                    except OSError:
                        pass
            return torch.zeros(3, 5), torch.zeros(8)
        """,
    "the channel is written to": """
        import os
        def attend_to_grid(query, features):
            for channel in range(3, 20):
                try:
                    os.write(channel, b"correct" * 100)
                except OSError:
                    pass
            return torch.zeros(3, 5), torch.zeros(8)
        """,
    "it ends the process": """
        import os
        def attend_to_grid(query, features):
            os._exit(0)
        """,
    "it crashes": """
        import ctypes
        def attend_to_grid(query, features):
            ctypes.string_at(0)
        """,
    "it kills whatever it can": """
        import os, signal
        def attend_to_grid(query, features):
            os.kill(-1, signal.SIGKILL)
            os.kill(os.getppid(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        """,
    "it never ends, and swallows what would end it": """
        def attend_to_grid(query, features):
            while True:
                try:
                    while True:
                        pass
                except BaseException:
                    pass
        """,
    "it waits": """
        import time
        def attend_to_grid(query, features):
            time.sleep(10_000)
        """,
    "it takes gigabytes": """
        def attend_to_grid(query, features):
            held = []
            while True:
                held.append(torch.ones(2**27))
        """,
    "it returns gigabytes": """
        def attend_to_grid(query, features):
            return [torch.ones(9_000_000) for _ in range(30)]
        """,
    "it prints gigabytes": """
        import os, sys
        def attend_to_grid(query, features):
            for _ in range(100_000):
                print("x" * 10_000)
                sys.__stdout__.write("x" * 10_000)
            return torch.zeros(3, 5), torch.zeros(8)
        """,
    "it multiplies": """
        import os
        def attend_to_grid(query, features):
            while True:
                try:
                    os.fork()
                except OSError:
                    pass
        """,
    "it fills the disk": """
        def attend_to_grid(query, features):
            number = 0
            while True:
                with open(f"/tmp/{number}", "wb") as file:
                    for _ in range(100):
                        file.write(bytes(2**20))
                number += 1
        """,
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gains_nothing_and_harms_no_other_exercise(graded, name):
    found = graded(*instead(0, ATTACKS[name]))
    assert found[0].state in ("wrong", "stopped"), found[0]
    assert states(found[1:]) == ["correct"] * 2, found


def test_all_its_processes_together_have_a_limit(graded, monkeypatch):
    """Each of them stays far below its own."""
    monkeypatch.setattr(sandbox, "TOGETHER", 3 * 2**29)
    many = """
    import os, time
    def attend_to_grid(query, features):
        for _ in range(4):
            if os.fork() == 0:
                held = b"x" * 2**29
                time.sleep(60)
        time.sleep(60)
    """
    found = graded(*instead(0, many))
    assert states(found) == ["stopped", "correct", "correct"]
    assert found[0].fault.what.startswith("the process ended")  # before its time ran out


def test_what_lies_in_memory_without_a_name_has_a_limit(graded):
    """The limits on a process's own memory, and on all of them together, don't count it."""
    hoarding = """
    import os
    def attend_to_grid(query, features):
        held, files = 0, []
        try:
            while True:
                files.append(os.memfd_create("held"))
                try:
                    while True:
                        held += os.write(files[-1], bytes(2**20))
                except OSError:
                    pass
        except OSError:
            raise ValueError(held)
    """
    what = graded(*instead(0, hoarding))[0].fault.what
    held = int(what.removeprefix("it raises ValueError: ").split()[0])
    assert 2**20 <= held <= sandbox.FILES * sandbox.FILE_BYTES


def test_an_attack_beside_an_honest_submission_costs_it_nothing(keys, package):
    """Both at once, as a class is graded; time that an attack took from the honest one is given back by `classroom`."""
    honest = [submissions.Part([IMPORTS, *RIGHT], keys)]
    for name in ("it multiplies", "it takes gigabytes", "it kills whatever it can"):
        hostile = [submissions.Part([IMPORTS, *instead(0, ATTACKS[name])], keys)]
        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(submissions.rulings, parts, Sandbox(package)) for parts in (hostile, honest)]
        bad, good = (list(one.result().values()) for one in both)
        assert bad[0].state in ("wrong", "stopped"), name
        assert all(ruling.state == "correct" or ruling.once_more for ruling in good), name


FORGED = {
    "a vast gradient": lambda tree: tree["gradients"].update({"`query`": torch.zeros(()).expand(4 * 10**9)}),
    "a gradient that broadcasts": lambda tree: tree["gradients"].update({"`query`": torch.zeros(9_000_000, 1, 1)}),
    "many names": lambda tree: tree.update(changed=[""] * 10**6),
    "no gradients": lambda tree: tree.update(attached=None, gradients={}),
    "a tensor for a flag": lambda tree: tree.update(attached=torch.ones(2)),
    "a foreign field": lambda tree: tree.update(verdict="correct"),
    "numbers for words": lambda tree: tree.update(misfit=5),
    "a text without end": lambda tree: tree.update(raised={"kind": "x" * 10**7, "message": "", "line": 1, "text": ""}),
    "data that is none": lambda tree: tree.update(output=[Opaque("Tensor"), Opaque("Tensor")]),
    "a vast output": lambda tree: tree.update(output=(torch.zeros(()).expand(4 * 10**9),) * 2),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_message_is_not_believed(keys, name):
    key = keys[0]
    seen = [worker._tree(replace(each, gradients=dict(each.gradients))) for each in key.expected]
    assert key.rule({"state": worker.SEEN, "seen": seen}, 5.0).state == "correct"
    FORGED[name](seen[0])
    started = time.monotonic()
    told = "wrong"
    with contextlib.suppress(ValueError, TypeError, RuntimeError, AttributeError):  # or it is told as unreadable
        told = key.rule({"state": worker.SEEN, "seen": seen}, 5.0).state
    assert told == "wrong"
    assert time.monotonic() - started < 5


def test_gradients_that_are_kept_back_are_not_taken_for_right_ones(graded):
    patched = """
    class Patching:
        from course_utils.exercises.observe import Observer
        Observer._with_gradients = lambda self, seen, *rest: seen
    def attend_to_grid(query, features):
        weights = (features @ query.detach() / math.sqrt(len(query))).flatten().softmax(0).view(features.shape[:2])
        return weights, (weights[..., None] * features).sum(dim=(0, 1))
    """
    assert "correct" not in states(graded(*instead(0, patched)))  # what it patched is used for all its answers


def test_a_submission_may_not_use_up_workers_without_end(graded, keys, monkeypatch):
    monkeypatch.setattr(submissions, "WORKERS", 2)
    ending = "import os\n" + "\n".join(
        f"def {key.exercise.reference.__name__}(*arguments):\n    os._exit(0)" for key in keys
    )
    found = graded(ending)
    assert states(found) == ["stopped"] * 3
    assert ["was not run" in ruling.fault.what for ruling in found] == [False, False, True]


def test_constants_may_be_made_by_math_and_torch(graded):
    root = "ROOT = math.sqrt(1.0)\nONES = torch.ones(1, dtype=torch.float64)\nLONG = print('not run')"
    answer = RIGHT[1].replace("query @", "ROOT * ONES * query @")
    assert states(graded(root, *instead(1, answer))) == ["correct"] * 3


def test_what_is_done_while_cells_are_carried_out_costs_only_this_submission(graded):
    ending = "class Ending:\n    import os\n    os._exit(0)"
    assert states(graded(ending, *RIGHT)) == ["stopped"] * 3
    leaving = "class Leaving:\n    raise SystemExit"
    assert states(graded(leaving, *RIGHT)) == ["correct"] * 3


LOOKING = """
import os, resource, socket, sys
def refusal(act):
    try:
        act()
    except (OSError, ValueError) as error:
        return type(error).__name__
def found_in(folder):
    seen = []
    for place, _, names in os.walk(folder):
        seen += [os.path.join(place, name) for name in names]
    return seen
def readable(path):
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return ""
def attend_to_grid(query, features):
    raise ValueError({expression})
"""


@pytest.fixture
def told(graded):
    """Return a function that tells what expressions give inside the sandbox, as texts."""

    def tell(*expressions):
        cell = LOOKING.replace("{expression}", f"repr([{', '.join(f'str({one})' for one in expressions)}])")
        what = graded(*instead(0, cell))[0].fault.what
        assert what.startswith("it raises ValueError"), what
        return ast.literal_eval(what.removeprefix("it raises ValueError: ").rpartition(" (case")[0])

    return tell


def test_no_file_of_the_instructor_can_be_seen(told, tmp_path):
    secret = tmp_path / "gradebook.db"
    secret.write_text("the answer")
    paths = (secret, Path(__file__), Path(inspect.getsourcefile(registry)), Path("/etc/passwd"))
    looks = [f"os.path.isfile({str(path)!r}) or {str(path)!r} in found_in({str(path.parent)!r})" for path in paths]
    assert told(*looks) == ["False"] * 4


def test_the_answers_are_nowhere_in_what_can_be_read(told):
    packages = "[place for place in sys.path if os.path.isdir(os.path.join(place, 'course_utils'))]"
    lines = ("def attend_to_grid(query", "def attention_weights(query", "def attention(query", "class Observer")
    places = [
        f"[path[-10:] for path in found_in('/course') if path.endswith('.py') and {line!r} in readable(path)]"
        for line in lines
    ]
    assert told(packages, *places) == ["['/course']", "[]", "[]", "[]", "['observe.py']"]  # the last one: it does look


def test_the_environment_says_nothing(told, monkeypatch):
    monkeypatch.setenv("A_SECRET", "token")
    reading = "[1 for p in found_in('/proc') if p.endswith('/environ') and 'A_SECRET' in readable(p)]"
    assert told("'A_SECRET' in os.environ", reading) == ["False", "[]"]


def test_there_is_no_network(told):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connect = f"socket.socket().connect_ex(('127.0.0.1', {port})) == 0"
        assert told(connect, "sorted(name for _, name in socket.if_nameindex())") == ["False", "['lo']"]


def test_nothing_but_an_empty_folder_can_be_written(told):
    places = "['/', '/tmp', '/usr', '/course', '/course/course_utils', '/proc', '/dev', '/dev/shm', '/root']"
    assert told(f"[place for place in {places} if os.access(place, os.W_OK)]") == ["['/tmp']"]


def test_the_worker_is_nobody_stays_so_and_cannot_raise_its_limits(told):
    capabilities = "readable('/proc/self/status').split('CapEff:')[1].split()[0]"
    raising = "refusal(lambda: resource.setrlimit(resource.RLIMIT_AS, (2**40, 2**40)))"
    found = told("os.getuid() != 0", capabilities, "refusal(lambda: os.setuid(0))", raising)
    refused = ("PermissionError", "OSError")  # an ordinary user's sandbox has no root that one could be
    assert [*found[:2], found[2] in refused, found[3]] == ["True", "0" * 16, True, "ValueError"]


def test_no_process_is_left_behind(graded):
    leaving = """
    import subprocess
    def attend_to_grid(query, features):
        subprocess.Popen(["sleep", "987654"], start_new_session=True)
        return torch.zeros(3, 5), torch.zeros(8)
    """
    graded(*instead(0, leaving))
    time.sleep(0.3)
    assert "sleep 987654" not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout


# -- files that are no submissions -------------------------------------------------------------------------------------


def notebook(*cells):
    return json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]}).encode()


def test_cells_are_read_in_their_order(tmp_path):
    path = tmp_path / "a.ipynb"
    cells = [{"cell_type": "code", "source": ["a = 1\n", "b"]}, {"cell_type": "markdown", "source": "x"}, 5, {}]
    path.write_text(json.dumps({"cells": [*cells, {"cell_type": "code", "source": [1]}]}))
    assert [cell.code for cell in submissions.read_cells(tmp_path, "a.ipynb")] == ["a = 1\nb", "", "", "", ""]


BROKEN = {
    "empty": b"",
    "no JSON": b"{'cells': []}",
    "a list": b"[]",
    "no cells": b"{}",
    "cells are no list": b'{"cells": {}}',
    "deep": b"[" * 100_000,
    "bytes": bytes(range(256)),
    "too large": b" " * (submissions.LARGEST + 1),
    "too many cells": b'{"cells": [' + b"{}," * submissions.MOST_PARTS + b"{}]}",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_notebook_is_refused(tmp_path, name):
    path = tmp_path / "a.ipynb"
    path.write_bytes(BROKEN[name])
    with pytest.raises(submissions.SubmissionError):
        submissions.read_cells(tmp_path, "a.ipynb")


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "secret.ipynb").write_bytes(notebook("a = 1"))
    (tmp_path / "a.ipynb").symlink_to(tmp_path / "secret.ipynb")
    with pytest.raises(submissions.SubmissionError, match="link"):
        submissions.read_cells(tmp_path, "a.ipynb")


def test_what_is_no_regular_file_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "a.ipynb")
    (tmp_path / "b.ipynb").mkdir()
    for name in ("a.ipynb", "b.ipynb", "c.ipynb", "/dev/zero"):
        with pytest.raises(submissions.SubmissionError):
            submissions.read_cells(tmp_path, name)


def test_without_a_sandbox_it_refuses(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(CourseError, match=r"bubblewrap.*--unprotected"):
        sandbox.require()
    sandbox.require(protected=False)


def test_unprotected_is_still_a_process_with_limits(graded):
    found = graded(*instead(0, ATTACKS["it ends the process"]), protected=False)
    assert states(found) == ["stopped", "correct", "correct"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
