"""Swin and Swin V2: official outputs at any size of image, counts and multiply-adds, and maps that are used."""

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F
from torchvision.models import swin_transformer as official

from course_utils import models
from course_utils.models import shifted_windows, swin
from course_utils.models.conv import count_macs, count_parameters
from course_utils.models.maps import attention_maps
from course_utils.models.swin import SwinTransformer
from course_utils.models.swin_counts import swin_macs, swin_parameters, swin_v2_macs, swin_v2_parameters
from course_utils.models.swin_v2 import SwinTransformerV2, log_spaced_offsets
from course_utils.models.windows import shares_window, to_windows
from course_utils.weights import convert

TINY = (4, 96, (2, 2, 6, 2), (3, 6, 12, 24))
SIZES = {  # patch, width, depths, heads, window; parameters and GMACs of the official models
    "swin_t": ((*TINY, 7), 28_288_354, 4.4906),
    "swin_s": ((4, 96, (2, 2, 18, 2), (3, 6, 12, 24), 7), 49_606_258, 8.7409),
    "swin_b": ((4, 128, (2, 2, 18, 2), (4, 8, 16, 32), 7), 87_768_224, 15.4309),
    "swin_v2_t": ((*TINY, 8), 28_351_570, 4.9385),
}
TOLERANCE = {"swin_v2_t": 1e-7}  # torchvision keeps a table of offsets in float32
SMALL = {"patch": 2, "width": 12, "depths": (2, 2, 2), "heads": (2, 3, 4), "window": 3, "classes": 7}
IMAGES = [  # grids 12 x 12, 6 x 6, 3 x 3; sides of one window; no multiples of the window; odd sides
    (24, 24),
    (6, 36),
    (20, 32),
    (10, 14),
]


def randomised(model):
    """Return a model with every parameter drawn at random, in float64 and eval mode; its tables are no parameters."""
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        spread = parameter.shape[-1] ** -0.5 if parameter.ndim == 2 else 0.3
        parameter.data = torch.randn(parameter.shape, generator=generator) * spread
    return model.double().eval()


def random_images(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


def small_pair(name):
    """Return torchvision's small Swin or Swin V2, and ours with its weights."""
    parts = {"block": official.SwinTransformerBlockV2, "downsample_layer": official.PatchMergingV2}
    layout = {"patch_size": [2, 2], "embed_dim": 12, "depths": [2, 2, 2], "num_heads": [2, 3, 4], "window_size": [3, 3]}
    theirs = randomised(official.SwinTransformer(**layout, num_classes=7, **(parts if name == "swin_v2_t" else {})))
    ours = (SwinTransformerV2 if name == "swin_v2_t" else SwinTransformer)(**SMALL).double().eval()
    ours.load_state_dict(convert(name, theirs.state_dict()))
    return theirs, ours


@torch.no_grad()
def difference(theirs, ours, images):
    """Return how far apart two models are, relative to the largest output."""
    expected, found = theirs(images), ours(images)
    assert expected.std() > 1e-2
    return ((found - expected).abs().max() / expected.abs().max()).item()


@pytest.mark.parametrize("name", SIZES)
def test_it_is_the_official_one(name):
    theirs = randomised(getattr(torchvision.models, name)())
    ours = models.build(name).double().eval()
    ours.load_state_dict(convert(name, theirs.state_dict()))
    for size in [(224, 224), (40, 232)]:  # the second has grids 10 x 58, 5 x 29, 3 x 15, 2 x 8
        assert difference(theirs, ours, random_images(1, 3, *size)) <= TOLERANCE.get(name, 1e-9)


@pytest.mark.parametrize("size", IMAGES)
@pytest.mark.parametrize("name", ["swin_t", "swin_v2_t"])
def test_a_small_one_is_the_official_one_at_any_size_of_image(name, size):
    assert difference(*small_pair(name), random_images(2, 3, *size)) <= TOLERANCE.get(name, 1e-9)


def without_mask(grid, window, shift):
    """Return a mask that masks nothing."""
    return torch.ones(grid[0] * grid[1] // window**2, window**2, window**2, dtype=torch.bool)


def rolled_wrongly(grid, window, shift):
    """Return a permutation that rolls down and to the right."""
    numbers = torch.arange(grid[0] * grid[1]).view(1, *grid, 1).roll(shift, dims=(1, 2))
    return to_windows(numbers, window).flatten()


def merged_row_by_row(tokens):
    """Merge 2 x 2 tokens with columns changing faster than rows."""
    return torch.cat([tokens[:, row::2, column::2] for row in (0, 1) for column in (0, 1)], dim=-1)


def merged_by_unfold(tokens):
    """Merge 2 x 2 tokens channel by channel."""
    _, H, W, _ = tokens.shape
    return F.unfold(tokens.permute(0, 3, 1, 2), 2, stride=2).transpose(1, 2).unflatten(1, (H // 2, W // 2))


def pooled_before_the_norm(model):
    """Return another way forward."""
    return lambda images: model.head(model.norm(model.stage_tokens(images)[-1].mean(dim=(1, 2))))


def change(kind, **attributes):
    """Return a mistake: other attributes for every module of a kind."""

    def make(model, _patch):
        for module in model.modules():
            if isinstance(module, kind):
                for name, value in attributes.items():
                    setattr(module, name, value(module) if callable(value) else value)

    return make


def replace(module, name, function):
    """Return a mistake: another function in one of the modules behind the model."""
    return lambda _model, patch: patch.setattr(module, name, function)


def other_index(turned):
    """Return a mistake: the index of relative positions, (M * M, M * M), turned into another."""
    return change(swin.RelativePositionBias, index=lambda bias: turned(bias.index))


def columns_first(index):
    side = 2 * SMALL["window"] - 1
    return index % side * side + index // side


MISTAKES = {
    "epsilon of the norms": change(nn.LayerNorm, eps=1e-6),
    "the mask is missing": replace(shifted_windows, "shift_window_mask", without_mask),
    "no shift": change(shifted_windows.ShiftedWindows, shift=0),
    "rolled the wrong way": replace(shifted_windows, "window_permutation", rolled_wrongly),
    "the last stage is shifted": replace(shifted_windows, "useful_shift", lambda _grid, _window, shift: (shift, shift)),
    "sign of the offsets": other_index(lambda index: index.T),
    "columns before rows": other_index(columns_first),
    "no position bias": change(swin.SwinAttention, bias=None),
    "merged row by row": replace(swin, "patch_merge", merged_row_by_row),
    "merged channel by channel": replace(swin, "patch_merge", merged_by_unfold),
    "no norm behind the patches": change(SwinTransformer, embed_norm=lambda _model: nn.Identity()),
    "pooled before the norm": change(SwinTransformer, forward=pooled_before_the_norm),
    "another GELU": change(nn.GELU, approximate="tanh"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_usual_mistakes_show(mistake, monkeypatch):
    theirs, ours = small_pair("swin_t")
    images = random_images(2, 3, 24, 24)
    assert difference(theirs, ours, images) <= 1e-9
    MISTAKES[mistake](ours, monkeypatch)
    assert difference(theirs, ours, images) > 1e-6


@pytest.mark.parametrize("name", SIZES)
def test_counts_by_formula_and_by_counting(name):
    layout, parameters, billions = SIZES[name]
    patch, width, depths, heads, window = layout
    model = models.build(name)
    for side in (224, 200):  # the second has grids of 50, 25, 13 and 7
        if name == "swin_v2_t":
            learned = swin_v2_parameters(patch, width, depths, heads, window, classes=1000)
            macs = swin_v2_macs(side, patch, width, depths, heads, window, classes=1000)
        else:
            learned = swin_parameters(patch, width, depths, heads, window, classes=1000)
            macs = swin_macs(side, patch, width, depths, window, classes=1000)
        assert learned == count_parameters(model) == parameters
        assert macs == count_macs(model, (side, side))
        assert side != 224 or macs / 1e9 == pytest.approx(billions, abs=5e-5)


def reference(layer, tokens):
    """Compute Swin's attention over the whole grid at once, without rolling: offsets and windows of the real grid."""
    (H, W), M, within = tokens.shape[1:3], layer.window, layer.within
    places = torch.cartesian_prod(torch.arange(H), torch.arange(W))
    rows, columns = (places[:, None] - places[None, :]).clamp(1 - M, M - 1).unbind(-1)
    bias = within.bias.table[(rows + M - 1) * (2 * M - 1) + columns + M - 1].permute(2, 0, 1)  # (h, N, N)
    apart = ~shares_window((H, W), M, layer.shift)
    q, k, v = (
        project(tokens.flatten(1, 2)).unflatten(-1, (within.heads, -1)).transpose(1, 2)
        for project in (within.query, within.key, within.value)
    )
    weights = (q @ k.mT / q.shape[-1] ** 0.5 + bias).masked_fill(apart, -torch.inf).softmax(dim=-1)
    return weights, within.out((weights @ v).transpose(1, 2).flatten(2)).view_as(tokens)


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_it_is_full_attention_with_a_block_mask(shift):
    layer = randomised(shifted_windows.ShiftedWindows(swin.SwinAttention(12, 2, 3), 3, shift))
    tokens = random_images(2, 6, 9, 12)
    weights, expected = reference(layer, tokens)
    with torch.no_grad():
        assert (layer(tokens) - expected).abs().max() < 1e-12
        assert (layer.weights(tokens) - weights).abs().max() < 1e-12


@pytest.mark.parametrize("size", IMAGES)
@pytest.mark.parametrize("kind", [SwinTransformer, SwinTransformerV2])
def test_the_maps_are_what_was_used(kind, size):
    model, saw = randomised(kind(**SMALL)), []
    layers = [module for module in model.modules() if isinstance(module, shifted_windows.ShiftedWindows)]
    for layer in layers:
        layer.register_forward_hook(lambda _layer, given, out: saw.append((given[0], out)))
    maps = attention_maps(model, random_images(2, 3, *size))
    assert [list(each) for each in maps] == [["attention"]] * 6
    for layer, (tokens, output), (found,) in zip(layers, saw, (each.values() for each in maps), strict=True):
        within, count = layer.within, tokens.shape[1] * tokens.shape[2]
        assert found.shape == (2, within.heads, count, count)
        value = within.value(tokens.flatten(1, 2)).unflatten(-1, (within.heads, -1)).transpose(1, 2)
        padding = within.value.bias.view(1, within.heads, 1, -1)  # what a token of zeros has as its value
        mixed = found @ value + (1 - found.sum(dim=-1, keepdim=True)) * padding
        assert (within.out(mixed.transpose(1, 2).flatten(2)).view_as(output) - output).abs().max() < 1e-12


def test_padding_takes_a_share_of_the_attention():
    model = randomised(SwinTransformer(**SMALL))
    first, shifted, *_ = attention_maps(model, random_images(1, 3, 20, 20))  # 10 x 10 tokens, padded to 12 x 12
    share = first["attention"].sum(dim=-1).view(2, 10, 10)
    assert torch.allclose(share[:, :9, :9], torch.ones(2, 9, 9, dtype=torch.float64))
    assert (share[:, 9] < 1 - 1e-3).all() and (share[:, :, 9] < 1 - 1e-3).all()
    share = shifted["attention"].sum(dim=-1)
    assert torch.allclose(share, torch.ones_like(share)), "shifted by 1, the windows end where padding begins"


def test_every_parameter_learns():
    for kind in (SwinTransformer, SwinTransformerV2):
        torch.manual_seed(0)
        model = kind(**SMALL)
        model(torch.randn(2, 3, 24, 24)).square().sum().backward()
        silent = {name for name, each in model.named_parameters() if each.grad is None or each.grad.abs().max() < 1e-6}
        # a key's bias adds the same to all scores of a query, and softmax takes it away again; V2 doesn't use it
        assert all(name.endswith("within.key.bias") for name in silent)
        tables = [each.grad for name, each in model.named_parameters() if name.endswith("table")]
        assert all(table.abs().amax(dim=1).all() for table in tables), "every offset occurs"


def test_tokens_behind_each_stage_and_windows_of_their_own():
    model = SwinTransformer(**{**SMALL, "window": (12, 6, 3)}, channels=1, shift=False, relative_bias=False)
    shapes = [tuple(tokens.shape) for tokens in model.stage_tokens(torch.randn(2, 1, 24, 24))]
    assert shapes == [(2, 12, 12, 12), (2, 6, 6, 24), (2, 3, 3, 48)]
    layers = attention_maps(model, torch.randn(1, 1, 24, 24))
    assert all((layer["attention"] > 0).all() for layer in layers), "one window covers each grid"
    assert not any("bias.table" in name for name in model.state_dict())


def test_without_shift_and_bias_a_window_is_blind_to_places_and_to_others():
    torch.manual_seed(0)
    model = SwinTransformer(2, 12, (2,), (2,), 3, classes=5, shift=False, relative_bias=False).double()
    tokens = torch.randn(1, 6, 6, 12, dtype=torch.float64)
    moved = tokens.clone()
    moved[:, :3, :3] = tokens[:, :3, :3].flip(1, 2)  # the first window's tokens, in another order
    before, after = model.stages[0](tokens), model.stages[0](moved)
    assert torch.allclose(before[:, :3, :3].flip(1, 2), after[:, :3, :3], atol=1e-12)
    assert torch.equal(before[:, 3:], after[:, 3:])


def test_offsets_of_v2_are_spaced_by_their_logarithm():
    found = log_spaced_offsets(8).view(15, 15, 2)
    assert torch.equal(found[..., 0].T, found[..., 1])
    column = found[0, :, 1]
    assert column[7] == 0 and torch.allclose(column, -column.flip(0))
    assert column[-1] == pytest.approx(3.1699 / 3, abs=1e-4)  # log2(9) / 3
    steps = column[7:].diff()
    assert (steps > 0).all() and (steps.diff() < 0).all()
    with pytest.raises(ValueError, match="a window of 1 has no offsets"):
        log_spaced_offsets(1)


def test_what_does_not_fit_is_told():
    model = SwinTransformer(**SMALL)
    with pytest.raises(ValueError, match="image of 24 x 25 has no whole patches of 2"):
        model(torch.zeros(1, 3, 24, 25))
    with pytest.raises(ValueError, match="width 12 is not a multiple of 5 heads"):
        SwinTransformer(2, 12, (1,), (5,), 3, classes=7)(torch.zeros(1, 3, 12, 12))
    with pytest.raises(ValueError, match=r"shift \(3, 3\) is not from 0 to 2"):
        shifted_windows.ShiftedWindows(swin.SwinAttention(12, 2, 3), 3, 3)(torch.zeros(1, 6, 6, 12))
    with pytest.raises(ValueError, match="swin_t has no tensor 'cls_token'"):
        convert("swin_t", {"cls_token": torch.zeros(1)})
