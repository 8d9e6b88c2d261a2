"""Pareto fronts, rank correlations and matched widths, each against another way to find them."""

import itertools
import random

import pytest
import torch

from course_utils.models.tradeoffs import Axis, matched_width, pareto, spearman

ACCURACY, SECONDS = Axis("accuracy", "more"), Axis("seconds", "less")


def rows(*pairs):
    return [{"name": name, "accuracy": a, "seconds": s} for name, (a, s) in zip("abcdefgh", pairs, strict=False)]


def names(found):
    return "".join(row["name"] for row in found)


def test_a_row_that_is_better_on_one_axis_stays():
    models = rows((0.9, 30), (0.8, 10), (0.85, 40), (0.8, 12), (0.95, 60))
    assert names(pareto(models, ACCURACY, SECONDS)) == "abe"
    assert names(pareto(models, SECONDS, ACCURACY)) == "abe", "which axis is drawn where doesn't matter"
    assert names(pareto(models, ACCURACY, Axis("seconds", "more"))) == "e"


def test_equal_rows_stay_together_and_a_tie_on_one_axis_decides_by_the_other():
    assert names(pareto(rows((0.9, 30), (0.9, 30)), ACCURACY, SECONDS)) == "ab"
    assert names(pareto(rows((0.9, 30), (0.9, 29), (0.8, 29)), ACCURACY, SECONDS)) == "b"
    assert pareto([], ACCURACY, SECONDS) == []


def test_the_front_is_what_a_sweep_from_the_fastest_finds():
    """Another algorithm: by seconds, and then only what is more accurate than all before."""
    drawn = random.Random(0)
    for _ in range(50):
        values = drawn.sample(range(1000), 14)  # no ties
        models = rows(*zip(values[:7], values[7:], strict=True))
        best, front = -1, set()
        for row in sorted(models, key=lambda row: row["seconds"]):
            if row["accuracy"] > best:
                best = row["accuracy"]
                front.add(row["name"])
        assert set(names(pareto(models, ACCURACY, SECONDS))) == front


def test_an_axis_says_which_end_is_better():
    with pytest.raises(ValueError, match="'higher' can't be better on the axis 'accuracy': use 'more' or 'less'"):
        Axis("accuracy", "higher")


def test_equal_values_share_their_mean_rank():
    """Against an axis without ties: of the values' mean ranks, and of these ranks themselves."""
    for values, ranks in (([5, 7, 7, 9], [1, 2.5, 2.5, 4]), ([4, 4, 1, 4], [3, 3, 1, 3])):
        by_hand = torch.corrcoef(torch.tensor([ranks, [2, 1, 3, 4]], dtype=torch.float64))[0, 1].item()
        assert spearman(values, [20, 10, 30, 40]) == pytest.approx(by_hand, abs=1e-12)
        assert spearman(ranks, values) == pytest.approx(1, abs=1e-12)


def test_only_the_order_counts():
    a, b = [0.1, 0.4, 0.2, 0.9], [1, 1000, 2, 1e9]
    assert spearman(a, b) == pytest.approx(1)
    assert spearman(a, [-value for value in b]) == pytest.approx(-1)


def test_without_ties_it_is_spearmans_formula():
    """1 - 6 sum d^2 / (n (n^2 - 1)), for all orders of five."""
    for order in itertools.permutations(range(5)):
        squares = sum((place - number) ** 2 for place, number in enumerate(order))
        assert spearman(range(5), order) == pytest.approx(1 - 6 * squares / (5 * 24))


def test_with_ties_it_is_the_correlation_of_mean_ranks():
    found = spearman([1, 2, 2, 3], [10, 10, 30, 20])
    by_hand = torch.corrcoef(torch.tensor([[1, 2.5, 2.5, 4], [1.5, 1.5, 4, 3]]))[0, 1].item()
    assert found == pytest.approx(by_hand, abs=1e-6)


def test_what_has_no_order_is_refused():
    with pytest.raises(ValueError, match="all values of an axis are equal"):
        spearman([1, 1, 1], [1, 2, 3])
    for a, b in (([1], [2]), ([1, 2], [1, 2, 3])):
        with pytest.raises(ValueError, match=rf"{len(a)} and {len(b)} values can't be compared: pass two or more"):
            spearman(a, b)


def test_the_matched_width_is_the_nearest_of_all():
    def macs(width):
        return 12 * width**2 + 50 * width

    for budget in range(macs(1), macs(40), 97):
        nearest = min(range(1, 41), key=lambda width: abs(macs(width) - budget))
        assert matched_width(macs, budget, highest=40) == nearest


def test_the_ends_count_too():
    for width in (1, 2, 63, 64):
        assert matched_width(lambda w: w**2, width**2, highest=64) == width
    assert matched_width(lambda w: 10 * w, 15) == 1, "of two that are equally near, the narrower"
    for budget in (0, 65**2):
        with pytest.raises(ValueError, match=f"widths 1 to 64 cost 1 to 4096 .* or the budget of {budget}"):
            matched_width(lambda w: w**2, budget, highest=64)


def test_few_widths_are_counted():
    asked = []
    matched_width(lambda width: asked.append(width) or width**2, 12_345)
    assert len(set(asked)) <= 12
