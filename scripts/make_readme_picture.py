"""Take README's picture out of lesson 00: `python scripts/make_readme_picture.py`."""

import base64
import re

from course_utils.files import NOTEBOOKS, ROOT, write_atomically


def first_picture() -> bytes:
    """Return the first picture that lesson 00 stores, a WebP file."""
    lesson = (NOTEBOOKS / "00_start_here.ipynb").read_text(encoding="utf-8")
    return base64.b64decode(re.search(r"data:image/webp;base64,([A-Za-z0-9+/=]+)", lesson)[1])


if __name__ == "__main__":
    write_atomically(ROOT / "docs" / "first_map.webp", first_picture())
