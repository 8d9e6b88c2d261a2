"""The instructor's page on an assignment: what is asked, what is right, what usually goes wrong, and what counts."""

from course_utils.exercises.help import source
from course_utils.grading.assignment import Assignment, Item

HEAD = """# {name}: {points:g} points

For the instructor. An answer has its points if it is right in every call that it is compared on, and none otherwise; a
wrong one is told which usual mistake it is. {minutes} minutes of work.

| exercise | minutes | difficulty | points | calls compared | usual mistakes |
|---|---|---|---|---|---|
{rows}
"""
PART = """
## {id} `{name}`: {points:g} points
{setting}
```python
{answer}
```

{cases}

| usual mistake | what a student is told |
|---|---|
{mistakes}
"""


def rubric(assigned: Assignment) -> str:
    """Return the rubric as Markdown."""
    minutes = sum(item.exercise.minutes for item in assigned.items)
    rows = "\n".join(_row(item) for item in assigned.items)
    head = HEAD.format(name=assigned.name, points=assigned.points, minutes=minutes, rows=rows)
    return head + "".join(_part(item) for item in assigned.items)


def _row(item: Item) -> str:
    exercise = item.exercise
    return (
        f"| {item.id} `{exercise.reference.__name__}` | {exercise.minutes} | {exercise.difficulty} of 5 "
        f"| {item.points:g} | {len(exercise.cases())} | {len(exercise.mistakes)} |"
    )


def _part(item: Item) -> str:
    exercise = item.exercise
    notes = [case.note for case in exercise.cases() if case.note]
    cases = f"Among the calls: {'; '.join(dict.fromkeys(notes))}." if notes else ""
    mistakes = "\n".join(f"| {m.name} | {_cell(m.what)} {_cell(m.why)} {_cell(m.remedy)} |" for m in exercise.mistakes)
    name, answer = exercise.reference.__name__, source(exercise.reference)
    setting = f"\nA variant: {item.variant.setting}.\n" if item.variant else ""
    told = {"setting": setting, "answer": answer, "cases": cases, "mistakes": mistakes}
    return PART.format(id=item.id, name=name, points=item.points, **told)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
