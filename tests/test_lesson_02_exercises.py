"""Lesson 2's exercises: mistakes that can be seen and told apart, and right answers that are right."""

from itertools import combinations

import pytest
import torch

from course_utils.exercises.lesson_02 import EXERCISES
from course_utils.exercises.observe import drawn
from course_utils.models.attention import TransformerBlock, attention_weights

TABLE = {exercise.id: exercise for exercise in EXERCISES}
VISIBLE = 1e-3


@pytest.fixture(autouse=True)
def float64():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def with_random_parameters(answer, reference, init):
    """Build a module with the values that `check` draws, under the same names whoever wrote it."""
    module = answer(**init)
    module.load_state_dict(drawn(reference(**init)))
    return module


def outcomes(exercise, answer):
    """Return what each case gives: a tuple of outputs and a list of gradients, or the error in words."""
    found = []
    for case in exercise.cases():
        function, wanted = answer, [a for a in case.arguments if isinstance(a, torch.Tensor) and a.requires_grad]
        if isinstance(answer, type):
            function = with_random_parameters(answer, exercise.reference, case.init)
            wanted += [parameter for _, parameter in sorted(function.named_parameters())]
        try:
            outputs = function(*case.arguments, **case.keywords)
        except RuntimeError as error:
            found.append(str(error))
            continue
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        loss = sum(output.sin().sum() for output in outputs)
        gradients = torch.autograd.grad(loss, wanted, allow_unused=True) if exercise.differentiable else ()
        found.append(([output.detach() for output in outputs], gradients))
    return found


def distance(one, other):
    """Return the largest relative difference between the outputs of two answers in one case."""
    if isinstance(one, str) or isinstance(other, str):
        return 0.0 if one == other else float("inf")
    pairs = list(zip(one[0], other[0], strict=True))
    if any(left.shape != right.shape for left, right in pairs):
        return float("inf")
    return max(float((a.double() - b.double()).abs().max() / b.double().abs().max().clamp(1e-9)) for a, b in pairs)


def furthest(ones, others):
    return max(distance(one, other) for one, other in zip(ones, others, strict=True))


def test_the_table_is_complete():
    assert list(TABLE) == [f"2.{n}" for n in range(1, 10)]
    for exercise in EXERCISES:
        assert len(exercise.mistakes) >= 5 and len(exercise.hints) == 3 and len(exercise.alternatives) >= 2
        assert len({mistake.name for mistake in exercise.mistakes}) == len(exercise.mistakes)
        told = [line for mistake in exercise.mistakes for line in (mistake.what, mistake.why, mistake.remedy)]
        assert all(line[0].isupper() or line[0] == "`" for line in told) and all(line.endswith(".") for line in told)
    assert sum(exercise.minutes for exercise in EXERCISES) <= 60  # of the lesson's 90


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
def test_cases_are_the_same_every_time_and_in_float64(id):
    for first, second in zip(TABLE[id].cases(), TABLE[id].cases(), strict=True):
        for one, other in zip(first.arguments, second.arguments, strict=True):
            assert one is not other or isinstance(one, int)
            assert torch.equal(torch.as_tensor(one), torch.as_tensor(other))
            if isinstance(one, torch.Tensor) and one.dtype != torch.bool:
                assert one.dtype == torch.float64 and one.requires_grad == TABLE[id].differentiable


@pytest.mark.parametrize("id", ["2.1", "2.2", "2.3", "2.8", "2.9"])
def test_no_weight_is_near_1(id):
    """A softmax that has chosen one key shows nothing of what else is wrong."""
    for case in TABLE[id].cases():
        assert largest_weight(TABLE[id], case) < 0.9, case.note


def largest_weight(exercise, case):
    if isinstance(exercise.reference, type):
        module = with_random_parameters(exercise.reference, exercise.reference, case.init)
        tokens, *mask = case.arguments
        if isinstance(module, TransformerBlock):
            tokens, module = module.norm1(tokens), module.attention
        return module.weights(tokens, *mask).max().item()
    if exercise.id == "2.1":
        return exercise.reference(*case.arguments)[0].max().item()
    query, key, *rest = case.arguments
    return attention_weights(query, key, *rest[exercise.id == "2.3" :]).max().item()


@pytest.mark.parametrize("id", TABLE)
def test_there_are_cases_with_a_mask_where_there_is_one(id):
    masked = [case for case in TABLE[id].cases() if "mask" in case.note]
    assert bool(masked) == (id in {"2.2", "2.3", "2.8", "2.9"})
    for case in masked:
        mask = case.arguments[-1]
        assert mask.dtype == torch.bool and mask.any(dim=-1).all() and (~mask).any(dim=-1).all()
