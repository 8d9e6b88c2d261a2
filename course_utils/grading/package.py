"""The package that a student is handed: the course's own without the answers, and without what gives them away."""

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from course_utils.exercises.help import source
from course_utils.exercises.registry import Exercise
from course_utils.exercises.values import is_class
from course_utils.files import ROOT, CourseError
from course_utils.grading.assignment import Item
from course_utils.grading.judging import stub
from course_utils.grading.traces import Answers

PACKAGE = ROOT / "course_utils"
WORKERS_OWN = {"__init__.py", "wire.py", "definitions.py", "worker.py"}  # of grading/: all that a sandbox needs
AUTHORS = ("scaffold", "site")  # what only the course's own repository needs
RECIPES = ("variants*.py", "recipes.py", "options*.py", "sources.py", "turns.py")  # of variants, answers and all
EMPTY = '"""Left out of this package: {why}."""\n\n\ndef __getattr__(name: str) -> tuple:\n    return ()\n'
FUNCTION = '''def {name}(*arguments, **keywords):
    """Graded exercise {id}: what you handed to `check` runs here."""
    from course_utils.exercises.assigned import answer

    return answer("{id}")(*arguments, **keywords)
'''
CLASS = '''class {name}(nn.Module):
    """Graded exercise {id}: what you handed to `check` is built here."""

    def __new__(cls, *arguments, **keywords):
        from course_utils.exercises.assigned import answer, withheld

        if cls.__name__ != "{name}":
            raise withheld(cls.__name__, "{id}")
        return answer("{id}")(*arguments, **keywords)
'''
WITHHELD_FUNCTION = '''def {name}(*arguments, **keywords):
    """Left out: it would give away exercise {id}."""
    from course_utils.exercises.assigned import withheld

    raise withheld("{name}", "{id}")
'''
WITHHELD_CLASS = '''class {name}(nn.Module):
    """Left out: it would give away exercise {id}."""

    def __new__(cls, *arguments, **keywords):
        from course_utils.exercises.assigned import withheld

        raise withheld(cls.__name__, "{id}")
'''
IMPORTING = """
import importlib, json, pkgutil, sys
sys.path.insert(0, sys.argv[1])
import course_utils
broken = {}
for module in pkgutil.walk_packages(course_utils.__path__, "course_utils."):
    if not module.name.endswith("__main__"):
        try:
            importlib.import_module(module.name)
        except Exception as error:
            broken[module.name] = f"{type(error).__name__}: {error}"[:200]
print(json.dumps(broken))
"""


@dataclass(frozen=True)
class Edit:
    """Lines of a file that are replaced, both ends counted from 1 and included."""

    first: int
    last: int
    text: str


def write_package(folder: Path, items: Sequence[Item], answers: Answers) -> list[str]:
    """Copy the package without the answers to graded exercises.

    Args:
        folder: where `course_utils` is written; it must not be there yet.
        items: what is graded.
        answers: all texts that mustn't be left, as `answers_of` gives them.

    Returns:
        what was left out besides the answers, in words.
    """
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "*.orig", "*.rej", "*.bak", "*~")
    package = Path(shutil.copytree(PACKAGE, folder / "course_utils", ignore=ignored))
    for name in AUTHORS:
        shutil.rmtree(package / name)
    for path in (package / "grading").iterdir():
        if path.name not in WORKERS_OWN:
            path.unlink()
    exercises = [item.course for item in items]
    for name in RECIPES:
        for path in (package / "exercises").glob(name):
            path.unlink()
    for path in (package / "exercises").glob("alternatives_*.py"):
        path.write_text(EMPTY.format(why="right answers, written in other ways"), encoding="utf-8")
    for item in items:
        _replace_reference(package, item)
    _forget(package, exercises)
    asked = [item.exercise for item in items]
    facts = {e.id: {"name": e.reference.__name__, "stub": stub(e.reference)} for e in asked}
    (package / "exercises" / "assigned.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    told = [*_without_mistakes(package, exercises, answers), *_without_traces(package, answers)]
    return [*told, *_without_broken(package)]


def _replace_reference(package: Path, item: Item) -> None:
    """Put something else where the course's version stands.

    It passes on to the student's answer; but a variant's has another convention than those who call it here, so there
    it only says that it isn't to be had.
    """
    reference = item.course.reference
    path = package.parent / Path(*reference.__module__.split(".")).with_suffix(".py")
    forms = (WITHHELD_FUNCTION, WITHHELD_CLASS) if item.variant else (FUNCTION, CLASS)
    form = forms[is_class(reference)]
    text = path.read_text(encoding="utf-8")
    node = _definitions(text)[reference.__name__]
    edit = Edit(_first_line(node), node.end_lineno, form.format(name=reference.__name__, id=item.id))
    path.write_text(edited(text, [edit]), encoding="utf-8")


def _forget(package: Path, exercises: Sequence[Exercise]) -> None:
    """Take graded exercises out of their lesson's list: hints and mistakes go with them."""
    for lesson in sorted({exercise.id.split(".")[0] for exercise in exercises}, key=int):
        path = package / "exercises" / f"lesson_{int(lesson):02}.py"
        text = path.read_text(encoding="utf-8")
        ids = {exercise.id for exercise in exercises}
        edits = [Edit(call.lineno, call.end_lineno, "") for id, call in _entries(text) if id in ids]
        path.write_text(edited(text, edits), encoding="utf-8")


def _entries(text: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield each `Exercise(id="2.3", ...)` of a lesson's module."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Exercise":
            yield next(word.value.value for word in node.keywords if word.arg == "id"), node


def _without_mistakes(package: Path, exercises: Sequence[Exercise], answers: Answers) -> list[str]:
    """Empty the modules with the usual mistakes of graded exercises, and others that hold a piece of an answer."""
    told = []
    graded = {module for exercise in exercises for module in _mistake_modules(exercise)}
    for path in sorted((package / "exercises").glob("mistakes_*.py")):
        traces = list(answers.found_in(path.read_text(encoding="utf-8"), path.name))
        if path.stem in graded or traces:
            path.write_text(
                EMPTY.format(why="usual mistakes, which would give away a graded exercise"), encoding="utf-8"
            )
            if path.stem not in graded:
                told.append(f"the usual mistakes in {path.stem}, because of {traces[0].id}")
    return told


def _mistake_modules(exercise: Exercise) -> set[str]:
    return {mistake.wrong.__module__.rpartition(".")[2] for mistake in exercise.mistakes}


def _without_traces(package: Path, answers: Answers) -> list[str]:
    """Withhold every definition that still holds a piece of an answer."""
    told = []
    for path in sorted(package.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        edits = []
        for name, node in _definitions(text).items() if any(answers.found_in(text, path.name)) else ():
            for trace in answers.found_in(ast.get_source_segment(text, node), path.name):
                form = WITHHELD_CLASS if isinstance(node, ast.ClassDef) else WITHHELD_FUNCTION
                edits.append(Edit(_first_line(node), node.end_lineno, form.format(name=name, id=trace.id)))
                told.append(f"`{name}` in {path.relative_to(package)}, because of {trace.id}")
                break
        if edits:
            path.write_text(edited(text, edits), encoding="utf-8")
    return told


def _without_broken(package: Path) -> list[str]:
    """Empty modules of mistakes that rest on something that was left out, until the package can be imported.

    Raises:
        CourseError: another module can't be; that is a fault of the course.
    """
    told = []
    while broken := _broken(package):
        for name, error in broken.items():
            stem = name.rpartition(".")[2]
            path = package / "exercises" / f"{stem}.py"
            if stem.startswith("mistakes_") and "Left out" not in path.read_text(encoding="utf-8"):
                path.write_text(EMPTY.format(why="usual mistakes that rest on a graded exercise"), encoding="utf-8")
                told.append(f"the usual mistakes in {stem}: {error}")
            elif not stem.startswith("lesson_") or len(broken) == 1:
                raise CourseError(f"without these answers {name} can't be imported: {error}")
    return told


def _broken(package: Path) -> dict[str, str]:
    """Import every module of a package in a process of its own; return what is said of those that fail."""
    python = [sys.executable, "-s", "-P", "-B", "-c", IMPORTING, str(package.parent)]
    done = subprocess.run(python, capture_output=True, text=True, cwd=package.parent, check=False)
    if done.returncode:
        raise CourseError(f"the package can't be tried: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout)


def _definitions(text: str) -> dict[str, ast.FunctionDef | ast.ClassDef]:
    tree = ast.parse(text)
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _first_line(node: ast.FunctionDef | ast.ClassDef) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def edited(text: str, edits: Sequence[Edit]) -> str:
    """Return a text with lines replaced.

    Raises:
        CourseError: two edits overlap.
    """
    lines = text.split("\n")
    ordered = sorted(edits, key=lambda edit: edit.first, reverse=True)
    for later, earlier in pairwise(ordered):
        if earlier.last >= later.first:
            raise CourseError(f"lines {earlier.first} to {earlier.last} and {later.first} to {later.last} overlap")
    for edit in ordered:
        lines[edit.first - 1 : edit.last] = edit.text.rstrip("\n").split("\n")
    return "\n".join(lines)


def answers_of(items: Sequence[Item]) -> Answers:
    """Return the answers in the form in which they are looked for: a variant's, and the course's own, close to it."""
    return Answers({item.id: [source(asked.reference) for asked in (item.exercise, item.course)] for item in items})
