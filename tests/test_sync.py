"""`sync` finds every copy that differs from the package, renews it, and leaves the rest of the notebook alone."""

import nbformat
import pytest
import toy_exercises as toys
from exercise_cells import STUBS, cell, exercise
from nbformat.v4 import new_markdown_cell, new_notebook, new_output

from course_utils import sync

PACKAGE = {
    "shapes": 'def side(area):\n    """Return the side."""\n    return area**0.5\n\n\ndef _hidden():\n    return 1\n',
    "solids": "@property\ndef edge(volume):\n    return volume ** (1 / 3)\n\n\nclass Cube:\n    sides = 6\n",
    "doubles": "def side(area):\n    return area\n",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A small package and an empty folder of notebooks; returns the folder."""
    models, notebooks = tmp_path / "models", tmp_path / "notebooks"
    models.mkdir()
    notebooks.mkdir()
    for name, text in PACKAGE.items():
        (models / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(sync, "MODELS", models)
    monkeypatch.setattr(sync, "NOTEBOOKS", notebooks)
    toys.register(monkeypatch.setattr)
    return notebooks


def write(folder, *cells):
    path = folder / "lesson.ipynb"
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


def said(capsys, check=True):
    return sync.main(check=check), capsys.readouterr().out


def test_a_notebook_in_order_passes(package, capsys):
    copies = [cell(f"x = 1\n\n\n{PACKAGE['solids'].strip()}\n\nprint(Cube)"), cell("%time x\ndef side_v1(a): return a")]
    write(package, new_markdown_cell("# Lesson"), *copies, *exercise("99.1"), cell("1 + 1"), *exercise("99.2"))
    assert said(capsys) == (0, "all copies of the package's code are as they should be\n")


def test_a_differing_copy_is_named_and_renewed_and_nothing_else_changes(package, capsys):
    output = new_output("stream", name="stdout", text="kept\n")
    changed = PACKAGE["solids"].strip().replace("sides = 6", "sides = 4")
    path = write(package, new_markdown_cell("# Lesson"), cell(f"x = 1\n{changed}\nprint(Cube)", outputs=[output]))
    before = path.read_bytes()
    status, text = said(capsys)
    assert status == 1
    assert "lesson.ipynb, cell 1: `Cube` differs from the package" in text
    assert "    -    sides = 4\n    +    sides = 6" in text
    assert path.read_bytes() == before
    status, text = said(capsys, check=False)
    assert status == 0
    assert "cell 1 renewed: `Cube`" in text
    notebook = nbformat.read(path, as_version=4)
    assert notebook.cells[1].source == f"x = 1\n{PACKAGE['solids'].strip()}\nprint(Cube)"
    assert notebook.cells[1].outputs == [output]
    assert said(capsys)[0] == 0


def test_a_changed_decorator_is_a_difference(package, capsys):
    write(package, cell(PACKAGE["solids"].replace("@property\n", "").strip()))
    assert "`edge` differs" in said(capsys)[1]


def test_a_name_in_two_modules_needs_a_tag(package, capsys):
    text = PACKAGE["shapes"].split("\n\n\n")[0]
    write(package, cell(text))
    assert "`side` is in several modules: tag the cell from-doubles or from-shapes" in said(capsys)[1]
    assert said(capsys, check=False)[0] == 1
    write(package, cell(text, "from-shapes"))
    assert said(capsys)[0] == 0
    write(package, cell(text, "from-doubles"))
    assert "`side` differs" in said(capsys)[1]


def test_private_names_and_stubs_are_not_copies(package, capsys):
    write(package, cell("def _hidden(): return 2"), *exercise("99.1"))
    assert said(capsys)[0] == 0


def test_a_cell_that_is_no_python_is_named(package, capsys):
    write(package, cell("def side(:"), cell("%%bash\ndef side("))
    status, text = said(capsys)
    assert status == 1
    assert "cell 0: can't be read as Python" in text
    assert "cell 1" not in text


def test_a_differing_solution_is_renewed(package, capsys):
    path = write(package, *exercise("99.1", solution="<details>old</details>"))
    assert "cell 3: the solution of 99.1 differs" in said(capsys)[1]
    assert said(capsys, check=False)[0] == 0
    text = nbformat.read(path, as_version=4).cells[3].source
    assert text.startswith("<details><summary>The course's version</summary>\n\n```python\ndef weighted(query")
    assert text.endswith("\n```\n\n</details>")


WRONG_STUBS = {
    "another name": ("99.1", "def weigh(query, key, value, mask=None): ...", "must be `def weighted` and nothing else"),
    "two things": ("99.1", "import torch\n" + STUBS["99.1"], "must be `def weighted` and nothing else"),
    "parameters": (
        "99.1",
        "def weighted(query): ...",
        "begins with `def weighted(query)` instead of `def weighted(query,",
    ),
    "default": ("99.1", STUBS["99.1"].replace("=None", "=0"), "begins with `def weighted(query, key, value, mask=0)`"),
    "a body": ("99.1", STUBS["99.1"] + "\n    return 1", "has more in `weighted` than a docstring and `...`"),
    "no python": ("99.1", "def weighted(", "can't be read as Python"),
    "no forward": (
        "99.2",
        "class Mixer(nn.Module):\n    def __init__(self, tokens, width): ...",
        "has no method `forward`",
    ),
    "no base": ("99.2", STUBS["99.2"].replace("nn.Module", "object"), "must derive from nn.Module"),
    "a method more": ("99.2", STUBS["99.2"] + "\n    def more(self): ...", "has a method `more` that the course's"),
    "a field": ("99.2", STUBS["99.2"] + "\n    x = 1", "holds more than a docstring and methods"),
    "a method's body": ("99.2", STUBS["99.2"] + "\n        return 1", "has more in `forward` than"),
}


@pytest.mark.parametrize(("id", "stub", "what"), WRONG_STUBS.values(), ids=WRONG_STUBS)
def test_a_wrong_stub_is_named(id, stub, what, package, capsys):
    write(package, *exercise(id, stub=stub))
    status, text = said(capsys, check=False)
    assert status == 1
    assert f"cell 0: the stub of {id} {what}" in text


def test_wrong_checks_are_named(package, capsys):
    name = "weighted = check"
    for check, what in {
        f'{name}("99.8", weighted)': "cell 2: there is no exercise 99.8",
        f'{name}("99.2", weighted)': "cell 2: checks `weighted`, but exercise 99.2 is `Mixer`",
        'check("99.1", weighted)': "cell 0: the check cell has no line like",
        'other = check("99.1", weighted)': "cell 0: the check cell has no line like",
    }.items():
        write(package, *exercise("99.1", check=check))
        assert what in said(capsys)[1]


def test_a_wrong_order_is_named(package, capsys):
    stub, words, check, solution = exercise("99.1")
    for cells, what in (
        ((stub, cell("1"), check, solution), "cell 0: no code cell tagged `check` comes right after the stub"),
        ((stub, words), "cell 0: no code cell tagged `check`"),
        ((stub, check, words), "cell 0: no Markdown cell tagged `solution` follows the check"),
        ((solution, stub, check), "cell 0: is tagged `solution`, but no exercise comes before it"),
        ((stub, solution, check), "no Markdown cell tagged `solution` follows"),
        ((stub, check, *exercise("99.2")), "cell 0: no Markdown cell tagged `solution`"),
    ):
        write(package, *cells)
        status, text = said(capsys)
        assert status == 1
        assert what in text


def test_the_courses_own_notebooks_are_in_order(capsys):
    status, text = said(capsys)
    assert status == 0, text
