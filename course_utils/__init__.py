"""What the notebooks of *Vision Transformers from scratch* import.

Nothing is imported here: `from course_utils import data, plots` loads only what a lesson uses.
"""

__version__ = "0.1.0"
