"""ResNet-50, LR-Net-50 and stand-alone self-attention: official outputs, counts, shapes and multiply-adds."""

import math

import pytest
import torch
import torchvision

from course_utils import models
from course_utils.models.conv import ResNet, count_macs, count_parameters, stage_shapes
from course_utils.weights import convert

COUNTS = {"resnet50": 25_557_032, "lr_net_50": 23_372_575, "sasa_50": 18_038_632}


def randomised(module):
    """Fill all parameters and buffers with numbers that leave no error invisible."""
    generator = torch.Generator().manual_seed(1)
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            spread = 0.02 if tensor.ndim > 1 else 0.2
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * spread)
            if name.endswith(("running_var", "bn1.weight", "bn2.weight")):
                tensor.copy_(tensor.abs() + 0.5)
    return module


def test_resnet50_is_the_official_one():
    official = randomised(torchvision.models.resnet50().double().eval())
    ours = models.build("resnet50").double().eval()
    ours.load_state_dict(convert("resnet50", official.state_dict()))
    images = torch.randn(2, 3, 97, 129, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        expected, found = official(images), ours(images)
    assert expected.std() > 1e-6
    assert (found - expected).abs().max() <= 1e-9 * expected.abs().max()


@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_models_have_their_counts_and_run_both_ways_at_224(name, count):
    torch.manual_seed(0)
    model = models.build(name)
    assert count_parameters(model) == count
    logits = model(torch.randn(2, 3, 224, 224))
    assert logits.shape == (2, 1000)
    logits.square().mean().backward()
    for parameter in model.parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all()
    silent = [name for name, p in model.named_parameters() if not p.grad.any()]
    assert not silent


def test_the_stages_have_the_shapes_of_the_lectures_table():
    expected = [(64, 112, 112), (256, 56, 56), (512, 28, 28), (1024, 14, 14), (2048, 7, 7)]
    for name in COUNTS:
        assert stage_shapes(models.build(name).eval(), torch.zeros(1, 3, 224, 224)) == expected


@pytest.mark.parametrize(("name", "billions"), [("resnet50", 4.089), ("lr_net_50", 4.03), ("sasa_50", 3.47)])
def test_multiply_adds(name, billions):
    assert count_macs(models.build(name), (224, 224)) / 1e9 == pytest.approx(billions, abs=0.015)


def test_stand_alone_attention_by_the_papers_formula():
    """Each 3 x 3 convolution, 9 w^2, becomes three projections, 3 w^2, and 7 rows and 7 columns of w / 2 numbers."""
    widths = [width for blocks, width in zip((3, 4, 6, 3), (64, 128, 256, 512), strict=True) for _ in range(blocks)]
    change = sum(-9 * width**2 + 3 * width**2 + 2 * 7 * width // 2 for width in widths)
    assert COUNTS["resnet50"] + change == COUNTS["sasa_50"]


def test_the_local_relation_layers_by_formula():
    """The count of LR-Net-50 from the layer's definition alone, the last group of channels a short one."""

    def relation(width):
        groups = math.ceil(width / 8)
        hidden = groups // 2
        return 2 * width * groups + (2 + 1) * hidden + (hidden + 1) * groups + width**2

    total = 3 * 64 + 2 * 64 + relation(64) + 2 * 64
    inputs = 64
    for blocks, width, outputs in [(3, 100, 256), (4, 200, 512), (6, 400, 1024), (3, 800, 2048)]:
        total += inputs * outputs + 2 * outputs
        for _ in range(blocks):
            total += inputs * width + 2 * width + relation(width) + 2 * width + width * outputs + 2 * outputs
            inputs = outputs
    assert total + 2048 * 1000 + 1000 == COUNTS["lr_net_50"]


def test_unknown_names_are_told():
    with pytest.raises(ValueError, match="no model 'resnet51': use one of resnet50"):
        models.build("resnet51")
    with pytest.raises(ValueError, match="no official weights are known for 'sasa_50'"):
        convert("sasa_50", {})
    with pytest.raises(ValueError, match=r"has no tensor 'layer5\.weight': pass the state dict"):
        convert("resnet50", {"layer5.weight": torch.zeros(1)})


def test_a_small_network_is_made_from_the_same_description():
    from course_utils.models.conv import Stage, convolution, convolution_stem

    model = ResNet((Stage(1, 8, 16), Stage(2, 8, 24)), convolution_stem(), convolution, classes=5)
    assert model(torch.zeros(2, 3, 40, 56)).shape == (2, 5)
