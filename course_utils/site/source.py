"""Sphinx's source of the site: the lessons' pages, and the pages around them made from the course's own tables."""

import json
import shutil
from pathlib import Path

import nbformat

from course_utils.lessons import LESSONS
from course_utils.site import fonts, front, pages
from course_utils.site.explorers import Explorers
from course_utils.site.extension import PAGE_FILES
from course_utils.site.lesson_pages import DOWNLOADS, lesson_page
from course_utils.store import read


def write_source(source: Path, extra: Path) -> None:
    """Write what Sphinx reads into `source`, and what the site holds beside Sphinx's pages into `extra`.

    Raises:
        CourseError: a notebook can't be read, or lacks one of its exercises; README or data/README.md lack a part.
    """
    explorers = Explorers()
    notebooks = {lesson.name: read(lesson.path) for lesson in LESSONS}
    (extra / DOWNLOADS).mkdir(parents=True)
    for lesson in LESSONS:
        page = lesson_page(lesson, notebooks[lesson.name], explorers)
        nbformat.write(page, source / lesson.path.name)
        shutil.copyfile(lesson.path, extra / DOWNLOADS / lesson.path.name)
    for name, text in pages.all_pages(notebooks, explorers).items():
        (source / f"{name}.md").write_text(text, encoding="utf-8")
    explorers.write(extra / "_static")
    fonts.write(extra / "_static")
    (extra / ".nojekyll").touch()  # else GitHub Pages, given the folder as a branch, leaves _static out
    files = {page: explorers.files(page) for page in explorers.states}
    files[pages.FRONT] = files[front.SHOWN.name]
    (source / PAGE_FILES).write_text(json.dumps(files), encoding="utf-8")
