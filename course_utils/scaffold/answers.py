"""The files of a new exercise that hold code to fill in: cases, mistakes, other right answers, tests.

Blanks never pass: a blank mistake is the reference itself, which no test takes for a mistake, and a blank right answer
or test raises.
"""

import textwrap

from course_utils.scaffold.outline import Outline, bracketed, parameters, passed_on, required

MISTAKES = 5
INDENT = " " * 12  # of the arguments of a case
DRAWN = "draw.randint(2, 9)"
CASES = '''"""The calls that exercise {id}, `{name}`, is compared on."""

{imports}

from course_utils.exercises.registry import Case


def cases(seed: int = {seed}) -> list[Case]:
    """Return calls whose numbers come from the seed alone.

    {todo}: say what they have. All sizes differ, there is more than one image, no softmax is saturated, what may be
    left out is given once and left out once: whatever makes the mistakes visible.
    """
    raise NotImplementedError("{todo}: choose the calls below, then take this line out")
{drawing}
    return [
        Case(
            {arguments}
            note=note,
        )
        for {each}
    ]
{more}'''
TENSORS = {
    "imports": "import torch\nfrom torch import Tensor",
    "drawing": """    generator = torch.Generator().manual_seed(seed)
    sizes = ((2, 5, 3, ""), (3, 4, 7, "{todo}: what is special about it"))""",
    "each": "B, N, D, note in sizes",
    "more": """

def _normal(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()
""",
}
NUMBERS = {
    "imports": "import random",
    "drawing": "    draw = random.Random(seed)",
    "each": 'note in ("", "{todo}: what is special about it")',
    "more": "",
}
MISTAKES_FILE = '''"""The usual mistakes of exercise {id}, `{name}`."""

from course_utils.exercises.registry import Mistake
from {module} import {name}


{functions}


MISTAKES = (
{entries}
)
'''
MISTAKE = """    Mistake(
        "todo-{number}",
        {function},
        "{todo}: what is different.",
        "{todo}: why that happens.",
        "{todo}: what to try, without the finished line.",
    ),"""
ALTERNATIVES_FILE = '''"""Right answers to exercise {id}, written in other ways: `check` must accept them all."""

{functions}


ALTERNATIVES = ({names})
'''
TEST = '''"""Exercise {id}, `{name}`: other numbers than its own, a mistake in other words, two mistakes at once."""

from exercise_checks import (
    fresh_place,  # noqa: F401
    made,
    undiagnosed,
    unfilled,
    wrong,
)

from course_utils.exercises.registry import find
from {module} import {name}

ID = "{id}"
REWRITTEN = """
{rewritten}
"""


def test_nothing_is_left_to_fill_in():
    assert not unfilled(ID), "\\n".join(unfilled(ID))


def test_numbers_from_another_path():
    """Numbers that don't come from the reference: worked out by hand, by a loop, by a library's function."""
    raise AssertionError("{todo}: compare {name} with numbers that don't come from it")


def test_a_mistake_is_told_however_it_is_written(capsys):
    mistake = find(ID).mistakes[0]
    assert mistake.what in wrong(capsys, made(REWRITTEN, "{name}"), ID)


{two}


def test_two_mistakes_at_once_never_get_the_diagnosis_of_one(capsys):
    undiagnosed(capsys, {two_name}, ID)
'''


def cases_file(outline: Outline) -> str:
    """Return the text of the new `cases_NN_NAME.py`."""
    tensors = outline.takes_tensors
    number = "D" if tensors else DRAWN
    other = "None" if tensors else DRAWN
    lines = [
        f"{'_normal(generator, B, N, D)' if note == 'Tensor' else other},  # {outline.todo}: {name}"
        for name, note in required(outline.called)
    ]
    parts = [_listed("(", lines, "),")]
    if outline.is_class and "__init__" in outline.functions:
        entries = required(outline.functions["__init__"])
        parts.append(_listed("init={", [f'"{name}": {number},  # {outline.todo}: {name}' for name, _ in entries], "},"))
    kind = {key: text.replace("{todo}", outline.todo) for key, text in (TENSORS if tensors else NUMBERS).items()}
    if not outline.differentiable:
        kind["more"] = kind["more"].replace(".requires_grad_()", "")
    arguments = f"\n{INDENT}".join(parts)
    return _filled(CASES, outline, arguments=arguments, seed=str(int(outline.id.replace(".", ""))), **kind)


def _listed(before: str, lines: list[str], after: str) -> str:
    if not lines:
        return before + after
    return "\n".join([before, *(f"{INDENT}    {line}" for line in lines), INDENT + after])


def mistakes_file(outline: Outline) -> str:
    """Return the text of the new `mistakes_NN_NAME.py`."""
    names = [_own(outline, f"mistake_{number + 1}") for number in range(MISTAKES)]
    comment = f"# {outline.todo}: do one thing wrongly, as students do"
    entries = [
        MISTAKE.format(number=number, function=name, todo=outline.todo) for number, name in enumerate(names, start=1)
    ]
    functions = "\n\n\n".join(_defined(outline, name, comment, _reference(outline)) for name in names)
    return _filled(MISTAKES_FILE, outline, functions=functions, entries="\n".join(entries))


def alternatives_file(outline: Outline) -> str:
    """Return the text of the new `alternatives_NN_NAME.py`."""
    names = [_own(outline, "another_way"), _own(outline, "third_way")]
    raised = f'raise NotImplementedError("{outline.todo}: a right answer, written differently")'
    functions = "\n\n\n".join(_defined(outline, name, "", raised) for name in names)
    if outline.is_class:
        functions = f"from {outline.module} import {outline.name}\n\n\n{functions}"
    else:
        functions = f"\n{functions}"
    return _filled(ALTERNATIVES_FILE, outline, functions=functions, names=", ".join(names))


def checks_file(outline: Outline) -> str:
    """Return the text of the new test."""
    two_name = _own(outline, "two_mistakes")
    two = _defined(outline, two_name, f"# {outline.todo}: make two of the mistakes at once", _reference(outline))
    raised = f'raise NotImplementedError("{outline.todo}: the first mistake again, in other words")'
    return _filled(TEST, outline, two=two, two_name=two_name, rewritten=_rewritten(outline, raised))


def _filled(template: str, outline: Outline, **more: str) -> str:
    return template.format(id=outline.id, name=outline.name, module=outline.module, todo=outline.todo, **more)


def _own(outline: Outline, words: str) -> str:
    """Return the name of a private function, or class, as the reference is one or the other."""
    return "_" + ("".join(word.capitalize() for word in words.split("_")) if outline.is_class else words)


def _reference(outline: Outline) -> str:
    """Return the line that computes what the reference does."""
    called = "super().forward" if outline.is_class else outline.name
    return bracketed(f"    return {called}(", passed_on(outline.called), ")", 116)


def _defined(outline: Outline, name: str, comment: str, body: str) -> str:
    """Return a function with the reference's parameters, or a class derived from it with a `forward` of its own."""
    called = outline.called.name if outline.is_class else name
    lines = [bracketed(f"def {called}(", parameters(outline.called), "):", 116)]
    lines += [textwrap.indent(part, "    ") for part in (comment, textwrap.dedent(body)) if part]
    text = "\n".join(lines)
    return f"class {name}({outline.name}):\n{textwrap.indent(text, '    ')}" if outline.is_class else text


def _rewritten(outline: Outline, raised: str) -> str:
    """Return the reference's definition, without annotations, as a student's own."""
    if not outline.is_class:
        return f"{bracketed(f'def {outline.name}(', parameters(outline.node), '):')}\n    {raised}"
    lines = [f"class {outline.name}(nn.Module):"]
    for name, method in outline.functions.items():
        lines += [bracketed(f"    def {name}(", parameters(method), "):")]
        lines += ["        super().__init__()"] if name == "__init__" else []
        lines += [f"        {raised}", ""]
    return "\n".join(lines).rstrip()
