"""More training items for a detector than Fashion-MNIST has: mirror images, and every class as often.

Only training items are changed. Test scenes show test items as they are. Notation: `N` items of 28 x 28.
"""

import torch

from course_utils.image_sets import ImageSet


def with_mirrored(items: ImageSet) -> ImageSet:
    """Return items (N, 28, 28), and then the mirror image of each."""
    both = torch.cat([items.images, items.images.flip(2)])
    return ImageSet(both, items.labels.repeat(2), items.classes)


def evened(items: ImageSet) -> ImageSet:
    """Repeat the items of rarer classes, so that all classes are drawn about as often.

    Each class is repeated a whole number of times; equally frequent ones stay as they are. Shen et al. 2016, "Relay
    Backpropagation for Effective Learning of Deep Convolutional Neural Networks", "class-aware sampling".
    """
    counts = items.labels.bincount(minlength=len(items.classes))
    times = (counts.max() / counts.clamp(min=1)).round().long()
    chosen = torch.arange(len(items)).repeat_interleave(times[items.labels])
    return ImageSet(items.images[chosen], items.labels[chosen], items.classes)
