"""The Vision Transformer: official outputs, counts and multiply-adds, and errors that say what to do."""

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from course_utils import models
from course_utils.models.conv import count_macs, count_parameters
from course_utils.models.maps import attention_distance, attention_maps
from course_utils.models.vit import MeanPooledViT, VisionTransformer, vit_macs, vit_parameters
from course_utils.scores import auroc
from course_utils.weights import convert, unpack_qkv

SIZES = {  # side, patch, width, layers, classes; parameters and GMACs of the official models
    "vit_b_16": ((224, 16, 768, 12, 1000), 86_567_656, 17.5638),
    "vit_b_32": ((224, 32, 768, 12, 1000), 88_224_232, 4.4092),
    "vit_l_16": ((224, 16, 1024, 24, 1000), 304_326_632, 61.5547),
    "deit_tiny": ((224, 16, 192, 12, 1000), 5_717_416, 1.2537),
}


def official(name):
    """Make the official model of that name, every parameter drawn at random, in float64 and eval mode."""
    if name == "deit_tiny":
        model = pytest.importorskip("timm").create_model("deit_tiny_patch16_224")
    else:
        model = getattr(torchvision.models, name)()
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        spread = 0.03 if parameter.ndim == 2 else 0.3
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * spread
    return model.eval()


def agree(name, theirs, ours, side, channels=3):
    ours.load_state_dict(convert(name, theirs.state_dict()))
    generator = torch.Generator().manual_seed(2)
    images = torch.randn(1, channels, side, side, dtype=torch.float64, generator=generator)
    with torch.no_grad():
        expected, found = theirs(images), ours.eval()(images)
    assert expected.std() > 1e-3
    assert (found - expected).abs().max() <= 1e-9 * expected.abs().max()


@pytest.mark.parametrize("name", SIZES)
def test_it_is_the_official_one(name):
    agree(name, official(name), models.build(name).double(), 224)


def test_a_small_one_of_another_shape_is_the_official_one():
    theirs = torchvision.models.VisionTransformer(48, 8, 3, 6, 60, 240, num_classes=7)
    generator = torch.Generator().manual_seed(3)
    for parameter in theirs.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * 0.2
    ours = VisionTransformer(48, 8, width=60, heads=6, layers=3, classes=7).double()
    agree("vit_b_16", theirs.eval(), ours, 48)


@pytest.mark.parametrize("name", SIZES)
def test_counts_by_formula_and_by_counting(name):
    size, parameters, billions = SIZES[name]
    model = models.build(name)
    assert vit_parameters(*size) == count_parameters(model) == parameters
    assert vit_macs(*size) / 1e9 == pytest.approx(billions, abs=5e-5)


def test_multiply_adds_by_the_counter():
    assert count_macs(models.build("deit_tiny"), (224, 224)) == vit_macs(*SIZES["deit_tiny"][0])
    grey = VisionTransformer(28, 7, width=32, heads=2, layers=3, classes=10, channels=1)
    assert count_macs(grey, (28, 28), channels=1) == vit_macs(28, 7, 32, 3, 10, channels=1)
    assert grey.training, "counting leaves the mode as it was"


def test_every_parameter_learns_and_the_pools_differ():
    for kind in (VisionTransformer, MeanPooledViT):
        torch.manual_seed(0)
        model = kind(8, 4, width=16, heads=4, layers=2, classes=10, channels=1)
        logits = model(torch.randn(3, 1, 8, 8))
        logits.square().sum().backward()
        silent = [name for name, parameter in model.named_parameters() if not parameter.grad.any()]
        # a key's bias adds the same to all scores of a query, and softmax takes it away again
        assert all(name.endswith("attention.key.bias") for name in silent)
        by_formula = vit_parameters(8, 4, 16, 2, 10, channels=1)
        assert count_parameters(model) == by_formula - (0 if kind is VisionTransformer else 2 * 16)


def test_mean_pooling_doesnt_mind_the_order_of_the_patches_and_their_positions():
    torch.manual_seed(0)
    model = MeanPooledViT(12, 4, width=16, heads=2, layers=2, classes=5).double()
    image, order = torch.randn(1, 3, 12, 12, dtype=torch.float64), torch.randperm(9)
    tokens = model.tokens(image)
    moved = tokens[:, order]
    for block in model.blocks:
        tokens, moved = block(tokens), block(moved)
    assert torch.allclose(tokens[:, order], moved, atol=1e-12)


def test_the_maps_have_the_class_token_first():
    model = VisionTransformer(12, 4, width=16, heads=2, layers=3, classes=5)
    maps = attention_maps(model, torch.randn(2, 3, 12, 12))
    assert [layer["attention"].shape for layer in maps] == [(2, 2, 10, 10)] * 3


def test_an_image_of_another_size_is_told():
    model = VisionTransformer(12, 4, width=16, heads=2, layers=1, classes=5)
    with pytest.raises(ValueError, match=r"makes \(13, 16\) tokens x width, the model has learned \(10, 16\): resize"):
        model(torch.zeros(1, 3, 12, 16))
    with pytest.raises(ValueError, match="10 x 12 has no whole patches of 4"):
        model(torch.zeros(1, 3, 10, 12))


def test_packed_projections_come_apart():
    layer = nn.MultiheadAttention(6, 2)
    tokens = torch.randn(4, 1, 6)
    parts = unpack_qkv(layer.in_proj_weight)
    together = tokens @ layer.in_proj_weight.T
    assert torch.allclose(torch.cat([tokens @ part.T for part in parts.values()], dim=2), together, atol=1e-6)
    with pytest.raises(ValueError, match="7 rows can't hold"):
        unpack_qkv(torch.zeros(7, 2))


def test_the_distance_of_attention():
    same = torch.eye(6)[None, None]
    even = torch.full((1, 1, 6, 6), 1 / 6)
    places = [(row, column) for row in range(2) for column in range(3)]
    mean = sum(((a - c) ** 2 + (b - d) ** 2) ** 0.5 for a, b in places for c, d in places) / 36
    heads = torch.cat([same, even, 0.2 * even], dim=1)
    found = attention_distance(heads, (2, 3), patch=8)
    assert torch.allclose(found, torch.tensor([0.0, 8 * mean, 8 * mean]))
    with pytest.raises(ValueError, match="7 keys aren't a grid of 2 x 3: leave the class token out"):
        attention_distance(torch.ones(1, 1, 7, 7), (2, 3), patch=8)


def test_auroc_is_the_area_under_the_curve():
    generator = torch.Generator().manual_seed(0)
    scores = torch.randint(0, 6, (9, 14), generator=generator)  # with many ties
    mask = torch.rand(9, 14, generator=generator) < 0.3
    hits = [(scores[mask] >= level).float().mean().item() for level in range(6, -1, -1)]
    false = [(scores[~mask] >= level).float().mean().item() for level in range(6, -1, -1)]
    assert auroc(scores, mask) == pytest.approx(np.trapezoid(hits, false), abs=1e-6)
    assert auroc(mask.float(), mask) == 1 and auroc(torch.zeros(9, 14), mask) == 0.5
    with pytest.raises(ValueError, match="126 cells inside and 0 outside: it needs both"):
        auroc(scores, torch.ones(9, 14, dtype=torch.bool))
    with pytest.raises(ValueError, match="differ in shape"):
        auroc(scores[0], mask)
