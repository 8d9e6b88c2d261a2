"""Make the photographs in `data/photographs/` from those that come with scikit-image, scikit-learn and Matplotlib.

    pip install scikit-image scikit-learn
    python scripts/make_photographs.py

These two are needed here only: they are no dependencies of the course, and no student needs this script.
The photographs are stored as PNG, which loses nothing, so that every machine decodes the same numbers. Both
sides are multiples of 32, so that patches of 4, 8, 16 and 32 pixels fit.
Afterwards run `python scripts/update_manifest.py`.
"""

import io

import numpy as np
from matplotlib import cbook
from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_image

from course_utils.files import DATA, write_atomically


def hopper() -> np.ndarray:
    """Return the portrait of Grace Hopper that comes with Matplotlib, as (600, 512, 3) bytes."""
    with Image.open(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)) as picture:
        return np.array(picture)


# name: (source, crop as left, top, right, bottom in the source's pixels, width and height to store)
PHOTOGRAPHS = {
    "cat": (data.chelsea, (0, 6, 448, 294), (448, 288)),
    "astronaut": (data.astronaut, (32, 0, 432, 480), (320, 384)),
    "coffee": (data.coffee, (0, 0, 600, 400), (384, 256)),
    "rocket": (data.rocket, (0, 0, 640, 427), (384, 256)),
    "hopper": (hopper, (6, 0, 506, 600), (320, 384)),
    "china": (lambda: load_sample_image("china.jpg"), (0, 0, 640, 427), (384, 256)),
    "flower": (lambda: load_sample_image("flower.jpg"), (0, 0, 640, 427), (384, 256)),
}


def encoded(name: str) -> bytes:
    """Return the photograph `name`, cropped and resized, as the content of an RGB PNG file."""
    source, crop, size = PHOTOGRAPHS[name]
    picture = Image.fromarray(source()).crop(crop)
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def main() -> None:
    """Write each photograph to `data/photographs/NAME.png`."""
    folder = DATA / "photographs"
    folder.mkdir(exist_ok=True)
    for name in PHOTOGRAPHS:
        content = encoded(name)
        write_atomically(folder / f"{name}.png", content)
        print(f"data/photographs/{name}.png: {len(content)} bytes")


if __name__ == "__main__":
    main()
