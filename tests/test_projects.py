"""Every project starts from a cell that runs, has a goal that somebody met, and its parts do what they say."""

import ast
import contextlib
import io
import json
import math
import tempfile
import time

import pytest
import torch
from torch import nn

from course_utils import data, detr_runs, plots, project_measures, project_runs, projects, scenes
from course_utils.boxes import cxcywh_to_xyxy
from course_utils.files import NOTEBOOKS, CourseError
from course_utils.image_sets import ImageSet
from course_utils.models.attention import MultiHeadAttention, TransformerBlock, attention, merge_heads, split_heads
from course_utils.models.conv import count_macs, count_parameters
from course_utils.models.masked_autoencoder import MaskedAutoencoder, hidden_error, random_masks
from course_utils.models.patches import patchify
from course_utils.models.replaceable import LinearAttention, RegisterViT, RotaryAttention, UnplacedViT, block_with
from course_utils.vit_runs import small_vit

KEYS = [project.key for project in projects.PROJECTS]
SECONDS = 6  # of one core; three on an idle one, and a busy one counts more


@pytest.fixture(scope="module")
def imported():
    space = {}
    torch.optim.AdamW([torch.zeros(1, requires_grad=True)])  # with the first one, PyTorch makes folders of its own
    exec(projects.IMPORTS, space)
    exec(projects.PARTS, space)
    return space


@pytest.mark.parametrize("key", KEYS)
def test_a_starting_cell_runs_and_leaves_nothing_behind(key, imported, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("COURSE_NO_PROGRESS", "1")
    shown = []
    monkeypatch.setattr(plots, "show", lambda figure, alt: shown.append(plots.to_html(figure, alt)))
    project, printed, started = projects.find(key), io.StringIO(), time.process_time()
    with contextlib.redirect_stdout(printed):
        exec(project.cell, dict(imported))
    assert time.process_time() - started < SECONDS
    assert projects.goal(key) in printed.getvalue()
    assert list(tmp_path.iterdir()) == []
    assert bool(shown) == ("plots.show" in project.cell)


def test_cells_are_short_and_check_something():
    for project in projects.PROJECTS:
        lines = project.cell.splitlines()
        assert len(lines) <= 25 and max(map(len, lines)) <= 88, project.key
        assert any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(project.cell)))
    assert max(len(cell.splitlines()) for cell in (projects.IMPORTS, projects.PARTS)) <= 25


def test_there_are_seven_projects_of_three_sizes():
    assert len(set(KEYS)) == 7 and {project.scope for project in projects.PROJECTS} == {"small", "medium", "large"}
    assert [line.count("|") for line in projects.overview().splitlines()] == [5] * 9
    with pytest.raises(CourseError, match="there is no project 'swim': use one of recipe"):
        projects.find("swim")


@pytest.mark.parametrize("key", [key for key in KEYS if key != "own_images"])
def test_a_goal_is_what_a_stored_run_met_rounded_to_what_is_easier(key):
    project = projects.find(key)
    met = project.goal.score()
    if math.isnan(met):
        pytest.skip("not trained yet: python -m course_utils train project_tries")
    goal = projects.easier(project, met)
    assert project.measure.best(met, goal) == met and abs(met - goal) <= project.measure.step
    assert project.measure.text(goal) in projects.goal(key)


def test_what_is_not_measured_is_said(monkeypatch):
    monkeypatch.setattr(data, "manifest", dict)
    assert projects.goal("registers") == "accuracy: not measured yet; no goal yet"
    assert projects.goal("own_images").endswith("more than the nearest mean image gets")


@pytest.mark.parametrize("arm", project_runs.CLASSIFIERS)
def test_rules_allow_the_try_and_not_what_it_replaces(arm):
    key = {
        **dict.fromkeys(("softmax attention", "linear attention"), "linear_attention"),
        **dict.fromkeys(("no registers", "four registers", "one register, larger at first"), "registers"),
    }.get(arm, "rotary_positions")
    model = project_runs.CLASSIFIERS[arm][0]()
    broken = projects.find(key).rules.broken(count_parameters(model), count_macs(model, (28, 28), channels=1))
    assert bool(broken) == (arm in ("softmax attention", "learned positions", "no registers"))


def test_lesson_06s_model_is_the_one_whose_recipe_counts():
    model, rules = small_vit(), projects.find("recipe").rules
    assert rules.broken(count_parameters(model), count_macs(model, (28, 28), channels=1)) == []
    assert rules.broken(count_parameters(small_vit(layers=3)), 0)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_linear_attention_is_the_sum_over_all_keys():
    torch.manual_seed(0)
    layer, tokens = LinearAttention(12, 3).double(), torch.randn(2, 5, 12, dtype=torch.float64)
    q, k, v = (split_heads(project(tokens), 3) for project in (layer.query, layer.key, layer.value))
    mixed = torch.zeros_like(v)
    for b, h, n in torch.cartesian_prod(torch.arange(2), torch.arange(3), torch.arange(5)).tolist():
        weights = torch.stack([(nn.functional.elu(q[b, h, n]) + 1) @ (nn.functional.elu(key) + 1) for key in k[b, h]])
        mixed[b, h, n] = (weights / weights.sum()) @ v[b, h]
    assert torch.allclose(layer(tokens), layer.out(merge_heads(mixed)), atol=1e-12)
    with pytest.raises(ValueError, match="can't take a mask"):
        layer(tokens, torch.ones(5, 5, dtype=torch.bool))


def test_rotary_scores_depend_on_distances_only():
    torch.manual_seed(0)
    layer = RotaryAttention(16, 2, side=6).double()
    same = torch.randn(1, 2, 1, 8, dtype=torch.float64).expand(-1, -1, 36, -1)
    other = torch.randn(1, 2, 1, 8, dtype=torch.float64).expand(-1, -1, 36, -1)
    scores = (layer.turn(same) @ layer.turn(other).mT).view(2, 6, 6, 6, 6)  # head, from (row, column), to
    assert torch.allclose(scores[:, 1, 2, 3, 1], scores[:, 2, 4, 4, 3], atol=1e-9)
    assert not torch.allclose(scores[:, 1, 2, 3, 1], scores[:, 1, 2, 1, 3], atol=1e-3)
    assert torch.allclose(layer.turn(same).norm(dim=-1), same.norm(dim=-1))
    tokens = torch.randn(2, 36, 16, dtype=torch.float64)
    q, k, v = (split_heads(project(tokens), 2) for project in (layer.query, layer.key, layer.value))
    by_hand = layer.out(merge_heads(attention(layer.turn(q), layer.turn(k), v)))
    assert torch.allclose(layer(tokens), by_hand, atol=1e-10)
    with pytest.raises(ValueError, match="use a multiple of 4"):
        RotaryAttention(12, 2, side=6)


def test_a_replaced_attention_is_the_blocks_own():
    torch.manual_seed(0)
    ours, tokens = block_with(MultiHeadAttention, 8, 2), torch.randn(2, 5, 8)
    block = TransformerBlock(8, 2)
    block.load_state_dict(ours.state_dict())
    assert torch.equal(block(tokens), ours(tokens))


def test_registers_stand_behind_the_class_token():
    model = RegisterViT(3, side=8, patch=4, width=8, heads=2, layers=1, classes=2, channels=1)
    tokens = model.tokens(torch.randn(2, 1, 8, 8))
    assert tokens.shape == (2, 1 + 3 + 4, 8) and torch.equal(tokens[1, 1:4], model.registers[0])
    assert torch.equal(tokens[0, 0], model.cls_token[0, 0] + model.pos_embed[0, 0])
    assert model(torch.randn(2, 1, 8, 8)).shape == (2, 2)
    plain = UnplacedViT(8, 4, 8, 2, 1, 2, 1)
    assert not [name for name, _ in plain.named_parameters() if "pos" in name]


def test_an_autoencoder_sees_nothing_of_what_is_hidden():
    torch.manual_seed(0)
    model = MaskedAutoencoder(8, 4, width=8, heads=2, layers=1, decoder_layers=1)
    images, hidden = torch.randn(3, 1, 8, 8), random_masks(3, 4, 3, seeded())
    assert hidden.sum(dim=1).tolist() == [3, 3, 3]
    patches = patchify(images, 4).masked_fill(hidden[..., None], 9.0)
    changed = patches.view(3, 2, 2, 4, 4).permute(0, 1, 3, 2, 4).reshape(3, 1, 8, 8)
    found = model(images, hidden)
    assert found.shape == (3, 4, 16) and torch.allclose(found, model(changed, hidden), atol=1e-6)
    visible = ~hidden[0]
    images[0, 0, 4 * (visible.nonzero().item() // 2), 4 * (visible.nonzero().item() % 2)] += 1
    assert not torch.allclose(found[0], model(images, hidden)[0], atol=1e-4)
    zero = hidden_error(torch.zeros(3, 4, 16), images, hidden, 4)
    assert zero == pytest.approx(patchify(images, 4)[hidden].pow(2).mean().item())
    with pytest.raises(ValueError, match="hide equally many"):
        model(images, torch.tensor([[True, False, False, False]] + [[True, True, False, False]] * 2))


def test_larger_scenes_hold_more_and_boxes_still_fit():
    items = scenes.five_classes(data.fashion_mnist(0, 100)[1])
    drawn = project_runs.larger_scenes(items, 200, seeded())
    assert drawn.images.shape == (200, 1, 96, 96) and max(map(len, drawn.labels)) > scenes.MOST_ITEMS
    for scene in range(20):
        masks, corners = drawn.masks(scene), (cxcywh_to_xyxy(drawn.boxes[scene]) * 96).round().int()
        assert masks.shape == (len(corners), 96, 96)
        for mask, (left, top, right, bottom) in zip(masks, corners.tolist(), strict=True):
            rows, columns = mask.any(dim=1).nonzero(), mask.any(dim=0).nonzero()
            assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (top, bottom, left, right)
    with pytest.raises(ValueError, match="use a side of 28 or more"):
        scenes.make_scenes(items, 1, seeded(), side=20)


@pytest.mark.parametrize("name", ["both", "chosen cells"])
def test_a_detector_that_proposes_nothing_learns_larger_scenes_too(name):
    torch.manual_seed(0)
    items, model = scenes.five_classes(data.fashion_mnist(0, 100)[1]), detr_runs.variant(name)
    loss = project_runs.larger_detection(model, items, batch=2)(seeded())
    drawn = project_runs.larger_scenes(items, 2, seeded())
    outputs, targets = model(drawn.images), detr_runs.targets_of(drawn)
    layers = [outputs, *outputs["aux_outputs"], *([outputs["enc_outputs"]] if name == "chosen cells" else [])]
    by_hand = sum(detr_runs.FEW_QUERIES.of_layer(layer, targets).item() for layer in layers)
    assert loss.item() == pytest.approx(by_hand, rel=1e-5)


def test_shrunk_boxes_keep_their_middles_and_their_size_in_pixels():
    def detector(images):
        return {"pred_boxes": torch.tensor([[[0.25, 0.75, 0.5, 0.25]]]), "pred_logits": torch.zeros(1, 1, 6)}

    found = project_runs.ShrunkBoxes(detector)(torch.zeros(1, 1, 96, 96))["pred_boxes"]
    assert found[0, 0].tolist() == pytest.approx([0.25, 0.75, 0.5 * 64 / 96, 0.25 * 64 / 96])


@pytest.mark.parametrize("key", KEYS)
def test_the_lesson_shows_this_cell(key):
    lesson = NOTEBOOKS / "11_evolution_not_revolution.ipynb"
    if not lesson.exists():
        pytest.skip("lesson 11 is not there yet")
    cells = ["".join(cell["source"]) for cell in json.loads(lesson.read_bytes())["cells"]]
    assert projects.find(key).cell in cells


def test_hidden_patches_can_not_be_seen_and_are_judged_alone():
    images = ImageSet(
        torch.randint(256, (200, 28, 28), generator=seeded(), dtype=torch.uint8), torch.zeros(200), ("a",)
    )
    whole = patchify((images.images.double()[:, None] / 255 - 0.2860405969887955) / 0.35302424451492254, 4)
    masks, looked = project_runs.test_masks(200), []

    class Peeking(nn.Module):
        def forward(self, shown, hidden):
            looked.append(patchify(shown, 4)[hidden].unique().numel())
            return patchify(shown, 4)

    answers = project_measures.answers_of(Peeking(), project_measures.HIDDEN_ERROR, images)
    black = (whole[masks] - whole.min()).square().mean().item()
    assert looked == [1, 1] and answers["patches"].shape == (200, 37, 16)
    assert project_measures.HIDDEN_ERROR.judge(answers, images) == pytest.approx(black, rel=0.01)
    exact = {"patches": whole[masks].view(200, 37, 16).float()}
    assert project_measures.HIDDEN_ERROR.judge(exact, images) < 1e-10


def test_perfect_boxes_have_an_ap50_of_one():
    drawn = project_runs.larger_scenes(scenes.five_classes(data.fashion_mnist(0, 100)[1]), 120, seeded())
    logits, boxes = torch.zeros(120, 9, 6), torch.full((120, 9, 4), 0.1)
    logits[..., 5] = 9.0  # no object
    for scene, (labels, there) in enumerate(zip(drawn.labels, drawn.boxes, strict=True)):
        logits[scene, range(len(labels)), labels], boxes[scene, : len(there)] = 20.0, there
    answers = {"pred_logits": logits, "pred_boxes": boxes}
    assert project_measures.AP50.judge(answers, drawn) == pytest.approx(1)
    inside_out = {**answers, "pred_boxes": boxes * torch.tensor([1, 1, -1, 1])}
    with pytest.raises(CourseError, match="pred_boxes have a negative width or height: return cxcywh"):
        project_measures.AP50.judge(inside_out, drawn)
    with pytest.raises(CourseError, match="pred_boxes are nothing"):
        project_measures.AP50.judge({"pred_logits": logits}, drawn)
    with pytest.raises(CourseError, match="doesn't return what DETR does"):
        project_measures.find(nn.Identity(), drawn)
