"""Runs one submission's answers, inside the sandbox: there is nothing here to read that would help.

It is given the cells of notebooks and, for each exercise, the calls to make. It sends back what each call showed, as
plain values, one message an exercise, so that what comes after a crash costs nothing that came before.
"""

import contextlib
import copy
import os
import sys
from dataclasses import asdict

import torch

from course_utils.exercises.attempt import form_fault, is_untouched
from course_utils.exercises.brief import Brief
from course_utils.exercises.modules import Weights
from course_utils.exercises.observe import Observed, Observer
from course_utils.exercises.registry import Answer, Case
from course_utils.exercises.world import World, fixed_recursion_limit, float64, quiet
from course_utils.grading import wire
from course_utils.grading.definitions import carry_out

UNSENDABLE = (
    "only numbers, texts, and tensors of the usual kinds are compared",
    "see the docstring for what to return",
)
UNDEFINED, UNTOUCHED, MISSHAPEN, SEEN, HUGE = "undefined", "untouched", "misshapen", "seen", "huge"


def main() -> None:
    """Read the task from stdin, and write a message for each exercise to stdout."""
    channel = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    task = wire.unpacked(sys.stdin.buffer.read(), own=True)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    _limit(task["limits"])
    torch.set_num_threads(1)
    for notebook in task["notebooks"]:
        names: dict[str, object] = {"__name__": "__main__"}
        with quiet(), float64(), fixed_recursion_limit():
            troubles = carry_out(notebook["cells"], names)
        _send(channel, {"troubles": [asdict(trouble) for trouble in troubles]})
        for order in notebook["orders"]:
            _answer(channel, order, names, task["seconds"])


def _answer(channel: int, order: dict, names: dict[str, object], seconds: float) -> None:
    try:
        _send(channel, {"id": order["id"], **_carried(order, names, seconds)})
    except (wire.WireError, MemoryError, RuntimeError):  # torch says that memory is short by a RuntimeError
        _send(channel, {"id": order["id"], "state": HUGE})
    except Exception as error:  # a number of more digits than Python writes, or a dtype that can't be sent
        what = f"what it returns can't be sent back: {type(error).__name__}: {error}"[:300]
        _send(channel, {"id": order["id"], "state": MISSHAPEN, "fault": [what, *UNSENDABLE]})


def _limit(most: dict[str, int]) -> None:
    """Set limits that can't be raised again; Windows has none."""
    with contextlib.suppress(ImportError):
        import resource

        for name, value in most.items():
            resource.setrlimit(getattr(resource, name), (value, value))


def _carried(order: dict, names: dict[str, object], seconds: float) -> dict:
    """Return what an answer shows, as a tree of plain values."""
    stub: dict[str, object] = {}
    exec(order["stub"], stub)
    name = order["name"]
    if name not in names:
        return {"state": UNDEFINED}
    answer, expected = names[name], stub[name]
    if is_untouched(answer):
        return {"state": UNTOUCHED}
    fault = form_fault(answer, expected)
    if fault is not None:
        return {"state": MISSHAPEN, "fault": [fault.what, fault.why, fault.remedy]}
    return {"state": SEEN, "seen": [_tree(seen) for seen in _observed(order, answer, seconds)]}


def _observed(order: dict, answer: Answer, seconds: float) -> list[Observed]:
    def cases() -> list[Case]:
        return copy.deepcopy(order["cases"])

    weights: tuple[Weights, ...] = order["weights"]
    brief = Brief(order["module"], order["names"], cases, weights, order["differentiable"], order["starts"])
    with quiet() as captured, float64(), fixed_recursion_limit():
        world = World()
        try:
            return Observer(brief, captured, world).observe(answer, seconds)
        finally:
            world.close()


def _tree(seen: Observed) -> dict:
    """Return an observation as plain data, without copying its tensors."""
    tree = {name: getattr(seen, name) for name in Observed.__dataclass_fields__}
    for name in ("raised", "gradient_raised"):
        tree[name] = asdict(tree[name]) if tree[name] else None
    return tree


def _send(channel: int, value: object) -> None:
    message = wire.packed(value)
    while message:
        message = message[os.write(channel, message) :]


if __name__ == "__main__":
    main()
