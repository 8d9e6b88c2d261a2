"""The commands of the course: `python -m course_utils COMMAND`.

A command is a function here that takes the words after its name and returns the exit status: 0 all is well,
1 something is not, 2 the words are wrong. Its docstring is its help.
"""

from __future__ import annotations  # an older Python must get as far as being told that it is too old

import argparse
import inspect
import sys
from collections.abc import Callable
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


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    command.__name__: command for command in (start, update, doctor, store, sync, train)
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
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    return 1


def _overview() -> str:
    """Return the list of commands, each with the first sentence of its help."""
    lines = [f"  {name:<9}{inspect.getdoc(command).splitlines()[0]}" for name, command in COMMANDS.items()]
    usage = "usage: python -m course_utils COMMAND [OPTION ...]"
    return "\n".join([usage, "", "commands:", *lines, "", "COMMAND --help says more about each."])


def _parser(command: Callable) -> argparse.ArgumentParser:
    """Return the parser of a command, with the command's docstring as its help."""
    name = f"python -m course_utils {command.__name__}"
    return argparse.ArgumentParser(prog=name, description=inspect.getdoc(command), allow_abbrev=False)


def _add_work(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--work",
        type=lambda text: Path(text).expanduser().absolute(),
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
