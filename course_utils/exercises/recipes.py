"""How a variant is made: options that differ from the lesson's convention, and a source with blanks for their words.

An `Option` knows how to turn arguments and output from the lesson's convention into its own and back. So the course's
cases, mistakes and right answers are carried over, each wrapped in these turns, and none is written twice. Only the
reference is: its source, with the words of the options filled in, is what an instructor reads as the solution.
"""

import itertools
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from string import Template

from course_utils.exercises.registry import Answer, Case, Exercise, Mistake
from course_utils.exercises.sources import compiled, imports, narrowed, stub
from course_utils.exercises.turns import Arguments, Turn, carried, turned

OWN = "lesson's-version"
DIFFERENT = "This is the lesson's own version, but the exercise asks for another convention."
Told = tuple[str, str, str]  # what, why, remedy


@dataclass(frozen=True)
class Option:
    """One way in which an exercise can be asked for.

    Attributes:
        words: fill the blanks of the source and of the mistakes' texts.
        here: what differs from the lesson, as a clause; "" for the lesson's own option.
        remedy: what to try, told to who hands in the lesson's version; a sentence.
        to_course: from this option's arguments to the lesson's.
        to_variant: back.
        from_course: from the lesson's output to this option's; it gets the arguments too, in this option's convention.
        without: names of mistakes, separated by spaces, that are none or can't be told apart here.
    """

    words: dict[str, str] = field(default_factory=dict)
    here: str = ""
    remedy: str = ""
    to_course: Callable[[Arguments], Arguments] = lambda arguments: arguments
    to_variant: Callable[[Arguments], Arguments] = lambda arguments: arguments
    from_course: Callable[[object, Arguments], object] = lambda output, arguments: output
    without: str = ""


@dataclass(frozen=True)
class Recipe:
    """What the variants of one exercise have in common.

    Attributes:
        id: of the exercise.
        source: of the reference, with $blanks, and `$here` in its docstring, which says what differs from the lesson.
        axes: of each thing that can vary its options, the lesson's first.
        cases: from a seed to calls in the lesson's convention.
        keep: names of the course's mistakes, separated by spaces, whose texts are true in every variant.
        told: other mistakes of the course, by name, with texts in which $blanks are filled.
        hints: numbers of the course's hints that are true in every variant.
        names: what the source uses besides `math`, `torch`, `Tensor`, `nn` and `F`, by name.
        derive: makes more words of those of the options together; "without" as in `Option`.
    """

    id: str
    source: str
    axes: tuple[tuple[Option, ...], ...]
    cases: Callable[[int], list[Case]]
    keep: str = ""
    told: dict[str, Told] = field(default_factory=dict)
    hints: tuple[int, ...] = ()
    names: dict[str, Answer] = field(default_factory=dict)
    derive: Callable[[dict[str, str]], dict[str, str]] = lambda words: {}

    def settings(self) -> list[tuple[Option, ...]]:
        """Return all combinations of options but the lesson's own."""
        return list(itertools.product(*self.axes))[1:]


@dataclass(frozen=True)
class Variant(Exercise):
    """An exercise under another convention than the lesson's.

    Attributes:
        stub: what the student gets: signature and docstring, with ... as the body.
        source: of the reference.
        imports: lines that import what source and stub use.
        setting: what differs from the lesson, in words.
    """

    stub: str = ""
    source: str = ""
    imports: str = ""
    setting: str = ""


def made(exercise: Exercise, recipe: Recipe, setting: tuple[Option, ...], seed: int) -> Variant:
    """Return the variant of an exercise with this setting, its cases' numbers drawn from the seed."""
    words = _words(recipe, setting)
    source = _filled(recipe.source, words)
    turn = Turn(tuple(setting))
    kept = {entry.name: getattr(exercise, entry.name) for entry in fields(exercise)}
    return Variant(
        **kept
        | {
            "reference": compiled(source, exercise.reference.__name__, exercise.id, recipe.names),
            "cases": lambda: [turned(case, turn, exercise.reference) for case in recipe.cases(seed)],
            "mistakes": (_own(exercise, setting, words), *_mistakes(exercise, recipe, setting, turn, words)),
            "alternatives": _carried(exercise, turn),
            "hints": tuple(exercise.hints[number] for number in recipe.hints),
        },
        stub=stub(source),
        source=source,
        imports=imports(recipe.names),
        setting=Template("; ".join(option.here for option in setting if option.here)).substitute(words),
    )


def _carried(exercise: Exercise, turn: Turn) -> tuple[Answer, ...]:
    """Return the course's right answers, the reference first, in a variant's convention."""
    return tuple(carried(right, turn, exercise.reference) for right in (exercise.reference, *exercise.alternatives))


def _words(recipe: Recipe, setting: tuple[Option, ...]) -> dict[str, str]:
    words = {name: text for option in setting for name, text in option.words.items()}
    words |= recipe.derive(words)
    here = "Here " + "; ".join(option.here for option in setting if option.here) + "."
    return words | {"here": Template(here).substitute(words)}


def _filled(source: str, words: dict[str, str]) -> str:
    """Fill the blanks of a source; a line that held nothing but a blank goes if its word is ""."""
    lines = Template(textwrap.dedent(source)).substitute(words).strip().splitlines()
    return narrowed("\n".join(line for line in lines if not line or line.strip()))


def _own(exercise: Exercise, setting: tuple[Option, ...], words: dict[str, str]) -> Mistake:
    """Return the lesson's own version as a mistake that names what was asked for."""
    asked = [option for option in setting if option.here]
    why = "Here " + "; ".join(option.here for option in asked) + "."
    remedy = " ".join(option.remedy for option in asked)
    why, remedy = (Template(text).substitute(words) for text in (why, remedy))
    return Mistake(OWN, exercise.reference, DIFFERENT, why, remedy)


def _mistakes(
    exercise: Exercise, recipe: Recipe, setting: tuple[Option, ...], turn: Turn, words: dict[str, str]
) -> list[Mistake]:
    """Return the course's mistakes that are mistakes here too, in the course's order."""
    without = " ".join([*(option.without for option in setting), words.get("without", "")]).split()
    found = []
    for mistake in exercise.mistakes:
        if mistake.name in without or not (mistake.name in recipe.keep.split() or mistake.name in recipe.told):
            continue
        told = recipe.told.get(mistake.name, (mistake.what, mistake.why, mistake.remedy))
        what, why, remedy = (Template(text).substitute(words) for text in told) if mistake.name in recipe.told else told
        wrong = carried(mistake.wrong, turn, exercise.reference)
        found.append(replace(mistake, wrong=wrong, what=what, why=why, remedy=remedy))
    return found
