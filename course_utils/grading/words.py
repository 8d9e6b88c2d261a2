"""The words in which grades are told, on pages and in notebooks."""

from course_utils.grading.judging import CORRECT, MISSING, STOPPED, UNATTEMPTED, WRONG, Ruling

LONGEST = 1000  # characters of a line that is told
WORDS = {
    CORRECT: "✓ correct",
    WRONG: "✗ not right yet",
    UNATTEMPTED: "○ not attempted",
    STOPPED: "✗ came to no end",
    MISSING: "○ not found",
}


def one_line(text: str) -> str:
    """Return a text in one line, cut where it is very long, that can be written."""
    return writable(" ".join(text.split())[:LONGEST])


def lines(ruling: Ruling) -> list[tuple[str, str]]:
    """Return what is wrong, why, and what to try, each with its label; nothing if nothing is wrong."""
    fault = ruling.fault
    if fault is None:
        return []
    return [("What", one_line(fault.what)), ("Why", one_line(fault.why)), ("Try", one_line(fault.remedy))]


def writable(text: str) -> str:
    """Return a text that can be written: a file's name, or a notebook, may hold what is no character."""
    return text.encode("utf-8", "replace").decode("utf-8")
