"""`new-exercise`: the exercise that CONTRIBUTING shows is made from it, and whatever can't be is refused, untouched."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from types import ModuleType

import nbformat
import pytest
from exercise_outcomes import parameters
from filled_block import REFERENCE as BLOCK
from filled_block import TOPIC, fill_block
from ordinary_user import as_ordinary_user, folder_of_ordinary_user

from course_utils import __main__ as commands
from course_utils.exercises import registry, sources
from course_utils.exercises.cells import blocks
from course_utils.files import ROOT, CourseError
from course_utils.models import spatial_mlps
from course_utils.scaffold import exercise, insertions
from course_utils.scaffold.outline import snake_case

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTION = PAGE.split("## Adding an exercise with its mistakes\n")[1].split("\n## ")[0]
COMMANDS = re.findall(r"```sh\n(.+?)\n```", SECTION)
PRINTED = re.findall(r"```text\n(.+?\n)```", SECTION, flags=re.DOTALL)
FILES = dict(re.findall(r"```python\n# (\S+)\n(.+?\n)```", SECTION, flags=re.DOTALL))
(HEADING,) = re.findall(r"```markdown\n(.+?)\n```", SECTION, flags=re.DOTALL)
LESSON = "course_utils/exercises/lesson_09.py"
REFERENCE = "course_utils/models/token_means.py"
NOTEBOOK = "notebooks/09_mlp_mixer.ipynb"
COUNTS = "tests/test_lessons_exercises.py"
SHIFTS = "course_utils.models.spatial_mlps"


# the exercise that CONTRIBUTING shows


def run(folder, command):
    """Run a command as it is written, with the copy's package."""
    words = shlex.split(command)
    words = [sys.executable, *words[1:]] if words[0] == "python" else [sys.executable, "-m", *words]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COURSE"))}
    environment = {**kept, "PYTHONPATH": str(folder), "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)


def sorted_outcomes(folder, command):
    """Run tests; return those that passed, and the others."""
    done = run(folder, f"{command} -p no:cacheprovider -rpfE --tb=no -q")
    lines = re.findall(r"^(PASSED|FAILED|ERROR) (\S+)", done.stdout, flags=re.MULTILINE)
    assert lines, done.stdout + done.stderr
    return [[test for what, test in lines if (what == "PASSED") is right] for right in (True, False)]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course") / "clone"
    for name in ("course_utils", "scripts", "tests"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "notebooks").mkdir()
    for name in ("pyproject.toml", "conftest.py", NOTEBOOK, "notebooks/ruff.toml"):
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def started(copy):
    """The copy with the reference started, written as CONTRIBUTING shows it, and all else started from it."""
    first = run(copy, COMMANDS[0])
    assert (first.returncode, first.stdout) == (0, PRINTED[0]), first.stderr
    write(copy, REFERENCE)
    second = run(copy, COMMANDS[1])
    assert (second.returncode, second.stdout) == (0, PRINTED[1]), second.stderr
    return copy


def write(folder, path):
    """Put what CONTRIBUTING shows in place of a started file, which has the same public names and imports."""
    before, after = (folder / path).read_text(encoding="utf-8"), FILES[path]
    assert public(before) == public(after)
    assert "TODO" in before and "TODO" not in after
    (folder / path).write_text(after, encoding="utf-8")


def public(text):
    return {name for name in insertions.bound(text) if not name.startswith("_")} - {"on", "axes", "shape", "torch"}


def fill(folder):
    """Fill in all the rest."""
    for path in FILES.keys() - {LESSON, REFERENCE}:
        write(folder, path)
    lesson = (folder / LESSON).read_text(encoding="utf-8")
    (entry,) = re.findall(r'    Exercise\(\n        id="9\.7",.+?\n    \),\n', lesson, flags=re.DOTALL)
    shown = "".join(f"    {line}\n" for line in f"{FILES[LESSON].rstrip()},".splitlines())
    (folder / LESSON).write_text(lesson.replace(entry, shown), encoding="utf-8")
    notebook = nbformat.read(folder / NOTEBOOK, as_version=4)
    (heading,) = (cell for cell in notebook.cells if "TODO" in cell.source)
    heading.source = HEADING
    nbformat.write(notebook, folder / NOTEBOOK)
    text = (folder / COUNTS).read_text(encoding="utf-8")
    for new in re.findall(r"`(9: .+?,)`", SECTION):
        kind = re.escape(new[:4])
        text, count = re.subn(rf"^    {kind}.+$", f"    {new}", text, flags=re.MULTILINE)
        assert count == 1
    (folder / COUNTS).write_text(text, encoding="utf-8")


def printed_tests():
    """Return the command that runs the new exercise's tests."""
    (command,) = re.findall(r"^\d\. (pytest .+)$", PRINTED[1], flags=re.MULTILINE)
    return command


def clean(folder):
    """Tell what ruff has to say."""
    checks = [run(folder, f"ruff {words} --no-cache .") for words in ("check", "format --check")]
    return "".join(done.stdout + done.stderr for done in checks if done.returncode)


def test_what_is_started_passes_no_test_of_an_exercise(started):
    assert clean(started) == ""
    passed, others = sorted_outcomes(started, printed_tests())
    assert len([test for test in others if "test_lesson_09_masked_mean.py" in test]) == 4
    assert any("its_exercises" in test and "[9]" in test for test in others)
    assert not [test for test in passed if "9.7-todo" in test or "test_lesson_09_masked_mean.py" in test]
    for name in ("mistakes_can_be_seen_and_told_apart", "right_answers_are_right", "seeds_choose_settings"):
        assert any(name in test for test in others) and not any(name in test and "9.7" in test for test in passed)


def test_filled_in_as_contributing_shows_it_everything_passes(started):
    """And one with a class, 5.8, with it."""
    fill(started)
    synced = run(started, "python -m course_utils sync")
    assert synced.returncode == 0 and "renewed: the solution of 9.7 differs" in synced.stdout
    assert clean(started) == ""
    exercise.main("5.8", BLOCK, 5, 2, root=started)
    fill_block(started)
    words = (
        printed_tests()
        .replace("pytest ", f"pytest tests/test_lesson_{TOPIC}.py ")
        .replace("9.7 or", f"9.7 or 5.8 or {TOPIC} or")
    )
    passed, others = sorted_outcomes(started, words)
    assert others == []
    for test, count in {
        "::test_every_mistake_gets_its_own_diagnosis[{}-": 5,
        "::test_right_answers_are_right_and_mistakes_get_their_own_diagnosis[{}-": 5,
        "::test_a_copy_of_the_reference_and_every_alternative_is_right[{}]": 1,
        "::test_mistakes_can_be_seen_and_told_apart[{}]": 1,
    }.items():
        for id in ("9.7", "5.8"):
            assert len([name for name in passed if test.format(id) in name]) == count, (id, test)
    assert len([name for name in passed if "test_lesson_09_masked_mean.py" in name or TOPIC in name]) == 2 * 4


# any exercise


@pytest.fixture
def root(tmp_path):
    return small(tmp_path / "clone")


def small(folder):
    """Lay out what the command reads and writes."""
    for name in ("exercises", "models"):
        shutil.copytree(
            ROOT / "course_utils" / name, folder / "course_utils" / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("notebooks", "tests"):
        (folder / name).mkdir()
    for name in (NOTEBOOK, "notebooks/ruff.toml", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def start(root, id="9.7", name=f"{SHIFTS}.cycle_shift", after=None, minutes=5, difficulty=2):
    return exercise.main(id, name, minutes, difficulty, after, root)


LESSONS = {  # functions with and without tensors or defaults, and modules
    0: f"{SHIFTS}.cycle_shift",
    1: f"{SHIFTS}.CycleFC",
    2: "course_utils.models.resmlp.Affine",
    3: "course_utils.models.mixer.mixer_macs",
    4: f"{SHIFTS}.tokens_read",
    5: f"{SHIFTS}.SpatialShiftBlock",
    6: "course_utils.models.mixer.AllMLP",
    7: "course_utils.models.mixer.mixer_b16",
    8: "course_utils.models.token_convolution.depthwise_convolution",
    9: f"{SHIFTS}.cycle_offsets",
    10: "course_utils.models.tradeoffs.check_pairs",
    11: "course_utils.models.gmlp.GatedMLPBlock",
}


def test_ruff_has_nothing_to_say_in_any_lesson(root, capsys):
    for lesson, name in LESSONS.items():
        assert start(root, f"{lesson}.{len(registry.lesson_exercises(lesson)) + 1}", name) == 0
    assert clean(root) == ""
    printed = capsys.readouterr().out
    assert printed.count("To be pasted into the lesson:") == len(LESSONS)
    assert "--- a code cell tagged `check`\nAffine = check(" in printed


def test_a_second_exercise_joins_the_first_ones_imports(root, monkeypatch):
    ids = [known.id for known in registry.lesson_exercises(9)]
    start(root, name=f"{SHIFTS}.cycle_shift")
    monkeypatch.setattr(exercise, "_lesson_of", lambda id: exercise.LESSONS[9])
    start(root, "9.8", f"{SHIFTS}.CycleFC")
    assert clean(root) == ""
    text = (root / LESSON).read_text(encoding="utf-8")
    assert f"from {SHIFTS} import CycleFC, cycle_shift\n" in text
    assert re.findall(r'id="(.+)"', text) == [*ids, "9.7", "9.8"]


@pytest.mark.parametrize("name", ["cycle_shift", "CycleFC", "SpatialShiftBlock"])
def test_answers_have_the_references_parameters_and_the_recipe_its_source(root, name, monkeypatch):
    start(root, name=f"{SHIFTS}.{name}")
    reference, topic = getattr(spatial_mlps, name), snake_case(name)
    found = {}
    for kind in ("cases", "mistakes", "alternatives", "variants"):
        module = ModuleType(f"course_utils.exercises.{kind}_09_{topic}")
        text = (root / "course_utils" / "exercises" / f"{kind}_09_{topic}.py").read_text(encoding="utf-8")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(text, vars(module))
        found[kind] = module
    answers = [mistake.wrong for mistake in found["mistakes"].MISTAKES] + list(found["alternatives"].ALTERNATIVES)
    assert len(answers) == 5 + 2
    assert all(parameters(answer) == parameters(reference) for answer in answers)
    recipe = getattr(found["variants"], topic.upper())
    assert len(recipe.settings()) >= 4 and recipe.cases is found["cases"].cases
    text = "\n".join(line.removeprefix(" " * 8) for line in recipe.source.strip("\n").split("\n"))
    assert "$here" in text
    made = sources.compiled(text.strip() + "\n", name, "9.7", recipe.names)
    assert parameters(made) == parameters(reference)


def test_what_a_variant_would_not_know_is_a_blank(root):
    start(root, name=f"{SHIFTS}.tokens_read")
    text = (root / "course_utils/exercises/variants_09_tokens_read.py").read_text(encoding="utf-8")
    assert "): a variant doesn't know `Callable`: write it out in the source\n" in text


def test_the_cells_are_put_where_they_are_asked_for_and_nothing_else_changes(root):
    before = contents(root)
    start(root, name=f"{SHIFTS}.SpatialShiftBlock", after="mixer-070")
    notebook = nbformat.read(root / NOTEBOOK, as_version=4)
    (block,) = (block for block in blocks(notebook) if block.id == "9.7")
    assert notebook.cells[block.stub - 2].id == "mixer-070" and block.problem == ""
    assert (block.check, block.solution) == (block.stub + 1, block.stub + 2)
    assert ast.parse(notebook.cells[block.stub].source).body[0].name == "SpatialShiftBlock"
    del notebook.cells[block.stub - 1 : block.solution + 1]
    after = contents(root)
    assert exercise.as_bytes(notebook) == before[NOTEBOOK]
    changed = {path for path in before if after[path] != before[path]}
    assert changed == {NOTEBOOK, LESSON, "course_utils/exercises/variants_09.py"}
    assert len(after.keys() - before.keys()) == 5
    for path in changed - {NOTEBOOK}:
        kept = after[path].decode().split("\n")
        lost = [line for line in before[path].decode().split("\n") if line not in kept]
        assert len(lost) <= 1 and all(line.startswith("RECIPES = ") for line in lost)


def test_a_lesson_without_exercises_gets_its_modules(root, monkeypatch):
    for name in ("lesson_09.py", "variants_09.py"):
        (root / "course_utils" / "exercises" / name).unlink()
    monkeypatch.setattr(exercise, "lesson_exercises", lambda lesson: ())
    start(root, "9.1")
    assert clean(root) == ""
    names = {}
    for kind in ("lesson", "variants"):
        names |= {kind: insertions.bound((root / f"course_utils/exercises/{kind}_09.py").read_text(encoding="utf-8"))}
    assert names["lesson"] >= {"Exercise", "EXERCISES", "cycle_shift", "cases_09_cycle_shift"}
    assert names["variants"] == {"RECIPES", "CYCLE_SHIFT"}


def test_a_module_that_does_not_exist_is_started_for_a_class_too(root, capsys):
    start(root, name="course_utils.models.invented.NewLayer")
    text = (root / "course_utils/models/invented.py").read_text(encoding="utf-8")
    assert "class NewLayer(nn.Module):" in text and "def forward(self, tokens: Tensor) -> Tensor:" in text
    assert "course_utils/models/invented.py: new\n" in capsys.readouterr().out
    assert clean(root) == ""


# what can't be


BAD = {
    "no id": ({"id": "nine"}, "nine is not the id of an exercise: write lesson and number"),
    "another script": ({"id": "9.٧"}, "9.٧ is not the id of an exercise"),
    "taken": ({"id": "9.3"}, "9.3 is taken: lesson 9 has 9.1, 9.2, 9.3, 9.4, 9.5, 9.6; use 9.7"),
    "a gap": ({"id": "9.9"}, "9.9 isn't the next one: lesson 9 has"),
    "no lesson": ({"id": "77.1"}, "77.1: there is no lesson 77. Write it into course_utils/lessons.py first"),
    "not dotted": ({"name": "cycle_shift"}, "--reference cycle_shift: reference code lives in course_utils.models"),
    "not in models": ({"name": "course_utils.plots.show"}, "reference code lives in course_utils.models"),
    "private": ({"name": f"{SHIFTS}._hidden"}, "write course_utils.models.MODULE.NAME"),
    "not there": ({"name": f"{SHIFTS}.nowhere"}, "spatial_mlps.py has no `nowhere`. Write it there first, such as"),
    "no function": ({"name": f"{SHIFTS}.F"}, "is neither a function nor an nn.Module class"),
    "imported": ({"name": f"{SHIFTS}.MLP"}, "write --reference course_utils.models.attention.MLP"),
    "another's": ({"name": f"{SHIFTS}.spatial_shift"}, "is exercise 9.5's reference already: name another one"),
    "inherited": ({"name": "course_utils.models.mixer.MLPMixer"}, "has no `forward` of its own: write it"),
    "difficulty": ({"difficulty": 6}, "--difficulty 6: at least 1 minute, difficulty from 1 to 5"),
    "minutes": ({"minutes": 0}, "--minutes 0"),
    "no cell": (
        {"after": "mixer-999"},
        "no cell has this id. Those with a heading are\n  mixer-000  # 09",
    ),
    "inside": ({"after": "mixer-066"}, "stands inside exercise 9.6; write --after mixer-068"),
}


@pytest.mark.parametrize(("given", "message"), BAD.values(), ids=BAD)
def test_what_cannot_be_is_named_with_the_remedy_and_nothing_is_written(root, given, message):
    before = contents(root)
    with pytest.raises(CourseError, match=re.escape(message)):
        start(root, **given)
    assert contents(root) == before


INVENTED = {
    "undocumented": ("def new(x: Tensor) -> Tensor:\n    return x\n", "has no docstring: say what it computes"),
    "unannotated": ('def new(x) -> Tensor:\n    """Do."""\n    return x\n', "has no annotation for `x` of `new`"),
    "unknown result": ('def new(x: Tensor):\n    """Do."""\n    return x\n', "no annotation for what `new` returns"),
    "no parameters": ('def new() -> int:\n    """Do."""\n    return 1\n', "has no parameters in `new`"),
    "any number": (
        'def new(*x: Tensor) -> int:\n    """Do."""\n    return 1\n',
        "takes any number of arguments",
    ),
    "unwritten": ('def new(x: Tensor) -> int:\n    """Do."""\n    raise NotImplementedError\n', "isn't written yet"),
    "silent forward": (
        'class new(nn.Module):\n    """Do."""\n\n    def forward(self, x: Tensor) -> Tensor:\n        return x\n',
        "has a `forward` without a docstring",
    ),
    "no Python": ("def new(:\n", "course_utils/models/invented.py can't be imported"),
}


@pytest.mark.parametrize(("text", "message"), INVENTED.values(), ids=INVENTED)
def test_a_reference_must_be_written_documented_and_annotated(root, text, message, monkeypatch):
    path = root / "course_utils" / "models" / "invented.py"
    path.write_text(f"from torch import Tensor, nn\n\n\n{text}", encoding="utf-8")
    if "def new(:" not in text:
        module = ModuleType("course_utils.models.invented")
        module.__file__ = str(path)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), vars(module))
    before = contents(root)
    with pytest.raises(CourseError, match=re.escape(message)):
        start(root, name="course_utils.models.invented.new")
    assert contents(root) == before


def test_nothing_is_overwritten(root):
    start(root)
    before = contents(root)
    with pytest.raises(CourseError, match=re.escape("cases_09_cycle_shift.py exists already, and nothing is over")):
        start(root)
    assert contents(root) == before


def test_a_folder_that_cannot_be_written_to_is_named_and_what_was_written_taken_back():
    with folder_of_ordinary_user() as place:
        root = small(place / "clone")
        for path in (place, *place.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o666)
        before = contents(root)
        (root / "tests").chmod(0o555)
        with as_ordinary_user(), pytest.raises(CourseError, match=r"can't be written \(Permission denied\)") as told:
            start(root)
        assert str(told.value).endswith("make tests/ writable")
        assert contents(root) == before


def test_a_registry_without_its_tuple_is_named(root):
    path = root / LESSON
    path.write_text(path.read_text(encoding="utf-8").replace("EXERCISES = (", "EXERCISES = list((") + ")")
    with pytest.raises(CourseError, match=re.escape("no line `EXERCISES = (...)` is found")):
        start(root)


def test_it_is_for_the_courses_own_repository(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    assert commands.main(["new-exercise", "9.7", "--reference", f"{SHIFTS}.cycle_shift"]) == 1
    assert capsys.readouterr().err == (
        f"{tmp_path} isn't the course's own repository: run new-exercise in a clone of it\n"
    )
