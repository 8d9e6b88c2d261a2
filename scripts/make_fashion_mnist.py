"""Make `data/fashion_mnist.npz` from the four original files of Fashion-MNIST.

    python scripts/make_fashion_mnist.py FOLDER

FOLDER holds `train-images-idx3-ubyte.gz`, `train-labels-idx1-ubyte.gz`, `t10k-images-idx3-ubyte.gz` and
`t10k-labels-idx1-ubyte.gz`. The repository zalandoresearch/fashion-mnist on GitHub has them
(`data/fashion`), and so has Debian's package dataset-fashion-mnist. No student needs this script: its
result is part of the course.

On one machine the same files give the same bytes every time; another release of zlib may pack them
differently. Afterwards run `python scripts/update_manifest.py`.
"""

import gzip
import io
import math
import struct
import sys
import zlib
from pathlib import Path

import numpy as np

from course_utils.files import DATA, CourseError, write_atomically

SOURCES = {
    "train_images": ("train-images-idx3-ubyte.gz", (60_000, 28, 28)),
    "train_labels": ("train-labels-idx1-ubyte.gz", (60_000,)),
    "test_images": ("t10k-images-idx3-ubyte.gz", (10_000, 28, 28)),
    "test_labels": ("t10k-labels-idx1-ubyte.gz", (10_000,)),
}
UINT8 = 0x08


def read_idx(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Return the uint8 array in a gzipped idx file.

    An idx file starts with two zero bytes, the code of the number type and the number of axes (together the
    "magic number": 2051 for images, 2049 for labels). The length of each axis follows as a big-endian
    integer of four bytes, then come the numbers.

    Raises:
        CourseError: the file is missing or cut short, or its magic number, shape or length is wrong.
    """
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise CourseError(f"{path} can't be read ({error}): name the folder of the originals") from error
    header = struct.pack(f">{1 + len(shape)}I", UINT8 << 8 | len(shape), *shape)
    if content[: len(header)] != header:
        raise CourseError(f"{path} is no idx file of uint8 with shape {shape}: get the original again")
    numbers = np.frombuffer(content, np.uint8, offset=len(header))
    expected = math.prod(shape)
    if numbers.size != expected:
        raise CourseError(f"{path} has {numbers.size} numbers, {expected} expected: get the original again")
    return numbers.reshape(shape)


def packed(folder: Path) -> bytes:
    """Return the content of the .npz file made from the four idx files in `folder`."""
    arrays = {name: read_idx(folder / file, shape) for name, (file, shape) in SOURCES.items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def main() -> None:
    """Read the folder named on the command line and write `data/fashion_mnist.npz`."""
    if len(sys.argv) != 2:
        sys.exit("usage: python scripts/make_fashion_mnist.py FOLDER")
    try:
        content = packed(Path(sys.argv[1]))
    except CourseError as error:
        sys.exit(str(error))
    write_atomically(DATA / "fashion_mnist.npz", content)
    print(f"data/fashion_mnist.npz: {len(content)} bytes")


if __name__ == "__main__":
    main()
