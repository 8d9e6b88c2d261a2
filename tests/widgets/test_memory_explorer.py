"""The MemoryExplorer in the browser: what a reader does to it, and what is told of wrong input."""

import re
import statistics
from math import log10

import pytest
from explorer_hand import MOST_SECONDS, Hand, another, visit_fixture

from course_utils.widgets import MemoryExplorer, save
from course_utils.widgets.kit import script
from course_utils.widgets.memory import CHOICES, MOST, default_devices
from course_utils.widgets.settings import KINDS, MATRICES, Setting, written_bytes

START = Setting(224, 16, 7, 12, 12, 768, 1, "FP32")
PIXELS = Setting(128, 1, 8, 48, 16, 1536, 1, "FP16")
LARGEST = Setting(512, 1, 0, 96, 32, 2048, 1024, "FP64")
SLIDERS = {"side": "R image side", "patch": "P patch side", "layers": "L layers", "batch": "B batch"}
visit = visit_fixture("page light", "page dark", "lab Dark")
phone = visit_fixture("phone light", "phone dark")


def slide_to(hand, label, value, name):
    slider = hand.root.get_by_role("slider", name=label, exact=True)
    slider.fill(str(CHOICES[name].index(value)))
    assert slider.get_attribute("aria-valuetext") == f"{value:,}"


def choose(hand, label, text):
    hand.root.get_by_label(label, exact=True).select_option(text)


def set_all(hand, setting):
    for name, label in {
        "side": "R image side",
        "patch": "P patch side",
        "layers": "L layers",
        "batch": "B batch",
    }.items():
        slide_to(hand, label, getattr(setting, name), name)
    choose(hand, "M window side", f"{setting.window} x {setting.window} tokens" if setting.window else "none")
    choose(hand, "h heads", str(setting.heads))
    choose(hand, "D width", str(setting.width))
    choose(hand, "number format", setting.dtype)


@pytest.fixture
def hand(visit):
    hand = Hand(visit, "memory")
    set_all(hand, START)
    hand.press("training, explicit")
    return hand


def fault(hand):
    return hand.root.get_by_role("alert").inner_text()


def shown_bars(hand):
    """Return what is written beside each bar, by name."""
    rows = hand.root.get_by_role("listitem")
    return dict(row.locator("> span").all_inner_texts() for row in rows.all())


@pytest.mark.parametrize(
    "setting",
    [
        START,
        PIXELS,
        Setting(56, 4, 4, 24, 8, 384, 64, "FP8"),
        LARGEST,
        Setting(14, 14, 2, 1, 1, 64, 1, "FP8"),
    ],
    ids=lambda setting: f"{setting.side}-{setting.patch}",
)
def test_every_bar_is_as_long_as_its_number_says(hand, setting):
    set_all(hand, setting)
    assert fault(hand) == "" and hand.sentence() == setting.sentence(default_devices())
    bars = setting.bars()
    told = {name: setting.window_fault if number is None else written_bytes(number) for name, number in bars.items()}
    assert shown_bars(hand) == told
    measure = "(i) => [!i.hidden, i.offsetWidth / i.parentElement.offsetWidth]"
    for row, number in zip(hand.root.get_by_role("listitem").all(), bars.values(), strict=True):
        is_shown, part = row.locator("i").evaluate(measure)
        assert is_shown == (number is not None)
        assert part == pytest.approx(min(1, max(0, (log10(number) - 3) / 12)) if number else 0, abs=0.006)


def test_lines_mark_the_cards_on_the_same_scale(hand):
    read = """(root) => [...root.querySelectorAll(".vt-memory-cards > div")].map((line) => {
      const track = root.querySelector(".vt-memory-row > div").getBoundingClientRect();
      return [line.textContent, (line.getBoundingClientRect().left - track.left) / track.width]; })"""
    lines = dict(hand.root.evaluate(read))
    places = {f"{name}: {number:g} GB": (log10(number) + 6) / 12 for name, number in default_devices().items()}
    assert lines == pytest.approx(places, abs=0.005)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_table_has_what_the_peak_holds(hand, kind):
    hand.press(kind.name)
    terms = START.peak(kind)
    rows = [row.locator("th, td").all_inner_texts() for row in hand.root.locator("tbody tr").all()]
    total = sum(terms.values())
    expected = [
        [name, f"{number:,}", written_bytes(number), f"{number / total:.1%}"]
        for name, number in {**terms, "in all": total}.items()
    ]
    assert rows == expected


def test_sizes_that_do_not_fit_are_told_and_change_nothing(hand):
    before = hand.sentence(), shown_bars(hand)
    slide_to(hand, "R image side", 84, "side")
    assert fault(hand) == (
        "Image side 84 is not a multiple of the patch side 16: choose P = 1, 2, 4, 7 or 14. "
        "Shown is still what it was before."
    )
    assert (hand.sentence(), shown_bars(hand)) == before
    slide_to(hand, "P patch side", 7, "patch")
    assert fault(hand) == "" and "is 144 tokens" in hand.sentence()
    choose(hand, "D width", "1024")
    assert "Width 1024 is not a multiple of 12 heads: choose h = 1, 2, 4, 8, 16 or 32." in fault(hand)
    choose(hand, "h heads", "16")
    assert fault(hand) == ""


@pytest.mark.parametrize(
    ("choice", "why"),
    [
        ("4 x 4 tokens", "not possible: 14 is not a multiple of 4"),
        ("14 x 14 tokens", "not possible: one window is the whole grid"),
        ("none", "no window chosen"),
    ],
)
def test_windows_that_do_not_fit_are_told_in_place_of_their_numbers(hand, choice, why):
    hand.press("training, in windows")
    choose(hand, "M window side", choice)
    bars = shown_bars(hand)
    assert bars["all matrices, in windows"] == bars["training, in windows"] == why
    assert hand.root.locator("tbody").inner_text() == why and "windows" not in hand.sentence()


def test_the_formulas_have_their_numbers(hand):
    slide_to(hand, "B batch", 8, "batch")
    assert hand.root.locator("dd").all_inner_texts() == [
        "N = (R/P)² = (224/16)² = 196",
        "N² = (R/P)⁴ = 38,416",
        "N M² = 196 × 49 = 9,604",
        "L h B = 12 × 12 × 8 = 1,152",
        "4 bytes in FP32",
    ]


def test_the_keyboard_moves_sliders_and_selects(hand, visit):
    hand.slide("R image side", "End")
    assert hand.sentence().startswith("A 512 x 512 image")
    hand.slide("B batch", "ArrowRight", times=2)
    assert hand.sentence().startswith("4 images of 512 x 512")
    select = hand.root.get_by_label("number format", exact=True)
    select.focus()
    assert select.evaluate("(element) => getComputedStyle(element).outlineWidth") == "3px"
    visit.page.keyboard.press("ArrowDown")
    assert "in FP16:" in hand.sentence()


@pytest.mark.alone
def test_it_answers_at_once(hand):
    timed = """(slider, value) => { const start = performance.now(); slider.value = value;
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        return new Promise((done) => requestAnimationFrame(() =>
        setTimeout(() => done(performance.now() - start)))); }"""
    slider = hand.root.get_by_role("slider", name="L layers", exact=True)
    times = [slider.evaluate(timed, place) for place in range(len(CHOICES["layers"]))]
    print(f"moving a slider: {statistics.median(times):.0f} ms")
    assert statistics.median(times) < 1000 * MOST_SECONDS


def test_on_a_phone_nothing_runs_over_the_edge(phone):
    hand = Hand(phone, "memory")
    for setting in (LARGEST, Setting(56, 14, 7, 1, 1, 64, 1, "FP8")):
        set_all(hand, setting)
        hand.press("training, in windows")
        assert hand.sentence() == setting.sentence(default_devices())
        assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        edges = "(e) => [...e.querySelectorAll('.vt-memory-bars *')].map((x) => x.getBoundingClientRect().right)"
        assert max(hand.root.evaluate(edges)) <= 390


def test_any_sizes_and_devices_are_shown_as_python_says(window, tmp_path):
    devices = {"a small one": 0.000002, "my laptop": 7.5, "a cluster": 2_500_000}
    made = MemoryExplorer(side=85, patch=5, window=None, layers=7, heads=5, width=35, batch=3, devices=devices)
    with another(window, offline=True) as opened:
        opened.page.goto(save(tmp_path / "memory.html", made).as_uri())
        root = opened.page.locator(".vt-explorer")
        assert root.locator(".vt-sentence").inner_text() == made.sentence
        assert made.sentence.startswith("3 images of 85 x 85 in patches of 5 x 5 are 289 tokens each; ")
        assert root.get_by_role("slider", name="R image side").get_attribute("aria-valuetext") == "85"
        assert root.get_by_label("h heads").input_value() == str(made.facts["choices"]["heads"].index(5))
        assert [root.locator(".vt-memory-left").count(), opened.complaints] == [1, []]


# in Python


def test_it_is_small_and_its_code_is_one_module():
    assert MemoryExplorer().stored_bytes < 150_000
    text = script("bits.js", "costs.js", "memory.js")
    top = re.findall(r"^(?:async )?(?:function|const|let|class) (\w+)", text, flags=re.MULTILINE)
    assert text.count("export") == 1 and len(top) == len(set(top)) > 40
    assert tuple(MemoryExplorer().facts["matrices"]) == MATRICES


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"side": 30}, "image side 30 is not a multiple of the patch side 16: change one of them"),
        ({"heads": 7}, "width 768 is not a multiple of 7 heads: change one of them"),
        ({"layers": 0}, "layers is 0: use a whole number from 1 to 100,000"),
        ({"batch": 1.5}, "batch is 1.5: use a whole number from 1 to 100,000"),
        ({"side": MOST + 1}, "side is 100001: use a whole number from 1 to 100,000"),
        ({"patch": True}, "patch is True: use a whole number"),
        ({"window": 0}, "window is 0: use a whole number from 1 to 100,000, or None for no windows"),
        ({"dtype": "FP12"}, "dtype 'FP12' isn't known: use one of FP64, FP32, FP16, BF16, FP8"),
        ({"devices": {}}, "there are no devices: pass one or more, such as {'H100': 80}"),
        ({"devices": {"X": -1}}, "X has -1 GB of memory: pass a positive number"),
        ({"devices": {"X": float("nan")}}, "X has nan GB of memory"),
        ({"devices": {"X": "80"}}, "X has '80' GB of memory"),
    ],
)
def test_wrong_input_is_named_with_a_remedy(wrong, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        MemoryExplorer(**wrong)
