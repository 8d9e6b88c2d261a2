"""The AugRegExplorer: every number on the page against the table, what a reader does to it, and wrong input."""

import re
import statistics
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import explorers
import pytest
from explorer_hand import MOST_SECONDS, Hand, another, quickest, visit_fixture

from course_utils import data
from course_utils.experiments import by_arm
from course_utils.widgets import AugRegExplorer, save
from course_utils.widgets.augreg import GROUPS
from course_utils.widgets.grid_rows import read_grid, rows_of_arms
from course_utils.widgets.kit import script

TABLE = data.table("steiner_heatmap")
CELLS = {(row["model"], row["regularization"], row["augmentation"]): int(row["accuracy"]) for row in TABLE}
MODELS, STATES, LEVELS = (list(dict.fromkeys(names)) for names in zip(*CELLS, strict=True))
START = ("B/16", "none", "none"), ("B/16", "0.1", "med2")
visit = visit_fixture("page light", "lab Dark")
phone = visit_fixture("phone light", "phone dark")


def change(model, level):
    return CELLS[model, "0.1", level] - CELLS[model, "none", level]


def signed(number):
    """Write a number with its sign: a true minus, none for 0."""
    return f"{number:+}".replace("-", "−") if number else "0"


def told(model, level, state=None):
    """Return how the page names a cell; without a state, a cell of what regularisation changes."""
    name = f"{model} with {'no augmentation' if level == 'none' else f'augmentation {level}'}"
    how = {
        None: ": regularisation 0.1 changes ",
        "none": " and no regularisation: ",
        "0.1": " and regularisation 0.1: ",
    }
    return name + how[state]


def cell(hand, model, state, level):
    return hand.root.locator(f'td[aria-label^="{told(model, level, state)}"]')


def letters(picked):
    """Return the letters in a cell's corner, A, B or both, as the reader sees them."""
    return picked.evaluate("(cell) => getComputedStyle(cell, '::after').content").strip('"')


def pick(hand, *cells):
    hand.press(re.compile("^A$"))
    for one in cells:
        cell(hand, *one).click()


def sort(hand, axis, by):
    hand.root.get_by_label(f"sort {axis} by", exact=True).select_option(label=by)


def counted(hand):
    return hand.root.locator(".vt-sentence > strong").inner_text()


def compared(hand):
    return hand.root.locator(".vt-sentence > span").inner_text()


def counts(models):
    changes = [change(model, level) for model in models for level in LEVELS]
    helps, ties = sum(one > 0 for one in changes), changes.count(0)
    return f"helps in {helps}, ties in {ties}, hurts in {len(changes) - helps - ties} of {len(changes)} pairs "


def rounded(numbers, sign=""):
    """Return the mean with one decimal, halves away from zero, as the page writes it."""
    mean = Fraction(sum(numbers), len(numbers))
    value = (Decimal(mean.numerator) / Decimal(mean.denominator)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{value:{sign}}".replace("-", "−") if value else "0.0"


@pytest.fixture
def hand(visit):
    hand = Hand(visit, "augreg")
    hand.press("side by side")
    hand.press("all 9")
    for axis in ("models", "augmentations"):
        sort(hand, axis, "the table's order")
    pick(hand, *START)
    return hand


def shown(hand):
    """Return the texts of the table's body, row by row."""
    read = """(root) => [...root.querySelectorAll("tbody tr")].map((row) =>
      [...row.cells].map((cell) => cell.innerText))"""
    return hand.root.evaluate(read)


# numbers


def test_every_cell_of_the_three_maps_is_the_tables(hand):
    rows = [
        [model, *(str(CELLS[model, state, level]) for state in STATES for level in LEVELS)]
        + [signed(change(model, level)) for level in LEVELS]
        + [rounded([change(model, level) for level in LEVELS], "+")]
        for model in MODELS
    ]
    assert shown(hand) == rows and len(CELLS) == 126


def test_colours_follow_the_numbers(hand):
    read = "(cell) => getComputedStyle(cell).backgroundColor.match(/[0-9]+/g).map(Number)"
    for model, level in [("Ti/16", "med2"), ("L/16", "med1"), ("B/16", "none"), ("S/16", "light1")]:
        red, _, blue = cell(hand, model, None, level).evaluate(read)
        number = change(model, level)
        assert abs(blue - red) <= 5 if number == 0 else (blue > red) == (number > 0)
    light = [sum(cell(hand, *one).evaluate(read)) for one in sorted(CELLS, key=CELLS.get)]
    assert light == sorted(light) and light[0] < light[-1]


@pytest.mark.parametrize(
    ("button", "models", "sum_"),
    [
        ("all 9", MODELS, "helps in 40, ties in 1, hurts in 22 of 63 "),
        ("small (4)", GROUPS["small"], "helps in 6, ties in 0, hurts in 22 of 28 "),
        ("large (5)", GROUPS["large"], "helps in 34, ties in 1, hurts in 0 of 35 "),
    ],
)
def test_the_counts_are_the_tables(hand, button, models, sum_):
    hand.press(button)
    said = counted(hand)
    assert sum_ in counts(models) and counts(models) in said
    assert said.endswith("(all 9 models)." if models is MODELS else f"({', '.join(models[:-1])} and {models[-1]}).")
    parts = hand.root.evaluate(
        "(root) => [...root.querySelectorAll('.vt-augreg-bar span')].map((e) => e.style.flexGrow)"
    )
    assert counts(models).startswith("helps in {}, ties in {}, hurts in {} ".format(*parts))


def test_ticks_change_counts_means_and_buttons(hand, visit):
    left = ["Ti/16", "S/16", "B/32", "L/16"]  # 4 rows: means with halves at the last digit
    for model in MODELS:
        if model not in left:
            hand.root.get_by_label(model, exact=True).focus()
            visit.page.keyboard.press("Space")
    assert counts(left) in counted(hand) and counted(hand).endswith("(Ti/16, S/16, B/32 and L/16).")
    foot = hand.root.locator("tfoot td").all_inner_texts()
    means = [rounded([CELLS[model, state, level] for model in left]) for state in STATES for level in LEVELS]
    means += [rounded([change(model, level) for model in left], "+") for level in LEVELS]
    every = rounded([change(model, level) for model in left for level in LEVELS], "+")
    assert foot == [*means, every]
    assert hand.root.get_by_role("button", name="all 9").get_attribute("aria-pressed") == "false"
    out = hand.root.locator("tr.vt-augreg-out label").all_inner_texts()
    assert out == [model for model in MODELS if model not in left]
    for model in left:
        hand.root.get_by_label(model, exact=True).uncheck()
    assert counted(hand) == "No model is ticked: tick one or more."
    assert set(hand.root.locator("tfoot td").all_inner_texts()) == {"–"}
    hand.press("all 9")
    assert counts(MODELS) in counted(hand) and hand.root.locator("tr.vt-augreg-out").count() == 0


# orders


def order(hand):
    rows = shown(hand)
    read = "(root) => [...root.querySelectorAll('thead tr:last-child th')].map((e) => e.textContent.replace('\\n', ''))"
    return [row[0] for row in rows], hand.root.evaluate(read)[1 : 1 + len(LEVELS)]


@pytest.mark.parametrize("models", [MODELS, GROUPS["small"]], ids=["all", "small"])
def test_rows_and_columns_are_sorted(hand, models):
    hand.press("all 9" if models is MODELS else "small (4)")
    scores = {
        "the table's order": (lambda _model: 0, lambda _level: 0),
        "best cell": (
            lambda model: -max(CELLS[model, state, level] for state in STATES for level in LEVELS),
            lambda level: -max(CELLS[model, state, level] for state in STATES for model in models),
        ),
        "gain from regularisation": (
            lambda model: -sum(change(model, level) for level in LEVELS),
            lambda level: -sum(change(model, level) for model in models),
        ),
    }
    before = hand.sentence()
    for by, (of_model, of_level) in scores.items():
        sort(hand, "models", by)
        sort(hand, "augmentations", by)
        assert order(hand) == (sorted(MODELS, key=of_model), sorted(LEVELS, key=of_level)), by
    assert hand.sentence() == before
    picked = cell(hand, "B/16", "0.1", "med2")
    assert (picked.inner_text(), letters(picked)) == ("83", "B")


# picking


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (*START, "From A to B the regularisation and the augmentation change: +13 points."),
        (("R26S", "none", "med2"), ("R26S", "0.1", "med2"), "From A to B only the regularisation changes: +2 points."),
        (("S/16", "0.1", "med2"), ("S/16", "0.1", "med1"), "From A to B only the augmentation changes: 0 points."),
        (("RTi", "none", "none"), ("Ti/16", "0.1", "heavy2"), "the augmentation change: −7 points."),
        (("B/32", "0.1", "light1"), ("S/16", "0.1", "light1"), "From A to B only the model changes: +5 points."),
        (("L/16", "none", "light2"), ("L/16", "none", "med1"), "From A to B only the augmentation changes: +1 point."),
        (("L/16", "none", "med1"), ("L/16", "none", "med1"), "A and B are one cell."),
    ],
)
def test_two_cells_are_compared(hand, first, second, said):
    pick(hand, first, second)
    assert compared(hand) == read_grid(TABLE).sentence(*(read_grid(TABLE).cell(one) for one in (first, second)))
    assert compared(hand).endswith(said)
    if first != second:
        assert said == "A and B are one cell." or f"{signed(CELLS[second] - CELLS[first])} point" in said
    for letter, one in zip("AB", (first, second), strict=True):
        picked = cell(hand, *one)
        assert f"{CELLS[one]} %" in hand.sentence()
        assert letter in letters(picked) and picked.get_attribute("aria-selected") == "true"
    marked = hand.root.locator("td[aria-selected=true]").count()
    assert marked == len({first, second}) + len({(model, level) for model, _, level in (first, second)})


def test_a_cell_of_what_changes_picks_both_that_it_compares(hand):
    cell(hand, "Ti/16", None, "med2").click()
    assert compared(hand) == (
        "A, Ti/16 with augmentation med2 and no regularisation, has 74 %. B, the same with regularisation 0.1, has "
        "63 %. From A to B only the regularisation changes: −11 points."
    )
    assert letters(cell(hand, "Ti/16", None, "med2")) == "AB"


def test_picks_take_turns_and_a_button_says_whose_turn_it_is(hand):
    turn = hand.root.get_by_role("button", name=re.compile("^[AB]$"))
    assert [button.get_attribute("aria-pressed") for button in turn.all()] == ["true", "false"]
    cell(hand, "RTi", "none", "none").click()
    assert hand.sentence().startswith("A, RTi with no augmentation and no regularisation, has 69 %; with")
    assert [button.get_attribute("aria-pressed") for button in turn.all()] == ["false", "true"]
    hand.press(re.compile("^A$"))
    cell(hand, "R50L", "0.1", "heavy2").click()
    assert hand.sentence().startswith("A, R50L with augmentation heavy2 and regularisation 0.1, has 77 %; with")
    assert "B, B/16 with augmentation med2" in hand.sentence()


def test_arrow_keys_walk_over_all_maps_and_enter_picks(hand, visit):
    def focused():
        return visit.page.evaluate("document.activeElement.getAttribute('aria-label')")

    pick(hand, ("RTi", "none", "none"), ("RTi", "none", "none"))
    keys = visit.page.keyboard
    for key, where in [
        ("ArrowUp", ("RTi", "none", "none")),
        ("ArrowLeft", ("RTi", "none", "none")),
        ("ArrowDown", ("Ti/16", "none", "none")),
        *[("ArrowRight", ("Ti/16", level, "none")) for level in LEVELS[1:]],
        ("ArrowRight", ("Ti/16", "none", "0.1")),
        ("End", ("Ti/16", "heavy2", None)),
        ("ArrowRight", ("Ti/16", "heavy2", None)),
        ("Home", ("Ti/16", "none", "none")),
    ]:
        keys.press(key)
        assert focused().startswith(told(*where)), key
    assert hand.root.locator("td[tabindex='0']").count() == 1
    assert hand.root.locator("td[tabindex='0']").evaluate("(e) => getComputedStyle(e).outlineWidth") == "3px"
    keys.press("Enter")
    keys.press("ArrowDown")
    keys.press("Space")
    assert hand.sentence().startswith("A, Ti/16 with no augmentation and no regularisation, has 72 %")
    assert "B, S/32 with no augmentation and no regularisation, has 64 %" in hand.sentence()


def test_one_map_is_shown_at_a_time_where_asked(hand):
    for button, states in [("without", ["none"]), ("with 0.1", ["0.1"]), ("what it changes", [None])]:
        hand.press(button)
        for state in ("none", "0.1", None):
            assert cell(hand, "RTi", state, "none").count() == (state in states)
        assert hand.root.locator("tbody td[tabindex='0']").count() == 1
        numbers = [row[1 : 1 + len(LEVELS)] for row in shown(hand)]
        if states != [None]:
            assert numbers == [[str(CELLS[model, states[0], level]) for level in LEVELS] for model in MODELS]
        else:
            assert numbers == [[signed(change(model, level)) for level in LEVELS] for model in MODELS]


@pytest.mark.alone
@pytest.mark.parametrize("act", ["td[tabindex]", "input"], ids=["a cell is picked", "a box is ticked"])
def test_it_answers_at_once(hand, act):
    timed = """(root, [act, place]) => { const start = performance.now(), parts = root.querySelectorAll(act);
        parts[place % parts.length].click();
        return new Promise((done) => requestAnimationFrame(() =>
        setTimeout(() => done(performance.now() - start)))); }"""
    seconds = quickest(lambda: [hand.root.evaluate(timed, [act, place]) / 1000 for place in range(0, 180, 10)])
    print(f"{act}: {1000 * statistics.median(seconds):.0f} ms")
    assert statistics.median(seconds) < MOST_SECONDS


def test_on_a_phone_one_map_fits(phone):
    hand = Hand(phone, "augreg")
    assert not hand.root.get_by_role("button", name="side by side").is_visible()
    for button, state in [("what it changes", None), ("with 0.1", "0.1"), ("without", "none")]:
        hand.press(button)
        assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert hand.root.locator(".vt-scroll").evaluate("(e) => e.scrollWidth <= e.clientWidth")
        box = cell(hand, "R50L", state, "heavy2").bounding_box()
        assert box["x"] + box["width"] <= 390 and min(box["width"], box["height"]) >= 30
    cell(hand, "RTi", "none", "heavy2").tap()
    assert hand.sentence().startswith("A, RTi with augmentation heavy2 and no regularisation, has 68 %")


# a table of the course's own


def measured():
    accuracies = by_arm("augreg", "accuracy")
    return accuracies, AugRegExplorer(rows_of_arms(accuracies), what="Fashion-MNIST: % of the test images")


def test_the_courses_own_runs_are_shown_with_their_seeds(window, tmp_path):
    accuracies, made = measured()
    with another(window, offline=True, viewport={"width": 1280, "height": 900}) as opened:
        opened.page.goto(save(tmp_path / "own.html", made).as_uri())
        root = opened.page.locator(".vt-explorer")
        assert root.locator(".vt-sentence").inner_text() == repr(made)
        helps = ties = within = 0
        for arm, seeds in accuracies.items():
            size, labels, state, level = arm.split(", ")
            if state == "none":
                other = accuracies[f"{size}, {labels}, 0.1, {level}"]
                means = [round(1000 * sum(values) / len(values)) for values in (seeds, other)]
                apart = [round(1000 * (max(values) - min(values))) for values in (seeds, other)]
                difference = means[1] - means[0]
                helps, ties = helps + (difference > 0), ties + (difference == 0)
                within += abs(difference) <= max(apart)
                name = told(f"{size} ({int(labels):,} labels)", level)
                text = root.locator(f'td[aria-label^="{name}"]').inner_text()
                sign = "+" if difference > 0 else "−" if difference else ""
                number = f"{sign}{abs(difference) / 10:.1f}"
                assert text == (f"({number})" if abs(difference) <= max(apart) else number), arm
        said = (
            f"helps in {helps}, ties in {ties}, hurts in {16 - helps - ties} of 16 pairs (all 4 models). In {within} "
        )
        assert said in root.locator(".vt-sentence").inner_text()
        assert opened.complaints == [] and not root.get_by_role("button", name="all 4").is_visible()


def rows_of(codes, **columns):
    """Return rows of a map with the models a and b, the levels none and x."""
    names = [(model, state, level) for model in "ab" for state in ("none", "0.1") for level in ("none", "x")]
    keys = ("model", "regularization", "augmentation", "accuracy")
    return [dict(zip(keys, (*name, code), strict=True), **columns) for name, code in zip(names, codes, strict=True)]


def test_differences_are_those_of_the_numbers_shown():
    grid = read_grid(rows_of([70.04, 70.06, 70.06, 70.14, 50, 50, 50, 50]))  # 70.0, 70.1, 70.1, 70.1
    assert (grid.decimals, grid.changes(0), grid.changes(1)) == (1, [1, 0], [0, 0])
    assert read_grid(rows_of(range(60, 68))).changes(0) == [2, 2]


def test_the_start_is_the_best_cell_or_what_is_asked_for():
    best = AugRegExplorer(rows_of([80, 70, 71, 72, 73, 74, 75, 76]))
    assert best.sentence.startswith("A, a with no augmentation and no regularisation, has 80 %. B, the same with reg")
    asked = AugRegExplorer(start=(("RTi", "0.1", "med1"), ("S/32", "none", "med1")))
    assert asked.sentence.startswith("A, RTi with augmentation med1 and regularisation 0.1, has 65 %")
    assert "the model and the regularisation change: +11 points." in asked.sentence


def test_it_is_small_and_its_code_is_one_module():
    assert AugRegExplorer().stored_bytes < 150_000 and measured()[1].stored_bytes < 150_000
    text = script("grids.js", "augreg_table.js", "augreg.js")
    top = re.findall(r"^(?:async )?(?:function|const|let|class) (\w+)", text, flags=re.MULTILINE)
    assert text.count("export") == 1 and len(top) == len(set(top)) > 30
    assert AugRegExplorer().sentence == explorers.augreg().sentence


GOOD = rows_of(range(60, 68))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rows": []}, "there are no rows: pass one for each cell of the map"),
        ({"rows": [{"model": "a", "accuracy": 3}]}, "row 1 has no regularization and augmentation: a row has model, "),
        ({"rows": GOOD[:-1]}, "there is no row for ('b', '0.1', 'x'): a map needs every cell"),
        ({"rows": [*GOOD, GOOD[2]]}, "row 9 is a second one for ('a', '0.1', 'none'): leave one out, or take their"),
        ({"rows": [row for row in GOOD if row["regularization"] == "none"]}, "has 'none': a map needs 'none' and one"),
        ({"rows": [{**row, "regularization": row["augmentation"] + "1"} for row in GOOD]}, "row 3 is a second one"),
        ({"rows": [*GOOD[:3], {**GOOD[3], "accuracy": "?"}, *GOOD[4:]]}, "row 4 has the accuracy '?': use a number"),
        ({"rows": rows_of([101] * 8)}, "row 1 has the accuracy 101: use a number from 0 to 100"),
        ({"rows": rows_of([float("nan")] * 8)}, "row 1 has the accuracy nan: use a number from 0 to 100"),
        ({"rows": rows_of([0.8] * 8)}, "the largest accuracy is 0.8: pass per cent, as 80 for 80 %"),
        ({"rows": rows_of([80] * 8, spread=-1)}, "row 1 has the spread -1: use a number from 0 to 100"),
        ({"rows": [{**GOOD[0], "spread": 1}, *GOOD[1:]]}, "('a', 'none', 'x') has no spread, others have one: give it"),
        ({"groups": {"tiny": ["RTi", "ViT"]}}, "a group has the model 'ViT': use RTi, Ti/16, S/32, "),
        ({"start": (START[0], ("B/16", "0.1"))}, "there is no cell ('B/16', '0.1'): name a model, a regularisation, a"),
        ({"start": (("B/16", "0.2", "none"), START[1])}, "there is no cell ('B/16', '0.2', 'none'): name a model"),
    ],
    ids=str,
)
def test_wrong_input_is_named_with_a_remedy(given, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        AugRegExplorer(**given)
