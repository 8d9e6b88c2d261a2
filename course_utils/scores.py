"""How well a map points out a region: scores that need no threshold."""

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
