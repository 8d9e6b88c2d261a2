"""Pages in HTML: what a student is told, in the notebook's own words, and what the class stumbled over."""

from __future__ import annotations

import html
from collections import Counter
from typing import TYPE_CHECKING

from course_utils.grading.assignment import Assignment, Item
from course_utils.grading.judging import CORRECT, WRONG, Ruling
from course_utils.grading.words import WORDS, lines, one_line

if TYPE_CHECKING:
    from course_utils.grading.classroom import Graded

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ border-bottom: 1px solid #8888; padding: .3rem .6rem; text-align: left; vertical-align: top; }}
td.number, th.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
dt {{ font-weight: bold; float: left; clear: left; width: 4rem; }}
dd {{ margin-left: 4.5rem; }}
meter {{ width: 8rem; }}
</style>
<main>
<h1>{title}</h1>
{body}
</main>
</html>
"""
COLUMNS = (
    '<th class="number">of the class</th><th class="number">students</th><th>mistake</th><th>what they were told</th>'
)


def student_page(assigned: Assignment, graded: Graded) -> str:
    """Return a student's page: for each exercise what the notebook would have said; no call that was compared."""
    title = f"{assigned.name}: {graded.points(assigned):g} of {assigned.points:g} points"
    pairs = zip(assigned.items, graded.rulings, strict=True)
    body = f"<p>{html.escape(graded.student)}</p>\n" + "\n".join(_section(item, ruling) for item, ruling in pairs)
    return PAGE.format(title=html.escape(title), body=body)


def _section(item: Item, ruling: Ruling) -> str:
    name = item.exercise.reference.__name__
    earned = item.points if ruling.state == CORRECT else 0
    head = f"<h2>{item.id} <code>{html.escape(name)}</code>: {WORDS[ruling.state]}</h2>"
    parts = [head, f"<p>{earned:g} of {item.points:g} points.</p>"]
    told = "".join(f"<dt>{label}</dt><dd>{html.escape(text)}</dd>" for label, text in lines(ruling))
    return "\n".join([*parts, *([f"<dl>{told}</dl>"] if told else [])])


def class_page(assigned: Assignment, done: list[Graded]) -> str:
    """Return the instructor's page: grades, the hardest exercises first, and how many made which mistake."""
    title = f"{assigned.name}: {len(done)} submissions"
    parts = [_distribution(assigned, done), "<h2>Hardest first</h2>"]
    ranked = sorted(range(len(assigned.items)), key=lambda index: (_right(done, index), assigned.items[index].id))
    parts += [_of_exercise(assigned.items[index], [graded.rulings[index] for graded in done]) for index in ranked]
    parts.append(_grades(assigned, done))
    return PAGE.format(title=html.escape(title), body="\n".join(parts))


def _right(done: list[Graded], index: int) -> float:
    return sum(graded.rulings[index].state == CORRECT for graded in done) / len(done)


def _distribution(assigned: Assignment, done: list[Graded]) -> str:
    points = sorted(graded.points(assigned) for graded in done)
    middle = (points[(len(points) - 1) // 2] + points[len(points) // 2]) / 2
    return f"<p>Points of {assigned.points:g}: median {middle:g}, lowest {points[0]:g}, highest {points[-1]:g}.</p>"


def _of_exercise(item: Item, rulings: list[Ruling]) -> str:
    right = sum(ruling.state == CORRECT for ruling in rulings)
    share = right / len(rulings)
    head = f"<h3>{item.id} <code>{item.exercise.reference.__name__}</code></h3>"
    meter = f'<p><meter value="{share:.3f}" aria-label="share that is right"></meter> {share:.0%} are right.</p>'
    others = Counter(_kind(ruling) for ruling in rulings if ruling.state != CORRECT)
    rows = "".join(
        f'<tr><td class="number">{count / len(rulings):.0%}</td><td class="number">{count}</td>'
        f"<td>{html.escape(kind)}</td><td>{html.escape(what)}</td></tr>"
        for (kind, what), count in others.most_common()
    )
    table = f"<table><tr>{COLUMNS}</tr>{rows}</table>"
    return head + meter + (table if rows else "")


def _kind(ruling: Ruling) -> tuple[str, str]:
    if ruling.mistake:
        return ruling.mistake, one_line(ruling.fault.what)
    if ruling.state == WRONG:
        return "none of the usual ones", "different reports"
    return WORDS[ruling.state][2:], ""


def _grades(assigned: Assignment, done: list[Graded]) -> str:
    head = "".join(f"<th>{item.id}</th>" for item in assigned.items)
    rows = "".join(
        f'<tr><th scope="row">{html.escape(graded.student)}</th><td class="number">{graded.points(assigned):g}</td>'
        + "".join(f"<td>{WORDS[ruling.state][:1]} {html.escape(ruling.mistake)}</td>" for ruling in graded.rulings)
        + "</tr>"
        for graded in done
    )
    return f'<h2>Students</h2><table><tr><th>student</th><th class="number">points</th>{head}</tr>{rows}</table>'
