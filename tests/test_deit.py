"""DeiT with a distillation token: official outputs of both heads, counts and multiply-adds, and what its parts do."""

import pytest
import torch

from course_utils import models
from course_utils.models.conv import count_macs, count_parameters
from course_utils.models.deit import DistilledViT, distilled_macs, distilled_parameters, with_two_tokens
from course_utils.models.maps import attention_maps
from course_utils.models.vit import VisionTransformer
from course_utils.parity import reference, tensors
from course_utils.weights import convert

OFFICIAL = {  # side, patch, width, layers, classes; parameters and GMACs of timm's models
    "deit_small_distilled": ((224, 16, 384, 12, 1000), 22_436_432, 4.6241),
    "deit_base_distilled": ((224, 16, 768, 12, 1000), 87_338_192, 17.6568),
}


def drawn(*shape, seed=2):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def official(name):
    """Make timm's model, every parameter and buffer drawn at random, in float64."""
    model = pytest.importorskip("timm").create_model(f"{name}_patch16_224").double()
    generator = torch.Generator().manual_seed(1)
    for tensor in model.state_dict().values():
        spread = 0.03 if tensor.ndim == 2 else 0.3
        tensor.copy_(torch.randn(tensor.shape, generator=generator, dtype=torch.float64) * spread)
    model.set_distilled_training(True)
    return model


def close(found, expected):
    """Say whether two outputs are equal to 1e-9 of the largest; both images must make a difference."""
    assert (expected[0] - expected[1]).abs().max() > 1e-3 * expected.abs().max()
    return bool((found - expected).abs().max() <= 1e-9 * expected.abs().max())


def small(**changes):
    return DistilledViT(**{"side": 12, "patch": 4, "width": 18, "heads": 3, "layers": 2, "classes": 7, **changes})


@pytest.mark.parametrize("name", OFFICIAL)
def test_it_is_timms_in_eval_mode_and_in_training(name):
    theirs, ours, images = official(name), models.build(name).double(), drawn(2, 3, 224, 224)
    ours.load_state_dict(convert(name, theirs.state_dict()))
    with torch.no_grad():
        expected, found = theirs.train()(images), ours.train()(images)
        assert close(ours.eval()(images), theirs.eval()(images))
    assert isinstance(found, tuple) and len(found) == 2
    assert close(found[0], expected[0]) and close(found[1], expected[1])
    assert not close(found[0], expected[1]), "the heads differ, so swapped ones are seen"


def test_a_small_one_is_timms():
    """Compared with stored tensors, as the lesson does."""
    name = "deit_small_distilled"
    weights, images, expected = reference("07", name)
    heads, ours = tensors("07")[f"{name}.heads"], small().double()
    ours.load_state_dict(convert(name, weights))
    assert all(close(found, head) for found, head in zip(ours.train()(images), heads, strict=True))
    assert close(ours.eval()(images), expected)


SWAPS = {
    "tokens": [("cls_token", "dist_token")],
    "heads": [("head.weight", "head_dist.weight"), ("head.bias", "head_dist.bias")],
}


@pytest.mark.parametrize("swap", SWAPS)
def test_swapped_tokens_and_swapped_heads_are_seen(swap):
    name = "deit_small_distilled"
    weights, images, expected = reference("07", name)
    for one, other in SWAPS[swap]:
        weights[one], weights[other] = weights[other], weights[one]
    ours = small().double().eval()
    ours.load_state_dict(convert(name, weights))
    assert not close(ours(images), expected)


@pytest.mark.parametrize("name", OFFICIAL)
def test_counts_by_formula_and_by_counting(name):
    size, parameters, billions = OFFICIAL[name]
    assert distilled_parameters(*size) == count_parameters(models.build(name)) == parameters
    assert distilled_macs(*size) / 1e9 == pytest.approx(billions, abs=5e-5)


@pytest.mark.parametrize("size", [(12, 4, 18, 2, 7, 3), (28, 7, 32, 3, 10, 1)])
def test_the_formulas_are_the_counts(size):
    side, _, _, _, _, channels = size
    model = DistilledViT(*size[:3], 2, *size[3:])
    assert distilled_parameters(*size) == count_parameters(model)
    assert distilled_macs(*size) == count_macs(model, (side, side), channels)


def test_an_extra_token_is_all_that_it_has_more():
    plain, ours = VisionTransformer(12, 4, 18, 3, 2, classes=7), small()
    extra = set(dict(ours.named_parameters())) - set(dict(plain.named_parameters()))
    assert extra == {"dist_token", "head_dist.weight", "head_dist.bias"}
    assert (plain.pos_embed.shape[1], ours.pos_embed.shape[1]) == (10, 11)


def test_the_two_tokens_come_first_each_with_its_position():
    cls_token, dist_token, patches, pos_embed = drawn(1, 1, 5), drawn(1, 1, 5, seed=3), drawn(2, 6, 5), drawn(1, 8, 5)
    tokens = with_two_tokens(patches, cls_token, dist_token, pos_embed)
    assert tokens.shape == (2, 8, 5)
    for image in range(2):
        torch.testing.assert_close(tokens[image, 0], cls_token[0, 0] + pos_embed[0, 0])
        torch.testing.assert_close(tokens[image, 1], dist_token[0, 0] + pos_embed[0, 1])
        torch.testing.assert_close(tokens[image, 2:], patches[image] + pos_embed[0, 2:])
    with pytest.raises(ValueError, match=r"makes \(8, 5\) tokens x width, the model has learned \(7, 5\)"):
        with_two_tokens(patches, cls_token, dist_token, pos_embed[:, 1:])


def test_each_head_reads_its_token():
    model = small().double()
    with torch.no_grad():
        model.head_dist.weight.zero_()
        model.head_dist.bias.zero_()
        class_logits, distillation_logits = model(drawn(2, 3, 12, 12))
    assert class_logits.any() and not distillation_logits.any()


def test_every_parameter_learns():
    torch.manual_seed(0)
    model = small()
    sum(logits.square().sum() for logits in model(torch.randn(3, 3, 12, 12))).backward()
    silent = [name for name, parameter in model.named_parameters() if not parameter.grad.any()]
    assert all(name.endswith("attention.key.bias") for name in silent)  # softmax takes a key's bias away again


def test_the_maps_have_both_tokens_first():
    maps = attention_maps(small(), torch.randn(2, 3, 12, 12))
    assert [layer["attention"].shape for layer in maps] == [(2, 3, 11, 11)] * 2
