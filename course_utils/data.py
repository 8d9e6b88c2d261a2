"""The course's images and tables, each file checked against `data/manifest.csv` before it is used.

Everything here works without a network. Only `download_cifar10` asks for one, and nothing calls it for you.
"""

import csv
import io

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from course_utils.cifar import cifar10, download_cifar10
from course_utils.files import DATA, CourseError, sha256
from course_utils.image_sets import ImageSet, balanced, check_size

__all__ = [
    "DataFileError",
    "ImageSet",
    "cifar10",
    "download_cifar10",
    "fashion_mnist",
    "manifest",
    "photograph",
    "problems",
    "table",
    "to_float",
    "verified",
]

FASHION_CLASSES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
# of all pixels of the 60,000 training images, on the scale 0..1; a test computes them again
FASHION_MEAN = 0.2860405969887955
FASHION_STD = 0.35302424451492254
FASHION_BLACK = -FASHION_MEAN / FASHION_STD  # a black pixel, standardised


class DataFileError(CourseError):
    """A file of the course is missing, damaged or unknown; the message says which, how, and what to do."""


def manifest() -> dict[str, dict[str, str]]:
    """Return the rows of `data/manifest.csv` by file: file, what, source, licence, bytes and sha256 as text.

    Raises:
        DataFileError: the manifest itself is missing or damaged.
    """
    try:
        with (DATA / "manifest.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
        if not rows or not all(row["bytes"].isdigit() and len(row["sha256"]) == 64 for row in rows):
            raise ValueError("a row is incomplete")
        return {row["file"]: row for row in rows}
    except (OSError, ValueError, KeyError, AttributeError, TypeError, csv.Error) as error:
        remedy = _remedy("manifest.csv")
        raise DataFileError(f"data/manifest.csv can't be read ({error}). {remedy}") from error


def verified(file: str) -> bytes:
    """Return the content of `file` (a path under data/, with forward slashes) if size and checksum are right.

    The file is read once, so what was checked is what you get.

    Raises:
        DataFileError: the manifest has no such file, or the file is missing, truncated or altered.
    """
    row = manifest().get(file)
    if row is None:
        raise DataFileError(f"data/{file} has no row in data/manifest.csv: check the name, or add the row")
    try:
        content = (DATA / file).read_bytes()
    except FileNotFoundError as error:
        raise DataFileError(f"data/{file} is missing. {_remedy(file)}") from error
    except OSError as error:
        raise DataFileError(f"data/{file} can't be read ({error.strerror}). {_remedy(file)}") from error
    fault = _fault(content, int(row["bytes"]), row["sha256"])
    if fault:
        raise DataFileError(f"data/{file} {fault}. {_remedy(file)}")
    return content


def problems() -> list[str]:
    """Check every file of the manifest; return one line for each that is missing, truncated or altered."""
    try:
        files = manifest()
    except DataFileError as error:
        return [str(error)]
    lines = []
    for file in files:
        try:
            verified(file)
        except DataFileError as error:
            lines.append(str(error))
    return lines


def _fault(content: bytes, size: int, checksum: str) -> str:
    """Say what is wrong with `content`; an empty text when it is right."""
    if len(content) < size:
        return f"is truncated: {len(content)} bytes found, {size} expected"
    if len(content) > size:
        return f"is altered: {len(content)} bytes found, {size} expected"
    found = sha256(content)
    if found != checksum:
        return f"is altered: {size} bytes with sha256 {found[:12]}… found, {checksum[:12]}… expected"
    return ""


def _remedy(file: str) -> str:
    return f"In the course's folder, run `git restore data/{file}`, or clone the course again"


def _path(name: str, folder: str, suffix: str) -> str:
    """Return the listed path of `name` in `folder`, or raise a ValueError that lists the names there are."""
    paths = [file for file in manifest() if file.startswith(f"{folder}/") and file.endswith(suffix)]
    names = sorted(path[len(folder) + 1 : -len(suffix)] for path in paths)
    if name not in names:
        raise ValueError(f"nothing named {name!r} in data/{folder}: use one of {', '.join(names)}")
    return f"{folder}/{name}{suffix}"


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of `data/tables/NAME.csv`, each a dictionary from column to text.

    Raises:
        ValueError: there is no such table.
        DataFileError: the file is missing, truncated or altered.
    """
    text = verified(_path(name, "tables", ".csv")).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def photograph(name: str) -> Tensor:
    """Return the photograph `name` as (3, H, W): red, green, blue in 0..1.

    There are 'astronaut', 'cat', 'china', 'coffee', 'flower', 'hopper' and 'rocket'. Both sides are multiples of 32.
    The type is torch's default.

    Raises:
        ValueError: there is no such photograph.
        DataFileError: the file is missing, truncated or altered.
    """
    with Image.open(io.BytesIO(verified(_path(name, "photographs", ".png")))) as image:
        pixels = torch.from_numpy(np.array(image))  # (H, W, 3)
    return pixels.permute(2, 0, 1).contiguous().to(torch.get_default_dtype()) / 255


def fashion_mnist(train: int = 60_000, test: int = 10_000) -> tuple[ImageSet, ImageSet]:
    """Return the first `train` training and `test` test images of Fashion-MNIST, each (28, 28) uint8.

    The order is fixed: one image of each class in turn, each class in the order of the original files. So a
    subset has equally many images of each class, and a larger one begins with the smaller one. The images
    stay bytes; a batch becomes a model's input by `to_float(train.images[:64])`.

    Raises:
        ValueError: a size that is negative, too large, or not a multiple of 10.
        DataFileError: the file is missing, truncated or altered.
    """
    check_size("train", train, 60_000)
    check_size("test", test, 10_000)
    with np.load(io.BytesIO(verified("fashion_mnist.npz"))) as arrays:
        return (
            balanced(arrays["train_images"], arrays["train_labels"], train, FASHION_CLASSES),
            balanced(arrays["test_images"], arrays["test_labels"], test, FASHION_CLASSES),
        )


def to_float(images: Tensor) -> Tensor:
    """Return Fashion-MNIST images (B, H, W) uint8 as (B, 1, H, W) in torch's default type, standardised.

    The training images then have mean 0 and standard deviation 1; a black pixel is -0.81, a white one 2.02.

    Raises:
        ValueError: the images are not a batch of bytes.
    """
    if images.dtype != torch.uint8 or images.ndim != 3:
        raise ValueError(
            f"images of shape {tuple(images.shape)} and type {images.dtype} are not a batch (B, H, W) of "
            "torch.uint8: use a slice of an image set, as in to_float(train.images[:64])"
        )
    return (images.unsqueeze(1).to(torch.get_default_dtype()) / 255 - FASHION_MEAN) / FASHION_STD
