"""The front page: what the course is, an explorer to try at once, and the map of its lessons."""

import html
import re

from nbformat import NotebookNode

from course_utils.exercises.registry import lesson_exercises
from course_utils.files import ROOT, CourseError
from course_utils.lessons import LESSONS, Lesson
from course_utils.site.explorers import Explorers

SHOWN = LESSONS[0]  # its first explorer stands on the front page
NEEDS = re.compile(r"you need: (.+?) · ")
NUMBER = re.compile(r"\b[01]\d\b")
START = re.compile(r"^```sh\n(.+course_utils start)\n```$", re.MULTILINE)
PAGE = """---
html_theme.sidebar_secondary.remove: true
---

# Vision Transformers from scratch

<div class="course-hero"><div>

From tensors up, you build self-attention, the Vision Transformer, Swin, MLP-Mixer, distillation and DETR, prove each
one equal to the official model, and train it on real images. A laptop will do: two cores, no GPU, no network.

**Where does one patch look?** Point at the photograph, tap it, or walk with the arrow keys. Nothing in this picture was
learned; by lesson 05 you train what is.

[Begin with {first}]({first_name}.ipynb)

</div>

{explorer}

</div>

## The map of the lessons

{cards}

## Read here, work in the notebooks

These pages are the lessons as they ran: texts, code, outputs. The explorers answer here too; sliders that need Python
show their stored picture. To change code and to do the exercises, whose checks tell you *which* mistake it is, open the
notebooks in JupyterLab. In a clone of the course's repository, with Python and git, this is one command:

```sh
{command}
```

[All exercises](exercises.md) · [Glossary](glossary.md) · [For instructors](instructors.md) · [Licences](licences.md)
"""


def front(notebooks: dict[str, NotebookNode], explorers: Explorers) -> str:
    """Return the Markdown of the front page.

    Args:
        notebooks: the stored lessons, by name.
        explorers: those of the lessons.

    Raises:
        CourseError: a lesson doesn't say what one needs for it, or README has no command that starts the course.
    """
    command = START.search((ROOT / "README.md").read_text(encoding="utf-8"))
    if command is None:
        raise CourseError("README.md shows no command that ends with `course_utils start`: put it back")
    cards = "\n".join(_card(lesson, notebooks[lesson.name]) for lesson in LESSONS)
    return PAGE.format(
        explorer=explorers.places[SHOWN.name][0],
        first=f"{SHOWN.number} · {SHOWN.title}",
        first_name=SHOWN.name,
        cards=f'<ol class="course-map">\n{cards}\n</ol>',
        command=command[1],
    )


def _card(lesson: Lesson, notebook: NotebookNode) -> str:
    """Return a lesson's place on the map: what it builds, what it takes, and on which lessons it stands."""
    found = NEEDS.search(notebook.cells[0].source)
    if found is None:
        raise CourseError(f"{lesson.name}: its first cell doesn't say 'you need: ... · ': add it")
    count = len(lesson_exercises(int(lesson.number)))
    effort = f"{lesson.minutes} minutes · {count} exercise{'s' if count > 1 else ''}"
    return (
        f'<li><a class="course-lesson" href="{lesson.name}.html"><span>{lesson.number}</span> '
        f"{html.escape(lesson.title)}</a><p>{html.escape(lesson.builds)}</p>"
        f'<p class="course-needs">{effort}<br>needs {_linked(html.escape(found[1]))}</p></li>'
    )


def _linked(text: str) -> str:
    """Make links of the numbers of lessons."""
    names = {lesson.number: lesson.name for lesson in LESSONS}
    return NUMBER.sub(lambda found: f'<a href="{names[found[0]]}.html">{found[0]}</a>', text)
