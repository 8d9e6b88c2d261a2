"""Lists of names in a sentence."""

from collections.abc import Sequence


def listed(names: Sequence[str]) -> str:
    """Return names with commas, and an "and" before the last; nothing if there are none."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
