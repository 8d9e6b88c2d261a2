"""The calls that lesson 10's exercises are compared on: N, M, Q, T, C all different, matches that are no identity."""

import torch
from torch import Tensor

from course_utils.exercises.registry import Case
from course_utils.models.set_loss import Pairs

# first list, second list: apart along one side and along both, touching, one inside the other, points and lines
FEW = (
    ((0, 0, 4, 3), (1, 1, 2, 2), (6, 5, 8, 9), (2, 2, 2, 2)),
    ((0, 0, 4, 3), (4, 0, 7, 3), (5, 4, 9, 8), (2, 2, 2, 2), (3, 1, 3, 8)),
)
COSTS = (
    (((1, 2, 9), (2, 6, 7), (8, 4, 6)), "three by three"),
    (((-3, 2, 5, -1), (-6, -5, 4, 1), (0, -2, -7, -6), (3, 8, -9, 2)), "with negative costs"),
    (((4, 1, 9, 2, 7), (3, 1.5, 8, 6, 5)), "more columns than rows"),
    (((9, 2, 5), (4, 1, 6), (3, 7, 2.5), (8, 3, 1), (2, 6, 4)), "more rows than columns"),
    (((0.5,), (-2,), (1,)), "one column"),
)
RANKED = (  # which are right, the surest first, and how many truths there are
    ("110100110", 7, ""),
    ("0010110111000", 11, "the surest is wrong"),
    ("10110100", 4, "everything is found"),
    ("01001", 13, "most are missed"),
    ("0000", 3, "nothing is right"),
)


def boxes_in_corners(seed: int = 101) -> list[Case]:
    """Return two lists of boxes in corners, never of one length; those with a gradient have no corner in common."""
    generator = torch.Generator().manual_seed(seed)
    cases = [
        Case((_corners(generator, n, side), _corners(generator, m, side)), note=note)
        for n, m, side, note in ((5, 3, 1, ""), (4, 7, 40, "in pixels"))
    ]
    few = Case(tuple(torch.tensor(boxes, dtype=torch.float64) for boxes in FEW), note="points and lines too")
    return [*cases, few]


def costs() -> list[Case]:
    """Return cost matrices, square, wide and high; in each, whoever takes the lowest first pays too much."""
    return [Case((torch.tensor(rows, dtype=torch.float64),), note=note) for rows, note in COSTS]


def queries_and_targets(seed: int = 104) -> list[Case]:
    """Return logits and boxes of queries, labels and boxes of targets."""
    generator = torch.Generator().manual_seed(seed)
    weights = {"class_weight": 3.0, "l1_weight": 0.5, "giou_weight": 4.0}
    sizes = (
        (6, (3, 0, 3), 4, {}, ""),
        (3, (1, 4, 2, 4), 5, {}, "more targets than queries"),
        (5, (2, 1), 3, weights, "with other weights"),
    )
    return [
        Case(
            (
                _normal(generator, Q, C + 1),
                _centred(generator, Q),
                torch.tensor(labels),
                _centred(generator, len(labels)).detach(),
            ),
            keywords,
            note=note,
        )
        for Q, labels, C, keywords, note in sizes
    ]


# of each batch: B, Q, C; the labels of all targets; images, queries and targets of the pairs
BATCHES = (
    (2, 7, 3, (2, 0, 1, 1, 2), ((0, 0, 1, 1, 1), (1, 4, 0, 2, 3), (1, 0, 4, 2, 3)), ""),
    (3, 6, 4, (0, 3, 1, 3), ((0, 2, 2, 2), (3, 0, 1, 2), (0, 3, 1, 2)), "with an image without objects"),
    (1, 5, 2, (1, 0, 0), ((0, 0, 0), (0, 1, 2), (2, 0, 1)), "with one image"),
)
CROWDED = (2, 3, 4, (0, 1, 3, 2), ((1, 1, 1), (0, 1, 2), (2, 0, 1)), "with more targets than queries")


def classes_and_pairs(seed: int = 105) -> list[Case]:
    """Return logits of a batch, the labels of its targets, and pairs; one with another weight of "no object"."""
    generator, cases = torch.Generator().manual_seed(seed), []
    for (B, Q, C, labels, pairs, note), weight in zip(BATCHES, ((), (0.4,), ()), strict=True):
        logits = _normal(generator, B, Q, C + 1)
        cases.append(Case((logits, torch.tensor(labels), _pairs(pairs), *weight), note=note))
    return cases


def boxes_and_pairs(seed: int = 106) -> list[Case]:
    """Return boxes of a batch, the boxes of its targets, and pairs; in one not every target is matched."""
    generator = torch.Generator().manual_seed(seed)
    return [
        Case(
            (
                _centred(generator, B * Q).detach().view(B, Q, 4).requires_grad_(),
                _centred(generator, len(labels)).detach(),
                _pairs(pairs),
            ),
            note=note,
        )
        for B, Q, _, labels, pairs, note in (*BATCHES, CROWDED)
    ]


def cells_and_positions() -> list[Case]:
    """Return cells and their positions, with and without a mask, and the sizes of encoder layers."""
    generator, cases = torch.Generator().manual_seed(107), []
    for B, N, width, heads, hidden, hidden_cells, note in (
        (2, 5, 8, 2, 12, 0, ""),
        (3, 7, 6, 3, 10, 2, "with a mask"),
        (1, 4, 12, 4, 20, 0, "with one image"),
    ):
        mask = torch.arange(N) < N - torch.arange(B)[:, None] * hidden_cells  # image n lacks 2 n cells
        masks = (mask[:, None, None],) if hidden_cells else ()
        inputs = _normal(generator, B, N, width), _normal(generator, B, N, width)
        init = {"width": width, "heads": heads, "hidden": hidden}
        cases.append(Case((*inputs, *masks), init=init, note=note))
    return cases


def ranked_detections() -> list[Case]:
    """Return scores in no order, which detections are right, and the number of truths.

    A recall is one of the 101 only at whole quarters, which have no rounding error.
    """
    generator, cases = torch.Generator().manual_seed(110), []
    for digits, truths, note in RANKED:
        order = torch.randperm(len(digits), generator=generator)
        scores = torch.rand(len(digits), generator=generator, dtype=torch.float64).sort(descending=True).values
        right = torch.tensor([digit == "1" for digit in digits])
        cases.append(Case((scores[order], right[order], truths), note=note))
    return cases


def _pairs(numbers: tuple[tuple[int, ...], ...]) -> Pairs:
    return Pairs(*map(torch.tensor, numbers))


def _corners(generator: torch.Generator, count: int, side: float) -> Tensor:
    """Return (count, 4) in corners within a picture with this side."""
    ends = torch.rand(2, count, 2, generator=generator, dtype=torch.float64) * side
    return torch.cat([ends.amin(dim=0), ends.amax(dim=0)], dim=1).requires_grad_()


def _centred(generator: torch.Generator, count: int) -> Tensor:
    """Return (count, 4), cxcywh, small ones at the upper left and large ones that don't touch them.

    Read as corners they are boxes too, so that who does that gets numbers.
    """
    size, middle = torch.rand(2, count, 2, generator=generator, dtype=torch.float64)
    size = 0.5 + 0.3 * size
    scale = torch.where(torch.rand(count, 1, generator=generator, dtype=torch.float64) < 0.5, 0.1, 1)
    return (scale * torch.cat([size * (0.8 + 0.2 * middle), size], dim=1)).requires_grad_()


def _normal(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()
