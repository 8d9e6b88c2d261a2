"""Lesson 2's variants: attention's masks and axes, positions, heads."""

from course_utils.exercises.variants_02_heads import HEADS
from course_utils.exercises.variants_02_modules import MULTI_HEAD
from course_utils.exercises.variants_02_positions import POSITION_RECIPES
from course_utils.exercises.variants_02_weights import WEIGHTS

RECIPES = (*WEIGHTS, *POSITION_RECIPES, *HEADS, MULTI_HEAD)
