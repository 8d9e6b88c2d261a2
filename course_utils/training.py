"""One small training loop for all lessons: a recipe in, a history out, seeded, with a progress bar."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.data import FASHION_MEAN, FASHION_STD
from course_utils.image_sets import ImageSet
from course_utils.progress import progress
from course_utils.threads import one_thread


@dataclass(frozen=True)
class Recipe:
    """How to train: AdamW whose learning rate rises, then falls to 0 (Smith & Topin 2018, one cycle).

    Attributes:
        steps: how often the weights change.
        batch: examples in a step.
        lr: the highest learning rate.
        weight_decay: of AdamW.
        clip: what the norm of the gradient is shortened to, if it is longer.
    """

    steps: int
    batch: int = 64
    lr: float = 2e-3
    weight_decay: float = 0.05
    clip: float = 1.0


@dataclass
class History:
    """What became of a training.

    Attributes:
        losses: of each step.
    """

    losses: list[float] = field(default_factory=list)

    def recent(self, steps: int = 50) -> float:
        """Return the mean loss of the last steps."""
        last = self.losses[-steps:]
        return sum(last) / len(last) if last else math.nan


def grey(images: ImageSet) -> Tensor:
    """Return Fashion-MNIST's images (N, 28, 28) as (N, 1, 28, 28), standardised."""
    return ((images.images.float() / 255 - FASHION_MEAN) / FASHION_STD)[:, None]


Loss = Callable[[torch.Generator], Tensor]


def classification(model: nn.Module, images: ImageSet, batch: int) -> Loss:
    """Return the loss of a batch drawn at random: half of its images are mirrored, and cross-entropy compares.

    Args:
        model: (B, 1, H, W) to logits (B, classes).
        images: to draw from.
        batch: B.
    """
    pixels, labels = grey(images), images.labels

    def loss(generator: torch.Generator) -> Tensor:
        chosen = torch.randint(len(labels), (batch,), generator=generator)
        mirrored = torch.rand(batch, 1, 1, 1, generator=generator) < 0.5
        shown = torch.where(mirrored, pixels[chosen].flip(3), pixels[chosen])
        return F.cross_entropy(model(shown), labels[chosen])

    return loss


@one_thread()
def fit(model: nn.Module, loss: Loss, recipe: Recipe, *, seed: int = 0, label: str = "training") -> History:
    """Train a model in place, with one thread.

    Args:
        model: whose parameters change.
        loss: makes the loss of a fresh batch; draws it from the generator that it is given.
        recipe: how.
        seed: of that generator.
        label: what the progress bar says.

    Raises:
        ValueError: the loss became infinite or NaN; the message says in which step.
    """
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.lr, total_steps=max(2, recipe.steps))
    history = History()
    model.train()
    for step in progress(range(recipe.steps), label):
        value = loss(generator)
        if not value.isfinite():
            raise ValueError(f"the loss is {value.item()} in step {step}: use a smaller lr than {recipe.lr}")
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimizer.step()
        schedule.step()
        history.losses.append(value.item())
    model.eval()
    return history


@one_thread()
@torch.no_grad()
def predictions(model: nn.Module, images: ImageSet, batch: int = 500) -> Tensor:
    """Return the class that a model, put into eval mode, finds most likely for each image: (N,)."""
    model.eval()
    return torch.cat([model(part).argmax(dim=1) for part in grey(images).split(batch)])


def accuracy(model: nn.Module, images: ImageSet) -> float:
    """Return the share (0 to 1) of images whose class a model finds."""
    return (predictions(model, images) == images.labels).float().mean().item()
