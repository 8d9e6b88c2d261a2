"""The stored results: complete, repeatable, and read only where they are whole."""

import json
import os

import pytest

from course_utils import (
    capstone_runs,
    data,
    deit_runs,
    detr_runs,
    distill_runs,
    experiments,
    image_runs,
    inheritance_runs,
    mixer_runs,
    precision_runs,
    project_runs,
    recipe_runs,
    segmentation_runs,
    swin_runs,
    vit_runs,
)
from course_utils.experiment_parts import SEEDS, Experiment
from course_utils.experiments import EXPERIMENTS
from course_utils.files import CourseError

# nothing is random in memory and where nothing is trained, a detector trains for a minute or for twenty, and a learning
# rate is chosen with a seed of its own
FEWER_SEEDS = {
    "memory": (0,),
    "projects": (0,),
    "detr": (0, 1),
    "detr_broken": (0, 1),
    "detr_long": (1,),
    "segmentation": (0, 1),
    "capstone_lr": (3,),
}


# what takes a minute or more, or is trained by functions that other runs go through too, comes out again once a week
weekly = pytest.mark.skipif(os.environ.get("COURSE_ALL_RUNS") != "1", reason="once a week: COURSE_ALL_RUNS=1")


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_arm_has_every_seed(name):
    rows = experiments.results(name)
    experiment = EXPERIMENTS[name]
    assert [(row["arm"], row["seed"]) for row in rows] == [(a, s) for a in experiment.arms for s in experiment.seeds]
    assert experiment.seeds == FEWER_SEEDS.get(name, SEEDS)
    record = json.loads(data.verified(f"results/{name}.json"))
    assert record["command"] == f"python -m course_utils train {name}"
    assert record["what"] == EXPERIMENTS[name].what
    assert record["versions"].keys() == {"torch", "python"}
    assert all(row["seconds"] >= 0 for row in rows)


@pytest.mark.parametrize("arm", ["FP32", "FP16, tiny loss, scaled", "BF16, stochastic"])
def test_a_stored_row_comes_out_again(arm):
    stored = next(row for row in experiments.results("mixed_precision") if (row["arm"], row["seed"]) == (arm, 1))
    fresh = precision_runs.mixed_precision_arm(arm, 1)
    assert fresh["loss"] == pytest.approx(stored["loss"], rel=0.1)  # another processor rounds another way
    assert fresh["accuracy"] == pytest.approx(stored["accuracy"], abs=0.03)
    assert (fresh["skipped"], fresh["steps"]) == (stored["skipped"], stored["steps"])


@weekly
def test_a_stored_resnet_comes_out_again():
    stored = next(row for row in experiments.results("non_local") if (row["arm"], row["seed"]) == ("ResNet", 1))
    fresh = image_runs.non_local_arm("ResNet", 1)
    assert fresh["accuracy"] == pytest.approx(stored["accuracy"], abs=0.015)
    assert (fresh["parameters"], fresh["steps"]) == (stored["parameters"], stored["steps"])


def test_what_projects_start_from_comes_out_again():
    stored = next(row for row in experiments.results("projects") if row["arm"] == "mean image")
    assert project_runs.start_arm("mean image", 0)["error"] == pytest.approx(stored["error"], rel=1e-4)


@weekly
def test_a_stored_pixel_transformer_comes_out_again():
    stored = next(row for row in experiments.results("pixels") if (row["arm"], row["seed"]) == ("8 x 8", 1))
    fresh = image_runs.pixels_arm("8 x 8", 1)
    assert fresh["bits"] == pytest.approx(stored["bits"], abs=0.03)
    assert (fresh["parameters"], fresh["steps"]) == (stored["parameters"], stored["steps"])


@pytest.mark.parametrize(
    ("name", "run", "arm"),
    [
        ("labels", vit_runs.labels_arm, "ViT, 10000"),
        pytest.param("shuffles", vit_runs.shuffle_arm, "ViT, pixels shuffled", marks=weekly),
        pytest.param("recipe", recipe_runs.recipe_arm, "no warm-up", marks=weekly),
        ("augreg", recipe_runs.grid_arm, "small, 1000, 0.1, none"),
        pytest.param("hybrids", recipe_runs.hybrid_arm, "hybrid, 1 block", marks=weekly),
        ("mixer", mixer_runs.mixer_arm, "Mixer, no channel mixing"),
        pytest.param("mixer_shuffles", mixer_runs.shuffle_arm, "patches shuffled", marks=weekly),
        pytest.param("scales", swin_runs.scales_arm, "CNN, one resolution, all sizes", marks=weekly),
        ("swin", swin_runs.swin_arm, "Swin, live"),
        pytest.param("distillation", distill_runs.distillation_arm, "soft, 22k", marks=weekly),
        pytest.param("inheritance", inheritance_runs.inheritance_arm, "ViT, labels, 2k", marks=weekly),
        pytest.param("deit", deit_runs.deit_arm, "DeiT", marks=weekly),
        ("capstone", capstone_runs.capstone_arm, "Mixer"),
        ("capstone_live", capstone_runs.live_arm, "ViT"),
        ("project_tries", project_runs.try_arm, "four registers"),
        ("capstone_lr", capstone_runs.rate_arm, "ResMLP, 0.004"),
    ],
)
def test_a_stored_network_comes_out_again(name, run, arm):
    seed = 1 if 1 in EXPERIMENTS[name].seeds else EXPERIMENTS[name].seeds[0]
    stored = next(row for row in experiments.results(name) if (row["arm"], row["seed"]) == (arm, seed))
    fresh = run(arm, seed)
    assert fresh["accuracy"] == pytest.approx(stored["accuracy"], abs=0.015)
    assert fresh.keys() == stored.keys() - {"arm", "seed", "seconds"} and fresh["steps"] == stored["steps"]


@pytest.mark.parametrize(
    ("name", "run", "arm"),
    [
        pytest.param("detr", detr_runs.detr_arm, "plain", marks=weekly),  # lesson 10 trains another arm each time
        pytest.param("detr_broken", detr_runs.broken_arm, "no auxiliary losses", marks=weekly),
    ],
)
def test_a_stored_detector_comes_out_again(name, run, arm):
    stored = next(row for row in experiments.results(name) if (row["arm"], row["seed"]) == (arm, 1))
    fresh = run(arm, 1)
    assert fresh["ap50"] == pytest.approx(stored["ap50"], abs=0.04)
    assert fresh["loss"] == pytest.approx(stored["loss"], rel=0.05)
    assert fresh.keys() == stored.keys() - {"arm", "seed", "seconds"}
    assert (fresh["parameters"], fresh["steps"]) == (stored["parameters"], stored["steps"])


def test_a_stored_mask_head_comes_out_again():
    arm = "attention only"
    stored = next(row for row in experiments.results("segmentation") if (row["arm"], row["seed"]) == (arm, 1))
    fresh = segmentation_runs.segmentation_arm(arm, 1)
    assert fresh["mask iou"] == pytest.approx(stored["mask iou"], abs=0.03)
    for name in ("box iou", "bright iou", "found"):  # nothing in them is trained here
        assert fresh[name] == pytest.approx(stored[name], abs=0.005)


@pytest.mark.parametrize("row", experiments.results("memory"), ids=lambda row: row["arm"])
def test_stored_memory_lies_on_the_prediction(row):
    assert row["predicted"] == pytest.approx(row["measured"], rel=0.01)
    if int(row["arm"].split(", ")[2]) <= 56:
        fresh = image_runs.memory_arm(row["arm"])
        assert fresh["predicted"] == row["predicted"]
        assert fresh["measured"] == pytest.approx(row["measured"], rel=0.001)


def test_only_two_small_sizes_of_images_are_made():
    with pytest.raises(ValueError, match="side 16 aren't made here: use 8 or 14"):
        image_runs.small_images(10, 10, 16, 4)
    train_set, test_set = image_runs.small_images(20, 10, 8, 16)
    assert (train_set.shape, test_set.shape) == ((20, 8, 8), (10, 8, 8))
    assert train_set.min() >= 0 and train_set.max() <= 15


def test_running_one_stores_what_it_returned(tmp_path, monkeypatch, capsys):
    toy = Experiment("A toy.", ("one", "two"), lambda arm, seed: {"value": len(arm) + seed})
    monkeypatch.setitem(EXPERIMENTS, "toy", toy)
    path = experiments.run_experiment("toy", tmp_path)
    assert path == tmp_path / "toy.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    assert [row["value"] for row in rows] == [3, 4, 5] * 2
    assert "two, seed 2: {'value': 5}" in capsys.readouterr().out


def test_an_unknown_one_is_told():
    for ask in (experiments.results, experiments.run_experiment):
        with pytest.raises(CourseError, match="no experiment 'mixed': use one of mixed_precision"):
            ask("mixed")


def test_values_are_found_by_arm_where_there_are_any():
    assert experiments.by_arm("mixed_precision", "steps")["FP32"] == [300, 300, 300]
    heads = experiments.by_arm("deit", "class accuracy")
    assert set(heads) == {"DeiT"} and len(heads["DeiT"]) == 3
    with pytest.raises(KeyError, match="acuracy"):
        experiments.by_arm("deit", "acuracy")
