"""Lesson 3's exercises: mistakes that can be seen and told apart, and right answers that are right."""

import inspect
from itertools import combinations

import pytest
import torch

from course_utils.exercises import observe
from course_utils.exercises.lesson_03 import EXERCISES
from course_utils.exercises.modules import MisfitError, drawn, fill
from course_utils.models.local_attention import attend_at, local_attention
from course_utils.models.non_local import NonLocalBlock

TABLE = {exercise.id: exercise for exercise in EXERCISES}
VISIBLE = 1e-3


@pytest.fixture(autouse=True)
def float64():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def with_drawn_parameters(answer, reference, init):
    """Build a module with the values that `check` draws, under the same names whoever wrote it."""
    module = answer(**init)
    fill(module, drawn(reference(**init)))
    return module.eval()


def outcome(exercise, answer, case):
    """Return output and gradients in one case, or the error in words."""
    wanted = [a for a in case.arguments if isinstance(a, torch.Tensor) and a.requires_grad]
    try:
        if isinstance(answer, type):
            answer = with_drawn_parameters(answer, exercise.reference, case.init)
            wanted += [parameter for _, parameter in sorted(answer.named_parameters())]
        output = answer(*case.arguments, **case.keywords)
    except (RuntimeError, MisfitError) as error:
        return str(error)
    if not exercise.differentiable:
        return torch.as_tensor(output), ()
    gradients = torch.autograd.grad(output.sin().sum(), wanted, allow_unused=True)
    return output.detach(), gradients


def outcomes(exercise, answer):
    return [outcome(exercise, answer, case) for case in exercise.cases()]


def distance(one, other):
    """Return the largest difference between two outputs, relative to the other's largest value."""
    if isinstance(one, str) or isinstance(other, str):
        return 0.0 if one == other else float("inf")
    left, right = one[0].double(), other[0].double()
    if left.shape != right.shape or not torch.equal(left.isnan(), right.isnan()):
        return float("inf")
    return float((left - right).nan_to_num().abs().max() / right.nan_to_num().abs().max().clamp(1e-9))


def furthest(ones, others):
    return max(distance(one, other) for one, other in zip(ones, others, strict=True))


def parameters(answer):
    functions = [answer.__init__, answer.forward] if isinstance(answer, type) else [answer]
    return [[(p.name, p.kind, p.default) for p in inspect.signature(f).parameters.values()] for f in functions]


def test_the_table_is_complete():
    assert list(TABLE) == [f"3.{n}" for n in range(1, 7)]
    for exercise in EXERCISES:
        assert len(exercise.mistakes) >= 8 and len(exercise.hints) == 3 and len(exercise.alternatives) >= 2
        assert len({mistake.name for mistake in exercise.mistakes}) == len(exercise.mistakes)
        told = [line for mistake in exercise.mistakes for line in (mistake.what, mistake.why, mistake.remedy)]
        assert all(line[0].isupper() or line[0] == "`" for line in told) and all(line.endswith(".") for line in told)
    assert sum(exercise.minutes for exercise in EXERCISES) <= 60  # of the lesson's 90


@pytest.mark.parametrize("id", TABLE)
def test_every_answer_has_the_references_parameters(id):
    for answer in [mistake.wrong for mistake in TABLE[id].mistakes] + list(TABLE[id].alternatives):
        assert parameters(answer) == parameters(TABLE[id].reference), answer


@pytest.mark.parametrize("id", TABLE)
def test_mistakes_can_be_seen_and_told_apart(id):
    answers = {mistake.name: mistake.wrong for mistake in TABLE[id].mistakes} | {"right": TABLE[id].reference}
    seen = {name: outcomes(TABLE[id], answer) for name, answer in answers.items()}
    for one, other in combinations(seen, 2):
        assert furthest(seen[one], seen[other]) > VISIBLE, (one, other)


@pytest.mark.parametrize("id", TABLE)
def test_right_answers_are_right_and_so_are_their_gradients(id):
    exercise = TABLE[id]
    expected = outcomes(exercise, exercise.reference)
    for answer in exercise.alternatives:
        for mine, right in zip(outcomes(exercise, answer), expected, strict=True):
            assert distance(mine, right) < 1e-12, answer
            assert len(mine[1]) == len(right[1])
            for gradient, other in zip(mine[1], right[1], strict=True):
                assert (gradient - other).abs().max() < 1e-11 * max(1.0, float(other.abs().max())), answer


@pytest.mark.parametrize("id", TABLE)
def test_cases_are_in_float64_and_no_map_is_only_square(id):
    tensors = [
        argument
        for case in TABLE[id].cases()
        for argument in observe._tensors([case.arguments, case.keywords]).values()
    ]
    assert all(tensor.dtype == torch.float64 and tensor.requires_grad for tensor in tensors)
    shapes = {tensor.shape[-2:] for tensor in tensors}
    assert bool(shapes) == (id != "3.6")
    assert not shapes or (any(H > W for H, W in shapes) and any(H < W for H, W in shapes))


@pytest.mark.parametrize("id", ["3.2", "3.3"])
def test_positions_lie_at_every_border_and_stay_inside_when_row_and_column_change_places(id):
    places = set()
    for case in TABLE[id].cases():
        (H, W), (row, column) = case.arguments[0].shape[-2:], case.arguments[-2:]
        assert max(row, column) < min(H, W)
        places |= {(row == 0, "top"), (row == H - 1, "bottom"), (column == 0, "left"), (column == W - 1, "right")}
        places.add((0 < row < H - 1 and 0 < column < W - 1, "middle"))
    assert {name for there, name in places if there} == {"top", "bottom", "left", "right", "middle"}


@pytest.mark.parametrize("id", ["3.1", "3.3", "3.5"])
def test_no_weight_is_near_1(id):
    """A softmax that has chosen one key shows nothing of what else is wrong."""
    for case in TABLE[id].cases():
        assert largest_weight(TABLE[id], case) < 0.9, case.note


def largest_weight(exercise, case):
    if exercise.reference is NonLocalBlock:
        return with_drawn_parameters(NonLocalBlock, NonLocalBlock, case.init).weights(*case.arguments).max().item()
    assert exercise.reference in (attend_at, local_attention)
    query, key, _, *rest = case.arguments
    H, W = query.shape[-2:]
    one_hot = torch.eye(H * W).view(H * W, H, W).expand(*query.shape[:2], -1, -1, -1)  # averages to the weights
    return exercise.reference(query, key, one_hot, *rest, **case.keywords).max().item()


def test_the_norm_of_3_1_does_something_in_every_case():
    """It begins with the weight 0, which would hide all mistakes but those of the residual."""
    for case in TABLE["3.1"].cases():
        assert (NonLocalBlock(**case.init).norm.weight == 0).all()
        block = with_drawn_parameters(NonLocalBlock, NonLocalBlock, case.init)
        assert block.norm.weight.abs().max() > 0.5
        change = (block(*case.arguments) - case.arguments[0]).abs().amax(dim=(0, 2, 3))
        assert (change > 1e-3).all()


def test_3_5_has_every_kind_of_relative_positions_with_and_without_padding_that_counts():
    cases = [(case.arguments[4:], case.keywords.get("padding_counts", False)) for case in TABLE["3.5"].cases()]
    assert {(bool(relative), counts) for relative, counts in cases} == {(r, c) for r in (0, 1) for c in (0, 1)}
    assert {relative[0].shape[0] == 1 for relative, _ in cases if relative} == {True, False}
