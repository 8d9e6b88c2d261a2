"""What an answer prints, how long it takes, and what it changes stay without effect on the notebook."""

import cProfile
import sys
import threading
import time

import pytest
import torch
import toy_exercises as toys
from exercise_checks import (
    attempt,
    fresh_place,  # noqa: F401
    rewritten,
    state,
    verdict,
    wrong,
)

from course_utils.exercises import check, run

# what is printed, and what takes too long


def test_prints_are_shown_under_a_wrong_verdict_only_and_a_flood_is_cut(capsys):
    lines = wrong(capsys, attempt("print('shape', tuple(query.shape))\nreturn query"))
    assert lines.endswith("  It printed:\n    shape (2, 5, 4)")
    lines = wrong(capsys, attempt("for i in range(10**5): print(i)\nreturn query"))
    assert lines.endswith("It printed:\n    0\n    1\n    2\n    3\n    4\n    5\n    …")
    assert verdict(capsys, "99.1", attempt("print(1)\nreturn right(query, key, value, mask)"))[1].startswith("✓")


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "time.sleep(3)",
        "while True:\n    try: pass\n    except BaseException: pass",
        "while True:\n    try: time.sleep(0.01)\n    except BaseException as e: print('caught')",
    ],
)
def test_what_never_ends_is_ended(body, capsys, monkeypatch):
    monkeypatch.setattr(run, "SECONDS", 0.3)
    started = time.perf_counter()
    assert "it did not finish within 0.3 seconds (case 1 of 2)" in wrong(capsys, attempt(body))
    assert time.perf_counter() - started < 3


def test_being_ended_inside_a_destructor_prints_nothing(capsys, monkeypatch):
    monkeypatch.setattr(run, "SECONDS", 0.1)
    seen = []
    monkeypatch.setattr(sys, "unraisablehook", seen.append)
    slow = "class Slow:\n    def __del__(self):\n        for _ in range(20_000): pass\n"
    for _ in range(3):
        wrong(capsys, attempt(slow + "while True:\n    Slow()\n    for _ in range(20_000): pass"))
    assert seen == []
    assert sys.unraisablehook == seen.append


def test_a_profiler_does_not_keep_it_from_being_ended(capsys, monkeypatch):
    monkeypatch.setattr(run, "SECONDS", 0.2)
    monkeypatch.setattr(run, "STOPPING_SECONDS", 0.1)
    profiler, started = cProfile.Profile(), time.perf_counter()
    with profiler:
        wrong(capsys, attempt("time.sleep(5)"))
    assert time.perf_counter() - started < 3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C to the whole console")
def test_the_students_own_interrupt_gets_through(monkeypatch):
    import _thread

    before = sys.stdout
    threading.Timer(0.5, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        check("99.1", attempt("while True: pass"))
    assert sys.stdout is before
    assert torch.get_default_dtype() == torch.float32


# what must not change

MEDDLING = """
import builtins, math, os, random, numpy
torch.manual_seed(5); random.seed(5); numpy.random.seed(5)
torch.rand(3), random.random(), numpy.random.rand()
torch.set_default_dtype(torch.float16); torch.set_num_threads(1); torch.set_grad_enabled(False)
torch.use_deterministic_algorithms(True)
sys.setrecursionlimit(500); os.chdir("/"); os.environ["MEDDLED"] = "1"; sys.path.append("x")
sys.stdout = None; sys.stderr = None
math.sqrt = math.pi = None; torch.sum = torch.equal = None; torch.nn.functional.softmax = None
torch.Tensor.__add__ = torch.Tensor.softmax = None; nn.Linear.__call__ = None; del torch.matmul
builtins.more = 1; builtins.print = builtins.isinstance = builtins.len = builtins.any = builtins.dict = None
return query
"""


def test_everything_an_answer_may_change_is_put_back(capsys):
    fingerprint = state()
    wrong(capsys, attempt(MEDDLING))
    verdict(capsys, "99.1", rewritten(toys.weighted))
    verdict(capsys, "99.2", rewritten(toys.Mixer))
    assert state() == fingerprint


def test_float64_is_the_default_inside_and_only_there(capsys):
    answer = attempt("assert torch.zeros(1).dtype == torch.float64\nreturn right(query, key, value, mask)")
    assert verdict(capsys, "99.1", answer)[0] is answer
    assert torch.get_default_dtype() == torch.float32


def test_a_reader_without_gradients_gets_the_same_verdict(capsys):
    with torch.no_grad():
        assert verdict(capsys, "99.1", rewritten(toys.weighted))[1].startswith("✓")
        assert not torch.is_grad_enabled()
