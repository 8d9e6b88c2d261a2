"""The WindowExplorer in the browser: what a reader does to it, what its pictures show, what wrong input is told."""

import re
import statistics

import pytest
import torch
from explorer_hand import MOST_SECONDS, Hand, visit_fixture
from window_hand import (
    LEAKING,
    NEVER,
    PLAIN,
    START,
    TALL,
    at_start,
    fault,
    knob,
    reading,
    rolled,
    set_all,
    tokens,
)

from course_utils import data
from course_utils.widgets import WindowExplorer
from course_utils.widgets.kit import script
from course_utils.widgets.window_state import WindowState

visit = visit_fixture("page light", "page dark", "lab Dark")
phone = visit_fixture("phone light", "phone dark")


@pytest.fixture
def hand(visit):
    return at_start(visit)


def test_a_reach_picture_leads_to_its_block(hand):
    row = hand.root.get_by_role("group", name="reached without shifting").locator("button")
    row.nth(3).click()
    assert "in block 4 (plain windows)" in hand.sentence() and "; with shifting, that of " in hand.sentence()
    assert hand.root.get_by_role("button", name="no block shifts").get_attribute("aria-pressed") == "true"
    assert hand.root.get_by_role("slider", name="block", exact=True).get_attribute("aria-valuetext") == "4: plain"
    pressed = hand.root.locator('.vt-window-reach > [aria-pressed="true"]')
    assert [one.get_attribute("title")[:24] for one in pressed.all()] == ["after 4 without shifting"]


def test_the_rolled_tokens_can_be_touched_too(hand):
    hand.click(rolled(hand), 0, START.grid)
    assert hand.sentence().startswith("Token (row 2, column 2) hears 16 of 144")
    assert reading(hand, 1) == "The token moves from row 2, column 2 to row 0, column 0."
    hand.click(rolled(hand), 11 * 12 + 11, START.grid)
    assert hand.sentence().startswith("Token (row 1, column 1) hears 4 of 144")
    assert reading(hand, 1) == (
        "The token moves from row 1, column 1 to row 11, column 11 (out at the top, in at the bottom; out at the left, "
        "in at the right)."
    )
    rolled(hand).press("ArrowLeft")
    assert hand.sentence().startswith("Token (row 1, column 0) ")
    numbers = hand.root.locator(".vt-window-rows").nth(1).locator("span")
    assert numbers.all_inner_texts() == [str((row + 2) % 12) for row in range(12)]
    assert hand.root.locator(".vt-window-rows .vt-window-round").all_inner_texts() == ["0", "1"]
    knob(hand, "block", 3)
    assert reading(hand, 1) == "This block doesn't roll: the windows are square as they are."
    assert hand.root.locator(".vt-window-frame .vt-window-round").count() == 0


def test_hovering_shows_and_arrow_keys_stop_at_the_edge(hand):
    chosen = hand.sentence()
    hand.hover(tokens(hand), 5 * 12 + 3, START.grid)
    assert hand.sentence().startswith("Token (row 5, column 3)")
    hand.root.locator(".vt-sentence").hover()
    assert hand.sentence() == chosen
    for key in ("ArrowDown", "ArrowRight"):
        tokens(hand).press(key)
    assert hand.sentence().startswith("Token (row 2, column 7)")
    assert tokens(hand).get_attribute("aria-valuetext") == "row 2, column 7"
    for key in ("Home", *["ArrowUp"] * 4):
        tokens(hand).press(key)
    assert hand.sentence().startswith("Token (row 0, column 0)")


def test_the_kinds_of_masks_are_counted_and_lead_there(hand):
    kinds = hand.root.get_by_role("group", name="windows by the kind of their mask").locator("button")
    assert [text.strip() for text in kinds.all_inner_texts()] == [
        "full: 4",
        "by rows: 2",
        "by columns: 2",
        "in four: 1",
    ]
    blocked = {"full": 0, "split by rows": 128, "split by columns": 128, "split in four": 192}
    pictures = set()
    for i, (kind, number) in enumerate(blocked.items()):
        kinds.nth(i).click()
        assert reading(hand, 2).startswith(f"{kind.capitalize()}: {number} of 256 pairs blocked.")
        assert kinds.nth(i).get_attribute("aria-pressed") == "true"
        pictures.add(kinds.nth(i).locator("canvas").evaluate("(canvas) => canvas.toDataURL()"))
    assert len(pictures) == 4 and hand.sentence().startswith("Token (row 10, column 10) hears 4 of 144")
    hand.press("mask left out")
    assert "192 of 256 pairs leak." in reading(hand, 2)
    knob(hand, "block", 1)
    assert [button.is_disabled() for button in kinds.all()] == [False, True, True, True]


def test_grids_that_do_not_fit_are_told_and_can_be_mended(hand):
    before = hand.sentence()
    knob(hand, "M window side", 5)
    told = "12 rows are not a multiple of the window side 5: choose 5, 10 or 15 rows, or M = 2, 3, 4 or 6. "
    assert fault(hand) == f"{told}Shown is still the grid of 12 x 12 in windows of 4 x 4."
    assert hand.sentence() == before
    knob(hand, "H rows", 10)
    assert fault(hand).startswith(
        "12 columns are not a multiple of the window side 5: choose 5, 10 or 15 columns, or M ="
    )
    knob(hand, "block", 1)
    assert "of 144 tokens in block 1" in hand.sentence()  # what needs no other grid still answers
    hand.press("make it 10 x 10 tokens")
    assert fault(hand) == "" and "of 100 tokens in block 1" in hand.sentence()
    assert hand.root.get_by_role("slider", name="W columns").get_attribute("aria-valuetext") == "10"
    assert not hand.root.get_by_role("button", name="make it").is_visible()


def test_a_new_window_side_brings_its_own_shift_and_limits_it(hand):
    shift = hand.root.get_by_role("slider", name="shift", exact=True)
    for side, text in ((6, "3 = ⌊M/2⌋"), (2, "1 = ⌊M/2⌋"), (3, "1 = ⌊M/2⌋")):
        knob(hand, "M window side", side)
        assert [shift.get_attribute("aria-valuetext"), shift.get_attribute("max")] == [text, str(side - 1)]
    shift.press("End")
    assert shift.get_attribute("aria-valuetext") == "2" and "windows shifted by 2" in hand.sentence()


def test_a_smaller_grid_keeps_the_token_inside(hand):
    hand.click(tokens(hand), 143, START.grid)
    knob(hand, "H rows", 8)
    knob(hand, "W columns", 4)
    assert hand.sentence().startswith(
        "Token (row 7, column 3) hears 8 of 32 tokens in block 2 (windows shifted by 2, but"
    )


@pytest.mark.alone
def test_it_answers_at_once(hand):
    set_all(hand, WindowState((14, 14), 7, 3, 6, (0, 0), is_masked=False))
    timed = """(canvas) => { const start = performance.now();
        canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
        return new Promise((done) => requestAnimationFrame(() =>
        setTimeout(() => done(performance.now() - start)))); }"""
    times = [tokens(hand).evaluate(timed) for _ in range(12)]
    print(f"moving the token: {statistics.median(times):.0f} ms")
    assert statistics.median(times) < 1000 * MOST_SECONDS
    assert hand.sentence().startswith("Token (row 0, column 12)")


def test_on_a_phone_a_tap_answers_and_nothing_runs_over_the_edge(phone):
    hand = Hand(phone, "windows")
    for state in (LEAKING, NEVER, PLAIN, TALL):
        set_all(hand, state)
        tokens(hand).tap(position=hand.place(tokens(hand), 0, state.grid))
        assert hand.sentence().startswith("Token (row 0, column 0)")
        assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        edges = "(e) => [...e.querySelectorAll('*')].map((x) => x.getBoundingClientRect().right)"
        assert max(hand.root.evaluate(edges)) <= 390


# in Python


def test_it_is_small_and_its_code_is_one_module():
    assert WindowExplorer().stored_bytes < 90_000
    assert WindowExplorer(data.photograph("cat"), grid=(14, 14), window=7).stored_bytes < 120_000
    text = script("windows.js", "windowviews.js", "windowparts.js", "window.js")
    top = re.findall(r"^(?:async )?(?:function|const|let|class) (\w+)", text, flags=re.MULTILINE)
    assert text.count("export") == 1 and len(top) == len(set(top)) > 50


def test_lists_are_as_good_as_tuples():
    assert WindowExplorer(grid=[12, 8], start=[1, 2]).sentence == WindowExplorer(grid=(12, 8), start=(1, 2)).sentence


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"grid": (12, 13)}, "13 columns are not a multiple of the window side 4: choose 4, 8, 12 or 16 columns"),
        ({"grid": (9, 8)}, "9 rows are not a multiple of the window side 4: choose 4, 8, 12 or 16 rows, or M = 3"),
        ({"grid": (20, 8)}, "rows is 20: use a whole number from 4 to 16"),
        ({"grid": (8, 8.0)}, "columns is 8.0: use a whole number from 4 to 16"),
        ({"grid": 12}, "grid is 12: pass a pair of rows and columns, such as (12, 8)"),
        ({"start": (1, 2, 3)}, "start is (1, 2, 3): pass a pair of rows and columns"),
        ({"start": (1.5, 2)}, "there is no token (1.5, 2) in a grid of 12 x 12"),
        ({"window": "4"}, "window is '4': use a whole number from 2 to 7"),
        ({"window": 8}, "window is 8: use a whole number from 2 to 7"),
        ({"window": True}, "window is True: use a whole number from 2 to 7"),
        ({"shift": 4}, "shift is 4: use a whole number from 0 to 3"),
        ({"shift": -1}, "shift is -1: use a whole number from 0 to 3"),
        ({"block": 0}, "block is 0: use a whole number from 1 to 6"),
        ({"start": (12, 0)}, "there is no token (12, 0) in a grid of 12 x 12: start inside"),
        ({"start": (-1, 0)}, "there is no token (-1, 0) in a grid of 12 x 12"),
        ({"image": torch.zeros(1, 3, 8, 8)}, "pass one image, not a batch"),
        ({"image": torch.full((3, 500, 400), 2.0)}, "pass RGB in 0..1, not normalised"),
    ],
)
def test_wrong_input_is_named_with_a_remedy(wrong, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        WindowExplorer(**wrong)
