"""Explorers in a page of their own, for slides and for readers without Jupyter."""

import base64
import html
import json
import re
from pathlib import Path

from course_utils.files import CourseError, write_atomically
from course_utils.widgets.kit import SCRIPTS, Explorer, style

MODEL = SCRIPTS / "model.js"
MARK = "<!-- made by course_utils.widgets.save: a new page may replace it -->"
SHELL = """<!DOCTYPE html>
@@MARK@@
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>@@TITLE@@</title>
<link rel="icon" href="data:,">
<style>
@@STYLE@@</style>
</head>
<body>
<main>
<h1>@@TITLE@@</h1>
@@SECTIONS@@
</main>
<script type="application/json" id="states">@@STATES@@</script>
<script type="module">
@@CODE@@
@@SHIM@@</script>
</body>
</html>
"""


def save(path: str | Path, *explorers: Explorer, title: str = "Explorers") -> Path:
    """Write one HTML page that holds everything `explorers` need: it works without a network, from any folder.

    Args:
        path: where to, ending with .html; a page that `save` made before is replaced.
        explorers: one or several.
        title: of the page.

    Returns:
        the path that was written.

    Raises:
        ValueError: no explorer, something else among them, or another ending.
        CourseError: `path` is a file that `save` didn't make, or its folder doesn't exist.
    """
    path = Path(path)
    if not explorers:
        raise ValueError("there is nothing to save: pass one explorer or more")
    for explorer in explorers:
        if not isinstance(explorer, Explorer):
            kind = type(explorer).__name__
            raise ValueError(
                f"a {kind} can't live in a page, for want of a kernel: pass explorers such as AttentionExplorer"
            )
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"{path.name} is no name of a page: use {path.stem}.html")
    if not path.parent.is_dir():
        raise CourseError(f"the folder {path.parent} does not exist: make it first, or save elsewhere")
    if path.exists() and not _is_ours(path):
        raise CourseError(f"{path} is not a page that save() made, so it stays as it is: choose another name")
    write_atomically(path, _page(explorers, title).encode("utf-8"))
    return path


def _is_ours(path: Path) -> bool:
    """Whether the file begins like a page of `save`."""
    return path.is_file() and MARK.encode("ascii") in path.read_bytes()[:200]


def _page(explorers: tuple[Explorer, ...], title: str) -> str:
    """Return the page's text."""
    kinds = {type(explorer).__name__: as_function(str(explorer._esm)) for explorer in explorers}
    code = [f"kinds.{name} = (() => {{\n{text}\n}})();" for name, text in kinds.items()]
    parts = {
        "MARK": MARK,
        "TITLE": html.escape(title),
        "STYLE": style(*dict.fromkeys(sheet for explorer in explorers for sheet in explorer.sheets), "page.css"),
        "SECTIONS": "\n".join(f"<section><noscript>{e._picture}</noscript></section>" for e in explorers),
        "STATES": _script_safe(json.dumps([_state(explorer) for explorer in explorers])),
        "CODE": _script_safe("\n".join(["const kinds = {};", *code])),
        "SHIM": "\n".join(path.read_text(encoding="utf-8") for path in (MODEL, SCRIPTS / "page.js")),
    }
    return re.sub("@@([A-Z]+)@@", lambda found: parts[found[1]], SHELL)


def as_function(module: str) -> str:
    """Turn an explorer's module into the body of a function, which returns what the module exports."""
    return module.replace("export default", "return")


def _script_safe(text: str) -> str:
    """Keep the text from ending the element that holds it."""
    return text.replace("</", "<\\/")


def _state(explorer: Explorer) -> dict:
    """Return what the explorer's code asks for; bytes as base64."""
    data, photograph = (base64.b64encode(part).decode("ascii") for part in (explorer.data, explorer.photograph))
    return {"kind": type(explorer).__name__, "facts": explorer.facts, "bytes": {"data": data, "photograph": photograph}}
