"""A folder of pictures becomes training and test images, or the message says which picture is in the way."""

import numpy as np
import pytest
from PIL import Image

from course_utils.files import CourseError
from course_utils.own_images import own_images, read_grey


@pytest.fixture
def folder(tmp_path):
    for name, level in (("dog", 200), ("cat", 50)):
        for n in range(7):
            save(tmp_path / "pictures" / name / f"{n}.png", level + n)
    return tmp_path / "pictures"


def save(path, level, size=(40, 30), mode="L"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, level).save(path)


def test_every_fifth_picture_of_a_class_is_for_testing(folder):
    (folder / "cat" / "notes.txt").write_text("no picture")
    (folder / ".hidden").mkdir()
    train, test = own_images(folder, side=16)
    assert train.classes == test.classes == ("cat", "dog")
    assert train.images.shape == (10, 16, 16) and test.images.shape == (4, 16, 16)
    assert sorted(test.images[:, 8, 8].tolist()) == [50, 55, 200, 205]
    assert sorted(train.images[:, 0, 0].tolist()) == [51, 52, 53, 54, 56, 201, 202, 203, 204, 206]
    assert [train.classes[label] for label in train.labels] == ["cat"] * 5 + ["dog"] * 5


def test_the_middle_square_is_kept_upright_and_grey(tmp_path):
    pixels = np.zeros((20, 40, 3), dtype=np.uint8)
    pixels[:, 10:20] = 255  # the left half of the middle square
    picture = Image.fromarray(pixels)
    picture.save(tmp_path / "a.png")
    grey = read_grey(tmp_path / "a.png", 20)
    assert (grey[:, :9] > 250).all() and (grey[:, 11:] < 5).all()
    exif = Image.Exif()
    exif[274] = 6  # turn by a quarter, clockwise
    picture.save(tmp_path / "b.jpg", exif=exif, quality=95)
    turned = read_grey(tmp_path / "b.jpg", 20)
    assert (turned[:9] > 240).all() and (turned[11:] < 15).all()


def test_pictures_with_transparency_and_palettes_are_read(folder):
    save(folder / "cat" / "p.gif", 3, mode="P")
    save(folder / "cat" / "t.png", (9, 9, 9, 0), mode="RGBA")
    assert len(own_images(folder)[0]) == 12  # of nine cats and seven dogs, two each are held out


def test_a_picture_of_16_bits_keeps_its_greys(tmp_path):
    levels = np.linspace(0, 65_535, 256).astype(np.uint16)
    Image.fromarray(np.tile(levels, (256, 1))).save(tmp_path / "deep.png")
    assert read_grey(tmp_path / "deep.png", 256)[0].tolist() == list(range(256))


def told(folder, message, **options):
    with pytest.raises(CourseError, match=message):
        own_images(folder, **options)


def test_what_is_wrong_is_named(folder, tmp_path):
    told(tmp_path / "none", "there is no folder .*none: make one")
    (tmp_path / "empty").mkdir()
    told(tmp_path / "empty", "holds no folder of a class")
    save(tmp_path / "one" / "cat" / "a.png", 1)
    told(tmp_path / "one", "only the class 'cat'")
    (folder / "bird").mkdir()
    told(folder, "'bird' has 0 of the 5 pictures")
    (folder / "bird").rmdir()
    for side in (7, 257, 2.5, "56"):
        told(folder, "is no side of an image: use a whole number", side=side)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n broken"])
def test_an_unreadable_picture_is_named(folder, content):
    (folder / "dog" / "3.png").write_bytes(content)
    told(folder, r"dog/3\.png is no picture that can be read .*save it as PNG, or remove it")


def test_a_truncated_picture_is_named(folder):
    path = folder / "dog" / "3.png"
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (60, 60), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:1500])
    told(folder, r"dog/3\.png is no picture")
