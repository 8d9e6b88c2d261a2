"""The training loop and the checkpoints: repeatable, honest about divergence, and whole or refused."""

import json

import pytest
import torch
from torch import nn

from course_utils import checkpoints, data, image_runs
from course_utils.checkpoints import CHECKPOINTS, Checkpoint
from course_utils.files import CourseError
from course_utils.models.conv import SmallResNet
from course_utils.training import Recipe, accuracy, classification, fit, grey, predictions


@pytest.fixture(scope="module")
def images():
    return data.fashion_mnist(500, 500)


def trained(images, seed=0, steps=30):
    torch.manual_seed(7)
    model = SmallResNet()
    history = fit(model, classification(model, images[0], 32), Recipe(steps, batch=32, lr=4e-3), seed=seed)
    return model, history


def test_a_seed_repeats_a_training_and_another_does_not(images):
    before = torch.get_num_threads()
    one, two, other = (trained(images, seed)[1].losses for seed in (0, 0, 1))
    assert one == two != other and len(one) == 30
    assert torch.get_num_threads() == before


def test_it_learns(images):
    model, history = trained(images, steps=120)
    assert history.recent(20) < 1.0 < history.losses[0]
    assert accuracy(model, images[1]) > 0.6 and not model.training
    assert predictions(model, images[1], batch=7).equal(predictions(model, images[1]))


def test_images_are_standardised():
    pixels = grey(data.fashion_mnist(60_000, 0)[0])
    assert pixels.shape == (60_000, 1, 28, 28)
    assert abs(pixels.mean()) < 1e-3 and abs(pixels.std() - 1) < 1e-3


def test_a_loss_that_is_no_number_is_told():
    model = nn.Linear(1, 1)
    with pytest.raises(ValueError, match=r"the loss is nan in step 0: use a smaller lr than 0\.002"):
        fit(model, lambda _generator: model.weight.sum() * torch.nan, Recipe(3))


def test_a_checkpoint_is_what_its_record_says():
    model, record = checkpoints.load("pixels_14"), checkpoints.record("pixels_14")
    assert record["command"] == "python -m course_utils train pixels_14"
    assert record["what"] == CHECKPOINTS["pixels_14"].what
    _, test_set = image_runs.small_images(10, 2_000, 14, image_runs.LEVELS)
    assert image_runs.bits_per_pixel(model, test_set) == pytest.approx(record["measured"]["bits"], abs=1e-4)


def test_a_checkpoint_is_made_and_unknown_ones_are_told(tmp_path, monkeypatch):
    def train(model):
        nn.init.ones_(model.weight)
        return {"loss": 0.5}

    monkeypatch.setitem(CHECKPOINTS, "toy", Checkpoint("A toy.", lambda: nn.Linear(2, 2), train))
    path = checkpoints.train_checkpoint("toy", tmp_path / "new")
    assert path.name == "toy.safetensors" and path.stat().st_size < 300
    record = json.loads((tmp_path / "new" / "toy.json").read_text(encoding="utf-8"))
    assert record["measured"] == {"loss": 0.5} and record["seed"] == 0
    for ask in (checkpoints.load, checkpoints.record, checkpoints.train_checkpoint):
        with pytest.raises(CourseError, match="no checkpoint 'vit': use one of pixels_14"):
            ask("vit")
    with pytest.raises(data.DataFileError, match=r"toy\.safetensors has no row"):
        checkpoints.load("toy")
