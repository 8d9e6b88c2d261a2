"""Every file under data/ is what the manifest says, each fault is told with its remedy, the scripts work."""

import gzip
import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest

from course_utils import data
from course_utils.files import DATA, ROOT, CourseError


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of data/ to be damaged, without what is large and not of these tests."""
    root = tmp_path / "data"
    for file in data.manifest():
        if file.split("/")[0] in ("photographs", "tables") or file == "fashion_mnist.npz":
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(DATA / file, root / file)
    lines = (DATA / "manifest.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line.split(",")[0] == "file" or (root / line.split(",")[0]).is_file()]
    (root / "manifest.csv").write_text("".join(kept), encoding="utf-8", newline="\n")
    monkeypatch.setattr(data, "DATA", root)
    assert data.problems() == []
    return root


def test_every_file_has_a_complete_row_and_is_right():
    update = script("update_manifest")
    rows = update.read_rows(DATA)
    assert update.complaints(DATA, rows) == []
    assert data.problems() == []
    assert update.as_csv(rows) == (DATA / "manifest.csv").read_bytes()


def test_text_files_have_the_same_bytes_on_every_system():
    texts = [DATA / file for file in data.manifest() if file.endswith((".csv", ".txt", ".json", ".md"))]
    assert texts and not [path for path in texts if b"\r" in path.read_bytes()]


def cut(path):
    path.write_bytes(path.read_bytes()[:1000])


def lengthen(path):
    path.write_bytes(path.read_bytes() + b"\n")


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    path.write_bytes(content)


def replace_by_a_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Path.unlink, "is missing"),
        (cut, r"is truncated: 1000 bytes found, \d+ expected"),
        (lengthen, r"is altered: \d+ bytes found, \d+ expected"),
        (flip_a_bit, r"is altered: \d+ bytes with sha256 [0-9a-f]{12}… found, [0-9a-f]{12}… expected"),
        (replace_by_a_folder, "can't be read"),
    ],
)
@pytest.mark.parametrize(
    ("file", "load"),
    [
        ("fashion_mnist.npz", data.fashion_mnist),
        ("photographs/cat.png", lambda: data.photograph("cat")),
        ("tables/claims.csv", lambda: data.table("claims")),
    ],
)
def test_a_faulty_file_is_named_with_fault_and_remedy(copy, file, load, fault, words):
    fault(copy / file)
    with pytest.raises(data.DataFileError, match=f"^data/{file} {words}.*git restore data/{file}") as error:
        load()
    assert isinstance(error.value, CourseError)
    assert data.problems() == [str(error.value)]


def test_a_file_without_a_row_is_not_read(copy):
    (copy / "extra.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(data.DataFileError, match=r"data/extra\.csv has no row in data/manifest\.csv"):
        data.verified("extra.csv")


@pytest.mark.parametrize("fault", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-70]), cut])
def test_a_faulty_manifest_is_told(copy, fault):
    fault(copy / "manifest.csv")
    with pytest.raises(data.DataFileError, match=r"^data/manifest\.csv can't be read .*git restore") as error:
        data.photograph("cat")
    assert data.problems() == [str(error.value)]


def test_update_manifest_refreshes_and_complains(copy, capsys):
    update = script("update_manifest")
    assert update.main(copy) == 0 and capsys.readouterr().out == ""
    lengthen(copy / "tables/claims.csv")
    (copy / "photographs/cat.png").unlink()
    (copy / "new.json").write_text("{}", encoding="utf-8")
    (copy / ".hidden").write_text("", encoding="utf-8")
    (copy / "downloads").mkdir()
    (copy / "downloads" / "cifar10.npz").write_bytes(b"")
    assert update.main(copy) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["tables/claims.csv", "new.json", "photographs/cat.png"]
    assert data.table("claims")


def test_update_manifest_fills_in_a_new_row(copy, capsys):
    update = script("update_manifest")
    (copy / "new.json").write_text("{}", encoding="utf-8")
    with (copy / "manifest.csv").open("a", encoding="utf-8", newline="") as file:
        file.write("new.json,a test,,MIT,,\n")
    assert update.main(copy) == 1
    assert capsys.readouterr().out.endswith("new.json: its column source is empty\n")
    assert data.verified("new.json") == b"{}"


# The script that made Fashion-MNIST's file


def idx(magic, *shape, numbers):
    header = b"".join(number.to_bytes(4, "big") for number in (magic, *shape))
    return gzip.compress(header + bytes(numbers))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (idx(2049, 2, 3, 3, numbers=range(18)), "is no idx file of uint8 with shape"),
        (idx(2051, 2, 3, 4, numbers=range(24)), "is no idx file of uint8 with shape"),
        (idx(2051, 2, 3, 3, numbers=range(17)), "has 17 numbers, 18 expected"),
        (idx(2051, 2, 3, 3, numbers=range(18))[:-12], "can't be read"),
        (b"not gzip", "can't be read"),
    ],
    ids=["magic", "shape", "short", "cut", "no-gzip"],
)
def test_idx_files_are_checked(tmp_path, content, words):
    read_idx = script("make_fashion_mnist").read_idx
    (tmp_path / "good.gz").write_bytes(idx(2051, 2, 3, 3, numbers=range(18)))
    assert np.array_equal(read_idx(tmp_path / "good.gz", (2, 3, 3)), np.arange(18).reshape(2, 3, 3))
    (tmp_path / "bad.gz").write_bytes(content)
    with pytest.raises(CourseError, match=words):
        read_idx(tmp_path / "bad.gz", (2, 3, 3))
