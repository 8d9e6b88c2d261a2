"""What the tests of MViT share: a small model, and parameters and inputs that leave no error invisible."""

import itertools

import torch

from course_utils.models.mvit import MViT


def randomise(module, seed=1):
    """Draw every parameter and buffer of a module, in float64; eval mode."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in itertools.chain(module.named_parameters(), module.named_buffers()):
        spread = 0.3 if parameter.ndim == 1 or "rel_pos" in name or "pool" in name else parameter[0].numel() ** -0.5
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * spread
    return module.double().eval()


def normal(*shape, seed=2):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def small():
    """A model for lessons: three stages for grey images of 28 x 28."""
    return MViT((28, 28), patch=2, width=16, depths=(1, 2, 1), heads=(1, 2, 4), classes=10, channels=1)


def furthest(found, expected):
    return float((found - expected).abs().max() / expected.abs().max())
