"""What of a submitted notebook is carried out: its definitions, as IPython would."""

import pytest

from course_utils.exercises.cells import without_magics
from course_utils.grading.definitions import carry_out


def carried_out(*cells):
    """Return the names that cells define, and what couldn't be carried out."""
    names = {}
    troubles = carry_out(list(cells), names)
    return names, troubles


REMAINDER = "def rest(a, b):\n    return (\n        a\n        % b\n    )"


@pytest.mark.parametrize("before", ["", "%matplotlib inline\n", "!ls\n", "?print\n", "%%time\n", "%%capture out\n"])
def test_a_line_that_goes_on_with_a_remainder_is_no_magic(before):
    names, troubles = carried_out(before + REMAINDER)
    assert troubles == [] and names["rest"](7, 3) == 1


def test_magics_leave_line_numbers_as_they_are():
    assert without_magics("%matplotlib inline\nx = 1").split("\n") == ["", "x = 1"]
    assert without_magics("%%time\nx = 1").split("\n") == ["", "x = 1"]
    assert without_magics("%%bash\nx = 1") == ""


@pytest.mark.parametrize(
    ("constant", "value"),
    [("float('-inf')", float("-inf")), ("tuple(range(3))", (0, 1, 2)), ("math.sqrt(4)", 2.0), ("-3 % 2", 1)],
)
def test_constants_are_carried_out(constant, value):
    names, troubles = carried_out("import math", f"VALUE = {constant}")
    assert troubles == [] and names["VALUE"] == value


def test_a_module_without_training_is_a_constant():
    names, troubles = carried_out("from torch import nn", "GELU = nn.GELU()\nREAD = open('/etc/passwd')")
    assert troubles == [] and "GELU" in names and "READ" not in names


def test_annotations_that_are_put_off_stay_so_in_later_cells():
    names, troubles = carried_out("from __future__ import annotations", "def f(x: Unknown):\n    return x")
    assert troubles == [] and names["f"](1) == 1
    assert carried_out("def f(x: Unknown):\n    return x")[1][0].message.startswith("NameError")


def test_what_does_not_exist_in_the_future_is_told():
    assert "SyntaxError" in carried_out("from __future__ import tomorrow")[1][0].message
