"""Training in few bits: rounding both ways, and loss scaling beside PyTorch's own."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import data
from course_utils.floats import FORMATS, round_to_format
from course_utils.mixed_precision import (
    LossScaler,
    SmallNet,
    flushed,
    flushed_layers,
    repeated_updates,
    rounded,
    stable_softmax,
    stochastic_round,
    train,
    unscale_and_clip,
)

TINY = 2.0**-16


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def nearest(values):
    return rounded(values, torch.bfloat16)


def stochastic():
    generator = torch.Generator().manual_seed(9)
    return lambda values: stochastic_round(values, 7, torch.rand(values.shape, generator=generator))


@pytest.mark.parametrize(("name", "dtype"), [("FP16", torch.float16), ("BF16", torch.bfloat16)])
def test_values_and_gradients_are_rounded_as_the_format_rounds(name, dtype):
    values = (numbers(50) * 1e-6).requires_grad_()
    gradient = numbers(50, seed=1) * 1e-6
    output = rounded(values, dtype)
    output.backward(gradient)
    assert torch.equal(output.double(), FORMATS[name].round(values))
    assert torch.equal(values.grad.double(), FORMATS[name].round(gradient))
    assert not torch.equal(values.grad, gradient)


def test_in_its_own_type_nothing_is_rounded():
    values = numbers(5)
    assert rounded(values, torch.float32) is values


def test_the_net_multiplies_rounded_numbers_and_adds_in_fp32():
    net, images = SmallNet(torch.bfloat16), numbers(7, 784)
    x = images
    for layer in net.layers:
        x = x if layer is net.layers[0] else x.relu()
        products = x.bfloat16().float() @ layer.weight.bfloat16().float().T
        x = (products + layer.bias).bfloat16().float()
    assert torch.allclose(net(images), x, atol=1e-6)
    assert all(parameter.dtype == torch.float32 for parameter in net.parameters())


def test_the_share_of_flushed_numbers_counts_only_those_that_were_not_zero():
    assert flushed([torch.tensor([0.0, 1e-9, 1.0, 2e-9])], torch.float16) == pytest.approx(2 / 3)
    assert flushed([torch.tensor([0.0, 1e-9, 1.0, 2e-9])], torch.bfloat16) == 0
    assert flushed([torch.zeros(3)], torch.float16) == 0


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("weight", [2.0**-10, 2.0**-13, TINY])
def test_pytorchs_own_autocast_flushes_the_same_share_of_each_layer(weight, seed):
    torch.manual_seed(seed)
    net, images, labels = SmallNet(torch.float16), numbers(128, 784, seed=seed), torch.arange(128) % 10
    found = flushed_layers(net, images, labels, weight)
    first, second, last = net.layers

    def gradients(is_short):
        with torch.autocast("cpu", dtype=torch.float16, enabled=is_short):
            loss = F.cross_entropy(last(second(first(images).relu()).relu()).float(), labels)
        return torch.autograd.grad(loss * weight, [layer.weight for layer in net.layers])

    theirs = [(s[f != 0] == 0).double().mean().item() for s, f in zip(gradients(True), gradients(False), strict=True)]
    assert found == pytest.approx(theirs, abs=0.01)
    assert max(found) > 0.005 and all(parameter.grad is None for parameter in net.parameters())


def test_loss_scaling_keeps_the_gradients_that_fp16_would_flush():
    torch.manual_seed(0)
    batch = SmallNet(torch.float16), numbers(128, 784), torch.arange(128) % 10
    first, second, last = flushed_layers(*batch, TINY)
    assert min(first, second) > 0.9 > last > 0.05  # the last layer's gradients are the largest
    assert max(flushed_layers(*batch, TINY * 2.0**24)) < 0.01


def test_clipping_is_pytorchs_after_unscaling():
    for size in (0.01, 5.0):
        gradients = [numbers(3, 4) * size * 1024, numbers(5, seed=1) * size * 1024]
        before = [gradient.clone() for gradient in gradients]
        ours = unscale_and_clip(gradients, 1024.0, max_norm=1.0)
        parameters = [nn.Parameter(torch.zeros_like(gradient)) for gradient in gradients]
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient / 1024
        nn.utils.clip_grad_norm_(parameters, 1.0)
        assert all(torch.allclose(our, p.grad, atol=1e-6) for our, p in zip(ours, parameters, strict=True))
        assert all(torch.equal(gradient, old) for gradient, old in zip(gradients, before, strict=True))


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_one_number_that_overflowed_is_enough_to_leave_the_step_out(bad):
    assert unscale_and_clip([torch.ones(3), torch.tensor([1.0, bad])], 2.0, 1.0) is None


def test_gradients_of_zero_stay_zero():
    assert unscale_and_clip([torch.zeros(3)], 2.0, 1.0)[0].tolist() == [0, 0, 0]


def test_the_loss_scale_goes_the_way_of_torch_amp():
    parameter = nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([parameter], lr=0.0)
    theirs = torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=3)
    ours = LossScaler(2.0**10, interval=3)
    overflows = [False, False, False, True, True, False, False, True, False, False, False, False, False, False, True]
    for overflow in overflows:
        parameter.grad = torch.full((1,), math.inf if overflow else 1.0)
        theirs.scale(torch.ones(1))
        theirs.step(optimizer)
        theirs.update()
        ours.update(is_finite=not overflow)
        assert ours.scale == theirs.get_scale()


def test_the_stable_softmax_is_pytorchs_and_never_overflows():
    scores = numbers(3, 4, 5).double() * 1000
    assert torch.allclose(stable_softmax(scores), scores.softmax(dim=-1), atol=1e-12)
    assert stable_softmax(torch.tensor([-torch.inf, 0.0, 0.0])).tolist() == [0, 0.5, 0.5]


def test_stochastic_rounding_takes_one_of_two_neighbours_and_is_right_on_average():
    values = numbers(200).double().abs() + 0.1
    values = torch.cat([values, -values])
    noise = torch.rand(4000, 400, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    found = stochastic_round(values.expand(4000, -1), 7, noise)
    assert torch.equal(round_to_format(found, 8, 7), found)  # all are numbers of BF16
    step = 2.0 ** (values.abs().log2().floor() - 7)
    assert ((found - values).abs() < step).all()
    error = (found.mean(dim=0) - values) / step
    assert error.abs().max() < 5 * 0.5 / math.sqrt(4000)  # five standard errors, at the most
    assert error.mean().abs() < 5 * 0.5 / math.sqrt(4000 * 400)


def test_the_smallest_numbers_are_rounded_too():
    small = torch.tensor([1e-44, -1e-44, 1e-38])
    assert stochastic_round(small, 7, torch.zeros(3)).tolist() == [0, -(2.0**-126), 0]
    assert stochastic_round(small, 7, torch.full((3,), 0.999)).isfinite().all()


def test_what_needs_no_rounding_stays_with_any_noise():
    values = torch.tensor([0.0, 1.0, -1.0, 1.0078125, -2048.0, 3 * 2.0**-20])
    for noise in (0.0, 0.5, 0.999):
        assert torch.equal(stochastic_round(values, 7, torch.full((6,), noise)), values)


def test_an_update_too_small_for_bf16_is_lost_to_the_nearest_and_right_on_average_at_random():
    assert torch.equal(repeated_updates(torch.ones(1), 0.001, 500, nearest), torch.ones(501, 1))
    assert repeated_updates(torch.ones(1), 0.001, 500, torch.Tensor.float)[-1].item() == pytest.approx(1.5, abs=1e-4)
    path = repeated_updates(torch.ones(2000), 0.001, 500, stochastic())
    assert torch.equal(nearest(path), path) and path.shape == (501, 2000)
    for step in (1, 100, 500):  # five standard errors; each update deviates by half of BF16's gap at the most
        assert path[step].mean().item() == pytest.approx(1 + 0.001 * step, abs=2.5 * 2.0**-7 * math.sqrt(step / 2000))


def test_pure_bf16_weights_lose_small_steps_and_stochastic_rounding_keeps_them():
    def run(store):
        torch.manual_seed(0)
        net = SmallNet(torch.bfloat16)
        losses = train(net, *data.fashion_mnist(2000, 100), store=store, lr=0.003, steps=150).losses
        return sum(losses[-20:]) / 20, all(torch.equal(p, nearest(p)) for p in net.parameters())

    (master, near, random), are_short = zip(*map(run, (torch.Tensor.float, nearest, stochastic())), strict=True)
    assert near > master + 0.05 and abs(random - master) < 0.02
    assert are_short == (False, True, True)


def test_at_the_ordinary_weight_fp16_needs_no_loss_scaling():
    def run(dtype):
        torch.manual_seed(0)
        return train(SmallNet(dtype), *data.fashion_mnist(2000, 1000), steps=120)

    full, short = run(torch.float32), run(torch.float16)
    assert full.accuracy > 0.7 and abs(full.accuracy - short.accuracy) < 0.05
    assert full.flushed == [[0, 0, 0], [0, 0, 0]] and max(map(max, short.flushed)) < 0.05


def test_a_run_records_the_scale_of_each_step():
    torch.manual_seed(0)
    scaler = LossScaler(2.0**40, interval=4)
    run = train(SmallNet(torch.float16), *data.fashion_mnist(500, 100), scaler=scaler, steps=40)
    changes = [after / before for before, after in zip(run.scales, [*run.scales[1:], run.scale], strict=True)]
    assert run.scales[0] == 2.0**40 and len(run.scales) == 40 and len(run.flushed) == 2
    assert changes.count(0.5) == run.skipped > 0 and set(changes) == {0.5, 1.0, 2.0}


def test_a_loss_of_tiny_weight_trains_in_fp32_and_bf16_and_in_fp16_only_with_loss_scaling():
    train_set, test_set = data.fashion_mnist(2000, 1000)

    def run(dtype, scaler=None):
        torch.manual_seed(0)
        return train(SmallNet(dtype), train_set, test_set, loss_weight=TINY, scaler=scaler, steps=120)

    full, bf16, alone = run(torch.float32), run(torch.bfloat16), run(torch.float16)
    scaler = LossScaler(2.0**40, interval=100)
    scaled = run(torch.float16, scaler)
    assert min(full.accuracy, bf16.accuracy, scaled.accuracy) > 0.7
    assert alone.accuracy < min(full.accuracy, bf16.accuracy, scaled.accuracy) - 0.15
    assert scaled.skipped > 0 and scaled.scale == scaler.scale < 2.0**40
    assert alone.skipped == full.skipped == 0 and len(full.losses) == 120


def test_in_fp32_weight_and_scale_change_nothing():
    train_set, test_set = data.fashion_mnist(500, 100)

    def losses(**options):
        torch.manual_seed(0)
        return train(SmallNet(), train_set, test_set, steps=10, **options).losses

    assert losses() == losses(loss_weight=TINY) == losses(scaler=LossScaler(2.0**10))


def test_the_first_step_is_plain_sgd_with_clipped_gradients():
    train_set, test_set = data.fashion_mnist(500, 100)
    torch.manual_seed(0)
    net = SmallNet()
    twin = SmallNet()
    twin.load_state_dict(net.state_dict())
    train(net, train_set, test_set, steps=1, lr=0.5, seed=3)
    chosen = torch.randint(500, (128,), generator=torch.Generator().manual_seed(3))
    images = (train_set.images[chosen].float().flatten(1) / 255 - 0.286) / 0.353
    F.cross_entropy(twin(images), train_set.labels[chosen]).backward()
    nn.utils.clip_grad_norm_(twin.parameters(), 1.0)
    for ours, theirs in zip(net.parameters(), twin.parameters(), strict=True):
        assert torch.allclose(ours, theirs - 0.5 * theirs.grad, atol=1e-6)


def test_training_uses_one_thread_and_leaves_the_others_for_later():
    before, seen = torch.get_num_threads(), []

    def store(weights):
        seen.append(torch.get_num_threads())
        return weights

    train(SmallNet(), *data.fashion_mnist(200, 100), steps=1, store=store)
    assert set(seen) == {1} and torch.get_num_threads() == before
