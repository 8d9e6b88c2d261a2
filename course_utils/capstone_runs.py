"""The runs behind lesson 11: every family at like cost, on the same images, with the same recipe and as many steps.

Images are drawn from all 60,000. They cost no more than 10,000 would, and keep the comparison to what a family makes of
its compute: on 10,000, lesson 05's CNN ends six points better on what it was trained on than on test images (`labels`).
"""

import dataclasses
import functools
import statistics
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from course_utils import data
from course_utils.capstone_models import FAMILIES, SIDE
from course_utils.image_sets import ImageSet
from course_utils.models.tradeoffs import Axis
from course_utils.recipe_runs import RECIPE
from course_utils.swin_runs import trained, training_bytes
from course_utils.throughput import in_turns
from course_utils.training import Recipe, accuracy, classification, fit, predictions

STEPS, BATCH = 800, 64

# the learning rate of each family: the best of those tried, on images that no table is measured on

RATES = (1.5e-3, 4e-3, 1e-2)
BEYOND = {  # one more, where the best of the three was the lowest or the highest
    "CNN": 2.5e-2,
    "non-local CNN": 2.5e-2,
    "hybrid": 6e-4,
    "ViT": 6e-4,
    "Swin": 2.5e-2,
    "MViT": 2.5e-2,
    "ResMLP": 2.5e-2,
}
CHOICE_STEPS = 200
HELD_OUT = 5_000  # of the training images
TRIED = {name: (*RATES, BEYOND[name]) if name in BEYOND else RATES for name in FAMILIES}
RATE_ARMS = tuple(f"{name}, {rate:g}" for name, rates in TRIED.items() for rate in rates)
RATE_SEEDS = (3,)  # none of the seeds that are compared afterwards
CHOSEN: dict[str, float] = {  # the best on the images held out: `capstone_lr`
    "CNN": 1e-2,
    "non-local CNN": 1e-2,
    "local attention": 4e-3,
    "hybrid": 1.5e-3,
    "ViT": 1.5e-3,
    "Swin": 1e-2,
    "MViT": 1e-2,
    "Mixer": 4e-3,
    "ResMLP": 2.5e-2,
    "gMLP": 4e-3,
}


def recipe(name: str, steps: int = STEPS) -> Recipe:
    """Return the one recipe, with the learning rate that was chosen for a family."""
    return dataclasses.replace(RECIPE, steps=steps, batch=BATCH, lr=CHOSEN[name])


def make(name: str, seed: int) -> nn.Module:
    """Make a family's model with the random weights of a seed."""
    torch.manual_seed(seed)
    return FAMILIES[name].model()


def held_out(images: ImageSet, size: int = HELD_OUT) -> tuple[ImageSet, ImageSet]:
    """Cut labelled images into those to learn from and the last `size` of them, to choose by."""
    parts = zip(images.images.split(len(images) - size), images.labels.split(len(images) - size), strict=True)
    first, last = (ImageSet(pixels, labels, images.classes) for pixels, labels in parts)
    return first, last


def rate_arm(arm: str, seed: int) -> dict[str, float]:
    """Train a family for a short time on 55,000 images: "FAMILY, LEARNING RATE"; accuracy on the 5,000 held out."""
    name, rate = arm.rsplit(", ", 1)
    train_set, choice_set = held_out(data.fashion_mnist()[0])
    model = make(name, seed)
    short = dataclasses.replace(recipe(name, CHOICE_STEPS), lr=float(rate))
    found = trained(model, train_set, short, seed)
    return {"accuracy": accuracy(model, choice_set), **found}


# the comparison


def capstone_arm(name: str, seed: int) -> dict[str, float]:
    """Train one of `FAMILIES`; accuracy on all 10,000 test images, and what it cost."""
    train_set, test_set = data.fashion_mnist()
    model = make(name, seed)
    memory = training_bytes(model, SIDE, BATCH)
    found = trained(model, train_set, recipe(name), seed)
    cost = {"images": STEPS * BATCH, "macs": FAMILIES[name].macs(), "bytes": memory}
    return {"accuracy": accuracy(model, test_set), **found, **cost}


# the row that a lesson trains live, whichever family the reader chooses

LIVE_STEPS = 100
LIVE_IMAGES, LIVE_TEST = 10_000, 2_000


def live_arm(name: str, seed: int) -> dict[str, float]:
    """Train one of `FAMILIES` for a few steps on 10,000 images; accuracy on 2,000 test images."""
    train_set, test_set = data.fashion_mnist(LIVE_IMAGES, LIVE_TEST)
    model = make(name, seed)
    found = trained(model, train_set, recipe(name, LIVE_STEPS), seed)
    return {"accuracy": accuracy(model, test_set), **found}


# speeds, all families in turns

TIMED_STEPS, TIMED_IMAGES = 10, 640  # both 640 images
ROUNDS = 5


@functools.cache
def measured(repeat: int, rounds: int = ROUNDS) -> dict[str, dict[str, float]]:
    """Measure all families in turns: a, b, c, ..., then b, c, ..., a, so that what disturbs one disturbs all.

    Args:
        repeat: measurements of other repeats are made anew.
        rounds: behind one of warming up; the median over them counts.

    Returns:
        for each family images a second of CPU time with one thread, in training (with `fit`, in batches of 64) and in
        inference (with `predictions`, in batches of 100), and the fastest round of each.
    """
    train_set, _ = data.fashion_mnist(TIMED_IMAGES, 10)
    functions = []
    for name in FAMILIES:
        model, schedule = make(name, repeat), recipe(name, TIMED_STEPS)
        loss = classification(model, train_set, BATCH)
        functions.append(functools.partial(fit, model, loss, schedule))
        functions.append(functools.partial(predictions, model, train_set))
    times = list(zip(*in_turns(functions, rounds), strict=True))  # one tuple for each function
    return {name: _speeds(*times[2 * n : 2 * n + 2]) for n, name in enumerate(FAMILIES)}


def _speeds(training: Sequence[float], inference: Sequence[float]) -> dict[str, float]:
    """Return images a second, of the median and of the fastest round."""
    found = {}
    for mode, seconds, images in (("training", training, TIMED_STEPS * BATCH), ("inference", inference, TIMED_IMAGES)):
        found[f"{mode} images_per_s"] = round(images / statistics.median(seconds), 1)
        found[f"{mode} images_per_s, best"] = round(images / min(seconds), 1)
    return found


def speed_arm(name: str, repeat: int) -> dict[str, float]:
    """Return the speeds of one of `FAMILIES`; the first family of a repeat measures all of them."""
    return measured(repeat)[name]


# the table

AXES = {
    axis.name: axis
    for axis in (
        Axis("accuracy", "more"),
        Axis("parameters", "less"),
        Axis("macs", "less"),
        Axis("training images_per_s", "more"),
        Axis("inference images_per_s", "more"),
        Axis("training seconds", "less"),
        Axis("bytes", "less"),
    )
}


def summary(trained_rows: Sequence[Mapping], speed_rows: Sequence[Mapping]) -> list[dict]:
    """Put the rows of `capstone` and `capstone_speed` together: one row for each family.

    Returns:
        its `family`, the mean over seeds or repeats on each of `AXES`, and `worst` and `best` accuracy. The training
        seconds are all images by the speed that was measured in turns: `cpu_seconds` of a run also has what other
        programs on the computer cost it.
    """
    table = []
    for name in FAMILIES:
        rows = [row for row in (*trained_rows, *speed_rows) if row["arm"] == name]
        values = {axis: [row[axis] for row in rows if axis in row] for axis in AXES}
        middle = {axis: statistics.fmean(numbers) for axis, numbers in values.items() if numbers}
        middle["training seconds"] = STEPS * BATCH / middle["training images_per_s"]
        spread = {"worst": min(values["accuracy"]), "best": max(values["accuracy"])}
        table.append({"family": name, **middle, **spread})
    return table
