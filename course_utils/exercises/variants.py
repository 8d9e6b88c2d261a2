"""Seeded variants of exercises, for graded hand-outs: the course's own answers can be read in the lessons.

A variant asks for the same idea under another convention: another order of the axes, a mask that hides where the
lesson's lets through, a share counted from the other end. It is a whole `Exercise`, so the check engine takes it as it
takes the course's. A lesson's recipes lie in `variants_02.py` and so on, each imported only when it is asked for.
"""

import random
from importlib import import_module
from importlib.util import find_spec

from course_utils.exercises.recipes import Recipe, Variant, made
from course_utils.exercises.registry import find


def variant(id: str, seed: int) -> Variant | None:
    """Return the variant of an exercise that a seed stands for, or None if the exercise has none.

    Neighbouring seeds have different conventions, and every seed has numbers of its own.

    Args:
        id: of the exercise, such as "2.3".
        seed: any whole number; the same one gives the same variant, in every process.

    Raises:
        CourseError: there is no exercise with this id.
    """
    exercise, recipe = find(id), _recipes(id).get(id)
    if recipe is None:
        return None
    settings = recipe.settings()
    random.Random(id).shuffle(settings)  # so that exercises don't all begin with their first one
    numbers = random.Random(f"{id} with seed {seed}").randrange(2**31)
    return made(exercise, recipe, settings[seed % len(settings)], numbers)


def has_variant(id: str) -> bool:
    """Say whether an exercise has variants.

    Raises:
        CourseError: there is no exercise with this id.
    """
    find(id)
    return id in _recipes(id)


def settings(id: str) -> int:
    """Return how many conventions an exercise's variants can have: 0 if it has none, at least 4 otherwise."""
    recipe = _recipes(id).get(id)
    return len(recipe.settings()) if recipe else 0


def _recipes(id: str) -> dict[str, Recipe]:
    """Return the recipes of the lesson that an exercise belongs to, by id."""
    module = f"course_utils.exercises.variants_{int(id.split('.')[0]):02}"
    if find_spec(module) is None:
        return {}
    return {recipe.id: recipe for recipe in import_module(module).RECIPES}
