"""Models that took longer to train than a lesson has time for: `python -m course_utils train NAME` makes one again.

A checkpoint is `data/checkpoints/NAME.safetensors`, which holds numbers and nothing that could run; beside it
`NAME.json` says how it was made.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from torch import nn

from course_utils import (
    copy_runs,
    detr_runs,
    detr_stages,
    distill_runs,
    image_runs,
    photo_maps,
    segmentation_runs,
    vit_runs,
)
from course_utils.data import verified
from course_utils.experiments import origin
from course_utils.files import DATA, CourseError, write_atomically
from course_utils.models.copying import ColourCopier
from course_utils.models.segmentation import MaskHead
from course_utils.training import Recipe, fit

FOLDER = DATA / "checkpoints"


@dataclass(frozen=True)
class Checkpoint:
    """A model, and how it is trained.

    Attributes:
        what: one sentence.
        build: makes it, with random weights.
        train: trains it in place, and returns what is measured, by name: numbers, or lists of them.
        dtype: of the stored numbers; a loaded model computes with torch's default all the same.
    """

    what: str
    build: Callable[[], nn.Module]
    train: Callable[[nn.Module], dict]
    dtype: torch.dtype = torch.float32


PIXELS_14 = Recipe(4000, batch=32, lr=3e-3, weight_decay=0.01)


def _pixels_14(model: nn.Module) -> dict[str, float]:
    train_set, test_set = image_runs.small_images(60_000, 2_000, 14, image_runs.LEVELS)
    history = fit(model, image_runs.next_pixel_loss(model, train_set, PIXELS_14.batch), PIXELS_14)
    bits = image_runs.bits_per_pixel(model, test_set)
    return {"bits": bits, "nats": history.recent(), "steps": PIXELS_14.steps, "images": 60_000}


CHECKPOINTS = {
    "pixels_14": Checkpoint(
        "A Transformer that predicts the next pixel of Fashion-MNIST shrunk to 14 x 14 in 16 levels of grey: 4 blocks "
        "of width 64 with 4 heads.",
        lambda: image_runs.pixel_model(14),
        _pixels_14,
    ),
    "vit_28": Checkpoint(
        "A ViT on Fashion-MNIST: patches of 4 x 4, so 49 tokens and a class token, 4 blocks of width 64 with 4 heads.",
        lambda: vit_runs.small_vit(patch=4, pool="class token", heads=4),
        vit_runs.train_looked_into,
    ),
    "colour_copier": Checkpoint(
        "A Transformer that says for each patch of a grey photograph from which others to copy its colour: patches of "
        "8 x 8, 4 blocks of width 128 with 4 heads, one head behind them; the cat and China were held out.",
        ColourCopier,
        copy_runs.train_copier,
        dtype=torch.float16,
    ),
    "photograph_vit": Checkpoint(
        "A ViT that names which of seven photographs a crop of 96 x 96 is from: patches of 8 x 8, 4 blocks of width "
        "128 with 4 heads; it learned from the left halves.",
        photo_maps.photograph_vit,
        photo_maps.train_photograph_vit,
        dtype=torch.float16,
    ),
    "cnn_teacher": Checkpoint(
        "A small ResNet on 2,000 labels of Fashion-MNIST: the teacher of the experiment `distillation`, seed 0.",
        lambda: distill_runs.small_cnn(distill_runs.WIDTHS["teacher"]),
        distill_runs.train_and_measure("teacher"),
    ),
    "taught_vit": Checkpoint(
        "A ViT that learned 22,000 images of Fashion-MNIST from that teacher's probabilities, without a label: the arm "
        "`soft, 22k` of the experiment `distillation`, seed 0.",
        distill_runs.small_vit,
        distill_runs.train_and_measure("soft, 22k"),
        dtype=torch.float16,
    ),
    "untaught_vit": Checkpoint(
        "Its twin, which learned the same batches from their labels: the arm `labels, 22k`, seed 0.",
        distill_runs.small_vit,
        distill_runs.train_and_measure("labels, 22k"),
        dtype=torch.float16,
    ),
    "mask_head": Checkpoint(
        "A mask head on the frozen checkpoint `detr_five`: trained as the arm `attention and features` of the "
        "experiment `segmentation`, from other first weights.",
        MaskHead,
        lambda head: segmentation_runs.train_head(load("detr_five"), head),
    ),
    "detr_five": Checkpoint(
        "A small DETR that finds five classes in scenes of 64 x 64: the variant `chosen cells`, measured on 500 test "
        "scenes, with what it found in the first three of them while it was trained.",
        lambda: detr_runs.variant("chosen cells"),
        detr_stages.train_detector(5),
    ),
    "detr_plain": Checkpoint(
        "The lecture's DETR in small, with learned query vectors: the arm `plain` of the experiment `detr`, seed 0.",
        lambda: detr_runs.variant("plain"),
        lambda model: detr_runs.trained(model, detr_runs.LIVE),
        dtype=torch.float16,
    ),
    "detr_unmatched": Checkpoint(
        "A small DETR whose first query gets the first item of the list: `no matching` of `detr_broken`, seed 0.",
        lambda: detr_runs.variant("both"),
        detr_runs.train_broken("no matching"),
        dtype=torch.float16,
    ),
    "detr_talkative": Checkpoint(
        "A small DETR that never learns to say nothing: `no 'no object'` of `detr_broken`, seed 0.",
        lambda: detr_runs.variant("both"),
        detr_runs.train_broken("no 'no object'"),
        dtype=torch.float16,
    ),
    "detr_ten": Checkpoint(
        "The same for all ten classes of Fashion-MNIST.",
        lambda: detr_runs.variant("chosen cells", classes=10),
        detr_stages.train_detector(10),
    ),
}


def _known(name: str) -> Checkpoint:
    if name not in CHECKPOINTS:
        raise CourseError(f"there is no checkpoint {name!r}: use one of {', '.join(CHECKPOINTS)}")
    return CHECKPOINTS[name]


def train_checkpoint(name: str, folder: Path = FOLDER) -> Path:
    """Train a model from seed 0 and store it with its record.

    Raises:
        CourseError: there is no such checkpoint.
    """
    checkpoint, started = _known(name), time.perf_counter()
    torch.manual_seed(0)
    model = checkpoint.build()
    measured = checkpoint.train(model)
    record = {
        "what": checkpoint.what,
        **origin(name),
        "seed": 0,
        "measured": measured,
        "seconds": round(time.perf_counter() - started, 1),
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / f"{name}.json", (json.dumps(record, indent=1) + "\n").encode("utf-8"))
    path = folder / f"{name}.safetensors"
    write_atomically(path, safetensors.torch.save(_cast(model.state_dict(), checkpoint.dtype)))
    return path


def _cast(state: dict[str, torch.Tensor], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Return a state in another type and in rows; whole numbers, such as counters, stay what they are."""
    cast = {key: value.to(dtype) if value.is_floating_point() else value for key, value in state.items()}
    return {key: value.contiguous() for key, value in cast.items()}


def load(name: str) -> nn.Module:
    """Return a trained model, in eval mode.

    Raises:
        CourseError: there is no such checkpoint.
        DataFileError: its file is missing, truncated or altered.
    """
    model = _known(name).build()
    model.load_state_dict(safetensors.torch.load(verified(f"checkpoints/{name}.safetensors")))
    return model.eval()


def record(name: str) -> dict:
    """Return how a checkpoint was made, and what was measured.

    Raises:
        CourseError: there is no such checkpoint.
        DataFileError: its record is missing, truncated or altered.
    """
    _known(name)
    return json.loads(verified(f"checkpoints/{name}.json"))
