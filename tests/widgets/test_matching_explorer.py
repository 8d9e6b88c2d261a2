"""The MatchingExplorer: its steps against Python's on the page, what a reader does to it, and wrong input."""

import re

import pytest
import torch
from explorer_hand import Hand, another, visit_fixture

from course_utils.models.matching import hungarian, hungarian_steps, match, match_by_brute_force, match_lowest_first
from course_utils.widgets import MatchingExplorer, save
from course_utils.widgets.kit import script
from course_utils.widgets.matching import COSTS

visit = visit_fixture("page light", "lab Dark")
phone = visit_fixture("phone light", "phone dark")
START = torch.tensor(COSTS).double()
FUNCTIONS = """(text) => {
  const all = "return { hungarianSteps, lowestFirst }";
  window.matching = new Function(`${text.replace("export default { render };", "")}; ${all}`)();
}"""
READ = """(root) => {
  const rows = [...root.querySelectorAll(".vt-matching-costs tbody tr")];
  const number = (text) => Number(text.replace(" left", ""));
  const cells = rows.slice(0, -1).map((row) => [...row.querySelectorAll("td[tabindex]")]);
  const has = (name, r, c) => cells[r][c].classList.contains(name);
  const places = (name) => cells.flatMap((row, r) => row.map((_, c) => [r, c]).filter(([r, c]) => has(name, r, c)));
  return {
    cost: cells.map((row) => row.map((cell) => number(cell.querySelector("b").textContent))),
    left: cells.map((row) => row.map((cell) => number(cell.querySelector("small").textContent))),
    u: rows.slice(0, -1).map((row) => number(row.lastChild.textContent)),
    v: [...rows.at(-1).querySelectorAll("td.vt-matching-potential")].map((cell) => number(cell.textContent)),
    pairs: places("vt-matching-matched"), path: places("vt-matching-path"),
  };
}"""


class MatchingHand(Hand):
    """The explorer, and what a reader reads and changes."""

    def read(self):
        return self.root.evaluate(READ)

    def cell(self, row, column):
        return self.root.locator(".vt-matching-costs tbody tr").nth(row).locator("td[tabindex]").nth(column)

    def said(self):
        return self.root.locator(".vt-sentence > span").all_inner_texts()

    def result(self, number):
        return self.root.locator("dd").nth(number).inner_text()

    def step(self, number):
        self.root.get_by_role("slider", name="step", exact=True).fill(str(number))

    def price(self):
        return self.root.locator(".vt-matching-price input")

    def agrees(self, number=None):
        """Compare all that is shown with Python's steps for the costs on the page."""
        shown = self.read()
        cost = torch.tensor(shown["cost"]).double()
        steps = list(hungarian_steps(cost))
        now, of = map(int, re.match(r"Step (\d+) of (\d+): ", self.said()[0]).groups())
        assert of == len(steps) and now == (number or now)
        step = steps[now - 1]
        assert self.said()[0] == f"Step {now} of {of}: {step.sentence}"
        assert (tuple(shown["u"]), tuple(shown["v"])) == (step.row_potentials, step.column_potentials)
        assert sorted(map(tuple, shown["pairs"])) == list(step.matching)
        assert sorted(map(tuple, shown["path"])) == sorted(step.path)
        left = cost - torch.tensor(step.row_potentials)[:, None] - torch.tensor(step.column_potentials)
        assert shown["left"] == left.tolist()
        best, lowest = (f"{cost[way(cost)].sum().item():g}" for way in (match, match_lowest_first))
        assert self.result(2).endswith(f": together {best}") and self.result(3).endswith(f": together {lowest}")
        beside = f"; taking the lowest cost first comes to {lowest}." if best != lowest else ", and so does taking the"
        assert self.said()[1].startswith(f"The cheapest assignment costs {best}{beside}")
        return cost


@pytest.fixture
def hand(visit):
    hand = MatchingHand(visit, "matching")
    hand.press("given costs")
    hand.cell(0, 0).click()
    return hand


# the algorithm in the browser, and in Python


@pytest.fixture(scope="module")
def functions(window):
    """A page that has the functions of hungarian.js."""
    window.page.evaluate(FUNCTIONS, script("hungarian.js"))
    return window.page


def random_costs(number):
    generator = torch.Generator().manual_seed(0)
    for i in range(number):
        rows, columns = torch.randint(1, 8, (2,), generator=generator).tolist()
        low, high = [(0, 10), (-20, 20), (0, 3), (0, 1000)][i % 4]
        yield torch.randint(low, high, (rows, columns), generator=generator)


def test_every_step_is_pythons_for_hundreds_of_matrices(functions):
    costs = list(random_costs(400))
    found = functions.evaluate("(all) => all.map((cost) => matching.hungarianSteps(cost))", [c.tolist() for c in costs])
    for cost, steps in zip(costs, found, strict=True):
        expected = list(hungarian_steps(cost))
        assert [step["sentence"] for step in steps] == [step.sentence for step in expected]
        for one, other in zip(steps, expected, strict=True):
            assert (tuple(one["u"]), tuple(one["v"])) == (other.row_potentials, other.column_potentials)
            assert tuple(map(tuple, one["pairs"])) == other.matching
            assert tuple(map(tuple, one["path"])) == other.path


def test_the_last_step_is_as_cheap_as_brute_force(functions):
    costs = [cost for cost in random_costs(120) if max(cost.shape) < 6]
    found = functions.evaluate(
        "(all) => all.map((cost) => matching.hungarianSteps(cost).at(-1).pairs)", [c.tolist() for c in costs]
    )
    for cost, pairs in zip(costs, found, strict=True):
        rows, columns = torch.tensor(pairs).T
        assert cost[rows, columns].sum() == cost[match_by_brute_force(cost)].sum() == cost[hungarian(cost)].sum()
    assert len(costs) > 40


def test_the_lowest_first_is_pythons(functions):
    costs = list(random_costs(200))
    found = functions.evaluate("(all) => all.map((cost) => matching.lowestFirst(cost))", [c.tolist() for c in costs])
    for cost, pairs in zip(costs, found, strict=True):
        assert torch.equal(torch.tensor(pairs), torch.stack(match_lowest_first(cost), dim=1))


def test_names_take_the_places_of_rows_and_columns(functions):
    names = [["query 0", "query 1"], ["shoe", "T-shirt", "bag"]]
    steps = functions.evaluate(
        "([cost, names]) => matching.hungarianSteps(cost, names)", [[[1, 2, 5], [1, 4, 5]], names]
    )
    said = [step["sentence"] for step in steps]
    assert said[3] == "Query 1 reaches shoe, which query 0 has: query 0 looks too."
    assert said[4] == "Nothing else is left at 0: 1 more for query 1 and query 0, 1 less for shoe."
    assert said[6] == "Query 0 takes T-shirt, query 1 takes shoe."


# what a reader does


def test_stepping_forward_and_back_shows_pythons_steps(hand):
    steps = len(list(hungarian_steps(START)))
    for number in range(1, steps + 1):
        assert torch.equal(hand.agrees(number), START)
        if number < steps:
            hand.press("next step")
    assert hand.result(0) == hand.result(2) and "together 13" in hand.result(1)
    assert hand.root.get_by_role("button", name="next step").get_attribute("aria-disabled") == "true"
    for number in range(steps - 1, steps - 4, -1):
        hand.press("back")
        hand.agrees(number)
    hand.press("first")
    assert hand.result(0) == "none" and hand.agrees(1) is not None
    hand.press("last")
    hand.agrees(steps)
    hand.step(5)
    hand.agrees(5)


def test_a_cost_is_changed_by_slider_and_keys(hand):
    hand.press("last")
    hand.cell(2, 3).click()
    assert hand.price().get_attribute("aria-label") == "cost of row 2, column 3"
    assert hand.price().input_value() == "7"
    hand.price().fill("0")
    cost = hand.agrees()
    assert cost[2, 3] == 0 and hand.said()[0].startswith("Step 16 of 16") is (len(list(hungarian_steps(cost))) == 16)
    assert re.match(r"Step (\d+) of \1:", hand.said()[0]), "who looked at the end still does"
    hand.cell(2, 3).press("+")
    hand.cell(2, 3).press("+")
    assert hand.agrees()[2, 3] == 2
    hand.cell(2, 3).press("ArrowLeft")
    hand.page.keyboard.press("ArrowUp")
    hand.page.keyboard.press("-")
    assert hand.agrees()[1, 2] == 0
    for _ in range(3):
        hand.page.keyboard.press("-")
    assert hand.agrees()[1, 2] == 0, "the lowest cost there is"
    hand.press("given costs")
    assert torch.equal(hand.agrees(1), START)


def test_new_costs_are_solved_too(hand):
    seen = set()
    for _ in range(12):
        hand.press("new costs")
        cost = hand.agrees(1)
        seen.add(tuple(cost.flatten().tolist()))
        assert cost.min() >= 0 and cost.max() <= 9
        hand.press("last")
        hand.agrees()
        hand.press("back")
        hand.agrees()
    assert len(seen) == 12


def test_the_keyboard_reaches_everything_and_keeps_the_focus(hand, visit):
    hand.root.get_by_role("button", name="first").focus()
    seen = []
    for _ in range(9):
        seen.append(visit.page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent"))
        visit.page.keyboard.press("Tab")
    cell = "cost 7, 0 left"
    price = "cost of row 0, column 0"
    assert seen == ["first", "back", "next step", "last", "step", cell, price, "new costs", "given costs"]
    for key in ("ArrowDown", "ArrowRight", "End", "ArrowRight", "ArrowDown"):
        hand.root.locator('td[aria-selected="true"]').press(key)
    assert visit.page.evaluate("document.activeElement.textContent").startswith("cost 7, 6 left")
    assert hand.price().get_attribute("aria-label") == "cost of row 2, column 3"
    button = hand.root.get_by_role("button", name="next step")
    for _ in range(20):
        button.press("Enter")
    hand.agrees(16)
    assert visit.page.evaluate("document.activeElement.innerText") == "next step"


def test_marks_are_not_told_by_colour_alone(hand):
    hand.step(5)
    assert hand.cell(3, 0).text_content() == "cost 7, 0 left, on the path"
    assert hand.cell(0, 0).text_content() == "cost 7, 0 left, matched"
    look = (
        "(cell) => [getComputedStyle(cell.querySelector('b'), '::before').content, getComputedStyle(cell).borderStyle]"
    )
    assert hand.cell(0, 0).evaluate(look) == ['"● "', "solid"]
    assert hand.cell(3, 0).evaluate(look) == ["none", "dashed"]


def test_two_decimals_and_names_on_a_page_of_its_own(window, tmp_path):
    cost = torch.randn(7, 5, generator=torch.Generator().manual_seed(0)) * 3
    names = [f"query {number}" for number in range(7)], ["shoe", "T-shirt/top", "bag", "coat", "dress"]
    page = save(tmp_path / "matching.html", MatchingExplorer(cost, *names))
    with another(window, offline=True) as visit:
        visit.page.goto(page.as_uri())
        hand = MatchingHand.__new__(MatchingHand)  # on a page with one explorer only
        hand.page, hand.root = visit.page, visit.page.locator(".vt-explorer")
        hand.press("last")
        shown = hand.read()
        rounded = cost.double().round(decimals=2)
        torch.testing.assert_close(torch.tensor(shown["cost"]).double(), rounded)
        rows, columns = match(rounded)
        assert sorted(map(tuple, shown["pairs"])) == list(zip(rows.tolist(), columns.tolist(), strict=True))
        best = f"{rounded[rows, columns].sum().item():.6g}"
        first = ", ".join(
            f"{names[0][r]} – {names[1][c]}" for r, c in zip(rows.tolist(), columns.tolist(), strict=True)
        )
        assert hand.result(2) == hand.result(0) == f"{first}: together {best}"
        assert hand.said()[0].endswith(f"add up to {best}: no assignment costs less, and this one costs {best}.")
        before = shown["cost"][1][1]
        hand.cell(1, 1).press("+")
        assert hand.read()["cost"][1][1] == pytest.approx(before + 0.1)
        assert visit.complaints == []


def test_on_a_phone_a_tap_answers_and_nothing_runs_over_the_edge(phone):
    hand = MatchingHand(phone, "matching")
    hand.press("given costs")
    hand.cell(4, 1).tap()
    assert hand.price().get_attribute("aria-label") == "cost of row 4, column 1"
    hand.root.get_by_role("button", name="next step").tap()
    hand.agrees(2)
    assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    edges = "(e) => [...e.querySelectorAll('*')].map((x) => x.getBoundingClientRect().right)"
    assert max(hand.root.evaluate(edges)) <= 390
    sizes = "(e) => [...e.querySelectorAll('td[tabindex], button')].map((x) => x.getBoundingClientRect().height)"
    assert min(hand.root.evaluate(sizes)) >= 32


# in Python


def test_it_is_small_and_its_code_is_one_module():
    assert MatchingExplorer().stored_bytes < 90_000
    text = script("hungarian.js", "matching_table.js", "matching.js")
    top = re.findall(r"^(?:async )?(?:function\*?|const|let|class) (\w+)", text, flags=re.MULTILINE)
    assert text.count("export") == 1 and len(top) == len(set(top)) > 40


def test_the_still_picture_has_both_ways():
    made = MatchingExplorer([[1, 2], [1, 4]], ["a", "b"], ["c", "d"])
    assert made.sentence == (
        "Step 1 of 8: Each row's potential is its lowest cost, each column's 0. The cheapest assignment costs 3; "
        "taking the lowest cost first comes to 5."
    )
    same = MatchingExplorer(torch.eye(2))
    assert same.sentence.endswith("The cheapest assignment costs 0, and so does taking the lowest cost first.")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cost": torch.zeros(8, 2)}, "8 x 2 costs can't be stepped through: show 1 to 7 rows and columns of them"),
        ({"cost": torch.zeros(3, 0)}, "3 x 0 costs can't be stepped through"),
        ({"cost": [1.0, 2.0]}, "costs have the shape (N, M), not (2,)"),
        ({"cost": [[1.0, float("nan")]]}, "the cost in row 0, column 1 is nan"),
        ({"cost": [[1.0, -2000.0]]}, "a cost is -2000: divide all, so that none is beyond 999"),
        ({"rows": ["a", "b"]}, "['a', 'b'] don't name 5 rows: give each a name of its own"),
        ({"columns": ["a", "b", "c", "a"]}, "don't name 4 columns"),
        ({"columns": ["a", "b", "c", "a very long name"]}, "column name 'a very long name' has not 1 to 14 letters"),
    ],
)
def test_wrong_input_is_named_with_a_remedy(wrong, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        MatchingExplorer(**wrong)
