"""What a student is shown and compared with, how it is measured, and the runs of lesson 07."""

import dataclasses

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import checkpoints, data, deit_runs, distill_runs, inheritance_runs, teaching
from course_utils.checkpoints import FOLDER
from course_utils.experiments import by_arm, results
from course_utils.image_sets import ImageSet
from course_utils.models.conv import count_macs, count_parameters
from course_utils.models.deit import DistilledViT
from course_utils.training import accuracy, classification, grey, mirror
from course_utils.vit_runs import shuffled, small_vit


@pytest.fixture(scope="module")
def clothes():
    return data.fashion_mnist(60, 10)[0]


class Brightness(nn.Module):
    """Its logits are the mean of each part of the columns: they tell an image from its mirror image."""

    def __init__(self, parts=4):
        super().__init__()
        self.parts = parts

    def forward(self, images):
        return torch.stack([part.mean(dim=(1, 2, 3)) for part in images.chunk(self.parts, dim=3)], dim=1)


def seen(loss, seed=3):
    """Return what a loss draws from a generator of that seed."""
    return loss(torch.Generator().manual_seed(seed))


def test_the_teachers_logits_are_those_of_the_very_picture(clothes):
    views = teaching.both_ways(clothes)
    logits = teaching.logits_of(Brightness(), views, batch=7)
    assert views.shape == (2, 60, 1, 28, 28) and logits.shape == (2, 60, 4)
    torch.testing.assert_close(logits[1], logits[0].flip(1))
    shown, found, labels = seen(teaching.taught(nn.Identity(), views, logits, clothes.labels, 32, lambda *all: all))
    torch.testing.assert_close(found, Brightness()(shown))
    same = (views[:, :, None] == shown).all(dim=(3, 4, 5))  # (2, N, B)
    way, chosen = same.any(dim=1).long().argmax(dim=0), same.any(dim=0).long().argmax(dim=0)
    assert torch.equal(shown, views[way, chosen]) and torch.equal(labels, clothes.labels[chosen])
    assert 8 < way.sum() < 24, "about half are mirrored"


def test_a_student_is_shown_what_a_twin_with_labels_is_shown(clothes):
    """The same seed draws the same images, mirrored alike: arms differ in what they are compared with alone."""
    torch.manual_seed(0)
    model, views = small_vit().eval(), teaching.both_ways(clothes)
    nothing = torch.zeros(2, 60, 10)
    own = teaching.taught(model, views, nothing, clothes.labels, 16, distill_runs.from_labels)
    other = classification(model, clothes, 16, augment=mirror)
    assert torch.equal(seen(own), seen(other)) and not torch.equal(seen(own), seen(other, seed=4))


def test_known_labels_count_half_and_unknown_ones_not_at_all():
    student, teacher = torch.randn(2, 6, 10, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([3, -100, 5, -100, -100, -100])
    found = distill_runs.soft_and_known_labels(student, teacher, labels)
    known = F.cross_entropy(student[[0, 2]], labels[[0, 2]])
    assert torch.isclose(found, (known + distill_runs.SOFT(student, teacher, labels)) / 2)
    nobody = torch.full((6,), distill_runs.UNKNOWN)
    found = distill_runs.soft_and_known_labels(student, teacher, nobody)
    assert torch.isclose(found, distill_runs.SOFT(student, teacher, nobody) / 2), "a batch without labels is no NaN"


def test_predictions_that_stay_under_a_shift_are_counted():
    """One bright column: a model that asks in which half it is changes its mind where the column crosses the middle."""
    images = torch.zeros(28, 28, 28, dtype=torch.uint8)
    images[torch.arange(28), :, torch.arange(28)] = 255
    columns = ImageSet(images, torch.tensor([0] * 14 + [1] * 14), ("left", "right"))
    found, values = teaching.tried(Brightness(2), columns)
    assert torch.equal(found, columns.labels) and values["accuracy"] == 1
    # up and down nothing changes; left and right each 2 columns cross the middle, and 2 on the right edge leave the
    # picture: an empty one is "left"
    assert values["kept"] == pytest.approx((1 + 1 + 26 / 28 + 24 / 28) / 4)


def test_likeness_is_of_all_images_and_of_the_wrong_ones():
    labels, one, other = torch.tensor([0, 1, 2, 3]), torch.tensor([0, 1, 3, 1]), torch.tensor([0, 1, 3, 3])
    assert teaching.compared(one, other, labels) == {"agreement": 0.75, "shared_mistakes": 0.5}


# the runs


def test_only_the_first_labels_are_known(monkeypatch):
    found = []
    monkeypatch.setattr(distill_runs, "taught", lambda *six: found.append(six))
    monkeypatch.setattr(distill_runs, "fit", lambda *_some, **_named: None)
    ready = distill_runs.Teacher(nn.Identity(), torch.zeros(2, 22_000, 10), torch.zeros(10_000))
    monkeypatch.setattr(distill_runs, "teacher", lambda _name, _seed: ready)
    for arm in ("soft, 22k", "soft and labels, 22k", "labels, 22k", "labels, 2k"):
        distill_runs.train_student(nn.Identity(), distill_runs.STUDENTS[arm], 0)
    known = [(len(labels), int((labels != distill_runs.UNKNOWN).sum())) for _, _, _, labels, _, _ in found]
    assert known == [(22_000, 2_000), (22_000, 2_000), (22_000, 22_000), (2_000, 2_000)]
    assert all(views.shape[:2] == logits.shape[:2] == (2, len(labels)) for _, views, logits, labels, _, _ in found)
    counts = [torch.bincount(found[2][3][some]).unique().tolist() for some in (slice(2_000), slice(2_000, None))]
    assert counts == [[200], [2_000]], "each class is equally often in both parts"


def test_the_teachers_are_a_quarter_and_four_times_as_large():
    sizes = {name: distill_runs.small_cnn(width) for name, width in distill_runs.WIDTHS.items()}
    for count in (count_parameters, lambda model: count_macs(model, (28, 28), channels=1)):
        own = count(sizes["teacher"])
        assert 3.9 < count(sizes["larger teacher"]) / own < 4.1
        assert 0.24 < count(sizes["smaller teacher"]) / own < 0.26


def forget():
    """Forget the teachers that were trained so far."""
    for cached in (distill_runs.teacher, inheritance_runs.shuffled_teacher, deit_runs.teacher):
        cached.cache_clear()


@pytest.fixture
def short(monkeypatch):
    """Every training lasts two steps, and a teacher looks at fewer images."""
    for module in (distill_runs, inheritance_runs, deit_runs):
        for recipe in ("TEACHER", "STUDENT"):
            monkeypatch.setattr(module, recipe, dataclasses.replace(getattr(module, recipe), steps=2))
    monkeypatch.setattr(distill_runs, "IMAGES", 2_000)
    monkeypatch.setattr(deit_runs, "IMAGES", 2_000)
    forget()
    yield
    forget()


def test_twins_begin_with_the_same_weights_whether_or_not_a_teacher_is_trained_first(short, monkeypatch):
    monkeypatch.setattr(distill_runs, "taught", lambda *_six: lambda _generator: torch.zeros((), requires_grad=True))
    torch.manual_seed(1)
    first = small_vit().pos_embed
    for arm in ("soft, 2k", "hard, 22k", "labels, 2k"):
        assert torch.equal(distill_runs.student(arm, 1).pos_embed, first), arm
    assert not torch.equal(distill_runs.student("soft, 2k", 2).pos_embed, first)


def test_pixels_are_shuffled_as_in_lesson_05_and_shifts_come_first(clothes):
    views = inheritance_runs.shuffled_ways(clothes)
    torch.testing.assert_close(views[0], grey(shuffled(clothes, "pixels shuffled")))
    mirrored = ImageSet(clothes.images.flip(2), clothes.labels, clothes.classes)
    torch.testing.assert_close(views[1], grey(shuffled(mirrored, "pixels shuffled")))
    asked = []

    class Looker(nn.Module):
        def forward(self, images):
            asked.append(images)
            return torch.zeros(len(images), 10)

    teaching.kept(Looker(), clothes, torch.zeros(60, dtype=torch.int64), inheritance_runs.look_shuffled)
    down = torch.zeros_like(clothes.images)
    down[:, 2:] = clothes.images[:, :-2]
    expected = grey(shuffled(ImageSet(down, clothes.labels, clothes.classes), "pixels shuffled"))
    torch.testing.assert_close(asked[0], expected)


def test_cosines_before_the_first_block_and_behind_each():
    torch.manual_seed(0)
    model, images = DistilledViT(8, 4, 16, 2, layers=3, classes=5), torch.randn(2, 3, 8, 8)
    found = deit_runs.token_cosines(model, images)
    first, last = model.tokens(images), model.encode(images)
    assert len(found) == 4
    for value, tokens in ((found[0], first), (found[-1], last)):
        expected = F.cosine_similarity(tokens[:, 0], tokens[:, 1], dim=1).mean().item()
        assert value == pytest.approx(expected, abs=1e-6)


def test_each_head_is_scored_by_its_own_logits(clothes):
    torch.manual_seed(0)
    model = deit_runs.small_deit()
    with torch.no_grad():
        for number, head in enumerate((model.head, model.head_dist)):
            head.weight.zero_()
            head.bias.copy_(F.one_hot(torch.tensor(3 + number), 10))
    assert [found.unique().tolist() for found in deit_runs.by_head(model, clothes)] == [[3], [4]]


def test_a_run_of_deit_stores_both_heads(short):
    found = deit_runs.deit_arm("DeiT", 0)
    assert {"accuracy", "class accuracy", "distillation accuracy", "cosine 4", "untrained cosine 4"} < found.keys()
    assert found["parameters"] == count_parameters(small_vit(pool="class token")) + 2 * 64 + 65 * 10
    assert found["steps"] == 2


# what is stored


def test_stored_runs_have_the_steps_and_sizes_of_their_networks():
    for row in results("distillation"):
        taught = row["arm"] not in distill_runs.WIDTHS
        model = small_vit() if taught else distill_runs.small_cnn(distill_runs.WIDTHS[row["arm"]])
        assert row["steps"] == (distill_runs.STUDENT if taught else distill_runs.TEACHER).steps
        assert (row["parameters"], row["macs"]) == (count_parameters(model), count_macs(model, (28, 28), channels=1))
        assert ("agreement" in row) == taught
    for row in results("deit"):
        if row["arm"] != "teacher":
            assert row["parameters"] == count_parameters(deit_runs.STUDENTS[row["arm"]][0]())
            assert row["steps"] == deit_runs.STUDENT.steps


def test_the_teacher_is_the_same_in_both_experiments():
    """It was trained for each of them: another processor rounds otherwise."""
    assert by_arm("inheritance", "accuracy")["CNN, plain"] == pytest.approx(
        by_arm("distillation", "accuracy")["teacher"], abs=0.015
    )
    likeness = by_arm("inheritance", "agreement with CNN, plain")["CNN, shuffled"]
    assert likeness == by_arm("inheritance", "agreement with CNN, shuffled")["CNN, plain"]


@pytest.mark.parametrize(
    ("name", "arm"), [("cnn_teacher", "teacher"), ("taught_vit", "soft, 22k"), ("untaught_vit", "labels, 22k")]
)
def test_a_checkpoint_is_the_stored_run_of_seed_0(name, arm):
    """To a point: half the digits are stored, and a network trained elsewhere rounds otherwise."""
    stored, record = by_arm("distillation", "accuracy")[arm][0], checkpoints.record(name)
    found = accuracy(checkpoints.load(name), data.fashion_mnist(10, 10_000)[1], teaching.BATCH)
    assert found == pytest.approx(record["measured"]["accuracy"], abs=0.001)
    assert found == pytest.approx(stored, abs=0.015)
    assert (FOLDER / f"{name}.safetensors").stat().st_size < 2**20


def test_a_checkpoint_is_trained_as_the_stored_run_is(short):
    torch.manual_seed(0)
    model = small_vit()
    measured = distill_runs.train_and_measure("soft, 2k")(model)
    other = distill_runs.student("soft, 2k", 0)
    assert all(torch.equal(one, two) for one, two in zip(model.parameters(), other.parameters(), strict=True))
    assert measured == {"accuracy": accuracy(other, data.fashion_mnist(10, 10_000)[1], teaching.BATCH), "steps": 2}
    torch.manual_seed(0)
    model = distill_runs.small_cnn(16)
    distill_runs.train_and_measure("teacher")(model)
    other = distill_runs.teacher("teacher", 0).model
    assert all(torch.equal(one, two) for one, two in zip(model.parameters(), other.parameters(), strict=True))
