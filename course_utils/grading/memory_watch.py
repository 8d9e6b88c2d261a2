"""How much memory a process and all that it started take together: no limit that Linux sets a process says that."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

PROC = Path("/proc")
SECONDS = 0.25  # between two looks


def taken(pid: int) -> int:
    """Return the bytes of memory that a process and its descendants hold; shared pages count once.

    What has ended, or may not be looked at, counts nothing. Only Linux tells.

    Args:
        pid: of the process.
    """
    children = defaultdict(list)
    for place in PROC.glob("[0-9]*"):
        parent = _parent(place)
        if parent is not None:
            children[parent].append(int(place.name))
    found, total = [pid], 0
    while found:
        one = found.pop()
        total += _proportional(PROC / str(one))
        found += children[one]
    return total


def watch(pid: int, most: int, is_over: Callable[[], bool], stop: Callable[[], None]) -> threading.Thread:
    """Look at a process again and again until it is over, and stop it when it takes too much.

    Args:
        pid: of the process.
        most: bytes, of it and all that it started.
        is_over: says whether it has ended.
        stop: ends it.

    Returns:
        the thread that looks; it ends with the process.
    """

    def look() -> None:
        while not is_over():
            if taken(pid) > most:
                stop()
                return
            time.sleep(SECONDS)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    return thread


def _parent(place: Path) -> int | None:
    try:
        return int((place / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None


def _proportional(place: Path) -> int:
    """Return the bytes of a process, a page that n processes share counting an n-th."""
    try:
        for line in (place / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 2**10
    except (OSError, ValueError):
        pass
    return 0
