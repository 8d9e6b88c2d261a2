"""Start a new exercise: `python -m course_utils new-exercise`, for the course's own repository.

Files with blanks are made from the exercise's reference. A student's package (`assign`) has no `scaffold`.
"""
