"""Images a second: what is measured, the arithmetic, and what the tables from elsewhere say of themselves."""

import pytest
import torch
from torch import nn

from course_utils import experiments, throughput
from course_utils.data import table
from course_utils.throughput import CONTENDERS, MODES, REFERENCE, THROUGHPUT_ARMS, Contender, rounds_of, throughput_arm


def test_every_model_is_measured_in_both_modes():
    assert len(THROUGHPUT_ARMS) == len(set(THROUGHPUT_ARMS)) == 2 * len(CONTENDERS)
    assert all(arm.rsplit(", ", 1)[1] in MODES for arm in THROUGHPUT_ARMS)
    assert REFERENCE in CONTENDERS


def test_rounds_alternate_and_the_warm_up_is_left_out(monkeypatch):
    calls = []
    clock = iter(range(1000))
    monkeypatch.setattr(throughput.time, "process_time", lambda: next(clock) if len(calls) < 4 else 2 * next(clock))
    times = rounds_of(lambda: calls.append("a"), lambda: calls.append("b"), rounds=2)
    assert calls == ["b", "a", "a", "b", "b", "a"] and len(times) == 2
    same = rounds_of(calls.clear, calls.clear, rounds=3)
    assert len(same) == 3, "one function may be timed beside itself"


def test_each_of_several_begins_in_turn(monkeypatch):
    calls, clock = [], iter(range(1000))
    monkeypatch.setattr(throughput.time, "process_time", lambda: next(clock) ** 2)
    times = throughput.in_turns([lambda name=name: calls.append(name) for name in "abc"], rounds=2)
    assert "".join(calls) == "bcacababc"
    assert len(times) == 2
    spent = iter([(2 * n + 1) ** 2 - (2 * n) ** 2 for n in range(9)])
    by_call = [(name, next(spent)) for name in calls]
    assert times == [[dict(by_call[first : first + 3])[name] for name in "abc"] for first in (3, 6)]


class Cell(nn.Module):
    """A layer whose work is known: `width` multiply-adds for each output."""

    def __init__(self, width):
        super().__init__()
        self.layer = nn.Linear(width, width, bias=False)

    def forward(self, images):
        return self.layer(images.flatten(1)[:, : self.layer.in_features])


def test_the_arithmetic(monkeypatch):
    """With a clock on which the model takes 2 s and the reference 1 s for a batch of 2."""
    monkeypatch.setattr(
        throughput, "CONTENDERS", {"A": Contender(lambda: Cell(100), 8), REFERENCE: Contender(lambda: Cell(10), 8)}
    )
    monkeypatch.setattr(throughput, "rounds_of", lambda *_functions: [(2.0, 1.0), (4.0, 1.0), (2.0, 1.0)])
    found = throughput_arm("A, forward")
    assert found == {"macs": 10_000, "images_per_s": 1.0, "tmac_per_s": 0.0, "relative": 50.0}
    monkeypatch.setattr(throughput, "rounds_of", lambda *_functions: [(2e-6, 1e-6)])
    assert throughput_arm("A, forward")["tmac_per_s"] == pytest.approx(0.01)


def test_gradients_only_where_there_is_a_backward_pass(monkeypatch):
    made = []
    monkeypatch.setitem(CONTENDERS, "A", Contender(lambda: made.append(Cell(12)) or made[-1], 4))
    for mode in MODES:
        throughput.runner("A", mode)()
    forward, backward = made
    assert forward.layer.weight.grad is None and not forward.training
    assert backward.layer.weight.grad is not None and backward.training


def test_the_contenders_have_like_multiply_adds():
    macs = {row["arm"]: row["macs"] for row in experiments.results("throughput")}
    assert all(3.1e9 < value < 4.7e9 for value in macs.values())
    assert macs["ViT-S, forward"] == pytest.approx(4.599e9, rel=1e-3)
    assert macs["ResNet-50, forward"] == pytest.approx(4.089e9, rel=1e-3)
    assert macs["Swin-T, forward"] == pytest.approx(4.491e9, rel=1e-3)


def test_the_stored_reference_beside_itself_is_one_within_the_noise():
    for mode in MODES:
        for relative in experiments.by_arm("throughput", "relative")[f"{REFERENCE}, {mode}"]:
            assert relative == pytest.approx(1, abs=0.1)


def test_images_and_multiply_adds_of_the_stored_rows_agree():
    for row in experiments.results("throughput"):
        assert row["tmac_per_s"] == pytest.approx(row["images_per_s"] * row["macs"] / 1e12, abs=2e-4)


def test_efficientnet_makes_less_of_a_multiply_add_wherever_it_is_measured():
    """Measured 0.5: noise doesn't turn this."""
    with torch.random.fork_rng():
        assert throughput_arm("EfficientNet-B4, forward", rounds=1)["relative"] < 0.8
    assert max(experiments.by_arm("throughput", "relative")["EfficientNet-B4, forward"]) < 0.8


def test_columns_that_follow_from_others_do():
    for row in table("macs_per_second"):
        rate = float(row["gmacs"]) * float(row["img_per_s"]) / 1000
        assert float(row["tmac_per_s"]) == pytest.approx(rate, rel=0.01, abs=0.006), row
    for row in table("swin_speed_accuracy"):
        assert float(row["ms_per_img"]) == pytest.approx(1000 / float(row["img_per_s_v100"]), abs=0.0051), row


def test_the_two_tables_with_the_v100_agree():
    both = {(row["model"], row["res"]): row for row in table("swin_speed_accuracy")}
    shared = [row for row in table("macs_per_second") if row["device"].startswith("V100")]
    assert len(shared) == 11
    for row in shared:
        other = both[row["model"], row["img_size"]]
        assert (row["img_per_s"], row["gmacs"]) == (other["img_per_s_v100"], other["gmacs"])
        assert row["confidence"] == other["confidence"] == ("confirmed" if "Swin" in row["model"] else "recalled")


def test_tables_agree_on_the_models_that_they_share():
    deit = {row["model"]: row["imagenet_top1"] for row in table("deit_vs_vit")}
    swin = {(row["model"], row["res"]): row["top1"] for row in table("swin_speed_accuracy")}
    mixer = {row["model"]: row["imagenet_top1"] for row in table("mlp_family")}
    assert deit["DeiT-S"] == swin["DeiT-S", "224"] == mixer["DeiT-S"]
    assert deit["DeiT-B"] == swin["DeiT-B", "224"] and deit["DeiT-B 384"] == swin["DeiT-B", "384"]
    assert deit["ViT-B/16 (Dosovitskiy)"] == swin["ViT-B/16", "384"]


def test_of_two_layouts_the_faster_counts_and_of_several_measurements_the_median():
    layouts = [("Card, NHWC", "resnet50", "2", "4.1"), ("Card, NCHW", "resnet50", "3", "4.1")]
    tabulated = [dict(zip(("device", "model", "tmac_per_s", "gmacs"), row, strict=True)) for row in layouts]
    measured = [{"arm": "ViT-S, forward", "relative": value, "macs": 4.6e9} for value in (1.0, 5.0, 1.2)]
    measured += [{"arm": "ViT-S, forward + backward", "relative": 2.0, "macs": 4.6e9}]
    found = throughput.speeds(tabulated, measured)
    assert found["Card"] == {"ResNet-50": (3.0, 4.1)}
    assert found["our CPU"] == {"ViT-S": (1.2, 4.6)} and found["our CPU, training"] == {"ViT-S": (2.0, 4.6)}


def test_pairs_are_a_transformer_and_a_cnn_of_like_cost_on_one_device():
    one = {"ViT-S": (3.0, 4.6), "ResNet-50": (2.0, 4.1), "ResNet-152": (1.0, 11.6), "Swin-T": (1.0, 4.5)}
    found = throughput.like_pairs({"one": one, "other": {"ViT-S": (1.0, 4.6)}})
    assert found == {"ViT-S : ResNet-50": {"one": 1.5}, "Swin-T : ResNet-50": {"one": 0.5}}
    assert "ViT-S : ResNet-152" in throughput.like_pairs({"one": one}, factor=3)


def test_every_measured_cnn_keeps_its_name():
    rows = experiments.results("throughput")
    assert set(throughput.speeds([], rows)["our CPU"]) == set(CONTENDERS)
