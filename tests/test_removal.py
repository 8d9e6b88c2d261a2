"""Patches that don't exist: what a ViT makes of the rest, and what the stored one's maps are worth."""

import pytest
import torch

from course_utils import checkpoints, data
from course_utils.models.maps import attention_maps
from course_utils.models.vit import VisionTransformer
from course_utils.removal import class_attention, class_rollout, difference_with_interval, logits_without
from course_utils.training import accuracy, grey
from course_utils.vit_runs import small_vit


@pytest.fixture(scope="module")
def small():
    torch.manual_seed(0)
    return VisionTransformer(12, 4, width=16, heads=2, layers=2, classes=5).eval()


def test_what_is_gone_has_no_influence_and_what_stays_has(small):
    torch.manual_seed(1)
    images = torch.randn(2, 3, 12, 12)
    removed = torch.tensor([[0, 5], [3, 8]])
    found = logits_without(small, images, removed)
    changed = images.clone()
    changed[0, :, :4, :4] += 5  # patch 0
    changed[1, :, 8:, 8:] += 5  # patch 8
    assert torch.equal(logits_without(small, changed, removed), found)
    changed[0, :, :4, 4:8] += 5  # patch 1
    again = logits_without(small, changed, removed)
    assert (again[0] - found[0]).abs().max() > 1e-3 and torch.equal(again[1], found[1])


def test_nothing_removed_is_the_model_itself(small):
    images = torch.randn(3, 3, 12, 12)
    with torch.no_grad():
        expected = small(images)
    assert torch.allclose(logits_without(small, images, torch.empty(3, 0, dtype=torch.long)), expected, atol=1e-6)


def test_scores_of_patches(small):
    images = torch.randn(3, 3, 12, 12)
    layers = [layer["attention"] for layer in attention_maps(small, images)]
    assert torch.equal(class_attention(small, images), layers[-1].mean(dim=1)[:, 0, 1:])
    steps = [layer.mean(dim=1) / 2 + torch.eye(10) / 2 for layer in layers]
    assert torch.allclose(class_rollout(small, images), (steps[1] @ steps[0])[:, 0, 1:], atol=1e-6)


def test_the_interval_is_that_of_paired_differences():
    first = torch.tensor([True] * 80 + [False] * 20)
    second = torch.tensor([True] * 60 + [False] * 40)
    mean, half = difference_with_interval(first, second)
    assert mean == pytest.approx(0.2) and half == pytest.approx(1.96 * 0.04020, abs=1e-4)
    assert difference_with_interval(first, first) == (0.0, 0.0)


@pytest.fixture(scope="module")
def control():
    """Return who is right without the 15 patches that each score puts highest, on 1,000 images."""
    model = checkpoints.load("vit_28")
    _, test_set = data.fashion_mnist(10, 1_000)
    images, labels = grey(test_set), test_set.labels
    rolled = class_rollout(model, images)
    scores = {
        "most": rolled,
        "mean map": rolled.mean(dim=0).expand(1_000, -1),
        "chance": torch.rand(1_000, 49, generator=torch.Generator().manual_seed(0)),
    }
    for seed in range(4):
        torch.manual_seed(seed)
        scores[f"twin {seed}"] = class_rollout(small_vit(patch=4, pool="class token", heads=4).eval(), images)
    return {
        name: logits_without(model, images, score.topk(15, dim=1).indices).argmax(dim=1) == labels
        for name, score in scores.items()
    }


def test_masking_what_the_stored_model_attends_to_hurts_more_than_chance(control):
    cost, half = difference_with_interval(control["chance"], control["most"])
    assert cost > 0.25 and half < 0.05


def test_it_hurts_more_than_one_map_for_all_but_not_by_much(control):
    more, half = difference_with_interval(control["mean map"], control["most"])
    assert half < more < 0.15
    cost, half = difference_with_interval(control["chance"], control["mean map"])
    assert cost > 0.18 and half < 0.05


def test_random_twins_are_not_neutral_and_differ_from_seed_to_seed(control):
    costs = [difference_with_interval(control["chance"], control[f"twin {seed}"])[0] for seed in range(4)]
    assert max(costs) > 0.1 and max(costs) - min(costs) > 0.05
    assert all(control["most"].sum() < control[f"twin {seed}"].sum() - 100 for seed in range(4))


def test_the_checkpoint_is_what_its_record_says():
    record = checkpoints.record("vit_28")
    _, test_set = data.fashion_mnist(10, 10_000)
    found = accuracy(checkpoints.load("vit_28"), test_set)
    assert found >= 0.89 and found == pytest.approx(record["measured"]["accuracy"], abs=0.002)
    assert record["seconds"] < 30 * 60
