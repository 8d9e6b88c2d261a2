"""A notebook with nothing but exercises: for variants, which a lesson's own text wouldn't fit."""

import ast
import sys
from collections import defaultdict
from types import FunctionType, ModuleType

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.exercises.cells import blocks
from course_utils.exercises.help import source
from course_utils.exercises.sources import NAMES
from course_utils.files import NOTEBOOKS
from course_utils.grading.assignment import Assignment, Item

HEAD = """# {name}

{points:g} points, about {minutes} minutes. Write each answer where the dots are, and run its check.

Most of these exercises are **variants** of the lessons': the same idea under another convention. What counts is the
docstring."""
PLAIN = "import math\nimport torch\nfrom torch import Tensor, nn\nfrom torch.nn import functional as F\n"
CHECK = "from course_utils.exercises import check"


def problem_set(assigned: Assignment) -> NotebookNode:
    """Return a notebook of exercises with stubs and checks, tagged as a lesson's are."""
    minutes = sum(item.exercise.minutes for item in assigned.items)
    head = HEAD.format(name=assigned.name, points=assigned.points, minutes=minutes)
    cells = [new_markdown_cell(head), new_code_cell(_imports(assigned))]
    for item in assigned.items:
        cells += _cells(item)
    for number, cell in enumerate(cells):
        cell.id = f"set-{number:03}"
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def _imports(assigned: Assignment) -> str:
    texts = [item.variant.imports if item.variant else lessons_imports(item) for item in assigned.items]
    lines = dict.fromkeys(line for text in [*texts, PLAIN] for line in text.splitlines())
    return "\n".join(sorted([*lines, CHECK], key=lambda line: (line.startswith("from"), line)))


def lessons_imports(item: Item) -> str:
    """Return the lines that import what a lesson's own exercise uses: its lesson has imported or built that before."""
    reference = item.exercise.reference
    known = vars(sys.modules[reference.__module__])
    used = {node.id for node in ast.walk(ast.parse(source(reference))) if isinstance(node, ast.Name)}
    lines, places = [], defaultdict(list)
    for name in sorted(used & known.keys() - NAMES.keys() - {reference.__name__}):
        value = known[name]
        if isinstance(value, ModuleType):
            lines.append(f"import {name}")
        else:
            named = isinstance(value, FunctionType | type)
            places[value.__module__ if named else reference.__module__].append(name)
    return "\n".join([*lines, *(f"from {place} import {', '.join(names)}" for place, names in places.items())])


def _cells(item: Item) -> list[NotebookNode]:
    exercise, name = item.exercise, item.exercise.reference.__name__
    text = f"## Exercise {item.id}: `{name}`\n\n*{exercise.minutes} minutes · difficulty {exercise.difficulty} of 5.*"
    if item.variant:
        text += f"\n\nA variant of the lesson's: here {item.variant.setting}."
    stub = item.variant.stub.rstrip() if item.variant else _lessons_stub(item)
    check = f'{name} = check("{item.id}", {name})'
    return [
        new_markdown_cell(text),
        new_code_cell(stub, metadata={"tags": ["exercise"]}),
        new_code_cell(check, metadata={"tags": ["check"]}),
    ]


def _lessons_stub(item: Item) -> str:
    path = next(NOTEBOOKS.glob(f"{item.lesson:02}_*.ipynb"))
    notebook = nbformat.read(path, as_version=4)
    return next(notebook.cells[block.stub].source for block in blocks(notebook) if block.id == item.id)
