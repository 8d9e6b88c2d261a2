"""How well a map points out a region, without a threshold; how often two models say the same."""

from torch import Tensor


def auroc(scores: Tensor, mask: Tensor) -> float:
    """Return the chance that a cell inside the mask has a higher score than one outside; ties count half.

    Args:
        scores: real numbers of any shape, only their order counts.
        mask: bool, of the same shape, True inside.

    Returns:
        0 to 1; 0.5 is chance. The area under the ROC curve (Hanley & McNeil 1982).

    Raises:
        ValueError: the shapes differ, or the mask has nothing inside or nothing outside.
    """
    if scores.shape != mask.shape:
        raise ValueError(f"scores {tuple(scores.shape)} and mask {tuple(mask.shape)} differ in shape: resize one")
    inside, outside = scores[mask], scores[~mask]
    if not len(inside) or not len(outside):
        raise ValueError(f"the mask has {len(inside)} cells inside and {len(outside)} outside: it needs both")
    difference = inside[:, None] - outside  # (inside, outside)
    return ((difference > 0).double() + 0.5 * (difference == 0).double()).mean().item()


def agreement(a: Tensor, b: Tensor) -> float:
    """Return the share (0 to 1) of images for which two predictions are equal.

    Args:
        a, b: (N,), the class that each of two models finds for each image.

    Raises:
        ValueError: the shapes differ, or there are no predictions.
    """
    check_pair(a, b)
    return (a == b).double().mean().item()


def shared_mistakes(a: Tensor, b: Tensor, labels: Tensor) -> float:
    """Return how often (0 to 1) two models say the same where one of them is wrong.

    Images that both get right are left out: on what is easy all agree.

    Args:
        a, b: (N,), the class that each of two models finds for each image.
        labels: (N,), the true ones.

    Raises:
        ValueError: the shapes differ, or neither model gets an image wrong.
    """
    check_pair(a, b)
    check_pair(a, labels)
    wrong = (a != labels) | (b != labels)
    if not wrong.any():
        raise ValueError(f"both are right on all {len(labels)} images: use harder ones")
    return (a == b)[wrong].double().mean().item()


def check_pair(a: Tensor, b: Tensor) -> None:
    """Refuse predictions of other images, or of none.

    Raises:
        ValueError: the shapes differ, or there are no predictions.
    """
    if a.shape != b.shape or not len(a):
        raise ValueError(
            f"{tuple(a.shape)} and {tuple(b.shape)} are no pair of predictions: pass (N,) each, of the same images"
        )
