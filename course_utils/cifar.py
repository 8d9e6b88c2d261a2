"""CIFAR-10 on request: no lesson needs it, and nothing here asks for the network but `download_cifar10`.

The binary version is used, because the Python version is a pickle, and the course loads none. One record is
a label byte and 3072 pixel bytes: the red, the green and the blue plane, each 32 rows of 32. Source: Alex
Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009; the address and the MD5 are those
on https://www.cs.toronto.edu/~kriz/cifar.html.
"""

import io
import tarfile
import tempfile
import zipfile
import zlib
from http.client import HTTPException
from pathlib import Path

import numpy as np

from course_utils.files import DATA, CourseError, write_atomically
from course_utils.image_sets import ImageSet, balanced, check_size

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
TRAIN = [f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6)]
TEST = ["cifar-10-batches-bin/test_batch.bin"]
RECORD = 1 + 3 * 32 * 32
# what the network, torchvision (RuntimeError: wrong checksum), the archive and the disk raise
FAULTS = (OSError, HTTPException, RuntimeError, tarfile.TarError, zlib.error, EOFError, KeyError, ValueError)


def download_cifar10(url: str = URL, md5: str = MD5) -> Path:
    """Download CIFAR-10 (170 MB), write it to `data/downloads/cifar10.npz` (184 MB), and return that path.

    `url` may name a mirror; the archive must have the checksum `md5`. It is not unpacked into any folder:
    the six files are read out of it, so that no name in it can lead a file elsewhere.

    Raises:
        CourseError: no network, a wrong address, a broken or wrong archive, or no room on the disk. Nothing
            is left behind then, and a file from an earlier download is as it was.
    """
    from torchvision.datasets.utils import download_url  # here, so that no lesson waits for torchvision

    path = DATA / "downloads" / "cifar10.npz"
    try:
        with tempfile.TemporaryDirectory(prefix="cifar10-") as folder:
            download_url(url, folder, "cifar10.tar.gz", md5)
            content = _converted(Path(folder) / "cifar10.tar.gz")
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, content)
    except FAULTS as error:
        raise CourseError(
            f"CIFAR-10 could not be downloaded from {url} ({type(error).__name__}: {error}). Nothing was "
            "written. Try again later, or name a mirror; data.fashion_mnist() needs no network"
        ) from error
    return path


def cifar10(train: int = 50_000, test: int = 10_000) -> tuple[ImageSet, ImageSet]:
    """Return the first `train` training and the first `test` test images of CIFAR-10, each (3, 32, 32) uint8.

    The order and the sizes follow the same rule as in `fashion_mnist`.

    Raises:
        ValueError: a size that is negative, too large, or not a multiple of 10.
        CourseError: CIFAR-10 was not downloaded yet, or its file is damaged.
    """
    arrays = _load(DATA / "downloads" / "cifar10.npz")
    check_size("train", train, len(arrays["train_labels"]))
    check_size("test", test, len(arrays["test_labels"]))
    return (
        balanced(arrays["train_images"], arrays["train_labels"], train, CLASSES),
        balanced(arrays["test_images"], arrays["test_labels"], test, CLASSES),
    )


def _load(path: Path) -> dict[str, np.ndarray]:
    """Return the four arrays in the file that `download_cifar10` wrote."""
    if not path.is_file():
        raise CourseError(
            "CIFAR-10 is not part of the course, and data/downloads/cifar10.npz is missing: call "
            "data.download_cifar10() once (170 MB), or use data.fashion_mnist(), which needs no network"
        )
    names = [f"{part}_{kind}" for part in ("train", "test") for kind in ("images", "labels")]
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in names}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise CourseError(
            f"data/downloads/cifar10.npz is damaged ({error}): call data.download_cifar10() again"
        ) from error


def _converted(archive: Path) -> bytes:
    """Return the content of the .npz file made from the downloaded archive."""
    with tarfile.open(archive, "r:gz") as tar:
        train_images, train_labels = _records(tar, TRAIN)
        test_images, test_labels = _records(tar, TEST)
    buffer = io.BytesIO()
    np.savez(  # not compressed: photographs hardly shrink, and it loads faster
        buffer,
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
    )
    return buffer.getvalue()


def _records(tar: tarfile.TarFile, members: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return images (N, 3, 32, 32) and labels (N,), both uint8, of all records in the named members."""
    content = b"".join(_member(tar, name) for name in members)
    if len(content) % RECORD:
        raise ValueError(f"{len(content)} bytes are not a whole number of records of {RECORD} bytes")
    records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0]


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    if file is None:
        raise ValueError(f"{name} in the archive is not a file")
    return file.read()
