"""A class of students who hand in right answers, differently right ones, every usual mistake, nothing, or worse.

A mistake is written with the course's own parts, which a student's package doesn't have: so a simulated student brings
the modules that it needs along, under another name, as text in a cell.
"""

import subprocess
import sys
from pathlib import Path

import nbformat

from course_utils.exercises import registry
from course_utils.exercises.cells import blocks
from course_utils.exercises.help import source
from course_utils.grading.course_folder import CourseFolder

LISTING = (
    "import importlib, sys; importlib.import_module('course_utils.exercises.lesson_{:02}'); "
    "print('\\n'.join(f'{{n}}|{{m.__file__}}' for n, m in sys.modules.items() if n.startswith('course_utils')))"
)
BRINGING = '''
import importlib
import sys
from importlib.machinery import ModuleSpec

class Brought:
    """Finds the modules that were brought along."""

    def find_spec(self, name, path=None, target=None):
        if name in SOURCES:
            return ModuleSpec(name, self, is_package=SOURCES[name][0])

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        file = f"/answers/{module.__name__.replace(chr(46), chr(47))}.py"
        lines = SOURCES[module.__name__][1]
        __import__("linecache").cache[file] = (len(lines), None, lines.splitlines(True), file)
        module.__file__ = file
        exec(compile(lines, file, "exec"), vars(module))

def exercise(lesson, id):
    if not any(type(finder) is Brought for finder in sys.meta_path):
        sys.meta_path.insert(0, Brought())
    exercises = importlib.import_module(f"brought.exercises.lesson_{lesson:02}").EXERCISES
    return next(exercise for exercise in exercises if exercise.id == id)

def mistake(lesson, id, name):
    return next(mistake.wrong for mistake in exercise(lesson, id).mistakes if mistake.name == name)

def alternative(lesson, id, number):
    return exercise(lesson, id).alternatives[number]

def instead(answer):
    return lambda _written: answer
'''


def brought(lesson):
    """Return the text of a cell with all modules of the course that a lesson's exercises rest on."""
    found = subprocess.run(
        [sys.executable, "-c", LISTING.format(lesson)], capture_output=True, text=True, check=True
    ).stdout
    sources = {}
    for line in found.splitlines():
        name, _, file = line.partition("|")
        if file != "None":
            text = Path(file).read_text(encoding="utf-8").replace("course_utils", "brought")
            sources[name.replace("course_utils", "brought")] = (file.endswith("__init__.py"), text)
    return f"SOURCES = {sources!r}\n{BRINGING}"


def taken(id, choice):
    """Return the text of a cell that defines an exercise's name as a mistake's or alternative's answer."""
    name = registry.find(id).reference.__name__
    kind = "class" if isinstance(registry.find(id).reference, type) else "def"
    signature = "" if kind == "class" else "(*arguments, **keywords)"
    return f"@instead({choice})\n{kind} {name}{signature}:\n    ..."


def mistaken(id, name):
    """Return the text of a cell in which a usual mistake is made."""
    return taken(id, f"mistake({int(id.split('.')[0])}, {id!r}, {name!r})")


def otherwise(id, number):
    """Return the text of a cell with a differently written right answer."""
    return taken(id, f"alternative({int(id.split('.')[0])}, {id!r}, {number})")


class Class:
    """The class of a course folder.

    Args:
        folder: the course folder, as `assign` wrote it.
        assigned: the assignment in it.
    """

    def __init__(self, folder, assigned):
        self.folder, self.assigned = CourseFolder(folder, assigned.name), assigned
        self.right = {item.id: source(item.exercise.reference) for item in assigned.items}
        self.expected = {}
        self._brought = {item.lesson: brought(item.lesson) for item in assigned.items}

    def place(self, student):
        """Return the folder of what a student hands in."""
        path = self.folder.submitted(student)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def hand_in(self, student, answers, expected=None):
        """Hand in a student's notebooks, and note the state, or the mistake, that each exercise should be given.

        Args:
            student: a name.
            answers: texts of cells, by id; an exercise without one keeps its stub.
            expected: by id; what isn't named is correct where there is an answer, and else unattempted.
        """
        for name, items in self.assigned.notebooks().items():
            notebook = nbformat.read(self.folder.student / "notebooks" / name, as_version=4)
            for block in blocks_of_stubs(notebook):
                if block in answers:
                    self._write(notebook, block, answers[block], items[0].lesson)
            nbformat.write(notebook, self.place(student) / name)
        usual = {item.id: "correct" if item.id in answers else "unattempted" for item in self.assigned.items}
        self.expected[student] = {**usual, **(expected or {})}

    def _write(self, notebook, id, text, lesson):
        cell = next(cell for cell in notebook.cells if is_answer(cell, id))
        cell.source = text
        if "@instead" in text:
            cell.source = f"{self._brought[lesson]}\n{text}"


def is_answer(cell, id):
    """Tell whether a cell is the answer cell of an exercise."""
    return cell.metadata.get("nbgrader", {}).get("grade_id") == f"answer-{id.replace('.', '-')}"


def blocks_of_stubs(notebook):
    """Return the ids of a notebook's exercises; a student's has no solutions, so blocks are told by their checks."""
    return [block.id for block in blocks(notebook) if block.id]
