"""The board of exercises: live in JupyterLab, the same fixed text wherever it is stored."""

import html

import ipywidgets

from course_utils.exercises import record, registry

TEXT = "progress: open the lesson in JupyterLab to see yours"


class Board(ipywidgets.HTML):
    """A table of all exercises with ✓ for those that are solved; follows every check.

    A notebook stores it as one fixed line of text: what a student has solved is in the widget, which nbval
    doesn't compare.
    """

    def __init__(self):
        super().__init__(value=table())
        record.listeners.append(self.refresh)

    def refresh(self) -> None:
        """Show the present state."""
        self.value = table()

    def __repr__(self) -> str:
        return TEXT


def table() -> str:
    """Return the state of all exercises as HTML, a row a lesson."""
    done = record.solved()
    rows = [_row(lesson, done) for lesson in registry.lesson_numbers()]
    note = f"<p>{html.escape(record.problem())}</p>" if record.problem() else ""
    return f"<table><caption>Exercises solved</caption>{''.join(rows)}</table>{note}"


def _row(lesson: int, done: set[str]) -> str:
    marks = [
        f'<td title="{exercise.id} {"solved" if exercise.id in done else "open"}">'
        f"{exercise.id} {'✓' if exercise.id in done else '·'}</td>"
        for exercise in registry.lesson_exercises(lesson)
    ]
    return f'<tr><th scope="row">Lesson {lesson:02}</th>{"".join(marks)}</tr>'
