"""What was handed out: which exercises, for how many points; kept in the course folder as `assignment.json`."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from course_utils.exercises.recipes import Variant
from course_utils.exercises.registry import Exercise, find
from course_utils.exercises.variants import has_variant, variant
from course_utils.files import NOTEBOOKS, CourseError, write_atomically

FILE = "assignment.json"


@dataclass(frozen=True)
class Item:
    """One graded exercise.

    Attributes:
        id: of the exercise.
        points: for an answer that is right in every case.
        seed: of its variant; None for the lesson's own exercise.
    """

    id: str
    points: float
    seed: int | None = None

    @property
    def exercise(self) -> Exercise:
        """What is asked: the variant if it is one, else the lesson's own exercise."""
        return self.variant or self.course

    @property
    def course(self) -> Exercise:
        """The lesson's own exercise, whose answer is public."""
        return find(self.id)

    @property
    def variant(self) -> Variant | None:
        """The variant, if it is one."""
        return None if self.seed is None else variant(self.id, self.seed)

    @property
    def lesson(self) -> int:
        """The number of its lesson."""
        return int(self.id.partition(".")[0])


@dataclass(frozen=True)
class Assignment:
    """A set of exercises that is handed out and graded together.

    Attributes:
        name: of the assignment, as nbgrader's folders carry it.
        items: the exercises, in the order of the course.
        seed: of the variants; with one, all exercises stand in one notebook, without lessons. None for the lessons'
            own exercises, where they stand.
    """

    name: str
    items: tuple[Item, ...]
    seed: int | None = None

    @property
    def points(self) -> float:
        """All points together."""
        return sum(item.points for item in self.items)

    def notebooks(self) -> dict[str, list[Item]]:
        """Return the names of the notebooks that are handed out, each with its graded exercises."""
        if self.seed is not None:
            return {f"{self.name}.ipynb": list(self.items)}
        names = {int(path.stem[:2]): path.name for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))}
        found: dict[str, list[Item]] = {}
        for item in self.items:
            found.setdefault(names[item.lesson], []).append(item)
        return found

    def save(self, folder: Path) -> None:
        """Write it into a course folder."""
        write_atomically(folder / FILE, json.dumps(asdict(self), indent=1).encode())


def assignment(name: str, ids: Sequence[str], points: dict[str, float], seed: int | None = None) -> Assignment:
    """Return an assignment of exercises; each has as many points as its difficulty says, unless told otherwise.

    With a seed, what has a variant is asked in the one that the seed stands for.

    Raises:
        CourseError: an unknown exercise, one named twice, points for one that isn't assigned, or a name that is no
            folder's.
    """
    if not name or not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
        raise CourseError(f"{name!r} can't be an assignment's name: use letters, digits, - and _")
    repeated = sorted({id for id in ids if ids.count(id) > 1})
    if repeated:
        raise CourseError(f"exercise {repeated[0]} is named twice")
    stray = sorted(points.keys() - set(ids))
    if stray:
        raise CourseError(f"there are points for {stray[0]}, which isn't assigned: {', '.join(ids)} are")
    ordered = sorted((find(id) for id in ids), key=lambda exercise: tuple(map(int, exercise.id.split("."))))
    if not ordered:
        raise CourseError("no exercise is named: for example --exercises 2.1 2.3")
    seeds = {id: seed for id in ids if seed is not None and has_variant(id)}
    items = [Item(e.id, points.get(e.id, float(e.difficulty)), seeds.get(e.id)) for e in ordered]
    low = [item for item in items if not 0 < item.points < 1000]
    if low:
        raise CourseError(f"{low[0].points:g} points for {low[0].id}: use a number above 0 and below 1000")
    return Assignment(name, tuple(items), seed)


def points_of(words: Sequence[str]) -> dict[str, float]:
    """Return points by id from words such as "2.3=4".

    Raises:
        CourseError: a word isn't like that.
    """
    points = {}
    for word in words:
        id, _, number = word.partition("=")
        try:
            points[id] = float(number)
        except ValueError as error:
            raise CourseError(f"{word!r} says no points: write for example 2.3=4") from error
    return points


def load(folder: Path) -> Assignment:
    """Return the assignment that lies in a course folder.

    Raises:
        CourseError: there is none, or it can't be read.
    """
    path = folder / FILE
    try:
        facts = json.loads(path.read_bytes())
        points = {item["id"]: item["points"] for item in facts["items"]}
        return assignment(facts["name"], list(points), points, facts["seed"])
    except FileNotFoundError as error:
        others = sorted(place.parent.name for place in folder.parent.glob(f"*/{FILE}"))
        there = f"there is {', '.join(others)}" if others else "`assign` makes one"
        raise CourseError(f"{folder} is no assignment: it has no {FILE}; {there}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(f"{path} can't be read ({type(error).__name__}: {error}): run `assign` again") from error
