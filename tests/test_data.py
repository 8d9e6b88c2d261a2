"""What the data layer computes: balanced subsets, standardised batches, photographs and tables."""

import hashlib
import io
import re
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from course_utils import data
from course_utils.files import DATA

# of the numbers in the four original idx files, without their headers
ORIGINALS = {
    "train_images": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
    "train_labels": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
    "test_images": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
    "test_labels": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
}
VERDICTS = {
    *("exact", "rounded", "right", "incomplete", "imprecise", "depends", "preliminary", "unconfirmed"),
    *("misleading", "wrong", "measured"),
}


@pytest.fixture(scope="module")
def full():
    return data.fashion_mnist()


# Fashion-MNIST


def test_arrays_are_those_of_the_original_files():
    with np.load(io.BytesIO(data.verified("fashion_mnist.npz"))) as arrays:
        assert {name: hashlib.sha256(arrays[name].tobytes()).hexdigest() for name in arrays} == ORIGINALS
        shapes = {name: (arrays[name].shape, arrays[name].dtype) for name in arrays}
    assert shapes["train_images"] == ((60_000, 28, 28), np.uint8)
    assert shapes["test_labels"] == ((10_000,), np.uint8)


def test_archive_holds_no_date_and_is_within_its_budget():
    with zipfile.ZipFile(DATA / "fashion_mnist.npz") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert (DATA / "fashion_mnist.npz").stat().st_size <= 32_000_000


def test_full_set_keeps_every_image_with_its_label(full):
    with np.load(DATA / "fashion_mnist.npz") as arrays:
        for part, found in zip(("train", "test"), full, strict=True):
            images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
            for number in range(10):  # inside a class, the order of the file
                expected = torch.from_numpy(images[labels == number])
                assert torch.equal(found.images[found.labels == number], expected)


def test_types_shapes_and_classes(full):
    train, test = full
    assert (train.images.shape, test.images.shape) == ((60_000, 28, 28), (10_000, 28, 28))
    assert (train.images.dtype, train.labels.dtype) == (torch.uint8, torch.int64)
    assert len(train) == 60_000 and len(train.classes) == len(set(train.classes)) == 10
    assert (train.classes[0], train.classes[9]) == ("T-shirt/top", "Ankle boot")
    assert repr(train) == "ImageSet(images (60000, 28, 28), 10 classes)"


def test_every_multiple_of_ten_is_balanced(full):
    for part in full:
        assert torch.equal(part.labels, torch.arange(len(part)) % 10)


@pytest.mark.parametrize(("train", "test"), [(2_000, 500), (22_000, 10_000), (10, 0), (0, 10)])
def test_a_subset_begins_the_larger_one(full, train, test):
    for size, small, large in zip((train, test), data.fashion_mnist(train, test), full, strict=True):
        assert len(small) == size
        assert torch.equal(small.images, large.images[:size])
        assert torch.equal(small.labels, large.labels[:size])


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"train": 2_005}, "train=2005 can't be balanced over 10 classes: use 2000 or 2010"),
        ({"test": 9_999}, "test=9999 can't be balanced over 10 classes: use 9990 or 10000"),
        ({"train": -10}, "train=-10 is negative: use 0 or 10"),
        ({"train": 60_010}, "train=60010 is more than there are: use 60000"),
        ({"test": 60_000}, "test=60000 is more than there are: use 10000"),
    ],
)
def test_wrong_sizes_name_the_nearest_right_ones(sizes, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.fashion_mnist(**sizes)


def test_unequal_classes_are_refused():
    labels = np.array([0] * 11 + list(range(1, 10)), np.uint8)  # 20 labels, but 11 of class 0
    with pytest.raises(ValueError, match="1 to 11 images"):
        data.balanced(np.zeros((20, 2, 2), np.uint8), labels, 10, tuple("abcdefghij"))


@pytest.mark.alone
def test_loads_in_less_than_a_second():
    def seconds():
        start = time.perf_counter()
        data.fashion_mnist()
        return time.perf_counter() - start

    assert min(seconds() for _ in range(3)) < 1


def test_constants_of_to_float_are_those_of_the_training_images(full):
    pixels = full[0].images.numpy().astype(np.float64) / 255
    assert pytest.approx(pixels.mean(), abs=1e-12) == data.FASHION_MEAN
    assert pytest.approx(pixels.std(), abs=1e-12) == data.FASHION_STD


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_to_float_standardises_in_the_default_type(full, dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        batch = data.to_float(full[0].images[:20_000])
        photograph = data.photograph("cat")
    finally:
        torch.set_default_dtype(before)
    assert batch.dtype == photograph.dtype == dtype
    assert batch.shape == (20_000, 1, 28, 28)
    assert abs(batch.mean()) < 0.01 and abs(batch.std() - 1) < 0.01


@pytest.mark.parametrize("wrong", [torch.zeros(28, 28, dtype=torch.uint8), torch.zeros(2, 28, 28)])
def test_to_float_refuses_what_is_no_batch_of_bytes(wrong):
    with pytest.raises(ValueError, match=re.escape(f"{tuple(wrong.shape)} and type {wrong.dtype}")):
        data.to_float(wrong)


# Photographs and tables


@pytest.mark.parametrize("name", ["astronaut", "cat", "china", "coffee", "flower", "hopper", "rocket"])
def test_photographs(name):
    path = DATA / "photographs" / f"{name}.png"
    pixels = data.photograph(name)
    with Image.open(path) as image:
        assert (image.mode, image.format) == ("RGB", "PNG")
        assert np.array_equal((pixels * 255).round().byte().permute(1, 2, 0).numpy(), np.array(image))
    _, height, width = pixels.shape
    assert height % 32 == width % 32 == 0 and height != width
    assert pixels.min() >= 0 and 0.9 < pixels.max() <= 1
    assert path.stat().st_size <= 300_000


def test_unknown_names_list_the_known_ones():
    with pytest.raises(ValueError, match="'dog' in data/photographs: use one of astronaut, cat, china, coffee"):
        data.photograph("dog")
    with pytest.raises(ValueError, match=r"'\.\./manifest' in data/tables: use one of .*claims"):
        data.table("../manifest")


def test_claims():
    rows = data.table("claims")
    assert list(rows[0]) == ["id", "lessons", "claim", "verdict", "finding"]
    assert [row["id"] for row in rows] == [f"C{number:02d}" for number in range(1, 62)]
    lessons = {f"{number:02d}" for number in range(1, 12)}
    for row in rows:
        assert row["lessons"] and set(row["lessons"].split(" ")) <= lessons, row
        assert row["verdict"] in VERDICTS, row
        assert row["claim"].endswith(".") and row["finding"].endswith("."), row
    assert lessons == {lesson for row in rows for lesson in row["lessons"].split()}


def test_readme_explains_every_verdict():
    text = (DATA / "README.md").read_text(encoding="utf-8").split("| verdict | meaning |")[1]
    assert set(re.findall(r"^\| (\w+) \| ", text, re.MULTILINE)) == VERDICTS


def test_import_needs_neither_torchvision_nor_matplotlib():
    code = "import sys, course_utils.data; print({'torchvision', 'matplotlib'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"
