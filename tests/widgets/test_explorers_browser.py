"""The explorers in a real browser: in JupyterLab, and in a saved page without a network.

What is pressed, pointed at or tapped changes the picture and the sentence at once, for everyone.
"""

import statistics

import auditor
import explorers
import pytest
from auditor import serious
from explorer_hand import MOST_SECONDS, Hand, quickest, visit_fixture
from explorers import GRID

ROWS, COLUMNS = GRID
visit = visit_fixture("page light", "page dark", "lab Light", "lab Dark")
timed = visit_fixture("page light", "lab Dark")  # a theme costs no time
axe = auditor.axe
CLOCK = """() => {
  window.answers = [];
  const picture = () => [...document.querySelectorAll(".vt-explorer canvas")].map((c) => c.toDataURL()).join();
  window.before = picture();
  const time = (event) => requestAnimationFrame(() => {
    const channel = new MessageChannel(); // answers once the frame is drawn
    channel.port1.onmessage = () => window.answers.push(performance.now() - event.timeStamp);
    channel.port2.postMessage(null);
  });
  if (!window.clocked) for (const name of ["pointermove", "click", "keydown", "input"])
    document.addEventListener(name, time, true);
  window.clocked = true;
  window.changed = () => { const now = picture(), is = now !== window.before; window.before = now; return is; };
}"""


# at once


def answers(visit, acts):
    """Do each of `acts`; return the seconds until the frame with the changed picture."""
    visit.page.evaluate(CLOCK)
    seconds = []
    for act in acts:
        visit.page.evaluate("answers.length = 0")
        act()
        visit.page.wait_for_function("answers.length > 0")
        seconds.append(visit.page.evaluate("answers.at(-1)") / 1000)
        assert visit.page.evaluate("changed()"), "the picture stayed the same"
    return seconds


@pytest.mark.alone
@pytest.mark.parametrize("name", ["single", "fine", "pair"])
@pytest.mark.parametrize("way", ["mouse", "keyboard", "touch"])
def test_the_picture_and_the_sentence_follow_at_once(timed, name, way):
    hand = Hand(timed, name)
    grid = (18, 28) if name == "fine" else GRID
    patches = [grid[1] * 2 + column for column in range(2, 8)]
    hand.click(hand.image, 0, grid)
    said = [hand.sentence()]

    def reach(patch):
        if way == "mouse":
            hand.hover(hand.image, patch, grid)
        elif way == "touch":
            hand.image.tap(position=hand.place(hand.image, patch, grid))
        else:
            hand.image.press("ArrowDown" if patch % 2 else "ArrowRight")
        said.append(hand.sentence())

    seconds = quickest(lambda: answers(timed, [lambda patch=patch: reach(patch) for patch in patches]))
    print(f"{way}, {name}: {1000 * statistics.median(seconds):.0f} ms, at most {1000 * max(seconds):.0f} ms")
    assert statistics.median(seconds) < MOST_SECONDS
    assert len(set(said[: len(patches) + 1])) == len(patches) + 1


@pytest.mark.alone
def test_a_slider_a_button_and_the_sequence_answer_at_once(timed):
    hand, sequence = Hand(timed, "single"), Hand(timed, "sequence")
    lattice = sequence.lattices.nth(1)
    acts = [
        lambda: hand.slide("contrast", "ArrowLeft"),
        lambda: hand.slide("threshold", "ArrowRight"),
        lambda: hand.press("who looks at it"),
        lambda: hand.press("where it looks"),
        lambda: hand.slide("threshold", "ArrowLeft"),
        lambda: hand.slide("contrast", "ArrowRight"),
        lambda: lattice.press("ArrowRight"),
        lambda: lattice.press("ArrowDown"),
        lambda: sequence.click(lattice, 6, (explorers.DEPTH + 1, explorers.TOKENS)),
    ]
    assert statistics.median(answers(timed, acts)) < MOST_SECONDS


def test_hovering_shows_and_leaving_brings_the_chosen_token_back(visit):
    hand = Hand(visit, "single")
    hand.click(hand.image, 3 * COLUMNS + 5)
    chosen = hand.sentence()
    assert "the patch at row 3, column 5" in chosen
    hand.hover(hand.image, 7 * COLUMNS + 1)
    assert "the patch at row 7, column 1" in hand.sentence()
    hand.root.locator(".vt-sentence").hover()
    assert hand.sentence() == chosen


def test_the_keyboard_reaches_everything_and_stops_at_the_edge(visit):
    hand = Hand(visit, "single")
    hand.root.get_by_role("button", name="where it looks").focus()
    seen = []
    for _ in range(20):
        focused = "document.activeElement"
        if not visit.page.evaluate(f"!!{focused}.closest('.vt-explorer')"):
            break
        seen.append(visit.page.evaluate(f"{focused}.getAttribute('aria-label') || {focused}.innerText.split('\\n')[0]"))
        outline = visit.page.evaluate(f"getComputedStyle({focused}).outlineWidth")
        visit.page.keyboard.press("Tab")
        assert outline == "3px" or len(seen) == 1, seen[-1]
        if len(seen) == 13:
            break
    pictures = ["mean", "head 1", "head 2", "head 3", "head 4", "rollout"]
    canvases = ["the image: arrow keys move the token", "the map: arrow keys read weights"]
    assert seen == ["where it looks", "who looks at it", "layer", "threshold", "contrast", *canvases, *pictures]
    for key in ("Home", *["ArrowUp"] * ROWS, "ArrowLeft"):
        hand.image.press(key)
    assert "the patch at row 0, column 0" in hand.sentence()
    assert hand.image.get_attribute("aria-valuetext") == "row 0, column 0"
    hand.image.press("End")
    assert f"the patch at row 0, column {COLUMNS - 1}" in hand.sentence()


# accessibility, phones


def test_the_audit_finds_nothing_serious(visit, axe):
    assert serious(visit.page, axe, "html" if visit.page.url.startswith("file:") else ".vt-explorer") == []


def test_the_audit_finds_what_is_wrong(visit, axe):
    visit.page.evaluate(
        "document.querySelector('.vt-explorer').insertAdjacentHTML('beforeend', '<button id=bad></button>')"
    )
    found = serious(visit.page, axe, ".vt-explorer")
    visit.page.evaluate("document.getElementById('bad').remove()")
    assert "button-name" in {name for name, *_ in found}


phone = visit_fixture("phone light", "phone dark")


def test_on_a_phone_nothing_runs_over_the_edge(phone, axe):
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert phone.page.evaluate("innerWidth") == 390 and phone.page.evaluate(fits)
    hand = Hand(phone, "single")
    hand.image.tap(position=hand.place(hand.image, 20))
    assert "row 1, column 6" in hand.sentence() and phone.page.evaluate(fits)
    hand.map().tap(position=hand.place(hand.map(), 20))
    assert hand.reading().startswith("row 1, column 6: ")
    assert serious(phone.page, axe, "html") == []
