"""What every explorer is made of: its code, its data, its text and its picture for readers without a browser.

An explorer computes nothing in Python once it is shown. Its JavaScript gets arrays, and draws; so it also lives in a
page that `widgets.save` writes, and in a static site.
"""

import base64
import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from course_utils import plots
from course_utils.widgets.arrays import pack

MOST_BYTES = 300_000  # of one explorer, as a notebook stores it
SCRIPTS = Path(__file__).parent / "js"
SHARED = ("arrays.js", "colours.js", "pictures.js", "controls.js")


def script(*names: str) -> str:
    """Join the shared parts and the files `names` to the one module that anywidget asks for.

    The files are ordinary modules of one folder, so an editor understands them. Joining takes their one-line `import`s
    out and the word `export` away, but for the `export default` of the last; names must differ between them.
    """
    text = "\n".join((SCRIPTS / name).read_text(encoding="utf-8") for name in (*SHARED, *names))
    text = re.sub(r"^import .*;\n", "", text, flags=re.MULTILINE)
    return re.sub(r"^export (?!default)", "", text, flags=re.MULTILINE)


def style(*names: str) -> str:
    """Return the style sheet of all explorers, with those in the files `names` behind it."""
    return "\n".join((SCRIPTS / name).read_text(encoding="utf-8") for name in ("explorer.css", *names))


def hex_table(colours: Colormap) -> str:
    """Return the 256 colours of a colour map as one text, six hexadecimal digits each."""
    return (colours(np.arange(256), bytes=True)[:, :3]).tobytes().hex()


def webp(image: Tensor) -> bytes:
    """Return an image (3, H, W), RGB in 0..1, as a WebP file.

    Raises:
        ValueError: another shape, or values outside 0..1.
    """
    if image.ndim != 3 or image.shape[0] != 3:
        raise ValueError(f"an image has the shape (3, H, W), not {tuple(image.shape)}: pass one image, not a batch")
    if not (image.min() >= 0 and image.max() <= 1):
        raise ValueError(
            f"the image runs from {image.min():.3g} to {image.max():.3g}: pass RGB in 0..1, not normalised"
        )
    pixels = (image.detach().cpu() * 255).round().byte().permute(1, 2, 0).numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="webp", quality=85)
    return file.getvalue()


class Explorer(anywidget.AnyWidget):
    """A picture that answers in the browser, without asking the kernel.

    A subclass sets `_esm = script("its.js")`, whose last file ends with `export default { render }`; if it has a style
    of its own, `sheets = ("its.css",)` and `_css = style(*sheets)`.

    Args:
        facts: names and sizes, small enough for JSON. Colour tables are added under "colours".
        arrays: integers from 0 to 65535, by name.
        pictures: what the explorer shows at first, as figures with one sentence each, for readers without JavaScript.
            The sentences are its text form, which never changes.
        photograph: an image file, if there is one.

    Raises:
        ValueError: it is larger than 300 kB; the message says what is large.
    """

    sheets: tuple[str, ...] = ()
    _css = style()
    facts = traitlets.Dict().tag(sync=True)
    data = traitlets.Bytes().tag(sync=True)
    photograph = traitlets.Bytes().tag(sync=True)

    def __init__(
        self,
        facts: dict,
        arrays: Mapping[str, np.ndarray],
        pictures: Sequence[tuple[Figure, str]],
        photograph: bytes = b"",
    ):
        data, headers = pack(arrays)
        colours = {"attention": hex_table(plots.ATTENTION), "values": hex_table(plots.VALUES)}
        facts = {**facts, "arrays": headers, "colours": colours}
        self.sentence = " ".join(sentence for _, sentence in pictures)
        self._picture = "".join(plots.to_html(figure, sentence) for figure, sentence in pictures)
        self._check_size(facts, data, photograph)
        super().__init__(facts=facts, data=data, photograph=photograph)

    def _check_size(self, facts: dict, data: bytes, photograph: bytes) -> None:
        parts = {
            "the arrays": len(base64.b64encode(data)),
            "the photograph": len(base64.b64encode(photograph)),
            "the still picture": len(self._picture),
            "names and code": len(json.dumps(facts)) + len(str(self._esm)) + len(str(self._css)),
        }
        self.stored_bytes = sum(parts.values())
        if self.stored_bytes > MOST_BYTES:
            told = ", ".join(f"{name} {size // 1000} kB" for name, size in parts.items())
            shapes = ", ".join(f"{array['name']} {tuple(array['shape'])}" for array in facts["arrays"])
            raise ValueError(
                f"this explorer takes {self.stored_bytes // 1000} kB, {MOST_BYTES // 1000} kB at the most ({told}; "
                f"{shapes}): show fewer layers or heads, or larger patches (models.maps.coarsen joins them)"
            )

    def __repr__(self) -> str:
        return self.sentence

    def _repr_mimebundle_(self, **_options: object) -> dict[str, object]:
        bundle, _ = super()._repr_mimebundle_()
        return {**bundle, "text/plain": self.sentence, "text/html": self._picture}
