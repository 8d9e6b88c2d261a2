"""The student's own pictures as a set of labelled images: a folder with one folder of pictures for each class."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from course_utils.files import CourseError
from course_utils.image_sets import ImageSet

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")
HELD_OUT = 5  # every fifth picture of a class, from the first on, is for testing
FEWEST, MOST = 5, 20_000  # pictures of a class, and of all
SMALLEST, LARGEST = 8, 256  # side


def own_images(folder: str | Path, side: int = 56) -> tuple[ImageSet, ImageSet]:
    """Load a folder of pictures as training and test images.

    Each class is a folder in it, named as the class, with at least five pictures: PNG, JPEG, WebP, BMP or GIF. The
    middle square of each is resized and made grey, so that all of the course's models, losses and measures take them.
    Every fifth picture of a class, in the order of their names, is for testing. Nothing in the folder is changed.

    Args:
        folder: that holds the folders.
        side: of the images that come out, in pixels.

    Returns:
        training and test images, (N, side, side) of bytes; the classes in the order of their names.

    Raises:
        CourseError: there is no such folder, too few or too many pictures, fewer than two classes, or a picture that
            can't be read; the message names it and the remedy.
    """
    if not isinstance(side, int) or not SMALLEST <= side <= LARGEST:
        raise CourseError(f"side={side!r} is no side of an image: use a whole number from {SMALLEST} to {LARGEST}")
    by_class = _pictures(Path(folder))
    names = tuple(by_class)
    parts: tuple[list, list] = ([], [])  # (image, label) to learn from, to test with
    for label, paths in enumerate(by_class.values()):
        for place, path in enumerate(paths):
            parts[place % HELD_OUT == 0].append((read_grey(path, side), label))
    train, test = (_as_set(part, names) for part in parts)
    return train, test


def read_grey(path: Path, side: int) -> Tensor:
    """Return the middle square of a picture in grey, resized to (side, side) of bytes.

    Raises:
        CourseError: it can't be read.
    """
    try:
        with Image.open(path) as picture:
            upright = _eight_bits(ImageOps.exif_transpose(picture)).convert("L")
            return torch.from_numpy(np.array(ImageOps.fit(upright, (side, side), Image.Resampling.LANCZOS)))
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        reason = str(error).split("\n")[0][:100]
        raise CourseError(f"{path} is no picture that can be read ({reason}): save it as PNG, or remove it") from None


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Return a picture of 16 bits with 8, since PIL would make all but the darkest white; others as they are."""
    if not picture.mode.startswith("I"):
        return picture
    return Image.fromarray((np.asarray(picture) // 256).clip(0, 255).astype(np.uint8))


def _pictures(folder: Path) -> dict[str, list[Path]]:
    """Return the paths of each class's pictures, classes and pictures in the order of their names."""
    if not folder.is_dir():
        raise CourseError(f"there is no folder {folder}: make one, with a folder of pictures in it for each class")
    classes = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    by_class = {path.name: _pictures_in(path) for path in classes}
    if len(by_class) < 2:
        found = f"only the class {classes[0].name!r}" if classes else "no folder of a class"
        raise CourseError(f"{folder} holds {found}: make a folder of pictures in it for each of two classes or more")
    few = {name: len(paths) for name, paths in by_class.items() if len(paths) < FEWEST}
    if few:
        found = ", ".join(f"{name!r} has {count}" for name, count in few.items())
        raise CourseError(f"{found} of the {FEWEST} pictures that a class in {folder} needs: add some, or remove it")
    total = sum(map(len, by_class.values()))
    if total > MOST:
        raise CourseError(f"{folder} holds {total:,} pictures, more than memory has room for: use {MOST:,} at the most")
    return by_class


def _pictures_in(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    return [path for path in files if path.suffix.lower() in SUFFIXES]


def _as_set(part: list[tuple[Tensor, int]], classes: tuple[str, ...]) -> ImageSet:
    images, labels = zip(*part, strict=True)
    return ImageSet(torch.stack(images), torch.tensor(labels), classes)
