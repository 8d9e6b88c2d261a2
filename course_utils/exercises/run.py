"""Call code that may never return, or raise anything, without harm to the notebook.

It runs in a thread of its own (signals such as SIGALRM don't exist on Windows). What doesn't finish in time is
stopped by an exception raised inside that thread; what can't be stopped (a sleep) is left to itself.
"""

import _thread
import contextlib
import ctypes
import linecache
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

import torch

from course_utils.exercises.values import kind_of
from course_utils.exercises.world import World

SECONDS = 5.0  # what an answer has for all its cases together
STOPPING_SECONDS = 0.5  # how long to go on stopping what catches even that
TICK = 0.02
STACK = 32 * 2**20  # a recursion through torch needs more than a thread has by default
# kept here, so that an answer that replaces them can't hang the check
_everything, _clock, _raise_in = BaseException, time.monotonic, ctypes.pythonapi.PyThreadState_SetAsyncExc

# A `_Stop` that hits a destructor or a weak reference's callback would be printed. This does nothing instead; in C,
# since a function in Python could be hit itself.
_ignore = callable


class _Stop(SystemExit):
    """Raised inside an answer whose time is up. A thread that ends by SystemExit ends silently."""


@dataclass(frozen=True)
class Raised:
    """An exception in words: its type, the first line of its message, and the student's line that led to it."""

    kind: str
    message: str
    line: int | None = None
    text: str = ""


UNSPEAKABLE = Raised("an exception", "(it can't be shown)")


class Job:
    """One call: its result or what it raised, once `finished`."""

    def __init__(self, task: Callable[[], object], world: World, files: frozenset[str]):
        self.task, self.world, self.files = task, world, files
        self.value: object = None
        self.error: BaseException | None = None
        self.raised: Raised | None = None
        self.finished = self.abandoned = False
        self.done = _thread.allocate_lock()
        self.done.acquire()


def run_trusted(task: Callable[[], object], world: World, files: frozenset[str] = frozenset()) -> Job:
    """Call the course's own `task()` right here, without a limit; an exception is kept as an answer's is."""
    job = Job(task, world, files)
    try:
        with torch.inference_mode(False), torch.enable_grad():  # as in a thread of its own
            job.value = task()
    except Exception as error:
        job.error, job.raised = error, described(error, files)
    job.finished = True
    return job


class Limit:
    """The time that an answer has for all its cases together."""

    def __init__(self, seconds: float):
        self._left = seconds

    @property
    def reached(self) -> bool:
        """Tell whether the time is up."""
        return self._left <= 0

    def run(self, task: Callable[[], object], world: World, files: frozenset[str] = frozenset()) -> Job:
        """Call a student's `task()` in a thread of its own, and put the world back as it was.

        Args:
            task: what to call.
            world: the state to go back to.
            files: names of the files that hold the student's code: their lines are told when it raises.

        Returns:
            the job; unless it is `finished`, the time is up.
        """
        job, started = Job(task, world, files), _clock()
        thread = _start(job)
        try:
            job.finished = _wait(job, self._left)
        finally:
            if not job.finished:  # the time is up, or the student pressed Ctrl-C
                job.abandoned = True
                hook, sys.unraisablehook = sys.unraisablehook, _ignore
                try:
                    _stop(thread, job)
                finally:
                    sys.unraisablehook = hook
            world.restore()
            if not job.finished:
                world.drop_half_imported()
        self._left = self._left - (_clock() - started) if job.finished else 0
        return job


def _start(job: Job) -> int:
    before = None
    with contextlib.suppress(ValueError, RuntimeError):  # a system that doesn't let us choose
        before = _thread.stack_size(STACK)
    try:
        return _thread.start_new_thread(_work, (job,))
    finally:
        if before is not None:
            _thread.stack_size(before)


def _work(job: Job) -> None:
    """Run in the thread: whatever the answer raises, SystemExit and KeyboardInterrupt too, ends here."""
    try:
        job.value = job.task()
    except _Stop:
        pass
    except _everything as error:
        if not job.abandoned:
            job.error, job.raised = error, UNSPEAKABLE
            job.world.restore_names()
            job.raised = described(error, job.files)
    finally:
        job.done.release()


def _wait(job: Job, seconds: float) -> bool:
    """Wait in small steps, so that Ctrl-C gets through on Windows too; uses nothing that an answer can replace."""
    end = _clock() + seconds
    while not job.done.acquire(True, TICK):
        if _clock() > end:
            return False
    return True


def _stop(thread: int, job: Job) -> None:
    """Raise `_Stop` in the thread again and again: an answer may catch the first ones."""
    end = _clock() + STOPPING_SECONDS
    while _clock() < end and _raise_in(ctypes.c_ulong(thread), ctypes.py_object(_Stop)):
        if job.done.acquire(True, TICK / 10):
            return
    # The exception now waits for a thread that sleeps. Until some thread takes one, Python 3.11 under a debugger,
    # profiler or coverage stands still at its next call; so a thread is made that takes one at once.
    ready = _thread.allocate_lock()
    ready.acquire()
    spinning = _thread.start_new_thread(_spin, (ready,))
    ready.acquire()
    _raise_in(ctypes.c_ulong(spinning), ctypes.py_object(_Stop))
    ready.acquire(True, TICK)


def _spin(ready: _thread.LockType) -> None:
    ready.release()
    while True:
        pass


def described(error: BaseException, files: frozenset[str]) -> Raised:
    """Put an exception into words; its own `__str__` may fail too."""
    try:
        message = str(error).strip() or ""
        message = message.splitlines()[0] if message else ""
    except _Stop:
        raise
    except BaseException:
        message = "(a message that can't be shown)"
    line, text = _place(error.__traceback__, files)
    return Raised(kind_of(error), message[:200], line, text)


def _place(trace: TracebackType | None, files: frozenset[str]) -> tuple[int | None, str]:
    """Return number and text of the innermost line that is the student's."""
    found: tuple[int | None, str] = (None, "")
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name in files and trace.tb_lineno:
            found = (trace.tb_lineno, name)
        trace = trace.tb_next
    if found[0] is None:
        return None, ""
    return found[0], linecache.getline(found[1], found[0]).strip()[:100]
