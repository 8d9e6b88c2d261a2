"""The stored results: complete, repeatable, and read only where they are whole."""

import json

import pytest

from course_utils import data, experiments
from course_utils.experiments import EXPERIMENTS, SEEDS, Experiment
from course_utils.files import CourseError


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_arm_has_every_seed(name):
    rows = experiments.results(name)
    assert [(row["arm"], row["seed"]) for row in rows] == [(a, s) for a in EXPERIMENTS[name].arms for s in SEEDS]
    record = json.loads(data.verified(f"results/{name}.json"))
    assert record["command"] == f"python -m course_utils train {name}"
    assert record["what"] == EXPERIMENTS[name].what
    assert record["versions"].keys() == {"torch", "python"}
    assert all(row["seconds"] > 0 for row in rows)


@pytest.mark.parametrize("arm", ["FP32", "FP16, tiny loss, scaled", "BF16, stochastic"])
def test_a_stored_row_comes_out_again(arm):
    stored = next(row for row in experiments.results("mixed_precision") if (row["arm"], row["seed"]) == (arm, 1))
    fresh = experiments.mixed_precision_arm(arm, 1)
    assert fresh["loss"] == pytest.approx(stored["loss"], rel=0.1)  # another processor rounds another way
    assert fresh["accuracy"] == pytest.approx(stored["accuracy"], abs=0.03)
    assert (fresh["skipped"], fresh["steps"]) == (stored["skipped"], stored["steps"])


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
    assert experiments.by_arm("mixed_precision", "steps")["FP32"] == [300, 300, 300]
