"""One progress bar for everything in the course that takes more than a second."""

import os
from collections.abc import Iterable
from typing import TypeVar

from tqdm.auto import tqdm

NO_PROGRESS = "COURSE_NO_PROGRESS"
Item = TypeVar("Item")


def progress(items: Iterable[Item], label: str) -> Iterable[Item]:
    """Pass on `items` one by one behind a live progress bar that says `label`.

    While a lesson is stored or tested there is no bar: its speed would be stored, and differ every time.
    """
    return tqdm(items, desc=label, disable=os.environ.get(NO_PROGRESS) == "1")
