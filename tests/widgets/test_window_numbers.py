"""The WindowExplorer's arithmetic: in the browser as in Python, and as rolling, cutting and masking tokens gives it."""

import random
from itertools import product

import pytest
import torch

from course_utils.models.windows import (
    from_windows,
    shares_window,
    shift_regions,
    shift_window_mask,
    to_windows,
    useful_shift,
    window_permutation,
)
from course_utils.widgets import WindowExplorer
from course_utils.widgets.kit import script
from course_utils.widgets.window_state import BLOCKS, SIDES, WINDOWS, WindowState, window_misfit

ALL_SIDES = range(SIDES[0], SIDES[1] + 1)
GRIDS = [
    (grid, side)
    for side in range(WINDOWS[0], WINDOWS[1] + 1)
    for grid in product(ALL_SIDES, repeat=2)
    if not any(length % side for length in grid)
]
SETTINGS = [(grid, side, shift) for grid, side in GRIDS for shift in range(side)]
ARITHMETIC = """(text) => {
  const names = "axesOf, describeWindow, isAllowed, kindOfWindow, reachOf, regionOf, tokensOfWindow, windowMisfit";
  window.swin = new Function(`${text.replace("export default { render };", "")}; return { ${names} }`)();
  swin.places = ({ size: [rows, columns] }) =>
    Array.from({ length: rows * columns }, (_, i) => [Math.floor(i / columns), i % columns]);
  swin.squares = ({ size, window }) => swin.places({ size: size.map((length) => length / window) });
}"""


@pytest.fixture(scope="module")
def arithmetic(window):
    """A page that has the functions of windows.js."""
    window.page.evaluate(ARITHMETIC, script("windows.js"))
    return window.page


def view_of(state):
    """Return a state as the browser has it."""
    token = state.token[0] * state.grid[1] + state.token[1]
    flags = {"isShifting": state.is_shifting, "isMasked": state.is_masked}
    return {
        "size": state.grid,
        "window": state.window,
        "shift": state.shift,
        "block": state.block,
        "token": token,
    } | flags


def random_states(number, seed=0):
    draw = random.Random(seed)
    for _ in range(number):
        grid, side, shift = draw.choice(SETTINGS)
        token = tuple(draw.randrange(length) for length in grid)
        flags = {"is_shifting": draw.random() < 0.8, "is_masked": draw.random() < 0.5}
        yield WindowState(grid, side, shift, draw.randint(1, BLOCKS), token, **flags)


def hears(grid, side, shift, is_masked):
    """Return who hears whom, (N, N), by what Swin computes: each token's number through roll, cut, mask and back."""
    count = grid[0] * grid[1]
    shifts = useful_shift(grid, side, shift)
    rolled = torch.eye(count).view(1, *grid, count).roll([-one for one in shifts], dims=(1, 2))
    cut = to_windows(rolled, side)[0]  # (nW, M * M, N)
    mask = shift_window_mask(grid, side, shifts).float() if is_masked else torch.ones(len(cut), side**2, side**2)
    heard = from_windows((mask @ cut)[None], grid).roll(shifts, dims=(1, 2))
    return heard.view(count, count) > 0


def reaches(state, first, last, is_masked):
    """Return the tokens that reach the state's token, by multiplying who hears whom block by block."""
    reach = torch.eye(state.grid[0] * state.grid[1])
    for block in range(first, last + 1):
        shift = state.shift if state.is_shifting and block % 2 == 0 else 0
        reach = (hears(state.grid, state.window, shift, is_masked).float() @ reach).clamp(max=1)
    return reach[state.token[0] * state.grid[1] + state.token[1]].nonzero().flatten().tolist()


# in the browser


@pytest.mark.parametrize("side", range(WINDOWS[0], WINDOWS[1] + 1))
def test_every_token_of_every_grid_hears_whom_python_says(arithmetic, side):
    run = """(view) => swin.places(view).map((_, token) => [true, false].map((isMasked) => {
        const { own, leaked } = swin.reachOf({ ...view, token, isMasked }, [2, 2]);
        return [own, leaked]; }))"""
    cases = [case for case in SETTINGS if case[1] == side]
    assert len(cases) >= 24
    for grid, _, shift in cases:
        told = arithmetic.evaluate(run, view_of(WindowState(grid, side, shift, 2, (0, 0))))
        own = shares_window(grid, side, useful_shift(grid, side, shift))
        leaked = hears(grid, side, shift, is_masked=False) & ~own
        assert leaked.any() == any(useful_shift(grid, side, shift))
        for token, (masked, unmasked) in enumerate(told):
            assert masked == [own[token].nonzero().flatten().tolist(), []], (grid, shift, token)
            assert unmasked == [masked[0], leaked[token].nonzero().flatten().tolist()], (grid, shift, token)


@pytest.mark.parametrize("side", range(WINDOWS[0], WINDOWS[1] + 1))
def test_squares_masks_regions_and_kinds_are_those_of_the_model(arithmetic, side):
    run = """(view) => {
      const [down, across] = swin.axesOf(view, 2);
      const squares = swin.squares(view);
      const cut = squares.map((square) => swin.tokensOfWindow(view, square));
      return { order: cut.flat(), kinds: squares.map((square) => swin.kindOfWindow(view, square)),
        masks: cut.map((tokens) => tokens.map((one) => tokens.map((other) => swin.isAllowed(view, one, other)))),
        regions: swin.places(view).map(([row, column]) => 3 * swin.regionOf(down, row) + swin.regionOf(across, column)),
      };
    }"""
    for grid, _, shift in (case for case in SETTINGS if case[1] == side):
        told = arithmetic.evaluate(run, view_of(WindowState(grid, side, shift, 2, (0, 0))))
        shifts = useful_shift(grid, side, shift)
        regions = shift_regions(grid, side, shifts)
        masks = shift_window_mask(grid, side, shifts)
        assert told["order"] == window_permutation(grid, side, shifts).tolist()
        assert torch.equal(torch.tensor(told["masks"]), masks)
        assert told["regions"] == regions.flatten().tolist()
        cut = to_windows(regions[None, :, :, None], side)[0, :, :, 0]
        kinds = [(2 if len({n % 3 for n in one}) > 1 else 0) + (len({n // 3 for n in one}) > 1) for one in cut.tolist()]
        assert told["kinds"] == kinds, (grid, shift)


def test_what_has_reached_a_token_is_the_product_of_all_blocks(arithmetic):
    run = "(view) => { const { own, leaked } = swin.reachOf(view, [1, view.block]); return [own, leaked]; }"
    seen = set()
    for state in random_states(150):
        own, leaked = arithmetic.evaluate(run, view_of(state))
        expected = reaches(state, 1, state.block, is_masked=True)
        everything = expected if state.is_masked else reaches(state, 1, state.block, is_masked=False)
        assert own == expected, state
        assert sorted(own + leaked) == everything, state
        seen.add((bool(leaked), state.is_shifting, state.block))
    assert len(seen) > 15


def test_the_browser_says_what_python_says(arithmetic):
    states = list(random_states(400, seed=1))
    told = arithmetic.evaluate("(views) => views.map(swin.describeWindow)", [view_of(state) for state in states])
    assert told == [state.sentence() for state in states]
    said = " ".join(told)
    for words in ("but not along the rows", "but not along the columns", "is the whole grid", "plain windows", "cuts"):
        assert words in said


def test_grids_that_do_not_fit_are_told_alike(arithmetic):
    cases = [(list(grid), side) for grid in product(ALL_SIDES, repeat=2) for side in range(WINDOWS[0], WINDOWS[1] + 1)]
    views = [{"size": grid, "window": side} for grid, side in cases]
    told = arithmetic.evaluate(
        "([views, sides]) => views.map((view) => swin.windowMisfit(view, sides))", [views, SIDES]
    )
    assert told == [window_misfit(grid, side) for grid, side in cases]
    assert sum(not text for text in told) == len(GRIDS)


# in Python


def test_pythons_state_is_what_the_model_computes():
    for state in random_states(60, seed=2):
        for first in (1, state.block):
            way = {"is_shifting": state.is_shifting, "is_masked": state.is_masked}
            reached = state.reached(first, state.block, **way).flatten().nonzero().flatten().tolist()
            assert reached == reaches(state, first, state.block, state.is_masked), state


def test_the_first_sentence_has_numbers_that_can_be_counted_by_hand():
    assert WindowExplorer().sentence == (  # rows 0 and 1, columns 6 to 9; these lie in the windows of columns 4 to 11
        "Token (row 1, column 6) hears 8 of 144 tokens in block 2 (windows shifted by 2): the edge of the image cuts "
        "its window to 2 x 4. After 2 blocks the input of 32 tokens has reached it; without shifting, that of 16."
    )


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (
            WindowState((7, 14), 7, 3, 2, (0, 0)),
            "windows shifted by 3, but not along the rows, which one window covers",
        ),
        (WindowState((7, 7), 7, 3, 2, (0, 0)), "(not shifted, since one window is the whole grid): its whole window"),
        (
            WindowState((8, 8), 4, 2, 2, (0, 0), is_masked=False),
            "also hears 12 tokens from the other side of the image",
        ),
        (WindowState((8, 8), 4, 2, 2, (3, 3), is_masked=False), "Without the mask nothing more gets into this window."),
        (
            WindowState((8, 8), 4, 2, 2, (3, 3), is_shifting=False),
            "of 16 tokens has reached it; with shifting, that of 64.",
        ),
        (
            WindowState((8, 8), 4, 3, 1, (3, 3)),
            "in block 1 (plain windows): its whole window of 4 x 4. After 1 block the",
        ),
        (WindowState((4, 4), 2, 1, 2, (0, 0)), "hears 1 of 16 tokens in block 2"),
    ],
)
def test_the_sentence_says_what_is_special(state, words):
    assert words in state.sentence()
