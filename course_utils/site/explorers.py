"""The explorers of stored lessons as files that a page loads: code and style once for each kind, data for each lesson.

Classic scripts, not modules: a browser refuses modules from `file://`.
"""

import hashlib
import html
import json
from dataclasses import dataclass, field
from pathlib import Path

from course_utils.widgets.page import MODEL, as_function

FOLDER = "explorers"  # below Sphinx's _static
MOUNT = "mount.js"  # there: what makes the explorers of a page live
SCRIPTS = (MODEL, Path(__file__).with_name("explorers.js"))  # of which it is made


@dataclass
class Explorers:
    """What the explorers of all pages need, collected page by page.

    Attributes:
        code: the JavaScript of each kind, by name.
        styles: the style sheet of each kind.
        states: for each page, the data of its explorers.
        places: for each page, the HTML of their places.
    """

    code: dict[str, str] = field(default_factory=dict)
    styles: dict[str, str] = field(default_factory=dict)
    states: dict[str, list[dict]] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)

    def add(self, page: str, model: dict, still: str) -> str:
        """Note an explorer of `page`; return the HTML of its place, which holds its still picture until it is live.

        Args:
            page: the name of the lesson, such as 02_self_attention.
            model: the widget's stored model: `state`, and `buffers` in base64.
            still: the HTML of its picture for readers without JavaScript.
        """
        state = model["state"]
        kind = _kind(state)
        self.code[kind], self.styles[kind] = state["_esm"], state["_css"]
        values = {name: value for name, value in state.items() if not name.startswith("_") and name != "layout"}
        binary = {buffer["path"][0]: buffer["data"] for buffer in model["buffers"]}
        states, places = self.states.setdefault(page, []), self.places.setdefault(page, [])
        places.append(_place(page, len(states), still))
        states.append({"kind": kind, "values": values, "bytes": binary})
        return places[-1]

    def files(self, page: str) -> list[str]:
        """Return the files, below _static, that the explorers of `page` need."""
        kinds = dict.fromkeys(state["kind"] for state in self.states.get(page, []))
        if not kinds:
            return []
        scripts = [f"{FOLDER}/{kind}.js" for kind in kinds]
        return [*(f"{FOLDER}/{kind}.css" for kind in kinds), f"{FOLDER}/{MOUNT}", *scripts, f"{FOLDER}/{page}.js"]

    def write(self, static: Path) -> None:
        """Write all files below `static`."""
        folder = static / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        mount = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
        (folder / MOUNT).write_text(mount, encoding="utf-8")
        for kind, code in self.code.items():
            body = f"courseExplorers.kinds[{json.dumps(kind)}] = (() => {{\n{as_function(code)}\n}})();\n"
            (folder / f"{kind}.js").write_text(body, encoding="utf-8")
            (folder / f"{kind}.css").write_text(self.styles[kind], encoding="utf-8")
        for page, states in self.states.items():
            body = f"courseExplorers.states[{json.dumps(page)}] = {json.dumps(states)};\n"
            (folder / f"{page}.js").write_text(body, encoding="utf-8")


def _place(page: str, number: int, still: str) -> str:
    """Return the HTML of the place of a page's explorer: its still picture, until the script makes it live."""
    return f'<div class="course-explorer" data-page="{html.escape(page)}" data-number="{number}">{still}</div>'


def _kind(state: dict) -> str:
    """Return the name of an explorer's class with a mark of its code, which may differ between stored lessons."""
    mark = hashlib.sha256((state["_esm"] + state["_css"]).encode("utf-8")).hexdigest()[:8]
    return f"{state['_anywidget_id'].rpartition('.')[2]}-{mark}"
