"""The longer runs behind the lessons: `python -m course_utils train NAME` does one, and lessons read what it stored.

An experiment is a list of arms, each run with several seeds. Its file `data/results/NAME.json` holds every seed's
values, the steps, the seconds, the versions and the command.
"""

import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from course_utils import (
    copy_runs,
    data,
    image_runs,
    mixer_runs,
    photo_maps,
    recipe_runs,
    swin_runs,
    throughput,
    vit_runs,
)
from course_utils.data import verified
from course_utils.files import DATA, CourseError, write_atomically
from course_utils.mixed_precision import LossScaler, Run, SmallNet, rounded, stochastic_round, train

RESULTS = DATA / "results"
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Experiment:
    """Arms by name, and how one is run.

    Attributes:
        what: one sentence.
        arms: names.
        run: arm and seed to numbers by name.
        seeds: with which every arm is run; one is enough where nothing is random.
    """

    what: str
    arms: tuple[str, ...]
    run: Callable[[str, int], dict[str, float]]
    seeds: tuple[int, ...] = SEEDS


def _to_bf16(weights: torch.Tensor) -> torch.Tensor:
    return rounded(weights, torch.bfloat16)


def _stochastic(seed: int) -> Callable[[torch.Tensor], torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return lambda weights: stochastic_round(weights, 7, torch.rand(weights.shape, generator=generator))


def mixed_precision_arm(arm: str, seed: int) -> dict[str, float]:
    """Train lesson 01's small network for 300 steps on 8,000 images, in one way of `MIXED_PRECISION`."""
    dtype, options = MIXED_PRECISION[arm]
    made = {key: value(seed) if callable(value) else value for key, value in options.items()}
    torch.manual_seed(seed)
    run: Run = train(SmallNet(dtype), *data.fashion_mnist(8000, 2000), seed=seed, **made)
    return {"loss": sum(run.losses[-20:]) / 20, "accuracy": run.accuracy, "skipped": run.skipped, "steps": 300}


TINY = {"loss_weight": 2.0**-16}
MIXED_PRECISION = {
    "FP32": (torch.float32, {}),
    "BF16": (torch.bfloat16, {}),
    "FP16": (torch.float16, {}),
    "FP32, tiny loss": (torch.float32, TINY),
    "BF16, tiny loss": (torch.bfloat16, TINY),
    "FP16, tiny loss": (torch.float16, TINY),
    "FP16, tiny loss, scaled": (torch.float16, {**TINY, "scaler": lambda _seed: LossScaler(2.0**40, 100)}),
    "BF16, master weights": (torch.bfloat16, {"lr": 0.003}),
    "BF16, nearest": (torch.bfloat16, {"lr": 0.003, "store": lambda _seed: _to_bf16}),
    "BF16, stochastic": (torch.bfloat16, {"lr": 0.003, "store": _stochastic}),
}
EXPERIMENTS = {
    "mixed_precision": Experiment(
        "A small network on Fashion-MNIST in several number formats; the loss is the mean of the last 20 of 300 steps.",
        tuple(MIXED_PRECISION),
        mixed_precision_arm,
    ),
    "non_local": Experiment(
        "A small ResNet on 10,000 images of Fashion-MNIST, with attention between its stages; accuracy on all 10,000 "
        "test images, the loss is the mean of the last 50 of 1,500 steps.",
        tuple(image_runs.NON_LOCAL),
        image_runs.non_local_arm,
    ),
    "pixels": Experiment(
        "A Transformer that predicts the next pixel of Fashion-MNIST shrunk to 8 x 8 in 16 levels of grey: bits for "
        "each pixel of 2,000 test images, after 1,500 steps on 10,000.",
        image_runs.PIXEL_ARMS,
        image_runs.pixels_arm,
    ),
    "memory": Experiment(
        "The peak memory of one attention layer on all pixels of an image, predicted and measured, in bytes: width "
        "32, 2 heads, windows of 7 x 7, FP32.",
        image_runs.MEMORY_ARMS,
        image_runs.memory_arm,
        seeds=(0,),
    ),
    "labels": Experiment(
        "A ViT and a small ResNet of like cost on 1,000 to 60,000 images of Fashion-MNIST, mirrored at random; "
        "accuracy on all 10,000 test images.",
        vit_runs.LABEL_ARMS,
        vit_runs.labels_arm,
    ),
    "shuffles": Experiment(
        "The same two on 10,000 images whose patches or pixels are in one other order, the same in all images.",
        vit_runs.SHUFFLE_ARMS,
        vit_runs.shuffle_arm,
    ),
    "recipe": Experiment(
        "A ViT on 10,000 images of Fashion-MNIST, one part of its recipe left out at a time; accuracy on all 10,000 "
        "test images, the loss is the mean of the last 50 of 1,300 steps.",
        tuple(recipe_runs.PARTS),
        recipe_runs.recipe_arm,
    ),
    "hybrids": Experiment(
        "A ViT, a CNN, and ResNet blocks with Transformer blocks behind them, on 10,000 images of Fashion-MNIST.",
        tuple(recipe_runs.HYBRIDS),
        recipe_runs.hybrid_arm,
    ),
    "augreg": Experiment(
        "ViTs of two sizes on 1,000 and 10,000 images of Fashion-MNIST, with four levels of augmentation, without and "
        "with dropout and stochastic depth of 0.1; accuracy on all 10,000 test images.",
        recipe_runs.GRID_ARMS,
        recipe_runs.grid_arm,
    ),
    "mixer": Experiment(
        "An MLP-Mixer, a ResMLP, a gMLP, a ViT and a CNN of like cost on 10,000 images of Fashion-MNIST, and the Mixer "
        "with other blocks; accuracy on all 10,000 test images, the loss is the mean of the last 50 of 1,300 steps.",
        tuple(mixer_runs.MODELS),
        mixer_runs.mixer_arm,
    ),
    "mixer_shuffles": Experiment(
        "The small Mixer as the ViT and the CNN of `shuffles`: on 10,000 images whose patches or pixels are in one "
        "other order, the same in all images.",
        vit_runs.SHUFFLES,
        mixer_runs.shuffle_arm,
    ),
    "copying": Experiment(
        "Where patches of a grey photograph copy their colours from, with patches nearer than 5 left out: the share of "
        "attention that stays in the own object or material, and the mean squared colour error, which is 1 for the "
        "mean colour. Each seed holds out other photographs.",
        copy_runs.COPY_ARMS,
        copy_runs.copying_arm,
    ),
    "maps": Experiment(
        "Do maps of a ViT, trained to name the photograph that a crop is from, find the objects in seven photographs? "
        "Their AUROC against outlines drawn by hand, and its accuracy on crops from the halves held out.",
        photo_maps.MAP_ARMS,
        photo_maps.maps_arm,
    ),
    "scales": Experiment(
        "Networks of like cost name one item of 8 to 56 pixels, anywhere on a canvas of 56 x 56; accuracy at each size "
        "on 2,000 test items of Fashion-MNIST, after 800 steps of 32 canvases with items of all sizes, or of 28 only.",
        swin_runs.SCALES_ARMS,
        swin_runs.scales_arm,
    ),
    "swin": Experiment(
        "A small Swin on 10,000 images of Fashion-MNIST, 14 x 14 tokens in windows of 7 x 7, and without its parts, "
        "all for 600 steps; accuracy on all 10,000 test images. The live arm has 250 steps, and 2,000 test images.",
        swin_runs.SWIN_ARMS,
        swin_runs.swin_arm,
    ),
    "throughput": Experiment(
        "Images a second of models with 3 to 5 billion multiply-adds: one thread, CPU time, batches of 2, in turns "
        "with ResNet-50; each arm is measured three times.",
        throughput.THROUGHPUT_ARMS,
        throughput.throughput_arm,
    ),
}


def origin(name: str) -> dict:
    """Return by which command, with which versions and how many threads a result is made."""
    return {
        "command": f"python -m course_utils train {name}",
        "versions": {"torch": torch.__version__.split("+")[0], "python": platform.python_version()},
        "threads": 1,
    }


def run_experiment(name: str, folder: Path = RESULTS) -> Path:
    """Run all arms of an experiment with all seeds, and store what came out; takes minutes, not hours.

    Raises:
        CourseError: there is no such experiment.
    """
    if name not in EXPERIMENTS:
        raise CourseError(f"there is no experiment {name!r}: use one of {', '.join(EXPERIMENTS)}")
    experiment, rows = EXPERIMENTS[name], []
    for arm in experiment.arms:
        for seed in experiment.seeds:
            started = time.perf_counter()
            values = experiment.run(arm, seed)
            seconds = round(time.perf_counter() - started, 2)
            rows.append({"arm": arm, "seed": seed, **values, "seconds": seconds})
            print(f"{arm}, seed {seed}: {values}, {seconds} s", flush=True)
    record = {
        "what": experiment.what,
        **origin(name),
        "rows": rows,
    }
    path = folder / f"{name}.json"
    write_atomically(path, (json.dumps(record, indent=1) + "\n").encode("utf-8"))
    return path


def results(name: str) -> list[dict]:
    """Return the stored rows of an experiment: a dictionary for each arm and seed.

    Raises:
        CourseError: there is no such experiment.
        DataFileError: its file is missing, truncated or altered.
    """
    if name not in EXPERIMENTS:
        raise CourseError(f"there is no experiment {name!r}: use one of {', '.join(EXPERIMENTS)}")
    return json.loads(verified(f"results/{name}.json"))["rows"]


def by_arm(name: str, value: str) -> dict[str, list[float]]:
    """Return one value of every seed, for each arm of an experiment."""
    found: dict[str, list[float]] = {}
    for row in results(name):
        found.setdefault(row["arm"], []).append(row[value])
    return found
