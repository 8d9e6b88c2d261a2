"""A process that can read no answers, reach no network, and take no more time or memory than it is given.

It is bubblewrap's (`bwrap`, the sandbox under Flatpak): new namespaces for files, processes, users and network. Of
the machine's files it sees the system's programs, Python, and the student's package, all read-only, and an empty
folder that vanishes with it. Limits on memory (of each process), processes and files are set by the worker itself
before it looks at a student's code, and can't be raised afterwards; time, and the memory of all its processes
together, are watched from outside.
"""

import contextlib
import itertools
import os
import selectors
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path

from course_utils.files import CourseError
from course_utils.grading import wire
from course_utils.grading.memory_watch import watch

MEMORY = 4 * 2**30  # address space of one worker; PyTorch itself maps less than 2 GiB of it
TOGETHER = 4 * 2**30  # bytes that a worker and all that it starts may hold at once
FOLDER_BYTES = 64 * 2**20  # of the empty folder, which lies in memory
FILE_BYTES, FILES = 2**20, 64  # of each file, and open at once: what lies in memory without a name counts nowhere else
LIMITS = {"RLIMIT_AS": MEMORY, "RLIMIT_FSIZE": FILE_BYTES, "RLIMIT_NOFILE": FILES, "RLIMIT_CORE": 0}
PROCESSES = {"RLIMIT_NPROC": 32}  # counts by user and namespace, so only inside one of its own
NOBODY = 2_000_000_000  # the first of the user numbers under which a grader that runs as root runs its workers
_numbers = itertools.count(NOBODY)
PACKAGE, EMPTY = "/course", "/tmp"
START = f"import sys; sys.path.insert(0, {PACKAGE!r}); from course_utils.grading.worker import main; main()"
MISSING = (
    "there is no sandbox on this system, so a student's code could read the answers and the gradebook. On Linux, "
    "install bubblewrap (`apt install bubblewrap`); elsewhere, grade inside a Linux machine or container. "
    "`--unprotected` grades without one: only for code that you trust"
)
FORBIDDEN = (
    "this system forbids it. On Ubuntu, give /usr/bin/bwrap an AppArmor profile that allows `userns`; in a container, "
    "allow user namespaces. `--unprotected` grades without a sandbox: only for code that you trust"
)


@dataclass(frozen=True)
class Sandbox:
    """How workers are started.

    Attributes:
        package: the folder that holds the student's `course_utils`.
        protected: inside bubblewrap; else only as a process of its own with limits.
    """

    package: Path
    protected: bool = True

    def command(self) -> list[str]:
        """Return the command that starts a worker."""
        python = [sys.executable, "-s", "-P", "-B", "-c"]
        if not self.protected:
            return [*python, START.replace(repr(PACKAGE), repr(str(self.package)))]
        return [*_first_to_go(), *_bubblewrap(), *self._files(), "--", *_as_nobody(), *python, START]

    def _files(self) -> list[str]:
        shown = ["--ro-bind", "/usr", "/usr"]
        for name in ("bin", "lib", "lib64", "sbin"):
            shown += _same("/" + name)
        for name in ("/etc/ld.so.cache", "/etc/alternatives"):
            shown += ["--ro-bind-try", name, name]
        for prefix in sorted({sys.base_prefix, sys.prefix} - {"/usr"}):
            shown += [*_ways(prefix), "--ro-bind", prefix, prefix]
        for folder in _hidden():
            shown += ["--tmpfs", folder]
        inside = f"{PACKAGE}/course_utils"
        shown += [*_ways(inside), "--ro-bind", str(self.package / "course_utils"), inside, "--proc", "/proc"]
        shown += ["--dev", "/dev", "--remount-ro", "/dev", "--size", str(FOLDER_BYTES), "--perms", "1777"]
        return [*shown, "--tmpfs", EMPTY, "--remount-ro", "/", "--chdir", EMPTY]


def require(protected: bool = True) -> None:
    """Look whether workers can be started in a sandbox here.

    Raises:
        CourseError: they can't; says what to install.
    """
    if not protected:
        return
    if not sys.platform.startswith("linux") or shutil.which("bwrap") is None:
        raise CourseError(MISSING)
    tried = subprocess.run(
        [*_bubblewrap(), "--ro-bind", "/", "/", "--", *_as_nobody(), "/bin/true"], capture_output=True, text=True
    )
    if tried.returncode:
        raise CourseError(f"bubblewrap can't make a sandbox here ({tried.stderr.strip()[:200]}): {FORBIDDEN}")


def _bubblewrap() -> list[str]:
    """Root needs no user namespace, and has to give up being root inside; anybody else gets one."""
    shared = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if os.geteuid() == 0:
        shared += [
            "--cap-drop",
            "ALL",
            "--cap-add",
            "CAP_SETUID",
            "--cap-add",
            "CAP_SETGID",
            "--cap-add",
            "CAP_SETPCAP",
        ]
    else:
        shared += ["--unshare-user", "--disable-userns"]
    return ["bwrap", *shared, "--die-with-parent", "--new-session", "--clearenv", *_environment()]


def _first_to_go() -> list[str]:
    """Where memory runs out, the system ends this process and its children, not the grader."""
    return ["choom", "-n", "1000", "--"] if shutil.which("choom") else []


def require_outside(*folders: Path) -> None:
    """Look whether folders lie outside of what a sandbox shows.

    Raises:
        CourseError: one doesn't.
    """
    for folder in folders:
        for shown in ("/usr", sys.prefix, sys.base_prefix):
            if folder.resolve().is_relative_to(Path(shown).resolve()):
                raise CourseError(f"{folder} lies in {shown}, which every sandbox shows: move it elsewhere")


def _environment() -> list[str]:
    wanted = {"PATH": "/usr/bin:/bin", "HOME": EMPTY, "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "MPLCONFIGDIR": EMPTY}
    return [word for name, value in wanted.items() for word in ("--setenv", name, value)]


def _as_nobody() -> list[str]:
    """Give up being root, for a user number of its own: limits on processes count by user, and some may still die."""
    if os.geteuid():
        return []
    number = str(next(_numbers))
    groups = ["--clear-groups", "--regid", number, "--reuid", number]
    return ["setpriv", *groups, "--inh-caps", "-all", "--bounding-set", "-all", "--no-new-privs"]


def _same(name: str) -> list[str]:
    """Show a folder of the system as it is: a link, or a folder of its own."""
    path = Path(name)
    if path.is_symlink():
        return ["--symlink", str(path.readlink()), name]
    return ["--ro-bind-try", name, name]


def _ways(place: str) -> list[str]:
    """Make the folders above a place passable for anybody; made by the bind itself, they would be root's alone."""
    above = list(reversed(Path(place).parents))[1:]
    return [word for folder in above for word in ("--perms", "0755", "--dir", str(folder))]


def _hidden() -> list[str]:
    """Return folders with the course's answers that lie inside what is shown: a package that was copied there."""
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return [folder for place in sorted(places) if Path(folder := f"{place}/course_utils").is_dir()]


class Worker:
    """One worker at work: write the task, then read message after message."""

    def __init__(self, sandbox: Sandbox, task: dict):
        limits = {**LIMITS, **(PROCESSES if sandbox.protected else {})}
        message = wire.packed({**task, "limits": limits})
        self._process = subprocess.Popen(
            sandbox.command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env={} if sandbox.protected else {"PATH": os.defpath, "OMP_NUM_THREADS": "1"},
            close_fds=True,
        )
        with contextlib.suppress(BrokenPipeError):  # it has ended: `message` tells
            self._process.stdin.write(message)
            self._process.stdin.close()
        watch(self._process.pid, TOGETHER, lambda: self._process.poll() is not None, self._kill)
        self._waiting = selectors.DefaultSelector()
        self._waiting.register(self._process.stdout, selectors.EVENT_READ)

    def message(self, seconds: float) -> object:
        """Return the next message.

        Raises:
            TimeoutError: none came in time.
            EOFError: the process has ended.
            wire.WireError: what came is no message.
        """
        end = time.monotonic() + seconds
        head = self._read(wire.HEAD, end)
        return wire.unpacked(head + self._read(sum(wire.lengths(head, wire.MOST_TREE)), end))

    def _read(self, count: int, end: float) -> bytes:
        parts = []
        while count:
            if not self._waiting.select(max(0.0, end - time.monotonic())):
                raise TimeoutError
            part = os.read(self._process.stdout.fileno(), min(count, 2**20))
            if not part:
                raise EOFError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def stop(self) -> int | None:
        """End the process and all that it started; return its exit status if it had ended by itself."""
        status = self._process.poll()
        self._kill()
        self._process.wait()
        self._process.stdout.close()
        self._waiting.close()
        return status

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
