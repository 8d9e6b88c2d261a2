"""States of the WindowExplorer, and a hand that brings it there and reads its pictures."""

import torch
from explorer_hand import Hand

from course_utils.widgets.window_state import WindowState

START = WindowState((12, 12), 4, 2, 2, (1, 6))
TALL = WindowState((14, 7), 7, 3, 2, (12, 3))
LEAKING = WindowState((8, 12), 4, 1, 4, (7, 11), is_masked=False)
NEVER = WindowState((10, 15), 5, 4, 6, (9, 0), is_shifting=False, is_masked=False)
PLAIN = WindowState((16, 16), 2, 1, 3, (0, 15))
HEARD, BLOCKED, LEAKED, OWN = (
    [int(code[i : i + 2], 16) for i in (0, 2, 4)] for code in ("111111", "5c5c5c", "d55e00", "0072b2")
)
NONE = [0xE4, 0xE4, 0xE0]
SHIFTS = {True: "every second block shifts", False: "no block shifts"}
MASKS = {True: "with the mask", False: "mask left out"}
CENTRES = """(canvas, [rows, columns]) => {
  const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return Array.from({ length: rows * columns }, (_, i) => {
    const x = Math.floor(((i % columns) + 0.5) * canvas.width / columns);
    const y = Math.floor((Math.floor(i / columns) + 0.5) * canvas.height / rows);
    return [...all.slice(4 * (y * canvas.width + x), 4 * (y * canvas.width + x) + 3)]; });
}"""


def tokens(hand):
    return hand.root.get_by_role("slider", name="the tokens: arrow keys move the token")


def rolled(hand):
    return hand.root.get_by_role("slider", name="the rolled tokens: arrow keys move the token")


def mask(hand):
    return hand.root.get_by_role("slider", name="the mask: arrow keys read pairs")


def knob(hand, label, value):
    hand.root.get_by_role("slider", name=label, exact=True).fill(str(value))


def number_of(state):
    return state.token[0] * state.grid[1] + state.token[1]


def set_all(hand, state):
    """Bring the explorer to a state, by its controls."""
    knob(hand, "M window side", state.window)
    knob(hand, "H rows", state.grid[0])
    knob(hand, "W columns", state.grid[1])
    knob(hand, "shift", state.shift)
    knob(hand, "block", state.block)
    hand.press(SHIFTS[state.is_shifting])
    hand.press(MASKS[state.is_masked])
    hand.click(tokens(hand), number_of(state), state.grid)


def at_start(visit):
    """Return the hand on a page's WindowExplorer, brought to `START`."""
    hand = Hand(visit, "windows")
    set_all(hand, START)
    return hand


def fault(hand):
    return hand.root.get_by_role("alert").inner_text()


def reading(hand, panel):
    return hand.root.locator(".vt-reading").nth(panel).inner_text()


def seen(canvas, grid, *colours):
    """Return the cells whose middles have each of the colours, read from the picture."""
    middles = canvas.evaluate(CENTRES, grid)
    near = [[max(abs(a - b) for a, b in zip(one, colour, strict=True)) < 12 for one in middles] for colour in colours]
    return [torch.tensor(one).view(grid) for one in near]
