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
    deit_runs,
    detr_runs,
    distill_runs,
    image_runs,
    inheritance_runs,
    mixer_runs,
    photo_maps,
    precision_runs,
    recipe_runs,
    segmentation_runs,
    swin_runs,
    throughput,
    vit_runs,
)
from course_utils.data import verified
from course_utils.files import DATA, CourseError, write_atomically

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


EXPERIMENTS = {
    "mixed_precision": Experiment(
        "A small network on Fashion-MNIST in several number formats; the loss is the mean of the last 20 of 300 steps.",
        tuple(precision_runs.MIXED_PRECISION),
        precision_runs.mixed_precision_arm,
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
    "distillation": Experiment(
        "A small ViT on Fashion-MNIST, of which 2,000 images have labels: taught by a CNN trained on those, on them or "
        "on 20,000 more as well. Accuracy on all 10,000 test images after 800 steps of 64, how like its teacher it is, "
        "and how often a shift by 2 pixels leaves its prediction as it was.",
        distill_runs.DISTILLATION_ARMS,
        distill_runs.distillation_arm,
    ),
    "inheritance": Experiment(
        "What a teacher's bias does for a ViT that sees images of shuffled pixels: taught by a CNN that saw them as "
        "they are, or by one that saw them shuffled. Accuracy on all 10,000 test images, and how like both CNNs it is.",
        inheritance_runs.INHERITANCE_ARMS,
        inheritance_runs.inheritance_arm,
    ),
    "deit": Experiment(
        "DeiT's setting in small: a ViT on 10,000 labelled images of Fashion-MNIST, taught as well by a CNN trained on "
        "the same ones; accuracy on all 10,000 test images, of the mean and of each head, after 800 steps of 64.",
        deit_runs.DEIT_ARMS,
        deit_runs.deit_arm,
    ),
    "detr": Experiment(
        "Small DETRs on scenes of 64 x 64 with five classes: plain, with reference boxes that are refined, with "
        "conditional cross-attention, with both, and with queries chosen from the cells as well. Measured on 500 test "
        "scenes after 750 steps of 16 new scenes.",
        tuple(detr_runs.VARIANTS),
        detr_runs.detr_arm,
        seeds=(0, 1),
    ),
    "detr_broken": Experiment(
        'The arm `both` of `detr` with one part left out: matching, "no object", the losses of earlier layers, or the '
        "cells' positions.",
        tuple(detr_runs.BROKEN),
        detr_runs.broken_arm,
        seeds=(0, 1),
    ),
    "segmentation": Experiment(
        "A mask head on the frozen checkpoint `detr_five`, with all it may see and without a part of it: the mean IoU "
        "with the true masks of all items found in 500 test scenes, beside the filled boxes of the same queries and "
        "the bright pixels in them; 500 steps of 8 new scenes.",
        tuple(segmentation_runs.SEEN),
        segmentation_runs.segmentation_arm,
        seeds=(0, 1),
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
    """Return one value of every seed, for each arm of an experiment that has it.

    Raises:
        CourseError: there is no such experiment.
        DataFileError: its file is missing, truncated or altered.
        KeyError: no arm has such a value.
    """
    found: dict[str, list[float]] = {}
    for row in results(name):
        if value in row:
            found.setdefault(row["arm"], []).append(row[value])
    if not found:
        raise KeyError(value)
    return found
