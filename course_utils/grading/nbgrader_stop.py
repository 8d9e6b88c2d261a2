"""What nbgrader's own autograding meets in a course folder: it would run submissions unprotected, and believe them."""

from nbformat import NotebookNode
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor


class Stop(NbGraderPreprocessor):
    """Ends autograding, and says with what to grade instead."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Refuse every notebook.

        Raises:
            NbGraderException: always.
        """
        name = resources["nbgrader"]["assignment"]
        raise NbGraderException(f"grade with `python -m course_utils grade DIR --name {name}`, which runs it apart")
