"""The text of a function is complete: it works in an empty module, from a notebook's cells too."""

import functools
import math
import subprocess
import sys
from types import ModuleType

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import vit_runs
from course_utils.files import CourseError
from course_utils.models.attention import TransformerBlock as Block
from course_utils.notebook_source import free_names, self_contained

WIDTH, SCALES = 8, {"a": (1, 2.5)}
WEIGHTS = torch.zeros(3)
own_file = ModuleType("my_own_file")


def doubled(function):
    @functools.wraps(function)
    def twice(*values):
        return 2 * function(*values)

    return twice


def helper(x: float = math.pi) -> float:
    WEIGHTS = x  # local, whatever the module has under this name
    return WEIGHTS * SCALES["a"][1]


class Base(nn.Module):
    def forward(self, tokens):
        return F.relu(tokens)


@functools.total_ordering
class Mine(Base):
    def __init__(self):
        super().__init__()
        self.block = Block(WIDTH, 2)
        self.factor = helper()

    def __lt__(self, other):
        return False

    def __eq__(self, other):
        return self is other

    __hash__ = nn.Module.__hash__


def build():
    return Mine()


def run(function):
    space = {}
    exec(self_contained(function), space)
    return space["build"]


def test_a_text_works_by_itself():
    model = run(build)()
    assert type(model).__name__ == "Mine" and type(model) is not Mine
    assert model.factor == math.pi * 2.5 and isinstance(model.block, Block)
    assert {name: value.shape for name, value in model.state_dict().items()} == {
        name: value.shape for name, value in Mine().state_dict().items()
    }
    text = self_contained(build)
    assert "@functools.total_ordering\nclass Mine(Base):" in text and text.index("class Base") < text.index(
        "class Mine"
    )
    assert "from course_utils.models.attention import TransformerBlock as Block" in text
    assert "import torch.nn.functional as F" in text and "WEIGHTS = tensor" not in text and "own_file" not in text


def test_a_class_and_a_function_of_the_course_are_enough():
    assert type(run(Mine)()).__name__ == "Mine"
    assert run(vit_runs.small_vit) is vit_runs.small_vit


def uses_tensor():
    return WEIGHTS


def uses_file():
    return own_file.x


def needs(width):
    return nn.Linear(width, 1)


def make_inner():
    width = 3

    def inner():
        return nn.Linear(width, 1)

    return inner


@doubled
def decorated():
    return 1


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (uses_tensor, "uses WEIGHTS, a Tensor of the notebook: make it inside"),
        (uses_file, "uses my_own_file, a file of yours"),
        (needs, r"needs width: write `def build\(\): return needs\(\.\.\.\)`"),
        (make_inner(), "inner is defined inside another function"),
        (lambda: nn.Linear(1, 1), "has no name: write"),
        (functools.partial(build), "has no name"),
        (nn.Linear(1, 1), "has no name"),
    ],
)
def test_what_can_not_be_written_down_is_told(function, told):
    with pytest.raises(CourseError, match=told):
        self_contained(function)


def test_free_names_are_those_of_the_module_around():
    text = "@d\ndef f(a: A = B) -> C:\n    x = y + a\n    return [z.q for w in x]\n"
    assert free_names(text) == {"d", "A", "B", "C", "y", "z"}


CELLS = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
def cell(text):
    shell.run_cell(text, store_history=True).raise_error()
cell("from torch import nn\\nfrom course_utils.notebook_source import self_contained\\nWIDTH = 3\\nx = nn.Linear(1, 1)")
cell("class Layer(nn.Linear):\\n    def forward(self, x):\\n        return super().forward(x)")
cell("def build():\\n    return Layer(WIDTH, 2)")
cell("class Empty(nn.Module):\\n    pass\\ndef other():\\n    return Empty()")
cell("space = {}\\nexec(self_contained(build), space)\\nassert space['build']().weight.shape == (2, 3)")
cell("try:\\n    self_contained(other)\\nexcept Exception as error:\\n    print(error)")
"""


def test_cells_of_a_notebook_are_found():
    done = subprocess.run([sys.executable, "-c", CELLS], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-1000:]
    assert "the text of Empty can't be found: define it in a cell of its own" in done.stdout
