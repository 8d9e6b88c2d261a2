"""The calls that lesson 6's exercises are compared on: every phase of a schedule, images that aren't square."""

import torch
from torch import Tensor, nn

from course_utils.exercises.registry import Case

SCHEDULES = ((100, 10), (37, 5), (60, 0))  # steps, warm-up


def moments() -> list[Case]:
    """Return steps in all phases of trainings, as plain numbers."""
    found = []
    for steps, warmup in SCHEDULES:
        for step in sorted({0, 1, max(0, warmup - 1), warmup, steps // 2, (3 * steps) // 4, steps - 1}):
            found.append(Case((step, steps, warmup), note=f"step {step} of {steps}, {warmup} of them warm-up"))
    return found


def parameters() -> list[Case]:
    """Return parameters with their names, as a ViT has them."""
    shapes = {
        "patch_embed.project.weight": (6, 1, 4, 4),
        "patch_embed.project.bias": (6,),
        "cls_token": (1, 1, 6),
        "pos_embed": (1, 10, 6),
        "position": (10, 6),
        "blocks.0.norm1.weight": (6,),
        "blocks.0.attention.query.weight": (6, 6),
        "blocks.0.attention.query.bias": (6,),
        "blocks.0.mlp.0.bias": (40,),
        "norm.bias": (6,),
        "head.weight": (5, 6),
    }
    return [Case((name, nn.Parameter(torch.ones(shape))), note=name) for name, shape in shapes.items()]


def branches(seed: int = 61) -> list[Case]:
    """Return branches, who keeps them, and the rate."""
    generator = torch.Generator().manual_seed(seed)
    return [
        Case((_normal(generator, 4, 3, 5), torch.tensor([True, False, True, True]), 0.3)),
        Case((_normal(generator, 3, 6, 2), torch.tensor([False, True, False]), 0.1), note="with a rate of 0.1"),
        Case((_normal(generator, 2, 2, 4), torch.tensor([True, True]), 0.6), note="when all are kept"),
    ]


def batches_to_mix(seed: int = 62) -> list[Case]:
    """Return images, soft targets, partners and a share."""
    generator = torch.Generator().manual_seed(seed)
    found = []
    for shape, classes, order, share in (
        ((4, 1, 3, 5), 6, (2, 0, 3, 1), 0.7),
        ((3, 2, 4, 2), 4, (1, 2, 0), 0.2),
        ((5, 3, 2, 3), 3, (4, 3, 2, 1, 0), 0.9),
    ):
        targets = torch.randn(shape[0], classes, generator=generator).double().softmax(dim=1).requires_grad_()
        found.append(
            Case((_normal(generator, *shape), targets, torch.tensor(order), share), note=f"with share {share}")
        )
    return found


def targets(seed: int = 63) -> list[Case]:
    """Return targets, hard and soft, and the share that is handed out."""
    generator = torch.Generator().manual_seed(seed)
    soft = torch.randn(3, 5, generator=generator).double().softmax(dim=1)
    hard = torch.eye(7, dtype=torch.float64)[[2, 6, 0, 2]]
    return [
        Case((hard, 0.1), note="hard targets"),
        Case((soft, 0.3), note="soft targets"),
    ]


def rectangles() -> list[Case]:
    """Return images and a rectangle for each: inside, over the edge, empty; with a fill of 0 and another."""
    generator = torch.Generator().manual_seed(64)
    found = []
    for shape, tops, lefts, heights, widths, fill in (
        ((3, 2, 6, 9), (0, 2, 3), (5, 0, 1), (2, 3, 1), (3, 2, 4), 0.0),
        ((4, 1, 8, 5), (1, 0, 5, 3), (0, 2, 3, 1), (3, 1, 6, 0), (2, 3, 5, 2), -1.5),
        ((2, 3, 4, 7), (1, 0), (2, 4), (2, 3), (4, 1), 0.5),
    ):
        boxes = [torch.tensor(values) for values in (tops, lefts, heights, widths)]
        found.append(Case((_normal(generator, *shape), *boxes, fill), note=f"with fill {fill}"))
    return found


def _normal(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()
