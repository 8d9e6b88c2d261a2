"""What an answer to an exercise gives in each of its cases, and how far two answers are apart."""

import inspect
import traceback

import pytest
import torch

from course_utils.exercises.modules import MisfitError, drawn, fill, start

ERRORS = RuntimeError, AssertionError, ZeroDivisionError, LookupError, StopIteration, TypeError
FAILURES = *ERRORS, MisfitError


@pytest.fixture(autouse=True)
def float64():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def with_drawn_parameters(answer, reference, case):
    """Build a module with the values that `check` draws, under the same names whoever wrote it."""
    module = answer(**case.init)
    fill(module, drawn(reference(**case.init)))
    return module.train(case.training)


def outcomes(exercise, answer):
    """Return what each case gives: (form, tensors, gradients); an error is a form, in words."""
    return [outcome(exercise, answer, case) for case in exercise.cases()]


def outcome(exercise, answer, case):
    wanted = [a for a in case.arguments if isinstance(a, torch.Tensor) and a.requires_grad]
    started = {}
    try:
        if isinstance(answer, type):
            if exercise.starts:
                started = start(answer(**case.init), exercise.starts)
            answer = with_drawn_parameters(answer, exercise.reference, case)
            wanted += [parameter for _, parameter in sorted(answer.named_parameters())]
        output = answer(*case.arguments, **case.keywords)
    except ValueError as error:
        return str(error) if _torchs(error) else "ValueError", [], ()  # each in its own words
    except FAILURES as error:
        return str(error), [], ()
    form, parts = taken_apart(output)
    form = (form, started) if started else form
    if not exercise.differentiable or not wanted:
        return form, [part.detach() for part in parts], ()
    return form, [part.detach() for part in parts], gradients_of(parts, wanted)


def _torchs(error):
    """Tell whether torch itself raised it."""
    return "torch" in traceback.extract_tb(error.__traceback__)[-1].filename


def gradients_of(parts, wanted):
    """Return the gradients of a mix of all outputs; zeros where none arrives."""
    attached = [part.sin().sum() for part in parts if part.requires_grad]
    learning = [tensor for tensor in wanted if tensor.requires_grad]
    found = torch.autograd.grad(sum(attached), learning, allow_unused=True) if attached else ()
    arrived = {id(tensor): g for tensor, g in zip(learning, found, strict=bool(attached)) if g is not None}
    return [arrived.get(id(tensor), torch.zeros_like(tensor)) for tensor in wanted]


def taken_apart(output):
    """Return the form of an output (a collection's, or "one" for a tensor or number) and its tensors."""
    if output is None:
        return "nothing", []
    if isinstance(output, dict):
        return ("dict", *sorted(output)), [torch.as_tensor(output[name]) for name in sorted(output)]
    if isinstance(output, list | tuple) and any(isinstance(part, dict) for part in output):
        return (type(output).__name__, *map(str, output)), []  # rows of a table, which hold texts too
    if isinstance(output, list | tuple):
        return type(output).__name__, [torch.as_tensor(part) for part in output]
    return "one", [torch.as_tensor(output)]


def furthest(ones, others):
    """Return the largest distance between two answers' outcomes over all cases."""
    return max(distance(one, other) for one, other in zip(ones, others, strict=True))


def distance(one, other):
    """Return the largest relative difference between two outcomes of one case; infinite if they don't compare."""
    if one[0] != other[0] or [part.shape for part in one[1]] != [part.shape for part in other[1]]:
        return float("inf")
    return max((tensor_distance(a, b) for a, b in zip(one[1], other[1], strict=True)), default=0.0)


def furthest_gradients(ones, others):
    """Return the same of their gradients; 0 where there are none to compare."""
    return max(gradient_distance(one[2], other[2]) for one, other in zip(ones, others, strict=True))


def gradient_distance(ones, others):
    """Return the largest difference between two answers' gradients of one case, relative to the largest of all."""
    if [gradient.shape for gradient in ones] != [gradient.shape for gradient in others]:
        return 0.0
    largest = max([float(gradient.abs().max()) for gradient in others], default=0.0)
    differences = [float((a - b).abs().max()) for a, b in zip(ones, others, strict=True)]
    return max(differences, default=0.0) / max(largest, 1e-9)


def tensor_distance(one, other):
    """Return the largest difference of two tensors, relative to the other's largest finite value."""
    one, other = one.double(), other.double()
    finite = one.isfinite() & other.isfinite()
    if not torch.equal(one[~finite].nan_to_num(nan=0.5), other[~finite].nan_to_num(nan=0.5)):
        return float("inf")
    if not finite.any():
        return 0.0
    return float((one - other)[finite].abs().max() / other[finite].abs().max().clamp(min=1e-9))


def parameters(answer):
    """Return names, kinds and defaults of a function's parameters, or of a module's two methods."""
    functions = [answer.__init__, answer.forward] if isinstance(answer, type) else [answer]
    return [[(p.name, p.kind, p.default) for p in inspect.signature(f).parameters.values()] for f in functions]


def tensors(case):
    """Return the tensors among a case's arguments, also those in lists."""
    flat = [part for a in [*case.arguments, *case.keywords.values()] for part in (a if isinstance(a, list) else [a])]
    return [part for part in flat if isinstance(part, torch.Tensor)]
