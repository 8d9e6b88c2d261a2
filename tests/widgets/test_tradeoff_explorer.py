"""The TradeoffExplorer: the front against a search over all pairs, the page against the rows, and wrong input."""

import itertools
import math
import re
import statistics

import explorers
import pytest
from explorer_hand import MOST_SECONDS, Hand, visit_fixture

from course_utils.widgets import TradeoffExplorer
from course_utils.widgets.kit import script
from course_utils.widgets.tradeoff_rows import AXES, ChartAxis, read_models, rows_of, written_number, written_tick
from course_utils.widgets.tradeoff_still import tradeoff_chart
from course_utils.widgets.tradeoffs import Chart

visit = visit_fixture("page light", "lab Dark")
phone = visit_fixture("phone light", "phone dark")
KEYS = explorers.TRADE_KEYS
MORE = {"accuracy", "training images_per_s", "inference images_per_s"}
SHOWN = {"accuracy": 100, "bytes": 1e-6}  # by what the page multiplies
PAIRS = list(itertools.permutations(KEYS, 2))
SOME = [*PAIRS[::5], ("macs", "accuracy"), ("parameters", "accuracy")]


def seeds_of(row, key):
    """Return a row's values as the page shows them, one for each seed."""
    value = row.get(key, [])
    return [SHOWN.get(key, 1) * one for one in (value if isinstance(value, list | tuple) else [value])]


def named(row):
    return row["name"] + (" (yours)" if row.get("yours") else "")


def measured(x, y):
    """Return the mean x and y of every row that has both, by the name on the page."""
    rows = [row for row in explorers.trade_rows() if x in row and y in row]
    return {named(row): tuple(statistics.fmean(seeds_of(row, key)) for key in (x, y)) for row in rows}


def beats(first, second, keys):
    pairs = [(a, b) if key in MORE else (b, a) for a, b, key in zip(first, second, keys, strict=True)]
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


def beaten_by(x, y):
    """Return who beats each model, by trying all pairs."""
    means = measured(x, y)
    return {name: {o for o, their in means.items() if beats(their, mine, (x, y))} for name, mine in means.items()}


def chart_of(x, y, rows=None, axes=AXES):
    places = tuple([axis.key for axis in axes].index(key) for key in (x, y))
    models = read_models(explorers.trade_rows() if rows is None else rows, axes)
    return Chart(models, tuple(axes[place] for place in places), places)


# the front and the sentences, in Python


@pytest.mark.parametrize(("x", "y"), PAIRS)
def test_the_front_is_that_of_a_search_over_all_pairs(x, y):
    chart, found = chart_of(x, y), beaten_by(x, y)
    assert {model.shown: {other.shown for other in chart.beaters(model)} for model in chart.shown()} == found
    assert [model.shown for model in chart.front()] == [name for name, others in found.items() if not others]
    assert len(found) == (12 if {x, y} <= {"accuracy", "parameters", "macs"} else 11)


def told(*rows):
    """Say what the first of models with (accuracies, MACs) has."""
    made = [
        {"name": name, "family": "MLP", "accuracy": values, "macs": macs}
        for name, (values, macs) in zip("abcde", rows, strict=False)
    ]
    chart = chart_of("macs", "accuracy", made, (AXES[0], AXES[2]))
    return chart.sentence(chart.models[0])


def test_sentences_say_who_is_better_by_how_clear_a_margin():
    assert told(([0.8], 50_000)) == "a: 80.0 % at 50.0 k MACs; nobody is better on both. On the front: a (1 of 1)."
    assert told(([0.8, 0.82], 50), ([0.9], 40), ([0.7], 10)) == (
        "a: 81.0 % at 50.0 MACs; b is better on both. On the front: b and c (2 of 3)."
    )
    assert "; b and c are better on both. On the front: b and c" in told(([0.8], 5), ([0.9], 4), ([0.85], 3))
    assert "; b is better on both by their means, but seeds overlap. " in told(([0.8, 0.9], 5), ([0.86, 0.87], 4))
    assert "; nobody is better on both; b is better on one and equal on the other. " in told(([0.8], 5), ([0.8], 4))
    assert told(([0.8], 5), ([0.8], 5)).endswith("; nobody is better on both. On the front: a and b (2 of 2).")
    many = told(([0.8, 0.9], 5), ([0.95], 4), ([0.86, 0.88], 3), ([0.85], 1))
    assert "b is better on both; c is better on both by their means, but seeds overlap; d is better on one and" in many


def test_numbers_have_three_digits():
    numbers = {0: "0", 0.01234: "0.0123", 88.14: "88.1", 9.996: "10.0", 999.9: "1,000", 1234: "1,230", 9996: "10.0 k"}
    numbers |= {57_849: "57.8 k", 999_900: "1.00 M", 4_096_000: "4.10 M", 86_567_656: "86.6 M", 2.5e9: "2.50 G"}
    assert {value: written_number(value) for value in numbers} == numbers
    ticks = {0: "0", 0.02: "0.02", 5000: "5,000", 20_000: "20 k", 1_500_000: "1.5 M", -2: "−2"}
    assert {value: written_tick(value) for value in ticks} == ticks


def test_rows_are_made_from_an_experiments_seeds():
    rows = rows_of(explorers.trade_results(), {"ViT": "attention", "CNN": "convolution"})
    assert [row["name"] for row in rows] == ["ViT", "CNN"] and rows[0]["accuracy"] == [0.871, 0.868, 0.874]
    assert rows[1]["parameters"] == [77_900] * 3 and "seed" not in rows[0]
    both = rows_of([*explorers.trade_results(), {"arm": "ViT", "seed": 0, "speed": 3.0}], {"ViT": "attention"})
    assert both[0]["speed"] == [3.0] and both[0]["accuracy"] == rows[0]["accuracy"]
    with pytest.raises(ValueError, match=r"no rows of Perceptron: use CNN, DeiT, "):
        rows_of(explorers.trade_results(), {"Perceptron": "MLP"})


@pytest.mark.parametrize("x", [key for key in KEYS if key != "accuracy"])
def test_names_in_the_still_picture_keep_apart(x):
    (axes,) = tradeoff_chart(chart_of(x, "accuracy")).axes
    boxes = [text.get_window_extent().padded(2) for text in axes.texts]
    assert len(boxes) >= 11 and not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


# the page


@pytest.fixture
def hand(visit):
    return opened(visit)


def opened(visit):
    hand = Hand(visit, "tradeoff")
    choose(hand, "parameters", "accuracy")
    row(hand, "ViT").click()
    return hand


def title(key):
    return next(axis.title for axis in AXES if axis.key == key)


def choose(hand, x, y):
    for letter, key in (("x", x), ("y", y)) * 2:  # an axis that is taken makes both change places
        hand.root.get_by_label(f"axis {letter}", exact=True).select_option(label=title(key))


def row(hand, name):
    return hand.root.get_by_role("rowheader", name=name, exact=True)


def scale(hand, letter, name):
    hand.root.get_by_role("group", name=f"scale of axis {letter}").get_by_role("button", name=name).click()


def marks(hand):
    """Return the middle of every mark, in pixels, and whether it is on the front."""
    read = """(root) => Object.fromEntries([...root.querySelectorAll(".vt-mark")].map((mark) => {
        const box = mark.lastChild.getBoundingClientRect();
        const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
        return [mark.dataset.model, [x, y, mark.dataset.front === "true"]]; }))"""
    return hand.root.evaluate(read)


@pytest.mark.parametrize(("x", "y"), SOME)
def test_table_marks_and_sentence_have_the_rows_numbers(hand, x, y):
    choose(hand, x, y)
    read = "(root) => [...root.querySelectorAll('tbody tr')].map((row) => [...row.cells].map((cell) => cell.innerText))"
    by_name = {cells[0]: cells[1:] for cells in hand.root.evaluate(read)}
    found, means = beaten_by(x, y), measured(x, y)
    for each in explorers.trade_rows():
        cells = by_name[named(each)]
        for cell, key in zip(cells[1:3], (x, y), strict=True):
            seeds = seeds_of(each, key)
            spread = f"{written_number(min(seeds))} to {written_number(max(seeds))}" if len(set(seeds)) > 1 else ""
            number = written_number(statistics.fmean(seeds)) if seeds else "–"
            assert cell.split() == f"{number} {spread}".split(), (named(each), key)
        count = len(found.get(named(each), ()))
        told = f"{count} models" if count > 1 else "1 model" if count else "nobody"
        assert cells[3] == (told if named(each) in found else "–")
    assert {name for name, (*_, on_front) in marks(hand).items() if on_front} == {n for n in found if not found[n]}
    assert marks(hand).keys() == means.keys()
    chart = chart_of(x, y)
    for model in chart.models:
        row(hand, model.shown).click()
        assert hand.sentence() == chart.sentence(model)


@pytest.mark.parametrize(("x", "y"), [("macs", "accuracy"), ("training images_per_s", "bytes")])
@pytest.mark.parametrize("scales", ["linear", "log"])
def test_marks_stand_where_the_numbers_are(hand, x, y, scales):
    choose(hand, x, y)
    for letter in "xy":
        scale(hand, letter, scales)
    bend = math.log if scales == "log" else float
    places, means = marks(hand), measured(x, y)
    for axis, sign in ((0, 1), (1, -1)):
        pixels = [sign * places[name][axis] for name in means]
        values = [bend(means[name][axis]) for name in means]
        assert statistics.correlation(pixels, values) > 0.9999
        assert max(pixels) - min(pixels) > 200


def overlaps(hand):
    """Return which names cover another name or a mark, or leave the picture."""
    read = """(root) => {
        const box = (e) => e.getBoundingClientRect(), svg = box(root.querySelector(".vt-tradeoff-field"));
        const over = (a, b) => a.left < b.right && a.top + 2 < b.bottom - 2;
        const clash = (a, b) => over(box(a), box(b)) && over(box(b), box(a));
        const names = [...root.querySelectorAll(".vt-name")], marks = [...root.querySelectorAll(".vt-mark > path")];
        return names.filter((name) => [...names, ...marks].some((other) => other !== name && clash(name, other))
            || box(name).left < svg.left || box(name).right > svg.right).map((name) => name.textContent); }"""
    return hand.root.evaluate(read)


def check_names(hand, pairs):
    for x, y in pairs:
        choose(hand, x, y)
        for scales in ("linear", "log"):
            for letter in "xy":
                scale(hand, letter, scales)
            assert overlaps(hand) == [], (x, y, scales)
            assert len(marks(hand)) == hand.root.locator(".vt-name").count() >= 11


def test_no_name_covers_another_or_a_mark(hand):
    check_names(hand, PAIRS[::2])


def test_axes_change_places_where_one_is_chosen_twice(hand):
    hand.root.get_by_label("axis x", exact=True).select_option(label=title("accuracy"))
    read = "(select) => select.selectedOptions[0].text"
    assert [hand.root.get_by_label(f"axis {a}", exact=True).evaluate(read) for a in "xy"] == [
        *(title("accuracy"), title("parameters"))
    ]
    assert hand.sentence().startswith("ViT: 204 k parameters at 87.1 %; ")


def test_hovering_shows_and_leaving_brings_the_chosen_model_back(hand, visit):
    chosen = hand.sentence()
    assert chosen.startswith("ViT: 87.1 % at 204 k parameters; ")
    hand.root.locator(".vt-tradeoff-field").scroll_into_view_if_needed()
    x, y, _ = marks(hand)["SASA"]
    visit.page.mouse.move(x + 3, y - 3)
    assert hand.sentence().startswith("SASA: 86.2 % at 61.0 k parameters; nobody is better on both. ")
    hand.root.locator(".vt-sentence").hover()
    assert hand.sentence() == chosen
    hand.root.locator(".vt-tradeoff-field").scroll_into_view_if_needed()
    visit.page.mouse.click(*marks(hand)["SASA"][:2])
    hand.root.locator(".vt-sentence").hover()
    assert hand.sentence().startswith("SASA: ")
    assert row(hand, "SASA").locator("..").evaluate("(row) => row.className") == "vt-chosen"


def test_arrow_keys_walk_from_mark_to_mark(hand, visit):
    field = hand.root.locator(".vt-tradeoff-field")
    means = measured("parameters", "accuracy")
    across = sorted(means, key=lambda name: means[name][0])
    up = sorted(means, key=lambda name: means[name][1])
    field.press("Home")
    for name in [*across[1:], across[-1]]:
        field.press("ArrowRight")
        assert hand.sentence().startswith(f"{name}: ")
    assert field.get_attribute("aria-valuetext") in hand.sentence() and field.get_attribute("aria-valuenow") == "11"
    for name in up[up.index(across[-1]) + 1 :]:
        field.press("ArrowUp")
        assert hand.sentence().startswith(f"{name}: ")
    field.press("ArrowDown")
    assert hand.sentence().startswith(f"{up[-2]}: ")
    assert field.evaluate("(e) => getComputedStyle(e).outlineWidth") == "3px"


def test_yours_is_marked_and_said_where_it_was_not_measured(hand):
    row(hand, "Wide ViT (yours)").click()
    assert hand.root.locator(".vt-mark .vt-yours").count() == 1
    choose(hand, "bytes", "accuracy")
    assert hand.sentence().startswith("Wide ViT (yours) was not measured on peak memory of training in MB. On the fr")
    assert "(yours)" not in " ".join(marks(hand))


@pytest.mark.alone
def test_it_answers_at_once(hand):
    timed = """(root, i) => { const start = performance.now();
        if (i % 2) root.querySelectorAll("tbody tr")[i % 11].click();
        else {
            const select = root.querySelectorAll("select")[(i / 2) % 2];
            select.value = (Number(select.value) + 1) % 7;
            select.dispatchEvent(new Event("change"));
        }
        return new Promise((done) => requestAnimationFrame(() =>
        setTimeout(() => done(performance.now() - start)))); }"""
    times = [hand.root.evaluate(timed, place) for place in range(20)]
    print(f"another axis or another model: {statistics.median(times):.0f} ms")
    assert statistics.median(times) < 1000 * MOST_SECONDS


def test_on_a_phone_all_fits_and_taps_choose(phone):
    hand = opened(phone)
    check_names(hand, SOME)
    choose(hand, "parameters", "accuracy")
    assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert hand.root.locator(".vt-scroll").evaluate("(e) => e.scrollWidth <= e.clientWidth")
    hand.root.locator(".vt-tradeoff-field").scroll_into_view_if_needed()
    x, y, _ = marks(hand)["Hybrid ViT"]
    phone.page.touchscreen.tap(x + 6, y + 6)
    assert hand.sentence().startswith("Hybrid ViT: 88.8 % at 178 k parameters; nobody is better on both. ")


# made from rows


def test_it_begins_as_asked_and_is_small():
    made = TradeoffExplorer(explorers.trade_rows(), start=("macs", "bytes"), chosen="Swin")
    assert made.sentence.startswith("Swin: 120 MB at 3.90 M MACs; ")
    assert TradeoffExplorer(explorers.trade_rows()[:-1]).sentence.startswith("CNN: 88.4 % at 77.9 k parameters; nobody")
    assert made.stored_bytes < 150_000
    text = script("tradeoffs.js", "tradeoff_labels.js", "tradeoff_chart.js", "tradeoff.js")
    top = re.findall(r"^(?:async )?(?:function\*?|const|let|class) (\w+)", text, flags=re.MULTILINE)
    assert text.count("export") == 1 and len(top) == len(set(top)) > 30


ONE = {"name": "a", "family": "MLP", "accuracy": [0.8], "macs": 100}


@pytest.mark.parametrize(
    ("rows", "given", "message"),
    [
        ([], {"axes": AXES}, "0 rows make no chart: pass 1 or more"),
        ([ONE], {"axes": AXES[:1]}, "1 axes make no chart: pass 2 or more"),
        ([ONE, ONE], {}, "there is a second row 'a': give each its own name"),
        ([ONE], {"axes": (AXES[0], AXES[0])}, "there is a second axis 'accuracy': give each its own name"),
        ([ONE], {"axes": AXES[:2]}, "no row has 'parameters': leave that axis out, or measure it"),
        ([{"accuracy": 1, "macs": 2}], {}, "row 1 has no name and family: a row has name, family and its numbers"),
        ([{**ONE, "family": "RNN"}], {}, "a has the family 'RNN': use convolution, attention, both and MLP"),
        ([{**ONE, "accuracy": "?"}], {}, "a has accuracy = '?': use a number, or a list with one for each seed"),
        ([{**ONE, "macs": [1, float("nan")]}], {}, "a has macs = [1, nan]: use a number, or a list with one for each"),
        ([{**ONE, "macs": 0}], {}, "a has macs = 0: a logarithmic scale needs numbers above 0"),
        ([ONE], {"start": ("macs", "speed")}, "there is no axis 'speed': use accuracy and macs"),
        ([ONE], {"start": ("macs", "macs")}, "start=('macs', 'macs') is no pair of axes: name two different ones"),
        ([ONE], {"chosen": "b"}, "there is no model 'b': use a"),
        (
            [{**ONE, "macs": []}, {"name": "b", "family": "MLP", "macs": 3}],
            {},
            "no model has both macs and accuracy: start with others",
        ),
    ],
    ids=str,
)
def test_wrong_input_is_named_with_a_remedy(rows, given, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        TradeoffExplorer(rows, **given)


def test_an_axis_is_better_one_way_or_the_other():
    for wrong in ({"better": "higher"}, {"scale": "logarithmic"}):
        name, value = next(iter(wrong.items()))
        with pytest.raises(ValueError, match=f"the axis 'a' has {name}='{value}': use 'more|'linear"):
            ChartAxis("a", "a", "a", **wrong)


def test_zero_forbids_only_the_logarithmic_scale():
    axes = (AXES[0], ChartAxis("drop", "accuracy lost under shift", "points", "less"))
    made = TradeoffExplorer([{**ONE, "drop": 0}, {**ONE, "name": "b", "drop": 2}], axes)
    assert [axis["allowsLog"] for axis in made.facts["axes"]] == [True, False]
