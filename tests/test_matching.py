"""Matching: brute force by hand, the Hungarian algorithm beside brute force and scipy, its steps, and DETR's costs."""

import itertools
import math

import pytest
import torch
from scipy.optimize import linear_sum_assignment

from course_utils.models.matching import (
    assignment_cost,
    hungarian,
    hungarian_steps,
    match,
    match_by_brute_force,
    match_lowest_first,
    matching_cost,
)

HAND = torch.tensor([[4.0, 1.0, 4.0], [2.0, 0.0, 5.0], [3.0, 2.0, 2.0]])  # greedy takes 0 first and pays 6, not 5
SMALL = [*itertools.product(range(8), range(8)), (2, 71), (71, 2), (1, 100), (3, 17)]
LARGE = [(8, 8), (20, 20), (50, 50), (8, 5), (5, 8), (100, 5), (12, 40), (1, 1), (0, 4), (4, 0), (0, 0), (30, 31)]
KINDS = {
    "uniform": lambda shape, generator: torch.rand(shape, generator=generator, dtype=torch.float64),
    "negative": lambda shape, generator: torch.randn(shape, generator=generator, dtype=torch.float64) * 10 - 3,
    "ties": lambda shape, generator: torch.randint(0, 3, shape, generator=generator),
    "integers": lambda shape, generator: torch.randint(-50, 50, shape, generator=generator),
    "float32": lambda shape, generator: torch.randn(shape, generator=generator),
    "huge": lambda shape, generator: torch.randn(shape, generator=generator, dtype=torch.float64) * 1e12,
    "all equal": lambda shape, generator: torch.full(shape, -2.5),
    "products": lambda shape, _: (torch.arange(shape[0]) + 1)[:, None] * (torch.arange(shape[1]) + 1)[None],
}


def costs(kind, shapes, repeats=1):
    for number, shape in enumerate(list(shapes) * repeats):
        yield KINDS[kind](shape, torch.Generator().manual_seed(number))


def total(cost, rows, columns):
    return cost.double()[rows, columns].sum().item()


def is_assignment(cost, rows, columns):
    size = min(cost.shape)
    in_order = rows.tolist() == sorted(set(rows.tolist()))
    return len(rows) == len(columns) == size and in_order and len(set(columns.tolist())) == size


def best(cost):
    return total(cost, *linear_sum_assignment(cost.double().numpy()))


def close(cost, value, expected):
    scale = cost.double().abs().max().item() if cost.numel() else 1
    return value == pytest.approx(expected, abs=1e-12 * max(1, scale) * len(cost))


def test_an_assignment_costs_what_its_entries_add_up_to():
    assert assignment_cost(HAND, [0, 1, 2]) == 6
    assert assignment_cost(HAND, torch.tensor([1, 0, 2])) == 5
    assert assignment_cost(HAND[:2], (2, 0)) == 6
    assert assignment_cost(HAND[:0], []) == 0


@pytest.mark.parametrize("columns", [[0, 1], [0, 1, 1], [0, 1, 2, 0]])
def test_what_is_no_assignment_is_refused(columns):
    with pytest.raises(ValueError, match=r"are no assignment of 3 rows: give each row a column of its own"):
        assignment_cost(HAND, columns)


@pytest.mark.parametrize("method", [match_by_brute_force, hungarian, match])
def test_the_cheapest_by_hand(method):
    rows, columns = method(HAND)
    assert (rows.tolist(), columns.tolist()) == ([0, 1, 2], [1, 0, 2])
    rows, columns = method(HAND[:2])
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 0])
    rows, columns = method(HAND[:, :2] + torch.tensor([[0.0], [0.0], [-9.0]]))  # a row is left over
    assert (rows.tolist(), columns.tolist()) == ([1, 2], [1, 0])
    assert rows.dtype == columns.dtype == torch.int64


@pytest.mark.parametrize("kind", KINDS)
def test_the_hungarian_algorithm_is_as_cheap_as_brute_force(kind):
    for cost in costs(kind, SMALL):
        if math.perm(max(cost.shape), min(cost.shape)) > 800:
            continue
        found, tried = hungarian(cost), match_by_brute_force(cost)
        assert is_assignment(cost, *found) and is_assignment(cost, *tried)
        assert close(cost, total(cost, *found), total(cost, *tried)), cost


def test_up_to_seven_by_seven():
    for kind in ("negative", "ties"):
        for cost in costs(kind, [(7, 7)]):
            expected = total(cost, *match_by_brute_force(cost))
            assert close(cost, total(cost, *hungarian(cost)), expected)
            assert close(cost, best(cost), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_the_hungarian_algorithm_is_as_cheap_as_scipys(kind):
    sizes = torch.randint(1, 13, (60, 2), generator=torch.Generator().manual_seed(1)).tolist()
    for cost in costs(kind, [*LARGE, *map(tuple, sizes)]):
        found, compiled = hungarian(cost), match(cost)
        assert is_assignment(cost, *found) and is_assignment(cost, *compiled)
        assert close(cost, total(cost, *found), best(cost)), cost
        assert close(cost, total(cost, *compiled), best(cost))


def test_where_one_assignment_is_cheapest_all_find_it():
    for cost in costs("uniform", [(4, 6), (6, 4), (5, 5)], repeats=10):
        expected = [side.tolist() for side in linear_sum_assignment(cost.numpy())]
        for method in (match_by_brute_force, hungarian, match):
            assert [side.tolist() for side in method(cost)] == expected


@pytest.mark.parametrize("kind", ["negative", "ties", "integers", "products"])
@pytest.mark.parametrize("shape", [(6, 6), (4, 7), (7, 4), (1, 5), (5, 1), (3, 3)])
def test_every_step_keeps_what_makes_the_algorithm_right(kind, shape):
    for cost in costs(kind, [shape], repeats=5):
        placed = 0
        for step in hungarian_steps(cost):
            u, v = torch.tensor(step.row_potentials).double(), torch.tensor(step.column_potentials).double()
            left = cost.double() - u[:, None] - v[None]
            assert left.min() > -1e-5, "no u + v exceeds its cost"
            rows, columns = torch.tensor(step.matching, dtype=torch.int64).view(-1, 2).T
            assert torch.allclose(left[rows, columns], torch.zeros(1).double(), atol=1e-4), "a pair has nothing left"
            for row, column in step.path:
                assert left[row, column] == pytest.approx(0, abs=1e-4), "nor has a path"
            longer, taken = (v, columns) if shape[0] <= shape[1] else (u, rows)
            free = torch.ones(len(longer), dtype=torch.bool)
            free[taken] = False
            assert longer.max() <= 0 and (longer[free] == 0).all()
            assert len(rows) in (placed, placed + 1)
            placed = len(rows)
        assert placed == min(shape)
        assert (u.sum() + v.sum()).item() == pytest.approx(best(cost), abs=1e-3), "which proves that none is cheaper"


def test_each_prefix_of_rows_is_matched_at_its_own_lowest_cost():
    for cost in costs("negative", [(6, 8)], repeats=5):
        sizes = {len(step.matching): step for step in hungarian_steps(cost)}
        for size in range(1, 7):
            rows, columns = torch.tensor(sizes[size].matching).T
            assert total(cost, rows, columns) == pytest.approx(best(cost[:size]))


def test_the_steps_say_what_they_do():
    steps = list(hungarian_steps(torch.tensor([[1.0, 2.0], [1.0, 4.0]])))
    assert [step.sentence for step in steps] == [
        "Each row's potential is its lowest cost, each column's 0.",
        "Row 0 reaches column 0, which is free.",
        "Row 0 takes column 0.",
        "Row 1 reaches column 0, which row 0 has: row 0 looks too.",
        "Nothing else is left at 0: 1 more for row 1 and row 0, 1 less for column 0.",
        "Row 0 reaches column 1, which is free.",
        "Row 0 takes column 1, row 1 takes column 0.",
        "The potentials add up to 3: no assignment costs less, and this one costs 3.",
    ]
    assert [step.path for step in steps[3:7]] == [((1, 0),), ((1, 0),), ((1, 0), (0, 1)), ((0, 1), (1, 0))]
    assert (steps[-1].row_potentials, steps[-1].column_potentials) == ((2, 2), (-1, 0))


def test_a_tall_matrix_has_the_steps_of_the_wide_one_with_rows_and_columns_changed():
    wide, tall = list(hungarian_steps(HAND[:2])), list(hungarian_steps(HAND[:2].T))
    assert len(wide) == len(tall)
    for one, other in zip(wide, tall, strict=True):
        assert one.row_potentials == other.column_potentials
        assert {pair[::-1] for pair in one.matching} == set(other.matching)
        assert [pair[::-1] for pair in one.path] == list(other.path)
    assert tall[1].sentence == "Column 0 reaches row 1, which is free."
    assert tall[0].sentence == "Each column's potential is its lowest cost, each row's 0."


def test_a_large_matrix_takes_no_n_to_the_fourth():
    cost = next(costs("products", [(80, 80)]))  # every row moves all others
    steps = sum(1 for _ in hungarian_steps(cost))
    assert steps < 3 * 80**2
    assert close(cost, total(cost, *hungarian(cost)), best(cost))


@pytest.mark.parametrize("method", [match_by_brute_force, hungarian, match])
@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_costs_that_cannot_be_added_up_are_refused(method, wrong):
    cost = HAND.clone()
    cost[1, 2] = wrong
    with pytest.raises(ValueError, match=rf"the cost in row 1, column 2 is {wrong}: a matching needs numbers"):
        method(cost)
    for shape in ((3,), (2, 3, 3)):
        with pytest.raises(ValueError, match=r"costs have the shape \(N, M\), not .*: give a matrix"):
            method(torch.zeros(shape))


def test_the_lowest_first_is_quick_and_can_be_dear():
    rows, columns = match_lowest_first(HAND)
    assert (rows.tolist(), columns.tolist()) == ([0, 1, 2], [0, 1, 2]) and total(HAND, rows, columns) == 6
    dearer = 0
    for cost in [*costs("negative", LARGE), *costs("ties", LARGE)]:
        found = match_lowest_first(cost)
        assert is_assignment(cost, *found)
        dearer += total(cost, *found) > best(cost) + 1e-6
        assert total(cost, *found) >= best(cost) - 1e-6
        left = cost.double().clone()
        for row, column in sorted(zip(*map(torch.Tensor.tolist, found), strict=True), key=lambda pair: cost[pair]):
            assert left[row, column] == left.min()
            left[row, :] = left[:, column] = torch.inf
    assert dearer > 8


def test_brute_force_knows_its_limit():
    with pytest.raises(ValueError, match=r"8 x 8 costs have 40,320 assignments, more than 5,040: use hungarian"):
        match_by_brute_force(torch.zeros(8, 8))
    assert len(match_by_brute_force(torch.zeros(71, 2))[0]) == 2


def scene(queries=7, targets=4, classes=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(queries, classes + 1, generator=generator, dtype=torch.float64)
    boxes, true = (torch.rand(n, 4, generator=generator, dtype=torch.float64) for n in (queries, targets))
    return logits, boxes, torch.randint(classes, (targets,), generator=generator), true


def test_the_matching_cost_one_by_one():
    logits, boxes, labels, targets = scene()
    found = matching_cost(logits, boxes, labels, targets)
    other = matching_cost(logits, boxes, labels, targets, class_weight=3, l1_weight=0.5, giou_weight=7)
    assert found.shape == (7, 4)
    for q, t in itertools.product(range(7), range(4)):
        probability = math.exp(logits[q, labels[t]]) / sum(math.exp(value) for value in logits[q])
        distance = sum(abs(a - b) for a, b in zip(boxes[q].tolist(), targets[t].tolist(), strict=True))
        giou = giou_by_hand(boxes[q].tolist(), targets[t].tolist())
        assert found[q, t].item() == pytest.approx(-probability + 5 * distance - 2 * giou)
        assert other[q, t].item() == pytest.approx(-3 * probability + 0.5 * distance - 7 * giou)


def giou_by_hand(first, second):
    sides = []
    for axis in (0, 1):
        low, high = ([box[axis] + side * box[axis + 2] / 2 for box in (first, second)] for side in (-1, 1))
        sides.append((max(0, min(high) - max(low)), max(high) - min(low)))
    shared, around = sides[0][0] * sides[1][0], sides[0][1] * sides[1][1]
    together = first[2] * first[3] + second[2] * second[3] - shared
    return shared / together - (around - together) / around


def test_the_right_queries_are_found():
    """Queries that say exactly what the targets are, among others, are matched to them whatever the order."""
    _, _, labels, targets = scene(targets=4)
    logits, boxes, _, _ = scene(queries=9, seed=1)
    order = torch.tensor([6, 0, 8, 3])
    boxes[order], logits[order] = targets, 9 * torch.eye(6, dtype=torch.float64)[labels]
    queries, found = match(matching_cost(logits, boxes, labels, targets))
    assert queries.tolist() == [0, 3, 6, 8]
    assert order[found].tolist() == queries.tolist()


def test_no_gradient_is_kept_and_no_target_is_fine():
    logits, boxes, labels, targets = scene()
    cost = matching_cost(logits.requires_grad_(), boxes.requires_grad_(), labels, targets)
    assert not cost.requires_grad
    none = matching_cost(logits, boxes, labels[:0], targets[:0])
    assert none.shape == (7, 0)
    assert [len(side) for side in match(none)] == [0, 0]


@pytest.mark.parametrize("label", [-1, 5, 6])
def test_a_label_that_is_no_class_is_refused(label):
    logits, boxes, labels, targets = scene()
    labels[2] = label
    with pytest.raises(ValueError, match=rf"label {label} is no class with 5 classes and 'no object': use 0 to 4"):
        matching_cost(logits, boxes, labels, targets)


def test_as_many_labels_as_boxes():
    logits, boxes, labels, targets = scene()
    with pytest.raises(ValueError, match=r"4 labels and 3 boxes are no targets: each needs one of both"):
        matching_cost(logits, boxes, labels, targets[:3])
