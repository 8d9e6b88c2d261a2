"""Start a new exercise: plan all files first, then write all of them or none."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from course_utils.exercises.registry import lesson_exercises
from course_utils.files import ROOT, CourseError, write_atomically
from course_utils.lessons import LESSONS, Lesson
from course_utils.scaffold.answers import alternatives_file, cases_file, checks_file, mistakes_file
from course_utils.scaffold.cells import exercise_cells, inserted, shown
from course_utils.scaffold.insertions import bound, with_entry, with_import
from course_utils.scaffold.outline import Outline
from course_utils.scaffold.recipe import constant, recipe_file
from course_utils.scaffold.reference import place, started, text_of
from course_utils.store import as_bytes, read

EXERCISES = Path("course_utils", "exercises")
PACKAGE = "course_utils.exercises"
ENTRY = """Exercise(
    id="{id}",
    reference={reference},
    cases=cases_{stem}.cases,
    mistakes=mistakes_{stem}.MISTAKES,
    hints=(
        "{todo}: a nudge, as a question.",
        "{todo}: which step comes next, and what it gives.",
        "{todo}: nearly the answer.",
    ),
    minutes={minutes},
    difficulty={difficulty},
    alternatives=alternatives_{stem}.ALTERNATIVES,{more}
)"""
NO_EXERCISES = '''"""Lesson {lesson}'s exercises."""

from course_utils.exercises.registry import Exercise

EXERCISES = ()
'''
NO_VARIANTS = '''"""Lesson {lesson}'s variants."""

RECIPES = ()
'''
REFERENCE_STEPS = """
Next:
1. Write `{name}` there: each {todo} says what is missing.
2. Run this command again. The rest is made from the reference's name, parameters and docstring."""
STEPS = """
Next:
1. Fill in every {todo}: git grep -n --untracked "{todo}"
2. tests/test_lessons_exercises.py: COUNTS[{lesson}] says how many exercises lesson {lesson} has, now {count},
   and the fewest mistakes of one of them.{gradients}
3. {paste}python -m course_utils sync
4. python -m course_utils store {notebook}
5. python scripts/update_readme.py; after a change in data/ also python scripts/update_manifest.py
6. ruff check && ruff format
7. pytest {test} tests/test_lessons_exercises.py tests/test_exercises.py tests/test_variants.py -k "{chosen}"
"""


@dataclass
class _Plan:
    """What is to be written, by path seen from the repository, and what is said of each file."""

    new: dict[Path, str] = field(default_factory=dict)
    changed: dict[Path, tuple[bytes, str]] = field(default_factory=dict)


def main(id: str, dotted: str, minutes: int, difficulty: int, after: str | None = None, root: Path = ROOT) -> int:
    """Write the files of a new exercise, register it, and print what was done and what comes next.

    Args:
        id: the next one of its lesson, such as "9.7".
        dotted: where the reference is, such as "course_utils.models.mixer.mix_tokens"; a module that doesn't exist
            yet is started, and nothing else is done.
        minutes, difficulty: as in `Exercise`.
        after: the id of the cell behind which the exercise's cells are put; None: they are printed.
        root: the repository.

    Returns:
        0, since all else is an error.

    Raises:
        CourseError: one of these can't be, a file exists already, or can't be written; then nothing was written.
    """
    lesson, where, todo = _lesson_of(id), place(dotted), f"TODO({id})"
    if not 1 <= difficulty <= 5 or minutes < 1:
        raise CourseError(f"--minutes {minutes} --difficulty {difficulty}: at least 1 minute, difficulty from 1 to 5")
    if not (root / where.file).exists():
        _write(root, _Plan(new={where.file: started(where, todo)}))
        print(REFERENCE_STEPS.format(name=where.name, todo=todo))
        return 0
    outline = Outline(id, where.module, text_of(where, todo), minutes, difficulty)
    plan, cells = _plan(root, outline), exercise_cells(outline)
    if after is not None:
        path = lesson.path.relative_to(lesson.path.parents[1])
        changed = as_bytes(inserted(read(root / path), cells, after))
        plan.changed[path] = changed, f"{len(cells)} cells behind {after}"
    _write(root, plan)
    if after is None:
        print(f"\nTo be pasted into the lesson:\n{shown(cells)}")
    print(_steps(outline, lesson, pasted=after is None), end="")
    return 0


def _lesson_of(id: str) -> Lesson:
    """Return the lesson that a new exercise belongs to.

    Raises:
        CourseError: the id isn't the next one of a lesson of the course.
    """
    number, _, count = id.partition(".")
    known = {str(int(lesson.number)): lesson for lesson in LESSONS}
    if not (count.isdecimal() and count.isascii()) or not (number.isdecimal() and number.isascii()):
        raise CourseError(f'{id} is not the id of an exercise: write lesson and number, such as "9.7"')
    if number not in known:
        raise CourseError(f"{id}: there is no lesson {number}. Write it into course_utils/lessons.py first")
    ids = [exercise.id for exercise in lesson_exercises(int(number))]
    following = f"{number}.{len(ids) + 1}"
    if id != following:
        why = "is taken" if id in ids else "isn't the next one"
        raise CourseError(f"{id} {why}: lesson {number} has {', '.join(ids) or 'none'}; use {following}")
    return known[number]


def _plan(root: Path, outline: Outline) -> _Plan:
    plan = _Plan()
    for kind, make in {
        "cases": cases_file,
        "mistakes": mistakes_file,
        "alternatives": alternatives_file,
        "variants": recipe_file,
    }.items():
        plan.new[EXERCISES / f"{kind}_{outline.stem}.py"] = make(outline)
    plan.new[_test(outline)] = checks_file(outline)
    registers = {
        f"lesson_{outline.lesson:02}.py": (NO_EXERCISES, _with_exercise),
        f"variants_{outline.lesson:02}.py": (NO_VARIANTS, _with_recipe),
    }
    for name, (none, register) in registers.items():
        path = EXERCISES / name
        if (root / path).exists():
            text = register((root / path).read_text(encoding="utf-8"), outline)
            plan.changed[path] = text.encode(), f"{outline.id} added"
        else:
            plan.new[path] = register(none.format(lesson=outline.lesson), outline)
    return plan


def _test(outline: Outline) -> Path:
    return Path("tests", f"test_lesson_{outline.stem}.py")


def _with_exercise(text: str, outline: Outline) -> str:
    """Return a lesson's module with the new exercise."""
    name = outline.name
    alias = f"{name}_reference" if name in bound(text) else ""
    text = with_import(text, outline.module, name, alias)
    for kind in ("alternatives", "cases", "mistakes"):
        text = with_import(text, PACKAGE, f"{kind}_{outline.stem}")
    facts = {"minutes": outline.minutes, "difficulty": outline.difficulty, "todo": outline.todo}
    more = "" if outline.differentiable else "\n    differentiable=False,"
    entry = ENTRY.format(id=outline.id, reference=alias or name, stem=outline.stem, more=more, **facts)
    return with_entry(text, "EXERCISES", entry)


def _with_recipe(text: str, outline: Outline) -> str:
    """Return a lesson's module of variants with the new recipe."""
    name = constant(outline)
    alias = f"{name}_RECIPE" if name in bound(text) else ""
    text = with_import(text, f"{PACKAGE}.variants_{outline.stem}", name, alias)
    return with_entry(text, "RECIPES", alias or name)


def _write(root: Path, plan: _Plan) -> None:
    """Write everything that is planned, or nothing, and say what was written.

    Raises:
        CourseError: a new file exists already, or a folder can't be written to.
    """
    for path in plan.new:
        if (root / path).exists():
            raise CourseError(f"{path} exists already, and nothing is overwritten: move it away, or finish it by hand")
    contents = {path: text.encode() for path, text in plan.new.items()}
    contents |= {path: content for path, (content, _) in plan.changed.items()}
    before = {path: (root / path).read_bytes() for path in plan.changed}
    done = []
    try:
        for path, content in contents.items():
            write_atomically(root / path, content)
            done.append(path)
    except OSError as error:
        for written in done:
            _put_back(root / written, before.get(written))
        raise CourseError(f"{path} can't be written ({error.strerror}): make {path.parent}/ writable") from error
    for line in sorted(_told(plan)):
        print(line)


def _put_back(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink()
    else:
        write_atomically(path, content)


def _told(plan: _Plan) -> Iterator[str]:
    yield from (f"{path.as_posix()}: new" for path in plan.new)
    yield from (f"{path.as_posix()}: {what}" for path, (_, what) in plan.changed.items())


def _steps(outline: Outline, lesson: Lesson, pasted: bool) -> str:
    number = outline.id.split(".")[1]
    return STEPS.format(
        todo=outline.todo,
        lesson=outline.lesson,
        count=number,
        gradients=f'\n   GRADIENTS[{outline.lesson}] gets "{number}".' if outline.differentiable else "",
        paste="Paste the cells; then " if pasted else "",
        notebook=f"notebooks/{lesson.path.name}",
        test=_test(outline).as_posix(),
        chosen=f"{outline.id} or {outline.stem} or its_exercises",
    )
