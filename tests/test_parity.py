"""The stored outputs of official layers: those that the library computes today, and those that ours compute."""

import sys

import pytest
import safetensors.torch
import torch
from torch import nn

from course_utils import data
from course_utils.files import ROOT
from course_utils.models.conv import count_parameters
from course_utils.models.detr import DETR, Decoder, DecoderLayer, Encoder, EncoderLayer
from course_utils.models.non_local import NonLocalBlock
from course_utils.parity import reference, tensors
from course_utils.weights import convert


@pytest.mark.parametrize("lesson", ["lesson_03", "lesson_07", "lesson_09", "lesson_10"])
def test_the_stored_tensors_come_out_of_the_script_again(lesson, monkeypatch):
    pytest.importorskip("timm")
    pytest.importorskip("transformers")
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), *sys.path])
    import make_parity

    old = safetensors.torch.load(data.verified(f"parity/{lesson}.safetensors"))
    fresh = make_parity.LESSONS[lesson]()
    assert old.keys() == fresh.keys()
    for name, tensor in fresh.items():
        torch.testing.assert_close(old[name], tensor, atol=1e-12, rtol=1e-9)


def test_a_layer_is_found_by_its_name():
    weights, image, output = reference("03", "non_local")
    assert set(weights) > {"t.weight", "norm.running_var"} and image.shape == output.shape == (2, 16, 5, 7)
    learned = [tensor.numel() for name, tensor in weights.items() if "running" not in name and "batches" not in name]
    assert sum(learned) == count_parameters(NonLocalBlock(16, inner=8)) == 584
    with pytest.raises(KeyError):
        reference("03", "window")
    with pytest.raises(data.DataFileError):
        reference("99", "window")


def test_what_else_is_stored_is_found_by_its_name():
    _, images, output = reference("07", "deit_small_distilled")
    heads = tensors("07")["deit_small_distilled.heads"]
    assert heads.shape == (2, len(images), 7)
    torch.testing.assert_close(heads.mean(dim=0), output)


@torch.no_grad()
def test_a_small_detr_of_ours_is_the_stored_one():
    weights, images, output = reference("10", "detr")
    encoder = Encoder(3, 16, [EncoderLayer(16, 2, 24) for _ in range(2)])
    decoder = Decoder(5, 16, [DecoderLayer(16, 2, 24) for _ in range(2)])
    ours = DETR(nn.AvgPool2d(8), encoder, decoder, 16, 4).double()
    ours.load_state_dict(convert("detr_resnet50", weights))
    found = ours(images, tensors("10")["detr.padding_mask"])
    layers = [torch.cat([each["pred_logits"], each["pred_boxes"]], dim=-1) for each in (*found["aux_outputs"], found)]
    assert output.shape == (2, 2, 5, 9) and output.std(dim=2).max() > 0.05
    assert (torch.stack(layers) - output).abs().max() < 1e-9 * output.abs().max()
    assert not torch.allclose(ours(images)["pred_logits"], output[-1, ..., :5], atol=1e-3)
