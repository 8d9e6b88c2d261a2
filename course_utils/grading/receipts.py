"""What nbgrader's exchange writes beside a submission: when it was handed in, and what fetches its feedback."""

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

STAMP, SECRET = "timestamp.txt", "submission_secret.txt"
LONGEST = 200  # bytes of either


def receipts(place: Path) -> dict[str, str]:
    """Return both files' texts, by name; what isn't there, or is no time, is made up.

    Made up are the time of the last change and a random secret: nbgrader gives no feedback back to anybody if one
    submission, say one that came by mail, lacks them.

    Args:
        place: the folder that was handed in.
    """
    stamp, secret = _text(place / STAMP), _text(place / SECRET)
    if not _is_time(stamp):
        stamp = f"{datetime.fromtimestamp(place.stat().st_mtime, UTC):%Y-%m-%d %H:%M:%S.%f} UTC"
    return {STAMP: stamp, SECRET: secret or secrets.token_hex(64)}


def _text(path: Path) -> str:
    """Return the text of a small file; "" for a link, or what is no file, or no text."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            return file.read(LONGEST).decode().strip()
    except (OSError, ValueError):
        return ""


def _is_time(text: str) -> bool:
    from nbgrader.utils import parse_utc

    try:
        return bool(text) and parse_utc(text) is not None
    except (ValueError, OverflowError):
        return False
