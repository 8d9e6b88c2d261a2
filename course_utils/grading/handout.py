"""Write a course folder: what students get, what the instructor keeps, and nothing of the one in the other."""

import copy
import shutil
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_utils.exercises.cells import Block, blocks, tags
from course_utils.exercises.help import source
from course_utils.files import DATA, NOTEBOOKS, ROOT, CourseError
from course_utils.grading import gradebook
from course_utils.grading.assignment import Assignment, Item
from course_utils.grading.course_folder import CONFIG, CourseFolder
from course_utils.grading.judging import CORRECT, Key
from course_utils.grading.package import answers_of, write_package
from course_utils.grading.problem_set import problem_set
from course_utils.grading.rubric import rubric
from course_utils.grading.sandbox import Sandbox
from course_utils.grading.submissions import Part, read_cells, rulings
from course_utils.grading.traces import Answers

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
SCHEMA = 3  # of nbgrader's cell metadata
COPIED = ("pyproject.toml", "constraints.txt", "LICENSE")
README = """# {name}: {points:g} points

{table}

1. Once, in this folder:
   `python3 -m venv .venv && . .venv/bin/activate && python -m pip install -c constraints.txt -e .`, in PowerShell
   `py -m venv .venv; .venv\\Scripts\\Activate.ps1; python -m pip install -c constraints.txt -e .`
2. `python -m course_utils start` copies the notebooks into `work/` and opens JupyterLab there. Your copies are never
   overwritten.
3. Write your answers where the dots are. `check` takes an answer as it stands, and says if its form is wrong; whether
   it is right is seen when it is graded. What comes after a graded exercise runs on your own answer.
4. Hand in the notebooks from `work/`, under the names that they have.

Only definitions are graded: imports, functions, classes and constants, in whatever cell. Leave the names as they are.
"""
SETTINGS = """# nbgrader's settings for this course folder
c = get_config()
c.CourseDirectory.course_id = "{id}"
c.ClearSolutions.code_stub = {{"python": "# your answer goes into the dots above"}}
c.IncludeHeaderFooter.header = ""
# nbgrader's own autograding would run submissions unprotected, and believe what they say
c.Autograde.sanitize_preprocessors = ["course_utils.grading.nbgrader_stop.Stop"]
"""


def write_course(assigned: Assignment, root: Path) -> list[str]:
    """Write an assignment into a course folder, a new one or one that has others.

    Args:
        assigned: what is handed out.
        root: the course folder.

    Returns:
        what the student's package lacks besides the answers, in words.

    Raises:
        CourseError: the folder holds something else, or an assignment of this name; it can't be written; or something
            of an answer is left in what students get.
    """
    folder = CourseFolder(root, assigned.name)
    folder.require_room()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=".assign-") as place:
            written = CourseFolder(Path(place), assigned.name)
            told = _write(assigned, written)
            for old, new in zip(written.parts, folder.parts, strict=True):
                new.parent.mkdir(exist_ok=True)
                old.rename(new)
        folder.submissions.mkdir(exist_ok=True)
        if not (root / CONFIG).exists():
            (root / CONFIG).write_text(SETTINGS.format(id=folder.course_id), encoding="utf-8")
        if gradebook.is_available():
            gradebook.register(assigned, folder)
    except OSError as error:
        raise CourseError(f"{root} can't be written: {error.strerror or error}") from error
    return told


def _write(assigned: Assignment, folder: CourseFolder) -> list[str]:
    answers = answers_of(assigned.items)
    folder.student.mkdir(parents=True)
    told = write_package(folder.student, assigned.items, answers)
    _write_student(assigned, folder.student)
    for place, version in ((folder.release, for_student), (folder.source, for_instructor)):
        place.mkdir(parents=True)
        for name, items in assigned.notebooks().items():
            lesson = problem_set(assigned) if assigned.seed is not None else _lesson(name)
            write(version(lesson, items), place / name)
    for name in assigned.notebooks():
        shutil.copy(folder.release / name, folder.student / "notebooks")
    (folder.own / "rubric.md").write_text(rubric(assigned), encoding="utf-8")
    assigned.save(folder.own)
    _require_clean(answers, folder.student, folder.release)
    require_solvable(assigned, folder, protected=False)
    return told


def _write_student(assigned: Assignment, student: Path) -> None:
    for name in COPIED:
        shutil.copy(ROOT / name, student)
    shutil.copytree(DATA, student / "data", ignore=shutil.ignore_patterns("downloads"))
    (student / "notebooks").mkdir()
    rows = ["| exercise | lesson | minutes | difficulty | points |", "|---|---|---|---|---|"]
    rows += [
        f"| {item.id} `{item.exercise.reference.__name__}` | {item.lesson:02} | {item.exercise.minutes} "
        f"| {item.exercise.difficulty} of 5 | {item.points:g} |"
        for item in assigned.items
    ]
    text = README.format(name=assigned.name, points=assigned.points, table="\n".join(rows))
    (student / "README.md").write_text(text, encoding="utf-8")


def _require_clean(answers: Answers, *folders: Path) -> None:
    left = [trace for folder in folders for trace in answers.left_in(folder)]
    if left:
        first = left[0]
        raise CourseError(f"a piece of the answer to {first.id} is left in {first.file}: {first.text!r}")


def require_solvable(assigned: Assignment, folder: CourseFolder, protected: bool) -> None:
    """Hand in the instructor's own version, and look whether it gets all points with this very package.

    Args:
        assigned: what is handed out.
        folder: where it lies.
        protected: in a sandbox, as submissions are.

    Raises:
        CourseError: it doesn't, because of what is assigned together, or of this machine.
    """
    parts = []
    for name, items in assigned.notebooks().items():
        cells = [cell.code for cell in read_cells(folder.source, name)]
        parts.append(Part(cells, [Key(item.exercise) for item in items]))
    for id, ruling in rulings(parts, Sandbox(folder.student, protected)).items():
        if ruling.state != CORRECT:
            told = f": {ruling.fault.what}" if ruling.fault else ""
            raise CourseError(
                f"the right answer to {id} would be wrong{told}. Where it is built on another of these exercises, "
                "assign the two apart; else this machine's sandbox is too narrow for Python and PyTorch"
            )


def _lesson(name: str) -> NotebookNode:
    return nbformat.read(NOTEBOOKS / name, as_version=4)


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook, after looking whether it is one."""
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


def for_student(lesson: NotebookNode, items: list[Item]) -> NotebookNode:
    """Return a lesson with graded stubs, without solutions and outputs.

    Stub and check carry nbgrader's metadata: an answer cell, and a locked one with the points.
    """
    graded = {item.id: item for item in items}
    notebook = _marked(lesson, graded)
    notebook.cells = [cell for cell in notebook.cells if "solution" not in tags(cell)]
    return _without_outputs(notebook)


def for_instructor(lesson: NotebookNode, items: list[Item]) -> NotebookNode:
    """Return the same with the course's answers, between the marks that nbgrader cuts out."""
    graded = {item.id: item for item in items}
    notebook = _marked(lesson, graded)
    for block in blocks(notebook):
        if block.id in graded:
            answer = source(graded[block.id].exercise.reference)
            notebook.cells[block.stub].source += f"\n\n\n{BEGIN}\n{answer}\n{END}"
    return _without_outputs(notebook)


def _marked(lesson: NotebookNode, graded: dict[str, Item]) -> NotebookNode:
    notebook, notes = copy.deepcopy(lesson), {}
    for block in blocks(notebook):
        if block.id in graded:
            _mark(notebook, block, graded[block.id])
            notes[block.stub] = f"*Graded: {graded[block.id].points:g} points.*"
    for place in sorted(notes, reverse=True):
        cell = new_markdown_cell(notes[place])
        cell.id = f"points-{place}"
        notebook.cells.insert(place, cell)
    return notebook


def _mark(notebook: NotebookNode, block: Block, item: Item) -> None:
    number = item.id.replace(".", "-")
    common = {"schema_version": SCHEMA, "task": False}
    answer = {"grade": False, "solution": True, "locked": False, "grade_id": f"answer-{number}"}
    check = {"grade": True, "solution": False, "locked": True, "grade_id": f"check-{number}", "points": item.points}
    notebook.cells[block.stub].metadata["nbgrader"] = {**common, **answer}
    notebook.cells[block.check].metadata["nbgrader"] = {**common, **check}


def _without_outputs(notebook: NotebookNode) -> NotebookNode:
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook
