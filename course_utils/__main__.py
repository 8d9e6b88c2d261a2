"""The commands of the course: `python -m course_utils COMMAND`.

A command is a function here that takes the words after its name and returns the exit status: 0 all is well,
1 something is not, 2 the words are wrong. Its docstring is its help.
"""

from __future__ import annotations  # an older Python must get as far as being told that it is too old

import argparse
import inspect
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from course_utils.files import NOTEBOOKS, ROOT, WORK, CourseError


def start(words: list[str]) -> int:
    """Copy the lessons that you don't have yet into your work folder, and open JupyterLab there.

    What lies in the work folder stays as it is. Stop JupyterLab with Ctrl-C.
    """
    parser = _parser(start)
    _add_work(parser)
    parser.add_argument("--no-browser", action="store_true", help="only print the address to open")
    parser.add_argument("--port", type=int, metavar="N", help="the port to listen on (default: a free one)")
    parser.add_argument("--copy-only", action="store_true", help="copy the lessons, and stop there")
    chosen = parser.parse_args(words)
    from course_utils import lab, work

    if not chosen.copy_only:
        _tell_problems()
        lab.require_jupyterlab()
    steps = work.copy_new(NOTEBOOKS, chosen.work)
    _print_copied(steps, chosen.work)
    if chosen.copy_only:
        return int(any(step.failed for step in steps))
    extra = ["--no-browser"] if chosen.no_browser else []
    return lab.serve(chosen.work, extra + ([f"--port={chosen.port}"] if chosen.port else []))


def update(words: list[str]) -> int:
    """After a `git pull`, renew the lessons in your work folder that you haven't edited.

    An edited lesson stays as it is, and the new version is laid beside it as NAME.new.ipynb. A lesson that
    you have only run is renewed, and the run copy is kept in .previous/. Nothing that you wrote is lost.
    """
    parser = _parser(update)
    _add_work(parser)
    folder = parser.parse_args(words).work
    from course_utils import work

    steps = work.renew(NOTEBOOKS, folder)
    for step in steps:
        print(f"{step.lesson}: {step.what}")
    return int(any(step.failed for step in steps))


def doctor(words: list[str]) -> int:
    """Look at the set-up of the course: what is wrong with it, and what puts it right."""
    parser = _parser(doctor)
    _add_work(parser)
    folder = parser.parse_args(words).work
    from course_utils.doctor import main as examine

    return examine(folder)


def store(words: list[str]) -> int:
    """Execute lessons and store their outputs in them; for authors of lessons."""
    parser = _parser(store)
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="default: all lessons")
    parser.add_argument("--check", action="store_true", help="store nothing; say what would change")
    chosen = parser.parse_args(words)
    from course_utils.store import main as store_all

    return store_all(chosen.notebooks, chosen.check)


def sync(words: list[str]) -> int:
    """Renew the copies of the package's code in the lessons; for authors of lessons."""
    parser = _parser(sync)
    parser.add_argument("--check", action="store_true", help="write nothing; name the cells that differ")
    check = parser.parse_args(words).check
    from course_utils.sync import main as renew

    return renew(check)


def train(words: list[str]) -> int:
    """Run an experiment that lessons quote, or train a model that they load, and store it; for authors of lessons."""
    parser = _parser(train)
    parser.add_argument("name", metavar="NAME", help="such as mixed_precision")
    name = parser.parse_args(words).name
    from course_utils.checkpoints import CHECKPOINTS, train_checkpoint
    from course_utils.experiments import run_experiment

    path = train_checkpoint(name) if name in CHECKPOINTS else run_experiment(name)
    print(f"stored in {path}; now run `python scripts/update_manifest.py`")
    return 0


def new_exercise(words: list[str]) -> int:
    """Start a new exercise: its reference, cases, mistakes, variants, cells and tests, with blanks; for authors.

    Nothing is overwritten. Where the reference's module doesn't exist yet, it alone is started.
    """
    parser = _parser(new_exercise)
    parser.add_argument("id", metavar="ID", help="lesson and number, the lesson's next one, such as 9.7")
    parser.add_argument("--reference", required=True, metavar="NAME", help="course_utils.models.MODULE.FUNCTION")
    parser.add_argument("--after", metavar="CELL", help="put the cells behind the one with this id (default: print)")
    parser.add_argument("--minutes", type=int, default=5, metavar="N", help="that it takes (default: %(default)s)")
    parser.add_argument("--difficulty", type=int, default=2, metavar="N", help="from 1 to 5 (default: %(default)s)")
    chosen = parser.parse_args(words)
    if not (ROOT / "tests" / "test_lessons_exercises.py").exists():
        raise CourseError(f"{ROOT} isn't the course's own repository: run new-exercise in a clone of it")
    from course_utils.scaffold.exercise import main as start_exercise

    return start_exercise(chosen.id, chosen.reference, chosen.minutes, chosen.difficulty, chosen.after)


def assign(words: list[str]) -> int:
    """Make a course folder for graded exercises: what students get, the instructor's version, a rubric.

    The student's package is the course's own without the answers to these exercises. Nothing is overwritten.
    """
    parser = _parser(assign)
    parser.add_argument("--exercises", nargs="+", required=True, metavar="ID", help="such as 2.1 2.3 5.2")
    parser.add_argument("--out", required=True, type=_folder, metavar="DIR", help="a course folder, new or with others")
    parser.add_argument("--name", default="assignment", help="of the assignment (default: %(default)s)")
    parser.add_argument("--points", nargs="+", default=[], metavar="ID=N", help="default: as many as the difficulty")
    parser.add_argument("--variant-seed", type=int, metavar="S", help="ask in variants, all in one notebook")
    chosen = parser.parse_args(words)
    _require_whole_course()
    from course_utils.grading.assignment import assignment, points_of
    from course_utils.grading.course_folder import CourseFolder
    from course_utils.grading.handout import write_course

    assigned = assignment(chosen.name, chosen.exercises, points_of(chosen.points), chosen.variant_seed)
    for line in write_course(assigned, chosen.out):
        print(f"also left out: {line}")
    student = CourseFolder(chosen.out, assigned.name).student
    print(f"{len(assigned.items)} exercises, {assigned.points:g} points: hand out {student}")
    return 0


def grade(words: list[str]) -> int:
    """Grade what was handed in under DIR/submitted/STUDENT/ASSIGNMENT/: table, pages, and nbgrader's gradebook.

    Each submission runs in a sandbox of its own, and is judged outside it on values.
    """
    parser = _parser(grade)
    parser.add_argument("folder", type=_folder, metavar="DIR", help="the course folder that `assign` made")
    parser.add_argument("--name", help="of the assignment, if there is more than one")
    parser.add_argument("--unprotected", action="store_true", help="without a sandbox; only for code that you trust")
    chosen = parser.parse_args(words)
    _require_whole_course()
    from course_utils.grading import gradebook
    from course_utils.grading.classroom import grade as grade_all
    from course_utils.grading.course_folder import CourseFolder, only_assignment

    out = sys.stdout  # while an answer is judged, what is printed elsewhere is caught
    tell = partial(print, file=out, flush=True)
    folder = CourseFolder(chosen.folder, chosen.name or only_assignment(chosen.folder))
    done = grade_all(folder, protected=not chosen.unprotected, tell=tell)
    print(f"{len(done)} submissions graded: grades.csv, class.html and feedback/ in {folder.own}")
    known = f"entered in {folder.gradebook}"
    print(known if gradebook.is_available() else f"no gradebook: nbgrader isn't installed; {gradebook.REMEDY}")
    return 0


def site(words: list[str]) -> int:
    """Build the course as a site: pages for any web server, or to hand out as a folder.

    The pages need neither Python nor a network. A folder that holds anything else than an earlier site, unchanged,
    is left alone.
    """
    parser = _parser(site)
    parser.add_argument("--out", required=True, type=_folder, metavar="DIR", help="a new folder, or an earlier site")
    out = parser.parse_args(words).out
    from course_utils.site.build import build

    built = build(out)
    told = f"{built.pages} pages, {built.size / 1e6:.1f} MB, built in {built.seconds:.0f} s"
    print(f"{told}: open {built.folder / 'index.html'}")
    return 0


def _require_whole_course() -> None:
    if find_spec("course_utils.grading.classroom") is None:
        raise CourseError("this package was handed out, without answers: assign and grade in the course's repository")


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    command.__name__.replace("_", "-"): command
    for command in (start, update, doctor, store, sync, train, new_exercise, assign, grade, site)
}


def main(words: list[str]) -> int:
    """Run the command that the first word names with the words after it; return the exit status."""
    for stream in (sys.stdout, sys.stderr):  # where the terminal has no ✓, a ? must do
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if words and words[0] in ("-h", "--help"):
        print(_overview())
        return 0
    if not words or words[0] not in COMMANDS:
        reason = f"there is no command {words[0]!r}" if words else "no command was named"
        print(f"{reason}\n\n{_overview()}", file=sys.stderr)
        return 2
    try:
        return COMMANDS[words[0]](words[1:])
    except CourseError as error:
        print(error, file=sys.stderr)
    except PermissionError as error:
        place = error.filename or "a file"
        print(f"{place}: {error.strerror}: give yourself permission, or name another place", file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    return 1


def _overview() -> str:
    """Return the list of commands, each with the first sentence of its help."""
    lines = [f"  {name:<14}{inspect.getdoc(command).splitlines()[0]}" for name, command in COMMANDS.items()]
    usage = "usage: python -m course_utils COMMAND [OPTION ...]"
    return "\n".join([usage, "", "commands:", *lines, "", "COMMAND --help says more about each."])


def _parser(command: Callable) -> argparse.ArgumentParser:
    """Return the parser of a command, with the command's docstring as its help."""
    name = f"python -m course_utils {command.__name__.replace('_', '-')}"
    return argparse.ArgumentParser(prog=name, description=inspect.getdoc(command), allow_abbrev=False)


def _folder(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _add_work(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--work",
        type=_folder,
        default=WORK,
        metavar="FOLDER",
        help=f"your work folder (default: {WORK.relative_to(ROOT)}/ in the course's folder)",
    )


def _tell_problems() -> None:
    """Print what the quick look at the set-up finds wrong, with the remedies."""
    from course_utils import doctor

    for check in doctor.quick():
        if check.state == doctor.PROBLEM:
            print(f"✗ {check.name}: {check.detail}\n  {check.remedy}")


def _print_copied(steps: list, folder: Path) -> None:
    """Print one line for each lesson that was copied or needs a word, and one for the rest."""
    told = [step for step in steps if step.what != "there already"]
    for step in told:
        print(f"{step.lesson}: {step.what}")
    print(f"{len(steps) - len(told)} lessons were there already; your work folder is {folder}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
