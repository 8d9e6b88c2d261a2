"""Run an answer on the cases of its exercise and write down all that can be seen of it."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from course_utils.exercises.attempt import files_of
from course_utils.exercises.brief import Brief
from course_utils.exercises.compare import same
from course_utils.exercises.modules import MisfitError, Weights, fill, start
from course_utils.exercises.registry import Answer, Case
from course_utils.exercises.run import Job, Limit, Raised, run_trusted
from course_utils.exercises.values import LARGEST, MOST_ITEMS, TENSORS, Plain, ancestors, plain
from course_utils.exercises.world import Captured, World

Targets = dict[str, Tensor]
Run = Callable[..., Job]


@dataclass(frozen=True)
class Observed:
    """What one case showed.

    Attributes:
        output: as plain data.
        start: in words, how the parameters and buffers began that the exercise names.
        raised: what it raised instead.
        misfit: how its parameters and buffers differ from the course's, in words.
        late: it didn't finish in time.
        changed: the arguments that it changed in place.
        gradient_raised: what it raised when it was run again for its gradients.
        attached: whether the gradient can flow back from its output at all; None if that wasn't looked at.
        gradients: of each input and parameter that requires one; zeros stand for none.
        prints: what it printed.
    """

    output: Plain = None
    start: dict[str, str] = field(default_factory=dict)
    raised: Raised | None = None
    misfit: str = ""
    late: bool = False
    changed: tuple[str, ...] = ()
    gradient_raised: Raised | None = None
    attached: bool | None = None
    gradients: dict[str, Tensor] = field(default_factory=dict)
    prints: str = ""


class Observer:
    """Runs answers to one exercise, the course's and the student's, under the same conditions."""

    def __init__(self, brief: Brief, captured: Captured, world: World):
        self.brief, self.captured, self.world = brief, captured, world

    def observe(self, answer: Answer, seconds: float | None = None) -> list[Observed]:
        """Return what each case shows of `answer`, which has `seconds` for all of them together.

        Without `seconds` it is the course's own: it runs without a limit, and without a thread.
        """
        return list(self.each(answer, seconds))

    def each(self, answer: Answer, seconds: float | None = None) -> Iterator[Observed]:
        """Yield the same one by one: a case is run when it is asked for."""
        limit, files = Limit(seconds) if seconds else None, files_of(answer)
        run = limit.run if limit else run_trusted
        plain_cases, gradient_cases = self.brief.cases(), self.brief.cases()
        for plain_case, gradient_case, weights in zip(plain_cases, gradient_cases, self.brief.weights, strict=True):
            call = _Call(answer, self.brief, weights)
            self.captured.taken()
            seen = Observed(late=True) if limit and limit.reached else self._forward(call, plain_case, run, files)
            if self.brief.differentiable and not (seen.raised or seen.misfit or seen.late):
                seen = self._with_gradients(seen, call, gradient_case, run, files)
            yield seen

    def _forward(self, call: "_Call", case: Case, run: Run, files: frozenset[str]) -> Observed:
        case = _mapped(case, _fresh)
        before = self._named(case)
        job = run(lambda: (call.output(case), call.start(case)), self.world, files)
        if not job.finished or job.raised:
            return _failed(job, self.captured.taken())
        after = self._named(case)
        changed = tuple(name for name in before if not same(before[name], after[name]))
        output, began = job.value
        return Observed(plain(output), began, changed=changed, prints=self.captured.taken())

    def _with_gradients(self, seen: Observed, call: "_Call", case: Case, run: Run, files: frozenset[str]) -> Observed:
        case = _mapped(case, lambda tensor: tensor.detach().clone().requires_grad_(tensor.requires_grad))
        inputs = _tensors(self._arguments(case))
        targets = {f"`{name}`": tensor for name, tensor in inputs.items() if tensor.requires_grad}
        if not targets and not self.brief.module:
            return seen
        job = run(lambda: call.gradients(case, targets, self.world), self.world, files)
        if not job.finished or job.raised:
            return replace(seen, late=not job.finished, gradient_raised=job.raised)
        attached, gradients = job.value
        return replace(seen, attached=attached, gradients={name: plain(g) for name, g in gradients.items()})

    def _arguments(self, case: Case) -> dict[str, object]:
        names = [*self.brief.names, *(f"argument {n}" for n in range(len(self.brief.names) + 1, 100))]
        return {**dict(zip(names, case.arguments, strict=False)), **case.keywords}

    def _named(self, case: Case) -> dict[str, Plain]:
        return {name: plain(value) for name, value in self._arguments(case).items()}


@dataclass(frozen=True)
class _Call:
    """An answer with the weights that its module is given, if it is one. Runs in the answer's thread."""

    answer: Answer
    brief: Brief
    weights: Weights

    def output(self, case: Case) -> object:
        function = self.function(case)
        torch.default_generator.manual_seed(1)
        return function(*case.arguments, **case.keywords)

    def start(self, case: Case) -> dict[str, str]:
        return start(self.built(case), self.brief.starts) if self.brief.starts else {}

    def function(self, case: Case) -> Callable:
        if not self.brief.module:
            return self.answer
        module = self.built(case)
        if nn.Module not in ancestors(type(module)):
            raise MisfitError(f"building it gives no nn.Module but a {type(module).__name__}")
        fill(module, self.weights)
        return module.train(case.training)

    def built(self, case: Case) -> nn.Module:
        torch.default_generator.manual_seed(0)  # torch.manual_seed formats a traceback, for CUDA: slow
        return self.answer(**case.init)

    def gradients(self, case: Case, targets: Targets, world: World) -> tuple[bool, Targets]:
        """Return whether any output is attached, and the gradient of a random mix of all outputs."""
        function = self.function(case)
        if self.brief.module:
            named = dict(nn.Module.named_parameters(function))
            targets = {**targets, **{f"parameter `{n}`": p for n, p in named.items() if p.requires_grad}}
        torch.default_generator.manual_seed(1)
        outputs = function(*case.arguments, **case.keywords)
        world.restore_names()
        pieces = [piece for piece in _tensors(outputs).values() if _carries_gradient(piece)]
        zeros = {name: torch.zeros_like(target) for name, target in targets.items()}
        if not pieces:
            return False, zeros
        loss = sum((piece * _mix(piece)).sum() for piece in pieces)
        found = torch.autograd.grad(loss, list(targets.values()), allow_unused=True)
        grown = {n: g.to_dense() for n, g in zip(targets, found, strict=True) if g is not None}
        return True, {**zeros, **grown}


def _failed(job: Job, prints: str) -> Observed:
    if not job.finished:
        return Observed(late=True, prints=prints)
    if type(job.error) is MisfitError:
        return Observed(misfit=str(job.error), prints=prints)
    return Observed(raised=job.raised, prints=prints)


def _mix(output: Tensor) -> Tensor:
    """Return the random weights with which an output's elements are summed up."""
    generator = torch.Generator().manual_seed(2)
    return torch.randn(output.shape, generator=generator, dtype=output.dtype).to(output.device)


def _carries_gradient(tensor: Tensor) -> bool:
    return tensor.requires_grad and tensor.is_floating_point() and tensor.numel() <= LARGEST


def _tensors(value: object) -> dict[str, Tensor]:
    """Return all tensors in nested tuples, lists and dicts, by where they are; of very many, the first."""
    found: dict[str, Tensor] = {}
    waiting = deque([("", value)])
    for _ in range(MOST_ITEMS):  # a list may hold itself
        if not waiting:
            break
        name, entry = waiting.popleft()
        if type(entry) in TENSORS:
            found[name] = entry
        elif len(waiting) < MOST_ITEMS and type(entry) in (dict, tuple, list) and len(entry) < MOST_ITEMS:
            pairs = entry.items() if type(entry) is dict else enumerate(entry)
            waiting += [(f"{name}[{key!r}]" if name else key, item) for key, item in pairs if type(key) in (str, int)]
    return found


def _fresh(tensor: Tensor) -> Tensor:
    """Return a copy; a parameter's is one too, since an answer may ask for that."""
    copied = tensor.detach().clone()
    return nn.Parameter(copied, tensor.requires_grad) if type(tensor) is nn.Parameter else copied


def _mapped(case: Case, change: Callable[[Tensor], Tensor]) -> Case:
    """Return the case with every tensor changed; one that stands in two places stays one."""
    known: dict[int, Tensor] = {}

    def walk(value: object) -> object:
        if type(value) in TENSORS:
            return known.setdefault(id(value), change(value))
        if type(value) in (tuple, list):
            return type(value)(walk(item) for item in value)
        return {key: walk(item) for key, item in value.items()} if type(value) is dict else value

    return replace(case, arguments=walk(case.arguments), keywords=walk(case.keywords))
