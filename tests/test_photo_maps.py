"""Maps over photographs: what each one is, and the stored scores come out again."""

import pytest
import torch

from course_utils import checkpoints, data, experiments, masks, photo_maps
from course_utils.data import photograph
from course_utils.photo_crops import halved
from course_utils.removal import class_attention
from course_utils.scores import auroc


@pytest.mark.parametrize("arm", [arm for arm in photo_maps.MAP_ARMS if not arm.startswith("trained")])
def test_stored_maps_of_what_is_not_trained_come_out_again(arm):
    stored = next(row for row in experiments.results("maps") if (row["arm"], row["seed"]) == (arm, 1))
    fresh = photo_maps.maps_arm(arm, 1)
    assert {name: stored[name] for name in fresh} == pytest.approx(fresh, abs=0.01)


def test_scores_are_shares_and_every_map_has_three_seeds():
    rows = experiments.results("maps")
    assert all(0 <= row[key] <= 1 for row in rows for key in ("object", "material", *photo_maps.PHOTOGRAPHS))
    assert len(experiments.by_arm("maps", "object")["trained ViT, class token"]) == 3


def test_the_vit_names_photographs_and_still_does_not_find_objects():
    rows = experiments.results("maps")
    trained = [row for row in rows if row["arm"] == "trained ViT, class token"]
    objects = experiments.by_arm("maps", "object")
    assert min(row["accuracy"] for row in trained) > 0.75
    assert max(objects["trained ViT, class token"]) < objects["nearness to the centre"][0] - 0.2


def test_the_map_of_the_centre_is_symmetric_and_highest_there():
    image = torch.zeros(3, 40, 56)
    scores = photo_maps.nearness_to_centre(image).view(5, 7)
    assert scores.argmax() == 2 * 7 + 3
    assert torch.equal(scores, scores.flip(0)) and torch.equal(scores, scores.flip(1))


def test_a_querys_own_place_does_not_count():
    mask = torch.tensor([True, True, False, False])
    scores = torch.tensor([[0.0, 3, 1, 2], [2, 9, 1, 3], [0, 0, 0, 0], [0, 0, 0, 0]])
    assert photo_maps.found(scores, mask) == pytest.approx((1 + 0.5) / 2)
    assert photo_maps.found(scores[1], mask) == pytest.approx(3 / 4)


def test_a_stretched_vit_is_the_same_on_its_own_grid():
    torch.manual_seed(0)
    model = photo_maps.photograph_vit().eval()
    images = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(photo_maps.stretched(model, (12, 12))(images), model(images))
    assert photo_maps.stretched(model, (4, 5))(torch.rand(1, 3, 32, 40)).shape == (1, 7)


def test_halves_have_no_pixel_in_common():
    left, right = photo_maps.halves()
    assert torch.equal(torch.cat([left[0], right[0]], dim=2), photograph("astronaut"))


def test_the_checkpoint_names_photographs_and_finds_no_objects_either():
    model, measured = checkpoints.load("photograph_vit"), checkpoints.record("photograph_vit")["measured"]
    assert len(data.verified("checkpoints/photograph_vit.safetensors")) <= 2_000_000
    assert measured["accuracy"] > 0.75 and measured["steps"] == photo_maps.RECIPE.steps
    assert photo_maps.naming_accuracy(model) == pytest.approx(measured["accuracy"], abs=0.01)  # stored in 16 bits
    scores = {"class token": [], "centre": []}
    for name in photo_maps.PHOTOGRAPHS:
        image = halved(name)
        grid = photo_maps.grid_of(image)
        mask = masks.object_mask(name, grid).flatten()
        attended = class_attention(photo_maps.stretched(model, grid), image[None] - 0.5)[0]
        scores["class token"].append(auroc(attended, mask))
        scores["centre"].append(auroc(photo_maps.nearness_to_centre(image), mask))
    means = {name: sum(values) / len(values) for name, values in scores.items()}
    assert means["class token"] < means["centre"] - 0.2
