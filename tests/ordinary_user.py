"""For tests of permissions, which don't bind root: be an ordinary user for a while, in a folder of one's own."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

NOBODY = 65534


@contextlib.contextmanager
def as_ordinary_user() -> Iterator[None]:
    """Take away root's power to write everywhere (POSIX); an ordinary user stays what he is.

    Not by a child process of another user: that one may be unable to read this Python.
    """
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextlib.contextmanager
def folder_of_ordinary_user() -> Iterator[Path]:
    """Yield a temporary folder that an ordinary user owns and can reach; pytest's are for root only."""
    folder = Path(tempfile.mkdtemp()).resolve()
    try:
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, -1)
        yield folder
    finally:
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o700)
        shutil.rmtree(folder)
