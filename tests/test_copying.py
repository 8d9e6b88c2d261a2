"""Colourise by copying: colours against Pillow's, the mask against a loop, and the stored scores come out again."""

import itertools
import json

import numpy as np
import pytest
import torch
from PIL import Image

from course_utils import checkpoints, copy_runs, data, experiments
from course_utils.data import photograph
from course_utils.models.copying import (
    ColourCopier,
    copy_colours,
    far_enough,
    interpolated_positions,
    luma_chroma,
    patch_chroma,
    standardised,
    to_rgb,
)
from course_utils.photo_crops import halved, random_crop, random_crops


def seeded(seed=1):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return ColourCopier(patch=4, width=24, heads=3, layers=2, side=5).eval()


# colours


def test_luma_and_chroma_are_those_of_jpeg():
    photo = photograph("flower")
    pixels = Image.fromarray((photo * 255).round().byte().permute(1, 2, 0).numpy())
    expected = np.array(pixels.convert("YCbCr")).astype(float)  # chroma with 128 in the middle, rounded
    grey, chroma = luma_chroma(photo[None])
    assert grey.shape == (1, 1, 256, 384) and chroma.shape == (1, 2, 256, 384)
    found = torch.cat([grey * 255, chroma * 255 + 128], dim=1)[0].permute(1, 2, 0)
    assert np.abs(found.numpy() - expected).max() < 1.01


def test_grey_has_no_chroma_and_pure_colours_have_the_most():
    corners = torch.tensor(list(itertools.product((0.0, 1.0), repeat=3)), dtype=torch.float64)[:, :, None, None]
    grey, chroma = luma_chroma(corners)
    assert chroma[[0, 7]].abs().max() < 1e-12 and grey.flatten()[[0, 7]].tolist() == pytest.approx([0, 1])
    assert chroma.amax() == pytest.approx(0.5) and chroma.amin() == pytest.approx(-0.5)
    assert chroma[1, :, 0, 0].argmax() == 0 and chroma[4, :, 0, 0].argmax() == 1  # blue, red


def test_grey_and_chroma_make_the_picture_again():
    images = torch.rand(2, 3, 4, 5, generator=seeded())
    torch.testing.assert_close(to_rgb(*luma_chroma(images)), images)
    assert to_rgb(torch.ones(1, 1, 1, 1), torch.full((1, 2, 1, 1), 0.3)).max() == 1


def test_patches_have_the_mean_chroma_row_by_row():
    chroma = torch.rand(2, 2, 8, 12, generator=seeded())
    patches = patch_chroma(chroma, 4)
    assert patches.shape == (2, 6, 2)
    torch.testing.assert_close(patches[1, 4], chroma[1, :, 4:8, 4:8].mean(dim=(1, 2)))


def test_standardised_colours_of_a_grey_picture_stay_small():
    vivid = standardised(torch.randn(3, 50, 2, generator=seeded()) * 0.1 + 0.2)
    torch.testing.assert_close(vivid.mean(dim=1), torch.zeros(3, 2), atol=1e-6, rtol=0)
    torch.testing.assert_close(vivid.std(dim=1), torch.ones(3, 2))
    pale = standardised(torch.randn(1, 50, 2, generator=seeded()) * 1e-3)
    assert pale.abs().max() < 0.3


# where to copy from


@pytest.mark.parametrize(("grid", "radius"), [((3, 5), 0), ((3, 5), 1), ((4, 2), 1), ((6, 7), 4), ((2, 2), 3)])
def test_far_enough_is_counted_in_rows_and_columns(grid, radius):
    mask = far_enough(grid, radius)
    rows, columns = grid
    assert mask.dtype == torch.bool and mask.shape == (rows * columns, rows * columns)
    for query, key in itertools.product(range(rows * columns), repeat=2):
        down = abs(query // columns - key // columns)
        across = abs(query % columns - key % columns)
        assert mask[query, key] == (max(down, across) > radius)


def test_copying_is_a_weighted_mean():
    weights = torch.rand(2, 6, 6, generator=seeded()).softmax(dim=2)
    chroma = torch.rand(2, 6, 2, generator=seeded(2))
    expected = sum(weights[:, :, key, None] * chroma[:, None, key] for key in range(6))
    torch.testing.assert_close(copy_colours(weights, chroma), expected)


def test_positions_of_the_own_grid_stay_and_others_lie_between():
    positions = torch.randn(1, 5, 5, 7, generator=seeded())
    torch.testing.assert_close(interpolated_positions(positions, (5, 5)), positions.flatten(1, 2))
    wide = interpolated_positions(positions, (5, 10)).unflatten(1, (5, 10))
    torch.testing.assert_close(wide[:, :, 1], 0.75 * positions[:, :, 0] + 0.25 * positions[:, :, 1])


@pytest.mark.parametrize(("size", "radius"), [((20, 20), 0), ((12, 28), 1), ((28, 20), 2)])
def test_a_copier_shares_its_attention_among_what_is_far_enough(model, size, radius):
    grey = torch.rand(2, 1, *size, generator=seeded())
    weights, allowed = model(grey, radius), far_enough((size[0] // 4, size[1] // 4), radius)
    assert weights.shape == (2, *allowed.shape)
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(2, len(allowed)))
    assert (weights[:, ~allowed] == 0).all() and (weights[:, allowed] > 0).all()


def test_a_radius_leaves_out_and_changes_nothing_else(model):
    grey = torch.rand(1, 1, 20, 24, generator=seeded())
    near, far = model(grey), model(grey, 2)
    kept = near * far_enough((5, 6), 2)
    torch.testing.assert_close(kept / kept.sum(dim=2, keepdim=True), far)


def test_a_copier_reads_what_it_is_shown_and_where(model):
    grey = torch.rand(1, 1, 20, 24, generator=seeded())
    assert (model(grey) - model(grey.flip(3))).abs().max() > 1e-3
    even = model(torch.full((1, 1, 20, 24), 0.3))[0]
    assert (even[0, 5:] - even[4, 5:]).abs().max() > 1e-4, "positions are part of the tokens"


def test_a_copier_learns_to_copy():
    """Black and white patches, the white ones red: the weights move to patches of the same brightness."""
    torch.manual_seed(0)
    model = ColourCopier(patch=2, width=16, heads=2, layers=1, side=4)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)

    def error(generator):
        white = (torch.rand(16, 1, 4, 4, generator=generator) < 0.5).float()
        colours = torch.cat([white, -white], dim=1).flatten(2).transpose(1, 2)
        weights = model(white.repeat_interleave(2, 2).repeat_interleave(2, 3))
        return (copy_colours(weights, colours) - colours).square().mean()

    generator, before = seeded(), error(seeded(5)).item()
    for _ in range(150):
        optimizer.zero_grad()
        error(generator).backward()
        optimizer.step()
    assert error(seeded(5)).item() < 0.3 * before


# crops and scores


def test_crops_are_pieces_of_the_picture():
    image = torch.arange(40.0 * 60).view(1, 40, 60)  # each pixel has its own number
    for seed in range(20):
        crop = random_crop(image, (8, 8), 8, seeded(seed))
        straight = crop if crop[0, 0, 0] < crop[0, 0, 1] else crop.flip(2)
        top, left = divmod(int(straight[0, 0, 0].round()), 60)
        torch.testing.assert_close(straight, image[:, top : top + 8, left : left + 8])


def test_crops_have_one_size_and_say_whose_they_are():
    images = [torch.full((3, 40, 60), float(number)) for number in range(3)]
    crops, chosen = random_crops(images, 30, (8, 100), 16, seeded())
    assert crops.shape == (30, 3, 16, 16) and set(chosen.tolist()) == {0, 1, 2}
    torch.testing.assert_close(crops.mean(dim=(1, 2, 3)), chosen.float())


def test_mass_and_error_of_known_weights():
    mask = torch.tensor([True, True, False])
    weights = torch.tensor([[0.0, 0.6, 0.4], [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    assert copy_runs.mass_inside(weights, mask) == pytest.approx(0.8)
    colours = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-2.0, 0.0]])
    expected = (1 - (0.6 - 0.8)) ** 2 + 0 + (-2 - 1) ** 2
    assert copy_runs.colour_error(weights, colours) == pytest.approx(expected / 6)


def test_every_photograph_is_held_out_once():
    assert sorted(itertools.chain(*copy_runs.FOLDS)) == sorted(copy_runs.PHOTOGRAPHS)
    assert copy_runs.FOLDS[0] == ("cat", "china")


def test_chance_is_what_lies_far_enough_and_inside():
    grey, chroma = luma_chroma(halved("flower")[None])
    weights, allowed = copy_runs.evenly(grey, chroma, 3), far_enough((16, 24), 3).float()
    torch.testing.assert_close(weights, allowed / allowed.sum(dim=1, keepdim=True))


def test_kernels_read_no_colour_and_the_tuned_one_is_not_worse():
    for name in ("cat", "hopper"):
        grey, chroma = luma_chroma(halved(name)[None])
        colours = standardised(patch_chroma(chroma, 8))[0]
        plain = copy_runs.by_kernel(grey, colours, 4)
        assert torch.equal(plain, copy_runs.by_kernel(grey, -colours, 4))
        tuned = copy_runs.by_tuned_kernel(grey, colours, 4)
        assert copy_runs.colour_error(tuned, colours) <= copy_runs.colour_error(plain, colours)


# what is stored


def test_the_checkpoint_is_small_and_scores_what_its_record_says():
    file = "checkpoints/colour_copier.safetensors"
    assert len(data.verified(file)) <= 2_000_000
    model, measured = checkpoints.load("colour_copier"), checkpoints.record("colour_copier")["measured"]
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    fresh = copy_runs.all_scores(copy_runs.by_model(model), 0)
    assert {name: measured[name] for name in fresh} == pytest.approx(fresh, abs=0.01)  # stored in 16 bits
    assert measured["steps"] == copy_runs.RECIPE.steps


@pytest.mark.parametrize("arm", [arm for arm in copy_runs.COPY_ARMS if arm != "trained"])
def test_stored_scores_of_what_is_not_trained_come_out_again(arm):
    stored = next(row for row in experiments.results("copying") if (row["arm"], row["seed"]) == (arm, 1))
    fresh = copy_runs.copying_arm(arm, 1)
    assert {name: stored[name] for name in fresh} == pytest.approx(fresh, abs=0.005)


def test_the_checkpoint_is_the_experiments_first_seed():
    measured = checkpoints.record("colour_copier")["measured"]
    row = next(row for row in experiments.results("copying") if (row["arm"], row["seed"]) == ("trained", 0))
    for score in ("seen colour_error", "held-out colour_error", "seen material"):
        assert row[score] == pytest.approx(measured[score], abs=0.1)


def test_results_are_numbers_in_their_range():
    record = json.loads(data.verified("results/copying.json"))
    shares = [row[key] for row in record["rows"] for key in row if key.endswith(("material", "object"))]
    assert shares and all(0 <= share <= 1 for share in shares)


def test_a_held_out_mean_takes_each_photograph_from_its_own_seed():
    rows = [
        {"arm": "one", "seed": seed, **{f"{n} object": 10 * seed for n in names}}
        for seed, names in enumerate(copy_runs.FOLDS)
    ]
    rows += [{"arm": "two", "seed": 0, "cat object": 1000}]
    assert copy_runs.held_out_mean(rows, "one", "object") == pytest.approx((2 * 10 + 3 * 20) / 7)


def test_copying_is_learned_but_a_tuned_kernel_does_as_well():
    """On photographs it never saw it beats nearness and the plain kernel, not the one tuned with the true colours."""
    rows = experiments.results("copying")
    error = {arm: copy_runs.held_out_mean(rows, arm, "colour_error") for arm in copy_runs.COPY_ARMS}
    assert error["trained"] < 0.8 * error["grey kernel"] < error["nearness"] < error["chance"]
    assert error["trained"] == pytest.approx(error["grey kernel, tuned with the colours"], abs=0.05)
