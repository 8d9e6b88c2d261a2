"""What the course adds to Sphinx: formulas as MathML, made when the site is built, and each page's own scripts."""

import json
from pathlib import Path

PAGE_TITLE = "Vision Transformers from scratch"
PAGE_FILES = "page_files.json"  # beside the source: for each page, the files below _static that only it needs


def setup(app) -> dict[str, object]:
    """Register the extension; Sphinx calls this."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    app.connect("html-page-context", _add_page_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _visit_inline(translator, node) -> None:
    """Write a formula; one that is a paragraph of its own is wide, as lessons write `$...$` on a line for itself."""
    if len(node.parent.children) == 1:
        _write(translator, node, "block", ('<span class="math" tabindex="0">', "</span>"))
    _write(translator, node, "inline", ("", ""))


def _visit_block(translator, node) -> None:
    _write(translator, node, "block", ('<div class="math" tabindex="0">', "</div>\n"))


def _write(translator, node, display: str, around: tuple[str, str]) -> None:
    """Write a formula, and skip what is inside it. Wide ones scroll, with the keyboard too."""
    from docutils.nodes import SkipNode
    from latex2mathml.converter import convert

    translator.body.append(convert(node.astext(), display=display).join(around))
    raise SkipNode


def _add_page_files(app, page: str, template: str, context: dict, doctree) -> None:
    """Add a page's own scripts and style sheets."""
    files = json.loads((Path(app.srcdir) / PAGE_FILES).read_text(encoding="utf-8"))
    for name in files.get(page, []):
        if name.endswith(".css"):
            app.add_css_file(name)
        else:
            app.add_js_file(name, loading_method="defer")
