"""Pictures that answer: what a lesson shows for the reader to move."""

from course_utils.widgets.panel import SliderPanel

__all__ = ["SliderPanel"]
