"""Lesson 11's exercises: cases that make mistakes visible, and what is told about answers written in other ways."""

import pytest
import torch
from exercise_checks import (
    fresh_place,  # noqa: F401
    made,
    undiagnosed,
    verdict,
    wrong,
)
from exercise_outcomes import float64  # noqa: F401
from scipy import stats

from course_utils.exercises import run
from course_utils.exercises.lesson_11 import EXERCISES
from course_utils.models.tradeoffs import matched_width, pareto, spearman

TABLE = {exercise.id: exercise for exercise in EXERCISES}


def told(capsys, source, id):
    return wrong(capsys, made(source, TABLE[id].reference.__name__), id)


def mistake(id, name):
    (found,) = (entry for entry in TABLE[id].mistakes if entry.name == name)
    return found.what


def test_budgets_lie_everywhere_between_two_widths_and_beyond_both_ends():
    kinds = set()
    for case in TABLE["11.1"].cases():
        macs, budget, *highest = case.arguments
        highest = case.keywords.get("highest", highest[0] if highest else 1024)
        costs = [macs(width) for width in range(1, highest + 1)]
        assert costs == sorted(set(costs))
        distances = sorted((abs(cost - budget), cost < budget) for cost in costs)
        if not costs[0] <= budget <= costs[-1]:
            kinds.add("too much" if budget > costs[0] else "too little")
        elif budget in costs:
            kinds.add({0: "first", highest - 1: "highest"}.get(costs.index(budget), "just"))
        elif distances[0][0] == distances[1][0]:
            kinds.add("tie")
        else:
            kinds.add("below" if distances[0][1] else "above")
    assert kinds == {"too much", "too little", "first", "highest", "just", "tie", "below", "above"}


def test_tables_have_axes_of_all_kinds_and_come_in_no_order():
    kinds, counts = set(), set()
    for case in TABLE["11.2"].cases():
        rows, x, y = case.arguments
        front = pareto(rows, x, y)
        kinds.add((x.better, y.better))
        counts.add(len(rows))
        assert 0 < len(front) < len(rows) and len({row["model"] for row in rows}) == len(rows)
        places = [x.gain(row) for row in front]
        assert len(front) == 1 or places not in (sorted(places), sorted(places, reverse=True))
    assert kinds == {("more", "less"), ("less", "less"), ("more", "more"), ("less", "more")} and len(counts) >= 3


def test_a_table_has_equal_rows_on_its_front_and_rows_that_are_equal_on_one_axis():
    kinds = set()
    for case in TABLE["11.2"].cases():
        rows, x, y = case.arguments
        for one in pareto(rows, x, y):
            for other in (row for row in rows if row is not one):
                equal = x.gain(one) == x.gain(other), y.gain(one) == y.gain(other)
                kinds.add(("on the front" if other in pareto(rows, x, y) else "beaten", *equal))
    assert kinds >= {("on the front", True, True), ("beaten", True, False), ("beaten", False, True)}


def test_axes_are_correlated_but_never_wholly_and_have_ties_or_none():
    ties, sizes = set(), set()
    for case in TABLE["11.3"].cases():
        a, b = case.arguments
        assert a != sorted(a) and b != sorted(b) and 0.05 < abs(spearman(a, b)) < 0.9
        assert abs(spearman(a, b) - stats.pearsonr(a, b).statistic) > 0.01
        ties.add((len(set(a)) < len(a), len(set(b)) < len(b)))
        sizes.add(len(a))
    assert ties == {(False, False), (True, False), (True, True)} and len(sizes) == 4


# the same mistakes, written in another way


def test_a_search_that_ends_with_the_width_below_is_told(capsys):
    source = """
def matched_width(macs, budget, highest=1024):
    low, high = 1, highest
    if budget < macs(low) or budget > macs(high):
        raise ValueError("another budget, please")
    while low < high:
        middle = (low + high + 1) // 2
        if macs(middle) <= budget:
            low = middle
        else:
            high = middle - 1
    return low
"""
    assert mistake("11.1", "below") in told(capsys, source, "11.1")
    unchecked = "\n".join(line for line in source.splitlines() if "budget <" not in line and "raise" not in line)
    assert mistake("11.1", "below") in told(capsys, unchecked, "11.1"), "what is wrong with widths comes first"


def test_a_width_that_is_right_but_for_the_ends_is_told(capsys):
    def nearest(macs, budget, highest=1024):
        return min(range(1, highest + 1), key=lambda width: (macs(width) - budget) ** 2)

    nearest.__name__ = "matched_width"
    assert mistake("11.1", "not-refused") in wrong(capsys, nearest, "11.1")


def test_a_search_that_never_ends_is_stopped(capsys, monkeypatch):
    monkeypatch.setattr(run, "SECONDS", 0.3)
    source = """
def matched_width(macs, budget, highest=1024):
    low, high = 1, highest
    while low < high:
        middle = (low + high) // 2
        if macs(middle) <= budget:
            low = middle
        else:
            high = middle
    return low
"""
    assert "it did not finish within 0.3 seconds" in told(capsys, source, "11.1")


def test_a_sweep_that_drops_equal_rows_is_told(capsys):
    source = """
def pareto(rows, x, y):
    front = []
    for row in sorted(rows, key=lambda row: (-x.gain(row), -y.gain(row))):
        if not front or y.gain(row) > y.gain(front[-1]):
            front.append(row)
    return front
"""
    assert mistake("11.2", "sweep-by-both") in told(capsys, source, "11.2")


def test_rows_that_are_removed_from_the_callers_list_are_told(capsys):
    source = """
def pareto(rows, x, y):
    def beats(one, other):
        gains = [axis.gain(one) - axis.gain(other) for axis in (x, y)]
        return min(gains) >= 0 and max(gains) > 0

    for row in [row for row in rows if any(beats(other, row) for other in rows)]:
        rows.remove(row)
    return rows
"""
    assert "the argument `rows` was changed in place" in told(capsys, source, "11.2")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("np.corrcoef(a, b)[0, 1]", "values"),
        ("np.corrcoef(np.argsort(a, kind='stable'), np.argsort(b, kind='stable'))[0, 1]", "argsort-once"),
        ("stats.pearsonr(*(stats.rankdata(v, method='min') for v in (a, b))).statistic", "lowest-place"),
        ("stats.pearsonr(*(stats.rankdata(v, method='dense') for v in (a, b))).statistic", "dense"),
        ("stats.pearsonr(*(stats.rankdata(v, method='ordinal') for v in (a, b))).statistic", "order-of-appearance"),
        ("np.cov(stats.rankdata(a), stats.rankdata(b), bias=True)[0, 1]", "covariance"),
        ("stats.kendalltau(a, b).statistic", "kendall"),
    ],
)
def test_usual_correlations_by_other_libraries_are_told(line, name, capsys):
    source = f"import numpy as np\nfrom scipy import stats\ndef spearman(a, b):\n    return float({line})"
    assert mistake("11.3", name) in told(capsys, source, "11.3")


def test_ranks_may_be_counted_from_the_top_or_from_0(capsys):
    def spearman(a, b):
        ranks = [torch.tensor([sum((w > v) - (w < v) for w in values) for v in values]).double() for values in (a, b)]
        return torch.corrcoef(torch.stack(ranks))[0, 1].item()

    assert verdict(capsys, "11.3", spearman) == (spearman, "✓ 11.3 correct on 4 cases\n")


def test_a_matrix_of_correlations_is_no_answer(capsys):
    def spearman(a, b):
        return torch.corrcoef(torch.tensor([a, b], dtype=torch.float64))

    assert "the output is a Tensor, expected a float" in wrong(capsys, spearman, "11.3")


# two mistakes at once


def _cheapest_power_of_two(macs, budget, highest=1024):
    matched_width(macs, budget, highest)
    return max(2**n for n in range(highest.bit_length()) if macs(2**n) <= budget)


def _above_by_one(macs, budget, highest=1024):
    return next(width for width in range(1, highest + 1) if macs(width) >= budget) + 1


def _sorted_and_strict(rows, x, y):
    front = [row for row in rows if not any(x.gain(o) > x.gain(row) and y.gain(o) > y.gain(row) for o in rows)]
    return sorted(front, key=y.gain)


def _without_signs_and_with_equals(rows, x, y):
    def as_good(other, row):
        return other[x.name] >= row[x.name] and other[y.name] >= row[y.name] and other is not row

    return [row for row in rows if not any(as_good(other, row) for other in rows)]


def _values_squared(a, b):
    return stats.pearsonr(a, b).statistic.item() ** 2


def _covariance_of_lowest_places(a, b):
    x, y = (torch.tensor(stats.rankdata(values, method="min")) for values in (a, b))
    return torch.cov(torch.stack([x, y]))[0, 1].item()


TWO = (
    ("11.1", _cheapest_power_of_two),
    ("11.1", _above_by_one),
    ("11.2", _sorted_and_strict),
    ("11.2", _without_signs_and_with_equals),
    ("11.3", _values_squared),
    ("11.3", _covariance_of_lowest_places),
)


@pytest.mark.parametrize(("id", "answer"), TWO)
def test_two_mistakes_at_once_never_get_the_diagnosis_of_one(id, answer, capsys):
    undiagnosed(capsys, answer, id)
