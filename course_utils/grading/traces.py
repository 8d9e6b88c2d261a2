"""Find what is left of an answer in a folder that is about to be handed out.

An answer is looked for as a run of words and signs, whatever stands between them: so it is found in code, in a
notebook's JSON, in its outputs and metadata, in Markdown, and under another indentation.
"""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

RUN = 18  # words and signs in a row that are no accident: `scores = query @ key.transpose(-2, -1) / ...` has 20
WORDS = re.compile(r"[A-Za-z_][A-Za-z_0-9]*|[0-9][0-9.e]*|[^\sA-Za-z_0-9]")
TEXTS = {".py", ".ipynb", ".md", ".txt", ".json", ".csv", ".js", ".css", ".html", ".toml", ".yml", ".cfg", ".rst", ""}


@dataclass(frozen=True)
class Trace:
    """A place where a piece of an answer stands.

    Attributes:
        id: of the exercise.
        file: where.
        text: the piece, in words and signs.
    """

    id: str
    file: str
    text: str


class Answers:
    """Answers in the form in which they are looked for.

    Args:
        sources: Python sources by id of the exercise. Docstrings, comments, the signature and imports aren't the
            answer: a student is given them.
    """

    def __init__(self, sources: dict[str, Sequence[str]]):
        self._runs: dict[tuple[str, ...], str] = {}
        for id, source in [(id, source) for id, all_of_it in sources.items() for source in all_of_it]:
            for run in _runs(_body_words(source)):
                self._runs.setdefault(run, id)
        self._lengths = sorted({len(run) for run in self._runs})

    def found_in(self, text: str, file: str) -> Iterator[Trace]:
        """Yield the first piece of each answer that stands in a text."""
        words, told = WORDS.findall(text), set()
        for length in self._lengths:
            for start in range(len(words) - length + 1):
                id = self._runs.get(tuple(words[start : start + length]))
                if id and id not in told:
                    told.add(id)
                    yield Trace(id, file, " ".join(words[start : start + length]))

    def left_in(self, folder: Path) -> list[Trace]:
        """Return what is left of the answers in all texts of a folder; a notebook is read cell by cell."""
        found = []
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in TEXTS and ".git" not in path.parts:
                for text in _texts(path):
                    found += self.found_in(text, str(path.relative_to(folder)))
        return found


def _texts(path: Path) -> Iterator[str]:
    """Yield the texts in a file: the whole, or each string of a notebook, which JSON writes with escapes."""
    content = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix != ".ipynb":
        yield content
        return
    yield from _strings(json.loads(content))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            yield "".join(value)
        else:
            for item in value:
                yield from _strings(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)


def _body_words(source: str) -> list[list[str]]:
    """Return the words of each body in a function or class, in the order of the source."""
    (tree,) = ast.parse(source).body
    bodies = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [
        WORDS.findall("\n".join(_code(source, line) for line in body.body if not _is_text(line))) for body in bodies
    ]


def _code(source: str, line: ast.stmt) -> str:
    """Return a statement as it is written, without comments behind its lines."""
    text = ast.get_source_segment(source, line)
    return re.sub(r"(?m)\s{2,}#[^\n]*$|^\s*#[^\n]*$", "", text)


def _is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)


def _runs(bodies: list[list[str]]) -> Iterator[tuple[str, ...]]:
    for words in bodies:
        for start in range(max(1, len(words) - RUN + 1)):
            yield tuple(words[start : start + RUN])
