"""The comparison of all families: equal cost, rates chosen on held-out images, speeds in turns, stored rows."""

import statistics

import pytest
import torch

from course_utils import capstone_runs, data
from course_utils.capstone_models import BUDGET, FAMILIES
from course_utils.capstone_runs import AXES, BATCH, BEYOND, CHOSEN, RATES, STEPS, TRIED, held_out, summary
from course_utils.experiments import EXPERIMENTS, by_arm, results
from course_utils.models.conv import count_parameters
from course_utils.models.mixer import mixer_macs
from course_utils.models.tradeoffs import matched_width
from course_utils.models.vit import vit_macs

MACS = {name: family.macs() for name, family in FAMILIES.items()}


def test_an_image_costs_about_the_same_in_every_family():
    assert all(abs(macs / BUDGET - 1) < 0.1 for macs in MACS.values()), MACS


@pytest.mark.parametrize("name", FAMILIES)
def test_no_other_width_comes_nearer(name):
    family = FAMILIES[name]
    assert matched_width(family.macs, BUDGET, highest=100) == family.units


def test_the_counts_are_those_of_the_formulas():
    assert MACS["Mixer"] == mixer_macs(28, 7, 64, 4, 32, 256, 10, channels=1)
    width, layers = FAMILIES["ViT"].width, 4
    class_token = layers * (12 * width**2 + 2 * (17**2 - 16**2) * width)
    assert MACS["ViT"] == vit_macs(28, 7, width, layers, 10, channels=1) - class_token


@pytest.mark.parametrize("name", FAMILIES)
def test_every_parameter_is_used_and_every_model_is_repeatable(name):
    model, again = (capstone_runs.make(name, seed=5) for _ in range(2))
    images = torch.randn(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    logits = model(images)
    assert logits.shape == (3, 10) and torch.equal(logits, again(images))
    logits.square().sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert not torch.equal(logits, capstone_runs.make(name, seed=6)(images))


def test_attention_in_place_of_convolution_leaves_one_convolution():
    model = FAMILIES["local attention"].model()
    wide = [m for m in model.modules() if isinstance(m, torch.nn.Conv2d) and m.kernel_size != (1, 1)]
    assert wide == [model[0][0]], "the stem's"


def test_what_is_held_out_is_balanced_and_never_seen():
    images = data.fashion_mnist(200, 10)[0]
    train_set, choice_set = held_out(images, 50)
    assert (len(train_set), len(choice_set)) == (150, 50)
    assert choice_set.labels.bincount().tolist() == [5] * 10
    assert torch.equal(torch.cat([train_set.images, choice_set.images]), images.images)
    assert torch.equal(torch.cat([train_set.labels, choice_set.labels]), images.labels)


def test_the_learning_rate_is_the_best_of_those_tried():
    found = {arm: value for arm, [value] in by_arm("capstone_lr", "accuracy").items()}
    assert CHOSEN.keys() == FAMILIES.keys()
    for name, chosen in CHOSEN.items():
        assert chosen == max(TRIED[name], key=lambda rate: found[f"{name}, {rate:g}"]), name
        of_three = max(RATES, key=lambda rate: found[f"{name}, {rate:g}"])
        assert (of_three in (min(RATES), max(RATES))) == (name in BEYOND), name
    assert not set(EXPERIMENTS["capstone_lr"].seeds) & set(EXPERIMENTS["capstone"].seeds)


def test_stored_costs_are_those_of_the_models():
    for row in results("capstone"):
        assert (row["steps"], row["images"]) == (STEPS, STEPS * BATCH)
        assert row["macs"] == MACS[row["arm"]]
        assert row["parameters"] == count_parameters(FAMILIES[row["arm"]].model())
    memory = by_arm("capstone", "bytes")
    assert all(len(set(values)) == 1 for values in memory.values()), "memory isn't random"
    fresh = capstone_runs.training_bytes(capstone_runs.make("Mixer", 0), 28, BATCH)
    assert fresh == pytest.approx(memory["Mixer"][0], rel=0.01)


def test_every_family_has_learned():
    for name in ("capstone", "capstone_live"):
        assert min(row["accuracy"] for row in results(name)) > 0.5, "chance is 0.1"
    after, live = by_arm("capstone", "accuracy"), by_arm("capstone_live", "accuracy")
    assert all(statistics.median(after[family]) > statistics.median(live[family]) for family in FAMILIES)


def test_the_best_round_is_at_least_as_fast_as_the_median():
    for row in results("capstone_speed"):
        for mode in ("training", "inference"):
            assert row[f"{mode} images_per_s, best"] >= row[f"{mode} images_per_s"] > 0
        assert row["inference images_per_s"] > row["training images_per_s"]


def test_speeds_are_images_by_the_median_of_the_rounds():
    found = capstone_runs._speeds([2.0, 1.0, 4.0], [0.5, 0.25, 0.5])
    assert found == {
        "training images_per_s": 320.0,
        "training images_per_s, best": 640.0,
        "inference images_per_s": 1280.0,
        "inference images_per_s, best": 2560.0,
    }


def test_each_family_gets_its_own_times(monkeypatch):
    """With a clock that gives the n-th function n seconds."""

    def fake(functions, rounds):
        return [[float(n + 1) for n in range(len(functions))]] * rounds

    monkeypatch.setattr(capstone_runs, "in_turns", fake)
    found = capstone_runs.measured(repeat=-1)
    assert list(found) == list(FAMILIES)
    for number, name in enumerate(FAMILIES):
        assert found[name]["training images_per_s"] == round(640 / (2 * number + 1), 1)
        assert found[name]["inference images_per_s"] == round(640 / (2 * number + 2), 1)


def test_the_table_has_the_mean_of_every_axis():
    costs = {axis: 7 for axis in AXES if not axis.startswith(("training", "inference"))}
    rows = [{"arm": name, **costs, "accuracy": a} for name in FAMILIES for a in (0.75, 1.0, 0.5)]
    speeds = {"training images_per_s": 5.0, "inference images_per_s": 6.0}
    table = summary(rows, [{"arm": name, **speeds} for name in FAMILIES])
    assert [row["family"] for row in table] == list(FAMILIES)
    seconds = STEPS * 64 / 5
    spread = {"accuracy": 0.75, "worst": 0.5, "best": 1.0}
    assert table[0] == {"family": "CNN", **costs, **speeds, **spread, "training seconds": seconds}


def test_the_stored_table_is_whole():
    table = summary(results("capstone"), results("capstone_speed"))
    assert all(row["worst"] <= row["accuracy"] <= row["best"] for row in table)
    assert all(row[axis] > 0 for row in table for axis in AXES)
