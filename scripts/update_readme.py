"""Renew what README is made from the course for: `python scripts/update_readme.py`.

The table of lessons, the index of exercises and the glossary stand between markers; everything else is left alone.
"""

from course_utils import indexes, lessons
from course_utils.files import ROOT, CourseError, write_atomically

README = ROOT / "README.md"
SECTIONS = {"lessons": lessons.table, "exercises": indexes.exercise_index, "glossary": indexes.glossary}


def renewed(page: str) -> str:
    """Return `page` with all its sections made anew.

    Raises:
        CourseError: a section's markers are missing, doubled or in the wrong order.
    """
    for name, make in SECTIONS.items():
        page = replaced(page, name, make("notebooks/"))
    return page


def replaced(page: str, name: str, content: str) -> str:
    """Return `page` with `content` between the two markers of section `name`.

    Raises:
        CourseError: the markers are missing, doubled or in the wrong order.
    """
    opening, closing = markers(name)
    before, _, rest = page.partition(opening)
    _, _, after = rest.partition(closing)
    if page.count(opening) != 1 or page.count(closing) != 1 or closing in before:
        raise CourseError(f"README needs the line {opening} once, and after it {closing} once: put them back")
    return f"{before}{opening}\n{content}\n\n{closing}{after}"


def markers(name: str) -> tuple[str, str]:
    """Return the comments before and behind section `name`."""
    return f"<!-- {name}: made by scripts/update_readme.py -->", f"<!-- end of {name} -->"


if __name__ == "__main__":
    write_atomically(README, renewed(README.read_text(encoding="utf-8")).encode())
