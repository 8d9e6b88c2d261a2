"""Every number that an explorer shows is the model's, to the digit that is shown; read from the page."""

import re

import explorers
import pytest
import torch
from explorer_hand import Hand, visit_fixture
from explorers import GRID

from course_utils import plots
from course_utils.models.maps import attention_maps

COLUMNS = GRID[1]
BRIGHTEST = [int(part) for part in plots.ATTENTION(255, bytes=True)[:3]]
visit = visit_fixture("page light", "lab Dark")  # the theme makes no difference to numbers


def test_the_first_sentences_are_the_text_forms(visit):
    assert visit.first_said == [make().sentence for make in explorers.ALL]


def torch_rollout(layers):
    """Abnar & Zuidema 2020 once more, written differently."""
    product = torch.eye(126, dtype=torch.double)
    for maps in layers:
        added = maps.double().mean(dim=0) + torch.eye(126)
        product = (added / added.sum(dim=1)[:, None]) @ product
    return product


def expected(maps, layer, picture):
    """Return the (N, N) map that a picture of the explorer is of."""
    if picture == "rollout":
        return torch_rollout(maps[: layer + 1])
    heads = maps[layer].double()
    return heads.mean(dim=0) if picture == "mean" else heads[int(picture.split()[1]) - 1]


@pytest.mark.parametrize("picture", ["mean", "head 2", "head 4", "rollout"])
@pytest.mark.parametrize("layer", [0, 1])
def test_the_numbers_on_the_page_are_the_models(visit, picture, layer):
    hand, maps = Hand(visit, "single"), explorers.maps_of(0, layers=2)
    hand.slide("layer", "ArrowRight" if layer else "ArrowLeft")
    hand.press(picture)
    truth = expected(maps, layer, picture)
    for direction, matrix in (("where it looks", truth), ("who looks at it", truth.T)):
        hand.press(direction)
        for token in (0, 65, 125):
            hand.click(hand.image, token)
            row = matrix[token]
            said = hand.sentence()
            assert f"the patch at row {token // COLUMNS}, column {token % COLUMNS}" in said.replace("The", "the")
            assert f"{row[token]:.1%}" in said and f"{row.max():.1%}" in said
            best = re.search(r"(?:the most \(.*?\) to|gets most from) the patch at row (\d+), column (\d+)", said)
            if best:
                place = int(best[1]) * COLUMNS + int(best[2])
                assert f"{row[place]:.1%}" == f"{row.max():.1%}"
            assert ("itself, then" in said or "itself (" in said) == (best is None)
            assert hand.root.locator(".vt-legend .vt-line span").all_inner_texts()[-1] == f"{row.max():.1%}"
            assert hand.colour(hand.map(), int(row.argmax())) == BRIGHTEST
            for other in (3, 64, int(row.argmax())):
                hand.hover(hand.map(), other)
                assert hand.reading() == f"row {other // COLUMNS}, column {other % COLUMNS}: {row[other]:.1%}"
    hand.press("where it looks")
    hand.press("mean")


def test_every_weight_of_the_first_lesson_is_right(visit):
    """All that a query of 504 patches shows, read by the keyboard."""
    hand, weights = Hand(visit, "fine"), explorers.handmade()[0]
    hand.click(hand.image, 6 * 28 + 11, (18, 28))
    hand.click(hand.map(), 0, (18, 28))
    hand.map().press("Home")
    for column in range(28):
        assert hand.reading() == f"row 0, column {column}: {weights[6 * 28 + 11, column]:.1%}"
        hand.map().press("ArrowRight")


def test_the_threshold_leaves_what_the_sentence_counts(visit):
    hand = Hand(visit, "single")
    hand.press("mean")
    hand.click(hand.image, 65)
    hand.slide("layer", "ArrowLeft")
    before = hand.sentence()
    hand.slide("threshold", "ArrowRight", times=8)
    row = explorers.maps_of(0, layers=2)[0].double().mean(dim=0)[65]
    tenths = (row * 1000).round()
    least = (0.4 * tenths.max()).round()
    said = hand.sentence().removeprefix(before)
    assert said == f" Shown are the {int((tenths >= least).sum())} patches with {least / 10:.1f}% or more."
    for patch in range(126):  # what is left out shows the grey ground
        red, green, blue = hand.colour(hand.map(), patch)
        assert (red == green == blue) == (tenths[patch] < least), patch
    hand.slide("threshold", "Home")
    assert hand.sentence() == before


def test_two_models_share_the_token_and_one_lacks_the_class_token(visit):
    hand = Hand(visit, "pair")
    hand.click(hand.image, 20)
    rows = [explorers.maps_of(1, 1, extra=1)[0].mean(dim=0)[21], explorers.maps_of(2, 1)[0].mean(dim=0)[20]]
    assert hand.root.locator(".vt-chips").first.inner_text() == f"class token {rows[0][0]:.1%}"
    for model, row in enumerate(rows):
        hand.hover(hand.map(model), 100)
        assert hand.reading(model) == f"row 7, column 2: {row[len(row) - 126 + 100]:.1%}"
    hand.press("class token")
    assert "mean of 4 heads: the class token gives" in hand.sentence()
    assert hand.sentence().endswith("second has no class token.")
    assert hand.map(0).is_visible() and not hand.map(1).is_visible()
    hand.press("who looks at it")
    column = explorers.maps_of(1, 1, extra=1)[0].mean(dim=0)[:, 0]
    assert f"the class token gets most from the patch at row {(column.argmax() - 1) // COLUMNS}" in hand.sentence()
    assert f"{column.max():.1%}" in hand.sentence()
    hand.press("where it looks")


def test_cross_attention_turns_round(visit):
    hand, maps = Hand(visit, "cross"), explorers.cross_maps()[0].double().mean(dim=0)
    hand.slide("token", "ArrowRight", times=2)
    row, column = divmod(int(maps[2].argmax()), COLUMNS)
    said = f"object query 3 gives the most of its attention ({maps[2].max():.1%}) to the patch at row {row}, column "
    assert hand.sentence().endswith(f"{said}{column}.")
    assert hand.image.get_attribute("role") == "img"
    hand.press("who looks at it")
    hand.click(hand.image, 30)
    best = maps[:, 30]
    said = f"gets most from object query {best.argmax() + 1}, which gives it {best.max():.1%}"
    assert f"the patch at row 2, column 2 {said}" in hand.sentence()
    cells = hand.root.locator(".vt-chips span")
    assert [cell.get_attribute("title") for cell in cells.all()][:2] == [
        f"object query {query + 1} {best[query]:.1%}" for query in (0, 1)
    ]
    hand.press("where it looks")
    assert "object query" in hand.sentence()


def detr_maps(name):
    """Return one kind of maps of the explorers' DETR, layer by layer, without the course's own reading of them."""
    image, model = explorers.scene()
    layers = attention_maps(model, image[None])
    return [layer[name][0].double() for layer in layers if name in layer]


def test_queries_of_detr_look_at_its_cells(visit):
    hand, maps = Hand(visit, "scene_queries"), detr_maps("cross")
    buttons = hand.root.locator(".vt-extras button").all_inner_texts()
    assert [int(name.split()[-1]) for name in buttons] == list(range(8))
    for layer, query, picture in ((0, 3, "mean"), (0, 5, "head 2"), (2, 0, "mean")):
        hand.press(f"query {query}")
        hand.press(picture)
        hand.slide("layer", "ArrowRight", times=layer)
        row = maps[layer].mean(dim=0)[query] if picture == "mean" else maps[layer][1][query]
        place = divmod(int(row.argmax()), 8)
        told = f"gives the most of its attention ({row.max():.1%}) to the patch at row {place[0]}, column {place[1]}."
        assert hand.sentence().endswith(f"{buttons[query]} {told}")
        for cell in (0, 27, 63):
            hand.hover(hand.map(), cell, (8, 8))
            assert hand.reading() == f"row {cell // 8}, column {cell % 8}: {row[cell]:.1%}"
    hand.press("who looks at it")
    hand.click(hand.image, 27, (8, 8))
    column = maps[2].mean(dim=0)[:, 27]
    said = f"the patch at row 3, column 3 gets most from {buttons[column.argmax()]}, which gives it {column.max():.1%}"
    assert said in hand.sentence()


def test_cells_of_detr_look_at_each_other(visit):
    hand, maps = Hand(visit, "scene_cells"), detr_maps("encoder_self")
    hand.click(hand.image, 20, (8, 8))
    row = maps[0].mean(dim=0)[20]
    assert "the patch at row 2, column 4" in hand.sentence() and f"{row[20]:.1%}" in hand.sentence()
    hand.hover(hand.map(), 45, (8, 8))
    assert hand.reading() == f"row 5, column 5: {row[45]:.1%}"
    mixed = torch.eye(64).double()
    for layer in maps:
        mixed = (layer.mean(dim=0) + torch.eye(64)) / 2 @ mixed
    hand.press("rollout")
    hand.slide("layer", "ArrowRight", times=len(maps))
    hand.hover(hand.map(), 45, (8, 8))
    assert hand.reading() == f"row 5, column 5: {mixed[20, 45]:.1%}"


@pytest.mark.parametrize("way", explorers.STEPS)
def test_the_sequence_counts_and_shares_are_the_callers(visit, way):
    hand, place = Hand(visit, "sequence"), list(explorers.STEPS).index(way)
    matrices = explorers.influences()[way]
    lattice, grid = hand.lattices.nth(place), (explorers.DEPTH + 1, explorers.TOKENS)
    for direction, turn in (("what an output hears of", False), ("whom an input reaches", True)):
        hand.press(direction)
        for depth, token in ((1, 3), (3, 8)):
            hand.click(lattice, (explorers.DEPTH - depth) * explorers.TOKENS + token, grid)
            strengths = matrices[depth - 1].double()
            shares = (strengths / strengths.sum(dim=1, keepdim=True)).T if turn else strengths / strengths.sum(1, True)
            heard = int((shares[token] > 0).sum())
            caption = hand.root.locator(".vt-panel .vt-caption:not(.vt-legend *)").nth(place).inner_text()
            steps = explorers.STEPS[way] * depth
            told = f"{heard} of 12 {'outputs' if turn else 'inputs'} · {steps} step{'s' if steps > 1 else ''}"
            assert caption == f"{told}, layer after layer"
            assert re.search(rf"\b{heard} (of 12 \w+ )?with {way} \({steps}\b", hand.sentence())
            for other in (2, 7):
                hand.hover(lattice, (explorers.DEPTH - depth) * explorers.TOKENS + other, grid)
                share = f"{shares[token, other]:.1%}" if shares[token, other] else "nothing"
                share = "less than 0.1%" if 0 < shares[token, other] < 0.0005 else share
                output, input_ = (other, token) if turn else (token, other)
                layers = "1 layer" if depth == 1 else f"{depth} layers"
                said = f"After {layers}, output {output} has {share} from input {input_}."
                assert hand.root.locator(".vt-reading").nth(place).inner_text() == said
    hand.press("what an output hears of")
