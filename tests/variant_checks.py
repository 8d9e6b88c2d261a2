"""What the engine says of answers to a variant, and whether two lists of cases are alike."""

import itertools

from course_utils.exercises import compare, diagnose, observe, run
from course_utils.exercises.brief import brief
from course_utils.exercises.world import World, float64, quiet


class Remembering(observe.Observer):
    """Looks at each answer once, without a limit: a variant's mistakes are compared with each other again and again."""

    def __init__(self, made, captured, world):
        super().__init__(brief(made, world), captured, world)
        self.seen = {}

    def each(self, answer, seconds=None):
        known, rest = self.seen.setdefault(answer, ([], super().each(answer)))
        for number in itertools.count():
            if number == len(known):
                known.extend(itertools.islice(rest, 1))
            if number == len(known):
                return
            yield known[number]


def faults(made, answers):
    """Return what `check` would tell of each answer: three lines, or None if it is right."""
    with quiet() as captured, float64():
        world = World()
        try:
            observer = Remembering(made, captured, world)
            observer.observe(made.reference)
            verdicts = [diagnose.judge(made, answer, observer, run.SECONDS) for answer in answers]
        finally:
            world.close()
    return [verdict.fault and lines(verdict.fault) for verdict in verdicts]


def lines(told):
    """Return the three lines of a mistake or a fault."""
    return told.what, told.why, told.remedy


def alike(ones, others):
    """Tell whether two lists of cases hold the same numbers."""
    both = [
        observe.plain([[list(case.arguments), case.keywords, case.init] for case in cases]) for cases in (ones, others)
    ]
    return compare.same(*map(observe.plain, both))


def tensors(case):
    return observe._tensors([list(case.arguments), case.keywords]).values()
