"""From what was observed to one verdict: right, a known mistake, or the first fault."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from course_utils.exercises.compare import same, scale
from course_utils.exercises.differences import NANS, NUMBERS, START, UNREFUSED, Fault
from course_utils.exercises.faults import close, found
from course_utils.exercises.observe import Observed, Observer
from course_utils.exercises.registry import Answer, Exercise, Mistake
from course_utils.exercises.run import Raised


@dataclass(frozen=True)
class Verdict:
    """What a check found: how many cases there were, the fault if there is one, and what was printed there."""

    cases: int
    fault: Fault | None = None
    prints: str = ""


Seen = Callable[[Mistake], Iterable[Observed]]


def judge(exercise: Exercise, answer: Answer, observer: Observer, seconds: float) -> Verdict:
    """Run the answer on all cases and compare it with the reference and the registered mistakes."""
    expected = observer.observe(exercise.reference)
    got = observer.observe(answer, seconds)
    return rule(exercise, expected, got, lambda mistake: observer.each(mistake.wrong), seconds)


def rule(exercise: Exercise, expected: list[Observed], got: list[Observed], mistaken: Seen, seconds: float) -> Verdict:
    """Compare what was seen of an answer with what was seen of the reference and of the registered mistakes.

    Args:
        exercise: whose notes and mistakes are told.
        expected: what each case showed of the reference.
        got: what each case showed of the answer.
        mistaken: gives what each case shows of a mistake; asked for only where the answer is wrong.
        seconds: what the answer had for all cases.
    """
    faults = list(_all_faults(exercise, expected, got, seconds))
    if not faults:
        return Verdict(len(expected))
    (index, first) = min(faults, key=lambda entry: (entry[1].rank, entry[0]))
    known = _known_mistake(exercise, expected, got, mistaken, first.rank)
    return Verdict(len(expected), known or first, got[index].prints)


def _all_faults(
    exercise: Exercise, expected: list[Observed], got: list[Observed], seconds: float
) -> Iterator[tuple[int, Fault]]:
    notes = [case.note for case in exercise.cases()]
    pairs = zip(expected, got, strict=True)
    outputs_agree = all(right.raised or same_output(right, mine) for right, mine in pairs)
    for index, (right, mine) in enumerate(zip(expected, got, strict=True)):
        where = f" (case {index + 1} of {len(expected)}{', ' + notes[index] if notes[index] else ''})"
        for fault in found(right, mine, seconds, outputs_agree):
            yield index, replace(fault, what=fault.what + where if len(expected) > 1 else fault.what)


def _known_mistake(
    exercise: Exercise, expected: list[Observed], got: list[Observed], mistaken: Seen, rank: int
) -> Fault | None:
    """Return the diagnosis of the first mistake that shows the same in every case.

    Where nothing but the values is wrong, the same outputs are enough, as long as they aren't the reference's. What
    isn't refused, and how a module starts, count where nothing else is wrong. `rank` is the first fault's.
    """
    if any(seen.late for seen in got):
        return None
    for mistake in exercise.mistakes:
        if _matches(mistaken(mistake), expected, got, rank):
            return Fault(mistake.what, mistake.why, mistake.remedy)
    return None


def _matches(mistake: Iterable[Observed], expected: list[Observed], got: list[Observed], rank: int) -> bool:
    alike, wrong_output = True, False
    for wrong, right, mine in zip(mistake, expected, got, strict=True):
        if right.raised and _as_good(right, wrong, mine, rank):
            continue
        if not same_output(wrong, mine) or (rank == START and wrong.start != mine.start):
            return False
        alike = alike and agree(wrong, mine)
        if not (alike or rank in (NANS, NUMBERS)):
            return False
        wrong_output = wrong_output or not same_output(right, wrong)
    return alike or wrong_output


def _as_good(right: Observed, wrong: Observed, mine: Observed, rank: int) -> bool:
    """Tell whether a case that should be refused tells an answer and a mistake apart in nothing that counts."""
    refused = [bool(seen.raised) and seen.raised.kind == right.raised.kind for seen in (wrong, mine)]
    returned = [not (seen.raised or seen.misfit) for seen in (wrong, mine)]
    if rank == UNREFUSED:
        return all(refused) or all(returned)
    return refused[0] and (refused[1] or returned[1])


def agree(one: Observed, other: Observed) -> bool:
    """Tell whether two answers can't be told apart in a case by anything that is observed."""
    if not same_output(one, other) or one.changed != other.changed or one.attached != other.attached:
        return False
    if _kind(one.gradient_raised) != _kind(other.gradient_raised):
        return False
    if one.gradients.keys() != other.gradients.keys():
        return False
    largest = max([scale(g) for g in one.gradients.values() if g.any()], default=1.0)
    return all(close(gradient, other.gradients[name], largest) for name, gradient in one.gradients.items())


def same_output(one: Observed, other: Observed) -> bool:
    """Tell whether two answers returned the same, or failed the same way."""
    if (one.misfit, one.late, _kind(one.raised)) != (other.misfit, other.late, _kind(other.raised)):
        return False
    return same(one.output, other.output)


def _kind(raised: Raised | None) -> tuple[str, str] | None:
    return (raised.kind, raised.message) if raised else None
