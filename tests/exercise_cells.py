"""Cells of invented lessons, for the tests of what reads and fills notebooks."""

from nbformat.v4 import new_code_cell, new_markdown_cell

from course_utils.exercises import registry
from course_utils.exercises.help import folded

STUBS = {
    "99.1": 'def weighted(query, key, value, mask=None):\n    """Average the values."""\n    ...',
    "99.2": (
        "class Mixer(nn.Module):\n    def __init__(self, tokens, width):\n        ...\n\n"
        '    def forward(self, tokens):\n        """Mix."""\n        ...'
    ),
}


def cell(text, *tags, outputs=()):
    return new_code_cell(text, metadata={"tags": list(tags)}, outputs=list(outputs), execution_count=1)


def exercise(id, stub=None, check=None, solution=None):
    """Return the cells of one exercise."""
    reference = registry.find(id).reference
    name = reference.__name__
    return [
        cell(stub or STUBS[id], "exercise"),
        new_markdown_cell("Now check it."),
        cell(check or f'{name} = check("{id}", {name})', "check"),
        new_markdown_cell(solution or folded(reference), metadata={"tags": ["solution"]}),
    ]
