"""Exercises: `name = check("2.3", name)` compares a student's answer with the course's version.

`hint` gives one hint more each time, `solution` the course's version, `progress` what has been solved.
"""

from course_utils.exercises.engine import check
from course_utils.exercises.help import hint, progress, solution

__all__ = ["check", "hint", "progress", "solution"]
