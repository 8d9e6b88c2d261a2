"""The training loop and the checkpoints: repeatable, honest about divergence, and whole or refused."""

import itertools
import json

import pytest
import torch
from torch import nn

from course_utils import checkpoints, data, image_runs
from course_utils.checkpoints import CHECKPOINTS, Checkpoint
from course_utils.files import CourseError
from course_utils.models.conv import SmallResNet
from course_utils.optimizers import decays, make_optimizer, make_schedule, parameter_groups, warmup_cosine
from course_utils.training import (
    Recipe,
    accuracy,
    accuracy_every,
    classification,
    fit,
    grey,
    mirror,
    predictions,
    unchanged,
)
from course_utils.vit_runs import small_vit


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


def test_more_threads_change_no_more_than_the_rounding(images):
    def losses(threads):
        torch.manual_seed(7)
        model = nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.GELU(), nn.Linear(32, 10))
        loss = classification(model, images[0], 32)
        return fit(model, loss, Recipe(20, batch=32), threads=threads).losses

    before = torch.get_num_threads()
    assert losses(2) == pytest.approx(losses(1), rel=1e-3)
    assert torch.get_num_threads() == before


def test_a_look_at_the_model_changes_nothing(images):
    def dropping(watch=None):
        torch.manual_seed(7)
        model = nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.Dropout(0.5), nn.Linear(32, 10))
        found, every = accuracy_every(8, model, images[1])
        history = fit(model, classification(model, images[0], 32), Recipe(20, batch=32), watch=watch and every)
        return history, found, model

    alone, nothing, _ = dropping()
    watched, found, model = dropping(watch=True)
    assert watched.losses == alone.losses and watched.gradients == alone.gradients
    assert list(found) == [8, 16] and nothing == {} and not model.training
    assert found[8] != found[16] and all(0 < value < 1 for value in found.values())


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


def rates(recipe):
    """Return the learning rate of every step, as the optimizer gets it."""
    optimizer = make_optimizer(nn.Linear(2, 2), recipe)
    schedule, found = make_schedule(optimizer, recipe), []
    for _ in range(recipe.steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


def test_schedules_rise_and_fall():
    cosine = rates(Recipe(100, lr=2.0, schedule="cosine", warmup=0.1))
    assert cosine[:10] == pytest.approx([0.2 * step for step in range(1, 11)])
    assert cosine[55] == pytest.approx(1.0) and 0 < cosine[-1] < 0.001
    assert all(a > b for a, b in itertools.pairwise(cosine[10:]))
    assert rates(Recipe(100, lr=2.0, schedule="constant", warmup=0.1))[9:] == pytest.approx([2.0] * 91)
    assert rates(Recipe(50, lr=2.0, schedule="cosine", warmup=0.0))[0] == 2.0
    cycle = rates(Recipe(100, lr=2.0))
    assert max(cycle) == pytest.approx(2.0, abs=0.01) and cycle[0] < 0.1 and cycle[-1] < 0.01
    assert [warmup_cosine(step, 4, 4) for step in range(4)] == [0.25, 0.5, 0.75, 1.0]


def test_weight_decay_spares_what_has_no_direction_to_shrink_in():
    model = small_vit(pool="class token")
    free = {name for name, parameter in model.named_parameters() if not decays(name, parameter)}
    assert {"cls_token", "pos_embed", "norm.weight", "head.bias", "blocks.0.norm1.weight"} <= free
    assert {"head.weight", "patch_embed.project.weight", "blocks.3.mlp.0.weight"}.isdisjoint(free)
    pulled, spared = parameter_groups(model, 0.3)
    assert (pulled["weight_decay"], spared["weight_decay"]) == (0.3, 0.0)
    assert len(pulled["params"]) + len(spared["params"]) == len(list(model.parameters()))
    before = model.pos_embed.detach().clone()
    optimizer = make_optimizer(model, Recipe(1, lr=0.5, weight_decay=0.3, decay_all=False))
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    assert torch.equal(model.pos_embed, before)


def test_unknown_choices_are_told():
    with pytest.raises(ValueError, match="no optimizer 'adam': use 'adamw' or 'sgd'"):
        make_optimizer(nn.Linear(1, 1), Recipe(1, optimizer="adam"))
    recipe = Recipe(1, schedule="linear")
    with pytest.raises(ValueError, match="no schedule 'linear': use 'one cycle', 'cosine' or 'constant'"):
        make_schedule(make_optimizer(nn.Linear(1, 1), recipe), recipe)
    assert isinstance(make_optimizer(nn.Linear(1, 1), Recipe(1, optimizer="sgd")), torch.optim.SGD)
    with pytest.raises(ValueError, match="no pool 'max': use 'mean' or 'class token'"):
        small_vit(pool="max")


def test_batches_are_mirrored_mixed_and_smoothed(images):
    pixels = grey(images[0])[:64]
    flipped = mirror(pixels, torch.Generator().manual_seed(0))
    same = (flipped == pixels).flatten(1).all(dim=1)
    assert 16 < same.sum() < 48 and torch.equal(flipped[~same], pixels[~same].flip(3))
    assert unchanged(pixels, torch.Generator()) is pixels
    seen = []

    def mix(shown, targets, _generator):
        seen.append((shown.shape, targets.sum(dim=1)))
        return shown, targets

    torch.manual_seed(0)
    model = SmallResNet().eval()
    losses = [
        classification(model, images[0], 16, **options)(torch.Generator().manual_seed(1)).item()
        for options in ({}, {"mix": mix}, {"label_smoothing": 0.1}, {"augment": unchanged})
    ]
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)
    assert losses[2] != pytest.approx(losses[0], abs=1e-4) and losses[3] != pytest.approx(losses[0], abs=1e-6)
    assert seen[0][0] == (16, 1, 28, 28) and torch.equal(seen[0][1], torch.ones(16))


def test_gradients_are_clipped_and_their_norms_kept(images):
    torch.manual_seed(0)
    model = SmallResNet()
    history = fit(model, classification(model, images[0], 32), Recipe(5, clip=None, schedule="cosine"))
    assert len(history.gradients) == 5 and min(history.gradients) > 0
