"""Augmentation: each operation against torchvision's or a loop over pixels, and every draw from the generator."""

import itertools
import math

import pytest
import torch
from scipy import stats
from torch.nn import functional as F
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as TF

from course_utils import augment, data
from course_utils.training import grey, mirror

MEAN, STD = data.FASHION_MEAN, data.FASHION_STD


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(*shape):
    return torch.rand(*shape, dtype=torch.float64, generator=seeded(6))


@pytest.fixture(scope="module")
def clothes():
    return grey(data.fashion_mnist(60, 0)[0])


# targets and mixtures


@pytest.mark.parametrize("share", [0.0, 0.1, 0.7])
def test_smooth_labels_are_those_of_cross_entropy(share):
    logits, labels = drawn(5, 7), torch.tensor([0, 6, 3, 3, 1])
    smooth = augment.smooth_labels(F.one_hot(labels, 7).double(), share)
    expected = F.cross_entropy(logits, labels, label_smoothing=share)
    torch.testing.assert_close(F.cross_entropy(logits, smooth), expected, rtol=0, atol=1e-12)


def test_mixup_mixes_image_by_image():
    images, targets, order = drawn(4, 2, 3, 5), drawn(4, 6), torch.tensor([2, 0, 3, 1])
    before = images.clone(), targets.clone()
    mixed, mixed_targets = augment.mixup(images, targets, order, 0.8)
    for one, other in enumerate(order.tolist()):
        torch.testing.assert_close(mixed[one], torch.lerp(images[other], images[one], 0.8))
        torch.testing.assert_close(mixed_targets[one], torch.lerp(targets[other], targets[one], 0.8))
    assert torch.equal(images, before[0]) and torch.equal(targets, before[1])


@pytest.mark.parametrize("alpha", [0.2, 2.0])
def test_random_mixup_draws_its_shares_from_a_beta_distribution(alpha):
    mix, generator = augment.random_mixup(alpha), seeded(1)
    images, targets = torch.arange(2.0).view(2, 1, 1, 1).double(), torch.eye(2).double()
    # where image 0 stays with itself nothing is mixed, so that only the other batches tell the share
    shares = [float(mixed[0]) for mixed, _ in (mix(images, targets, generator) for _ in range(2_000))]
    told = [1 - share for share in shares if share > 0]
    assert 0.4 < len(told) / len(shares) < 0.6
    assert stats.kstest(told, stats.beta(alpha, alpha).cdf).pvalue > 0.01


def test_random_mixup_mixes_images_and_targets_alike():
    labels = torch.arange(16)
    images, targets = labels.float()[:, None, None, None].expand(16, 1, 2, 2), F.one_hot(labels, 16).float()
    mixed, mixed_targets = augment.random_mixup(1.0)(images, targets, seeded(2))
    assert not torch.equal(mixed, images)
    torch.testing.assert_close(mixed[:, 0, 0, 0], mixed_targets @ labels.float())


def test_an_alpha_of_zero_is_refused():
    with pytest.raises(ValueError, match=r"alpha 0 is not positive: use 0\.2, or leave MixUp out"):
        augment.random_mixup(0)


# erasing


def test_a_rectangle_is_erased_in_every_image():
    images, numbers = drawn(4, 2, 6, 9) + 1, [(0, 0, 2, 3), (4, 5, 2, 4), (3, 7, 9, 9), (1, 1, 0, 5)]
    top, left, height, width = torch.tensor(numbers).T
    erased = augment.erase(images, top, left, height, width, fill=-7.0)
    for before, after, place in zip(images, erased, numbers, strict=True):
        torch.testing.assert_close(after, TF.erase(before, *place, torch.tensor(-7.0)), rtol=0, atol=0)
    assert (images > 0).all()  # not in place


def rectangle(image):
    """Return top, left, height and width of the zeros in (H, W), and check that they are a rectangle."""
    rows, columns = (image == 0).nonzero().T
    top, left = int(rows.min()), int(columns.min())
    height, width = int(rows.max()) - top + 1, int(columns.max()) - left + 1
    assert len(rows) == height * width
    return top, left, height, width


def test_random_erasing_has_the_areas_and_the_shapes_it_is_given():
    images = torch.ones(2_000, 1, 60, 40)
    erased = augment.random_erasing(0.25, area=(0.05, 0.2), ratio=(0.5, 2.0))(images, seeded(3))
    changed = erased[(erased == 0).flatten(1).any(dim=1), 0]
    assert 0.22 < len(changed) / len(images) < 0.28
    top, left, height, width = torch.tensor([rectangle(image) for image in changed]).double().T
    area, ratio = height * width / 2_400, (height / width).log()
    assert 0.045 < area.min() < 0.06 and 0.19 < area.max() < 0.21 and abs(area.mean() - 0.125) < 0.01
    assert abs(ratio.mean()) < 0.05 and ratio.abs().max() < math.log(2.25)
    assert top.min() == left.min() == 0 and (top + height).max() == 60 and (left + width).max() == 40


def test_random_erasing_erases_as_much_as_that_of_torchvision():
    images = torch.ones(3_000, 1, 28, 28)
    torch.manual_seed(4)
    theirs = torch.stack([v2.RandomErasing(p=0.5)(image) for image in images])
    mine = augment.random_erasing(0.5)(images, seeded(4))
    assert abs(mine.mean() - theirs.mean()) < 0.01
    assert (mine.mean(dim=(0, 1)) - theirs.mean(dim=(0, 1))).abs().max() < 0.06  # everywhere alike


@pytest.mark.parametrize(("chance", "changed"), [(0.0, 0), (1.0, 50)])
def test_a_chance_of_none_and_of_all(chance, changed):
    erased = augment.random_erasing(chance)(torch.ones(50, 3, 8, 8), seeded())
    assert int((erased == 0).flatten(1).any(dim=1).sum()) == changed
    assert torch.equal(erased[:, 0], erased[:, 2])


# RandAugment


@pytest.mark.parametrize("threshold", [0.0, 0.4, 1.0])
def test_solarize_is_that_of_torchvision(threshold):
    images = drawn(3, 1, 7, 5)
    torch.testing.assert_close(augment.solarize(images, threshold), TF.solarize(images, threshold))


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (2, 0), (0, -3), (-1, 4), (6, 5), (-9, 30)])
def test_translate_moves_every_pixel(rows, columns):
    images = drawn(2, 3, 6, 5)
    expected = torch.full_like(images, 0.25)
    for row, column in itertools.product(range(6), range(5)):
        if 0 <= row - rows < 6 and 0 <= column - columns < 5:
            expected[..., row, column] = images[..., row - rows, column - columns]
    assert torch.equal(augment.translate(images, rows, columns, fill=0.25), expected)


def test_a_random_shift_moves_each_image_by_its_own_draw():
    images = drawn(400, 2, 6, 5)
    shifts = list(itertools.product(range(-2, 3), repeat=2))
    moved = augment.random_shift(2, fill=0.25)(images, seeded())
    expected = torch.stack([augment.translate(images, *shift, fill=0.25) for shift in shifts])  # (25, B, 2, 6, 5)
    fits = (moved == expected).all(dim=(2, 3, 4))  # (25, B)
    assert fits.sum(dim=0).eq(1).all(), "every image is one of its shifts"
    assert stats.chisquare(fits.sum(dim=1)).pvalue > 0.01, "all shifts are drawn evenly"
    assert torch.equal(moved, augment.random_shift(2, fill=0.25)(images, seeded()))


def their_name(name):
    """Return the name that torchvision has for an operation: "AutoContrast" for "auto_contrast"."""
    return name.title().replace("_", "")


def test_the_operations_are_those_of_the_paper_but_for_color():
    # torchvision has the same list; Color leaves a grey image as it is
    assert {their_name(name) for name in augment.OPERATIONS} == {*v2.RandAugment._AUGMENTATION_SPACE} - {"Color"}


# shears and shifts are tested on their own: torchvision's have another centre, and shift by parts of a pixel
@pytest.mark.parametrize("magnitude", [0, 9, 15, 30])
@pytest.mark.parametrize("name", [name for name in augment.OPERATIONS if not name.endswith(("_x", "_y"))])
def test_operations_change_as_much_as_those_of_torchvision(name, magnitude, clothes):
    images = (clothes * STD + MEAN).clamp(0, 1)
    magnitudes, signed = v2.RandAugment._AUGMENTATION_SPACE[their_name(name)]
    values = magnitudes(31, 28, 28)
    for sign in (-1, 1):
        value = 0.0 if values is None else float(values[magnitude]) * (sign if signed else 1)
        mine = augment.OPERATIONS[name](images, magnitude / 30, -sign if name == "rotate" else sign)  # the other way
        theirs = v2.RandAugment()._apply_image_or_video_transform(
            images, their_name(name), value, v2.InterpolationMode.BILINEAR, {}
        )
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("name", "axis"), [("shear_x", 1), ("shear_y", 0)])
@pytest.mark.parametrize("sign", [-1, 1])
def test_the_strongest_shear_moves_by_three_pixels_in_ten(name, axis, sign):
    lines = torch.zeros(1, 1, 41, 41)
    lines[0, 0].select(axis, 20).fill_(1)  # a line through the centre, which the shear slants
    sheared = augment.OPERATIONS[name](lines, 1.0, sign)[0, 0]
    sheared = sheared if axis else sheared.T
    place = (sheared * torch.arange(41)).sum(dim=1) / sheared.sum(dim=1)  # of the line in each row
    assert abs(abs(float(place[30] - place[10])) - 6) < 0.05 and abs(place[20] - 20) < 1e-3
    other = augment.OPERATIONS[name](lines, 1.0, -sign)[0, 0]
    assert not torch.equal(other if axis else other.T, sheared)


@pytest.mark.parametrize(("name", "dim"), [("translate_x", 3), ("translate_y", 2)])
def test_the_largest_shift_is_less_than_half_a_side(name, dim):
    images = drawn(1, 1, 331, 331)
    for sign in (-1, 1):
        shifted, kept = augment.OPERATIONS[name](images, 1.0, sign), 331 - 149
        start, place = (0, 149) if sign > 0 else (149, 0)
        assert torch.equal(shifted.narrow(dim, place, kept), images.narrow(dim, start, kept))


@pytest.mark.parametrize("name", augment.OPERATIONS)
def test_every_operation_stays_in_range_and_leaves_its_input_alone(name, clothes):
    images = (clothes * STD + MEAN).clamp(0, 1)
    before = images.clone()
    for magnitude, sign in itertools.product((0.0, 0.3, 1.0), (-1, 1)):
        changed = augment.OPERATIONS[name](images, magnitude, sign)
        assert changed.shape == images.shape and changed.dtype == images.dtype
        assert changed.min() >= 0 and changed.max() <= 1
    assert torch.equal(images, before)
    assert (name == "identity") == torch.equal(changed, images)


def test_each_image_draws_its_operations(clothes):
    one = clothes[:1].expand(2_000, -1, -1, -1)
    changed = augment.rand_augment(1, 15, MEAN, STD)(one, seeded(5))
    image, same = (clothes[:1] * STD + MEAN).clamp(0, 1), []
    for operation, sign in itertools.product(augment.OPERATIONS.values(), (-1, 1)):
        alone = (operation(image, 0.5, sign) - MEAN) / STD
        same.append((changed - alone).abs().flatten(1).amax(dim=1) < 1e-4)
    assert torch.stack(same).any(dim=0).all()  # each is one of them
    assert torch.stack(same).double().mean(dim=1).min() > 0.025  # a chance of 1 / 26 for each operation and sign


def test_no_operation_changes_nothing_and_two_change_more_than_one(clothes):
    none, one, two = (augment.rand_augment(count, 9, MEAN, STD)(clothes, seeded(1)) for count in (0, 1, 2))
    torch.testing.assert_close(none, clothes, rtol=0, atol=1e-5)
    assert (two - clothes).abs().mean() > (one - clothes).abs().mean() > 0


@pytest.mark.parametrize(("count", "magnitude"), [(-1, 9), (2, 31), (2, -1)])
def test_what_rand_augment_can_not_do_is_refused(count, magnitude):
    with pytest.raises(ValueError, match=f"count {count} and magnitude {magnitude}: use a count from 0 and a"):
        augment.rand_augment(count, magnitude, MEAN, STD)


# all of them

AUGMENTS = {
    "erasing": augment.random_erasing(0.5),
    "RandAugment": augment.rand_augment(2, 9, MEAN, STD),
    "a chain": augment.chain(mirror, augment.rand_augment(1, 5, MEAN, STD), augment.random_erasing(0.3)),
    "MixUp": lambda images, generator: augment.random_mixup(1.0)(images, images.flatten(1), generator)[0],
}


@pytest.mark.parametrize("one", AUGMENTS.values(), ids=AUGMENTS)
def test_a_generator_repeats_the_draw_and_torch_has_no_part_in_it(one, clothes):
    state, before = torch.get_rng_state(), clothes.clone()
    first, second, other = (one(clothes, seeded(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, second) and not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state) and torch.equal(clothes, before)
    assert first.shape == clothes.shape and first.dtype == clothes.dtype and first.isfinite().all()


def test_a_chain_begins_with_the_first(clothes):
    one_more = augment.chain(lambda images, _generator: 2 * images, lambda images, _generator: images + 1)
    assert torch.equal(one_more(clothes, seeded()), 2 * clothes + 1)
    assert torch.equal(augment.chain()(clothes, seeded()), clothes)
