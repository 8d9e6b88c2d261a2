"""What a student's code must not change for the rest of the notebook: remembered, and put back.

It covers random states, torch's settings, the recursion limit, the folder, and every name in the modules below,
so that `torch.sum = None` inside an answer spoils neither the check nor the cells after it.
"""

import contextlib
import io
import itertools
import operator
import os
import random
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import nn

MODULES = ("builtins", "sys", "math", "random", "time", "threading")
MODULES += ("os", "warnings", "linecache", "numpy", "numpy.random", "torch")
INSIDE_TORCH = ("nn", "nn.functional", "nn.init", "linalg", "special", "fft", "autograd", "random")
NOT_OURS = {"__annotations__", "__annotations_cache__", "__annotate_func__", "__doc__", "__firstlineno__"}
# kept here: `restore` works when builtins don't
_any, _map, _len, _is_not, _repeat, _MISSING = any, map, len, operator.is_not, itertools.repeat, object()
KEPT_CHARACTERS = 2000  # of what an answer prints; the rest is only counted as "more"


class Captured(io.TextIOBase):
    """Takes what an answer prints, and forgets all but its beginning."""

    def __init__(self):
        self.text, self.lost = "", False

    def write(self, text: str) -> int:
        """Keep `text` as far as there is room."""
        if type(text) is not str:
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        room = KEPT_CHARACTERS - len(self.text)
        self.lost = self.lost or len(text) > room
        self.text += text[:room]
        return len(text)

    def close(self) -> None:
        """Stay open: an answer that closes its stdout must not silence the notebook's."""

    def taken(self) -> str:
        """Return what was printed since the last time, with … at its end if there was more."""
        text, self.text, self.lost = self.text + ("…" if self.lost else ""), "", False
        return text


@contextlib.contextmanager
def quiet() -> Iterator[Captured]:
    """Take all that is printed inside, stdout and stderr; warnings are dropped."""
    captured, streams = Captured(), (sys.stdout, sys.stderr)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sys.stdout = sys.stderr = captured
        try:
            yield captured
        finally:
            sys.stdout, sys.stderr = streams


@contextlib.contextmanager
def fixed_recursion_limit() -> Iterator[None]:
    """Make `sys.setrecursionlimit` do nothing inside.

    Raised, a recursion without end eats all memory; lowered under a running thread, it ends the whole process.
    """
    real = sys.setrecursionlimit
    sys.setrecursionlimit = lambda _limit: None
    try:
        yield
    finally:
        sys.setrecursionlimit = real


@contextlib.contextmanager
def float64() -> Iterator[None]:
    """Make float64 torch's default inside, so that a student's `torch.zeros(3)` is right too."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


class World:
    """The state of this process as it was when the object was made; `restore` brings it back."""

    def __init__(self):
        self._open = True
        self._modules = sys.modules
        self._loaded = dict(sys.modules)
        self._names = [(vars(module), dict(vars(module))) for module in _guarded_modules()]
        self._classes = [(kind, dict(vars(kind))) for kind in _guarded_classes()]
        self._random = (random.getstate(), np.random.get_state(), torch.get_rng_state())
        self._torch = (torch.get_default_dtype(), torch.are_deterministic_algorithms_enabled())
        self._threads = _threads()
        self._anomaly = torch.is_anomaly_enabled()
        self._folder, self._environment, self._path = _folder(), dict(os.environ), list(sys.path)

    def restore(self) -> None:
        """Put everything back but the thread count."""
        if self._open:  # or an answer that was left to itself has come to its end, long after its check
            self.restore_names()
            self._restore_settings()

    def restore_names(self) -> None:
        """Put back the names in modules and classes: nothing works without `builtins`."""
        if not self._open:
            return
        for present, before in self._names:
            if not _untouched(present, before):
                self._restore_module(present, before)
        for kind, before in self._classes:
            if not _untouched(vars(kind), before):
                _restore_class(kind, before)
        if not _untouched(self._modules, self._loaded, additions=True):
            self._modules.update(self._loaded)

    def close(self) -> None:
        """Put everything back, for good."""
        self.restore()
        self._open = False
        if _threads() != self._threads:
            torch.set_num_threads(self._threads)

    def drop_half_imported(self) -> None:
        """Forget the modules of packages whose import was cut short: imported again, the package would lack them."""
        for name in [name for name in sys.modules if name not in self._loaded]:
            parent = name.rpartition(".")[0]
            if parent and parent not in sys.modules:
                sys.modules.pop(name, None)

    def _restore_module(self, present: dict, before: dict) -> None:
        for name in [name for name in present if name not in before]:  # only syntax and dict methods here:
            if not _is_submodule(present, name, self._modules):  # len() may be gone
                present.pop(name, None)
        for name in before:
            if present.get(name, _MISSING) is not before[name]:
                present[name] = before[name]

    def _restore_settings(self) -> None:
        random.setstate(self._random[0])
        np.random.set_state(self._random[1])
        torch.set_rng_state(self._random[2])
        dtype, deterministic = self._torch
        torch.set_default_dtype(dtype)
        if torch.are_deterministic_algorithms_enabled() != deterministic:  # setting it imports half of torch
            torch.use_deterministic_algorithms(deterministic)
        if torch.is_anomaly_enabled() != self._anomaly:
            torch.autograd.set_detect_anomaly(self._anomaly)
        self._restore_process()

    def _restore_process(self) -> None:
        if self._folder is not None and _folder() != self._folder:
            os.chdir(self._folder)
        if dict(os.environ) != self._environment:
            os.environ.clear()
            os.environ.update(self._environment)
        if sys.path != self._path:
            sys.path[:] = self._path


def _guarded_modules() -> list:
    names = [*MODULES, *(f"torch.{name}" for name in INSIDE_TORCH)]
    names += [name for name in sys.modules if name.startswith("course_utils.")]
    return [sys.modules[name] for name in names if sys.modules.get(name) is not None]


def _guarded_classes() -> list[type]:
    """Return the classes whose methods an answer might replace: Tensor and every layer of torch.nn."""
    return [torch.Tensor, *(kind for kind in vars(nn).values() if isinstance(kind, type))]


def _is_submodule(names: dict, name: str, loaded: dict) -> bool:
    """Tell whether `name` was added by an import, which must not be undone."""
    return loaded.get(f"{names.get('__name__')}.{name}") is not None


def _untouched(present: Mapping, before: dict, additions: bool = False) -> bool:
    """Tell whether every name still has its very object; built from what an answer can't replace."""
    if _any(_map(_is_not, _map(present.get, before, _repeat(_MISSING)), before.values())):
        return False
    return additions or _len(present) == _len(before)


def _restore_class(kind: type, before: dict) -> None:
    present = dict(vars(kind))
    for name in present.keys() - before.keys() - NOT_OURS:
        with contextlib.suppress(Exception):
            delattr(kind, name)
    for name, value in before.items():
        if present.get(name, _MISSING) is not value and name not in NOT_OURS:
            with contextlib.suppress(Exception):
                setattr(kind, name, value)


def _folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 - a str compares without touching the disk
    except OSError:
        return None


def _threads() -> int:
    """Return the thread count of the process; the calling thread's own may differ."""
    found: list[int] = []
    asker = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    asker.start()
    asker.join()
    return found[0]
