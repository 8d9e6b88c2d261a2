"""One small training loop for all lessons: a recipe in, a history out, seeded, with a progress bar."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.data import FASHION_MEAN, FASHION_STD
from course_utils.image_sets import ImageSet
from course_utils.optimizers import make_optimizer, make_schedule
from course_utils.progress import progress
from course_utils.threads import Pace, one_thread


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        steps: how often the weights change.
        batch: examples in a step.
        lr: the highest learning rate.
        weight_decay: of the optimizer.
        clip: what the norm of the gradient is shortened to, if it is longer; none for as long as it is.
        schedule: "one cycle" (Smith & Topin 2018), "cosine" (Loshchilov & Hutter 2017) after a linear warm-up, or
            "constant" after it.
        warmup: share of the steps in which a "cosine" or "constant" learning rate rises.
        optimizer: "adamw" (Loshchilov & Hutter 2019) or "sgd" with a momentum of 0.9.
        decay_all: let the weight decay pull at biases, norms, positions and the class token too.
    """

    steps: int
    batch: int = 64
    lr: float = 2e-3
    weight_decay: float = 0.05
    clip: float | None = 1.0
    schedule: str = "one cycle"
    warmup: float = 0.1
    optimizer: str = "adamw"
    decay_all: bool = True


@dataclass
class History:
    """What became of a training.

    Attributes:
        losses: of each step.
        gradients: the norm of each step's gradient, before it is shortened.
    """

    losses: list[float] = field(default_factory=list)
    gradients: list[float] = field(default_factory=list)

    def recent(self, steps: int = 50) -> float:
        """Return the mean loss of the last steps."""
        last = self.losses[-steps:]
        return sum(last) / len(last) if last else math.nan


def grey(images: ImageSet) -> Tensor:
    """Return Fashion-MNIST's images (N, 28, 28) as (N, 1, 28, 28), standardised."""
    return ((images.images.float() / 255 - FASHION_MEAN) / FASHION_STD)[:, None]


Loss = Callable[[torch.Generator], Tensor]
Augment = Callable[[Tensor, torch.Generator], Tensor]  # images (B, C, H, W) to images, of the same shape as a rule
Mix = Callable[[Tensor, Tensor, torch.Generator], tuple[Tensor, Tensor]]  # images and targets (B, classes) to both
Watch = Callable[[int], object]  # the number of steps done


def mirror(images: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror each of images (B, C, H, W) left to right with a chance of one half."""
    mirrored = torch.rand(len(images), 1, 1, 1, generator=generator) < 0.5
    return torch.where(mirrored, images.flip(3), images)


def unchanged(images: Tensor, _generator: torch.Generator) -> Tensor:
    """Return the images as they are."""
    return images


def classification(
    model: nn.Module,
    images: ImageSet,
    batch: int,
    *,
    augment: Augment = mirror,
    mix: Mix | None = None,
    label_smoothing: float = 0.0,
) -> Loss:
    """Return the loss of a batch drawn at random: its images are changed, and cross-entropy compares.

    Args:
        model: (B, 1, H, W) to logits (B, classes).
        images: to draw from.
        batch: B.
        augment: what happens to the standardised images; half of them are mirrored if nothing is said.
        mix: what happens to images and targets together, such as MixUp.
        label_smoothing: share of every target that goes to all classes alike (Szegedy et al. 2016, section 7).
    """
    pixels, labels = grey(images), images.labels

    def loss(generator: torch.Generator) -> Tensor:
        chosen = torch.randint(len(labels), (batch,), generator=generator)
        shown, target = augment(pixels[chosen], generator), labels[chosen]
        if mix is not None:
            shown, target = mix(shown, F.one_hot(target, len(images.classes)).to(shown), generator)
        return F.cross_entropy(model(shown), target, label_smoothing=label_smoothing)

    return loss


@one_thread()
def fit(
    model: nn.Module,
    loss: Loss,
    recipe: Recipe,
    *,
    seed: int = 0,
    label: str = "training",
    watch: Watch | None = None,
    threads: int = 1,
) -> History:
    """Train a model in place.

    Args:
        model: whose parameters change.
        loss: makes the loss of a fresh batch; draws it from the generator that it is given.
        recipe: how.
        seed: of that generator.
        label: what the progress bar says.
        watch: looks at the model after every step, given how many there were; the training is the same without it.
        threads: the most. With one, two runs are equal; more are used while they are faster, and sums are rounded
            in another order.

    Raises:
        ValueError: the loss became infinite or NaN; the message says in which step.
    """
    generator = torch.Generator().manual_seed(seed)
    optimizer = make_optimizer(model, recipe)
    schedule = make_schedule(optimizer, recipe)
    history, pace = History(), Pace(threads)
    model.train()
    for step in progress(range(recipe.steps), label):
        with pace:
            value = loss(generator)
            if not value.isfinite():
                raise ValueError(f"the loss is {value.item()} in step {step}: use a smaller lr than {recipe.lr}")
            norm = _descend(model, value, optimizer, recipe.clip)
        schedule.step()
        history.losses.append(value.item())
        history.gradients.append(norm.item())
        if watch is not None:
            watch(step + 1)
            model.train()  # it may have been put into eval mode
    model.eval()
    return history


def _descend(model: nn.Module, value: Tensor, optimizer: torch.optim.Optimizer, clip: float | None) -> Tensor:
    """Change the weights once, down the slope of a loss (); return the gradient's norm before it was shortened."""
    optimizer.zero_grad()
    value.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), math.inf if clip is None else clip)
    optimizer.step()
    return norm


def accuracy_every(steps: int, model: nn.Module, images: ImageSet) -> tuple[dict[int, float], Watch]:
    """Return a dictionary that fills up during a training, and what fills it.

    Args:
        steps: how many lie between two looks.
        model: that is trained.
        images: on which its accuracy is measured.

    Returns:
        the accuracies (0 to 1) by the number of steps done, and what `fit` takes as `watch`.
    """
    found: dict[int, float] = {}

    def watch(done: int) -> None:
        if done % steps == 0:
            found[done] = accuracy(model, images)

    return found, watch


@one_thread()
@torch.no_grad()
def predictions(model: nn.Module, images: ImageSet, batch: int = 100) -> Tensor:
    """Return the class that a model, put into eval mode, finds most likely for each image: (N,)."""
    model.eval()
    return torch.cat([model(part).argmax(dim=1) for part in grey(images).split(batch)])


def accuracy(model: nn.Module, images: ImageSet, batch: int = 100) -> float:
    """Return the share (0 to 1) of images whose class a model finds, looking at `batch` of them at a time."""
    return (predictions(model, images, batch) == images.labels).float().mean().item()
