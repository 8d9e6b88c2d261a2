"""More items of the same kind: every one keeps its class, and rare classes catch up."""

import pytest
import torch

from course_utils import data, scenes
from course_utils.image_sets import ImageSet
from course_utils.more_items import evened, with_mirrored


@pytest.fixture(scope="module")
def five():
    return scenes.five_classes(data.fashion_mnist(200, 10)[0])


def test_mirror_images_follow_with_the_same_labels(five):
    both = with_mirrored(five)
    assert len(both) == 2 * len(five) and both.classes == five.classes
    for number in (0, 7, 199):
        assert both.images[number].tolist() == five.images[number].tolist()
        assert [row[::-1] for row in five.images[number].tolist()] == both.images[200 + number].tolist()
        assert both.labels[200 + number] == five.labels[number]


def test_rare_classes_are_repeated_until_all_are_as_frequent(five):
    assert five.labels.bincount().tolist() == [80, 20, 20, 60, 20]  # top, trouser, dress, shoe, bag
    even = evened(five)
    assert even.labels.bincount().tolist() == [80, 80, 80, 60, 80]
    for label in range(5):
        before, after = (items.images[items.labels == label].flatten(1) for items in (five, even))
        assert torch.equal(after.unique(dim=0), before.unique(dim=0))


def test_equal_classes_stay_as_they_are():
    ten = data.fashion_mnist(50, 10)[0]
    assert torch.equal(evened(ten).images, ten.images) and torch.equal(evened(ten).labels, ten.labels)


def test_a_class_without_items_stays_without():
    items = ImageSet(torch.zeros(3, 28, 28, dtype=torch.uint8), torch.tensor([0, 0, 2]), ("one", "two", "three"))
    assert evened(items).labels.tolist() == [0, 0, 2, 2]
