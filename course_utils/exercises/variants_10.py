"""Lesson 10's variants: how well boxes agree, the cost of a matching, and the two losses."""

from course_utils.exercises.variants_10_boxes import BOXES
from course_utils.exercises.variants_10_losses import LOSSES
from course_utils.exercises.variants_10_matching import COST

RECIPES = (*BOXES, COST, *LOSSES)
