"""The networks behind lesson 08's stored runs: like cost, what each leaves out, and what is measured of them."""

import pytest
import torch

from course_utils import data, experiments, swin_runs
from course_utils.canvases import SIDE, SIZES, on_canvas
from course_utils.image_sets import ImageSet
from course_utils.models.conv import count_macs, count_parameters
from course_utils.swin_runs import EQUAL, LIVE, NETWORKS, SCALES_ARMS, SWIN_ARMS, VARIANTS, small_swin
from course_utils.training import Recipe


def test_all_networks_on_canvases_cost_about_as_much_and_take_as_many_steps():
    macs = {name: count_macs(make(), (SIDE, SIDE), channels=1) for name, (make, _) in NETWORKS.items()}
    assert max(macs.values()) < 1.12 * min(macs.values())
    assert all(abs(cost / macs["Swin"] - 1) < 0.10 for cost in macs.values())
    assert {(recipe.steps, recipe.batch) for _, recipe in NETWORKS.values()} == {(swin_runs.STEPS, 32)}


@pytest.mark.parametrize("name", NETWORKS)
def test_each_network_maps_canvases_to_logits_and_learns_with_all_of_it(name):
    torch.manual_seed(0)
    model = NETWORKS[name][0]()
    logits = model(torch.randn(3, 1, SIDE, SIDE))
    assert logits.shape == (3, 10)
    logits.square().sum().backward()
    silent = [name for name, parameter in model.named_parameters() if not parameter.grad.any()]
    assert all(name.endswith("attention.key.bias") for name in silent)  # softmax takes a key's bias away again


def grids(model, stages):
    """The sides of the feature maps that these modules make."""
    sides = []
    hooks = [m.register_forward_hook(lambda _m, _i, out: sides.append(out.shape[2])) for m in stages]
    model(torch.zeros(2, 1, SIDE, SIDE))
    for hook in hooks:
        hook.remove()
    return sides


def test_one_of_each_kind_has_a_hierarchy_and_the_other_none():
    pyramid, even = NETWORKS["CNN"][0](), NETWORKS["CNN, one resolution"][0]()
    assert grids(pyramid, pyramid[2:5]) == [28, 14, 7]
    assert grids(even, even[2:5]) == [14, 14, 14]
    images = torch.zeros(1, 1, SIDE, SIDE)
    shapes = {
        name: [t.shape[1:] for t in NETWORKS[name][0]().stage_tokens(images)] for name in NETWORKS if "Swin" in name
    }
    assert shapes == {"Swin": [(14, 14, 32), (7, 7, 64)], "Swin, one resolution": [(14, 14, 32)]}


def test_the_variants_differ_in_one_thing_each():
    torch.manual_seed(0)
    models = {name: small_swin(**changes).double().eval() for name, changes in VARIANTS.items()}
    blocks = {name: [b.attention for stage in m.stages for b in stage] for name, m in models.items()}
    assert [b.window for b in blocks["Swin"]] == [7] * 4
    assert [b.window for b in blocks["full attention"]] == [14, 14, 7, 7]
    assert [[b.shift for b in blocks[name]] for name in ("Swin", "no shift")] == [[0, 3, 0, 3], [0, 0, 0, 0]]
    assert all(b.within.bias is None for b in blocks["no relative bias"])
    assert all(b.within.bias is not None for name in ("Swin", "full attention", "no shift") for b in blocks[name])
    state = models["Swin"].state_dict()
    images = torch.randn(2, 1, 28, 28, dtype=torch.float64)
    models["no shift"].load_state_dict(state)
    missing = models["no relative bias"].load_state_dict(state, strict=False)
    assert not missing.missing_keys and all(key.endswith("bias.table") for key in missing.unexpected_keys)
    logits = [models[name](images) for name in ("Swin", "no shift", "no relative bias")]
    assert all(not torch.allclose(logits[0], other, atol=1e-6) for other in logits[1:])


def test_full_attention_hears_every_token_in_its_first_block_and_windows_do_not():
    for name, hears in (("Swin", 49), ("full attention", 196)):
        block = small_swin(**VARIANTS[name]).stages[0][0].attention
        weights = block.weights(torch.randn(1, 14, 14, 32))
        assert ((weights > 0).sum(dim=-1) == hears).all()


def test_windows_take_less_memory_and_multiply_adds_than_full_attention():
    memory = {
        name: swin_runs.training_bytes(small_swin(**VARIANTS[name]), 28, 4) for name in ("Swin", "full attention")
    }
    macs = {name: count_macs(small_swin(**VARIANTS[name]), (28, 28), channels=1) for name in memory}
    assert memory["Swin"] < 0.85 * memory["full attention"]
    # scores and mixed values: 2 N M^2 C within windows, 2 N^2 C without, in the two blocks of the first stage
    assert macs["full attention"] - macs["Swin"] == 2 * (2 * 196 * (196 - 49) * 32)


def test_memory_grows_with_the_batch_and_leaves_no_gradients_of_before():
    model = small_swin()
    first, second = (swin_runs.training_bytes(model, 28, batch) for batch in (2, 4))
    assert 1.6 * first < second < 2 * first
    assert swin_runs.training_bytes(model, 28, 2) == pytest.approx(first, rel=0.001)


def test_the_live_recipe_is_shorter_and_its_arm_is_the_same_model():
    assert LIVE.steps < EQUAL.steps / 2 and LIVE.batch == EQUAL.batch
    assert list(SWIN_ARMS) == [*VARIANTS, "Swin, live"]


def test_a_run_stores_what_it_did(monkeypatch):
    monkeypatch.setattr(swin_runs, "LIVE", Recipe(3, batch=8))
    monkeypatch.setattr(swin_runs, "LIVE_TEST", 50)
    found = swin_runs.swin_arm("Swin, live", 0)
    assert found.keys() == {"accuracy", "loss", "steps", "parameters", "cpu_seconds", "macs", "bytes"}
    assert found["steps"] == 3 and found["parameters"] == count_parameters(small_swin())
    assert 0 <= found["accuracy"] <= 1 and (50 * found["accuracy"]) % 1 == pytest.approx(0, abs=1e-4)


def test_an_arm_on_canvases_trains_on_its_sizes_and_is_tried_on_all(monkeypatch):
    seen = []
    monkeypatch.setattr(swin_runs, "on_canvas", lambda sizes: seen.append(sizes) or on_canvas(sizes))
    monkeypatch.setattr(swin_runs, "CANVASES", 20)
    make = NETWORKS["CNN, one resolution"][0]
    monkeypatch.setitem(NETWORKS, "CNN, one resolution", (make, Recipe(2, batch=8)))
    for arm in ("CNN, one resolution, all sizes", "CNN, one resolution, 28 only"):
        assert arm in SCALES_ARMS
        found = swin_runs.scales_arm(arm, 0)
        shares = [found[f"at {size}"] for size in SIZES]
        assert found["accuracy"] == pytest.approx(sum(shares) / 6)
        assert (found["steps"], found["parameters"]) == (2, count_parameters(make()))
    assert seen == [SIZES, (28,)]


def test_a_model_that_sees_brightness_only_is_scored_by_size():
    """It calls a canvas class 1 if it is bright: so small items are class 0, and large ones class 1."""

    class Bright(torch.nn.Module):
        def forward(self, images):
            bright = images.mean(dim=(1, 2, 3)) > 0  # standardised: black is -0.8, white 2.0
            return torch.nn.functional.one_hot(bright.long(), 10).float()

    items = ImageSet(torch.full((30, 28, 28), 255, dtype=torch.uint8), torch.zeros(30, dtype=torch.int64), ("a", "b"))
    found = swin_runs.accuracy_by_size(Bright(), items)
    assert list(found) == list(SIZES) and found[8] == 1.0 and found[56] == 0.0


def test_stored_runs_have_equal_steps_and_the_costs_of_their_networks():
    for row in experiments.results("scales"):
        name = row["arm"].rsplit(", ", 1)[0]
        assert row["steps"] == swin_runs.STEPS
        assert row["macs"] == count_macs(NETWORKS[name][0](), (SIDE, SIDE), channels=1)
        assert row["accuracy"] == pytest.approx(sum(row[f"at {size}"] for size in SIZES) / 6)
    for row in experiments.results("swin"):
        model = small_swin(**VARIANTS[row["arm"].removesuffix(", live")])
        assert row["steps"] == (LIVE if "live" in row["arm"] else EQUAL).steps
        assert (row["parameters"], row["macs"]) == (count_parameters(model), count_macs(model, (28, 28), channels=1))
        assert row["bytes"] == pytest.approx(swin_runs.training_bytes(model, 28, 32), rel=0.02)


def test_every_stored_run_is_better_than_chance():
    """All learn something; how much is for the lesson to say."""
    for row in experiments.results("scales") + experiments.results("swin"):
        assert row["accuracy"] > 0.2, row


def test_the_items_are_those_of_the_right_set(monkeypatch):
    asked = []
    whole = data.fashion_mnist
    monkeypatch.setattr(data, "fashion_mnist", lambda train, test: asked.append((train, test)) or whole(train, 20))
    monkeypatch.setitem(NETWORKS, "CNN", (NETWORKS["CNN"][0], Recipe(1, batch=4)))
    swin_runs.scales_arm("CNN, all sizes", 0)
    assert asked == [(60_000, swin_runs.CANVASES)]
