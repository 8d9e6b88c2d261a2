"""The pages around the lessons: the index of exercises, the glossary, the licences, and the order of all pages."""

import re

from nbformat import NotebookNode

from course_utils import data, indexes
from course_utils.files import DATA, ROOT, CourseError
from course_utils.lessons import LESSONS
from course_utils.site.explorers import Explorers
from course_utils.site.front import front
from course_utils.site.lesson_pages import anchor

FRONT = "index"
ORDER = """
```{{toctree}}
:hidden:
:caption: Lessons

{lessons}
```

```{{toctree}}
:hidden:
:caption: Beside the lessons

exercises
glossary
instructors
licences
```
"""
LICENCES = """# Licences and sources

## Code and texts

```text
{licence}
```

## Fonts and theme

Formulas are set in STIX Two Math, © 2001–2020 The STIX Fonts Project Authors, under the SIL Open Font License 1.1, as
the font file says itself. The pages are made with Sphinx, MyST-NB and the Sphinx Book Theme (BSD 3-Clause), whose icons
are Font Awesome Free (SIL Open Font License 1.1).

## Pictures

{data}

```text
{fashion}
```
"""


def all_pages(notebooks: dict[str, NotebookNode], explorers: Explorers) -> dict[str, str]:
    """Return the Markdown of each page around the lessons, by its name.

    Args:
        notebooks: the stored lessons, by name.
        explorers: those of the lessons.
    """
    order = ORDER.format(lessons="\n".join(notebooks))
    others = {"exercises": exercises(), "glossary": glossary(), "instructors": instructors(), "licences": licences()}
    return {FRONT: front(notebooks, explorers) + order, **others}


def exercises() -> str:
    """Return the index of exercises, each with a link to its place in its lesson."""
    index = re.sub(r"(?<=^\| )\d+\.\d+(?= \|)", _exercise_link, indexes.exercise_index(), flags=re.MULTILINE)
    return f"# All exercises\n\n{index}\n"


def glossary() -> str:
    """Return the terms, with meaning and first lesson, as Sphinx's glossary: its search knows them by name."""
    links = {lesson.number: f"[{lesson.number} {lesson.title}]({lesson.name}.ipynb)" for lesson in LESSONS}
    rows = (row.values() for row in data.table("glossary"))
    terms = "\n\n".join(f"{term}\n  {meaning} {links[number]}" for term, meaning, number in rows)
    return f"# Glossary\n\nEach term, and the lesson that explains it first.\n\n```{{glossary}}\n{terms}\n```\n"


def instructors() -> str:
    """Return the page for instructors."""
    return (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")


def licences() -> str:
    """Return the licences of what the site contains.

    Raises:
        CourseError: data/README.md has no section on licences.
    """
    section = re.search(
        r"^## Licences\n\n(.+?)\n(?=## )", (DATA / "README.md").read_text(encoding="utf-8"), re.M | re.S
    )
    if section is None:
        raise CourseError("data/README.md has no section '## Licences': put it back")
    texts = {"licence": ROOT / "LICENSE", "fashion": DATA / "LICENSE-fashion-mnist.txt"}
    read = {name: path.read_text(encoding="utf-8").strip() for name, path in texts.items()}
    return LICENCES.format(data=section[1], **read)


def _exercise_link(found: re.Match) -> str:
    """Return a link to the place of the exercise whose id was found."""
    lesson = LESSONS[int(found[0].partition(".")[0])]
    return f'<a href="{lesson.name}.html#{anchor(found[0])}">{found[0]}</a>'
