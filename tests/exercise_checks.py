"""What the tests of the exercises share: answers made from text, and what `check` said about them."""

import builtins
import inspect
import linecache
import math
import os
import random
import re
import sys
import textwrap
import time

import numpy as np
import pytest
import torch
import toy_exercises as toys
from torch import nn

from course_utils.exercises import check, record, registry, world
from course_utils.files import ROOT

LESSONS = registry.lesson_numbers()
OPEN = "○ {} not attempted: the lesson goes on with the course's version\n"


@pytest.fixture(autouse=True, name="place")
def fresh_place(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_NO_PROGRESS", raising=False)
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.setattr(record, "_saved", True)
    monkeypatch.setattr(record, "listeners", [])
    own = registry.lesson_exercises
    monkeypatch.setattr(registry, "lesson_exercises", lambda n: toys.EXERCISES if n == 99 else own(n))
    monkeypatch.setattr(registry, "lesson_numbers", lambda: [*LESSONS, 99])
    return tmp_path / "progress.json"


def made(source, name):
    """Define a function or class from its source, as a notebook cell does: with source, in a module of its own."""
    text = textwrap.dedent(source)
    file = f"<cell {hash(text)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    names = {"torch": torch, "nn": nn, "time": time, "sys": sys, "right": toys.weighted, "Mixer": toys.Mixer}
    exec(compile(text, file, "exec"), names)
    return names[name]


def attempt(body):
    """Return an answer to 99.1 with this body."""
    return made(
        f"def weighted(query, key, value, mask=None):\n{textwrap.indent(textwrap.dedent(body), '    ')}", "weighted"
    )


def rewritten(answer):
    """Return a copy of a function or class under a new object: its source, executed once more."""
    original = vars(inspect.getmodule(answer))
    names = dict(original)
    exec(compile(textwrap.dedent(inspect.getsource(answer)), "<copy>", "exec"), names)
    assert names[answer.__name__] is not answer
    return names[answer.__name__]


def verdict(capsys, id, answer):
    returned = check(id, answer)
    return returned, capsys.readouterr().out


def wrong(capsys, answer, id="99.1"):
    """Check a wrong answer; return the three lines and what comes after them."""
    returned, printed = verdict(capsys, id, answer)
    first, *lines = printed.splitlines()
    assert first == f"✗ {id}", printed
    assert returned is registry.find(id).reference
    assert [line.split(":")[0] for line in lines[:3]] == ["  What", "  Why", "  Try"]
    return "\n".join(lines)


def undiagnosed(capsys, answer, id):
    """Check an answer that is wrong in no registered way: no mistake is named. Return the lines."""
    lines = wrong(capsys, answer, id)
    assert not any(mistake.what in lines for mistake in registry.find(id).mistakes)
    return lines


def unfilled(id=None):
    """Return where something of an exercise, or of any if none is named, is left to fill in: file, line, and what."""
    mark = re.compile(rf"TODO\({re.escape(id) if id else '[0-9]+[.][0-9]+'}\)[^\n]*")
    found = []
    for pattern in ("course_utils/**/*.py", "tests/*.py", "notebooks/*.ipynb"):
        for path in sorted(ROOT.glob(pattern)):
            for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
                found += [f"{path.relative_to(ROOT).as_posix()}:{number}: {told}" for told in mark.findall(line)]
    return found


def state():
    owners = (builtins, math, torch, nn, nn.functional, torch.Tensor, nn.Module, nn.Linear)
    names = tuple(
        tuple(sorted((k, id(v)) for k, v in vars(owner).items() if not inspect.ismodule(v))) for owner in owners
    )
    randomness = (random.getstate(), np.random.get_state()[1].tobytes(), torch.get_rng_state().numpy().tobytes())
    settings = (torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled())
    process = (sys.getrecursionlimit(), os.getcwd(), dict(os.environ), list(sys.path), sys.stdout, sys.stderr)  # noqa: PTH109
    return names, randomness, settings, process, world._threads()
