"""The WindowExplorer's pictures, pixel by pixel against Python: who is heard, what leaks in, what has reached."""

import pytest
import torch
from explorer_hand import another, visit_fixture
from window_hand import (
    BLOCKED,
    HEARD,
    LEAKED,
    LEAKING,
    NEVER,
    NONE,
    OWN,
    PLAIN,
    START,
    TALL,
    at_start,
    fault,
    mask,
    reading,
    rolled,
    seen,
    set_all,
    tokens,
)

from course_utils.widgets import WindowExplorer, save
from course_utils.widgets.window_state import BLOCKS
from course_utils.widgets.window_still import still

visit = visit_fixture("page light", "lab Dark")  # canvases have no theme


@pytest.fixture
def hand(visit):
    return at_start(visit)


@pytest.mark.parametrize("state", [START, TALL, LEAKING, NEVER, PLAIN], ids=lambda state: str(state.grid))
def test_every_picture_shows_the_tokens_that_python_finds(hand, state):
    set_all(hand, state)
    assert fault(hand) == "" and hand.sentence() == state.sentence()
    own = state.reached(state.block, state.block, is_shifting=state.is_shifting)
    leaked = state.leaked(state.block, state.block)
    heard, diamonds, crosses = seen(tokens(hand), state.grid, HEARD, LEAKED, BLOCKED)
    assert torch.equal(heard, own) and torch.equal(diamonds, leaked) and not crosses.any()
    shifts = [-shift for shift in state.shifts(state.block, state.is_shifting)]
    heard, diamonds, crosses = seen(rolled(hand), state.grid, HEARD, LEAKED, BLOCKED)
    assert torch.equal(heard, own.roll(shifts, dims=(0, 1))) and torch.equal(diamonds, leaked.roll(shifts, dims=(0, 1)))
    assert int((heard | diamonds | crosses).sum()) == state.window**2  # all of the square


@pytest.mark.parametrize("state", [START, LEAKING], ids=lambda state: str(state.grid))
def test_the_reach_is_counted_and_drawn_after_each_block(hand, state):
    set_all(hand, state)
    for is_shifting in (True, False):
        row = hand.root.get_by_role("group", name=f"reached with{'' if is_shifting else 'out'} shifting").locator(
            "button"
        )
        for block in range(1, BLOCKS + 1):
            way = {"is_shifting": is_shifting}
            own = state.reached(1, block, **way)
            everything = state.reached(1, block, **way, is_masked=state.is_masked)
            more = int((everything & ~own).sum())
            button = row.nth(block - 1)
            text = f"{int(own.sum())} + {more}" if more else f"{int(own.sum())}"
            assert button.inner_text().split("\n")[-1] == text
            name = "with shifting" if is_shifting else "without shifting"
            assert button.get_attribute("title").startswith(f"after {block} {name}: {int(own.sum())} tokens")
            canvas = button.locator("canvas")
            blue, none = seen(canvas, state.grid, OWN, NONE)
            own[state.token] = False  # drawn apart
            assert torch.equal(blue, own) and torch.equal(none, ~everything)


def test_the_mask_is_read_pair_by_pair(hand):
    hand.click(mask(hand), 0 * 16 + 15, (16, 16))  # the square's first token and its last
    assert reading(hand, 2) == "Row 10, column 6 must not hear row 1, column 9: only the roll made them neighbours."
    mask(hand).press("Home")
    assert reading(hand, 2) == "Row 10, column 6 hears row 10, column 6: they share a window of the image."
    assert (
        mask(hand).get_attribute("aria-valuetext")
        == "row 10, column 6 hears row 10, column 6: they share a window of the image."
    )
    (blue,) = seen(mask(hand), (16, 16), OWN)
    allowed = torch.zeros(16, 16, dtype=torch.bool)
    allowed[:8, :8] = allowed[8:, 8:] = True
    outlined = torch.zeros(16, 16, dtype=torch.bool)
    outlined[12] = outlined[0, 0] = True  # the touched token's row, and the pair
    assert torch.equal(blue[~outlined], allowed[~outlined])


def test_a_photograph_moves_with_its_tokens(window, tmp_path):
    image = torch.zeros(3, 120, 200)
    image[0, :, 40:160] = torch.linspace(0, 1, 120)  # cut to the square in the middle: red from left to right
    image[1] = torch.linspace(0, 1, 120)[:, None]  # green from top to bottom
    made = WindowExplorer(image, start=(5, 5), block=2)
    with another(window, offline=True) as opened:
        opened.page.goto(save(tmp_path / "photo.html", made).as_uri())
        root = opened.page.locator(".vt-explorer")
        assert root.locator(".vt-sentence").inner_text() == made.sentence
        read = """(canvas, [row, column]) => [...canvas.getContext("2d").getImageData(
            (column + 0.2) * canvas.width / 12, (row + 0.25) * canvas.height / 12, 1, 1).data.slice(0, 2)]"""
        for canvas, shift in ((root.get_by_role("slider").nth(5), 0), (root.get_by_role("slider").nth(6), 2)):
            for row, column in ((3, 2), (4, 3), (2, 4)):  # of its window, so clear
                red, green = canvas.evaluate(read, [row - shift, column - shift])
                assert red == pytest.approx(255 * (column + 0.2) / 12, abs=25)
                assert green == pytest.approx(255 * (row + 0.25) / 12, abs=25)
        assert opened.complaints == []


def test_the_still_picture_shows_the_state():
    image, turned, masked, reach = still(START).axes
    own = START.reached(2, 2, is_shifting=True)
    pictures = [torch.as_tensor(axes.images[0].get_array()) for axes in (image, turned, masked, reach)]
    assert torch.equal(pictures[0] > pictures[0].min(), own)
    assert torch.equal(pictures[1] > pictures[1].min(), own.roll((-2, -2), dims=(0, 1)))
    assert pictures[2].shape == (16, 16) and pictures[2].sum() == 128
    assert torch.equal(pictures[3] > pictures[3].min(), START.reached(1, 2, is_shifting=True))
    assert [text.get_text() for text in turned.texts] == list("012345678")
    assert [axes.get_title(loc="left") for axes in (image, reach)] == ["block 2: hears 8", "after 2: reached by 32"]
