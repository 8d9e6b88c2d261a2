"""A leaderboard stores what can be rebuilt, measures it again, runs nobody's code unasked, and loses nothing."""

import json
import shutil

import pytest
import safetensors.torch
import torch
from torch import nn

from course_utils import leaderboard, leaderboard_files, leaderboard_run, leaderboard_table, projects
from course_utils.files import CourseError, sha256
from course_utils.image_sets import ImageSet
from course_utils.leaderboard_files import MODEL, TEST, WEIGHTS, Entry
from course_utils.project_parts import Rules

OWN = "own_images"


class Toy(nn.Module):
    """One linear layer on all pixels."""

    def __init__(self, classes=3):
        super().__init__()
        self.head = nn.Linear(36, classes)

    def forward(self, images):
        return self.head(images.flatten(1))


def build():
    return Toy()


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(1)
    pixels = torch.randint(256, (30, 6, 6), generator=generator, dtype=torch.uint8)
    return ImageSet(pixels, torch.arange(30) % 3, ("a", "b", "c"))


@pytest.fixture
def model():
    torch.manual_seed(3)
    return Toy()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "work" / "leaderboard"


def by_hand(model, images):
    pixels = (images.images.double().flatten(1) / 255 - 0.2860405969887955) / 0.35302424451492254
    logits = pixels @ model.head.weight.double().T + model.head.bias.double()
    return sum(int(row.argmax()) == int(label) for row, label in zip(logits, images.labels, strict=True)) / len(logits)


def entry_of(model, images, code="", **claims):
    """Return an entry and its files as a fellow student may have made them, without running anything."""
    text = code or "from torch import nn\n\n\ndef build():\n    return nn.Sequential(nn.Flatten(), nn.Linear(36, 3))\n"
    weights = {"1.weight": model.head.weight.detach(), "1.bias": model.head.bias.detach()}
    test = {"images": images.images, "labels": images.labels}
    contents = {
        MODEL: text.encode(),
        WEIGHTS: safetensors.torch.save(weights),
        TEST: safetensors.torch.save(test),
    }
    checksums = {name: sha256(content) for name, content in contents.items()}
    known = {"score": by_hand(model, images), "parameters": 111, "macs": 0, "notes": "", "checksums": checksums}
    return Entry(**{"project": OWN, "name": "bob", **known, **claims}), contents


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def edit(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_an_entry_is_measured_rebuilt_and_never_overwritten(folder, model, images):
    model.train()
    verdict = leaderboard.submit(OWN, "ann 1", build, model, "first | <b>try</b>", test=images, folder=folder)
    assert model.training
    assert verdict.entry.score == pytest.approx(by_hand(model, images)) == verdict.found.score
    assert verdict.found.parameters == 36 * 3 + 3 and verdict.faults == () and str(verdict).startswith("✓")
    place = folder / OWN / "ann 1"
    assert sorted(path.name for path in place.iterdir()) == ["entry.json", MODEL, TEST, WEIGHTS]
    assert "class Toy" in (place / MODEL).read_text() and "nn.Linear(36" in (place / MODEL).read_text()
    before = everything(folder)
    for name in ("ann 1", "ANN 1"):
        with pytest.raises(CourseError, match="nothing is overwritten: choose another name"):
            leaderboard.submit(OWN, name, build, model, test=images, folder=folder)
    assert everything(folder) == before
    line = next(line for line in leaderboard_table.table(OWN, folder).splitlines() if "ann 1" in line)
    assert "✓ measured again" in line and "<b>" not in line and line.count("|") - line.count("\\|") == 6
    edit(place / "entry.json", score=0.99)
    line = next(line for line in leaderboard.show(OWN, folder).data.splitlines() if "ann 1" in line)
    assert "○ claimed, not measured again" in line and "99.0 %" in line
    verdict = leaderboard.validate(OWN, "ann 1", folder=folder)
    assert "not 99.0 %" in verdict.faults[0] and "unchanged" in verdict.code and str(verdict).startswith("✗")
    line = next(line for line in leaderboard_table.table(OWN, folder).splitlines() if "ann 1" in line)
    assert "✗ claimed 99.0 %" in line and f"{100 * by_hand(model, images):.1f} %" in line


def test_code_of_others_is_run_only_by_its_checksum(folder, model, images, tmp_path):
    trace = tmp_path / "it ran"
    code = f"open({str(trace)!r}, 'w').close()\n" + entry_of(model, images)[1][MODEL].decode()
    entry, contents = entry_of(model, images, code)
    leaderboard_files.store(entry, contents, folder)
    leaderboard.show(OWN, folder)
    with pytest.raises(CourseError, match=r"bob/model\.py was not submitted here \(6 lines, unchanged") as told:
        leaderboard.validate(OWN, "bob", folder=folder)
    assert "read it" in str(told.value) and f"allow='{sha256(code.encode())[:12]}'" in str(told.value)
    (folder / OWN / "bob" / MODEL).write_text("# another\n" + code)
    with pytest.raises(CourseError, match="changed since it was submitted"):
        leaderboard.validate(OWN, "bob", allow=sha256(code.encode())[:12], folder=folder)
    assert not trace.exists()
    allowed = sha256(("# another\n" + code).encode())[:12]
    verdict = leaderboard.validate(OWN, "bob", allow=allowed, folder=folder)
    assert trace.exists() and verdict.faults == ("model.py was changed since it was submitted",)


def test_what_is_not_in_the_weights_is_noticed(folder, model, images, monkeypatch):
    found = leaderboard_run.Found(0.0, 111, 0)
    monkeypatch.setattr(leaderboard, "rebuilt", lambda *_: found)  # as with a buffer that isn't stored
    with pytest.raises(CourseError, match=r"not stored: rebuilt from its files.*persistent=False"):
        leaderboard.submit(OWN, "ann", build, model, test=images, folder=folder)
    assert leaderboard_files.names(OWN, folder) == [] and not everything(folder.parent)


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "a\\b", ".ann", "con", "COM1", "x" * 41, "a.", "ä", " a", 3])
def test_strange_names_are_refused(name, folder, model, images):
    with pytest.raises(CourseError, match="can't be a folder's: use up to 40 letters"):
        leaderboard.submit(OWN, name, build, model, test=images, folder=folder)
    with pytest.raises(CourseError, match="can't be a folder's"):
        leaderboard_files.read(OWN, name, folder)
    assert not folder.exists()


def test_arguments_are_checked_before_anything_is_measured(folder, model, images):
    submit = leaderboard.submit
    with pytest.raises(CourseError, match="there is no project 'swim': use one of recipe"):
        submit("swim", "ann", build, model, folder=folder)
    with pytest.raises(CourseError, match="needs its own: pass test="):
        submit(OWN, "ann", build, model, folder=folder)
    with pytest.raises(CourseError, match="leave test out"):
        submit("recipe", "ann", build, model, test=images, folder=folder)
    with pytest.raises(CourseError, match="model is a function"):
        submit(OWN, "ann", build, build, test=images, folder=folder)
    with pytest.raises(CourseError, match="up to 300 characters"):
        submit(OWN, "ann", build, model, "x" * 301, test=images, folder=folder)


def damaged(folder, model, images, **claims):
    leaderboard_files.store(*entry_of(model, images, **claims), folder)
    return folder / OWN / "bob"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"score": None}, "score is None"),
        ({"score": float("nan")}, "score is nan"),
        ({"score": True}, "score is True"),
        ({"score": 10**400}, "too large"),
        ({"parameters": "many"}, "parameters is 'many'"),
        ({"macs": -1}, "macs is -1"),
        ({"checksums": {}}, "checksums are of"),
        ({"checksums": {MODEL: "", WEIGHTS: "", "../../x": ""}}, "checksums are of"),
        ({"checksums": None}, "no record of an entry"),
        ({"name": "eve"}, "is of own_images/eve"),
    ],
)
def test_a_broken_record_is_told_and_shown(changes, told, folder, model, images):
    edit(damaged(folder, model, images) / "entry.json", **changes)
    with pytest.raises(CourseError, match=told):
        leaderboard.validate(OWN, "bob", folder=folder)
    assert "bob | – |  | ✗ can't be read" in leaderboard_table.table(OWN, folder)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"[" * 50_000, b'{"score": 1}'])
def test_what_is_no_record_is_told(content, folder, model, images):
    (damaged(folder, model, images) / "entry.json").write_bytes(content)
    with pytest.raises(CourseError, match=r"entry\.json is no record of an entry"):
        leaderboard_files.read(OWN, "bob", folder)


def test_links_missing_and_huge_files_are_refused(folder, model, images, tmp_path):
    place = damaged(folder, model, images)
    elsewhere = tmp_path / "secret"
    elsewhere.write_text("secret")
    (place / MODEL).unlink()
    with pytest.raises(CourseError, match=r"model\.py can't be read \(No such file"):
        leaderboard_files.read(OWN, "bob", folder)
    (place / MODEL).symlink_to(elsewhere)
    with pytest.raises(CourseError, match="no file but a link"):
        leaderboard_files.read(OWN, "bob", folder)
    (place / MODEL).unlink()
    (place / MODEL).write_bytes(b"#" * 500_001)
    with pytest.raises(CourseError, match="500,001 bytes: no more than 500,000"):
        leaderboard_files.read(OWN, "bob", folder)
    shutil.move(place, tmp_path / "bob")
    (folder / OWN / "bob").symlink_to(tmp_path / "bob")
    with pytest.raises(CourseError, match="a link to somewhere else"):
        leaderboard_files.read(OWN, "bob", folder)
    with pytest.raises(CourseError, match="there is no entry 'eve'"):
        leaderboard_files.read(OWN, "eve", folder)


def rebuilt(contents, seconds=60):
    return leaderboard_run.rebuilt(projects.find(OWN), contents, seconds)


def test_damaged_weights_are_told_before_anything_runs(model, images, monkeypatch):
    monkeypatch.setattr(leaderboard_run, "_run", lambda *_: pytest.fail("it ran"))
    _, contents = entry_of(model, images)
    for broken in (contents[WEIGHTS][:-9], contents[WEIGHTS][:5], b"", b"\xff" * 100):
        with pytest.raises(CourseError, match=r"weights\.safetensors is damaged"):
            rebuilt({**contents, WEIGHTS: broken})
    with pytest.raises(CourseError, match=r"test\.safetensors is damaged"):
        rebuilt({**contents, TEST: b"no"})
    other = safetensors.torch.save({"images": images.images.float(), "labels": images.labels})
    with pytest.raises(CourseError, match="doesn't hold images"):
        rebuilt({**contents, TEST: other})
    many = safetensors.torch.save({"images": images.images, "labels": images.labels + 10**12})
    with pytest.raises(CourseError, match=r"has the label 1000000000002: number the classes from 0 on, 1,000 at the"):
        rebuilt({**contents, TEST: many})


def test_a_score_that_is_a_whole_number_is_written_like_any_other(folder, model, images):
    edit(damaged(folder, model, images) / "entry.json", score=10**308)
    assert "○ claimed" in leaderboard_table.table(OWN, folder)


HEAD = "import torch\nfrom torch import nn\n"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def build():\n    return nn.Linear(36, 3)", "the weights don't fit the model that build makes"),
        (
            "def build():\n    return nn.Sequential(nn.Flatten(), nn.Linear(36, 4))",
            "the weights don't fit.*size mismatch",
        ),
        ("def build():\n    return 7", "build returns a int: return the model"),
        ("def build():\n    return 1 / 0", r"line 4 of model\.py fails: ZeroDivisionError"),
        ("bild = 1", r"model\.py fails: KeyError: 'build'"),
        ("def build(:", r"model\.py fails: SyntaxError"),
        ("exit()", r"line 3 of model\.py fails: SystemExit"),
    ],
)
def test_a_model_that_can_not_be_built_is_told(code, told, model, images, tmp_path):
    _, contents = entry_of(model, images, HEAD + code)
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    leaderboard_run.main(OWN, str(tmp_path))  # what the process runs
    with pytest.raises(CourseError, match=told):
        leaderboard_run._facts(tmp_path)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (torch.full((30, 3), float("nan")), "logits are NaN or infinite for 30 of 30"),
        (torch.zeros(30, 4), r"logits are \(30, 4\) of torch.float32: they must be \(30, 3\)"),
        (torch.zeros(30, 3, dtype=torch.int64), "of torch.int64"),
    ],
)
def test_answers_that_are_none_are_told(answer, told, images):
    with pytest.raises(CourseError, match=told):
        projects.find(OWN).measure.judge({"logits": answer}, images)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import os\nos._exit(3)", "ended its process with status 3: it crashed"),
        ("import os\nos._exit(0)", "ended without an answer"),
        ("import os\nos.mkfifo('facts.json')\nos._exit(0)", "no file but a link"),
        ("while True:\n    pass", "didn't end within 15 s: look for an endless loop"),
    ],
)
def test_a_process_that_dies_or_never_ends_is_told(code, told, model, images):
    with pytest.raises(CourseError, match=told):
        rebuilt(entry_of(model, images, code)[1], seconds=15 if "while" in code else 120)


def test_rules_name_what_is_too_much():
    rules = Rules((10, 20), 100, "")
    assert rules.broken(20, 100) == [] and rules.broken(10, 0) == []
    assert rules.broken(21, 101) == [
        "21 parameters, allowed are 10 to 20: change width or layers",
        "101 multiply-adds an image, allowed are 100: make it smaller",
    ]
    assert "exactly 5" in Rules((5, 5), 0, "").broken(4, 7)[0]


def test_the_best_stand_first_and_broken_ones_last(folder, model, images):
    for name, score in (("low", 0.2), ("high", 0.9), ("mid", 0.5)):
        entry, contents = entry_of(model, images, name=name, score=score)
        leaderboard_files.store(entry, contents, folder)
    (folder / OWN / "_<script>").mkdir()
    lines = leaderboard_table.table(OWN, folder).splitlines()[2:]
    assert [line.split("|")[1].strip() for line in lines] == ["high", "mid", "low", r"\_&lt;script&gt;"]


def test_what_was_noted_survives_damage(folder):
    assert leaderboard_files.known(folder) == {"ours": {}, "checked": {}}
    folder.mkdir(parents=True)
    leaderboard_files.note(folder, "ours", "abc", "p/n")
    assert leaderboard_files.known(folder)["ours"] == {"abc": "p/n"}
    (folder.parent / ".leaderboard.json").write_text("[" * 9)
    assert leaderboard_files.known(folder) == {"ours": {}, "checked": {}}
