"""`check`: hand in an answer, read one of three verdicts, and go on with what it returns."""

from course_utils.exercises import assigned, record, run
from course_utils.exercises.attempt import form_fault, is_the_courses, is_untouched
from course_utils.exercises.brief import brief
from course_utils.exercises.diagnose import Verdict, judge
from course_utils.exercises.observe import Observer
from course_utils.exercises.registry import Answer, Exercise, find
from course_utils.exercises.world import World, fixed_recursion_limit, float64, quiet

SHOWN_LINES, SHOWN_WIDTH = 6, 100


def check(id: str, answer: Answer) -> Answer:
    """Compare an answer with the course's version, and say what is wrong with it.

    Args:
        id: of the exercise, such as "2.3".
        answer: the student's function or class.

    Returns:
        `answer` itself if it is right, the course's version otherwise: the lesson goes on with either.

    Raises:
        CourseError: there is no exercise with this id.
    """
    if assigned.facts(id) is not None:
        return _handed_in(id, answer)
    exercise = find(id)
    if is_the_courses(answer, exercise.reference) or is_untouched(answer):
        print(f"○ {id} not attempted: the lesson goes on with the course's version")
        return exercise.reference
    verdict = _verdict(exercise, answer)
    if verdict.fault is None:
        print(f"✓ {id} correct on {verdict.cases} case{'s' * (verdict.cases != 1)}")
        record.mark_solved(id)
        return answer
    _report(id, verdict)
    return exercise.reference


def _handed_in(id: str, answer: Answer) -> Answer:
    """Take an answer to a graded exercise, in a package that was handed out; nothing here knows the right one."""
    line, fault = assigned.hand_in(id, answer)
    print(line)
    if fault is not None:
        _report(id, Verdict(0, fault))
    return answer


def _verdict(exercise: Exercise, answer: Answer) -> Verdict:
    fault = form_fault(answer, exercise.reference)
    if fault is not None:
        return Verdict(0, fault)
    with quiet() as captured, float64(), fixed_recursion_limit():
        world = World()
        try:
            observer = Observer(brief(exercise, world), captured, world)
            return judge(exercise, answer, observer, run.SECONDS)
        finally:
            world.close()


def _report(id: str, verdict: Verdict) -> None:
    print(f"✗ {id}")
    for label, line in zip(("What", "Why", "Try"), _lines(verdict), strict=True):
        print(f"  {label}: {_one_line(line)}")
    printed = verdict.prints.splitlines()
    if printed:
        print("  It printed:")
    for line in printed[:SHOWN_LINES]:
        print(f"    {line[:SHOWN_WIDTH]}")
    if len(printed) > SHOWN_LINES:
        print("    …")


def _lines(verdict: Verdict) -> tuple[str, str, str]:
    return verdict.fault.what, verdict.fault.why, verdict.fault.remedy


def _one_line(text: str) -> str:
    """Return the text on one line that any terminal can show."""
    return " ".join(text.split()).encode("utf-8", "replace").decode("utf-8")
