"""Lessons whose stubs are filled in, as students hand them in."""

import nbformat

from course_utils.exercises import registry
from course_utils.exercises.cells import blocks, fill
from course_utils.exercises.help import source

IMPORTS = "import math\nimport torch\nfrom torch import Tensor, nn\nfrom torch.nn import functional as F\n"


def answer(id, right):
    """Return the source of a right or a wrong answer to an exercise."""
    reference = registry.find(id).reference
    if right:
        return source(reference)
    name = reference.__name__
    if isinstance(reference, type):
        return f"class {name}(torch.nn.Module):\n    def forward(self):\n        return 1"
    return f"def {name}(*a, **k):\n    raise ValueError('wrong')"


def filled(notebook, right):
    """Return a copy of a notebook with the right or a wrong answer in every stub."""
    return fill(notebook, {block.id: IMPORTS + answer(block.id, right) for block in blocks(notebook)})


def verdicts(notebook):
    """Return the first lines that the check cells printed."""
    found = {block.id: notebook.cells[block.check] for block in blocks(notebook)}
    return {id: cell.outputs[0].text.splitlines()[0] for id, cell in found.items()}


def emptied(notebook, stored):
    """Return a filled notebook with the stubs of the stored one, and what the checks said of them."""
    copy = nbformat.from_dict(notebook)
    for block in blocks(stored):
        copy.cells[block.stub].source = stored.cells[block.stub].source
        copy.cells[block.check].outputs = stored.cells[block.check].outputs
    return copy
