"""A leaderboard in the student's own folder: models of a project, each measured again from what was stored of it.

An entry is a folder: weights, the text of the code that builds the model, and a record. `submit` measures a model,
rebuilds it from these files in a process of its own, measures it again, and stores it if both agree. `validate` does
the second half again, whenever you ask. An entry that a fellow student gave you holds code of theirs: it is only run
when you have said that you read it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
from IPython.display import Markdown
from torch import Tensor, nn

from course_utils import leaderboard_files as files
from course_utils import projects
from course_utils.files import CourseError
from course_utils.image_sets import ImageSet
from course_utils.leaderboard_files import FOLDER, MODEL, TEST, WEIGHTS, Contents, Entry
from course_utils.leaderboard_run import Found, checksums, fixed_test, rebuilt
from course_utils.notebook_source import self_contained
from course_utils.project_measures import answers_of

SHOWN = 12  # digits of a checksum


@dataclass(frozen=True)
class Verdict:
    """What became of an entry when it was measured again.

    Attributes:
        entry: what it claims.
        found: what came out.
        faults: what doesn't agree, or breaks a rule; none if all is well.
        code: which file was run, and whether it is the one that was submitted.
        trust: what can't be checked.
    """

    entry: Entry
    found: Found
    faults: tuple[str, ...]
    code: str
    trust: str

    def __str__(self) -> str:
        measure = projects.find(self.entry.project).measure
        claimed, found = measure.text(self.entry.score), measure.text(self.found.score)
        macs = f", {self.found.macs:,} multiply-adds" if self.found.macs else ""
        lines = [
            f"{'✗' if self.faults else '✓'} {self.entry.project}/{self.entry.name}: {measure.name} {found},"
            f" claimed {claimed}",
            f"  run: {self.code}",
            f"  counted: {self.found.parameters:,} parameters{macs}",
            f"  taken on trust: {self.trust}",
            *(f"  but {fault}" for fault in self.faults),
        ]
        return "\n".join(lines)

    __repr__ = __str__


def submit(
    project: str,
    name: str,
    build: Callable[[], nn.Module],
    model: nn.Module,
    notes: str = "",
    *,
    test: ImageSet | None = None,
    folder: Path = FOLDER,
) -> Verdict:
    """Measure a model, and store it if it can be rebuilt and measured again.

    Args:
        project: its key, as in `projects.PROJECTS`.
        name: of the entry, a new one.
        build: a function without arguments that makes such a model; its text is stored, with all cells it uses.
        model: trained.
        notes: a line for the table, such as the steps and what is new.
        test: the test images, only for the project `own_images`.
        folder: of the leaderboard.

    Raises:
        CourseError: the name is taken or no name, the model can't be stored, rebuilt or measured, breaks a rule, or
            isn't the same when rebuilt; nothing is stored then, and nothing is ever overwritten.
    """
    chosen = projects.find(project)
    files.check_name(name)
    files.check_free(project, name, folder)
    _check_arguments(chosen, model, notes, test)
    contents = _contents(chosen, build, model, test)
    fixed = fixed_test(chosen, contents.get(TEST))
    score = chosen.measure.judge(answers_of(model, chosen.measure, fixed), fixed)
    found = rebuilt(chosen, contents)
    entry = Entry(project, name, score, found.parameters, found.macs, notes, checksums(contents))
    faults = _faults(chosen, entry, found)
    if faults:
        raise CourseError(f"{project}/{name} is not stored: {'; '.join(faults)}")
    place = files.store(entry, contents, folder)
    files.note(folder, "ours", entry.checksums[MODEL], f"{project}/{name}")
    return _noted(Verdict(entry, found, (), f"{place / MODEL}, as just stored", chosen.rules.trust), contents, folder)


def validate(project: str, name: str, *, allow: str = "", folder: Path = FOLDER) -> Verdict:
    """Rebuild an entry's model in a fresh process, measure it, and compare with what the entry claims.

    Args:
        project, name: of the entry.
        allow: for code that wasn't submitted from this folder: the first 12 digits of its checksum, which the refusal
            names. Give it when you have read the file; it is a program, and can do all that you can.
        folder: of the leaderboard.

    Raises:
        CourseError: there is no such entry, its files are damaged, its code isn't yours and not allowed, or it can't
            be rebuilt and measured.
    """
    chosen = projects.find(project)
    entry, contents = files.read(project, name, folder)
    code, changed = checksums(contents)[MODEL], files.changed(entry, contents)
    path = folder / project / name / MODEL
    state = "changed since it was submitted" if MODEL in changed else "unchanged since it was submitted"
    if code not in files.known(folder)["ours"] and allow != code[:SHOWN]:
        lines = contents[MODEL].count(b"\n")
        raise CourseError(
            f"{path} was not submitted here ({lines} lines, {state}), and it is a program that can do all that you"
            f" can: read it, and if you trust it, call validate({project!r}, {name!r}, allow={code[:SHOWN]!r})"
        )
    try:
        found = rebuilt(chosen, contents)
    except CourseError as error:
        _remember(entry, contents, folder, math.nan, [str(error)])
        raise
    faults = (*(f"{file} was changed since it was submitted" for file in changed), *_faults(chosen, entry, found))
    return _noted(Verdict(entry, found, faults, f"{path}, {state}", chosen.rules.trust), contents, folder)


def show(project: str, folder: Path = FOLDER) -> Markdown:
    """Show a project's entries, best first, between the course's own numbers.

    Raises:
        CourseError: there is no such project.
    """
    from course_utils.leaderboard_table import table

    return Markdown(table(project, folder))


def _check_arguments(project: projects.Project, model: nn.Module, notes: str, test: ImageSet | None) -> None:
    if not isinstance(model, nn.Module):
        raise CourseError(f"model is a {type(model).__name__}: pass the trained model, and the function as build")
    if not isinstance(notes, str) or len(notes) > files.LONGEST_NOTES:
        raise CourseError(f"notes must be text of up to {files.LONGEST_NOTES} characters: shorten them")
    if (test is None) != (project.measure.test is not None):
        how = "needs its own: pass test=" if test is None else "has its test images: leave test out of"
        raise CourseError(f"project {project.key!r} {how} submit(..., test=test_set)")


def _contents(
    project: projects.Project, build: Callable[[], nn.Module], model: nn.Module, test: ImageSet | None
) -> Contents:
    """Return the files of an entry."""
    state = model.state_dict()
    strange = [name for name, value in state.items() if not isinstance(value, Tensor)]
    if strange:
        raise CourseError(f"the model's state {strange[0]} is no tensor, and can't be stored: make it a buffer")
    copies = {name: value.detach().cpu().clone().contiguous() for name, value in state.items()}  # shared ones too
    contents = {MODEL: self_contained(build).encode(), WEIGHTS: safetensors.torch.save(copies)}
    if test is not None:
        contents[TEST] = safetensors.torch.save({"images": test.images.contiguous(), "labels": test.labels})
    for name, content in contents.items():
        if len(content) > files.MOST_BYTES[name]:
            raise CourseError(f"{name} would have {len(content):,} bytes: {files.MOST_BYTES[name]:,} is the most")
    return contents


def _faults(project: projects.Project, entry: Entry, found: Found) -> list[str]:
    """Return what a rebuilt model has otherwise than claimed, and which rules it breaks."""
    measure, faults = project.measure, project.rules.broken(found.parameters, found.macs)
    if not abs(found.score - entry.score) <= measure.tolerance:
        claimed, came = measure.text(entry.score), measure.text(found.score)
        faults.append(
            f"rebuilt from its files, the model has {measure.name} {came}, not {claimed}: something outside its weights"
            " matters, such as a buffer with persistent=False or a variable of the notebook, or the number was edited"
        )
    for name in ("parameters", "macs"):
        if getattr(entry, name) != getattr(found, name):
            faults.append(f"it claims {getattr(entry, name):,} {name} and has {getattr(found, name):,}")
    return faults


def _noted(verdict: Verdict, contents: Contents, folder: Path) -> Verdict:
    _remember(verdict.entry, contents, folder, verdict.found.score, list(verdict.faults))
    return verdict


def _remember(entry: Entry, contents: Contents, folder: Path, score: float, faults: list[str]) -> None:
    """Note what came out, for exactly these files and this claim."""
    key = f"{entry.project}/{entry.name}"
    known = {"files": checksums(contents), "claimed": entry.score, "faults": faults}
    files.note(folder, "checked", key, {**known, "score": score if math.isfinite(score) else None})
