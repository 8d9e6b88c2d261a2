"""CIFAR-10 on request, against a local server with a small archive in the original's format."""

import hashlib
import http.server
import io
import socket
import tarfile
import tempfile
import threading

import numpy as np
import pytest
import torch
import torchvision  # noqa: F401  (its first import leaves a folder among the temporary files)

from course_utils import cifar, data
from course_utils.files import CourseError

FOLDER = "cifar-10-batches-bin"


def records(seed, count):
    """`count` records of random pixels, their classes equally frequent in every 10."""
    random = np.random.default_rng(seed)
    labels = np.concatenate([random.permutation(10) for _ in range(count // 10)]).astype(np.uint8)
    return labels, random.integers(0, 256, (count, 3, 32, 32), np.uint8)


def archive(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


BATCHES = {f"{FOLDER}/data_batch_{number}.bin": records(number, 20) for number in range(1, 6)}
BATCHES[f"{FOLDER}/test_batch.bin"] = records(6, 30)
MEMBERS = {
    name: b"".join(bytes([label]) + image.tobytes() for label, image in zip(*batch, strict=True))
    for name, batch in BATCHES.items()
}
GOOD = archive({"../escaped.bin": b"out", f"{FOLDER}/readme.html": b"", **MEMBERS})
FILES = {
    "/good.tar.gz": GOOD,
    "/cut.tar.gz": GOOD,  # half of it is sent
    "/no-archive.tar.gz": b"hello",
    "/no-test.tar.gz": archive({name: content for name, content in MEMBERS.items() if "data" in name}),
    "/half-record.tar.gz": archive(MEMBERS | {f"{FOLDER}/test_batch.bin": b"\0" * 3000}),
    "/half-archive.tar.gz": GOOD[: len(GOOD) // 2],
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        content = FILES.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if self.path == "/cut.tar.gz" else content)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # the downloader's first request, which looks for a redirect, closes without reading


@pytest.fixture(scope="module")
def address():
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def root(tmp_path, monkeypatch):
    """An empty data/ and an empty folder for temporary files, both watched for what is left behind."""
    for name in ("data", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(cifar, "DATA", tmp_path / "data")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path


def md5(path):
    return hashlib.md5(FILES[path], usedforsecurity=False).hexdigest()


def files(root):
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_download_gives_the_records_in_balanced_order(root, address):
    path = data.download_cifar10(f"{address}/good.tar.gz", md5("/good.tar.gz"))
    assert files(root) == ["data/downloads/cifar10.npz"] and path.is_file()
    assert not list((root / "temporary").iterdir())
    train, test = data.cifar10(train=100, test=30)
    assert (train.images.shape, train.images.dtype) == ((100, 3, 32, 32), torch.uint8)
    assert train.classes[0] == "airplane" and torch.equal(train.labels, torch.arange(100) % 10)
    labels, images = (np.concatenate(part) for part in zip(*list(BATCHES.values())[:5], strict=True))
    for number in range(10):
        assert np.array_equal(train.images[train.labels == number].numpy(), images[labels == number])
    assert torch.equal(data.cifar10(train=10, test=20)[1].images, test.images[:20])
    with pytest.raises(ValueError, match="train=110 is more than there are: use 100"):
        data.cifar10(train=110, test=10)


@pytest.mark.parametrize(
    ("path", "checksum", "words"),
    [
        ("/missing.tar.gz", "0" * 32, "HTTPError: HTTP Error 404"),
        ("/cut.tar.gz", md5("/cut.tar.gz"), "corrupted|IncompleteRead"),
        ("/good.tar.gz", "0" * 32, "RuntimeError: File not found or corrupted"),
        ("/no-archive.tar.gz", md5("/no-archive.tar.gz"), "ReadError"),
        ("/no-test.tar.gz", md5("/no-test.tar.gz"), r"KeyError: .*test_batch\.bin"),
        ("/half-record.tar.gz", md5("/half-record.tar.gz"), "3000 bytes are not a whole number of records"),
        ("/half-archive.tar.gz", md5("/half-archive.tar.gz"), "EOFError|ReadError"),
    ],
    ids=["404", "cut", "wrong-md5", "no-archive", "no-test", "half-record", "half-archive"],
)
def test_a_failed_download_says_why_and_leaves_nothing(root, address, path, checksum, words):
    with pytest.raises(CourseError, match=f"could not be downloaded .*({words})") as caught:
        data.download_cifar10(address + path, checksum)
    assert "Nothing was written" in str(caught.value) and "fashion_mnist() needs no network" in str(caught.value)
    assert list((root / "temporary").iterdir()) == list((root / "data").iterdir()) == []


def test_a_closed_port_says_why_and_leaves_nothing(root):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
    with pytest.raises(CourseError, match=r"could not be downloaded .*URLError"):
        data.download_cifar10(f"http://127.0.0.1:{port}/good.tar.gz", md5("/good.tar.gz"))
    assert list((root / "temporary").iterdir()) == list((root / "data").iterdir()) == []


def test_an_earlier_download_survives_a_failed_one(root, address):
    before = data.download_cifar10(f"{address}/good.tar.gz", md5("/good.tar.gz")).read_bytes()
    with pytest.raises(CourseError):
        data.download_cifar10(f"{address}/missing.tar.gz")
    assert (root / "data/downloads/cifar10.npz").read_bytes() == before


def test_a_folder_that_cannot_be_made_is_told(root, address):
    (root / "data" / "downloads").write_bytes(b"a file in the way")
    with pytest.raises(CourseError, match=r"could not be downloaded .*Exists"):
        data.download_cifar10(f"{address}/good.tar.gz", md5("/good.tar.gz"))
    assert files(root) == ["data/downloads"]


def test_without_a_download_the_error_says_what_to_call(root):
    with pytest.raises(CourseError, match=r"call data\.download_cifar10\(\) once .* data\.fashion_mnist\(\)"):
        data.cifar10()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[:3000] + bytes([content[3000] ^ 1]) + content[3001:],
        lambda content: b"",
        lambda content: b"\x80\x04N.",  # a pickle: never loaded
    ],
)
def test_a_damaged_download_is_told(root, address, damage):
    path = data.download_cifar10(f"{address}/good.tar.gz", md5("/good.tar.gz"))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CourseError, match=r"cifar10\.npz is damaged .*call data\.download_cifar10\(\) again"):
        data.cifar10(train=10, test=10)


def test_the_address_is_that_of_the_binary_version():
    assert cifar.URL == "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    assert cifar.MD5 == "c32a1d4ab5d03f1284b67883e8d87530"
