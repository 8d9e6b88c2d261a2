"""DETR: transformers' outputs of every layer, counts, padding, and what its parts do by hand."""

import math

import pytest
import torch
from detrs import authors_layout, every_layer, randomise
from torch import nn

from course_utils import models
from course_utils.models.conv import BasicBlock, count_parameters
from course_utils.models.detr import (
    DETR,
    Decoder,
    DecoderLayer,
    Encoder,
    EncoderLayer,
    Memory,
)
from course_utils.models.detr_parts import CrossAttention, feed_forward
from course_utils.models.frozen_resnet import FrozenBatchNorm2d, freeze_norms
from course_utils.models.maps import attention_maps
from course_utils.models.sine_positions import sine_positions, waves
from course_utils.weights import convert

PARAMETERS = 41_524_768


def normal(*shape, seed=2):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def padded(*sizes):
    """Return which pixels only fill up, (B, H, W), for images of these sizes."""
    mask = torch.ones(len(sizes), max(h for h, _ in sizes), max(w for _, w in sizes), dtype=torch.bool)
    for image, (height, width) in enumerate(sizes):
        mask[image, :height, :width] = False
    return mask


@pytest.fixture(scope="module", name="official")
def official_model():
    library = pytest.importorskip("transformers")
    config = library.DetrConfig(use_pretrained_backbone=False, auxiliary_loss=False, num_labels=91)
    return randomise(library.DetrForObjectDetection(config))


@pytest.fixture(scope="module", name="ours")
def our_model(official):
    model = models.build("detr_resnet50").double().eval()
    model.load_state_dict(convert("detr_resnet50", authors_layout(official.state_dict())))
    return model


@torch.no_grad()
@pytest.mark.parametrize("mask", [None, padded((96, 128), (64, 128), (96, 70))])
def test_every_layer_is_the_official_one(official, ours, mask):
    images = normal(3, 3, 96, 128)
    found = ours(images, mask)
    layers = [*found["aux_outputs"], found]
    expected = every_layer(official, images, mask)
    assert len(layers) == len(expected) == 6 and set(found) == {"pred_logits", "pred_boxes", "aux_outputs"}
    for layer, (logits, boxes) in zip(layers, expected, strict=True):
        assert logits.shape == (3, 100, 92) and logits.std() > 0.1 and logits.std(dim=1).max() > 1e-3
        for ours_, theirs in ((layer["pred_logits"], logits), (layer["pred_boxes"], boxes)):
            assert (ours_ - theirs).abs().max() < 1e-9 * theirs.abs().max()


@torch.no_grad()
def test_what_stands_in_the_padding_changes_nothing(ours):
    mask = padded((96, 128), (64, 64))  # whole cells of 32
    images = normal(2, 3, 96, 128)
    model = DETR(nn.AvgPool2d(32), Encoder(3, 256, ours.encoder.layers), ours.decoder, 256, 91).double()
    before = model(images, mask)["pred_logits"]
    other = torch.where(mask[:, None], normal(2, 3, 96, 128, seed=5), images)
    assert (model(other, mask)["pred_logits"] - before).abs().max() < 1e-12
    assert (model(images)["pred_logits"] - before)[1].abs().max() > 1e-3


def test_counts():
    model = models.build("detr_resnet50")
    assert count_parameters(model) == PARAMETERS
    counts = [count_parameters(part) for part in (model.encoder.layers, model.decoder, model.encoder.project)]
    assert counts == [7_890_432, 9_473_024 + 25_600, 524_544]
    frozen = sum(buffer.numel() for name, buffer in model.named_buffers() if name.endswith(("weight", "bias")))
    assert frozen == 53_120 and count_parameters(model.backbone) == 23_508_032 - frozen
    names = {name for name, _ in model.named_buffers()}
    assert len(names) == 53 * 4 and "backbone.stem.1.running_var" in names


def test_a_wrong_name_is_told():
    with pytest.raises(ValueError, match=r"detr_resnet50 has no tensor 'transformer\.encoder\.norm\.weight'"):
        convert("detr_resnet50", {"transformer.encoder.norm.weight": torch.zeros(1)})


def test_a_frozen_norm_is_a_batch_norm_in_eval_mode():
    layers = randomise(nn.Sequential(nn.Conv2d(3, 6, 1), nn.BatchNorm2d(6, eps=1e-3), nn.ReLU(), BasicBlock(6, 4, 2)))
    images = normal(2, 3, 5, 7)
    expected = layers(images)
    frozen = freeze_norms(layers)
    assert count_parameters(frozen[1]) == 0 and isinstance(frozen[3].first[1], FrozenBatchNorm2d)
    assert torch.allclose(frozen.train()(images), expected, atol=1e-12)


def test_waves_by_hand():
    wave = waves(torch.tensor([0.25, 0.5], dtype=torch.float64), 8)
    short, long = 2 * math.pi, 2 * math.pi / 100  # 10000^(1/2) between the first wave and the second
    angles = [0.25 * short, 0.25 * long, 0.5 * short, 0.5 * long]
    expected = torch.tensor([f(a) for a in angles for f in (math.sin, math.cos)], dtype=torch.float64)
    assert torch.allclose(wave, expected, atol=1e-15)
    with pytest.raises(ValueError, match="width 10 is not a multiple of 4: 2 coordinates need pairs"):
        waves(torch.zeros(2), 10)


def test_positions_count_what_is_image():
    valid = torch.zeros(2, 3, 4, dtype=torch.float64)
    valid[0], valid[1, :2, :3] = 1, 1
    positions = sine_positions(valid, 8).view(2, 3, 4, 8)
    row, column = positions[1, 0, 2], positions[1, 1, 0]
    half, end, third = (2 * math.pi * n / (m + 1e-6) for n, m in ((1, 2), (2, 2), (1, 3)))
    assert torch.allclose(row[[0, 4]], torch.tensor([half, 3 * third], dtype=torch.float64).sin(), atol=1e-12)
    assert torch.allclose(column[[0, 4]], torch.tensor([end, third], dtype=torch.float64).sin(), atol=1e-12)
    assert torch.equal(positions[0, :, 0, :4], positions[0, :, 3, :4])  # y comes first, and is the same in a row
    assert sine_positions(torch.zeros(1, 2, 2), 8).isfinite().all()  # an image that is all padding


@torch.no_grad()
def test_positions_go_to_queries_and_keys_and_never_to_values():
    layer = randomise(EncoderLayer(8, 2, 16))
    one = Memory(normal(2, 1, 8), normal(2, 1, 8, seed=3), None)  # one cell: its value is all that attention returns
    assert torch.equal(layer(*one), layer(one.cells, torch.zeros(2, 1, 8).double()))
    cells, positions = normal(2, 6, 8), normal(2, 6, 8, seed=3)
    moved = layer(cells, positions[:, torch.randperm(6)])
    assert not torch.allclose(moved, layer(cells, positions), atol=1e-6)
    decode = randomise(DecoderLayer(8, 2, 16))
    target, queries = normal(2, 3, 8, seed=4), normal(3, 8, seed=5)
    assert torch.equal(decode(target[:, :1], queries[:1], one), decode(target[:, :1], 9 * queries[:1], one))


@torch.no_grad()
def test_queries_are_a_set():
    sizes = 8, 2, 16
    decoder = randomise(Decoder(5, 8, [DecoderLayer(*sizes) for _ in range(3)]))
    memory, order = Memory(normal(2, 6, 8), normal(2, 6, 8, seed=3), None), torch.tensor([3, 1, 4, 0, 2])
    before = decoder(memory)
    decoder.queries.data = decoder.queries[order]
    assert len(before) == 3
    for layer, reordered in zip(before, decoder(memory), strict=True):
        assert torch.allclose(layer[:, order], reordered, atol=1e-12)
        assert torch.allclose(layer, decoder.norm((layer - decoder.norm.bias) / decoder.norm.weight), atol=1e-4)


def test_the_maps_are_named_by_what_looks_where():
    torch.manual_seed(0)
    encoder = Encoder(3, 8, [EncoderLayer(8, 2, 16) for _ in range(2)])
    decoder = Decoder(5, 8, [DecoderLayer(8, 2, 16) for _ in range(2)])
    model, mask = DETR(nn.AvgPool2d(4), encoder, decoder, 8, 4), padded((12, 8), (8, 8))
    maps = attention_maps(model, torch.randn(2, 3, 12, 8), mask)
    shapes = [(name, tuple(tensor.shape)) for layer in maps for name, tensor in layer.items()]
    decoding = [("decoder_self", (2, 2, 5, 5)), ("cross", (2, 2, 5, 6))]
    assert shapes == [("encoder_self", (2, 2, 6, 6))] * 2 + decoding * 2
    assert all(torch.allclose(t.sum(dim=-1), torch.ones(())) for layer in maps for t in layer.values())
    assert (maps[-1]["cross"][1, :, :, 4:] == 0).all() and (maps[-1]["cross"][0] > 0).all()


def test_attention_with_three_inputs_is_the_library_s():
    library = nn.MultiheadAttention(8, 2, batch_first=True).double().eval()
    ours = CrossAttention(8, 2).double()
    names = ("query", "key", "value")
    weights, biases = library.in_proj_weight.chunk(3), library.in_proj_bias.chunk(3)
    state = {f"{n}.weight": w for n, w in zip(names, weights, strict=True)}
    state |= {f"{n}.bias": b for n, b in zip(names, biases, strict=True)}
    ours.load_state_dict(state | {f"out.{k}": v for k, v in library.out_proj.state_dict().items()})
    query, key, value = normal(2, 3, 8), normal(2, 6, 8, seed=3), normal(2, 6, 8, seed=4)
    padding = torch.arange(6).expand(2, 6) >= torch.tensor([[6], [4]])
    expected, maps = library(query, key, value, key_padding_mask=padding, average_attn_weights=False)
    mask = ~padding[:, None, None]
    assert torch.allclose(ours(query, key, value, mask), expected, atol=1e-12)
    assert torch.allclose(ours.weights(query, key, value, mask), maps, atol=1e-12)
    assert [type(layer).__name__ for layer in feed_forward(3, 4, 5)] == ["Linear", "ReLU", "Linear"]
